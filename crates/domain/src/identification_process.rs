//! Identification processes: how customers have proved who they are, and with which document. They take place elsewhere and
//! only arrive here.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use time::OffsetDateTime;

use crate::id::{CustomerId, IdentificationProcessId};
use crate::text::Text;

/// How a customer was identified once. It never changes here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentificationProcess {
    /// Identity within the organisation.
    pub id: IdentificationProcessId,
    /// Who was identified.
    pub customer_id: CustomerId,
    /// When.
    pub process_date: OffsetDateTime,
    /// What the customer has shown.
    pub document: StoredDocument,
}

impl IdentificationProcess {
    /// The names of the fields that every process is given, for the audit.
    pub const FIELDS: &'static [&'static str] = &["process_date", "document"];
}

/// A document in the document store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDocument {
    /// The name of the file.
    pub name: Text<1, 255>,
    /// What kind of document it is, for example `NIF`.
    pub kind: Text<1, 100>,
    /// What its bytes are.
    pub media_type: MediaType,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// Under which key the document store keeps it.
    pub key: DocumentKey,
}

/// A media type without parameters, `type/subtype` (RFC 6838, section 4.2), in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MediaType(String);

/// The text is no media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a media type of the form type/subtype, without parameters")]
pub struct MediaTypeError;

impl MediaType {
    /// Takes back what was accepted earlier, from storage.
    #[must_use]
    pub fn restore(media_type: String) -> Self {
        Self(media_type)
    }

    /// The media type.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MediaType {
    type Err = MediaTypeError;

    fn from_str(raw: &str) -> Result<Self, MediaTypeError> {
        let media_type = raw.trim().to_ascii_lowercase();
        let is_name = |name: &str| {
            let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
            (1..=127).contains(&name.len())
                && name.starts_with(|first: char| first.is_ascii_alphanumeric())
                && name.bytes().all(rest)
        };
        match media_type.split_once('/') {
            Some((top, sub)) if is_name(top) && is_name(sub) => Ok(Self(media_type)),
            _ => Err(MediaTypeError),
        }
    }
}

/// Under which key the document store keeps a document of an organisation: 1 to 128 of `A-Z a-z 0-9 . _ -`, beginning with a
/// letter or digit. So it is the name of a file on every system, and never the way to another folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentKey(String);

/// The text is no key of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to 128 of A-Z, a-z, 0-9, '.', '_' and '-', beginning with a letter or digit")]
pub struct DocumentKeyError;

impl DocumentKey {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DocumentKey {
    type Err = DocumentKeyError;

    fn from_str(raw: &str) -> Result<Self, DocumentKeyError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let begins_well = raw.starts_with(|first: char| first.is_ascii_alphanumeric());
        if begins_well && raw.len() <= 128 && raw.bytes().all(allowed) {
            Ok(Self(raw.to_owned()))
        } else {
            Err(DocumentKeyError)
        }
    }
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_have_no_parameters() {
        for (right, stored) in [
            ("application/pdf", "application/pdf"),
            (" Image/JPEG ", "image/jpeg"),
            ("application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
            ("image/svg+xml", "image/svg+xml"),
            ("x/1", "x/1"),
        ] {
            assert_eq!(right.parse::<MediaType>().unwrap().as_str(), stored);
        }
        assert!(format!("{0}/{0}", "a".repeat(127)).parse::<MediaType>().is_ok());
        for wrong in [
            "",
            "pdf",
            "/",
            "application/",
            "/pdf",
            "application/pdf; charset=x",
            "a/b/c",
            "*/*",
            "a b/c",
            "a/b c",
            "+a/b",
            "a/ñ",
            "a/b\r\nX: y",
            "a/b\"",
            &format!("a/{}", "b".repeat(128)),
        ] {
            assert_eq!(wrong.parse::<MediaType>(), Err(MediaTypeError), "{wrong}");
        }
    }

    #[test]
    fn keys_are_names_of_files() {
        for right in ["4189285b-08f8-4628-adda-4767d81362e7", "a", "0.pdf", "A_b-c..d", &"x".repeat(128)] {
            assert_eq!(right.parse::<DocumentKey>().unwrap().as_str(), right);
        }
        for wrong in [
            "",
            ".",
            "..",
            ".a",
            "-a",
            "_a",
            "a/b",
            "a\\b",
            "../a",
            "/a",
            "a\0",
            "a b",
            "ñ",
            "a%2fb",
            "a\n",
            &"x".repeat(129),
        ] {
            assert_eq!(wrong.parse::<DocumentKey>(), Err(DocumentKeyError), "{wrong}");
        }
    }
}
