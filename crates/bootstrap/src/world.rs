use std::sync::Arc;

use application::ports::{Clock, Ids};
use domain::{AccountId, CustomerId};
use time::OffsetDateTime;
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

/// Time-ordered (RFC 9562, section 5.7), so that new rows of a table lie side by side.
struct UuidV7;

impl Ids for UuidV7 {
    fn customer_id(&self) -> CustomerId {
        CustomerId(Uuid::now_v7())
    }

    fn account_id(&self) -> AccountId {
        AccountId(Uuid::now_v7())
    }
}
