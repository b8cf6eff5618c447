use std::sync::Arc;

use application::ports::{AuditReads, CustomerReads, Store};
use application::{CustomerKey, Import, ImportLine, ImportRecord, Scope, SourceDocument, Verdict};
use domain::{CustomerId, GivenDates, Lifetime, NewCustomer};
use testkit::fixtures::{
    NOW, customer_id, digital_customer, identification_process_id, nif, org, private_customer, scope, text,
};

use crate::World;
use crate::identification_processes::MockDocuments;

impl World {
    fn import(&self, documents: MockDocuments) -> Import {
        Import {
            store: Arc::new(self.store.clone()),
            documents: Arc::new(documents),
            clock: self.clock.clone(),
            calendar: Arc::new(testkit::UtcCalendar),
        }
    }
}

fn line(digest: &str, record: ImportRecord) -> ImportLine {
    ImportLine { record, digest: digest.to_owned() }
}

fn customer(n: u32, new: NewCustomer) -> ImportLine {
    let lifetime = Lifetime::new(GivenDates::default(), NOW).unwrap();
    let record =
        ImportRecord::Customer { id: customer_id(n), external_id: None, new: Box::new(new), lifetime };
    line(&n.to_string(), record)
}

fn process(n: u32, owner: CustomerId) -> ImportLine {
    let document = SourceDocument { path: "document".into(), sha256: "ab".repeat(32), size_bytes: 1 };
    line(
        &n.to_string(),
        ImportRecord::IdentificationProcess {
            id: identification_process_id(n),
            customer: CustomerKey::Id(owner),
            process_date: NOW,
            name: text("a"),
            kind: text("b"),
            media_type: "c/d".parse().unwrap(),
            document,
        },
    )
}

async fn take(import: &Import, scope: &Scope, lines: &[ImportLine]) -> Vec<Verdict> {
    let mut run = import.begin(scope, false).await.unwrap();
    let verdicts = run.take(lines).await.unwrap();
    run.commit().await.unwrap();
    verdicts
}

#[tokio::test]
async fn the_line_at_fault_is_found_among_many() {
    let world = World::default();
    let import = world.import(MockDocuments::new());
    let mut lines: Vec<ImportLine> = (1..=9).map(|n| customer(n, private_customer(&nif(n)))).collect();
    lines.insert(5, customer(20, private_customer(&nif(3))));
    lines.push(customer(21, digital_customer("ada@example.com")));
    lines.push(customer(22, digital_customer("ADA@example.com")));
    let verdicts = take(&import, &scope(), &lines).await;
    let rejected: Vec<usize> =
        (0..).zip(&verdicts).filter(|(_, it)| matches!(it, Verdict::Rejected(_))).map(|(n, _)| n).collect();
    assert_eq!(rejected, [5, 11]);
    let again = take(&import, &scope(), &lines).await;
    assert_eq!(again.iter().filter(|it| **it == Verdict::Skipped).count(), 10);
    let timeline = world.store.timeline(&org(), customer_id(1), None, 10).await.unwrap().unwrap();
    assert_eq!(timeline.entries.len(), 1, "with one entry of the audit, though it was tried more than once");
}

#[tokio::test]
async fn documents_are_kept_for_what_is_imported_only() {
    let world = World::default();
    let mut documents = MockDocuments::new();
    documents
        .expect_put()
        .once()
        .withf(|_, key, _| key.as_str() == format!("{}-{}", identification_process_id(1), "ab".repeat(32)))
        .returning(|_, _, _| Ok(1));
    let import = world.import(documents);
    let lines = [
        customer(1, private_customer(&nif(1))),
        process(1, customer_id(1)),
        process(1, customer_id(1)),
        process(2, customer_id(2)),
    ];
    let verdicts = take(&import, &scope(), &lines).await;
    let unknown = Verdict::Rejected(vec!["customer_id: no such customer".to_owned()]);
    assert_eq!(verdicts, [Verdict::Imported, Verdict::Imported, Verdict::Skipped, unknown]);
}

#[tokio::test]
async fn a_rehearsal_keeps_nothing() {
    let world = World::default();
    let import = world.import(MockDocuments::new());
    let mut run = import.begin(&scope(), true).await.unwrap();
    assert_eq!(run.take(&[customer(1, private_customer(&nif(1)))]).await.unwrap(), [Verdict::Imported]);
    // What an earlier part has brought is known to the next.
    assert_eq!(run.take(&[process(1, customer_id(1))]).await.unwrap(), [Verdict::Imported]);
    drop(run);
    assert_eq!(world.store.customer(&org(), customer_id(1)).await.unwrap(), None);
    world.store.check_ready().await.unwrap();
}
