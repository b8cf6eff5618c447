use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use application::ports::{
    DocumentBytes, DocumentStore, DocumentStoreError, OpenDocument, SignedDocuments, SignedUrl,
};
use async_trait::async_trait;
use domain::{DocumentKey, OrgId, StoredDocument};
use time::OffsetDateTime;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::signature::{Grant, SigningKey};

/// Most bytes of a document that are in memory for each that is being sent.
const PART: u64 = 64 * 1024;

/// Documents as files, `{folder}/{organisation}/{key}`, and URLs of this service. Only the owner of the process has access to
/// what it makes.
///
/// A document's place cannot lead out of the folder: no name of an organisation and no key has a slash or begins with a dot.
#[derive(Debug)]
pub struct LocalFolder {
    folder: PathBuf,
    base_url: String,
    key: SigningKey,
}

impl LocalFolder {
    /// Documents below `folder`, which is made when it is first needed. `base_url`, without a slash at the end, is where the
    /// service answers to their URLs.
    #[must_use]
    pub const fn new(folder: PathBuf, base_url: String, key: SigningKey) -> Self {
        Self { folder, base_url, key }
    }

    fn place(&self, org: &OrgId) -> PathBuf {
        self.folder.join(org.as_str())
    }
}

#[async_trait]
impl DocumentStore for LocalFolder {
    async fn put(&self, org: &OrgId, key: &DocumentKey, file: &Path) -> Result<u64, DocumentStoreError> {
        let (folder, place) = (self.folder.clone(), self.place(org));
        let (name, source) = (key.as_str().to_owned(), file.to_owned());
        blocking(move || keep(&folder, &place, &name, &source)).await
    }

    async fn signed_url(
        &self,
        org: &OrgId,
        document: &StoredDocument,
        expires_at: OffsetDateTime,
    ) -> Result<String, DocumentStoreError> {
        Ok(Grant::new(org, document).url(&self.base_url, &self.key, expires_at))
    }
}

#[async_trait]
impl SignedDocuments for LocalFolder {
    async fn open(
        &self,
        url: SignedUrl<'_>,
        now: OffsetDateTime,
    ) -> Result<OpenDocument, DocumentStoreError> {
        let grant = Grant::verify(url, &self.key, now)?;
        let path = self.place(&grant.org).join(grant.key.as_str());
        let (file, size_bytes) = blocking(move || open(&path)).await?;
        Ok(OpenDocument {
            name: grant.name,
            media_type: grant.media_type,
            size_bytes,
            // No more than was announced, whatever becomes of the file meanwhile.
            bytes: Box::new(Bytes { file: Some(file.take(size_bytes)) }),
        })
    }
}

/// The rest of an open file; nothing after a failure.
struct Bytes {
    file: Option<io::Take<File>>,
}

#[async_trait]
impl DocumentBytes for Bytes {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, DocumentStoreError> {
        let Some(mut file) = self.file.take() else { return Ok(None) };
        let (file, part) = blocking(move || {
            let mut part = Vec::new();
            file.by_ref().take(PART).read_to_end(&mut part)?;
            Ok((file, part))
        })
        .await?;
        self.file = Some(file);
        Ok((!part.is_empty()).then_some(part))
    }
}

/// Runs what may wait for a disk on a thread that may wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, DocumentStoreError> {
    let result = spawn_blocking(work).await.map_err(|error| DocumentStoreError::Unavailable(error.into()))?;
    result.map_err(|error| match error.kind() {
        ErrorKind::NotFound => DocumentStoreError::Missing,
        _ => DocumentStoreError::Unavailable(error.into()),
    })
}

fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata.len())) } else { Err(ErrorKind::NotFound.into()) }
}

/// Copies a file to `{place}/{name}`: under another name until all of it is on the disk.
fn keep(folder: &Path, place: &Path, name: &str, source: &Path) -> io::Result<u64> {
    let mut source = File::open(source)?;
    DirBuilder::new().recursive(true).mode(0o700).create(place)?;
    // No key begins with a dot.
    let draft = place.join(format!(".{}", Uuid::now_v7()));
    let kept = copy(&mut source, &draft).and_then(|size| {
        fs::rename(&draft, place.join(name))?;
        Ok(size)
    });
    if kept.is_err() {
        // The failure before matters more.
        let _ = fs::remove_file(&draft);
    }
    let size = kept?;
    // A name is on the disk when its folder is.
    for made in [place, folder] {
        File::open(made)?.sync_all()?;
    }
    Ok(size)
}

