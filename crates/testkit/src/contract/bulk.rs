//! What the store promises of many things at once.

use application::ports::{Constraint, ImportedLine, Store, StoreError};
use domain::{
    Category, CategoryId, Customer, CustomerData, ImportKind, ImportedAccount, PaymentMethod,
    PaymentMethodEntry,
};
use time::Duration;

use super::org::Org;
use crate::fixtures::{
    NOW, account, account_id, card, customer, customer_id, digital_customer, new_category, nif,
    private_customer, text, token,
};

fn person(n: u32, external_id: &str, has_ended: bool) -> Customer {
    let data = customer(n, private_customer(&nif(n))).data().clone();
    let ended_at = has_ended.then_some(NOW);
    Customer::restore(CustomerData { external_id: Some(text(external_id)), ended_at, ..data })
}

/// Customers and accounts are the same as if they were added one by one; only those without an external id are given one.
pub async fn many_are_added_as_one_would_be(store: &dyn Store) {
    let org = Org::new(store);
    let people = [
        person(1, "1", false),
        customer(2, private_customer(&nif(2))),
        customer(3, digital_customer("ada@example.com")),
        customer(4, private_customer(&nif(4))),
    ];
    let entry = |method, days| PaymentMethodEntry { method, created_at: NOW - Duration::days(days) };
    let methods = vec![entry(PaymentMethod::Teci(token("t")), 9), entry(PaymentMethod::BankTransfer, 3)];
    let imported = ImportedAccount {
        account: account(1, &people[0]),
        payment_methods: methods.clone(),
        billing_addresses: vec![],
    };
    let mut work = org.begin().await;
    work.bulk().insert_customers(&people).await.unwrap();
    work.bulk().insert_accounts(std::slice::from_ref(&imported)).await.unwrap();
    work.bulk().insert_cards(&[card("c-1", customer_id(1))]).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();

    let mut given = Vec::new();
    for person in &people {
        let stored = store.customer(&org.id, person.data().id).await.unwrap().unwrap();
        let external_id = stored.data().external_id.clone();
        let expected = CustomerData { external_id: external_id.clone(), ..person.data().clone() };
        assert_eq!(*stored.data(), expected);
        given.push(external_id);
    }
    assert_eq!((&given[0], &given[2]), (&Some(text("1")), &None));
    assert!(given[1].is_some() && given[3].is_some() && given[1] != given[3]);
    let view = store.account(&org.id, account_id(1)).await.unwrap().unwrap();
    assert!(view.account.data().external_id.is_some());
    let mut history = store.payment_method_history(&org.id, account_id(1)).await.unwrap().unwrap();
    history.reverse();
    assert_eq!(history, methods);
    assert_eq!(store.cards_of(&org.id, customer_id(1)).await.unwrap().unwrap().len(), 1);
}

/// What came before the mark is kept, even when what came after it was refused.
pub async fn a_unit_goes_on_from_its_mark(store: &dyn Store) {
    let org = Org::new(store);
    let mut work = org.begin().await;
    work.bulk().mark().await.unwrap();
    work.bulk().insert_customers(&[person(1, "1", false)]).await.unwrap();
    work.bulk().mark().await.unwrap();
    let again = [person(2, "2", false), customer(3, private_customer(&nif(1)))];
    let refused = work.bulk().insert_customers(&again).await;
    assert!(matches!(refused, Err(StoreError::Duplicate(Constraint::LiveDocument))), "{refused:?}");
    work.bulk().back_to_mark().await.unwrap();
    work.bulk().insert_customers(&[person(4, "4", false)]).await.unwrap();
    work.bulk().back_to_mark().await.unwrap();
    let used = Customer::restore(CustomerData { id: customer_id(1), ..person(5, "5", false).data().clone() });
    let refused = work.bulk().insert_customers(&[used]).await;
    assert!(matches!(refused, Err(StoreError::Duplicate(Constraint::Id))), "{refused:?}");
    work.bulk().back_to_mark().await.unwrap();
    work.bulk().insert_customers(&[person(6, "6", false)]).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
    for (n, is_there) in [(1, true), (2, false), (3, false), (4, false), (5, false), (6, true)] {
        let found = store.customer(&org.id, customer_id(n)).await.unwrap();
        assert_eq!(found.is_some(), is_there, "{n}");
    }
}

