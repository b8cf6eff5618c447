use application::ports::{SpecialTreatmentReads, SpecialTreatments, StoreError};
use async_trait::async_trait;
use domain::{CatalogueValue, CatalogueValues, CustomerId, OrgId, SpecialTreatment, SpecialTreatmentList};
use time::OffsetDateTime;

use super::{MemoryStore, Unit, unexpected};

#[async_trait]
impl SpecialTreatments for Unit {
    async fn offered(&mut self) -> Result<SpecialTreatmentList, StoreError> {
        Ok(self.organisation.special_treatment_list.clone())
    }

    async fn offered_to_use(&mut self) -> Result<SpecialTreatmentList, StoreError> {
        Ok(self.organisation.special_treatment_list.clone())
    }

    async fn offer(&mut self, list: &SpecialTreatmentList, _: OffsetDateTime) -> Result<(), StoreError> {
        let current = &mut self.writable().special_treatment_list;
        if current.version != list.version {
            return Err(StoreError::Stale);
        }
        *current = SpecialTreatmentList { version: list.version + 1, ..list.clone() };
        Ok(())
    }

    async fn any_live(&mut self, values: &CatalogueValues) -> Result<bool, StoreError> {
        let mut live = self.organisation.special_treatments.values();
        Ok(live.any(|treatment| values.contains(&treatment.value)))
    }

    async fn find(&mut self, customer: CustomerId) -> Result<Option<SpecialTreatment>, StoreError> {
        Ok(self.organisation.special_treatments.get(&customer).cloned())
    }

    async fn insert(&mut self, treatment: &SpecialTreatment) -> Result<(), StoreError> {
        self.organisation.check_customer(treatment.customer_id)?;
        if self.organisation.special_treatments.contains_key(&treatment.customer_id) {
            return Err(unexpected("special treatment given twice"));
        }
        self.writable().special_treatments.insert(treatment.customer_id, treatment.clone());
        Ok(())
    }

    async fn end(&mut self, customer: CustomerId, _: OffsetDateTime) -> Result<(), StoreError> {
        self.writable().special_treatments.remove(&customer);
        Ok(())
    }
}

#[async_trait]
impl SpecialTreatmentReads for MemoryStore {
    async fn special_treatments(&self, org: &OrgId) -> Result<CatalogueValues, StoreError> {
        Ok(self.0.organisation(org).special_treatment_list.values.clone())
    }

    async fn special_treatment_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Option<CatalogueValue>>, StoreError> {
        let organisation = self.0.organisation(org);
        let value = organisation.special_treatments.get(&customer).map(|treatment| treatment.value.clone());
        Ok(organisation.customers.contains_key(&customer).then_some(value))
    }
}
