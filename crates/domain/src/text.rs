//! Free text with a length.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Text of `MIN` to `MAX` characters, trimmed, in Unicode NFC, without control characters.
///
/// Its `Debug` shows the length only, because most texts here are personal data.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("must not be blank")]
    Blank,
    /// A control character, NUL included.
    #[error("must not contain control characters")]
    Control,
    /// Too short or too long, in characters after trimming and NFC.
    #[error("must have {min} to {max} characters")]
    Length {
        /// Fewest characters.
        min: usize,
        /// Most characters.
        max: usize,
    },
}

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// Takes back what an earlier [`FromStr`] accepted, from storage.
    #[must_use]
    pub fn restore(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> FromStr for Text<MIN, MAX> {
    type Err = TextError;

    fn from_str(raw: &str) -> Result<Self, TextError> {
        let text: String = raw.trim().nfc().collect();
        if text.chars().all(is_invisible) {
            return Err(TextError::Blank);
        }
        if text.chars().any(char::is_control) {
            return Err(TextError::Control);
        }
        if !(MIN..=MAX).contains(&text.chars().count()) {
            return Err(TextError::Length { min: MIN, max: MAX });
        }
        Ok(Self(text))
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Debug for Text<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} characters)", self.0.chars().count())
    }
}

/// White space, and what takes no space at all.
fn is_invisible(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// What documents and IBANs are compared and stored as: upper case, without spaces, dots and hyphens. Control characters
/// are no spaces; they stay for the caller to refuse.
pub(crate) fn compact(raw: &str) -> String {
    raw.trim()
        .chars()
        .filter(|c| c.is_control() || !c.is_whitespace() && !matches!(c, '.' | '-'))
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Name = Text<2, 4>;

    #[test]
    fn is_trimmed_and_composed() {
        assert_eq!(" e\u{301}a \n".parse::<Name>().unwrap().as_str(), "éa");
    }

    #[test]
    fn counts_characters_on_both_sides_of_the_limits() {
        let length = Err(TextError::Length { min: 2, max: 4 });
        assert_eq!("ñ".parse::<Name>(), length);
        assert!("ññ".parse::<Name>().is_ok());
        assert!("ññññ".parse::<Name>().is_ok());
        assert_eq!("ñññññ".parse::<Name>(), length);
        assert!("n\u{303}".repeat(4).parse::<Name>().is_ok(), "counted after composition");
    }

    #[test]
    fn refuses_blank_and_control_characters() {
        for blank in ["", " ", "\u{a0}\t", "\u{200b}", "\u{feff} \u{200d}"] {
            assert_eq!(blank.parse::<Name>(), Err(TextError::Blank));
        }
        for control in ["a\0b", "a\nb", "\u{1b}[0m", "a\u{85}b"] {
            assert_eq!(control.parse::<Name>(), Err(TextError::Control));
        }
    }

    #[test]
    fn separators_are_left_out_of_numbers_but_control_characters_are_not() {
        assert_eq!(compact("\t12.345-678\u{a0}z \n"), "12345678Z");
        assert_eq!(compact("1\n2\t3\0"), "1\n2\t3\0");
    }

    #[test]
    fn debug_shows_no_content() {
        assert_eq!(format!("{:?}", "Ana".parse::<Name>().unwrap()), "Text(3 characters)");
    }
}
