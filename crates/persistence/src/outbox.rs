use application::ports::{Effect, Neighbour, Outbox, OutboxEntry, OutboxQueue, StoreError};
use async_trait::async_trait;
use domain::{CustomerId, OrgId};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, DbBackend, QueryOrder, QuerySelect, Statement};
use time::OffsetDateTime;

use crate::column::Micros;
use crate::json::{EffectJson, Unreadable};
use crate::store::{SqlStore, Unit};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) org_id: String,
    pub(crate) neighbour: String,
    pub(crate) queue: String,
    pub(crate) customer_id: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) effect: Json,
    pub(crate) request_id: String,
    pub(crate) created_at: Micros,
    pub(crate) attempts: i32,
    pub(crate) failures: i32,
    pub(crate) due_at: Micros,
    pub(crate) parked_at: Option<Micros>,
    pub(crate) last_error: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// On PostgreSQL the channel on which processes tell each other of new entries.
pub(crate) const CHANNEL: &str = "mascustomers_outbox";

fn restore(model: Model) -> Result<OutboxEntry, StoreError> {
    let id = model.id;
    let entry = |model: Model| {
        let instant = |micros: Micros| micros.instant().ok_or(Unreadable);
        Ok(OutboxEntry {
            id,
            org: model.org_id.parse::<OrgId>().map_err(|_| Unreadable)?,
            customer_id: CustomerId(model.customer_id),
            effect: serde_json::from_value::<EffectJson>(model.effect).map_err(|_| Unreadable)?.try_into()?,
            request_id: model.request_id,
            created_at: instant(model.created_at)?,
            attempts: model.attempts,
            failures: model.failures,
            due_at: instant(model.due_at)?,
            parked_at: model.parked_at.map(instant).transpose()?,
            last_error: model.last_error,
        })
    };
    entry(model).map_err(|_: Unreadable| StoreError::Corrupt { table: "outbox", id: id.to_string() })
}

/// The entries, and the ids of the rows that are none: another version of the program has written them, perhaps. They must not
/// hold up the others.
fn readable(rows: Vec<Model>) -> (Vec<OutboxEntry>, Vec<i64>) {
    let (mut entries, mut unreadable) = (Vec::new(), Vec::new());
    for row in rows {
        let id = row.id;
        match restore(row) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                tracing::error!(%error, "an entry of the outbox cannot be read");
                unreadable.push(id);
            }
        }
    }
    (entries, unreadable)
}

#[async_trait]
impl Outbox for Unit {
    async fn add(
        &mut self,
        customer: CustomerId,
        effect: &Effect,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let effect_json = serde_json::to_value(EffectJson::from(effect))
            .map_err(|error| StoreError::Unexpected(error.into()))?;
        let row = ActiveModel {
            id: NotSet,
            org_id: Set(self.org()),
            neighbour: Set(effect.neighbour().name().to_owned()),
            queue: Set(effect.queue(customer)),
            customer_id: Set(customer.0),
            effect: Set(effect_json),
            request_id: Set(self.scope.request_id.clone()),
            created_at: Set(now.into()),
            attempts: Set(0),
            failures: Set(0),
            due_at: Set(now.into()),
            parked_at: Set(None),
            last_error: Set(None),
        };
        self.answer(Entity::insert(row).exec_without_returning(&self.transaction)).await?;
        self.has_added_effects = true;
        Ok(())
    }

    async fn finish(&mut self, entry: &OutboxEntry) -> Result<(), StoreError> {
        let delete = Entity::delete_many()
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::Id.eq(entry.id))
            .filter(Column::Attempts.eq(entry.attempts));
        let deleted = self.answer(delete.exec(&self.transaction)).await?;
        if deleted.rows_affected == 0 { Err(StoreError::Stale) } else { Ok(()) }
    }
}

/// What stands before nothing else in its queue.
const IS_FIRST: &str = "NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.org_id = due.org_id \
    AND earlier.neighbour = due.neighbour AND earlier.queue = due.queue AND earlier.id < due.id)";

/// The oldest entry of each queue, if it is due. `FOR UPDATE SKIP LOCKED` keeps processes that claim at the same time from
/// waiting for one another; SQLite has one writer at a time. Materialised, so that no plan looks for them more than once.
fn claim_sql(backend: DbBackend) -> String {
    let lock = if backend == DbBackend::Postgres { " FOR UPDATE OF due SKIP LOCKED" } else { "" };
    format!(
        "WITH claimed AS MATERIALIZED (SELECT due.id FROM outbox AS due \
            WHERE due.neighbour = $2 AND due.due_at <= $3 AND due.parked_at IS NULL AND {IS_FIRST} \
            ORDER BY due.due_at, due.id LIMIT $4{lock}) \
        UPDATE outbox SET attempts = attempts + 1, due_at = $1 WHERE id IN (SELECT id FROM claimed) RETURNING *"
    )
}

