//! Where documents are kept.

use anyhow::{Result, anyhow, ensure};
use documents::{LocalFolder, SigningKey};
use http_api::DOCUMENTS;

use crate::private_file::read_or_create;
use crate::settings::Settings;

/// Bytes of a key that is made here.
const KEY_LENGTH: usize = 32;

/// The document store of the settings. `public_url`, without a slash at the end, is where the service is reached.
pub(crate) fn document_store(settings: &Settings, public_url: &str) -> Result<LocalFolder> {
    let folder = settings.data_dir.join("documents");
    Ok(LocalFolder::new(folder, format!("{public_url}{DOCUMENTS}"), signing_key(settings)?))
}

/// The configured key, else one beside the documents that survives restarts.
fn signing_key(settings: &Settings) -> Result<SigningKey> {
    let configured = &settings.documents.signing_key;
    if !configured.is_empty() {
        return Ok(SigningKey::new(configured.as_bytes()));
    }
    let key = read_or_create(&settings.data_dir, "document-signing-key", || {
        let mut key = vec![0; KEY_LENGTH];
        aws_lc_rs::rand::fill(&mut key).map_err(|_| anyhow!("no random numbers"))?;
        Ok(key)
    })?;
    // A shorter one could be guessed.
    ensure!(
        key.len() == KEY_LENGTH,
        "the key that signs the URLs of documents is damaged; delete document-signing-key in data_dir and a new one is made"
    );
    Ok(SigningKey::new(&key))
}
