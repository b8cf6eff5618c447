//! Databases of the engines that the service runs on, each for one test.

use std::env;

use sea_orm::{ConnectionTrait, Database, DbErr, Statement};
use tempfile::TempDir;
use uuid::Uuid;

/// The engines that the service runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Embedded in the process.
    Sqlite,
    /// The server that `TEST_DATABASE_URL` names.
    Postgres,
}

/// An empty database, gone when it is dropped.
pub struct TestDatabase {
    url: String,
    place: Place,
}

enum Place {
    File { _folder: TempDir },
    Server { admin_url: String, name: String },
}

impl TestDatabase {
    /// Makes a database.
    ///
    /// # Panics
    /// It cannot be made, for example because `TEST_DATABASE_URL` names no server.
    pub async fn create(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = TempDir::new().expect("a temporary folder");
                let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display());
                Self { url, place: Place::File { _folder: folder } }
            }
            Engine::Postgres => {
                let admin_url = env::var("TEST_DATABASE_URL").expect(
                    "TEST_DATABASE_URL names no PostgreSQL server; `tests/run` starts one and sets it",
                );
                let name = format!("mascustomers_test_{}", Uuid::now_v7().simple());
                execute(&admin_url, &format!("CREATE DATABASE {name}")).await.expect("a new database");
                let (address, parameters) = admin_url.split_once('?').unwrap_or((&admin_url, ""));
                let (server, _) = address.rsplit_once('/').expect("a URL with a database");
                Self {
                    url: format!("{server}/{name}?{parameters}"),
                    place: Place::Server { admin_url, name },
                }
            }
        }
    }

    /// Where the database is reached.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The texts in the first column that a query finds: what is stored and no operation shows.
    ///
    /// # Panics
    /// The query cannot be run.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        let connection = Database::connect(&self.url).await.expect("a connection");
        let statement = Statement::from_string(connection.get_database_backend(), query);
        let rows = connection.query_all_raw(statement).await.expect("rows");
        let texts = rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect();
        connection.close().await.expect("no more use");
        texts
    }
}

async fn execute(url: &str, statement: &str) -> Result<(), DbErr> {
    let connection = Database::connect(url).await?;
    connection.execute_unprepared(statement).await?;
    connection.close().await
}

impl Drop for TestDatabase {
    #[expect(clippy::print_stderr, reason = "a panic while a test fails would end all tests")]
    fn drop(&mut self) {
        if let Place::Server { admin_url, name } = &self.place {
            let (url, statement) = (admin_url.clone(), format!("DROP DATABASE {name} WITH (FORCE)"));
            // A runtime of its own, because the test's may be the one that is dropping this.
            let dropped = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(execute(&url, &statement))
            });
            match dropped.join() {
                Ok(Ok(())) => {}
                failed => eprintln!("the database {name} could not be dropped: {failed:?}"),
            }
        }
    }
}
