//! What becomes of the drivers' failures.

use std::time::Duration;

use application::ports::{CustomerReads, Store, StoreError};
use persistence::{Options, SqlStore};
use sea_orm::{ConnectionTrait, Database};
use testkit::Engine;
use testkit::fixtures::{customer, customer_id, nif, org, private_customer, scope};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::{Fixture, fixture_with};

fn impatient() -> Options {
    let short = Duration::from_millis(300);
    Options { url: String::new(), max_connections: 2, statement_timeout: short, acquire_timeout: short }
}

/// A store that holds one customer.
async fn impatient_store(engine: Engine) -> Fixture {
    let fixture = fixture_with(engine, impatient()).await;
    let mut work = fixture.begin(&scope()).await.unwrap();
    work.customers().insert(&customer(1, private_customer(&nif(1)))).await.unwrap();
    work.commit(testkit::fixtures::NOW, &[]).await.unwrap();
    fixture
}

#[tokio::test]
async fn waiting_too_long_for_a_row_is_a_timeout() {
    let fixture = impatient_store(Engine::Postgres).await;
    let mut holder = fixture.begin(&scope()).await.unwrap();
    holder.customers().find(customer_id(1)).await.unwrap();
    let mut waiter = fixture.begin(&scope()).await.unwrap();
    let waited = waiter.customers().find(customer_id(1)).await;
    assert!(matches!(waited, Err(StoreError::Timeout)), "{waited:?}");
    drop((holder, waiter));
    assert!(
        fixture.customer(&org(), customer_id(1)).await.unwrap().is_some(),
        "the connections are good again"
    );
}

#[tokio::test]
async fn waiting_too_long_for_the_writer_before_is_a_timeout() {
    let fixture = impatient_store(Engine::Sqlite).await;
    let holder = fixture.begin(&scope()).await.unwrap();
    let waited = fixture.begin(&scope()).await.err();
    assert!(matches!(waited, Some(StoreError::Timeout)), "{waited:?}");
    drop(holder);
    fixture.begin(&scope()).await.unwrap();
}

#[tokio::test]
async fn an_exhausted_pool_is_unavailable() {
    let fixture = impatient_store(Engine::Postgres).await;
    let holders = [fixture.begin(&scope()).await.unwrap(), fixture.begin(&scope()).await.unwrap()];
    let third = fixture.customer(&org(), customer_id(1)).await;
    assert!(matches!(third, Err(StoreError::Unavailable(_))), "{third:?}");
    drop(holders);
    assert!(fixture.customer(&org(), customer_id(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lost_connection_is_unavailable_and_the_next_one_works() {
    let fixture = impatient_store(Engine::Postgres).await;
    let mut work = fixture.begin(&scope()).await.unwrap();
    let admin = Database::connect(fixture.url()).await.unwrap();
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = current_database() AND application_name = 'mascustomers'";
    admin.execute_unprepared(terminate).await.unwrap();
    let lost = work.customers().find(customer_id(1)).await;
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    drop(work);
    // The pool may hold one more connection that was lost.
    let _ = fixture.customer(&org(), customer_id(1)).await;
    assert!(fixture.customer(&org(), customer_id(1)).await.unwrap().is_some());
}

/// Passes bytes on to a server until it is told to fall silent, as a network does that loses everything.
async fn forward(listener: TcpListener, server: String, silent: watch::Receiver<bool>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let (server, mut silent) = (server.clone(), silent.clone());
        tokio::spawn(async move {
            let mut server = TcpStream::connect(server).await.unwrap();
            tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => {}
                _ = silent.changed() => std::future::pending::<()>().await,
            }
        });
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_unavailable() {
    let fixture = impatient_store(Engine::Postgres).await;
    let server = fixture.url().split(['@', '/']).nth(3).unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = fixture.url().replace(&server, &listener.local_addr().unwrap().to_string());
    let (silence, silent) = watch::channel(false);
    tokio::spawn(forward(listener, server, silent));

    let store = SqlStore::connect(&Options { url, ..impatient() }).await.unwrap();
    assert!(store.customer(&org(), customer_id(1)).await.unwrap().is_some());
    silence.send_replace(true);
    let unanswered = store.customer(&org(), customer_id(1)).await;
    assert!(matches!(unanswered, Err(StoreError::Unavailable(_))), "{unanswered:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let nobody = Options { url: "postgres://nobody@127.0.0.1:1/nothing".to_owned(), ..impatient() };
    let refused = SqlStore::connect(&nobody).await.err();
    assert!(matches!(refused, Some(StoreError::Unavailable(_))), "{refused:?}");
    let nowhere = Options { url: "sqlite:///no/such/folder/file.db?mode=rwc".to_owned(), ..impatient() };
    let refused = SqlStore::connect(&nowhere).await.err();
    assert!(matches!(refused, Some(StoreError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn a_row_that_cannot_be_understood_is_corrupt_and_named() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let fixture = impatient_store(engine).await;
        let admin = Database::connect(fixture.url()).await.unwrap();
        admin.execute_unprepared("UPDATE customers SET preferred_language = 'xx'").await.unwrap();
        let Err(StoreError::Corrupt { table, id }) = fixture.customer(&org(), customer_id(1)).await else {
            panic!("{engine:?}");
        };
        assert_eq!((table, id), ("customers", customer_id(1).to_string()));
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_not_quoted() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let fixture = impatient_store(engine).await;
        let admin = Database::connect(fixture.url()).await.unwrap();
        admin
            .execute_unprepared(r#"UPDATE customers SET profile = '{"personal_info": "Antonio"}'"#)
            .await
            .unwrap();
        let error = fixture.customer(&org(), customer_id(1)).await.unwrap_err();
        assert!(matches!(error, StoreError::Unexpected(_)), "{engine:?}: {error:?}");
        assert!(!format!("{error:?}").contains("Antonio"), "{engine:?}: {error:?}");
    }
}
