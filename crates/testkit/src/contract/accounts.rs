//! What the store promises of accounts and cards.

use std::collections::HashSet;

use application::ports::{BillingAddressEntry, PaymentMethodEntry, Store, StoreError};
use domain::{
    Account, AccountData, ContactPatch, Customer, CustomerPatch, DeliveryMode, Invoice, InvoiceCycle,
    Modality, NewPaymentMethodType, PaymentMethod, PaymentPolicy,
};
use futures_util::future::join_all;
use time::macros::{date, datetime};
use time::{Date, Duration, OffsetDateTime};

use super::org::{Org, is_number, updated_account};
use crate::fixtures::{
    NOW, account, account_id, address, billing_address, card, cif, company, customer_id, digital_customer,
    iban, new_account, nif, other_iban, payment_methods, prepaid_account, private_customer, text, token,
};

const START: OffsetDateTime = datetime!(2026-03-14 10:30:00 UTC);

fn with(account: &Account, change: impl FnOnce(&mut AccountData)) -> Account {
    let mut data = account.data().clone();
    change(&mut data);
    Account::restore(data)
}

/// Accounts of all modalities, with everything optional and with nothing of it, come back equal from the insert, from a read
/// and in a unit of work.
pub async fn every_account_comes_back_as_it_was(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let mut accounts = vec![account(1, &owner), prepaid_account(2, &owner)];
    for (method, n) in payment_methods().into_iter().zip(3..) {
        accounts.push(with(&account(n, &owner), |data| {
            data.modality = Modality::Postpaid;
            data.contract_reference = Some(text("C/2026-ñ '1'"));
            data.billing_address = Some(billing_address(n));
            data.payment_method = Some(method);
        }));
    }
    let modes = [DeliveryMode::Email, DeliveryMode::Paper, DeliveryMode::Application];
    for (delivery_mode, n) in modes.into_iter().zip(10..) {
        let cycle = InvoiceCycle { name: "ÑAND".into(), day: -1, kind: "Q".into(), frequency: i32::MAX };
        accounts.push(with(&account(n, &owner), |data| {
            data.modality = Modality::RecurringPrepaid;
            data.invoice = Some(Invoice { cycle, due_date_id: i32::MIN, due_days_id: 0, delivery_mode });
            data.created_at = START + Duration::MICROSECOND;
            data.updated_at = START + Duration::MICROSECOND * 999_999;
            data.ended_at = Some(START.to_offset(time::macros::offset!(+5:45)));
        }));
    }
    for given in accounts {
        let id = given.data().id;
        let stored = org.insert_account(&given).await.unwrap();
        let external_id = stored.data().external_id.clone();
        assert_eq!(stored, with(&given, |data| data.external_id = external_id));
        assert_eq!(org.account(id).await, Some(stored.clone()));
        assert_eq!(org.begin().await.accounts().find(id).await.unwrap(), Some(stored));
    }
}

/// An account is read together with its customer's external id and profile, as they are at that time.
pub async fn the_view_shows_the_customer_as_it_is_now(store: &dyn Store) {
    let org = Org::new(store);
    let customers = [private_customer(&nif(1)), company(&cif(2)), digital_customer("eva@example.com")];
    for (new, n) in customers.into_iter().zip(1..) {
        let owner = org.add(n, new).await;
        let stored = org.add_account(n, &owner).await;
        let view = store.account(&org.id, account_id(n)).await.unwrap().unwrap();
        assert_eq!(view.account, stored);
        assert_eq!(view.customer_external_id, owner.data().external_id);
        assert_eq!(view.customer_profile, owner.data().profile);
    }
    let mut owner = org.customer(customer_id(1)).await.unwrap();
    let moved = domain::Address { locality: text("Getafe"), ..address() };
    let contact_info = ContactPatch { postal_address: Some(moved.clone()), ..ContactPatch::default() };
    owner.amend(CustomerPatch { contact_info: Some(contact_info), ..CustomerPatch::default() }, NOW).unwrap();
    org.update(&owner).await.unwrap();
    let view = store.account(&org.id, account_id(1)).await.unwrap().unwrap();
    assert_eq!(view.billing_address(), Some(moved.into()));
}

