use std::sync::Arc;

use domain::{Contract, ExternalId, OrgId};

use crate::customers::only;
use crate::ports::{Clock, Store};
use crate::{Error, Resource};

/// The use cases of contracts.
pub struct Contracts {
    /// Where contracts are kept.
    pub store: Arc<dyn Store>,
    /// Tells which ones are active.
    pub clock: Arc<dyn Clock>,
}

impl Contracts {
    /// All contracts of a live account, the one that started last first.
    ///
    /// # Errors
    /// Not found, or ambiguous: imported accounts may share an external id.
    pub async fn of_account(&self, org: &OrgId, account: &ExternalId) -> Result<Vec<Contract>, Error> {
        let matches = self.store.contracts_by_account_external_id(org, account).await?;
        Ok(only(matches, Resource::Account)?.contracts)
    }

    /// The active contract of a live account; of several the one that started last, and of several that started at one
    /// instant the one with the highest id.
    ///
    /// # Errors
    /// Not found, also when no contract is active; or ambiguous.
    pub async fn active_of_account(&self, org: &OrgId, account: &ExternalId) -> Result<Contract, Error> {
        let (contracts, now) = (self.of_account(org, account).await?, self.clock.now());
        let active = contracts.into_iter().find(|contract| contract.is_active_at(now));
        active.ok_or(Error::NotFound(Resource::ActiveContract))
    }
}
