//! The schema, as plain SQL for each engine, embedded in the binary.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, Statement, TransactionTrait,
};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};

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

migrations!["0001_customers_and_accounts"];

/// So that two processes that start together do not migrate at the same time; any number that nobody else uses.
const ADVISORY_LOCK: i64 = 0x6d61_7363_7573_7401;

#[derive(Clone, Copy)]
struct Script {
    up: &'static str,
    down: &'static str,
}

#[derive(Clone, Copy)]
struct SqlMigration {
    name: &'static str,
    postgres: Script,
    sqlite: Script,
}

impl SqlMigration {
    fn script(&self, manager: &SchemaManager<'_>) -> Script {
        if manager.get_database_backend() == DbBackend::Postgres { self.postgres } else { self.sqlite }
    }
}

impl MigrationName for SqlMigration {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SqlMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.script(manager).up).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.script(manager).down).await.map(drop)
    }
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        MIGRATIONS.iter().map(|&migration| Box::new(migration) as Box<dyn MigrationTrait>).collect()
    }
}

/// Applies what is pending.
pub(crate) async fn up(db: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = locked(db).await?;
    Migrator::up(&transaction, None).await?;
    transaction.commit().await
}

/// Takes back the newest migration.
pub(crate) async fn down(db: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = locked(db).await?;
    Migrator::down(&transaction, Some(1)).await?;
    transaction.commit().await
}

/// Each migration of this program, and whether the database has it. A database may have more: those of a newer program.
pub(crate) async fn status(db: &DatabaseConnection) -> Result<Vec<(&'static str, bool)>, DbErr> {
    let manager = SchemaManager::new(db);
    let applied = if manager.has_table("seaql_migrations").await? { applied(db).await? } else { Vec::new() };
    Ok(MIGRATIONS
        .iter()
        .map(|migration| (migration.name, applied.iter().any(|name| name == migration.name)))
        .collect())
}

/// Whether the database has every migration of this program, in one statement.
pub(crate) async fn is_current(db: &DatabaseConnection) -> Result<bool, DbErr> {
    let applied = applied(db).await?;
    Ok(MIGRATIONS.iter().all(|migration| applied.iter().any(|name| name == migration.name)))
}

async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    #[derive(FromQueryResult)]
    struct Applied {
        version: String,
    }
    let statement = Statement::from_string(db.get_database_backend(), "SELECT version FROM seaql_migrations");
    let rows = Applied::find_by_statement(statement).all(db).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

async fn locked(db: &DatabaseConnection) -> Result<sea_orm::DatabaseTransaction, DbErr> {
    let transaction = db.begin().await?;
    if db.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
    }
    Ok(transaction)
}