/// Everything that an account's verbs change is written.
pub async fn an_update_writes_all_that_can_change(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let mut current = org.add_account(1, &owner).await;
    let mut at = NOW;
    for (method, n) in payment_methods().into_iter().zip(1..) {
        at += Duration::MICROSECOND;
        current.change_payment_method(method, at).unwrap();
        current.change_billing_address(billing_address(n), at).unwrap();
        org.update_account(&current).await.unwrap();
        let read = org.account(account_id(1)).await.unwrap();
        assert_eq!(read, updated_account(&current));
        current = read;
    }
    current.end(false, at).unwrap();
    org.update_account(&current).await.unwrap();
    assert_eq!(org.account(account_id(1)).await, Some(updated_account(&current)));
    assert_eq!(current.data().version, 5);
}

/// A customer's accounts are listed by the instant of their opening, then by id.
pub async fn lists_are_oldest_first(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let other = org.add_person(2).await;
    org.add_account(99, &other).await;
    // Each with its place in the list; texts would sort some of them differently.
    let opened: [(usize, OffsetDateTime); 8] = [
        (6, datetime!(2026-03-14 10:30:00.999999 UTC)),
        (3, datetime!(2026-03-14 10:30:00.000001 UTC)),
        (1, datetime!(2026-03-14 10:30:00 UTC)),
        (2, datetime!(2026-03-14 10:30:00 UTC)),
        (0, datetime!(2026-03-14 11:29:59.9 +01:00)),
        (4, datetime!(2026-03-14 05:30:00.1 -05:00)),
        (7, datetime!(2026-03-14 10:30:01 UTC)),
        (5, datetime!(2026-03-15 00:30:00.5 +14:00)),
    ];
    let mut expected = vec![account_id(0); opened.len()];
    for ((place, created_at), n) in opened.into_iter().zip(1..) {
        org.insert_account(&with(&account(n, &owner), |data| data.created_at = created_at)).await.unwrap();
        expected[place] = account_id(n);
    }
    assert_eq!(store.accounts_of(&org.id, customer_id(1)).await.unwrap(), Some(expected));
}

/// Lists leave out ended accounts; a customer without live ones has an empty list, an unknown one has none.
pub async fn lists_leave_out_what_has_ended(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let accounts_of = |n| store.accounts_of(&org.id, customer_id(n));
    assert_eq!(accounts_of(1).await.unwrap(), Some(vec![]));
    let first = org.add_account(1, &owner).await;
    let second = org.add_account(2, &owner).await;
    org.end_account(&first).await;
    assert_eq!(accounts_of(1).await.unwrap(), Some(vec![account_id(2)]));
    org.end_account(&second).await;
    assert_eq!(accounts_of(1).await.unwrap(), Some(vec![]));
    org.end(&owner).await;
    assert_eq!(accounts_of(1).await.unwrap(), Some(vec![]), "of an ended customer");
    assert_eq!(accounts_of(2).await.unwrap(), None);
    assert_eq!(org.account(account_id(1)).await.unwrap().data().ended_at, Some(NOW));
}

/// A unit of work is told whether a customer has live accounts, its own changes included.
pub async fn any_live_sees_live_accounts_only(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let other = org.add_person(2).await;
    org.add_account(9, &other).await;
    let mut work = org.begin().await;
    assert!(!work.accounts().any_live(customer_id(1)).await.unwrap());
    work.accounts().insert(&account(1, &owner)).await.unwrap();
    work.accounts().insert(&account(2, &owner)).await.unwrap();
    for n in 1..=2 {
        assert!(work.accounts().any_live(customer_id(1)).await.unwrap());
        let mut account = work.accounts().find(account_id(n)).await.unwrap().unwrap();
        account.end(false, NOW).unwrap();
        work.accounts().update(&account).await.unwrap();
    }
    assert!(!work.accounts().any_live(customer_id(1)).await.unwrap());
    assert!(work.accounts().any_live(customer_id(2)).await.unwrap());
    assert!(!work.accounts().any_live(customer_id(3)).await.unwrap());
}

