//! What the store promises of the audit.

use application::Scope;
use application::ports::{Store, TimelineEntry};
use domain::{AuditEntry, Customer, EntityKind};
use time::Duration;

use super::org::Org;
use crate::fixtures::{NOW, customer_id, text};

fn entry(customer: &Customer, entity_id: &str, fields: &[&'static str]) -> AuditEntry {
    AuditEntry {
        customer_id: Some(customer.data().id),
        entity: EntityKind::Account,
        entity_id: entity_id.to_owned(),
        fields: fields.to_vec(),
    }
}

async fn names(org: &Org<'_>, before: Option<i64>, limit: u16) -> (Vec<String>, Option<i64>) {
    let page = org.store.timeline(&org.id, customer_id(1), before, limit).await.unwrap().unwrap();
    (page.entries.into_iter().map(|entry| entry.entity_id).collect(), page.next)
}

/// What was committed last comes first, with everything that was said of it.
pub async fn a_timeline_is_newest_first(store: &dyn Store) {
    let org = Org::new(store);
    let person = org.add_person(1).await;
    let page = store.timeline(&org.id, customer_id(1), None, 10).await.unwrap().unwrap();
    assert_eq!((page.entries, page.next), (Vec::new(), None));

    let second =
        Scope { actor: text("second"), operation: "later", request_id: "r-2".into(), ..org.scope.clone() };
    let changes = [entry(&person, "1", &["a", "b.c"]), entry(&person, "2", &[])];
    org.begin().await.commit(NOW, &changes).await.unwrap();
    let change = [entry(&person, "3", &["d"])];
    store.begin(&second).await.unwrap().commit(NOW - Duration::DAY, &change).await.unwrap();

    let page = store.timeline(&org.id, customer_id(1), None, 10).await.unwrap().unwrap();
    let expected = |at, scope: &Scope, id: &str, fields: &[&str]| TimelineEntry {
        at,
        actor: scope.actor.clone(),
        request_id: scope.request_id.clone(),
        operation: scope.operation.to_owned(),
        entity: EntityKind::Account,
        entity_id: id.to_owned(),
        fields: fields.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(page.next, None);
    assert_eq!(
        page.entries,
        [
            expected(NOW - Duration::DAY, &second, "3", &["d"]),
            expected(NOW, &org.scope, "2", &[]),
            expected(NOW, &org.scope, "1", &["a", "b.c"]),
        ]
    );
}

/// Each page goes on where the one before has ended, whatever is added meanwhile.
pub async fn a_timeline_is_read_in_pages(store: &dyn Store) {
    let org = Org::new(store);
    let person = org.add_person(1).await;
    let add = async |n: u32| {
        org.begin().await.commit(NOW, &[entry(&person, &n.to_string(), &[])]).await.unwrap();
    };
    for n in 1..=5 {
        add(n).await;
    }
    let (page, next) = names(&org, None, 2).await;
    assert_eq!(page, ["5", "4"]);
    add(6).await;
    let (page, next) = names(&org, next, 2).await;
    assert_eq!(page, ["3", "2"]);
    let (page, next) = names(&org, next, 2).await;
    assert_eq!((page, next), (vec!["1".to_owned()], None));
    assert_eq!(names(&org, None, 6).await.1, None, "the last page may be full");
    assert_eq!(names(&org, Some(0), 2).await, (Vec::new(), None));
}

/// Other customers, other organisations and what concerns the organisation itself stand elsewhere.
pub async fn a_timeline_shows_one_customer_of_one_organisation(store: &dyn Store) {
    let (org, other) = (Org::new(store), Org::new(store));
    let (first, second) = (org.add_person(1).await, org.add_person(2).await);
    other.add_person(1).await;
    let nobody = AuditEntry { customer_id: None, ..entry(&first, "3", &[]) };
    let changes = [entry(&first, "1", &[]), entry(&second, "2", &[]), nobody];
    org.begin().await.commit(NOW, &changes).await.unwrap();
    assert_eq!(names(&org, None, 10).await.0, ["1"]);
    assert_eq!(names(&other, None, 10).await.0, Vec::<String>::new());
    assert_eq!(store.timeline(&other.id, customer_id(2), None, 10).await.unwrap(), None);
}

/// What is not kept is not said to have been changed.
pub async fn nothing_of_a_dropped_unit_is_audited(store: &dyn Store) {
    let org = Org::new(store);
    let person = org.add_person(1).await;
    let mut work = org.begin().await;
    work.customers().update(&person).await.unwrap();
    drop(work);
    assert_eq!(names(&org, None, 10).await.0, Vec::<String>::new());
}
