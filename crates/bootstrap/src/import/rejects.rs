//! The lines that were rejected, and why.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use domain::ImportKind;
use serde::Serialize;

/// `FILE.rejects.ndjson`, which is there only if there are any.
pub(super) struct Rejects {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

#[derive(Serialize)]
struct Reject<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    reasons: &'a [String],
}

impl Rejects {
    /// Those of a file that is about to be imported; what is left of an earlier run goes.
    pub(super) fn new(imported: &Path) -> Result<Self> {
        let mut path = imported.as_os_str().to_owned();
        path.push(".rejects.ndjson");
        let path = PathBuf::from(path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot replace {}", path.display()))
            }
            _ => Ok(Self { path, file: None }),
        }
    }

    pub(super) fn add(&mut self, line: u64, kind: Option<ImportKind>, reasons: &[String]) -> Result<()> {
        let cannot_write = || format!("cannot write {}", self.path.display());
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                self.file.insert(BufWriter::new(File::create_new(&self.path).with_context(cannot_write)?))
            }
        };
        let reject = Reject { line, kind: kind.map(ImportKind::code), reasons };
        serde_json::to_writer(&mut *file, &reject).with_context(cannot_write)?;
        file.write_all(b"\n").with_context(cannot_write)
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.flush().with_context(|| format!("cannot write {}", self.path.display()))
    }
}