/// Every payment method that an account was given is kept with the instant of the change, those it began with too.
pub async fn payment_methods_are_kept_newest_first(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    org.add_account(2, &owner).await;
    let mut current = account(1, &owner);
    current.change_payment_method(PaymentMethod::DirectDebit(other_iban()), START).unwrap();
    current = org.insert_account(&current).await.unwrap();
    let mut expected =
        vec![PaymentMethodEntry { method: PaymentMethod::DirectDebit(other_iban()), created_at: START }];
    for (method, step) in payment_methods().into_iter().zip([1, 100_000, 999_999, 1_000_000]) {
        let created_at = START + Duration::MICROSECOND * step;
        current.change_payment_method(method.clone(), created_at).unwrap();
        org.update_account(&current).await.unwrap();
        current = org.account(account_id(1)).await.unwrap();
        expected.insert(0, PaymentMethodEntry { method, created_at });
    }
    org.end_account(&current).await;
    let history = store.payment_method_history(&org.id, account_id(1)).await.unwrap();
    assert_eq!(history, Some(expected));
}

/// Every billing address that an account was given is kept; each but the last ends when the next begins.
pub async fn billing_addresses_are_chained_newest_first(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let mut terms = new_account();
    terms.billing_address = Some(billing_address(0));
    let (kind, policy) = (NewPaymentMethodType::BankTransfer, PaymentPolicy::default());
    let opened = Account::open(account_id(1), &owner, terms, kind, &policy, START).unwrap();
    let mut current = org.insert_account(&opened).await.unwrap();
    let external_id = current.data().external_id.clone();
    let mut expected =
        vec![BillingAddressEntry { address: billing_address(0), init_date: START, end_date: None }];
    for (n, step) in (1..).zip([1, 100_000, 999_999]) {
        let init_date = START + Duration::MICROSECOND * step;
        current.change_billing_address(billing_address(n), init_date).unwrap();
        // A change of something else does not touch them.
        current.change_payment_method(PaymentMethod::DirectDebit(iban()), init_date).unwrap();
        org.update_account(&current).await.unwrap();
        current = org.account(account_id(1)).await.unwrap();
        expected[0].end_date = Some(init_date);
        expected.insert(0, BillingAddressEntry { address: billing_address(n), init_date, end_date: None });
    }
    let history = store.billing_address_history(&org.id, account_id(1), None, None).await.unwrap().unwrap();
    assert_eq!(history.external_id, external_id);
    assert_eq!(history.entries, expected);
}

/// Histories follow the order of the changes where the clock does not tell it, within one unit of work and across several.
pub async fn changes_at_one_instant_keep_their_order(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let mut current = org.add_account(1, &owner).await;
    let mut methods = payment_methods();
    for (pair, n) in methods.chunks(2).zip([1, 3]) {
        for (method, n) in pair.iter().zip(n..) {
            current.change_payment_method(method.clone(), NOW).unwrap();
            current.change_billing_address(billing_address(n), NOW).unwrap();
        }
        org.update_account(&current).await.unwrap();
        current = org.account(account_id(1)).await.unwrap();
    }
    methods.reverse();
    assert_eq!(org.methods(account_id(1)).await, methods);
    let history = store.billing_address_history(&org.id, account_id(1), None, None).await.unwrap().unwrap();
    let expected: Vec<_> = (1..=4)
        .rev()
        .map(|n| BillingAddressEntry {
            address: billing_address(n),
            init_date: NOW,
            end_date: (n != 4).then_some(NOW),
        })
        .collect();
    assert_eq!(history.entries, expected);
}