fn copy(source: &mut File, draft: &Path) -> io::Result<u64> {
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    let size = io::copy(source, &mut target)?;
    target.sync_all()?;
    Ok(size)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;
    use testkit::fixtures::{NOW, org, stored_document};
    use time::Duration;

    use super::*;

    struct Place {
        folder: TempDir,
        documents: LocalFolder,
    }

    fn place() -> Place {
        let folder = TempDir::new().unwrap();
        let documents = local(&folder);
        Place { folder, documents }
    }

    fn local(folder: &TempDir) -> LocalFolder {
        let path = folder.path().join("documents");
        LocalFolder::new(path, "http://x".to_owned(), SigningKey::new(&[7; 32]))
    }

    impl Place {
        async fn put(&self, org: &OrgId, key: &str, bytes: &[u8]) -> u64 {
            let source = self.folder.path().join("source");
            fs::write(&source, bytes).unwrap();
            self.documents.put(org, &key.parse().unwrap(), &source).await.unwrap()
        }

        async fn open(&self, org: &OrgId, key: &str) -> Result<OpenDocument, DocumentStoreError> {
            let document = stored_document(key);
            let url = self.documents.signed_url(org, &document, NOW + Duration::HOUR).await.unwrap();
            let (token, query) = url.strip_prefix("http://x/").unwrap().split_once("?expires=").unwrap();
            let (expires, signature) = query.split_once("&signature=").unwrap();
            self.documents.open(SignedUrl { token, expires, signature }, NOW).await
        }

        async fn get(&self, org: &OrgId, key: &str) -> Vec<u8> {
            let mut open = self.open(org, key).await.unwrap();
            let mut all = Vec::new();
            while let Some(part) = open.bytes.next().await.unwrap() {
                assert!((1..=usize::try_from(PART).unwrap()).contains(&part.len()));
                all.extend(part);
            }
            assert_eq!(all.len() as u64, open.size_bytes);
            assert!(open.bytes.next().await.unwrap().is_none());
            all
        }
    }

    #[tokio::test]
    async fn documents_come_back_whatever_their_size() {
        let place = place();
        for size in [0, 1, 65_535, 65_536, 65_537, 1_000_000] {
            let bytes: Vec<u8> = (0..size).map(|n: u32| (n % 251) as u8).collect();
            assert_eq!(place.put(&org(), "a", &bytes).await, u64::from(size));
            assert!(place.get(&org(), "a").await == bytes, "{size}");
        }
    }

    #[tokio::test]
    async fn only_the_owner_has_access_and_no_draft_remains() {
        let place = place();
        place.put(&org(), "a", b"1").await;
        let mode =
            |path: &str| fs::metadata(place.folder.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("documents"), 0o700);
        assert_eq!(mode("documents/telco"), 0o700);
        assert_eq!(mode("documents/telco/a"), 0o600);
        let names: Vec<_> = fs::read_dir(place.folder.path().join("documents/telco")).unwrap().collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }

    #[tokio::test]
    async fn a_document_is_replaced_as_a_whole() {
        let place = place();
        place.put(&org(), "a", b"first").await;
        let mut open = place.open(&org(), "a").await.unwrap();
        place.put(&org(), "a", b"second one").await;
        assert_eq!(open.bytes.next().await.unwrap().unwrap(), b"first", "what is being sent stays as it was");
        assert_eq!(place.get(&org(), "a").await, b"second one");
    }

    #[tokio::test]
    async fn organisations_have_places_of_their_own() {
        let (place, other) = (place(), "other".parse().unwrap());
        place.put(&org(), "a", b"own").await;
        assert!(matches!(place.open(&other, "a").await, Err(DocumentStoreError::Missing)));
        place.put(&other, "a", b"other").await;
        assert_eq!(place.get(&org(), "a").await, b"own");
        assert_eq!(place.get(&other, "a").await, b"other");
    }

    #[tokio::test]
    async fn what_is_no_file_is_missing() {
        let place = place();
        assert!(matches!(place.open(&org(), "a").await, Err(DocumentStoreError::Missing)));
        fs::create_dir_all(place.folder.path().join("documents/telco/a")).unwrap();
        assert!(matches!(place.open(&org(), "a").await, Err(DocumentStoreError::Missing)));
        let missing = place.folder.path().join("no such file");
        let put = place.documents.put(&org(), &"b".parse().unwrap(), &missing).await;
        assert!(matches!(put, Err(DocumentStoreError::Missing)), "{put:?}");
    }

    #[tokio::test]
    async fn a_refused_write_leaves_nothing() {
        let place = place();
        // A folder stands in the way.
        fs::create_dir_all(place.folder.path().join("documents/telco/a/b")).unwrap();
        let source = place.folder.path().join("source");
        fs::write(&source, b"1").unwrap();
        let put = place.documents.put(&org(), &"a".parse().unwrap(), &source).await;
        assert!(matches!(put, Err(DocumentStoreError::Unavailable(_))), "{put:?}");
        assert_eq!(fs::read_dir(place.folder.path().join("documents/telco")).unwrap().count(), 1);
    }
}
