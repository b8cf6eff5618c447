use std::cmp::Reverse;

use application::ports::{AccountContracts, Constraint, ContractReads, Contracts, StoreError};
use async_trait::async_trait;
use domain::{Contract, ContractId, ExternalId, OrgId};

use super::{MemoryStore, Unit};

#[async_trait]
impl Contracts for Unit {
    async fn find(&mut self, id: ContractId) -> Result<Option<Contract>, StoreError> {
        Ok(self.organisation.contracts.get(&id).cloned())
    }

    async fn insert(&mut self, contract: &Contract) -> Result<(), StoreError> {
        if self.organisation.contracts.contains_key(&contract.id) {
            return Err(StoreError::Duplicate(Constraint::Id));
        }
        self.writable().contracts.insert(contract.id, contract.clone());
        Ok(())
    }
}

#[async_trait]
impl ContractReads for MemoryStore {
    async fn contracts_by_account_external_id(
        &self,
        org: &OrgId,
        external_id: &ExternalId,
    ) -> Result<Vec<AccountContracts>, StoreError> {
        let organisation = self.0.organisation(org);
        let of_account = |contract: &&Contract| contract.account_external_id == *external_id;
        let mut contracts: Vec<_> = organisation.contracts.values().filter(of_account).cloned().collect();
        contracts.sort_by_key(|contract| Reverse((contract.start_date, contract.id)));
        let accounts = organisation.live_accounts();
        let matches = accounts.filter(|account| account.external_id.as_ref() == Some(external_id)).take(2);
        Ok(matches
            .map(|account| AccountContracts { account_id: account.id, contracts: contracts.clone() })
            .collect())
    }
}
