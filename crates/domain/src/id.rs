//! What identifies organisations, customers, accounts, cards and actors.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

use crate::text::Text;

/// The text is no UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a UUID")]
pub struct NotAUuid;

macro_rules! uuid_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(
            /// The UUID.
            pub Uuid,
        );

        impl FromStr for $name {
            type Err = NotAUuid;

            /// Takes the hyphenated form only (RFC 9562, section 4).
            fn from_str(raw: &str) -> Result<Self, NotAUuid> {
                if raw.len() != uuid::fmt::Hyphenated::LENGTH {
                    return Err(NotAUuid);
                }
                Uuid::try_parse(raw).map(Self).map_err(|_| NotAUuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id! {
    /// Identifies a customer within an organisation.
    CustomerId
}
uuid_id! {
    /// Identifies an account within an organisation.
    AccountId
}
uuid_id! {
    /// Identifies a promotion of an account within an organisation.
    PromotionId
}
uuid_id! {
    /// Identifies a credential within an organisation.
    CredentialId
}
uuid_id! {
    /// Identifies a contract within an organisation.
    ContractId
}
uuid_id! {
    /// Identifies an identification process within an organisation.
    IdentificationProcessId
}

/// Identifies a category within an organisation: a 32-bit integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategoryId(
    /// The number.
    pub i32,
);

/// The text is no 32-bit integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a 32-bit integer")]
pub struct NotAnInteger;

impl CategoryId {
    /// The ids that an import may bring; those that are given out later come after them.
    pub const IMPORTABLE: RangeInclusive<i32> = 1..=1_000_000_000;
}

impl FromStr for CategoryId {
    type Err = NotAnInteger;

    /// Takes decimal digits only, without a plus sign or leading zeros.
    fn from_str(raw: &str) -> Result<Self, NotAnInteger> {
        let id = raw.parse().map(Self).map_err(|_| NotAnInteger)?;
        if id.to_string() == raw { Ok(id) } else { Err(NotAnInteger) }
    }
}

impl fmt::Display for CategoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of an organisation (tenant): `^[a-z0-9][a-z0-9_-]{0,62}$`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgId(String);

/// The text is no organisation name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit")]
pub struct OrgIdError;

impl OrgId {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrgId {
    type Err = OrgIdError;

    fn from_str(raw: &str) -> Result<Self, OrgIdError> {
        let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        match raw.as_bytes() {
            [first, rest @ ..]
                if alphanumeric(*first)
                    && rest.len() <= 62
                    && rest.iter().all(|&byte| alphanumeric(byte) || matches!(byte, b'_' | b'-')) =>
            {
                Ok(Self(raw.to_owned()))
            }
            _ => Err(OrgIdError),
        }
    }
}

impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id under which older systems know a customer or account. The ones given out here are numeric.
pub type ExternalId = Text<1, 64>;

/// Who made a change: the subject of the access token.
pub type Actor = Text<1, 255>;

/// What the payment gateway hands out: the id of a tokenized card, or the reference of a tokenization under way.
/// 1 to 100 of `A-Z a-z 0-9 . _ : -`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GatewayToken(String);

/// The text is no token or reference of the payment gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to 100 of A-Z, a-z, 0-9, '.', '_', ':' and '-'")]
pub struct GatewayTokenError;

impl GatewayToken {
    /// Takes back what was accepted earlier, from storage.
    #[must_use]
    pub fn restore(token: String) -> Self {
        Self(token)
    }

    /// The token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GatewayToken {
    type Err = GatewayTokenError;

    fn from_str(raw: &str) -> Result<Self, GatewayTokenError> {
        let token = raw.trim();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
        if (1..=100).contains(&token.len()) && token.bytes().all(allowed) {
            Ok(Self(token.to_owned()))
        } else {
            Err(GatewayTokenError)
        }
    }
}

impl fmt::Debug for GatewayToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GatewayToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organisation_names() {
        for right in ["telco", "9", "a_b-c", &"a".repeat(63)] {
            assert_eq!(right.parse::<OrgId>().unwrap().as_str(), right);
        }
        for wrong in ["", "_a", "-a", "Telco", "tel co", "teléfono", "a/b", "a.b", &"a".repeat(64)] {
            assert_eq!(wrong.parse::<OrgId>(), Err(OrgIdError), "{wrong}");
        }
    }

    #[test]
    fn uuids_are_hyphenated() {
        assert!("123e4567-e89b-12d3-a456-556642440000".parse::<CustomerId>().is_ok());
        for wrong in ["123e4567e89b12d3a456556642440000", "{123e4567-e89b-12d3-a456-556642440000}", "1", ""] {
            assert_eq!(wrong.parse::<CustomerId>(), Err(NotAUuid));
        }
    }

    #[test]
    fn category_ids_are_32_bit_integers() {
        for (right, id) in
            [("1", 1), ("214748364", 214_748_364), ("0", 0), ("-1", -1), ("2147483647", i32::MAX)]
        {
            assert_eq!(right.parse(), Ok(CategoryId(id)));
        }
        for wrong in ["", "a", "1.0", "1e3", "+1", "01", "-0", " 1", "2147483648", "-2147483649", "١"] {
            assert_eq!(wrong.parse::<CategoryId>(), Err(NotAnInteger), "{wrong}");
        }
    }

    #[test]
    fn gateway_tokens() {
        assert!("e58ed763-928c-4155-bee9-fdbaaadc15f3".parse::<GatewayToken>().is_ok());
        assert!("x".repeat(100).parse::<GatewayToken>().is_ok());
        for wrong in ["", "a b", "a/b", "ñ", &"x".repeat(101)] {
            assert_eq!(wrong.parse::<GatewayToken>(), Err(GatewayTokenError));
        }
        assert_eq!(format!("{:?}", GatewayToken::restore("secret".into())), "GatewayToken(…)");
    }
}
