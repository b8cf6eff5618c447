//! What the store promises of customers.

use std::collections::HashSet;

use application::ports::{Constraint, CustomerRef, Store, StoreError};
use domain::{
    Change, CompanyPatch, ContactPatch, Customer, CustomerData, CustomerPatch, DigitalPatch, DocumentType,
    IdentityDocument, Language, NewCustomer, PersonalPatch, Profile,
};
use futures_util::future::join_all;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::org::{Org, is_number, updated};
use crate::fixtures::{
    NOW, address, cif, company, customer, customer_id, digital_customer, document, login, nie, nif, person,
    private_customer, representative, self_employed, sparse, text,
};

/// One of each type, with everything optional and with nothing of it.
fn every_type() -> Vec<NewCustomer> {
    let full = |n: u32| {
        [
            private_customer(&nif(n)),
            person(document(DocumentType::Passport, &format!("PAB{n:05}"))),
            company(&cif(n)),
            self_employed(&nie(n)),
            digital_customer(&format!("Eva.{n}@example.com")),
        ]
    };
    full(1).into_iter().chain(full(2).map(sparse)).collect()
}

fn assert_duplicate(result: Result<impl Sized, StoreError>, constraint: Constraint) {
    match result {
        Err(StoreError::Duplicate(broken)) => assert_eq!(broken, constraint),
        Err(error) => panic!("{error:?} instead of Duplicate({constraint:?})"),
        Ok(_) => panic!("accepted instead of Duplicate({constraint:?})"),
    }
}

/// Customers of all types come back equal from the insert, from a read and in a unit of work.
pub async fn every_type_comes_back_as_it_was(store: &dyn Store) {
    let org = Org::new(store);
    for (new, n) in every_type().into_iter().zip(1..) {
        let given = customer(n, new);
        let stored = org.insert(&given).await.unwrap();
        let external_id = stored.data().external_id.clone();
        assert_eq!(external_id.is_some(), given.data().profile.digital_email().is_none());
        let expected = Customer::restore(CustomerData { external_id, ..given.data().clone() });
        assert_eq!(stored, expected);
        assert_eq!(org.customer(customer_id(n)).await, Some(expected.clone()));
        assert_eq!(org.begin().await.customers().find(customer_id(n)).await.unwrap(), Some(expected));
    }
}

/// No character of a text is lost, changed or taken for syntax.
pub async fn text_of_any_script_comes_back(store: &dyn Store) {
    let org = Org::new(store);
    let texts = [
        "Íñigo Ñúñez",
        "O'Brien \"el\" %_\\ $1 ?; --",
        "日本語 العربية",
        "👩\u{200d}👩\u{200d}👧 𝒳",
        "ﬁ İ ß",
    ];
    for (raw, n) in texts.into_iter().zip(1..) {
        let mut new = private_customer(&nif(n));
        if let Profile::Private { contact_info, personal_info } = &mut new.profile {
            personal_info.name = text(raw);
            personal_info.second_surname = Some(text(raw));
            contact_info.postal_address.address_line = raw.parse().unwrap();
        }
        let stored = org.add(n, new.clone()).await;
        assert_eq!(stored.data().profile, new.profile);
        let read = org.customer(customer_id(n)).await.unwrap();
        assert_eq!(read.data().profile.full_name(), format!("{raw} García {raw}"));
        assert_eq!(read, stored);
    }
}

/// Instants keep their microseconds, and are the same whatever their offset was.
pub async fn instants_come_back_to_the_microsecond(store: &dyn Store) {
    let org = Org::new(store);
    let instants: [OffsetDateTime; 6] = [
        datetime!(2026-03-14 10:30:00 UTC),
        datetime!(2026-03-14 10:30:00.000001 UTC),
        datetime!(2026-03-14 10:30:00.1 UTC),
        datetime!(2026-03-14 10:30:00.999999 UTC),
        datetime!(2026-03-14 10:30:00.000001 +05:45),
        datetime!(1999-12-31 23:59:59.999999 -11:00),
    ];
    for (instant, n) in instants.into_iter().zip(1..) {
        let given = customer(n, digital_customer(&format!("eva.{n}@example.com")));
        let given = Customer::restore(CustomerData {
            created_at: instant,
            updated_at: instant + Duration::MICROSECOND,
            ended_at: Some(instant + Duration::MICROSECOND * 2),
            ..given.data().clone()
        });
        org.insert(&given).await.unwrap();
        assert_eq!(org.customer(customer_id(n)).await, Some(given));
    }
}

