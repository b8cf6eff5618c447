use std::error::Error;
use std::path::Path;

use async_trait::async_trait;
use domain::{DocumentKey, MediaType, OrgId, StoredDocument, Text};
use thiserror::Error;
use time::OffsetDateTime;

/// Why the document store did not do what it was asked to.
#[derive(Debug, Error)]
pub enum DocumentStoreError {
    /// The URL was not signed by this store, or no longer works.
    #[error("the URL is not valid, or has expired")]
    Refused,
    /// There is no such document.
    #[error("no such document")]
    Missing,
    /// The store cannot be reached or cannot work at present; trying again later may help.
    #[error("document store unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// Where documents are kept: bytes under the organisation and a key.
#[async_trait]
pub trait DocumentStore: Send + Sync {
    /// Keeps a copy of a file under a key, whatever its size, in the place of what was there before. Nobody ever reads a part
    /// of it, and when this returns, it survives the death of the process. Returns how many bytes it has.
    async fn put(&self, org: &OrgId, key: &DocumentKey, file: &Path) -> Result<u64, DocumentStoreError>;

    /// A URL under which everybody can fetch the document, as a file with its name and media type, before `expires_at`, which
    /// is a whole second, and nobody from then on. Does not look whether the document is there.
    async fn signed_url(
        &self,
        org: &OrgId,
        document: &StoredDocument,
        expires_at: OffsetDateTime,
    ) -> Result<String, DocumentStoreError>;
}

/// The parts of a URL by which a document of this service is asked for, as they were received.
#[derive(Clone, Copy)]
pub struct SignedUrl<'a> {
    /// Which document, and as what.
    pub token: &'a str,
    /// When it stops working.
    pub expires: &'a str,
    /// Proves that the service itself has made it.
    pub signature: &'a str,
}

/// A document that is about to be sent.
pub struct OpenDocument {
    /// The name of the file.
    pub name: Text<1, 255>,
    /// What its bytes are.
    pub media_type: MediaType,
    /// How many bytes will come.
    pub size_bytes: u64,
    /// The bytes.
    pub bytes: Box<dyn DocumentBytes>,
}

/// The bytes of a document, a part at a time.
#[async_trait]
pub trait DocumentBytes: Send {
    /// The next part, never an empty one; nothing when all have come.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, DocumentStoreError>;
}

/// The side of a document store in which the service itself answers to the URLs.
#[async_trait]
pub trait SignedDocuments: Send + Sync {
    /// Opens the document that a URL stands for at `now`; [`DocumentStoreError::Refused`] when anything about the URL is not as
    /// it was signed, or its time is over.
    async fn open(&self, url: SignedUrl<'_>, now: OffsetDateTime)
    -> Result<OpenDocument, DocumentStoreError>;
}