/// `from` and `to` are days of UTC, both included, on the beginning of an address.
pub async fn billing_addresses_are_found_by_their_day_in_utc(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let mut current = org.add_account(1, &owner).await;
    let begun: [OffsetDateTime; 5] = [
        datetime!(2026-02-28 23:59:59.999999 UTC),
        datetime!(2026-03-01 00:00:00 UTC),
        datetime!(2026-03-01 22:59:59.999999 -01:00),
        // The 3rd where the clock stood, the 2nd in UTC.
        datetime!(2026-03-03 00:30:00 +01:00),
        datetime!(2026-03-03 00:00:00 UTC),
    ];
    for (init_date, n) in begun.into_iter().zip(1..) {
        current.change_billing_address(billing_address(n), init_date).unwrap();
        org.update_account(&current).await.unwrap();
        current = org.account(account_id(1)).await.unwrap();
    }
    let cases: [(Option<Date>, Option<Date>, &[u32]); 9] = [
        (None, None, &[5, 4, 3, 2, 1]),
        (Some(date!(2026 - 03 - 01)), None, &[5, 4, 3, 2]),
        (None, Some(date!(2026 - 03 - 01)), &[3, 2, 1]),
        (Some(date!(2026 - 03 - 01)), Some(date!(2026 - 03 - 01)), &[3, 2]),
        (Some(date!(2026 - 03 - 02)), Some(date!(2026 - 03 - 02)), &[4]),
        (Some(date!(2026 - 03 - 03)), Some(date!(9999 - 12 - 31)), &[5]),
        (Some(date!(2026 - 03 - 04)), None, &[]),
        (None, Some(date!(2026 - 02 - 27)), &[]),
        (Some(date!(0000 - 01 - 01)), Some(date!(2026 - 02 - 28)), &[1]),
    ];
    for (from, to, expected) in cases {
        let history = store.billing_address_history(&org.id, account_id(1), from, to).await.unwrap().unwrap();
        let found: Vec<_> = history.entries.into_iter().map(|entry| entry.address).collect();
        let expected: Vec<_> = expected.iter().map(|&n| billing_address(n)).collect();
        assert_eq!(found, expected, "{from:?} {to:?}");
    }
}

/// The external ids that the store gives are numeric and different, also to those who insert at the same time.
pub async fn external_ids_are_numbers_never_given_twice(store: &dyn Store) {
    let org = &Org::new(store);
    let owner = &org.add_person(1).await;
    let stored = join_all((1..=20).map(|n| async move { org.add_account(n, owner).await })).await;
    let given: HashSet<_> =
        stored.iter().map(|account| account.data().external_id.clone().unwrap()).collect();
    assert_eq!(given.len(), 20);
    assert!(given.iter().all(is_number), "{given:?}");

    org.end_account(&stored[0]).await;
    let next = org.add_account(21, owner).await.data().external_id.clone().unwrap();
    assert!(!given.contains(&next), "given twice: {}", next.as_str());
}

/// An external id that an account brings is kept.
pub async fn external_ids_are_kept_when_brought(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    for (raw, n) in ["7", "ES-00042/ñ"].into_iter().zip(1..) {
        let brought = bringing(n, &owner, raw);
        assert_eq!(org.insert_account(&brought).await.unwrap(), brought);
        assert_eq!(org.account(account_id(n)).await, Some(brought));
    }
}

fn bringing(n: u32, owner: &Customer, external_id: &str) -> Account {
    with(&account(n, owner), |data| data.external_id = Some(text(external_id)))
}

/// A look-up that many accounts fit, of one customer or several, finds two live ones of them.
pub async fn look_ups_find_two_live_ones_at_the_most(store: &dyn Store) {
    let org = Org::new(store);
    let external_id = text("42");
    let found = || async { store.accounts_by_external_id(&org.id, &external_id).await.unwrap() };
    for n in 1..=3 {
        let owner = org.add_person(n).await;
        org.insert_account(&bringing(n, &owner, "42")).await.unwrap();
        let distinct: HashSet<_> = found().await.into_iter().collect();
        assert_eq!(distinct.len(), n.min(2) as usize);
        assert_eq!(found().await.len(), n.min(2) as usize);
    }
    for n in 1..=2 {
        org.end_account(&org.account(account_id(n)).await.unwrap()).await;
    }
    assert_eq!(found().await, [account_id(3)]);
    org.end_account(&org.account(account_id(3)).await.unwrap()).await;
    assert_eq!(found().await, []);
}

/// What is not there is not found, and cannot be updated.
pub async fn unknown_accounts_are_nothing(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let id = account_id(1);
    assert_eq!(store.account(&org.id, id).await.unwrap(), None);
    assert_eq!(store.payment_method_history(&org.id, id).await.unwrap(), None);
    assert_eq!(store.billing_address_history(&org.id, id, None, None).await.unwrap(), None);
    let day = Some(date!(2026 - 03 - 01));
    assert_eq!(store.billing_address_history(&org.id, id, day, day).await.unwrap(), None);
    assert_eq!(store.accounts_by_external_id(&org.id, &text("42")).await.unwrap(), []);
    assert_eq!(org.begin().await.accounts().find(id).await.unwrap(), None);
    assert_eq!(org.begin().await.cards().find(&token("card-1")).await.unwrap(), None);
    let unknown = account(1, &owner);
    assert!(matches!(org.update_account(&unknown).await, Err(StoreError::Stale)));
    assert_eq!(org.account(id).await, None);
}

