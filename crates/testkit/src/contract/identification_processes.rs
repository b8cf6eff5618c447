//! What the store promises of identification processes.

use application::ports::{Constraint, IdentificationProcessEntry, Store, StoreError};
use domain::{IdentificationProcess, StoredDocument};
use time::Duration;
use time::macros::offset;

use super::org::Org;
use crate::fixtures::{
    NOW, customer_id, identification_process, identification_process_id, stored_document, text,
};

async fn insert(org: &Org<'_>, process: &IdentificationProcess) -> Result<(), StoreError> {
    let mut work = org.begin().await;
    work.identification_processes().insert(process).await?;
    work.commit(NOW, &[]).await
}

async fn listed(org: &Org<'_>, customer: u32) -> Option<Vec<IdentificationProcessEntry>> {
    org.store.identification_processes_of(&org.id, customer_id(customer)).await.unwrap()
}

async fn found(org: &Org<'_>, customer: u32, n: u32) -> Option<IdentificationProcess> {
    let (customer, id) = (customer_id(customer), identification_process_id(n));
    org.store.identification_process(&org.id, customer, id).await.unwrap()
}

/// Processes come back equal from a look-up and in a unit of work, also when their customer has ended.
pub async fn every_process_comes_back_as_it_was(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let document = StoredDocument {
        name: text("Carné de 'Ñuño' \"日本\".pdf"),
        kind: text(&"ñ".repeat(100)),
        media_type: "image/svg+xml".parse().unwrap(),
        size_bytes: 0,
        ..stored_document("A.b_c-1")
    };
    let other = IdentificationProcess {
        process_date: NOW + Duration::MICROSECOND,
        document: StoredDocument { size_bytes: 5_000_000_000, ..document },
        ..identification_process(2, customer_id(1))
    };
    let processes = [identification_process(1, customer_id(1)), other];
    for (given, n) in processes.iter().zip(1..) {
        insert(&org, given).await.unwrap();
        assert_eq!(found(&org, 1, n).await.as_ref(), Some(given));
        let mut work = org.begin().await;
        assert_eq!(work.identification_processes().find(given.id).await.unwrap().as_ref(), Some(given));
    }
    org.end(&owner).await;
    assert_eq!(found(&org, 1, 1).await.as_ref(), Some(&processes[0]));
    assert_eq!(listed(&org, 1).await.unwrap().len(), 2);
}

/// The processes of a customer are listed by their instant, then by id, both descending; without one the list is empty, and
/// an unknown customer has none.
pub async fn processes_are_listed_newest_first(store: &dyn Store) {
    let org = Org::new(store);
    org.add_person(1).await;
    org.add_person(2).await;
    assert_eq!(listed(&org, 1).await, Some(vec![]));
    assert_eq!(listed(&org, 3).await, None);
    let dates = [
        (1, NOW),
        (2, NOW + Duration::MICROSECOND),
        (3, NOW - Duration::MICROSECOND),
        (4, NOW),
        (5, NOW.to_offset(offset!(+14)) - Duration::DAY),
    ];
    for (n, process_date) in dates {
        let process = IdentificationProcess { process_date, ..identification_process(n, customer_id(1)) };
        insert(&org, &process).await.unwrap();
    }
    insert(&org, &identification_process(9, customer_id(2))).await.unwrap();
    let expected = [2, 4, 1, 3, 5].map(|n| {
        let (_, process_date) = dates.into_iter().find(|(own, _)| *own == n).unwrap();
        IdentificationProcessEntry { id: identification_process_id(n), process_date }
    });
    assert_eq!(listed(&org, 1).await.unwrap(), expected);
}

/// A process is found under its own customer of its own organisation only.
pub async fn processes_of_others_are_unknown(store: &dyn Store) {
    let (first, second) = (Org::new(store), Org::new(store));
    for org in [&first, &second] {
        org.add_person(1).await;
        org.add_person(2).await;
    }
    insert(&first, &identification_process(1, customer_id(1))).await.unwrap();
    assert!(found(&first, 1, 1).await.is_some());
    assert_eq!(found(&first, 2, 1).await, None);
    assert_eq!(found(&first, 1, 2).await, None);
    assert_eq!(found(&second, 1, 1).await, None);
    assert_eq!(listed(&second, 1).await, Some(vec![]));
    let mut work = second.begin().await;
    let id = identification_process_id(1);
    assert_eq!(work.identification_processes().find(id).await.unwrap(), None);
    drop(work);
    insert(&second, &identification_process(1, customer_id(2))).await.unwrap();
    assert!(found(&second, 2, 1).await.is_some());
}

/// An id is given to one process of an organisation only, and the process to a customer of it.
pub async fn a_process_is_added_once_to_its_customer(store: &dyn Store) {
    let (org, other) = (Org::new(store), Org::new(store));
    org.add_person(1).await;
    other.add_person(2).await;
    insert(&org, &identification_process(1, customer_id(1))).await.unwrap();
    let again = insert(&org, &identification_process(1, customer_id(1))).await;
    assert!(matches!(again, Err(StoreError::Duplicate(Constraint::Id))), "{again:?}");
    let of_nobody = insert(&org, &identification_process(2, customer_id(2))).await;
    assert!(matches!(of_nobody, Err(StoreError::Unexpected(_))), "{of_nobody:?}");
}
