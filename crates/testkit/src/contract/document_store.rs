//! The contract suite of the document store: what [`application::ports::DocumentStore`] promises, each promise a case. A case
//! is given a way to fetch what a URL stands for, because that is not the port's.

use std::fs;

use application::ports::DocumentStore;
use domain::{OrgId, StoredDocument};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use crate::fixtures::{org, stored_document};

/// What came back for a URL.
#[derive(Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Whether the URL was refused, rather than the document missing.
    pub is_refused: bool,
    /// The media type of the answer.
    pub media_type: Option<String>,
    /// The bytes, if the document was given.
    pub bytes: Option<Vec<u8>>,
}

async fn put(store: &dyn DocumentStore, org: &OrgId, document: &StoredDocument, bytes: &[u8]) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("source");
    fs::write(&file, bytes).unwrap();
    assert_eq!(store.put(org, &document.key, &file).await.unwrap(), bytes.len() as u64);
}

async fn url(
    store: &dyn DocumentStore,
    org: &OrgId,
    document: &StoredDocument,
    at: OffsetDateTime,
) -> String {
    store.signed_url(org, document, at.truncate_to_second()).await.unwrap()
}

/// What is put is fetched by its URL, of any size, with its media type.
pub async fn documents_come_back_byte_for_byte(
    store: &dyn DocumentStore,
    now: OffsetDateTime,
    fetch: impl AsyncFn(String) -> Fetched,
) {
    for (size, key) in [(0_u32, "Empty"), (1, "one.byte"), (300_001, "some_more-2")] {
        let bytes: Vec<u8> = (0..size).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
        let media_type = "image/svg+xml".parse().unwrap();
        let document = StoredDocument { media_type, ..stored_document(key) };
        put(store, &org(), &document, &bytes).await;
        let fetched = fetch(url(store, &org(), &document, now + Duration::MINUTE).await).await;
        assert_eq!(fetched.media_type.as_deref(), Some("image/svg+xml"));
        assert!(fetched.bytes == Some(bytes), "{size}");
    }
}

/// What is put under a key takes the place of what was there.
pub async fn a_document_is_replaced(
    store: &dyn DocumentStore,
    now: OffsetDateTime,
    fetch: impl AsyncFn(String) -> Fetched,
) {
    let document = stored_document("replaced");
    let url = url(store, &org(), &document, now + Duration::MINUTE).await;
    for bytes in [b"first, and longer" as &[u8], b"second"] {
        put(store, &org(), &document, bytes).await;
        assert_eq!(fetch(url.clone()).await.bytes.as_deref(), Some(bytes));
    }
}

/// A key of one organisation is none of another's.
pub async fn organisations_do_not_share_documents(
    store: &dyn DocumentStore,
    now: OffsetDateTime,
    fetch: impl AsyncFn(String) -> Fetched,
) {
    let (document, other) = (stored_document("shared"), "other".parse().unwrap());
    put(store, &org(), &document, b"own").await;
    let fetched = fetch(url(store, &other, &document, now + Duration::MINUTE).await).await;
    assert_eq!((fetched.is_refused, fetched.bytes), (false, None), "missing");
    put(store, &other, &document, b"other").await;
    for (org, bytes) in [(org(), b"own" as &[u8]), (other, b"other")] {
        let fetched = fetch(url(store, &org, &document, now + Duration::MINUTE).await).await;
        assert_eq!(fetched.bytes.as_deref(), Some(bytes));
    }
}

/// A URL that has expired is refused.
pub async fn a_url_that_has_expired_is_refused(
    store: &dyn DocumentStore,
    now: OffsetDateTime,
    fetch: impl AsyncFn(String) -> Fetched,
) {
    let document = stored_document("expired");
    put(store, &org(), &document, b"1").await;
    let fetched = fetch(url(store, &org(), &document, now - Duration::SECOND).await).await;
    assert_eq!((fetched.is_refused, fetched.bytes), (true, None));
}