/// The histories of an account that was given nothing are empty, not missing.
pub async fn known_accounts_without_history_are_empty(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let stored = org.add_account(1, &owner).await;
    assert_eq!(store.payment_method_history(&org.id, account_id(1)).await.unwrap(), Some(vec![]));
    for day in [None, Some(NOW.date())] {
        let history = store.billing_address_history(&org.id, account_id(1), day, day).await.unwrap().unwrap();
        assert_eq!(history.external_id, stored.data().external_id);
        assert_eq!(history.entries, []);
    }
}

/// An update of a copy that is older than what is stored is refused, and its events with it.
pub async fn an_old_copy_is_stale_and_leaves_no_history(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let old = org.add_account(1, &owner).await;
    let mut new = old.clone();
    new.change_payment_method(PaymentMethod::DirectDebit(iban()), NOW).unwrap();
    org.update_account(&new).await.unwrap();

    let mut late = old;
    late.change_payment_method(PaymentMethod::BankTransfer, NOW).unwrap();
    late.change_billing_address(billing_address(1), NOW).unwrap();
    assert!(matches!(org.update_account(&late).await, Err(StoreError::Stale)));
    assert_eq!(org.account(account_id(1)).await, Some(updated_account(&new)));
    assert_eq!(org.methods(account_id(1)).await, [PaymentMethod::DirectDebit(iban())]);
    let history = store.billing_address_history(&org.id, account_id(1), None, None).await.unwrap().unwrap();
    assert_eq!(history.entries, []);
}

/// Two that read and update the same account at the same time wait for each other, and each change has its history.
pub async fn no_update_is_lost(store: &dyn Store) {
    let org = &Org::new(store);
    let owner = org.add_person(1).await;
    org.add_account(1, &owner).await;
    let twenty_updates = |offset: u32| async move {
        for n in 0..20 {
            let mut work = org.begin().await;
            let mut account = work.accounts().find(account_id(1)).await.unwrap().unwrap();
            // Gives the other one the chance to read, unless it has to wait.
            tokio::task::yield_now().await;
            account.change_billing_address(billing_address(n + offset), NOW).unwrap();
            work.accounts().update(&account).await.unwrap();
            work.commit(NOW, &[]).await.unwrap();
        }
    };
    join_all([100, 200].map(twenty_updates)).await;
    assert_eq!(org.account(account_id(1)).await.unwrap().data().version, 41);
    let history = store.billing_address_history(&org.id, account_id(1), None, None).await.unwrap().unwrap();
    assert_eq!(history.entries.len(), 40);
    assert!(history.entries.iter().skip(1).all(|entry| entry.end_date == Some(NOW)));
    assert_eq!(history.entries[0].end_date, None);
}

/// Ids, external ids and tokens may be the same in two organisations.
pub async fn the_same_in_two_organisations(store: &dyn Store) {
    let (one, two) = (Org::new(store), Org::new(store));
    for org in [&one, &two] {
        let owner = org.add_person(1).await;
        org.insert_account(&bringing(1, &owner, "42")).await.unwrap();
        let mut work = org.begin().await;
        work.cards().insert(&card("card-1", customer_id(1))).await.unwrap();
        work.commit(NOW, &[]).await.unwrap();
    }
    let untouched = one.account(account_id(1)).await.unwrap();
    let mut changed = two.account(account_id(1)).await.unwrap();
    changed.change_payment_method(PaymentMethod::BankTransfer, NOW).unwrap();
    changed.change_billing_address(billing_address(1), NOW).unwrap();
    two.update_account(&changed).await.unwrap();
    two.end_account(&updated_account(&changed)).await;
    assert_eq!(one.account(account_id(1)).await, Some(untouched));
    assert_eq!(one.methods(account_id(1)).await, []);
    let history = store.billing_address_history(&one.id, account_id(1), None, None).await.unwrap().unwrap();
    assert_eq!(history.entries, []);
    assert_eq!(store.accounts_of(&one.id, customer_id(1)).await.unwrap(), Some(vec![account_id(1)]));
    assert_eq!(store.accounts_by_external_id(&one.id, &text("42")).await.unwrap(), [account_id(1)]);
    assert!(one.begin().await.accounts().any_live(customer_id(1)).await.unwrap());
}

