//! What the store promises of contracts.

use application::ports::{AccountContracts, Constraint, Store, StoreError};
use domain::{Account, AccountData, Contract, ContractRequest};
use time::Duration;
use time::macros::{datetime, offset};

use super::org::Org;
use crate::fixtures::{NOW, account, account_id, contract, contract_id, text};

async fn insert(org: &Org<'_>, contract: &Contract) -> Result<(), StoreError> {
    let mut work = org.begin().await;
    work.contracts().insert(contract).await?;
    work.commit(NOW, &[]).await
}

/// Adds the account `n` of the customer `n`, known elsewhere as `external_id`.
async fn add_account(org: &Org<'_>, n: u32, external_id: &str) -> Account {
    let owner = org.add_person(n).await;
    let data = account(n, &owner).data().clone();
    let account = Account::restore(AccountData { external_id: Some(text(external_id)), ..data });
    org.insert_account(&account).await.unwrap()
}

async fn matches(org: &Org<'_>, external_id: &str) -> Vec<AccountContracts> {
    org.store.contracts_by_account_external_id(&org.id, &text(external_id)).await.unwrap()
}

fn ids(matches: &AccountContracts) -> Vec<domain::ContractId> {
    matches.contracts.iter().map(|contract| contract.id).collect()
}

/// With everything optional and with nothing of it, contracts come back equal from a look-up and in a unit of work.
pub async fn every_contract_comes_back_as_it_was(store: &dyn Store) {
    let org = Org::new(store);
    add_account(&org, 1, "C-1 'ñ'").await;
    let request = ContractRequest {
        request_external_id: text("Ñ 1"),
        create_date: datetime!(1999-12-31 23:59:59.999999 UTC),
        contract_reference_id: text(&"x".repeat(100)),
        kind: text("ALTA 'ñ'"),
        origin_user: text("{\"user\": \"日本\"}"),
    };
    let full = Contract {
        end_date: Some(NOW + Duration::MICROSECOND),
        requests: vec![request.clone(), request.clone(), contract(1, "x").requests.remove(0)],
        ..contract(1, "C-1 'ñ'")
    };
    let start_date = datetime!(2026-03-14 06:00:00.000001 UTC);
    let bare = Contract { start_date, end_date: None, requests: vec![], ..contract(2, "C-1 'ñ'") };
    for given in [&full, &bare] {
        insert(&org, given).await.unwrap();
        assert_eq!(org.begin().await.contracts().find(given.id).await.unwrap().as_ref(), Some(given));
    }
    let found = AccountContracts { account_id: account_id(1), contracts: vec![full, bare] };
    assert_eq!(matches(&org, "C-1 'ñ'").await, [found]);
}

/// Contracts are listed by the instant of their start, then by id, both descending.
pub async fn contracts_are_listed_newest_start_first(store: &dyn Store) {
    let org = Org::new(store);
    add_account(&org, 1, "1").await;
    for (n, start_date) in [
        (1, NOW),
        (2, NOW + Duration::MICROSECOND),
        (3, NOW - Duration::MICROSECOND),
        (4, NOW),
        (5, NOW.to_offset(offset!(+14)) - Duration::DAY),
    ] {
        insert(&org, &Contract { start_date, ..contract(n, "1") }).await.unwrap();
    }
    let found = matches(&org, "1").await;
    assert_eq!(ids(&found[0]), [2, 4, 1, 3, 5].map(contract_id));
}

/// Only live accounts are found, at most two, each with the contracts of the external id.
pub async fn contracts_are_found_by_live_accounts(store: &dyn Store) {
    let org = Org::new(store);
    for n in [1, 2] {
        insert(&org, &contract(n, "1")).await.unwrap();
    }
    insert(&org, &contract(3, "2")).await.unwrap();
    assert_eq!(matches(&org, "1").await, [], "contracts without an account");
    let first = add_account(&org, 1, "1").await;
    add_account(&org, 4, "3").await;
    assert_eq!(ids(&matches(&org, "1").await[0]), [2, 1].map(contract_id));
    let without = AccountContracts { account_id: account_id(4), contracts: vec![] };
    assert_eq!(matches(&org, "3").await, [without]);

    let second = add_account(&org, 2, "1").await;
    add_account(&org, 3, "1").await;
    let found = matches(&org, "1").await;
    assert_eq!(found.len(), 2);
    assert_ne!(found[0].account_id, found[1].account_id);
    assert!(found.iter().all(|account| ids(account) == [2, 1].map(contract_id)), "{found:?}");
    for account in [&first, &second] {
        org.end_account(account).await;
    }
    let found = matches(&org, "1").await;
    assert_eq!(found.iter().map(|account| account.account_id).collect::<Vec<_>>(), [account_id(3)]);
}

/// The same contract may be there in two organisations; a third one knows neither.
pub async fn contracts_of_other_organisations_are_unknown(store: &dyn Store) {
    let (first, second, third) = (Org::new(store), Org::new(store), Org::new(store));
    let other = Contract { requests: vec![], ..contract(1, "1") };
    for (org, given) in [(&first, &contract(1, "1")), (&second, &other)] {
        add_account(org, 1, "1").await;
        insert(org, given).await.unwrap();
    }
    add_account(&third, 1, "1").await;
    assert_eq!(matches(&first, "1").await[0].contracts, [contract(1, "1")]);
    assert_eq!(matches(&second, "1").await[0].contracts, [other]);
    assert_eq!(matches(&third, "1").await[0].contracts, []);
    assert_eq!(third.begin().await.contracts().find(contract_id(1)).await.unwrap(), None);
}

/// An id is given to one contract of an organisation only.
pub async fn a_contract_is_added_once(store: &dyn Store) {
    let org = Org::new(store);
    insert(&org, &contract(1, "1")).await.unwrap();
    let again = insert(&org, &contract(1, "2")).await;
    assert!(matches!(again, Err(StoreError::Duplicate(Constraint::Id))), "{again:?}");
}
