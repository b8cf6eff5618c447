//! The tripwire for payment card numbers, which must not enter the system anywhere (PCI DSS 4.0, requirement 3).

/// Whether `text` holds a payment card number: a run of 13 to 19 digits that passes Luhn (ISO/IEC 7812-1).
///
/// Single spaces or hyphens may stand between the digits. A longer run is no card number, nor is a part of it.
#[must_use]
pub fn contains_card_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut position = 0;
    while position < bytes.len() {
        if bytes[position].is_ascii_digit() {
            let (digits, end) = run(bytes, position);
            if (13..=19).contains(&digits.len()) && passes_luhn(&digits) {
                return true;
            }
            position = end;
        } else {
            position += 1;
        }
    }
    false
}

/// The digits of the run that starts at `start`, and the position behind its last digit.
fn run(bytes: &[u8], start: usize) -> (Vec<u8>, usize) {
    let digit = |at: usize| bytes.get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0');
    let mut digits = Vec::new();
    let mut position = start;
    loop {
        if let Some(value) = digit(position) {
            digits.push(value);
            position += 1;
        } else if matches!(bytes.get(position), Some(b' ' | b'-')) && digit(position + 1).is_some() {
            position += 1;
        } else {
            return (digits, position);
        }
    }
}

fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| {
            let digit = u32::from(digit);
            if place % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_numbers_however_they_are_written() {
        for text in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111 1111-1111",
            "card 4111111111111111.",
            "x4222222222222y",
            "6304000000000000000",
            "12 and 4111111111111111",
        ] {
            assert!(contains_card_number(text), "{text}");
        }
    }

    #[test]
    fn leaves_other_numbers_alone() {
        for text in [
            "",
            "4111111111111112",
            "411111111111",
            "4111  1111 1111 1111",
            "4111_1111_1111_1111",
            "41111111111111110000",
            "411111111111111100004111111111111111",
            "Calle Mayor 2, 28039 Madrid",
        ] {
            assert!(!contains_card_number(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_separator_changes_nothing(digits in "[0-9]{13,19}", at in 1usize..13, separator in "[ -]") {
            let mut spaced = digits.clone();
            spaced.insert_str(at, &separator);
            prop_assert_eq!(contains_card_number(&digits), contains_card_number(&spaced));
        }

        #[test]
        fn exactly_one_check_digit_completes_a_number(digits in "[0-9]{12,18}") {
            let hits = (0..10).filter(|check| contains_card_number(&format!("{digits}{check}"))).count();
            prop_assert_eq!(hits, 1);
        }
    }
}