/// A claimed entry, unless it was claimed again since.
fn claimed(entry: &OutboxEntry, row: ActiveModel) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .set(row)
        .filter(Column::OrgId.eq(entry.org.as_str()))
        .filter(Column::Id.eq(entry.id))
        .filter(Column::Attempts.eq(entry.attempts))
}

#[async_trait]
impl OutboxQueue for SqlStore {
    async fn claim(
        &self,
        neighbour: Neighbour,
        now: OffsetDateTime,
        until: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let _writer = self.writer().await?;
        let backend = self.db.get_database_backend();
        let values = [
            Micros::from(until).into(),
            neighbour.name().into(),
            Micros::from(now).into(),
            i64::from(limit).into(),
        ];
        let statement = Statement::from_sql_and_values(backend, claim_sql(backend), values);
        let rows = self.answer(Entity::find().from_raw_sql(statement).all(&self.db)).await?;
        let (entries, unreadable) = readable(rows);
        if !unreadable.is_empty() {
            let row = ActiveModel {
                parked_at: Set(Some(now.into())),
                last_error: Set(Some("the entry cannot be read".to_owned())),
                ..Default::default()
            };
            let update = Entity::update_many().set(row).filter(Column::Id.is_in(unreadable));
            self.answer(update.exec(&self.db)).await?;
        }
        Ok(entries)
    }

    async fn postpone(
        &self,
        entry: &OutboxEntry,
        due_at: OffsetDateTime,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let _writer = self.writer().await?;
        let row = ActiveModel {
            due_at: Set(due_at.into()),
            failures: Set(entry.failures + i32::from(error.is_some())),
            last_error: Set(error.map(ToOwned::to_owned)),
            ..Default::default()
        };
        self.answer(claimed(entry, row).exec(&self.db)).await.map(drop)
    }

    async fn park(&self, entry: &OutboxEntry, now: OffsetDateTime, error: &str) -> Result<(), StoreError> {
        let _writer = self.writer().await?;
        let row = ActiveModel {
            parked_at: Set(Some(now.into())),
            failures: Set(entry.failures + 1),
            last_error: Set(Some(error.to_owned())),
            ..Default::default()
        };
        self.answer(claimed(entry, row).exec(&self.db)).await.map(drop)
    }

    async fn next_due(&self, neighbour: Neighbour) -> Result<Option<OffsetDateTime>, StoreError> {
        let sql = format!(
            "SELECT due.due_at FROM outbox AS due WHERE due.neighbour = $1 AND due.parked_at IS NULL AND {IS_FIRST} \
            ORDER BY due.due_at LIMIT 1"
        );
        let statement =
            Statement::from_sql_and_values(self.db.get_database_backend(), sql, [neighbour.name().into()]);
        let row = self.answer(self.db.query_one_raw(statement)).await?;
        let due_at: Option<i64> =
            row.map(|row| row.try_get_by_index(0)).transpose().map_err(crate::error::store_error)?;
        Ok(due_at.and_then(|due_at| Micros(due_at).instant()))
    }

    async fn entries(&self, only_parked: bool, limit: u16) -> Result<Vec<OutboxEntry>, StoreError> {
        let query = Entity::find().order_by_asc(Column::Id).limit(u64::from(limit));
        let query = if only_parked { query.filter(Column::ParkedAt.is_not_null()) } else { query };
        Ok(readable(self.answer(query.all(&self.db)).await?).0)
    }

    async fn retry(&self, id: Option<i64>, now: OffsetDateTime) -> Result<u64, StoreError> {
        let _writer = self.writer().await?;
        let row = ActiveModel {
            failures: Set(0),
            due_at: Set(now.into()),
            parked_at: Set(None),
            ..Default::default()
        };
        let update = Entity::update_many().set(row).filter(Column::ParkedAt.is_not_null());
        let update = match id {
            Some(id) => update.filter(Column::Id.eq(id)),
            None => update,
        };
        let retried = self.answer(update.exec(&self.db)).await?.rows_affected;
        if self.db.get_database_backend() == DbBackend::Postgres {
            self.answer(self.db.execute_unprepared(&format!("NOTIFY {CHANNEL}"))).await?;
        }
        self.outbox_added.notify_one();
        Ok(retried)
    }

    async fn added(&self) {
        self.outbox_added.notified().await;
    }
}
