//! Tokenized payment cards.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use time::{Date, Month, OffsetDateTime};

use crate::id::{CustomerId, GatewayToken};
use crate::tokenization::TokenizedCard;

/// A payment card as the gateway lets it be known: never its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What stands for the card at the gateway.
    pub token_id: GatewayToken,
    /// Whose card it is.
    pub customer_id: CustomerId,
    /// The last four digits of its number.
    pub last_four: String,
    /// Until when it is good.
    pub expiration: CardExpiry,
    /// When it was tokenized.
    pub created_at: OffsetDateTime,
}

impl Card {
    /// The card of a customer, as it was tokenized at `now`.
    #[must_use]
    pub fn new(card: TokenizedCard, customer_id: CustomerId, now: OffsetDateTime) -> Self {
        let TokenizedCard { token_id, last_four, expiration } = card;
        Self { token_id, customer_id, last_four, expiration, created_at: now }
    }

    /// Whether `customer` may pay with this card on the day `today`.
    #[must_use]
    pub fn is_usable_by(&self, customer: CustomerId, today: Date) -> bool {
        self.customer_id == customer && !self.expiration.is_before(today)
    }
}

/// The text is not the end of a card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be four digits")]
pub struct LastFourError;

/// Reads the last four digits of a card's number.
///
/// # Errors
/// [`LastFourError`].
pub fn parse_last_four(raw: &str) -> Result<String, LastFourError> {
    let is_right = raw.len() == 4 && raw.bytes().all(|byte| byte.is_ascii_digit());
    if is_right { Ok(raw.to_owned()) } else { Err(LastFourError) }
}

/// The month through whose last day a card is good, written `MM/YYYY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardExpiry {
    year: i32,
    month: Month,
}

/// The text is no expiry month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a month of the form MM/YYYY")]
pub struct CardExpiryError;

impl CardExpiry {
    /// The month in which a day lies.
    #[must_use]
    pub const fn of(day: Date) -> Self {
        Self { year: day.year(), month: day.month() }
    }

    /// Whether the card is no longer good on `day`.
    #[must_use]
    pub fn is_before(self, day: Date) -> bool {
        (self.year, u8::from(self.month)) < (day.year(), u8::from(day.month()))
    }
}

impl FromStr for CardExpiry {
    type Err = CardExpiryError;

    fn from_str(raw: &str) -> Result<Self, CardExpiryError> {
        let (month, year) = raw.split_once('/').ok_or(CardExpiryError)?;
        let digits =
            |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(month, 2) || !digits(year, 4) {
            return Err(CardExpiryError);
        }
        let month =
            month.parse::<u8>().ok().and_then(|month| Month::try_from(month).ok()).ok_or(CardExpiryError)?;
        Ok(Self { year: year.parse().map_err(|_| CardExpiryError)?, month })
    }
}

impl fmt::Display for CardExpiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}/{:04}", u8::from(self.month), self.year)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn expiry_is_a_month() {
        assert_eq!("05/2029".parse::<CardExpiry>().unwrap().to_string(), "05/2029");
        for wrong in ["5/2029", "13/2029", "00/2029", "05/29", "05-2029", "2029/05", "", "05/20a9"] {
            assert_eq!(wrong.parse::<CardExpiry>(), Err(CardExpiryError), "{wrong}");
        }
    }

    #[test]
    fn a_card_is_good_through_the_last_day_of_its_month() {
        let owner = CustomerId(Uuid::from_u128(1));
        let card = Card {
            token_id: GatewayToken::restore("t".into()),
            customer_id: owner,
            last_four: "5100".into(),
            expiration: "02/2028".parse().unwrap(),
            created_at: datetime!(2026-01-01 00:00 UTC),
        };
        assert!(card.is_usable_by(owner, date!(2028 - 02 - 29)));
        assert!(!card.is_usable_by(owner, date!(2028 - 03 - 01)));
        assert!(card.is_usable_by(owner, date!(2027 - 12 - 31)));
        assert!(!card.is_usable_by(owner, date!(2029 - 01 - 01)));
        assert!(!card.is_usable_by(CustomerId(Uuid::from_u128(2)), date!(2028 - 02 - 29)));
    }
}
