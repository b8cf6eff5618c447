use std::sync::Arc;

use application::ports::{Calendar, Clock, Ids};
use domain::{AccountId, CredentialId, CustomerId, PromotionId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use time::{Date, OffsetDateTime, UtcOffset};
use uuid::Uuid;

/// What differs from one run to the next: time and new ids.
#[derive(Clone)]
pub struct World {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Hands out ids.
    pub ids: Arc<dyn Ids>,
}

impl World {
    /// The system's clock, and UUIDs of version 7.
    #[must_use]
    pub fn real() -> Self {
        Self { clock: Arc::new(SystemClock), ids: Arc::new(UuidV7) }
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        // The port promises whole microseconds.
        now.replace_nanosecond(now.nanosecond() / 1000 * 1000).unwrap_or(now)
    }
}

/// Days in a time zone of the IANA database, which is part of the binary.
pub(crate) struct ZonedCalendar(pub(crate) TimeZone);

impl Calendar for ZonedCalendar {
    fn day_of(&self, instant: OffsetDateTime) -> Date {
        let offset = Timestamp::from_second(instant.unix_timestamp())
            .map(|timestamp| self.0.to_offset(timestamp).seconds())
            .ok()
            .and_then(|seconds| UtcOffset::from_whole_seconds(seconds).ok())
            // Beyond the years that the database knows.
            .unwrap_or(UtcOffset::UTC);
        instant.checked_to_offset(offset).unwrap_or(instant).date()
    }
}

/// Time-ordered (RFC 9562, section 5.7), so that new rows of a table lie side by side.
struct UuidV7;

impl Ids for UuidV7 {
    fn customer_id(&self) -> CustomerId {
        CustomerId(Uuid::now_v7())
    }

    fn account_id(&self) -> AccountId {
        AccountId(Uuid::now_v7())
    }

    fn promotion_id(&self) -> PromotionId {
        PromotionId(Uuid::now_v7())
    }

    fn credential_id(&self) -> CredentialId {
        CredentialId(Uuid::now_v7())
    }
}
