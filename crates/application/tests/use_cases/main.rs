//! Every use case, on the store in memory, with a clock that stands still and ids in sequence.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod accounts;
mod categories;
mod contracts;
mod credentials;
mod customers;
mod identification_processes;
mod import;
mod outbox;
mod promotions;
mod special_treatment;
mod tokenizations;

use std::sync::Arc;

use application::ports::{
    IdentitySystem, Login, NeighbourError, Notice, Notifier, PaymentGateway, Store, TokenizationRequest,
};
use application::{
    AccountPolicy, Accounts, Categories, Credentials, Customers, Promotions, Scope, SpecialTreatments,
};
use async_trait::async_trait;
use domain::{
    Account, AccountId, Card, Customer, CustomerId, LoginEmail, OrgId, PaymentMethod, TokenizationAnswer,
};
use mockall::mock;
use testkit::fixtures::{NOW, org, scope};
use testkit::{FixedClock, MemoryStore, SequentialIds, UtcCalendar};
use time::Duration;

mock! {
    /// A gateway that fails the test when it is called without being expected to be.
    Gateway {}

    #[async_trait]
    impl PaymentGateway for Gateway {
        async fn tokenize(
            &self,
            request: &TokenizationRequest,
        ) -> Result<Option<TokenizationAnswer>, NeighbourError>;
    }
}

mock! {
    /// An identity system that fails the test when it is called without being expected to be.
    Identity {}

    #[async_trait]
    impl IdentitySystem for Identity {
        async fn provision(&self, org: &OrgId, login: &Login) -> Result<(), NeighbourError>;
        async fn rename(&self, org: &OrgId, login: &Login, to: &LoginEmail) -> Result<(), NeighbourError>;
        async fn disable(&self, org: &OrgId, login: &Login) -> Result<(), NeighbourError>;
    }
}

mock! {
    /// A notifier that fails the test when it is called without being expected to be.
    Mail {}

    #[async_trait]
    impl Notifier for Mail {
        async fn notify(&self, notice: &Notice) -> Result<(), NeighbourError>;
    }
}

/// Checks that a use case refuses with the error, or one of the errors, that a pattern names.
macro_rules! assert_refused {
    ($result:expr, $error:pat) => {
        let result = $result;
        assert!(matches!(result, Err($error)), "{result:?} instead of {}", stringify!($error));
    };
}
use assert_refused;

/// What the use cases work with.
#[derive(Default)]
struct World {
    store: MemoryStore,
    clock: Arc<FixedClock>,
    ids: Arc<SequentialIds>,
    policy: AccountPolicy,
}

impl World {
    fn customers(&self) -> Customers {
        Customers {
            store: Arc::new(self.store.clone()),
            clock: self.clock.clone(),
            calendar: Arc::new(UtcCalendar),
            ids: self.ids.clone(),
        }
    }

    /// With an identity system and a notifier that must not be called.
    fn credentials(&self) -> Credentials {
        self.credentials_with(MockIdentity::new(), MockMail::new())
    }

    fn credentials_with(&self, identity_system: MockIdentity, notifier: MockMail) -> Credentials {
        Credentials {
            store: Arc::new(self.store.clone()),
            identity_system: Arc::new(identity_system),
            notifier: Arc::new(notifier),
            clock: self.clock.clone(),
            calendar: Arc::new(UtcCalendar),
            ids: self.ids.clone(),
        }
    }

    fn accounts(&self) -> Accounts {
        Accounts {
            store: Arc::new(self.store.clone()),
            clock: self.clock.clone(),
            calendar: Arc::new(UtcCalendar),
            ids: self.ids.clone(),
            policy: self.policy.clone(),
        }
    }

    fn promotions(&self) -> Promotions {
        Promotions {
            store: Arc::new(self.store.clone()),
            clock: self.clock.clone(),
            calendar: Arc::new(UtcCalendar),
            ids: self.ids.clone(),
        }
    }
    fn categories(&self) -> Categories {
        Categories { store: Arc::new(self.store.clone()), clock: self.clock.clone() }
    }

    fn special_treatments(&self) -> SpecialTreatments {
        SpecialTreatments { store: Arc::new(self.store.clone()), clock: self.clock.clone() }
    }

    /// Makes later what happens next.
    fn tick(&self) -> time::OffsetDateTime {
        self.clock.advance(Duration::SECOND)
    }

    async fn customer(&self, id: CustomerId) -> Customer {
        self.customers().get(&org(), id).await.unwrap()
    }

    async fn account(&self, id: AccountId) -> Account {
        self.accounts().get(&org(), id).await.unwrap().account
    }

    /// Puts a customer straight into the store, as an import does.
    async fn bring(&self, customer: &Customer) {
        let mut work = self.store.begin(&scope()).await.unwrap();
        work.customers().insert(customer).await.unwrap();
        work.commit(NOW, &[]).await.unwrap();
    }

    /// Puts an account straight into the store, as an import does.
    async fn bring_account(&self, account: &Account) {
        let mut work = self.store.begin(&scope()).await.unwrap();
        work.accounts().insert(account).await.unwrap();
        work.commit(NOW, &[]).await.unwrap();
    }

    async fn bring_card(&self, card: &Card) {
        let mut work = self.store.begin(&scope()).await.unwrap();
        work.cards().insert(card).await.unwrap();
        work.commit(NOW, &[]).await.unwrap();
    }

    /// The payment methods that an account has had, newest first.
    async fn methods(&self, id: AccountId) -> Vec<PaymentMethod> {
        let history = self.accounts().payment_method_history(&org(), id).await.unwrap();
        history.into_iter().map(|entry| entry.method).collect()
    }
}

/// Somebody acting in another organisation.
fn stranger() -> Scope {
    Scope { org: "other".parse().unwrap(), ..scope() }
}
