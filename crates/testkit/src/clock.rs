use std::sync::{Mutex, PoisonError};

use application::ports::{Calendar, Clock};
use time::{Date, Duration, OffsetDateTime, UtcOffset};

use crate::fixtures::NOW;

/// A clock that stands still until it is moved. Like the port wants it, it shows UTC in whole microseconds.
#[derive(Debug)]
pub struct FixedClock(Mutex<OffsetDateTime>);

impl FixedClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: OffsetDateTime) -> Self {
        Self(Mutex::new(shown(now)))
    }

    /// Moves it to `now`.
    pub fn set(&self, now: OffsetDateTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = shown(now);
    }

    /// Moves it by `step` and returns what it shows then.
    pub fn advance(&self, step: Duration) -> OffsetDateTime {
        let now = self.now() + step;
        self.set(now);
        self.now()
    }
}

impl Default for FixedClock {
    /// Stands at [`NOW`].
    fn default() -> Self {
        Self::at(NOW)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Days in UTC.
#[derive(Debug)]
pub struct UtcCalendar;

impl Calendar for UtcCalendar {
    fn day_of(&self, instant: OffsetDateTime) -> Date {
        instant.to_offset(UtcOffset::UTC).date()
    }
}

fn shown(instant: OffsetDateTime) -> OffsetDateTime {
    instant.to_offset(UtcOffset::UTC).truncate_to_microsecond()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn shows_whole_microseconds_of_utc() {
        let clock = FixedClock::at(datetime!(2026-01-01 01:00:00.123456789 +01:00));
        assert_eq!(clock.now().to_string(), "2026-01-01 0:00:00.123456 +00:00:00");
        assert_eq!(clock.advance(Duration::MICROSECOND), datetime!(2026-01-01 00:00:00.123457 UTC));
        clock.set(NOW);
        assert_eq!(clock.now(), NOW);
    }
}
