//! Databases of the engines that the service runs on, each for one test.

use std::env;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement};
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
                // In memory where there is such a place: nothing of it is to survive the test.
                let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new());
                let folder = folder.expect("a temporary folder");
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

/// What a database can be made to do to those who use it.
impl TestDatabase {
    /// Gives every table another name, so that nothing is where it is looked for.
    ///
    /// # Panics
    /// It cannot be done.
    pub async fn hide_tables(&self) {
        let statements = match self.place {
            Place::Server { .. } => vec!["ALTER SCHEMA public RENAME TO hidden".to_owned()],
            Place::File { .. } => {
                let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
                let hide = |table: &String| format!("ALTER TABLE {table} RENAME TO hidden_{table}");
                self.texts(tables).await.iter().map(hide).collect()
            }
        };
        for statement in statements {
            execute(&self.url, &statement).await.expect("the tables are hidden");
        }
    }

    /// Throws everybody out of a database on a server, and lets nobody in again.
    ///
    /// # Panics
    /// It cannot be done, for example because the database is a file.
    pub async fn shut(&self) {
        let Place::Server { admin_url, name } = &self.place else { panic!("a file cannot be shut") };
        for statement in [
            format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false"),
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
        ] {
            execute(admin_url, &statement).await.expect("the database is shut");
        }
    }

    /// Keeps others waiting until what is returned is dropped: on a server whoever reads or writes, in a file whoever writes.
    ///
    /// # Panics
    /// It cannot be done.
    pub async fn hold(&self) -> DatabaseConnection {
        let mut options = ConnectOptions::new(&self.url);
        options.max_connections(1);
        let connection = Database::connect(options).await.expect("a connection");
        let statement = match self.place {
            Place::File { .. } => "BEGIN IMMEDIATE",
            Place::Server { .. } => {
                "BEGIN; DO $$ DECLARE held text; BEGIN \
                 FOR held IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP \
                 EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', held); END LOOP; END $$"
            }
        };
        connection.execute_unprepared(statement).await.expect("the tables are held");
        connection
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