/// Everything that a customer's verbs change is written.
pub async fn an_update_writes_all_that_can_change(store: &dyn Store) {
    let org = Org::new(store);
    let contact_info = Some(ContactPatch { postal_address: Some(address()), ..ContactPatch::default() });
    let person = PersonalPatch {
        name: Some(text("Beatriz")),
        second_surname: Change::Clear,
        gender: Change::Clear,
        ..PersonalPatch::default()
    };
    let company = CompanyPatch { legal_name: Some(text("Otra, S.A.")), founding_date: Change::Clear };
    let digital = DigitalPatch {
        first_surname: Change::Clear,
        email: Some(login("otra@example.com")),
        mobile_phone_number: Change::Clear,
        ..DigitalPatch::default()
    };
    for (new, n) in every_type().into_iter().take(5).zip(1..) {
        let mut changed = org.add(n, new).await;
        let mut patch =
            CustomerPatch { preferred_language: Some(Language::Basque), ..CustomerPatch::default() };
        match changed.data().profile {
            Profile::Private { .. } => {
                (patch.contact_info, patch.personal_info) = (contact_info.clone(), Some(person.clone()));
            }
            Profile::Corporate { .. } => {
                (patch.contact_info, patch.company_info) = (contact_info.clone(), Some(company.clone()));
            }
            Profile::Digital { .. } => patch.digital_personal_info = Some(digital.clone()),
        }
        let later = NOW + Duration::MICROSECOND;
        changed.amend(patch, later).unwrap();
        if matches!(changed.data().profile, Profile::Corporate { .. }) {
            changed.replace_representative(representative(&nif(77)), later).unwrap();
        }
        // The private customer with a passport and the SME have no NIE.
        let _ = changed.convert_nie_to_nif(nif(88).parse().unwrap(), later);
        org.update(&changed).await.unwrap();
        let mut expected = updated(&changed);
        assert_eq!(org.customer(customer_id(n)).await, Some(expected.clone()));

        expected.end(false, later + Duration::SECOND).unwrap();
        org.update(&expected).await.unwrap();
        let read = org.customer(customer_id(n)).await;
        assert_eq!(read.as_ref().map(|customer| customer.data().version), Some(3));
        assert_eq!(read, Some(updated(&expected)));
    }
}

/// A document of a live customer is refused, also within one unit of work and whatever the types of the customers.
pub async fn one_live_customer_per_document(store: &dyn Store) {
    let org = Org::new(store);
    org.add(1, private_customer(&nif(1))).await;
    org.add(2, self_employed(&nie(2))).await;
    for new in [private_customer(&nif(1)), person(document(DocumentType::Nie, &nie(2)))] {
        assert_duplicate(org.insert(&customer(3, new)).await, Constraint::LiveDocument);
    }
    assert_eq!(org.customer(customer_id(3)).await, None);

    let mut work = org.begin().await;
    work.customers().insert(&customer(4, company(&cif(4)))).await.unwrap();
    assert_duplicate(work.customers().insert(&customer(5, company(&cif(4)))).await, Constraint::LiveDocument);
}

/// An update may not take the document of a live customer.
pub async fn one_live_customer_per_document_after_updates(store: &dyn Store) {
    let org = Org::new(store);
    let holder = org.add(1, private_customer(&nif(1))).await;
    let foreigner = org.add(2, person(document(DocumentType::Nie, &nie(2)))).await;
    let mut converted = foreigner.clone();
    converted.convert_nie_to_nif(nif(1).parse().unwrap(), NOW).unwrap();
    assert_duplicate(org.update(&converted).await, Constraint::LiveDocument);
    assert_eq!(org.customer(customer_id(2)).await, Some(foreigner));

    org.end(&holder).await;
    org.update(&converted).await.unwrap();
    assert_eq!(org.customer(customer_id(2)).await, Some(updated(&converted)));
    // The NIE is free now.
    org.add(3, person(document(DocumentType::Nie, &nie(2)))).await;
}

