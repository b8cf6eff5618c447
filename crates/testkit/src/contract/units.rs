//! What the store promises of units of work.

use application::ports::{Constraint, Store, StoreError};
use domain::{CustomerError, PaymentMethod};
use futures_util::future::join;

use super::org::{Org, updated, updated_account};
use crate::fixtures::{
    NOW, account, account_id, billing_address, card, customer, customer_id, nif, private_customer, token,
};

/// A store that works is ready.
pub async fn the_store_is_ready(store: &dyn Store) {
    store.check_ready().await.unwrap();
}

/// All changes of a unit of work, to whatever kind of thing, are kept with its commit.
pub async fn a_unit_keeps_all_its_changes(store: &dyn Store) {
    let org = Org::new(store);
    let mut first = org.add_person(1).await;
    first.end(false, NOW).unwrap();

    let mut work = org.begin().await;
    work.customers().update(&first).await.unwrap();
    let second = work.customers().insert(&customer(2, private_customer(&nif(1)))).await.unwrap();
    let mut opened = work.accounts().insert(&account(1, &second)).await.unwrap();
    opened.change_payment_method(PaymentMethod::BankTransfer, NOW).unwrap();
    work.accounts().update(&opened).await.unwrap();
    work.cards().insert(&card("card-1", customer_id(2))).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();

    assert_eq!(org.customer(customer_id(1)).await, Some(updated(&first)));
    assert_eq!(org.customer(customer_id(2)).await, Some(second));
    assert_eq!(org.account(account_id(1)).await, Some(updated_account(&opened)));
    assert_eq!(org.methods(account_id(1)).await, [PaymentMethod::BankTransfer]);
    assert!(org.begin().await.cards().find(&token("card-1")).await.unwrap().is_some());
}

/// Nothing of a unit of work that is dropped is kept.
pub async fn a_dropped_unit_leaves_nothing(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let stored = org.add_account(1, &owner).await;

    let mut work = org.begin().await;
    let mut ended = owner.clone();
    ended.end(false, NOW).unwrap();
    work.customers().update(&ended).await.unwrap();
    work.customers().insert(&customer(2, private_customer(&nif(2)))).await.unwrap();
    let mut changed = stored.clone();
    changed.change_payment_method(PaymentMethod::BankTransfer, NOW).unwrap();
    changed.change_billing_address(billing_address(1), NOW).unwrap();
    work.accounts().update(&changed).await.unwrap();
    work.accounts().insert(&account(2, &owner)).await.unwrap();
    work.cards().insert(&card("card-1", customer_id(1))).await.unwrap();
    drop(work);

    assert_eq!(org.customer(customer_id(1)).await, Some(owner));
    assert_eq!(org.customer(customer_id(2)).await, None);
    assert_eq!(org.account(account_id(1)).await, Some(stored));
    assert_eq!(org.account(account_id(2)).await, None);
    assert_eq!(org.methods(account_id(1)).await, []);
    let history = store.billing_address_history(&org.id, account_id(1), None, None).await.unwrap().unwrap();
    assert_eq!(history.entries, []);
    assert_eq!(org.begin().await.cards().find(&token("card-1")).await.unwrap(), None);
    // The document of the customer that was not added is free.
    org.add_person(2).await;
}

/// A change that is refused takes those before it in its unit of work with it, when the unit is dropped.
pub async fn a_refused_change_leaves_nothing(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let stored = org.add_account(1, &owner).await;

    let mut work = org.begin().await;
    let mut changed = stored.clone();
    changed.change_payment_method(PaymentMethod::BankTransfer, NOW).unwrap();
    work.accounts().update(&changed).await.unwrap();
    let duplicate = work.customers().insert(&customer(2, private_customer(&nif(1)))).await;
    assert!(matches!(duplicate, Err(StoreError::Duplicate(Constraint::LiveDocument))));
    drop(work);

    assert_eq!(org.account(account_id(1)).await, Some(stored));
    assert_eq!(org.methods(account_id(1)).await, []);
}

/// Reads see what is committed and nothing else, and do not wait for units of work that are open.
pub async fn a_unit_sees_its_own_changes_and_others_see_them_after_it(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let mut changed = owner.clone();
    changed.end(false, NOW).unwrap();

    let mut work = org.begin().await;
    work.customers().update(&changed).await.unwrap();
    work.customers().insert(&customer(2, private_customer(&nif(2)))).await.unwrap();
    assert_eq!(work.customers().find(customer_id(1)).await.unwrap(), Some(updated(&changed)));
    assert!(work.customers().find(customer_id(2)).await.unwrap().is_some());
    assert_eq!(org.customer(customer_id(1)).await, Some(owner));
    assert_eq!(org.customer(customer_id(2)).await, None);
    assert_eq!(store.customers_by_document(&org.id, &nif(1), None).await.unwrap().len(), 1);
    work.commit(NOW, &[]).await.unwrap();

    assert_eq!(org.customer(customer_id(1)).await, Some(updated(&changed)));
    assert!(org.customer(customer_id(2)).await.is_some());
    assert_eq!(store.customers_by_document(&org.id, &nif(1), None).await.unwrap(), []);
}

/// A unit of work reads the same as a look-up outside, after inserts and after updates.
pub async fn a_unit_reads_what_is_read_outside(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    org.add_account(1, &owner).await;
    for n in 1..=2 {
        let mut work = org.begin().await;
        let owner = work.customers().find(customer_id(1)).await.unwrap();
        assert_eq!(owner, org.customer(customer_id(1)).await);
        let account = work.accounts().find(account_id(1)).await.unwrap();
        assert_eq!(account, org.account(account_id(1)).await);

        let (mut owner, mut account) = (owner.unwrap(), account.unwrap());
        owner.end(false, NOW).unwrap();
        account.change_billing_address(billing_address(n), NOW).unwrap();
        work.customers().update(&owner).await.unwrap();
        work.accounts().update(&account).await.unwrap();
        work.commit(NOW, &[]).await.unwrap();
    }
}

/// Who ends a customer and who opens an account for it wait for each other: no live account is left to an ended customer.
pub async fn no_customer_ends_while_an_account_is_opened(store: &dyn Store) {
    let org = &Org::new(store);
    for n in 1..=10 {
        let id = org.add_person(n).await.data().id;
        let open = async {
            let mut work = org.begin().await;
            let owner = work.customers().find(id).await.unwrap().unwrap();
            tokio::task::yield_now().await;
            owner.check_live()?;
            work.accounts().insert(&account(n, &owner)).await.unwrap();
            work.commit(NOW, &[]).await.unwrap();
            Ok::<_, CustomerError>(())
        };
        let end = async {
            let mut work = org.begin().await;
            let mut owner = work.customers().find(id).await.unwrap().unwrap();
            tokio::task::yield_now().await;
            let has_live_accounts = work.accounts().any_live(id).await.unwrap();
            owner.end(has_live_accounts, NOW)?;
            work.customers().update(&owner).await.unwrap();
            work.commit(NOW, &[]).await.unwrap();
            Ok::<_, CustomerError>(())
        };
        let (opened, ended) = join(open, end).await;
        assert!(opened.is_ok() != ended.is_ok(), "{opened:?} {ended:?}");
    }
}
