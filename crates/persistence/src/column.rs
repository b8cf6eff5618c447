//! Column types that mean the same on both engines.

use sea_orm::DeriveValueType;
use time::{Date, OffsetDateTime, Time};

/// An instant as microseconds since 1970-01-01 UTC. Dates of the drivers are not used because SQLite would keep them as
/// text that does not sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, DeriveValueType)]
pub(crate) struct Micros(pub(crate) i64);

impl Micros {
    /// The first instant of a day in UTC.
    pub(crate) fn start_of(day: Date) -> Self {
        day.with_time(Time::MIDNIGHT).assume_utc().into()
    }

    /// The instant; `None` beyond the years that the calendar knows.
    pub(crate) fn instant(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000).ok()
    }
}

impl From<OffsetDateTime> for Micros {
    fn from(instant: OffsetDateTime) -> Self {
        // Four-digit years fit into i64 microseconds.
        Self(i64::try_from(instant.unix_timestamp_nanos().div_euclid(1000)).unwrap_or(i64::MAX))
    }
}