/// Two documents are the same only if type and number are.
pub async fn a_number_is_another_document_with_another_type(store: &dyn Store) {
    let org = Org::new(store);
    org.add(1, private_customer(&nif(1))).await;
    let passport = org.add(2, person(document(DocumentType::Passport, &nif(1)))).await;
    assert_eq!(org.customer(customer_id(2)).await, Some(passport));
}

/// The e-mail address of a live digital customer is refused in whatever case, on insert and update; other customers' addresses
/// do not count.
pub async fn one_live_digital_customer_per_email(store: &dyn Store) {
    let org = Org::new(store);
    // Its contact information has the same address.
    org.add(1, private_customer(&nif(1))).await;
    let first = org.add(2, digital_customer("Ana@Example.com")).await;
    let second = org.add(3, digital_customer("eva@example.com")).await;
    for email in ["Ana@Example.com", "aNA@eXAMPLE.COM"] {
        let insert = org.insert(&customer(4, digital_customer(email))).await;
        assert_duplicate(insert, Constraint::LiveDigitalEmail);
        let digital = DigitalPatch { email: Some(login(email)), ..DigitalPatch::default() };
        let patch = CustomerPatch { digital_personal_info: Some(digital), ..CustomerPatch::default() };
        let mut changed = second.clone();
        changed.amend(patch.clone(), NOW).unwrap();
        assert_duplicate(org.update(&changed).await, Constraint::LiveDigitalEmail);
        assert_eq!(org.customer(customer_id(3)).await, Some(second.clone()));
    }
    let digital = DigitalPatch { email: Some(login("ANA@example.com")), ..DigitalPatch::default() };
    let mut respelt = first;
    respelt
        .amend(CustomerPatch { digital_personal_info: Some(digital), ..CustomerPatch::default() }, NOW)
        .unwrap();
    org.update(&respelt).await.unwrap();
}

/// Ended customers, whether ended here or brought so, take nothing from the live ones.
pub async fn an_ended_customer_frees_what_was_its_own(store: &dyn Store) {
    let org = Org::new(store);
    let kinds =
        [(1, private_customer(&nif(1))), (11, company(&cif(1))), (21, digital_customer("a@example.com"))];
    for (n, new) in kinds {
        let first = org.add(n, new.clone()).await;
        org.end(&first).await;
        let second = org.add(n + 1, new.clone()).await;
        org.end(&second).await;
        let live = org.add(n + 2, new.clone()).await;
        let mut brought = customer(n + 3, new);
        brought.end(false, NOW).unwrap();
        org.insert(&brought).await.unwrap();
        assert_eq!(org.customer(customer_id(n + 2)).await, Some(live));
    }
}

/// Of fifty that insert the same document at the same time, one wins and the others are told why not.
pub async fn one_of_many_simultaneous_inserts_wins(store: &dyn Store) {
    let org = &Org::new(store);
    let results =
        join_all((1..=50).map(|n| async move { org.insert(&customer(n, private_customer(&nif(1)))).await }))
            .await;
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 49));
    for result in lost {
        assert_duplicate(result, Constraint::LiveDocument);
    }
    let found = store.customers_by_document(&org.id, &nif(1), None).await.unwrap();
    assert_eq!(found.len(), 1);
}

/// The external ids that the store gives are numeric and different, also to those who insert at the same time; digital
/// customers have none.
pub async fn external_ids_are_numbers_never_given_twice(store: &dyn Store) {
    let org = &Org::new(store);
    let stored = join_all((1..=20).map(|n| async move { org.add_person(n).await })).await;
    let given: HashSet<_> =
        stored.iter().map(|customer| customer.data().external_id.clone().unwrap()).collect();
    assert_eq!(given.len(), 20);
    assert!(given.iter().all(is_number), "{given:?}");

    org.end(&stored[0]).await;
    let next = org.add_person(21).await.data().external_id.clone().unwrap();
    assert!(!given.contains(&next), "given twice: {}", next.as_str());
    let digital = org.add(22, digital_customer("eva@example.com")).await;
    assert_eq!(digital.data().external_id, None);
}

/// An external id that a customer brings is kept.
pub async fn external_ids_are_kept_when_brought(store: &dyn Store) {
    let org = Org::new(store);
    for (raw, n) in ["7", "ES-00042/ñ"].into_iter().zip(1..) {
        let brought = bringing(n, raw);
        assert_eq!(org.insert(&brought).await.unwrap(), brought);
        assert_eq!(org.customer(customer_id(n)).await, Some(brought));
        let found = store.customers_by_external_id(&org.id, &text(raw)).await.unwrap();
        assert_eq!(found, [customer_id(n)]);
    }
}

