use async_trait::async_trait;
use domain::{CatalogueValue, CatalogueValues, CustomerId, OrgId, SpecialTreatment, SpecialTreatmentList};
use time::OffsetDateTime;

use super::StoreError;

/// Special treatment within a unit of work. Whoever changes a customer's has the customer before, then what is offered.
#[async_trait]
pub trait SpecialTreatments: Send {
    /// Reads what the organisation offers and keeps others from changing and from using it until the unit ends. It may be
    /// empty, also when it was never written.
    async fn offered(&mut self) -> Result<SpecialTreatmentList, StoreError>;
    /// Reads what the organisation offers and keeps others from changing it until the unit ends; they may use it too.
    async fn offered_to_use(&mut self) -> Result<SpecialTreatmentList, StoreError>;
    /// Writes what the organisation offers from `now` on; [`StoreError::Stale`] if it was changed since it was read.
    async fn offer(&mut self, list: &SpecialTreatmentList, now: OffsetDateTime) -> Result<(), StoreError>;
    /// Whether a special treatment that has not ended is one of these.
    async fn any_live(&mut self, values: &CatalogueValues) -> Result<bool, StoreError>;
    /// Reads what a customer gets now.
    async fn find(&mut self, customer: CustomerId) -> Result<Option<SpecialTreatment>, StoreError>;
    /// Adds a special treatment; that customer must get none now.
    async fn insert(&mut self, treatment: &SpecialTreatment) -> Result<(), StoreError>;
    /// Ends what a customer gets now, if anything. What it got stays.
    async fn end(&mut self, customer: CustomerId, now: OffsetDateTime) -> Result<(), StoreError>;
}

/// Look-ups of special treatment: one statement each, outside any unit of work.
#[async_trait]
pub trait SpecialTreatmentReads: Send + Sync {
    /// What the organisation offers, in the order in which it was written.
    async fn special_treatments(&self, org: &OrgId) -> Result<CatalogueValues, StoreError>;
    /// What a customer gets now, if anything; nothing at all when there is no such customer.
    async fn special_treatment_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Option<CatalogueValue>>, StoreError>;
}
