use application::ports::{Constraint, CredentialReads, CredentialRef, Credentials, CustomerRef, StoreError};
use async_trait::async_trait;
use domain::{
    Credential, CredentialData, CredentialId, CustomerData, CustomerId, DocumentType, LoginEmail, OrgId,
};
use time::Date;

use super::{MemoryStore, Organisation, Unit};

impl Organisation {
    fn unended_credentials(&self) -> impl Iterator<Item = &CredentialData> {
        self.credentials.values().filter(|data| data.ended_at.is_none())
    }

    fn live_credentials(&self, today: Date) -> impl Iterator<Item = &CredentialData> {
        self.unended_credentials().filter(move |data| Credential::restore((*data).clone()).is_live(today))
    }

    fn check_unique_credential(&self, new: &CredentialData) -> Result<(), StoreError> {
        if new.ended_at.is_some() {
            return Ok(());
        }
        for other in self.unended_credentials().filter(|other| other.id != new.id) {
            if other.username.folded() == new.username.folded() {
                return Err(StoreError::Duplicate(Constraint::LiveUsername));
            }
            if other.customer_id == new.customer_id {
                return Err(StoreError::Duplicate(Constraint::LiveCredential));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Credentials for Unit {
    async fn find(&mut self, id: CredentialId) -> Result<Option<Credential>, StoreError> {
        Ok(self.organisation.credentials.get(&id).cloned().map(Credential::restore))
    }

    async fn unended(
        &mut self,
        customer: CustomerId,
        username: Option<&LoginEmail>,
    ) -> Result<Vec<Credential>, StoreError> {
        let username = username.map(LoginEmail::folded);
        let is_wanted = |data: &&CredentialData| {
            data.customer_id == customer || username.as_ref() == Some(&data.username.folded())
        };
        let wanted = self.organisation.unended_credentials().filter(is_wanted);
        Ok(wanted.cloned().map(Credential::restore).collect())
    }

    async fn insert(&mut self, credential: &Credential) -> Result<(), StoreError> {
        let data = credential.data();
        self.organisation.check_customer(data.customer_id)?;
        self.organisation.check_unique_credential(data)?;
        if self.organisation.credentials.contains_key(&data.id) {
            return Err(StoreError::Duplicate(Constraint::Id));
        }
        self.writable().credentials.insert(data.id, data.clone());
        Ok(())
    }

    async fn update(&mut self, credential: &Credential) -> Result<(), StoreError> {
        let data = credential.data();
        let current = self.organisation.credentials.get(&data.id);
        current.filter(|current| current.version == data.version).ok_or(StoreError::Stale)?;
        self.organisation.check_unique_credential(data)?;
        let updated = CredentialData { version: data.version + 1, ..data.clone() };
        self.writable().credentials.insert(data.id, updated);
        Ok(())
    }
}

#[async_trait]
impl CredentialReads for MemoryStore {
    async fn credentials_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
        today: Date,
    ) -> Result<Option<Vec<CredentialRef>>, StoreError> {
        let organisation = self.0.organisation(org);
        if !organisation.customers.contains_key(&customer) {
            return Ok(None);
        }
        let own = organisation.live_credentials(today).filter(|data| data.customer_id == customer);
        Ok(Some(own.map(|data| CredentialRef { id: data.id, username: data.username.clone() }).collect()))
    }

    async fn customers_by_username(
        &self,
        org: &OrgId,
        username: &LoginEmail,
        document: Option<(&str, Option<DocumentType>)>,
        today: Date,
    ) -> Result<Vec<CustomerRef>, StoreError> {
        let organisation = self.0.organisation(org);
        let has_document = |data: &&CustomerData| {
            document.is_none_or(|(number, kind)| {
                data.profile.identity_document().is_some_and(|document| {
                    document.number() == number && kind.is_none_or(|kind| kind == document.kind())
                })
            })
        };
        let found = organisation
            .live_credentials(today)
            .filter(|data| data.username.folded() == username.folded())
            .filter_map(|data| organisation.customers.get(&data.customer_id))
            .map(|row| &row.data)
            .filter(|data| data.ended_at.is_none())
            .filter(has_document);
        Ok(found.map(|data| CustomerRef { id: data.id, external_id: data.external_id.clone() }).collect())
    }
}
