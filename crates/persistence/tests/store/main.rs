//! The SQL store: the store contract on both engines, its likeness to the store in memory, and what becomes of the drivers'
//! failures.
#![expect(clippy::unwrap_used, reason = "what a test takes for granted is checked by failing")]

mod audit;
mod equivalence;
mod failures;

use std::ops::Deref;
use std::time::Duration;

use application::ports::Store;
use persistence::{Options, SqlStore};
use testkit::{Engine, TestDatabase};

/// A store on a database of its own.
struct Fixture {
    store: SqlStore,
    database: TestDatabase,
}

impl Fixture {
    fn url(&self) -> &str {
        self.database.url()
    }
}

impl Deref for Fixture {
    type Target = SqlStore;

    fn deref(&self) -> &SqlStore {
        &self.store
    }
}

async fn fixture(engine: Engine) -> Fixture {
    let options = Options {
        url: String::new(),
        max_connections: 8,
        statement_timeout: Duration::from_secs(10),
        acquire_timeout: Duration::from_secs(10),
    };
    fixture_with(engine, options).await
}

/// The options but for their URL.
async fn fixture_with(engine: Engine, options: Options) -> Fixture {
    let database = TestDatabase::create(engine).await;
    let options = Options { url: database.url().to_owned(), ..options };
    let store = SqlStore::connect(&options).await.unwrap();
    store.migrate_up().await.unwrap();
    Fixture { store, database }
}

async fn sqlite() -> Fixture {
    fixture(Engine::Sqlite).await
}

async fn postgres() -> Fixture {
    fixture(Engine::Postgres).await
}

mod on_sqlite {
    testkit::store_contract!(crate::sqlite);
}

mod on_postgres {
    testkit::store_contract!(crate::postgres);
}

async fn migrations_go_up_and_down(fixture: Fixture) {
    let applied =
        async || fixture.migrations().await.unwrap().iter().map(|(_, applied)| *applied).collect::<Vec<_>>();
    assert!(applied().await.iter().all(|applied| *applied));
    fixture.migrate_up().await.expect("nothing to do");
    fixture.check_ready().await.unwrap();

    for left in (0..applied().await.len()).rev() {
        fixture.migrate_down().await.unwrap();
        assert_eq!(applied().await.iter().filter(|applied| **applied).count(), left);
        assert!(fixture.check_ready().await.is_err());
    }
    fixture.migrate_up().await.unwrap();
    fixture.check_ready().await.unwrap();
}

#[tokio::test]
async fn migrations_go_up_and_down_on_sqlite() {
    migrations_go_up_and_down(sqlite().await).await;
}

#[tokio::test]
async fn migrations_go_up_and_down_on_postgres() {
    migrations_go_up_and_down(postgres().await).await;
}
