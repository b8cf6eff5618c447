use time::OffsetDateTime;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present instant in UTC, in whole microseconds: no store keeps more.
    fn now(&self) -> OffsetDateTime;
}