/// No read and no method of the repository reaches an account of another organisation.
pub async fn accounts_of_other_organisations_are_unknown(store: &dyn Store) {
    let (theirs, ours) = (Org::new(store), Org::new(store));
    let owner = theirs.add_person(1).await;
    let mut given = account(1, &owner);
    given.change_payment_method(PaymentMethod::BankTransfer, NOW).unwrap();
    given.change_billing_address(billing_address(1), NOW).unwrap();
    let stored = theirs.insert_account(&given).await.unwrap();
    let (id, external_id) = (account_id(1), stored.data().external_id.clone().unwrap());

    assert_eq!(store.account(&ours.id, id).await.unwrap(), None);
    assert_eq!(store.accounts_of(&ours.id, customer_id(1)).await.unwrap(), None);
    assert_eq!(store.accounts_by_external_id(&ours.id, &external_id).await.unwrap(), []);
    assert_eq!(store.payment_method_history(&ours.id, id).await.unwrap(), None);
    assert_eq!(store.billing_address_history(&ours.id, id, None, None).await.unwrap(), None);
    let mut work = ours.begin().await;
    assert_eq!(work.accounts().find(id).await.unwrap(), None);
    assert!(!work.accounts().any_live(customer_id(1)).await.unwrap());
    drop(work);

    let mut ended = stored.clone();
    ended.end(false, NOW).unwrap();
    assert!(matches!(ours.update_account(&ended).await, Err(StoreError::Stale)));
    assert_eq!(theirs.account(id).await, Some(stored));
}

/// An account or card of a customer that the organisation does not have is refused.
pub async fn an_account_needs_its_customer(store: &dyn Store) {
    let (theirs, ours) = (Org::new(store), Org::new(store));
    let stranger = theirs.add_person(1).await;
    ours.insert_account(&account(1, &stranger)).await.unwrap_err();
    assert_eq!(ours.account(account_id(1)).await, None);
    let mut work = ours.begin().await;
    work.cards().insert(&card("card-1", customer_id(1))).await.unwrap_err();
}

/// Cards come back equal, within the unit of work that adds them and after it.
pub async fn cards_come_back_as_they_were(store: &dyn Store) {
    let org = Org::new(store);
    org.add_person(1).await;
    org.add_person(2).await;
    let longest = "x".repeat(100);
    let cards = [
        card("card-1", customer_id(1)),
        domain::Card {
            expiration: "12/9999".parse().unwrap(),
            last_four: "0000".into(),
            created_at: datetime!(2026-03-14 10:30:00.000001 +05:45),
            ..card("Card-1", customer_id(1))
        },
        domain::Card { expiration: "01/2000".parse().unwrap(), ..card(&longest, customer_id(2)) },
    ];
    let mut work = org.begin().await;
    for card in &cards {
        work.cards().insert(card).await.unwrap();
        assert_eq!(work.cards().find(&card.token_id).await.unwrap().as_ref(), Some(card));
    }
    work.commit(NOW, &[]).await.unwrap();
    let mut work = org.begin().await;
    for card in cards {
        assert_eq!(work.cards().find(&card.token_id).await.unwrap(), Some(card));
    }
    assert_eq!(work.cards().find(&token("CARD-1")).await.unwrap(), None);
}

/// A card of another organisation is not found.
pub async fn cards_of_other_organisations_are_unknown(store: &dyn Store) {
    let (theirs, ours) = (Org::new(store), Org::new(store));
    theirs.add_person(1).await;
    let mut work = theirs.begin().await;
    work.cards().insert(&card("card-1", customer_id(1))).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
    assert_eq!(ours.begin().await.cards().find(&token("card-1")).await.unwrap(), None);
}
