//! Phone numbers and e-mail addresses.

use std::fmt;
use std::str::FromStr;

use email_address::Options;
use thiserror::Error;

use crate::address::Address;

/// How a private or corporate customer is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactInfo {
    /// 1 to 10 phones.
    pub phone_numbers: ContactList<Phone>,
    /// 1 to 10 e-mail addresses.
    pub emails: ContactList<EmailEntry>,
    /// Postal address.
    pub postal_address: Address,
}

/// A phone number: international prefix and national number, valid by the libphonenumber metadata.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    country_code: String,
    number: String,
}

/// Why a phone number is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PhoneNumberError {
    /// The international prefix has not the form `+` and one to three digits.
    #[error("must be + and one to three digits, the first not 0")]
    CountryCode,
    /// The national number is not of 4 to 14 digits.
    #[error("must be 4 to 14 digits")]
    Number,
    /// No such number can exist under that prefix (ITU-T E.164, libphonenumber metadata).
    #[error("is not a valid number of that country")]
    Invalid,
}

impl PhoneNumber {
    /// Puts together a number, for example `+34` and `615667898`.
    ///
    /// # Errors
    /// Every [`PhoneNumberError`] that applies.
    pub fn new(country_code: &str, number: &str) -> Result<Self, Vec<PhoneNumberError>> {
        let (country_code, number) = (country_code.trim(), number.trim());
        let prefix = country_code.strip_prefix('+').unwrap_or_default();
        let mut errors = Vec::new();
        if !(1..=3).contains(&prefix.len()) || !all_digits(prefix) || prefix.starts_with('0') {
            errors.push(PhoneNumberError::CountryCode);
        }
        if !(4..=14).contains(&number.len()) || !all_digits(number) {
            errors.push(PhoneNumberError::Number);
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let invalid = || vec![PhoneNumberError::Invalid];
        let whole: rlibphonenumber::PhoneNumber =
            format!("{country_code}{number}").parse().map_err(|_| invalid())?;
        if whole.country_code.to_string() != prefix || !whole.is_valid() {
            return Err(invalid());
        }
        Ok(Self { country_code: country_code.to_owned(), number: number.to_owned() })
    }

    /// Takes back what was accepted earlier, from storage.
    #[must_use]
    pub fn restore(country_code: String, number: String) -> Self {
        Self { country_code, number }
    }

    /// The international prefix, with `+`.
    #[must_use]
    pub fn country_code(&self) -> &str {
        &self.country_code
    }

    /// The national number.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({}…)", self.country_code)
    }
}

code_enum! {
    /// What kind of line a phone number is.
    PhoneType {
        /// Mobile.
        Mobile = "MOBILE",
        /// Landline.
        Landline = "LANDLINE",
    }
}

/// One phone of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// The number.
    pub number: PhoneNumber,
    /// Mobile or landline.
    pub kind: PhoneType,
    /// Whether it is the one to call first.
    pub is_default: bool,
}

/// An e-mail address of the RFC 5321 shape (mailbox with a fully qualified domain, ASCII), at most `MAX` characters.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress<const MAX: usize>(String);

/// An e-mail address to write to; RFC 5321 allows 254 characters.
pub type Email = EmailAddress<254>;

/// An e-mail address that serves as a login; the systems behind take 82 characters.
pub type LoginEmail = EmailAddress<82>;

/// Why an e-mail address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EmailError {
    /// It has not the shape of an e-mail address.
    #[error("not an e-mail address")]
    Shape,
    /// It is too long.
    #[error("must have at most {0} characters")]
    Length(
        /// Most characters.
        usize,
    ),
}

impl<const MAX: usize> EmailAddress<MAX> {
    /// Takes back what was accepted earlier, from storage.
    #[must_use]
    pub fn restore(email: String) -> Self {
        Self(email)
    }

    /// The address as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address as it is compared: without regard to case.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The address as it may be shown to others: the first character and the domain, for example `a***@example.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        format!("{}***@{domain}", local.get(..1).unwrap_or_default())
    }
}

impl<const MAX: usize> FromStr for EmailAddress<MAX> {
    type Err = EmailError;

