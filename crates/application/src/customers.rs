use std::sync::Arc;

use domain::{
    AssociatedUser, AuditEntry, Customer, CustomerId, CustomerPatch, DocumentType, ExternalId,
    IdentityDocument, LoginEmail, NewCustomer, Nif, OrgId,
};
use thiserror::Error as ThisError;

use crate::categories::end_assignments_of;
use crate::ports::{Calendar, Clock, CustomerRef, Ids, Store, TimelinePage, UnitOfWork};
use crate::special_treatment::end_special_treatment_of;
use crate::{Error, Resource, Scope, credentials};

/// What a customer is searched by. At least one criterion; all must fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search(Criteria);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Criteria {
    Document(DocumentCriterion),
    Username(LoginEmail, Option<DocumentCriterion>),
}

/// A normalised number, and the type that the document must have.
type DocumentCriterion = (String, Option<DocumentType>);

/// Why there is nothing to search by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
pub enum SearchError {
    /// Neither a document nor an e-mail address.
    #[error("identity_document or email is required")]
    NoCriterion,
    /// A document type without a document.
    #[error("requires identity_document")]
    TypeAlone,
}

impl Search {
    /// Criteria from a document number in any spelling, its type, and the user name of a credential.
    ///
    /// # Errors
    /// Any [`SearchError`].
    pub fn new(
        number: Option<&str>,
        kind: Option<DocumentType>,
        email: Option<LoginEmail>,
    ) -> Result<Self, SearchError> {
        if number.is_none() && kind.is_some() {
            return Err(SearchError::TypeAlone);
        }
        let document = number.map(|number| (IdentityDocument::normalise(number), kind));
        match (email, document) {
            (Some(email), document) => Ok(Self(Criteria::Username(email, document))),
            (None, Some(document)) => Ok(Self(Criteria::Document(document))),
            (None, None) => Err(SearchError::NoCriterion),
        }
    }
}

/// The use cases of customers.
pub struct Customers {
    /// Where customers are kept.
    pub store: Arc<dyn Store>,
    /// Tells when a change is made.
    pub clock: Arc<dyn Clock>,
    /// Tells on which day a credential has expired.
    pub calendar: Arc<dyn Calendar>,
    /// Gives new customers their ids.
    pub ids: Arc<dyn Ids>,
}

impl Customers {
    /// Registers a customer.
    ///
    /// # Errors
    /// A duplicate of a live customer's document, or of a live digital customer's e-mail address.
    pub async fn register(&self, scope: &Scope, new: NewCustomer) -> Result<CustomerRef, Error> {
        let now = self.clock.now();
        let customer = Customer::register(self.ids.customer_id(), new, now);
        let mut work = self.store.begin(scope).await?;
        let stored = work.customers().insert(&customer).await?;
        work.commit(now, &[(&customer).into()]).await?;
        Ok(CustomerRef { id: stored.data().id, external_id: stored.data().external_id.clone() })
    }

    /// Finds the one live customer that fits the criteria.
    ///
    /// # Errors
    /// Not found, or ambiguous: a number without a type can be in two documents.
    pub async fn search(&self, org: &OrgId, search: &Search) -> Result<CustomerRef, Error> {
        let matches = match &search.0 {
            Criteria::Document((number, kind)) => {
                self.store.customers_by_document(org, number, *kind).await?
            }
            Criteria::Username(email, document) => {
                let document = document.as_ref().map(|(number, kind)| (number.as_str(), *kind));
                let today = self.calendar.day_of(self.clock.now());
                self.store.customers_by_username(org, email, document, today).await?
            }
        };
        only(matches, Resource::Customer)
    }

    /// Reads a customer, live or ended.
    ///
    /// # Errors
    /// Not found.
    pub async fn get(&self, org: &OrgId, id: CustomerId) -> Result<Customer, Error> {
        self.store.customer(org, id).await?.ok_or(Error::NotFound(Resource::Customer))
    }

    /// Finds a live customer by its external id.
    ///
    /// # Errors
    /// Not found, or ambiguous: imported customers may share an external id.
    pub async fn by_external_id(&self, org: &OrgId, external_id: &ExternalId) -> Result<CustomerId, Error> {
        only(self.store.customers_by_external_id(org, external_id).await?, Resource::Customer)
    }

