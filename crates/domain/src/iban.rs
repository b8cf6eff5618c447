//! International bank account numbers.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::text::compact;

/// An IBAN (ISO 13616-1) in electronic format: upper case, no spaces. Country, length, BBAN structure and the mod-97
/// check digits are right; for Spain the two national control digits too.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Iban(String);

/// Why an IBAN is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IbanError {
    /// Unknown country, wrong length or structure, or wrong check digits.
    #[error("is not a valid IBAN")]
    Invalid,
    /// The control digits of the Spanish account number (CCC) are wrong.
    #[error("has wrong national control digits")]
    NationalControl,
}

impl Iban {
    /// Takes back what was accepted earlier, from storage.
    #[must_use]
    pub fn restore(iban: String) -> Self {
        Self(iban)
    }

    /// The whole number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Country, check digits and last four, the rest as asterisks; of the same length.
    #[must_use]
    pub fn masked(&self) -> String {
        let last = self.0.len().saturating_sub(4).max(4);
        self.0.char_indices().map(|(place, c)| if (4..last).contains(&place) { '*' } else { c }).collect()
    }
}

impl FromStr for Iban {
    type Err = IbanError;

    fn from_str(raw: &str) -> Result<Self, IbanError> {
        let iban = compact(raw);
        iban.parse::<iban::Iban>().map_err(|_| IbanError::Invalid)?;
        if iban.starts_with("ES") && !has_right_control_digits(&iban.as_bytes()[4..]) {
            return Err(IbanError::NationalControl);
        }
        Ok(Self(iban))
    }
}

impl fmt::Debug for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Iban({}…)", self.0.get(..2).unwrap_or_default())
    }
}

/// The control digits of a Código Cuenta Cliente (Consejo Superior Bancario, norma 43): bank 4, branch 4, control 2, account 10.
fn has_right_control_digits(ccc: &[u8]) -> bool {
    let control = |digits: &[u8]| {
        const WEIGHTS: [u32; 10] = [1, 2, 4, 8, 5, 10, 9, 7, 3, 6];
        let offset = WEIGHTS.len() - digits.len();
        let sum: u32 = digits
            .iter()
            .zip(&WEIGHTS[offset..])
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        match 11 - sum % 11 {
            11 => b'0',
            10 => b'1',
            digit => b'0' + u8::try_from(digit).unwrap_or_default(),
        }
    };
    ccc.len() == 20 && ccc[8] == control(&ccc[..8]) && ccc[9] == control(&ccc[10..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One valid example a country, from the SWIFT IBAN registry.
    const EXAMPLES: &[&str] = &[
        "AD1200012030200359100100",
        "AE070331234567890123456",
        "AT611904300234573201",
        "BE68539007547034",
        "BG80BNBG96611020345678",
        "BR9700360305000010009795493P1",
        "CH9300762011623852957",
        "CY17002001280000001200527600",
        "CZ6508000000192000145399",
        "DE89370400440532013000",
        "DK5000400440116243",
        "EE382200221020145685",
        "ES9121000418450200051332",
        "FI2112345600000785",
        "FR1420041010050500013M02606",
        "GB29NWBK60161331926819",
        "GI75NWBK000000007099453",
        "GR1601101250000000012300695",
        "HR1210010051863000160",
        "HU42117730161111101800000000",
        "IE29AIBK93115212345678",
        "IS140159260076545510730339",
        "IT60X0542811101000000123456",
        "LI21088100002324013AA",
        "LT121000011101001000",
        "LU280019400644750000",
        "LV80BANK0000435195001",
        "MC5811222000010123456789030",
        "MT84MALT011000012345MTLCAST001S",
        "NL91ABNA0417164300",
        "NO9386011117947",
        "PL61109010140000071219812874",
        "PT50000201231234567890154",
        "RO49AAAA1B31007593840000",
        "SE4550000000058398257466",
        "SI56263300012039086",
        "SK3112000000198742637541",
        "SM86U0322509800000000270100",
        "TR330006100519786457841326",
    ];

    #[test]
    fn takes_the_registry_examples() {
        for example in EXAMPLES {
            assert_eq!(example.parse::<Iban>().map(|iban| iban.0), Ok((*example).to_owned()));
        }
    }

    #[test]
    fn takes_the_published_example_in_any_spelling() {
        for spelling in
            ["ES7921000813610123456789", "es79 2100 0813 6101 2345 6789", "ES79-2100.0813 6101-2345 6789"]
        {
            assert_eq!(spelling.parse::<Iban>().unwrap().as_str(), "ES7921000813610123456789");
        }
    }

    #[test]
    fn refuses_what_is_no_iban() {
        for wrong in [
            "",
            "ES",
            "ES7921000813610123456780",
            "XX7921000813610123456789",
            "ES792100081361012345678",
            "DE8937040044053201300X",
            "ñ",
        ] {
            assert_eq!(wrong.parse::<Iban>(), Err(IbanError::Invalid), "{wrong}");
        }
    }

    #[test]
    fn checks_the_spanish_control_digits() {
        for bban in ["21000813600123456789", "21000813710123456789"] {
            let iban = with_check_digits("ES", bban);
            assert_eq!(iban.parse::<Iban>(), Err(IbanError::NationalControl), "{iban}");
        }
        assert!(with_check_digits("ES", "21000813610123456789").parse::<Iban>().is_ok());
    }

    #[test]
    fn masks_all_but_the_ends() {
        assert_eq!("ES7921000813610123456789".parse::<Iban>().unwrap().masked(), "ES79****************6789");
        assert_eq!("NO9386011117947".parse::<Iban>().unwrap().masked(), "NO93*******7947");
        assert_eq!(format!("{:?}", "NO9386011117947".parse::<Iban>().unwrap()), "Iban(NO…)");
    }

    fn with_check_digits(country: &str, bban: &str) -> String {
        (2..=98)
            .map(|check| format!("{country}{check:02}{bban}"))
            .find(|iban| {
                let moved = format!("{}{}", &iban[4..], &iban[..4]);
                moved.chars().fold(0, |rest, c| {
                    let value = c.to_digit(36).unwrap();
                    (if value < 10 { rest * 10 + value } else { rest * 100 + value }) % 97
                }) == 1
            })
            .unwrap()
    }

    proptest! {
        #[test]
        fn every_changed_character_is_noticed(example in 0..EXAMPLES.len(), place in 0usize..40, by in 1u8..26) {
            let mut changed = EXAMPLES[example].as_bytes().to_vec();
            let place = place % changed.len();
            changed[place] = match changed[place] {
                digit @ b'0'..=b'9' => b'0' + (digit - b'0' + 1 + by % 9) % 10,
                letter => b'A' + (letter - b'A' + by) % 26,
            };
            prop_assert!(str::from_utf8(&changed).unwrap().parse::<Iban>().is_err());
        }

        #[test]
        fn no_text_panics(raw in "\\PC*") {
            let _ = raw.parse::<Iban>();
        }

        #[test]
        fn exactly_one_pair_of_control_digits_fits(bank in "[0-9]{8}", account in "[0-9]{10}") {
            let fits = (0..100).filter(|control| {
                with_check_digits("ES", &format!("{bank}{control:02}{account}")).parse::<Iban>().is_ok()
            });
            prop_assert_eq!(fits.count(), 1);
        }
    }
}
