use time::{Date, OffsetDateTime};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present instant in UTC, in whole microseconds: no store keeps more.
    fn now(&self) -> OffsetDateTime;
}

/// Tells days apart, for rules that count in days.
pub trait Calendar: Send + Sync {
    /// The day on which an instant falls where the customers live.
    fn day_of(&self, instant: OffsetDateTime) -> Date;
}
