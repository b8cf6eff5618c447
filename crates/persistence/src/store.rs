use std::sync::Arc;
use std::time::Duration;

use application::Scope;
use application::ports::{
    Accounts, Bulk, Cards, Categories, CategoryAssignments, Contracts, Credentials, Customers,
    IdentificationProcesses, Outbox, Promotions, SpecialTreatments, Store, StoreError, Tokenizations,
    UnitOfWork,
};
use async_trait::async_trait;
use domain::{AuditEntry, ExternalId};
use sea_orm::sea_query::LockType;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::sqlx::sqlite::{SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{Connection, Error as SqlxError};
use sea_orm::{
    ActiveValue, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, EntityTrait, FromQueryResult, RuntimeErr, Select, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait, UpdateMany,
};
use time::OffsetDateTime;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::error::store_error;
use crate::migration;
use crate::outbox::CHANNEL;

/// How to reach the database.
#[derive(Clone)]
pub struct Options {
    /// `sqlite://path?mode=rwc` or `postgres://…`.
    pub url: String,
    /// Most connections at a time.
    pub max_connections: u32,
    /// Longest a statement may run; on SQLite, longest a unit of work may wait for the one before it.
    pub statement_timeout: Duration,
    /// Longest to wait for a connection.
    pub acquire_timeout: Duration,
}

/// The store on SQLite or PostgreSQL.
pub struct SqlStore {
    pub(crate) db: DatabaseConnection,
    /// SQLite has one writer at a time; waiting in line here is fair, unlike its own busy waiting.
    writer: Option<Arc<Semaphore>>,
    /// Longest to wait for the writer before.
    turn: Duration,
    /// Longest to wait for the database.
    patience: Duration,
    /// Told when entries are added to the outbox.
    pub(crate) outbox_added: Arc<Notify>,
}

/// Keeps others from changing a row, but not from referring to it: its key stays what it is. Otherwise who holds a customer and
/// who adds something of it could wait for one another.
pub(crate) const CHANGING: LockType = LockType::NoKeyUpdate;

/// What the database answers. Its own limits come first; this one is for a database that has fallen silent, which nothing
/// else would notice.
async fn answer<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(patience, work).await {
        Ok(result) => result.map_err(store_error),
        Err(_) => Err(StoreError::Unavailable("the database does not answer".into())),
    }
}

