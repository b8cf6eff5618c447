//! Reads a file line by line, in bounded memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use application::{ImportLine, ImportRecord, SourceDocument};
use aws_lc_rs::digest::{Context as Digest, SHA256, digest};
use domain::OrgId;
use http_api::import::{LineReader, RefusedLine, UnderstoodLine, hexadecimal};

/// Longest line, in bytes.
const MAX_LINE: usize = 1024 * 1024;
/// Most lines that are kept together or not at all.
const MOST_LINES: usize = 1000;
/// A batch is full with so many bytes.
const FULL: u64 = 8 * 1024 * 1024;
/// Most documents of a batch: the database waits while they are copied.
const MOST_DOCUMENTS: usize = 50;

/// What is read of a line: its organisation and what it says, unless it is wrong by itself.
pub(super) type Read1 = std::result::Result<(OrgId, ImportLine), RefusedLine>;

/// Some lines in a row.
#[derive(Default)]
pub(super) struct Batch {
    /// By their numbers, the first of the file being 1. Blank lines are left out.
    pub(super) lines: Vec<(u64, Read1)>,
    /// How many bytes of the file they take.
    pub(super) bytes: u64,
}

/// The lines of a file.
pub(super) struct Lines {
    file: BufReader<File>,
    /// Where the documents are.
    folder: PathBuf,
    reader: LineReader,
    number: u64,
    line: Vec<u8>,
}

impl Lines {
    pub(super) fn new(file: File, path: &Path, reader: LineReader) -> Result<Self> {
        let path = path.canonicalize()?;
        let folder = path.parent().context("has no folder")?.to_owned();
        Ok(Self {
            file: BufReader::with_capacity(256 * 1024, file),
            folder,
            reader,
            number: 0,
            line: Vec::new(),
        })
    }

    /// The next lines; nothing at the end of the file.
    pub(super) fn next_batch(&mut self) -> Result<Option<Batch>> {
        let (mut batch, mut documents) = (Batch::default(), 0);
        while batch.lines.len() < MOST_LINES && batch.bytes < FULL && documents < MOST_DOCUMENTS {
            let read = self.next_line().context("cannot be read")?;
            if read == 0 {
                break;
            }
            self.number += 1;
            batch.bytes += read;
            if self.number == 1 && self.line.starts_with("\u{feff}".as_bytes()) {
                self.line.drain(..3);
            }
            if self.line.trim_ascii().is_empty() {
                continue;
            }
            let line = self.understand();
            if let Ok((_, line)) = &line {
                documents += usize::from(matches!(line.record, ImportRecord::IdentificationProcess { .. }));
            }
            batch.lines.push((self.number, line));
        }
        Ok((batch.bytes > 0).then_some(batch))
    }

    /// Reads a line without its end, at most one byte more than it may have, and returns how many bytes of the file it takes.
    fn next_line(&mut self) -> io::Result<u64> {
        self.line.clear();
        let mut read = 0;
        loop {
            let buffer = self.file.fill_buf()?;
            if buffer.is_empty() {
                return Ok(read);
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let part = end.map_or(buffer, |end| buffer.get(..end).unwrap_or_default());
            let room = (MAX_LINE + 1).saturating_sub(self.line.len());
            self.line.extend_from_slice(part.get(..room).unwrap_or(part));
            let taken = part.len() + usize::from(end.is_some());
            self.file.consume(taken);
            read += taken as u64;
            if end.is_some() {
                return Ok(read);
            }
        }
    }

    fn understand(&self) -> Read1 {
        if self.line.len() > MAX_LINE {
            let reasons = vec![format!("The line has more than {MAX_LINE} bytes")];
            return Err(RefusedLine { kind: None, reasons });
        }
        let UnderstoodLine { org, mut line, file } = self.reader.read(&self.line)?;
        if let Some(file) = file {
            let document = self.document(&file).map_err(|reason| RefusedLine {
                kind: Some(line.record.kind()),
                reasons: vec![format!("document.file: {reason}")],
            })?;
            line.digest = hexadecimal(&sha256(format!("{} {}", line.digest, document.sha256).as_bytes()));
            if let ImportRecord::IdentificationProcess { document: place, .. } = &mut line.record {
                *place = document;
            }
        }
        Ok((org, line))
    }

    fn document(&self, file: &str) -> std::result::Result<SourceDocument, &'static str> {
        const UNREADABLE: &str = "cannot be read";
        let path = self.folder.join(file).canonicalize().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "no such file",
            _ => UNREADABLE,
        })?;
        if !path.starts_with(&self.folder) {
            return Err("must lie in the folder of the import, or below");
        }
        if !path.is_file() {
            return Err("is not a file");
        }
        let mut source = File::open(&path).map_err(|_| UNREADABLE)?;
        let (mut digest, mut size_bytes) = (Digest::new(&SHA256), 0);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = source.read(&mut buffer).map_err(|_| UNREADABLE)?;
            if count == 0 {
                break;
            }
            digest.update(buffer.get(..count).unwrap_or_default());
            size_bytes += count as u64;
        }
        Ok(SourceDocument { path, sha256: hexadecimal(digest.finish().as_ref()), size_bytes })
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