/// What lines refer to is found by either id, those that have ended apart from the live ones, in this organisation only.
pub async fn what_is_referred_to_is_found(store: &dyn Store) {
    let (org, other) = (Org::new(store), Org::new(store));
    let people =
        [person(1, "twin", false), person(2, "twin", false), person(3, "twin", true), person(4, "x", true)];
    let mut work = org.begin().await;
    work.bulk().insert_customers(&people).await.unwrap();
    let imported = ImportedAccount {
        account: account(1, &people[0]),
        payment_methods: vec![],
        billing_addresses: vec![],
    };
    work.bulk().insert_accounts(&[imported]).await.unwrap();
    work.bulk().insert_cards(&[card("c-1", customer_id(2))]).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();

    let mut work = org.begin().await;
    let ids = [1, 3, 9].map(customer_id);
    let mut found = work.bulk().customers(&ids).await.unwrap();
    found.sort_by_key(|known| known.id);
    assert_eq!(found.iter().map(|known| known.is_live).collect::<Vec<_>>(), [true, false]);
    let external_ids = ["twin", "x", "y"].map(text);
    for (live, expected) in [(true, vec![1, 2]), (false, vec![3, 4])] {
        let found = work.bulk().customers_by_external_id(&external_ids, live).await.unwrap();
        let mut found: Vec<_> = found.iter().map(|known| known.id).collect();
        found.sort();
        assert_eq!(found, expected.into_iter().map(customer_id).collect::<Vec<_>>());
    }
    let found = work.bulk().accounts(&[account_id(1), account_id(2)]).await.unwrap();
    assert_eq!(found.iter().map(|known| known.customer_id).collect::<Vec<_>>(), [customer_id(1)]);
    let external_id = found[0].external_id.clone().unwrap();
    assert_eq!(
        work.bulk().accounts_by_external_id(std::slice::from_ref(&external_id), true).await.unwrap(),
        found
    );
    assert_eq!(work.bulk().accounts_by_external_id(&[external_id], false).await.unwrap(), []);
    let cards = work.bulk().cards(&[token("c-1"), token("c-2")]).await.unwrap();
    assert_eq!(cards, [(token("c-1"), customer_id(2))]);
    assert_eq!(work.bulk().customers(&[]).await.unwrap(), []);
    drop(work);

    let mut work = other.begin().await;
    assert_eq!(work.bulk().customers(&ids).await.unwrap(), []);
    assert_eq!(work.bulk().customers_by_external_id(&[text("twin")], true).await.unwrap(), []);
    assert_eq!(work.bulk().accounts(&[account_id(1)]).await.unwrap(), []);
    assert_eq!(work.bulk().cards(&[token("c-1")]).await.unwrap(), []);
}

/// Lines are remembered by kind and key, with the unit in which they were imported.
pub async fn imported_lines_are_remembered(store: &dyn Store) {
    let (org, other) = (Org::new(store), Org::new(store));
    let line = |kind, key: &str| ImportedLine { kind, key: key.to_owned(), digest: format!("of {key}") };
    let lines =
        [line(ImportKind::Card, "1"), line(ImportKind::Category, "1"), line(ImportKind::Category, "2")];
    let mut work = org.begin().await;
    work.bulk().remember(&lines[..2], NOW).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
    let mut dropped = org.begin().await;
    dropped.bulk().remember(&lines[2..], NOW).await.unwrap();
    drop(dropped);
    let keys = [(ImportKind::Card, "1"), (ImportKind::Card, "2"), (ImportKind::Category, "2")];
    assert_eq!(org.begin().await.bulk().imported(&keys).await.unwrap(), [lines[0].clone()]);
    assert_eq!(other.begin().await.bulk().imported(&keys).await.unwrap(), []);
}

/// Categories keep the ids that they bring, and those that follow get higher ones.
pub async fn categories_bring_their_ids(store: &dyn Store) {
    let org = Org::new(store);
    let category = |id, name| Category::define(CategoryId(id), new_category(name, &[]), NOW);
    let mut work = org.begin().await;
    work.bulk().insert_categories(&[category(7, "seven"), category(3, "three")]).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
    let mut work = org.begin().await;
    work.bulk().insert_categories(&[category(5, "five")]).await.unwrap();
    let defined = work.categories().insert(vec![new_category("next", &[])], NOW).await.unwrap();
    assert_eq!(defined[0].data().id, CategoryId(8));
    let refused = work.bulk().insert_categories(&[category(7, "other")]).await;
    assert!(matches!(refused, Err(StoreError::Duplicate(Constraint::Id))), "{refused:?}");
}