/// Whether a connection may be used again. When the disk is full, SQLite rolls back by itself; the driver does not notice and
/// takes every later transaction for a part of one that never ends, so that nothing would be kept that it commits.
async fn is_between_transactions(connection: &mut SqliteConnection) -> Result<bool, SqlxError> {
    if connection.is_in_transaction() {
        // A rollback may still be under way.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

impl SqlStore {
    pub(crate) async fn answer<T>(
        &self,
        work: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, StoreError> {
        answer(self.patience, work).await
    }

    /// What is joined to the one row of an entity; nothing when there is not even that.
    pub(crate) async fn joined<E: EntityTrait, M: FromQueryResult + Send + Sync>(
        &self,
        query: Select<E>,
    ) -> Result<Option<Vec<M>>, StoreError> {
        let rows: Vec<Option<M>> = self.answer(query.into_model().all(&self.db)).await?;
        Ok((!rows.is_empty()).then(|| rows.into_iter().flatten().collect()))
    }

    /// Connects to the database; an SQLite file is made if there is none.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn connect(options: &Options) -> Result<Self, StoreError> {
        let turn = options.statement_timeout;
        let mut connect = ConnectOptions::new(&options.url);
        connect
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .connect_timeout(options.acquire_timeout)
            .statement_timeout(options.statement_timeout)
            .set_application_name("mascustomers")
            // A ping before each use would be a second round trip.
            .test_before_acquire_if_idle_for(Duration::from_secs(30))
            .sqlx_logging(false)
            // So that a process that has vanished does not keep its locks.
            .map_sqlx_postgres_opts(|postgres| {
                postgres.options([("idle_in_transaction_session_timeout", "30s")])
            })
            .map_sqlx_sqlite_opts(move |sqlite| {
                sqlite
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(turn)
                    .foreign_keys(true)
            })
            .map_sqlx_sqlite_before_acquire(|connection, _| Box::pin(is_between_transactions(connection)));
        let db = Database::connect(connect).await.map_err(|error| match error {
            // It quotes the URL, which may hold a password.
            DbErr::Conn(RuntimeErr::Internal(_)) => {
                StoreError::Unavailable("the database URL cannot be understood".into())
            }
            other => store_error(other),
        })?;
        let is_sqlite = db.get_database_backend() == DbBackend::Sqlite;
        let writer = is_sqlite.then(|| Arc::new(Semaphore::new(1)));
        let patience = options.acquire_timeout + options.statement_timeout + Duration::from_secs(1);
        Ok(Self { db, writer, turn, patience, outbox_added: Arc::default() })
    }

    /// Applies the migrations that are pending.
    ///
    /// # Errors
    /// The database cannot be reached, or refuses them.
    pub async fn migrate_up(&self) -> Result<(), StoreError> {
        migration::up(&self.db).await.map_err(store_error)
    }

    /// Takes back the newest migration.
    ///
    /// # Errors
    /// The database cannot be reached, or refuses it.
    pub async fn migrate_down(&self) -> Result<(), StoreError> {
        migration::down(&self.db).await.map_err(store_error)
    }

    /// Each migration that this program knows, oldest first, and whether the database has it.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn migrations(&self) -> Result<Vec<(&'static str, bool)>, StoreError> {
        migration::status(&self.db).await.map_err(store_error)
    }

    /// Hears of what other processes add to the outbox, until this store is dropped. On SQLite nobody tells.
    ///
    /// # Errors
    /// No connection can be had for it.
    pub async fn listen(&self, options: &Options) -> Result<(), StoreError> {
        if self.db.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let unavailable = |error: SqlxError| StoreError::Unavailable(error.into());
        // A connection of its own: the pool may have but one.
        let mut listener = PgListener::connect(&options.url).await.map_err(unavailable)?;
        listener.listen(CHANNEL).await.map_err(unavailable)?;
        listener.eager_reconnect(false);
        let added = Arc::downgrade(&self.outbox_added);
        tokio::spawn(async move {
            loop {
                let heard = listener.try_recv().await;
                let Some(added) = added.upgrade() else { break };
                match heard {
                    Ok(Some(_)) => added.notify_one(),
                    // The connection is lost; listening again makes another. What is missed meanwhile is found by polling.
                    Ok(None) | Err(_) => {
                        drop(added);
                        tokio::time::sleep(Duration::from_secs(5)).await;
                    }
                }
            }
        });
        Ok(())
    }

    /// The right to write: on SQLite one at a time, in the order of asking.
    pub(crate) async fn writer(&self) -> Result<Option<OwnedSemaphorePermit>, StoreError> {
        let Some(writer) = &self.writer else { return Ok(None) };
        let permit = tokio::time::timeout(self.turn, Arc::clone(writer).acquire_owned());
        let permit = permit.await.map_err(|_| StoreError::Timeout)?;
        Ok(Some(permit.map_err(|closed| StoreError::Unavailable(closed.into()))?))
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// A connection that cannot be closed.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.db.close_by_ref().await.map_err(store_error)
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn begin(&self, scope: &Scope) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let writer = self.writer().await?;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.answer(self.db.begin_with_options(options)).await?;
        Ok(Box::new(Unit {
            transaction,
            scope: scope.clone(),
            patience: self.patience,
            outbox_added: Arc::clone(&self.outbox_added),
            has_added_effects: false,
            is_marked: false,
            _writer: writer,
        }))
    }

    async fn check_ready(&self) -> Result<(), StoreError> {
        if self.answer(migration::is_current(&self.db)).await? {
            Ok(())
        } else {
            Err(StoreError::Unavailable("the schema is behind this program".into()))
        }
    }
}

/// A transaction, bound to an organisation and an actor. Implements every repository.
pub(crate) struct Unit {
    // Rolled back before the next writer is let in: fields are dropped in this order.
    pub(crate) transaction: DatabaseTransaction,
    pub(crate) scope: Scope,
    patience: Duration,
    outbox_added: Arc<Notify>,
    pub(crate) has_added_effects: bool,
    /// Whether there is a savepoint to go back to.
    pub(crate) is_marked: bool,
    _writer: Option<OwnedSemaphorePermit>,
}

impl Unit {
    pub(crate) async fn answer<T>(
        &self,
        work: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, StoreError> {
        answer(self.patience, work).await
    }

    pub(crate) fn org(&self) -> String {
        self.scope.org.as_str().to_owned()
    }

    pub(crate) fn actor(&self) -> String {
        self.scope.actor.as_str().to_owned()
    }

    /// Runs the update of one row whose version it names; without such a row somebody else was faster.
    pub(crate) async fn update_unless_stale<E: EntityTrait>(
        &self,
        update: UpdateMany<E>,
    ) -> Result<(), StoreError> {
        let updated = self.answer(update.exec(&self.transaction)).await?;
        if updated.rows_affected == 0 { Err(StoreError::Stale) } else { Ok(()) }
    }

    /// An external id for a row to be inserted: the one it brings, else the next of the sequence. PostgreSQL gives that by the
    /// column's default in the same round trip, without making creators wait for one another; SQLite has one creator at a
    /// time anyway.
    pub(crate) async fn external_id(
        &self,
        brought: Option<&ExternalId>,
        sequence: &str,
    ) -> Result<ActiveValue<Option<String>>, StoreError> {
        if let Some(brought) = brought {
            return Ok(ActiveValue::Set(Some(brought.as_str().to_owned())));
        }
        if self.transaction.get_database_backend() == DbBackend::Postgres {
            return Ok(ActiveValue::NotSet);
        }
        let value = self.take_external_ids(sequence, 1).await?;
        Ok(ActiveValue::Set(Some(value.to_string())))
    }

    /// Takes the next numbers of a sequence of SQLite and returns the first of them.
    pub(crate) async fn take_external_ids(&self, sequence: &str, count: usize) -> Result<i64, StoreError> {
        let count = i64::try_from(count).map_err(|error| StoreError::Unexpected(error.into()))?;
        let statement = Statement::from_sql_and_values(
            DbBackend::Sqlite,
            "UPDATE external_id_sequences SET next_value = next_value + ? WHERE name = ? RETURNING next_value",
            [count.into(), sequence.into()],
        );
        let row = self.answer(self.transaction.query_one_raw(statement)).await?;
        let row = row
            .ok_or_else(|| StoreError::Corrupt { table: "external_id_sequences", id: sequence.to_owned() })?;
        Ok(row.try_get_by_index::<i64>(0).map_err(store_error)? - count)
    }
}

#[async_trait]
impl UnitOfWork for Unit {
    fn customers(&mut self) -> &mut dyn Customers {
        self
    }

    fn accounts(&mut self) -> &mut dyn Accounts {
        self
    }

    fn cards(&mut self) -> &mut dyn Cards {
        self
    }

    fn tokenizations(&mut self) -> &mut dyn Tokenizations {
        self
    }
    fn promotions(&mut self) -> &mut dyn Promotions {
        self
    }
    fn categories(&mut self) -> &mut dyn Categories {
        self
    }

    fn category_assignments(&mut self) -> &mut dyn CategoryAssignments {
        self
    }

    fn special_treatments(&mut self) -> &mut dyn SpecialTreatments {
        self
    }
    fn contracts(&mut self) -> &mut dyn Contracts {
        self
    }

    fn identification_processes(&mut self) -> &mut dyn IdentificationProcesses {
        self
    }
    fn credentials(&mut self) -> &mut dyn Credentials {
        self
    }

    fn bulk(&mut self) -> &mut dyn Bulk {
        self
    }

    fn outbox(&mut self) -> &mut dyn Outbox {
        self
    }

    async fn commit(self: Box<Self>, at: OffsetDateTime, changes: &[AuditEntry]) -> Result<(), StoreError> {
        self.append_audit(at, changes).await?;
        if self.has_added_effects && self.transaction.get_database_backend() == DbBackend::Postgres {
            let notify = format!("NOTIFY {CHANNEL}");
            self.answer(self.transaction.execute_unprepared(&notify)).await?;
        }
        answer(self.patience, self.transaction.commit()).await?;
        if self.has_added_effects {
            self.outbox_added.notify_one();
        }
        Ok(())
    }
}
