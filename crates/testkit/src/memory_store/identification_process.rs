use std::cmp::Reverse;

use application::ports::{
    Constraint, IdentificationProcessEntry, IdentificationProcessReads, IdentificationProcesses, StoreError,
};
use async_trait::async_trait;
use domain::{CustomerId, IdentificationProcess, IdentificationProcessId, OrgId};

use super::{MemoryStore, Unit};

#[async_trait]
impl IdentificationProcesses for Unit {
    async fn find(
        &mut self,
        id: IdentificationProcessId,
    ) -> Result<Option<IdentificationProcess>, StoreError> {
        Ok(self.organisation.identification_processes.get(&id).cloned())
    }

    async fn insert(&mut self, process: &IdentificationProcess) -> Result<(), StoreError> {
        self.organisation.check_customer(process.customer_id)?;
        if self.organisation.identification_processes.contains_key(&process.id) {
            return Err(StoreError::Duplicate(Constraint::Id));
        }
        self.writable().identification_processes.insert(process.id, process.clone());
        Ok(())
    }
}

#[async_trait]
impl IdentificationProcessReads for MemoryStore {
    async fn identification_processes_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Vec<IdentificationProcessEntry>>, StoreError> {
        let organisation = self.0.organisation(org);
        if !organisation.customers.contains_key(&customer) {
            return Ok(None);
        }
        let processes = organisation.identification_processes.values();
        let of_customer = processes.filter(|process| process.customer_id == customer);
        let entry = |process: &IdentificationProcess| IdentificationProcessEntry {
            id: process.id,
            process_date: process.process_date,
        };
        let mut entries: Vec<_> = of_customer.map(entry).collect();
        entries.sort_by_key(|entry| Reverse((entry.process_date, entry.id)));
        Ok(Some(entries))
    }

    async fn identification_process(
        &self,
        org: &OrgId,
        customer: CustomerId,
        id: IdentificationProcessId,
    ) -> Result<Option<IdentificationProcess>, StoreError> {
        let organisation = self.0.organisation(org);
        let process = organisation.identification_processes.get(&id);
        Ok(process.filter(|process| process.customer_id == customer).cloned())
    }
}