fn bringing(n: u32, external_id: &str) -> Customer {
    let data = customer(n, private_customer(&nif(n))).data().clone();
    Customer::restore(CustomerData { external_id: Some(text(external_id)), ..data })
}

/// Look-ups that many fit find two of them.
pub async fn look_ups_find_two_at_the_most(store: &dyn Store) {
    let org = Org::new(store);
    for n in 1..=3 {
        org.insert(&bringing(n, "42")).await.unwrap();
        let found = store.customers_by_external_id(&org.id, &text("42")).await.unwrap();
        let distinct: HashSet<_> = found.iter().collect();
        assert_eq!((found.len(), distinct.len()), (n.min(2) as usize, n.min(2) as usize));
        assert!(found.iter().all(|id| *id <= customer_id(n)));
    }
    // No number is valid for three types, but older systems did not look.
    let kinds = [DocumentType::Nif, DocumentType::Passport, DocumentType::Nie];
    for (kind, n) in kinds.into_iter().zip(11..) {
        org.add(n, person(IdentityDocument::restore(kind, nif(11)))).await;
    }
    let found = store.customers_by_document(&org.id, &nif(11), None).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_ne!(found[0].id, found[1].id);
}

/// A look-up by document finds customers of all types that have one, with a type or without.
pub async fn look_ups_by_document_take_any_type_or_one(store: &dyn Store) {
    let org = Org::new(store);
    let passport = org.add(1, person(document(DocumentType::Passport, &nif(1)))).await;
    let nif_holder = org.add(2, person(document(DocumentType::Nif, &nif(1)))).await;
    let company = org.add(3, company(&cif(3))).await;
    for (number, kind, found) in [
        (nif(1), Some(DocumentType::Passport), vec![&passport]),
        (nif(1), Some(DocumentType::Nif), vec![&nif_holder]),
        (nif(1), Some(DocumentType::Nie), vec![]),
        (nif(1), None, vec![&passport, &nif_holder]),
        (cif(3), None, vec![&company]),
        (cif(3), Some(DocumentType::Cif), vec![&company]),
        (cif(3), Some(DocumentType::Nif), vec![]),
        (nif(3), None, vec![]),
        (String::new(), None, vec![]),
        ("%".to_owned(), None, vec![]),
    ] {
        let mut refs = store.customers_by_document(&org.id, &number, kind).await.unwrap();
        refs.sort_by_key(|found| found.id);
        let expected: Vec<_> = found
            .into_iter()
            .map(|it| CustomerRef { id: it.data().id, external_id: it.data().external_id.clone() })
            .collect();
        assert_eq!(refs, expected, "{number} {kind:?}");
    }
}

/// An ended customer is still read by its id, and found by nothing else.
pub async fn ended_customers_are_read_but_not_looked_up(store: &dyn Store) {
    let org = Org::new(store);
    let customer = org.add_person(1).await;
    let external_id = customer.data().external_id.clone().unwrap();
    let by_external_id = || store.customers_by_external_id(&org.id, &external_id);
    assert_eq!(by_external_id().await.unwrap(), [customer_id(1)]);
    org.end(&customer).await;
    assert_eq!(by_external_id().await.unwrap(), []);
    assert_eq!(store.customers_by_document(&org.id, &nif(1), None).await.unwrap(), []);
    assert_eq!(org.customer(customer_id(1)).await.unwrap().data().ended_at, Some(NOW));
    assert!(org.begin().await.customers().find(customer_id(1)).await.unwrap().is_some());
}

/// What is not there is not found, and cannot be updated.
pub async fn unknown_customers_are_nothing(store: &dyn Store) {
    let org = Org::new(store);
    assert_eq!(org.customer(customer_id(1)).await, None);
    assert_eq!(org.begin().await.customers().find(customer_id(1)).await.unwrap(), None);
    assert_eq!(store.customers_by_document(&org.id, &nif(1), None).await.unwrap(), []);
    assert_eq!(store.customers_by_external_id(&org.id, &text("42")).await.unwrap(), []);
    let unknown = customer(1, private_customer(&nif(1)));
    assert!(matches!(org.update(&unknown).await, Err(StoreError::Stale)));
    assert_eq!(org.customer(customer_id(1)).await, None);
}