    /// Changes what the patch names.
    ///
    /// # Errors
    /// Not found, what [`Customer::amend`] refuses, or a duplicate of a live digital customer's e-mail address.
    pub async fn amend(&self, scope: &Scope, id: CustomerId, patch: CustomerPatch) -> Result<(), Error> {
        let (mut work, mut customer) = load(&*self.store, scope, id).await?;
        let now = self.clock.now();
        customer.amend(patch, now)?;
        work.customers().update(&customer).await?;
        Ok(work.commit(now, &[(&customer).into()]).await?)
    }

    /// Ends a customer, its credential, its categories and its special treatment. Ending it again changes nothing.
    ///
    /// # Errors
    /// Not found, or it has live accounts.
    pub async fn end(&self, scope: &Scope, id: CustomerId) -> Result<(), Error> {
        let (mut work, mut customer) = load(&*self.store, scope, id).await?;
        let has_live_accounts = work.accounts().any_live(id).await?;
        let now = self.clock.now();
        if customer.end(has_live_accounts, now)? {
            work.customers().update(&customer).await?;
            let mut changes = vec![AuditEntry::from(&customer)];
            changes.extend(end_assignments_of(&mut *work, id, now).await?);
            changes.extend(end_special_treatment_of(&mut *work, id, now).await?);
            for mut credential in work.credentials().unended(id, None).await? {
                credential.end(now);
                changes.push(credentials::update(&mut *work, &credential, now).await?);
            }
            work.commit(now, &changes).await?;
        }
        Ok(())
    }

    /// Replaces the representative of a company. Setting the one it already has changes nothing.
    ///
    /// # Errors
    /// Not found, or what [`Customer::replace_representative`] refuses.
    pub async fn replace_representative(
        &self,
        scope: &Scope,
        id: CustomerId,
        user: AssociatedUser,
    ) -> Result<(), Error> {
        let (mut work, mut customer) = load(&*self.store, scope, id).await?;
        let now = self.clock.now();
        if customer.replace_representative(user, now)? {
            work.customers().update(&customer).await?;
            work.commit(now, &[(&customer).into()]).await?;
        }
        Ok(())
    }

    /// Replaces a customer's NIE by a NIF.
    ///
    /// # Errors
    /// Not found, what [`Customer::convert_nie_to_nif`] refuses, or a duplicate of a live customer's document.
    pub async fn convert_nie_to_nif(&self, scope: &Scope, id: CustomerId, nif: Nif) -> Result<(), Error> {
        let (mut work, mut customer) = load(&*self.store, scope, id).await?;
        let now = self.clock.now();
        customer.convert_nie_to_nif(nif, now)?;
        work.customers().update(&customer).await?;
        Ok(work.commit(now, &[(&customer).into()]).await?)
    }

    /// A part of what has happened to a customer and to what belongs to it, newest first.
    ///
    /// # Errors
    /// Not found.
    pub async fn timeline(
        &self,
        org: &OrgId,
        id: CustomerId,
        before: Option<i64>,
        limit: u16,
    ) -> Result<TimelinePage, Error> {
        let page = self.store.timeline(org, id, before, limit).await?;
        page.ok_or(Error::NotFound(Resource::Customer))
    }
}

/// Begins a unit of work with a customer that others cannot change until it ends.
pub(crate) async fn load(
    store: &dyn Store,
    scope: &Scope,
    id: CustomerId,
) -> Result<(Box<dyn UnitOfWork>, Customer), Error> {
    let mut work = store.begin(scope).await?;
    let customer = work.customers().find(id).await?.ok_or(Error::NotFound(Resource::Customer))?;
    Ok((work, customer))
}

/// The one match among those that a look-up has found.
pub(crate) fn only<T>(matches: Vec<T>, resource: Resource) -> Result<T, Error> {
    let mut matches = matches.into_iter();
    match (matches.next(), matches.next()) {
        (None, _) => Err(Error::NotFound(resource)),
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Error::Ambiguous),
    }
}
