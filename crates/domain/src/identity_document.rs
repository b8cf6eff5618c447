//! Identity documents and their check characters.

use std::fmt;

use thiserror::Error;

use crate::customer::CorporateSegment;
use crate::text::compact;

code_enum! {
    /// The kinds of identity document.
    DocumentType {
        /// Número de identificación fiscal of a natural person.
        Nif = "NIF",
        /// Número de identidad de extranjero.
        Nie = "NIE",
        /// A passport of any country.
        Passport = "PASSPORT",
        /// Código de identificación fiscal of a legal person.
        Cif = "CIF",
    }
}

/// An identity document, normalised (upper case, no spaces, dots, hyphens) and with its check characters verified.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdentityDocument {
    kind: DocumentType,
    number: String,
}

/// Why an identity document is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IdentityDocumentError {
    /// The number has not the form of its type.
    #[error("is not a {0} number")]
    Form(DocumentType),
    /// The check character does not fit the digits.
    #[error("has a wrong check character")]
    CheckCharacter,
    /// The holder cannot have a document of this type.
    #[error("must be one of {}", codes(.0))]
    Type(&'static [DocumentType]),
}

fn codes(types: &[DocumentType]) -> String {
    types.iter().map(|kind| kind.code()).collect::<Vec<_>>().join(", ")
}

/// The types that a natural person can have.
const PERSON: &[DocumentType] = &[DocumentType::Nif, DocumentType::Nie, DocumentType::Passport];

impl IdentityDocument {
    /// The document of a natural person: NIF, NIE or passport.
    ///
    /// # Errors
    /// Any [`IdentityDocumentError`].
    pub fn of_person(kind: DocumentType, raw: &str) -> Result<Self, IdentityDocumentError> {
        Self::one_of(PERSON, kind, raw)
    }

    /// The document of a company: a CIF for an SME, a NIF or NIE for the self-employed.
    ///
    /// # Errors
    /// Any [`IdentityDocumentError`].
    pub fn of_company(
        segment: CorporateSegment,
        kind: DocumentType,
        raw: &str,
    ) -> Result<Self, IdentityDocumentError> {
        let types: &[DocumentType] = match segment {
            CorporateSegment::Sme => &[DocumentType::Cif],
            CorporateSegment::SelfEmployee => &[DocumentType::Nif, DocumentType::Nie],
        };
        Self::one_of(types, kind, raw)
    }

    /// Takes back what was accepted earlier, from storage.
    #[must_use]
    pub fn restore(kind: DocumentType, number: String) -> Self {
        Self { kind, number }
    }

    /// What numbers are compared as: upper case, without spaces, dots and hyphens. Verifies nothing.
    #[must_use]
    pub fn normalise(raw: &str) -> String {
        compact(raw)
    }

    /// The type of the document.
    #[must_use]
    pub const fn kind(&self) -> DocumentType {
        self.kind
    }

    /// The normalised number.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    fn one_of(
        types: &'static [DocumentType],
        kind: DocumentType,
        raw: &str,
    ) -> Result<Self, IdentityDocumentError> {
        if !types.contains(&kind) {
            return Err(IdentityDocumentError::Type(types));
        }
        let number = compact(raw);
        let right = match kind {
            DocumentType::Nif => nif(number.as_bytes()),
            DocumentType::Nie => nie(number.as_bytes()),
            DocumentType::Cif => cif(number.as_bytes()),
            DocumentType::Passport => ((5..=20).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .then_some(true),
        };
        match right {
            Some(true) => Ok(Self { kind, number }),
            Some(false) => Err(IdentityDocumentError::CheckCharacter),
            None => Err(IdentityDocumentError::Form(kind)),
        }
    }
}

/// Shows the type only: the number is personal data.
impl fmt::Debug for IdentityDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(…)", self.kind)
    }
}

/// The value of decimal digits, or nothing when there are others.
fn value(digits: &[u8]) -> Option<usize> {
    digits
        .iter()
        .try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + usize::from(digit - b'0')))
}

/// The control letter of a number (Real Decreto 1553/2005; the table of the Ministry of the Interior).
fn control_letter(number: usize) -> u8 {
    b"TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]
}

