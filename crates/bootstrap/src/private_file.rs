//! Files and folders that only the owner of the process has access to.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result};
use uuid::Uuid;

/// Makes a folder.
pub(crate) fn create_private_dir(path: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Reads a file that the first process to need it makes, with what `content` gives.
pub(crate) fn read_or_create(
    folder: &Path,
    name: &str,
    content: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    create_private_dir(folder)?;
    let path = folder.join(name);
    if !path.exists() {
        content()
            .and_then(|content| create(&path, &content))
            .with_context(|| format!("cannot make {}", path.display()))?;
    }
    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Makes a file, unless another process is faster. It appears under its name when it is whole, and on the disk.
fn create(path: &Path, content: &[u8]) -> Result<()> {
    let draft = path.with_extension(Uuid::now_v7().to_string());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}
