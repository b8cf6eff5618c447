//! The audit is append-only, whoever asks for something else.

use application::ports::{AuditReads, Store};
use sea_orm::{ConnectionTrait, Database};
use testkit::fixtures::{NOW, customer, customer_id, nif, org, private_customer, scope};

use crate::{Fixture, postgres, sqlite};

/// A store that has an entry in its audit.
async fn audited(fixture: &Fixture) {
    let mut work = fixture.begin(&scope()).await.unwrap();
    let registered = work.customers().insert(&customer(1, private_customer(&nif(1)))).await.unwrap();
    work.commit(NOW, &[(&registered).into()]).await.unwrap();
}

async fn none_is_carried_out(fixture: Fixture, statements: &[&str]) {
    audited(&fixture).await;
    let timeline = async || fixture.timeline(&org(), customer_id(1), None, 10).await.unwrap().unwrap();
    let before = timeline().await;
    assert_eq!(before.entries.len(), 1);
    let connection = Database::connect(fixture.url()).await.unwrap();
    for statement in statements {
        let refused = connection.execute_unprepared(statement).await.expect_err(statement);
        assert!(refused.to_string().contains("the audit is append-only"), "{statement}: {refused}");
    }
    connection.close().await.unwrap();
    assert_eq!(timeline().await, before);
}

const UPDATE: &str = "UPDATE audit SET actor = 'somebody else'";
const DELETE: &str = "DELETE FROM audit";

#[tokio::test]
async fn no_entry_is_changed_or_deleted_on_sqlite() {
    let replace = "INSERT OR REPLACE INTO audit SELECT id, org_id, customer_id, at, 'somebody else', request_id, \
        operation, entity, entity_id, fields FROM audit";
    none_is_carried_out(sqlite().await, &[UPDATE, DELETE, replace]).await;
}

#[tokio::test]
async fn no_entry_is_changed_or_deleted_on_postgres() {
    none_is_carried_out(postgres().await, &[UPDATE, DELETE, "TRUNCATE audit", "TRUNCATE audit CASCADE"])
        .await;
}