/// NIF of a natural person (Real Decreto 1065/2007, articles 19 and 20). `None`: not of that form.
fn nif(number: &[u8]) -> Option<bool> {
    let [body @ .., letter] = number else { return None };
    if body.len() != 8 || !letter.is_ascii_uppercase() {
        return None;
    }
    let digits = if matches!(body[0], b'K' | b'L' | b'M') { &body[1..] } else { body };
    Some(control_letter(value(digits)?) == *letter)
}

/// NIE (Orden INT/2058/2008): X, Y and Z stand for 0, 1 and 2 before the seven digits.
fn nie(number: &[u8]) -> Option<bool> {
    let [initial @ b'X'..=b'Z', digits @ .., letter] = number else { return None };
    if digits.len() != 7 || !letter.is_ascii_uppercase() {
        return None;
    }
    Some(control_letter(usize::from(initial - b'X') * 10_000_000 + value(digits)?) == *letter)
}

/// NIF of a legal person, formerly CIF (Orden EHA/451/2008).
fn cif(number: &[u8]) -> Option<bool> {
    let [initial, digits @ .., control] = number else { return None };
    if !b"ABCDEFGHJNPQRSUVW".contains(initial) || digits.len() != 7 {
        return None;
    }
    value(digits)?;
    let sum: u8 = digits
        .iter()
        .enumerate()
        .map(|(index, digit)| {
            let digit = digit - b'0';
            if index % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    let check = (10 - sum % 10) % 10;
    let (as_digit, as_letter) = (b'0' + check, b"JABCDEFGHI"[usize::from(check)]);
    match initial {
        _ if !control.is_ascii_alphanumeric() => None,
        b'A' | b'B' | b'E' | b'H' => Some(*control == as_digit),
        b'N' | b'P' | b'Q' | b'R' | b'S' | b'W' => Some(*control == as_letter),
        _ => Some(*control == as_digit || *control == as_letter),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn person(kind: DocumentType, raw: &str) -> Result<String, IdentityDocumentError> {
        IdentityDocument::of_person(kind, raw).map(|document| document.number)
    }

    fn sme(raw: &str) -> Result<IdentityDocument, IdentityDocumentError> {
        IdentityDocument::of_company(CorporateSegment::Sme, DocumentType::Cif, raw)
    }

    #[test]
    fn numbers_are_normalised_first() {
        assert_eq!(person(DocumentType::Nif, " 14.861.628-v "), Ok("14861628V".into()));
        assert_eq!(person(DocumentType::Nie, "x-1234567-l"), Ok("X1234567L".into()));
    }

    #[test]
    fn nif_forms() {
        for right in
            ["14861628V", "12345678Z", "07687697Q", "00000000T", "K0867756N", "L1234567L", "M1234567L"]
        {
            assert!(person(DocumentType::Nif, right).is_ok(), "{right}");
        }
        for wrong in ["12345678A", "K1234567A"] {
            assert_eq!(person(DocumentType::Nif, wrong), Err(IdentityDocumentError::CheckCharacter));
        }
        for wrong in [
            "",
            "Z",
            "1234567L",
            "123456789",
            "X1234567L",
            "N1234567L",
            "１2345678Z",
            "12345678\nZ",
            "12345678ZZ",
            "K12345678Z",
        ] {
            assert_eq!(
                person(DocumentType::Nif, wrong),
                Err(IdentityDocumentError::Form(DocumentType::Nif)),
                "{wrong}"
            );
        }
    }

    #[test]
    fn nie_forms() {
        for right in ["X1234567L", "Y1234567X", "Z1234567R", "X0000000T"] {
            assert!(person(DocumentType::Nie, right).is_ok(), "{right}");
        }
        assert_eq!(person(DocumentType::Nie, "X1234567A"), Err(IdentityDocumentError::CheckCharacter));
        for wrong in ["12345678Z", "W1234567L", "X123456L", "X12345678L", "X1234567", "X12345671"] {
            assert_eq!(
                person(DocumentType::Nie, wrong),
                Err(IdentityDocumentError::Form(DocumentType::Nie)),
                "{wrong}"
            );
        }
    }

    #[test]
    fn cif_controls_depend_on_the_initial() {
        for right in ["A58818501", "Q2826000H", "P2807900B"] {
            assert!(sme(right).is_ok(), "{right}");
        }
        for wrong in ["A5881850A", "A58818502", "Q28260008", "P2807900A"] {
            assert_eq!(sme(wrong), Err(IdentityDocumentError::CheckCharacter), "{wrong}");
        }
        for wrong in ["I58818501", "58818501A", "A5881850", "A588185011", "A5881850É"] {
            assert_eq!(sme(wrong), Err(IdentityDocumentError::Form(DocumentType::Cif)), "{wrong}");
        }
    }

    #[test]
    fn passports_have_5_to_20_characters() {
        for right in ["AAA12", "AAA123456", &"A".repeat(20)] {
            assert!(person(DocumentType::Passport, right).is_ok());
        }
        for wrong in ["AAA1", "AAA_123", "ÑAA123", &"A".repeat(21)] {
            assert!(person(DocumentType::Passport, wrong).is_err());
        }
    }

    #[test]
    fn the_holder_limits_the_type() {
        let types = |result: Result<IdentityDocument, IdentityDocumentError>| result.unwrap_err().to_string();
        let company = |segment, kind| IdentityDocument::of_company(segment, kind, "12345678Z");
        assert_eq!(
            types(IdentityDocument::of_person(DocumentType::Cif, "A58818501")),
            "must be one of NIF, NIE, PASSPORT"
        );
        assert_eq!(types(company(CorporateSegment::Sme, DocumentType::Nif)), "must be one of CIF");
        assert_eq!(
            types(company(CorporateSegment::SelfEmployee, DocumentType::Cif)),
            "must be one of NIF, NIE"
        );
        assert_eq!(
            types(company(CorporateSegment::SelfEmployee, DocumentType::Passport)),
            "must be one of NIF, NIE"
        );
        assert!(company(CorporateSegment::SelfEmployee, DocumentType::Nif).is_ok());
    }

    #[test]
    fn debug_shows_no_number() {
        assert_eq!(format!("{:?}", sme("A58818501").unwrap()), "CIF(…)");
    }

    proptest! {
        #[test]
        fn one_letter_fits_a_nif(number in 0usize..100_000_000) {
            let fits = (b'A'..=b'Z').filter(|&letter| person(DocumentType::Nif, &format!("{number:08}{}", char::from(letter))).is_ok());
            prop_assert_eq!(fits.count(), 1);
        }

        #[test]
        fn a_changed_digit_is_noticed(number in 0usize..10_000_000, initial in "[XYZ]", place in 1usize..8, by in 1u8..10) {
            let base = (initial.as_bytes()[0] - b'X') as usize * 10_000_000 + number;
            let right = format!("{initial}{number:07}{}", char::from(control_letter(base)));
            prop_assert!(person(DocumentType::Nie, &right).is_ok());
            let mut wrong = right.into_bytes();
            wrong[place] = b'0' + (wrong[place] - b'0' + by) % 10;
            prop_assert!(person(DocumentType::Nie, str::from_utf8(&wrong).unwrap()).is_err());
        }

        #[test]
        fn a_cif_with_free_control_has_two_spellings(digits in "[0-9]{7}", initial in "[CDFGJUV]") {
            let fits = ('0'..='9').chain('A'..='Z').filter(|control| sme(&format!("{initial}{digits}{control}")).is_ok());
            prop_assert_eq!(fits.count(), 2);
        }

        #[test]
        fn normalising_twice_changes_nothing(raw in "\\PC{0,30}") {
            let once = IdentityDocument::normalise(&raw);
            prop_assert_eq!(&IdentityDocument::normalise(&once), &once);
        }

        #[test]
        fn no_text_panics(raw in "\\PC*") {
            for kind in [DocumentType::Nif, DocumentType::Nie, DocumentType::Passport] {
                let _ = person(kind, &raw);
            }
            let _ = sme(&raw);
        }
    }
}