    fn from_str(raw: &str) -> Result<Self, EmailError> {
        let email = raw.trim();
        if email.len() > MAX {
            return Err(EmailError::Length(MAX));
        }
        let options = Options::default().without_display_text().without_domain_literal().with_required_tld();
        let parsed = email_address::EmailAddress::parse_with_options(email, options);
        let is_right = email.is_ascii() && parsed.is_ok_and(|parsed| is_host_name(parsed.domain()));
        if !is_right {
            return Err(EmailError::Shape);
        }
        Ok(Self(email.to_owned()))
    }
}

/// Labels of letters, digits and inner hyphens (RFC 5321, section 4.1.2); the library also takes what RFC 5322 allows.
fn is_host_name(domain: &str) -> bool {
    domain.split('.').all(|label| {
        !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

impl<const MAX: usize> fmt::Debug for EmailAddress<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

/// One e-mail address of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailEntry {
    /// The address.
    pub email: Email,
    /// Whether it is the one to write to first.
    pub is_default: bool,
}

/// What stands in a [`ContactList`].
pub trait ContactPoint {
    /// Whether both name the same phone or mailbox.
    fn is_same(&self, other: &Self) -> bool;
    /// The mark of the default.
    fn is_default(&self) -> bool;
    /// Marks this one as the default.
    fn make_default(&mut self);
}

impl ContactPoint for Phone {
    fn is_same(&self, other: &Self) -> bool {
        self.number == other.number
    }

    fn is_default(&self) -> bool {
        self.is_default
    }

    fn make_default(&mut self) {
        self.is_default = true;
    }
}

impl ContactPoint for EmailEntry {
    fn is_same(&self, other: &Self) -> bool {
        self.email.folded() == other.email.folded()
    }

    fn is_default(&self) -> bool {
        self.is_default
    }

    fn make_default(&mut self) {
        self.is_default = true;
    }
}

/// 1 to 10 different contact points, exactly one of them the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactList<T>(Vec<T>);

/// Why a list of contact points is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ContactListError {
    /// None, or more than ten.
    #[error("must have 1 to 10 elements")]
    Count,
    /// More than one is marked as the default.
    #[error("must have at most one default")]
    Defaults,
    /// Two elements are the same.
    #[error("must not hold the same element twice")]
    Duplicate,
}

impl<T: ContactPoint> ContactList<T> {
    /// Most elements of a list.
    pub const MAX: usize = 10;

    /// Checks the list. When no element is the default, the first becomes it.
    ///
    /// # Errors
    /// Every [`ContactListError`] that applies.
    pub fn new(mut points: Vec<T>) -> Result<Self, Vec<ContactListError>> {
        if !(1..=Self::MAX).contains(&points.len()) {
            return Err(vec![ContactListError::Count]);
        }
        let is_repeated = |(index, point): (usize, &T)| points[..index].iter().any(|it| it.is_same(point));
        let defaults = points.iter().filter(|point| point.is_default()).count();
        let mut errors = Vec::new();
        if points.iter().enumerate().any(is_repeated) {
            errors.push(ContactListError::Duplicate);
        }
        if defaults > 1 {
            errors.push(ContactListError::Defaults);
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        if defaults == 0 {
            points[0].make_default();
        }
        Ok(Self(points))
    }
}

impl<T> ContactList<T> {
    /// Takes back what was accepted earlier, from storage.
    #[must_use]
    pub fn restore(points: Vec<T>) -> Self {
        Self(points)
    }

    /// The elements, in the order given.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_address_shows_little() {
        for (address, masked) in
            [("ada@example.com", "a***@example.com"), ("\"a@b\"@example.com", "\"***@example.com")]
        {
            assert_eq!(address.parse::<Email>().unwrap().masked(), masked);
        }
        assert_eq!(Email::restore(String::new()).masked(), "***@");
    }

    #[test]
    fn phone_numbers() {
        for (prefix, number) in [
            ("+34", "615667898"),
            ("+34", "912345678"),
            ("+1", "2125550123"),
            ("+351", "912345678"),
            ("+44", "7911123456"),
            ("+39", "0612345678"),
            ("+376", "312345"),
        ] {
            assert!(PhoneNumber::new(prefix, number).is_ok(), "{prefix} {number}");
        }
        for prefix in ["34", "+", "+034", "+0", "+3456", "+3a", "", "0034", "+３4"] {
            assert_eq!(
                PhoneNumber::new(prefix, "615667898"),
                Err(vec![PhoneNumberError::CountryCode]),
                "{prefix}"
            );
        }
        for number in ["123", "123456789012345", "61566789a", "615 667 898", "", "６15667898"] {
            assert_eq!(PhoneNumber::new("+34", number), Err(vec![PhoneNumberError::Number]), "{number}");
        }
        assert_eq!(
            PhoneNumber::new("34", "1"),
            Err(vec![PhoneNumberError::CountryCode, PhoneNumberError::Number])
        );
        for (prefix, number) in [
            ("+34", "115667898"),
            ("+34", "61566789"),
            ("+3", "4615667898"),
            ("+999", "615667898"),
            ("+34", "6156678981"),
        ] {
            assert_eq!(
                PhoneNumber::new(prefix, number),
                Err(vec![PhoneNumberError::Invalid]),
                "{prefix} {number}"
            );
        }
    }

    #[test]
    fn emails() {
        for right in
            ["email@example.com", " a.b+c@sub.example.es ", "o'neil@example.com", "x@xn--espaa-rta.es"]
        {
            assert!(right.parse::<Email>().is_ok(), "{right}");
        }
        for wrong in [
            "",
            "email",
            "@example.com",
            "a@b",
            "a@b..es",
            "a b@example.com",
            "Ana <a@example.com>",
            "a@[127.0.0.1]",
            "ñ@example.com",
            "a@example.com\0",
            "a@@example.com",
            "a@b_c.com",
            "a@-b.com",
            "a@b-.com",
        ] {
            assert_eq!(wrong.parse::<Email>(), Err(EmailError::Shape), "{wrong}");
        }
        assert_eq!("Ana@Example.COM".parse::<Email>().unwrap().folded(), "ana@example.com");
        assert_eq!(format!("{:?}", "a@example.com".parse::<Email>().unwrap()), "EmailAddress(…)");
    }

    #[test]
    fn email_lengths() {
        let login = |length: usize| {
            format!("{}@{}.example.com", "a".repeat(40), "b".repeat(length - 53)).parse::<LoginEmail>()
        };
        assert!(login(82).is_ok());
        assert_eq!(login(83), Err(EmailError::Length(82)));
        let labels = [63, 63, 60].map(|length| "b".repeat(length)).join(".");
        let email = |local: usize| format!("{}@{labels}.es", "a".repeat(local)).parse::<Email>();
        assert!(email(62).is_ok(), "254 characters");
        assert_eq!(email(63), Err(EmailError::Length(254)));
    }

    fn entry(email: &str, is_default: bool) -> EmailEntry {
        EmailEntry { email: email.parse().unwrap(), is_default }
    }

    #[test]
    fn the_first_becomes_the_default_when_none_is() {
        let list = ContactList::new(vec![entry("a@x.es", false), entry("b@x.es", false)]).unwrap();
        assert_eq!(list.as_slice().iter().map(|entry| entry.is_default).collect::<Vec<_>>(), [true, false]);
        let list = ContactList::new(vec![entry("a@x.es", false), entry("b@x.es", true)]).unwrap();
        assert_eq!(list.as_slice().iter().map(|entry| entry.is_default).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn lists_have_1_to_10_different_elements() {
        let many = |count: usize| {
            ContactList::new((0..count).map(|n| entry(&format!("a{n}@x.es"), false)).collect())
        };
        assert_eq!(many(0), Err(vec![ContactListError::Count]));
        assert!(many(10).is_ok());
        assert_eq!(many(11), Err(vec![ContactListError::Count]));
        assert_eq!(
            ContactList::new(vec![entry("a@x.es", true), entry("A@X.es", false)]),
            Err(vec![ContactListError::Duplicate])
        );
        assert_eq!(
            ContactList::new(vec![entry("a@x.es", true), entry("b@x.es", true)]),
            Err(vec![ContactListError::Defaults])
        );
        assert_eq!(
            ContactList::new(vec![entry("a@x.es", true), entry("a@x.es", true)]),
            Err(vec![ContactListError::Duplicate, ContactListError::Defaults])
        );
    }
}
