//! The schema, as plain SQL for each engine, embedded in the binary.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait,
};
use time::OffsetDateTime;

use crate::column::Micros;

macro_rules! migrations {
    ($($name:literal),+) => {
        const MIGRATIONS: &[SqlMigration] = &[$(SqlMigration {
            name: $name,
            postgres: Script {
                up: include_str!(concat!("../../../migrations/postgres/", $name, ".up.sql")),
                down: include_str!(concat!("../../../migrations/postgres/", $name, ".down.sql")),
            },
            sqlite: Script {
                up: include_str!(concat!("../../../migrations/sqlite/", $name, ".up.sql")),
                down: include_str!(concat!("../../../migrations/sqlite/", $name, ".down.sql")),
            },
        }),+];
    };
}

migrations![
    "0001_customers_and_accounts",
    "0002_audit_and_outbox",
    "0003_promotions",
    "0004_categories_and_special_treatment",
    "0005_credentials",
    "0006_contracts_and_identification_processes",
    "0007_tokenizations",
    "0008_imports"
];

/// So that two processes that start together do not migrate at the same time; any number that nobody else uses.
const ADVISORY_LOCK: i64 = 0x6d61_7363_7573_7401;

/// Which migrations a database has.
const LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (name text NOT NULL PRIMARY KEY, applied_at bigint NOT NULL)";

struct Script {
    up: &'static str,
    down: &'static str,
}

struct SqlMigration {
    name: &'static str,
    postgres: Script,
    sqlite: Script,
}

impl SqlMigration {
    const fn script(&self, backend: DbBackend) -> &Script {
        if matches!(backend, DbBackend::Postgres) { &self.postgres } else { &self.sqlite }
    }
}

/// Applies what is pending, all of it or nothing.
pub(crate) async fn up(db: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = locked(db).await?;
    let applied = applied(&transaction).await?;
    for migration in pending(&applied) {
        transaction.execute_unprepared(migration.script(transaction.get_database_backend()).up).await?;
        let now = Micros::from(OffsetDateTime::now_utc()).0;
        let entry =
            format!("INSERT INTO schema_migrations (name, applied_at) VALUES ('{}', {now})", migration.name);
        transaction.execute_unprepared(&entry).await?;
    }
    transaction.commit().await
}

/// Takes back the newest migration that this program knows.
pub(crate) async fn down(db: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = locked(db).await?;
    let applied = applied(&transaction).await?;
    if let Some(newest) =
        MIGRATIONS.iter().rfind(|migration| applied.iter().any(|name| name == migration.name))
    {
        transaction.execute_unprepared(newest.script(transaction.get_database_backend()).down).await?;
        let entry = format!("DELETE FROM schema_migrations WHERE name = '{}'", newest.name);
        transaction.execute_unprepared(&entry).await?;
    }
    transaction.commit().await
}

/// Each migration of this program, and whether the database has it. A database may have more: those of a newer program.
/// Changes nothing, so that a role without the right to may ask.
pub(crate) async fn status(db: &DatabaseConnection) -> Result<Vec<(&'static str, bool)>, DbErr> {
    let backend = db.get_database_backend();
    let ledger = match backend {
        DbBackend::Postgres => "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL",
        _ => "SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'",
    };
    let exists = db.query_one_raw(Statement::from_string(backend, ledger)).await?.is_some();
    let applied = if exists { applied(db).await? } else { Vec::new() };
    Ok(MIGRATIONS
        .iter()
        .map(|migration| (migration.name, applied.iter().any(|name| name == migration.name)))
        .collect())
}

/// Whether the database has every migration of this program, in one statement.
pub(crate) async fn is_current(db: &DatabaseConnection) -> Result<bool, DbErr> {
    Ok(pending(&applied(db).await?).next().is_none())
}

fn pending(applied: &[String]) -> impl Iterator<Item = &'static SqlMigration> {
    MIGRATIONS.iter().filter(|migration| !applied.iter().any(|name| name == migration.name))
}

async fn applied(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let statement = Statement::from_string(db.get_database_backend(), "SELECT name FROM schema_migrations");
    db.query_all_raw(statement).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// A transaction in which nobody else migrates, however long it takes.
async fn locked(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let transaction = db.begin_with_options(options).await?;
    if db.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
    }
    transaction.execute_unprepared(LEDGER).await?;
    Ok(transaction)
}
