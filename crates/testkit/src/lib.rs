//! What the tests of several crates share: an in-memory store, a clock that stands still, ids in sequence, fixtures, and the
//! store's contract suite. A development dependency only; must not know any adapter.
#![expect(clippy::unwrap_used, reason = "what a fixture or a case takes for granted is checked by failing")]

mod clock;
pub mod contract;
#[cfg(feature = "database")]
mod database;
pub mod fixtures;
mod ids;
mod memory_store;

pub use clock::{FixedClock, UtcCalendar};
#[cfg(feature = "database")]
pub use database::{Engine, TestDatabase};
pub use ids::SequentialIds;
pub use memory_store::{MemoryStore, RecordedEvent};
