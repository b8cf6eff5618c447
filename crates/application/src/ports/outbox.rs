use async_trait::async_trait;
use domain::{CustomerId, GatewayToken, OrgId};
use thiserror::Error;
use time::OffsetDateTime;

use super::{LoginChange, Notice, StoreError};

/// The systems outside to which something has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Neighbour {
    /// Tokenizes cards.
    PaymentGateway,
    /// Lets customers log in.
    IdentitySystem,
    /// Writes to customers.
    Notifier,
}

impl Neighbour {
    /// All of them.
    pub const ALL: &[Self] = &[Self::PaymentGateway, Self::IdentitySystem, Self::Notifier];

    /// How it is called in storage and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PaymentGateway => "payment_gateway",
            Self::IdentitySystem => "identity_system",
            Self::Notifier => "notifier",
        }
    }
}

/// Why a neighbour does not do what it is told, in words for the operator, without anything personal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NeighbourError {
    /// It cannot be reached or cannot work at present; trying again later may help.
    #[error("not available: {0}")]
    Unavailable(
        /// What is known of the cause.
        String,
    ),
    /// It does not accept what it is told; somebody has to look at it.
    #[error("refused: {0}")]
    Refused(
        /// What is known of the cause.
        String,
    ),
}

/// Something that has to happen outside, after the commit. It may happen more than once, so that it must be safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The payment gateway turns a card into a token.
    Tokenize {
        /// Under which the gateway knows the card.
        reference_id: GatewayToken,
        /// Counts the requests under this reference, from 1.
        attempt: i32,
    },
    /// The identity system changes a login.
    Login(LoginChange),
    /// A customer gets a message.
    Notify(Notice),
}

impl Effect {
    /// Where it happens.
    #[must_use]
    pub const fn neighbour(&self) -> Neighbour {
        match self {
            Self::Tokenize { .. } => Neighbour::PaymentGateway,
            Self::Login(_) => Neighbour::IdentitySystem,
            Self::Notify(_) => Neighbour::Notifier,
        }
    }

    /// Where it stands in line, if it concerns this customer: what stands in one queue of a neighbour happens in order. A
    /// tokenization waits for nothing but an earlier one under the same reference: the gateway may take long for each.
    #[must_use]
    pub fn queue(&self, customer: CustomerId) -> String {
        match self {
            Self::Tokenize { reference_id, .. } => reference_id.as_str().to_owned(),
            Self::Login(_) | Self::Notify(_) => customer.to_string(),
        }
    }

    /// What it is called in the log, on timelines and on the command line.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tokenize { .. } => "tokenize",
            Self::Login(LoginChange::Provision(_)) => "provision_login",
            Self::Login(LoginChange::Rename { .. }) => "rename_login",
            Self::Login(LoginChange::Disable(_)) => "disable_login",
            Self::Notify(_) => "notify",
        }
    }
}

/// An effect that has yet to happen, or to be known to have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Orders the entries.
    pub id: i64,
    /// For which organisation.
    pub org: OrgId,
    /// Which customer it concerns.
    pub customer_id: CustomerId,
    /// What has to happen.
    pub effect: Effect,
    /// The request that asked for it.
    pub request_id: String,
    /// Since when it has to happen.
    pub created_at: OffsetDateTime,
    /// How often it was claimed. Whoever claims an entry again takes it away from whoever claimed it before.
    pub attempts: i32,
    /// How often its effect has failed since it was added or retried.
    pub failures: i32,
    /// When it may be claimed next.
    pub due_at: OffsetDateTime,
    /// Since when it has been given up, with all that stands behind it, until an operator retries it.
    pub parked_at: Option<OffsetDateTime>,
    /// Why it did not happen the last time.
    pub last_error: Option<String>,
}

/// The outbox within a unit of work.
#[async_trait]
pub trait Outbox: Send {
    /// Adds an effect that concerns a customer, to happen from `now` on.
    async fn add(
        &mut self,
        customer: CustomerId,
        effect: &Effect,
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;
    /// Removes a claimed entry whose effect has happened; [`StoreError::Stale`] if it was claimed again since.
    async fn finish(&mut self, entry: &OutboxEntry) -> Result<(), StoreError>;
}

/// The outbox of all organisations, for those who empty it. One statement each.
#[async_trait]
pub trait OutboxQueue: Send + Sync {
    /// Claims at most `limit` entries of a neighbour that are due at `now`, the oldest of each queue only, so that nobody else
    /// gets them before `until`. Those that have been due for longest come first, of one instant the oldest; they are
    /// returned in any order. Entries behind a parked one are not due. One that cannot be read is parked.
    async fn claim(
        &self,
        neighbour: Neighbour,
        now: OffsetDateTime,
        until: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<OutboxEntry>, StoreError>;
    /// Gives a claimed entry back, to be claimed again from `due_at` on; with the reason if its effect has failed. Does nothing
    /// if it was claimed again since.
    async fn postpone(
        &self,
        entry: &OutboxEntry,
        due_at: OffsetDateTime,
        error: Option<&str>,
    ) -> Result<(), StoreError>;
    /// Gives a claimed entry up at `now`, because its effect has failed. Does nothing if it was claimed again since.
    async fn park(&self, entry: &OutboxEntry, now: OffsetDateTime, error: &str) -> Result<(), StoreError>;
    /// When the next entry of a neighbour is due, the parked ones and those behind others aside.
    async fn next_due(&self, neighbour: Neighbour) -> Result<Option<OffsetDateTime>, StoreError>;
    /// At most `limit` entries, oldest first; only the parked ones if asked for.
    async fn entries(&self, only_parked: bool, limit: u16) -> Result<Vec<OutboxEntry>, StoreError>;
    /// Makes parked entries, or the one with this id, due at `now`, as if they had never failed; returns how many.
    async fn retry(&self, id: Option<i64>, now: OffsetDateTime) -> Result<u64, StoreError>;
    /// Waits until entries may have been added since it was last called. Not every store hears of everything that other
    /// processes add.
    async fn added(&self);
}
