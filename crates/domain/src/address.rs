//! Postal and billing addresses.

use std::str::FromStr;

use thiserror::Error;

use crate::country::Country;
use crate::text::{Text, TextError};

/// A postal address in Spain's format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Street, number, floor.
    pub address_line: AddressLine,
    /// Postal code.
    pub postal_code: PostalCode,
    /// Town.
    pub locality: Text<2, 255>,
    /// Province.
    pub administrative_area: Text<4, 50>,
    /// Country.
    pub region_code: Country,
}

/// Where invoices of an account go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingAddress {
    /// The address.
    pub address: Address,
    /// The province by its number.
    pub state_id: Option<StateId>,
}

impl From<Address> for BillingAddress {
    fn from(address: Address) -> Self {
        Self { address, state_id: None }
    }
}

/// 1 to 100 characters without the word "undefined", which broken web forms send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressLine(Text<1, 100>);

/// Why an address line is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressLineError {
    /// The text itself is refused.
    #[error(transparent)]
    Text(#[from] TextError),
    /// It holds "undefined", in whatever case.
    #[error("must not contain \"undefined\"")]
    Undefined,
}

impl AddressLine {
    /// Takes back what was accepted earlier, from storage.
    #[must_use]
    pub fn restore(line: String) -> Self {
        Self(Text::restore(line))
    }

    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for AddressLine {
    type Err = AddressLineError;

    fn from_str(raw: &str) -> Result<Self, AddressLineError> {
        let line: Text<1, 100> = raw.parse()?;
        if line.as_str().to_lowercase().contains("undefined") {
            return Err(AddressLineError::Undefined);
        }
        Ok(Self(line))
    }
}

macro_rules! digits {
    ($(#[$meta:meta])* $name:ident, $error:ident, $message:literal, $rule:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        #[doc = concat!("The text is no [`", stringify!($name), "`].")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
        #[error($message)]
        pub struct $error;

        impl $name {
            /// Takes back what was accepted earlier, from storage.
            #[must_use]
            pub fn restore(digits: String) -> Self {
                Self(digits)
            }

            /// The digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = $error;

            fn from_str(raw: &str) -> Result<Self, $error> {
                let digits = raw.trim();
                let rule: fn(&str) -> bool = $rule;
                if rule(digits) { Ok(Self(digits.to_owned())) } else { Err($error) }
            }
        }
    };
}

digits! {
    /// A Spanish postal code: five digits, from 00001 to 52999.
    PostalCode, PostalCodeError, "must be five digits from 00001 to 52999",
    |digits| digits.len() == 5 && all_digits(digits) && digits != "00000" && digits < "53000"
}

digits! {
    /// A Spanish province by its number (Instituto Nacional de Estadística): 01 to 52.
    StateId, StateIdError, "must be a province number from 01 to 52",
    |digits| digits.len() == 2 && all_digits(digits) && ("01"..="52").contains(&digits)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postal_codes() {
        for right in ["00001", "28039", "49999", "50000", "52999", " 28108 "] {
            assert!(right.parse::<PostalCode>().is_ok(), "{right}");
        }
        for wrong in ["00000", "53000", "99999", "2810", "281080", "28108x", "x28108", "2810８", ""] {
            assert_eq!(wrong.parse::<PostalCode>(), Err(PostalCodeError), "{wrong}");
        }
    }

    #[test]
    fn state_ids() {
        for right in ["01", "28", "52"] {
            assert!(right.parse::<StateId>().is_ok());
        }
        for wrong in ["00", "53", "1", "099", "ab", ""] {
            assert_eq!(wrong.parse::<StateId>(), Err(StateIdError), "{wrong}");
        }
    }

    #[test]
    fn address_lines() {
        assert_eq!("Calle Mayor 2, 3º A".parse::<AddressLine>().unwrap().as_str(), "Calle Mayor 2, 3º A");
        assert!("x".repeat(100).parse::<AddressLine>().is_ok());
        assert_eq!(
            "x".repeat(101).parse::<AddressLine>(),
            Err(TextError::Length { min: 1, max: 100 }.into())
        );
        for wrong in ["undefined", "Calle Mayor, UNDEFINED", "xUndefinedx"] {
            assert_eq!(wrong.parse::<AddressLine>(), Err(AddressLineError::Undefined));
        }
    }
}
