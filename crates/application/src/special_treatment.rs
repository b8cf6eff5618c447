use std::sync::Arc;

use domain::{AuditEntry, CatalogueValue, CatalogueValues, CustomerId, OrgId, SpecialTreatment};
use time::OffsetDateTime;

use crate::customers::load;
use crate::ports::{Clock, Store, UnitOfWork};
use crate::{Error, Resource, Scope};

/// The use cases of special treatment.
pub struct SpecialTreatments {
    /// Where special treatments are kept.
    pub store: Arc<dyn Store>,
    /// Tells when a change is made.
    pub clock: Arc<dyn Clock>,
}

impl SpecialTreatments {
    /// What the organisation offers.
    ///
    /// # Errors
    /// The store fails.
    pub async fn offered(&self, org: &OrgId) -> Result<CatalogueValues, Error> {
        Ok(self.store.special_treatments(org).await?)
    }

    /// Offers these values and no others. Offering what is offered already changes nothing.
    ///
    /// # Errors
    /// A live customer gets one that would no longer be offered.
    pub async fn offer(&self, scope: &Scope, values: CatalogueValues) -> Result<(), Error> {
        let mut work = self.store.begin(scope).await?;
        let (mut list, now) = (work.special_treatments().offered().await?, self.clock.now());
        let dropped = list.values.without(&values);
        let drops_used_values = !dropped.is_empty() && work.special_treatments().any_live(&dropped).await?;
        if list.replace(values, drops_used_values)? {
            work.special_treatments().offer(&list, now).await?;
            work.commit(now, &[AuditEntry::special_treatment_list()]).await?;
        }
        Ok(())
    }

    /// What a customer gets, if anything.
    ///
    /// # Errors
    /// Not found.
    pub async fn of_customer(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<CatalogueValue>, Error> {
        let value = self.store.special_treatment_of(org, customer).await?;
        value.ok_or(Error::NotFound(Resource::Customer))
    }

    /// Treats a customer specially. Giving what the customer gets already changes nothing.
    ///
    /// # Errors
    /// Not found, or what [`SpecialTreatment::give`] refuses.
    pub async fn give(
        &self,
        scope: &Scope,
        customer: CustomerId,
        value: CatalogueValue,
    ) -> Result<(), Error> {
        let (mut work, customer) = load(&*self.store, scope, customer).await?;
        let (offered, now) = (work.special_treatments().offered_to_use().await?, self.clock.now());
        let treatment = SpecialTreatment::give(&customer, value, &offered, now)?;
        let id = treatment.customer_id;
        let former = work.special_treatments().find(id).await?;
        if former.is_none_or(|former| former.value != treatment.value) {
            work.special_treatments().end(id, now).await?;
            work.special_treatments().insert(&treatment).await?;
            work.commit(now, &[AuditEntry::special_treatment_of(id)]).await?;
        }
        Ok(())
    }

    /// Treats a customer like any other. Doing so again changes nothing.
    ///
    /// # Errors
    /// Not found, or the customer has ended.
    pub async fn take_away(&self, scope: &Scope, customer: CustomerId) -> Result<(), Error> {
        let (mut work, customer) = load(&*self.store, scope, customer).await?;
        customer.check_live()?;
        let now = self.clock.now();
        let changes = end_special_treatment_of(&mut *work, customer.data().id, now).await?;
        if !changes.is_empty() {
            work.commit(now, &changes).await?;
        }
        Ok(())
    }
}

/// Ends the special treatment of a customer, if it gets any.
pub(crate) async fn end_special_treatment_of(
    work: &mut dyn UnitOfWork,
    customer: CustomerId,
    now: OffsetDateTime,
) -> Result<Vec<AuditEntry>, Error> {
    if work.special_treatments().find(customer).await?.is_none() {
        return Ok(Vec::new());
    }
    work.special_treatments().end(customer, now).await?;
    Ok(vec![AuditEntry::special_treatment_of(customer)])
}
