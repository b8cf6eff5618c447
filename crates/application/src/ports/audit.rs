use async_trait::async_trait;
use domain::{Actor, CustomerId, EntityKind, OrgId};
use time::OffsetDateTime;

use super::StoreError;

/// One change on a customer's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntry {
    /// When.
    pub at: OffsetDateTime,
    /// Who.
    pub actor: Actor,
    /// In which request.
    pub request_id: String,
    /// By which operation.
    pub operation: String,
    /// What kind of thing has changed.
    pub entity: EntityKind,
    /// Which one.
    pub entity_id: String,
    /// The paths of the fields that have changed.
    pub fields: Vec<String>,
}

/// A part of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelinePage {
    /// Newest first.
    pub entries: Vec<TimelineEntry>,
    /// Where the next, older part begins, if there is one.
    pub next: Option<i64>,
}

/// Look-ups of the audit: one statement each, outside any unit of work.
#[async_trait]
pub trait AuditReads: Send + Sync {
    /// At most `limit` changes that concern a customer, newest first, older than the place `before`; nothing when there is no
    /// such customer.
    async fn timeline(
        &self,
        org: &OrgId,
        customer: CustomerId,
        before: Option<i64>,
        limit: u16,
    ) -> Result<Option<TimelinePage>, StoreError>;
}
