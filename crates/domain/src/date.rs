//! Calendar dates.

use thiserror::Error;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::{date, format_description};
use time::{Date, OffsetDateTime, UtcOffset};

const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const EARLIEST_BIRTH: Date = date!(1900 - 01 - 01);

/// Why a date is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DateError {
    /// Not `yyyy-MM-dd`, or no day of the calendar.
    #[error("must be a date of the form yyyy-MM-dd")]
    Format,
    /// Before 1900-01-01.
    #[error("must not be before 1900-01-01")]
    TooEarly,
    /// After the present day.
    #[error("must not be in the future")]
    Future,
}

/// Reads `yyyy-MM-dd`.
///
/// # Errors
/// [`DateError::Format`].
pub fn parse_date(raw: &str) -> Result<Date, DateError> {
    let raw = raw.trim();
    if raw.len() != 10 {
        return Err(DateError::Format);
    }
    Date::parse(raw, FORMAT).map_err(|_| DateError::Format)
}

/// The text is no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a date-time of RFC 3339, at most to the microsecond, such as 2022-01-01T01:01:01Z")]
pub struct InstantError;

/// Reads a date-time of RFC 3339 with any offset, into UTC. Nothing that a store would not keep is accepted.
///
/// # Errors
/// [`InstantError`].
pub fn parse_instant(raw: &str) -> Result<OffsetDateTime, InstantError> {
    let instant = OffsetDateTime::parse(raw.trim(), &Rfc3339).map_err(|_| InstantError)?;
    let instant = instant.checked_to_offset(UtcOffset::UTC).ok_or(InstantError)?;
    let is_known = (0..=9999).contains(&instant.year()) && instant.nanosecond().is_multiple_of(1000);
    if is_known { Ok(instant) } else { Err(InstantError) }
}

/// A day of birth, from 1900-01-01 to the day of entry (UTC).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Birthdate(Date);

/// A day on which a company was founded, not after the day of entry (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundingDate(Date);

impl Birthdate {
    /// Reads `yyyy-MM-dd` at the moment `now`.
    ///
    /// # Errors
    /// Any [`DateError`].
    pub fn parse(raw: &str, now: OffsetDateTime) -> Result<Self, DateError> {
        let date = not_in_the_future(raw, now)?;
        if date < EARLIEST_BIRTH { Err(DateError::TooEarly) } else { Ok(Self(date)) }
    }
}

impl FoundingDate {
    /// Reads `yyyy-MM-dd` at the moment `now`.
    ///
    /// # Errors
    /// [`DateError::Format`] or [`DateError::Future`].
    pub fn parse(raw: &str, now: OffsetDateTime) -> Result<Self, DateError> {
        not_in_the_future(raw, now).map(Self)
    }
}

macro_rules! stored_date {
    ($name:ident) => {
        impl $name {
            /// Takes back what was accepted earlier, from storage.
            #[must_use]
            pub const fn restore(date: Date) -> Self {
                Self(date)
            }

            /// The day.
            #[must_use]
            pub const fn date(self) -> Date {
                self.0
            }
        }
    };
}
stored_date!(Birthdate);
stored_date!(FoundingDate);

impl std::fmt::Debug for Birthdate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Birthdate(…)")
    }
}

fn not_in_the_future(raw: &str, now: OffsetDateTime) -> Result<Date, DateError> {
    let date = parse_date(raw)?;
    if date > now.date() { Err(DateError::Future) } else { Ok(date) }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-02-28 23:59:59 UTC);

    #[test]
    fn reads_only_the_published_form() {
        assert_eq!(parse_date("2024-02-29"), Ok(date!(2024 - 02 - 29)));
        for wrong in [
            "2023-02-29",
            "2022-1-01",
            "20220101",
            "2022-01-01T00:00:00Z",
            "+022-01-01",
            "01-01-2022",
            "",
            "2022/01/01",
        ] {
            assert_eq!(parse_date(wrong), Err(DateError::Format), "{wrong}");
        }
    }

    #[test]
    fn births_lie_between_1900_and_today() {
        assert!(Birthdate::parse("1900-01-01", NOW).is_ok());
        assert_eq!(Birthdate::parse("1899-12-31", NOW), Err(DateError::TooEarly));
        assert!(Birthdate::parse("2026-02-28", NOW).is_ok());
        assert_eq!(Birthdate::parse("2026-03-01", NOW), Err(DateError::Future));
    }

    #[test]
    fn companies_may_be_older_than_1900() {
        assert!(FoundingDate::parse("1850-05-05", NOW).is_ok());
        assert_eq!(FoundingDate::parse("2026-03-01", NOW), Err(DateError::Future));
    }
}