/// An update of a copy that is older than what is stored is refused, also within one unit of work.
pub async fn an_old_copy_is_stale(store: &dyn Store) {
    let org = Org::new(store);
    let old = org.add_person(1).await;
    let mut new = old.clone();
    new.amend(speaking(Language::Galician), NOW).unwrap();
    org.update(&new).await.unwrap();
    let mut late = old;
    late.amend(speaking(Language::English), NOW).unwrap();
    assert!(matches!(org.update(&late).await, Err(StoreError::Stale)));
    assert_eq!(org.customer(customer_id(1)).await, Some(updated(&new)));

    let mut work = org.begin().await;
    let copy = work.customers().find(customer_id(1)).await.unwrap().unwrap();
    work.customers().update(&copy).await.unwrap();
    assert!(matches!(work.customers().update(&copy).await, Err(StoreError::Stale)));
}

fn speaking(language: Language) -> CustomerPatch {
    CustomerPatch { preferred_language: Some(language), ..CustomerPatch::default() }
}

/// Two that read and update the same customer at the same time wait for each other.
pub async fn no_update_is_lost(store: &dyn Store) {
    let org = &Org::new(store);
    org.add_person(1).await;
    let twenty_updates = |language| async move {
        for _ in 0..20 {
            let mut work = org.begin().await;
            let mut customer = work.customers().find(customer_id(1)).await.unwrap().unwrap();
            // Gives the other one the chance to read, unless it has to wait.
            tokio::task::yield_now().await;
            customer.amend(speaking(language), NOW).unwrap();
            work.customers().update(&customer).await.unwrap();
            work.commit(NOW, &[]).await.unwrap();
        }
    };
    join_all([Language::Galician, Language::English].map(twenty_updates)).await;
    assert_eq!(org.customer(customer_id(1)).await.unwrap().data().version, 41);
}

/// Ids, documents, e-mail addresses and external ids may be the same in two organisations.
pub async fn the_same_in_two_organisations(store: &dyn Store) {
    let (one, two) = (Org::new(store), Org::new(store));
    let mine = [bringing(1, "42"), customer(2, digital_customer("eva@example.com"))];
    for customer in &mine {
        one.insert(customer).await.unwrap();
        two.insert(customer).await.unwrap();
    }
    let mut changed = mine[0].clone();
    changed.amend(speaking(Language::Basque), NOW).unwrap();
    two.update(&changed).await.unwrap();
    assert_eq!(one.customer(customer_id(1)).await, Some(mine[0].clone()));
    assert_eq!(two.customer(customer_id(1)).await, Some(updated(&changed)));
    let found = store.customers_by_external_id(&one.id, &text("42")).await.unwrap();
    assert_eq!(found, [customer_id(1)]);
    assert_eq!(store.customers_by_document(&two.id, &nif(1), None).await.unwrap().len(), 1);
}

/// No read and no method of the repository reaches a customer of another organisation.
pub async fn customers_of_other_organisations_are_unknown(store: &dyn Store) {
    let (theirs, ours) = (Org::new(store), Org::new(store));
    let customer = theirs.add_person(1).await;
    let external_id = customer.data().external_id.clone().unwrap();
    assert_eq!(ours.customer(customer_id(1)).await, None);
    assert_eq!(store.customers_by_document(&ours.id, &nif(1), None).await.unwrap(), []);
    assert_eq!(store.customers_by_document(&ours.id, &nif(1), Some(DocumentType::Nif)).await.unwrap(), []);
    assert_eq!(store.customers_by_external_id(&ours.id, &external_id).await.unwrap(), []);
    assert_eq!(ours.begin().await.customers().find(customer_id(1)).await.unwrap(), None);

    let mut ended = customer.clone();
    ended.end(false, NOW).unwrap();
    assert!(matches!(ours.update(&ended).await, Err(StoreError::Stale)));
    assert_eq!(theirs.customer(customer_id(1)).await, Some(customer));
}

/// A second customer with the same id is refused and changes nothing.
pub async fn an_id_is_used_once(store: &dyn Store) {
    let org = Org::new(store);
    let first = org.add_person(1).await;
    org.insert(&customer(1, company(&cif(1)))).await.unwrap_err();
    assert_eq!(org.customer(customer_id(1)).await, Some(first));
}
