use std::sync::Arc;

use application::ports::Store;
use application::{Contracts, Error, Resource};
use domain::{Account, AccountData, Contract};
use testkit::fixtures::{
    NOW, account, contract, contract_id, customer, nif, org, private_customer, scope, text,
};
use time::Duration;

use crate::{World, assert_refused, stranger};

impl World {
    fn contracts(&self) -> Contracts {
        Contracts { store: Arc::new(self.store.clone()), clock: self.clock.clone() }
    }

    async fn bring_contract(&self, contract: &Contract) {
        let mut work = self.store.begin(&scope()).await.unwrap();
        work.contracts().insert(contract).await.unwrap();
        work.commit(NOW, &[]).await.unwrap();
    }

    /// Brings the account `n`, known elsewhere as `7`, of a customer of its own.
    async fn bring_account_7(&self, n: u32) {
        let owner = customer(n, private_customer(&nif(n)));
        self.bring(&owner).await;
        let data = account(n, &owner).data().clone();
        self.bring_account(&Account::restore(AccountData { external_id: Some(text("7")), ..data })).await;
    }
}

#[tokio::test]
async fn the_active_contract_is_the_one_that_started_last() {
    let world = World::default();
    world.bring_account_7(1).await;
    let active = async || world.contracts().active_of_account(&org(), &text("7")).await;
    assert_refused!(active().await, Error::NotFound(Resource::ActiveContract));
    assert_eq!(world.contracts().of_account(&org(), &text("7")).await.unwrap(), []);
    for (n, start, end) in [(1, -3, None), (2, -1, None), (3, -1, Some(1)), (4, 2, None), (5, -1, Some(0))] {
        let hours = |hours| NOW + Duration::hours(hours);
        let end_date = end.map(hours);
        world.bring_contract(&Contract { start_date: hours(start), end_date, ..contract(n, "7") }).await;
    }
    for (step, expected) in [(0, 3), (1, 2), (1, 4)] {
        world.clock.advance(Duration::hours(step));
        assert_eq!(active().await.unwrap().id, contract_id(expected));
    }
    let all = world.contracts().of_account(&org(), &text("7")).await.unwrap();
    let ids: Vec<_> = all.into_iter().map(|contract| contract.id).collect();
    assert_eq!(ids, [4, 5, 3, 2, 1].map(contract_id));
}

#[tokio::test]
async fn an_account_is_found_when_it_is_the_only_one() {
    let world = World::default();
    world.bring_contract(&contract(1, "7")).await;
    let seven = text("7");
    assert_refused!(world.contracts().of_account(&org(), &seven).await, Error::NotFound(Resource::Account));
    world.bring_account_7(1).await;
    assert_eq!(world.contracts().of_account(&org(), &seven).await.unwrap().len(), 1);
    assert_refused!(
        world.contracts().of_account(&stranger().org, &seven).await,
        Error::NotFound(Resource::Account)
    );
    world.bring_account_7(2).await;
    assert_refused!(world.contracts().of_account(&org(), &seven).await, Error::Ambiguous);
    assert_refused!(world.contracts().active_of_account(&org(), &seven).await, Error::Ambiguous);
}
