//! URLs that only whoever knows the key can make: `{base}/{token}?expires={unix seconds}&signature={hex HMAC-SHA256}`.

use std::fmt;

use application::ports::{DocumentStoreError, SignedUrl};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::{DocumentKey, MediaType, OrgId, StoredDocument, Text};
use time::OffsetDateTime;

/// So that a signature made for one purpose serves no other.
const PURPOSE: &str = "mascustomers document 1";

/// What signs the URLs of documents.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// The key with these bytes, of which there should be at least 32 that nobody can guess.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// What the token of a URL says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) org: OrgId,
    pub(crate) key: DocumentKey,
    pub(crate) media_type: MediaType,
    pub(crate) name: Text<1, 255>,
}

impl Grant {
    pub(crate) fn new(org: &OrgId, document: &StoredDocument) -> Self {
        Self {
            org: org.clone(),
            key: document.key.clone(),
            media_type: document.media_type.clone(),
            name: document.name.clone(),
        }
    }

    /// The URL that stands for this until `expires_at`.
    pub(crate) fn url(&self, base: &str, key: &SigningKey, expires_at: OffsetDateTime) -> String {
        // None of the parts can contain a line feed.
        let parts = [self.org.as_str(), self.key.as_str(), self.media_type.as_str(), self.name.as_str()];
        let token = BASE64_URL_SAFE_NO_PAD.encode(parts.join("\n"));
        let expires = expires_at.unix_timestamp().to_string();
        let tag = hmac::sign(&key.0, &message(&token, &expires));
        let signature: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{base}/{token}?expires={expires}&signature={signature}")
    }

    /// What a URL stands for at `now`.
    pub(crate) fn verify(
        url: SignedUrl<'_>,
        key: &SigningKey,
        now: OffsetDateTime,
    ) -> Result<Self, DocumentStoreError> {
        let signature = hex(url.signature).ok_or(DocumentStoreError::Refused)?;
        // In constant time.
        hmac::verify(&key.0, &message(url.token, url.expires), &signature)
            .map_err(|_| DocumentStoreError::Refused)?;
        let expires: i64 = url.expires.parse().map_err(|_| DocumentStoreError::Refused)?;
        if now.unix_timestamp() >= expires {
            return Err(DocumentStoreError::Refused);
        }
        Self::read(url.token).ok_or(DocumentStoreError::Refused)
    }

    fn read(token: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let mut parts = text.split('\n');
        let mut part = || parts.next();
        let (org, key, media_type, name) = (part()?, part()?, part()?, part()?);
        Some(Self {
            org: org.parse().ok()?,
            key: key.parse().ok()?,
            media_type: media_type.parse().ok()?,
            name: name.parse().ok()?,
        })
    }
}

/// What is signed.
fn message(token: &str, expires: &str) -> Vec<u8> {
    [PURPOSE, token, expires].join("\n").into_bytes()
}

/// The bytes of lower-case hexadecimal digits.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use testkit::fixtures::{NOW, org, stored_document, text};
    use time::Duration;

    use super::*;

    const BASE: &str = "https://customers.example/v4/documents";

    fn key() -> SigningKey {
        SigningKey::new(&[7; 32])
    }

    fn grant() -> Grant {
        let name = text("Carné de Ñuño\u{202e}; filename=\"x\".pdf");
        Grant::new(&org(), &StoredDocument { name, ..stored_document("a.b_c-1") })
    }

    fn signed_by(key: &SigningKey) -> [String; 3] {
        let url = grant().url(BASE, key, NOW.truncate_to_second() + Duration::minutes(5));
        parts(&url)
    }

    fn parts(url: &str) -> [String; 3] {
        let (token, query) =
            url.strip_prefix(BASE).unwrap().strip_prefix('/').unwrap().split_once('?').unwrap();
        let (expires, signature) = query.strip_prefix("expires=").unwrap().split_once("&signature=").unwrap();
        [token, expires, signature].map(ToOwned::to_owned)
    }

    fn verify([token, expires, signature]: &[String; 3], now: OffsetDateTime) -> Option<Grant> {
        match Grant::verify(SignedUrl { token, expires, signature }, &key(), now) {
            Ok(grant) => Some(grant),
            Err(DocumentStoreError::Refused) => None,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_url_stands_for_what_was_signed_until_it_expires() {
        let url = signed_by(&key());
        assert_eq!(url[2].len(), 64);
        let expires_at = NOW.truncate_to_second() + Duration::minutes(5);
        for now in [NOW - Duration::DAY, NOW, expires_at - Duration::MICROSECOND] {
            assert!(verify(&url, now) == Some(grant()), "{now}");
        }
        for now in [expires_at, expires_at + Duration::MICROSECOND, expires_at + Duration::DAY] {
            assert!(verify(&url, now).is_none(), "{now}");
        }
    }

    #[test]
    fn nothing_can_be_changed_or_left_out() {
        let url = signed_by(&key());
        for part in 0..3 {
            for at in 0..url[part].len() {
                for other in ['0', '1', 'a', 'A', '-'] {
                    let mut changed = url.clone();
                    changed[part].replace_range(at..=at, &other.to_string());
                    assert!(changed == url || verify(&changed, NOW).is_none(), "{changed:?}");
                }
                let mut shorter = url.clone();
                shorter[part].remove(at);
                assert!(verify(&shorter, NOW).is_none(), "{shorter:?}");
            }
            for added in ["", "0", "00", " ", "\n", "=", "ñ"] {
                for place in ["before", "after"] {
                    let mut changed = url.clone();
                    let own = &changed[part];
                    changed[part] =
                        if place == "before" { format!("{added}{own}") } else { format!("{own}{added}") };
                    assert_eq!(verify(&changed, NOW).is_some(), added.is_empty(), "{changed:?}");
                }
            }
            let mut upper = url.clone();
            upper[part] = upper[part].to_uppercase();
            assert!(upper == url || verify(&upper, NOW).is_none(), "{upper:?}");
            let mut empty = url.clone();
            empty[part].clear();
            assert!(verify(&empty, NOW).is_none());
        }
    }

    #[test]
    fn parts_of_two_urls_do_not_mix() {
        let (own, other) = (signed_by(&key()), {
            let grant = Grant { org: "other".parse().unwrap(), ..grant() };
            parts(&grant.url(BASE, &key(), NOW + Duration::HOUR))
        });
        assert!(verify(&own, NOW).is_some() && verify(&other, NOW).is_some());
        for part in 0..3 {
            let mut mixed = own.clone();
            mixed[part].clone_from(&other[part]);
            assert!(verify(&mixed, NOW).is_none(), "{part}");
        }
    }

    #[test]
    fn another_key_signs_nothing() {
        for other in [[8; 32].as_slice(), &[7; 31], b""] {
            assert!(verify(&signed_by(&SigningKey::new(other)), NOW).is_none());
        }
        assert_eq!(format!("{:?}", key()), "SigningKey(…)");
    }
}
