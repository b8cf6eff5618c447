use application::Scope;
use application::ports::{Store, StoreError, UnitOfWork};
use domain::{
    Account, AccountData, AccountId, Customer, CustomerData, CustomerId, NewCustomer, OrgId, PaymentMethod,
};
use uuid::Uuid;

use crate::fixtures;

/// An organisation that no other case has used, in the store that is examined.
pub(super) struct Org<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) scope: Scope,
    pub(super) id: OrgId,
}

impl<'a> Org<'a> {
    pub(super) fn new(store: &'a dyn Store) -> Self {
        let id: OrgId = format!("org-{}", Uuid::now_v7().simple()).parse().unwrap();
        let scope = Scope { org: id.clone(), ..fixtures::scope() };
        Self { store, scope, id }
    }

    pub(super) async fn begin(&self) -> Box<dyn UnitOfWork> {
        self.store.begin(&self.scope).await.unwrap()
    }

    pub(super) async fn insert(&self, customer: &Customer) -> Result<Customer, StoreError> {
        let mut work = self.begin().await;
        let stored = work.customers().insert(customer).await?;
        work.commit(fixtures::NOW, &[]).await?;
        Ok(stored)
    }

    pub(super) async fn update(&self, customer: &Customer) -> Result<(), StoreError> {
        let mut work = self.begin().await;
        work.customers().update(customer).await?;
        work.commit(fixtures::NOW, &[]).await
    }

    pub(super) async fn insert_account(&self, account: &Account) -> Result<Account, StoreError> {
        let mut work = self.begin().await;
        let stored = work.accounts().insert(account).await?;
        work.commit(fixtures::NOW, &[]).await?;
        Ok(stored)
    }

    pub(super) async fn update_account(&self, account: &Account) -> Result<(), StoreError> {
        let mut work = self.begin().await;
        work.accounts().update(account).await?;
        work.commit(fixtures::NOW, &[]).await
    }

    /// Adds the customer with id `n`.
    pub(super) async fn add(&self, n: u32, new: NewCustomer) -> Customer {
        self.insert(&fixtures::customer(n, new)).await.unwrap()
    }

    /// Adds a private customer with id `n`.
    pub(super) async fn add_person(&self, n: u32) -> Customer {
        self.add(n, fixtures::private_customer(&fixtures::nif(n))).await
    }

    /// Adds the account with id `n`.
    pub(super) async fn add_account(&self, n: u32, customer: &Customer) -> Account {
        self.insert_account(&fixtures::account(n, customer)).await.unwrap()
    }

    /// Ends a customer that was just read.
    pub(super) async fn end(&self, customer: &Customer) {
        let mut customer = customer.clone();
        customer.end(false, fixtures::NOW).unwrap();
        self.update(&customer).await.unwrap();
    }

    /// Ends an account that was just read.
    pub(super) async fn end_account(&self, account: &Account) {
        let mut account = account.clone();
        account.end(false, fixtures::NOW).unwrap();
        self.update_account(&account).await.unwrap();
    }

    pub(super) async fn customer(&self, id: CustomerId) -> Option<Customer> {
        self.store.customer(&self.id, id).await.unwrap()
    }

    pub(super) async fn account(&self, id: AccountId) -> Option<Account> {
        self.store.account(&self.id, id).await.unwrap().map(|view| view.account)
    }

    pub(super) async fn methods(&self, id: AccountId) -> Vec<PaymentMethod> {
        let history = self.store.payment_method_history(&self.id, id).await.unwrap().unwrap();
        history.into_iter().map(|entry| entry.method).collect()
    }
}

/// What an accepted update leaves in the store.
pub(super) fn updated(customer: &Customer) -> Customer {
    let data = customer.data().clone();
    Customer::restore(CustomerData { version: data.version + 1, ..data })
}

/// What an accepted update leaves in the store.
pub(super) fn updated_account(account: &Account) -> Account {
    let data = account.data().clone();
    Account::restore(AccountData { version: data.version + 1, ..data })
}

/// Whether an external id is one that the store has given.
pub(super) fn is_number(external_id: &domain::ExternalId) -> bool {
    let id = external_id.as_str();
    !id.is_empty() && !id.starts_with('0') && id.bytes().all(|byte| byte.is_ascii_digit())
}
