use application::Scope;
use application::ports::{AuditReads, StoreError, TimelineEntry, TimelinePage};
use async_trait::async_trait;
use domain::{AuditEntry, CustomerId, OrgId, Text};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::IntoCondition;
use sea_orm::{Condition, ExprTrait, Iterable, JoinType, QueryOrder, QuerySelect};
use time::OffsetDateTime;

use crate::column::Micros;
use crate::customer::{self, customer_row};
use crate::json::{Unreadable, code};
use crate::store::{SqlStore, Unit};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) org_id: String,
    pub(crate) customer_id: Option<Uuid>,
    pub(crate) at: Micros,
    pub(crate) actor: String,
    pub(crate) request_id: String,
    pub(crate) operation: String,
    pub(crate) entity: String,
    pub(crate) entity_id: String,
    pub(crate) fields: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The rows that say what was changed.
fn rows(scope: &Scope, at: OffsetDateTime, changes: &[AuditEntry]) -> impl Iterator<Item = ActiveModel> {
    changes.iter().map(move |change| ActiveModel {
        id: NotSet,
        org_id: Set(scope.org.as_str().to_owned()),
        customer_id: Set(change.customer_id.map(|id| id.0)),
        at: Set(at.into()),
        actor: Set(scope.actor.as_str().to_owned()),
        request_id: Set(scope.request_id.clone()),
        operation: Set(scope.operation.to_owned()),
        entity: Set(change.entity.code().to_owned()),
        entity_id: Set(change.entity_id.clone()),
        fields: Set(change.fields.join(" ")),
    })
}

impl Unit {
    pub(crate) async fn append_audit(
        &self,
        at: OffsetDateTime,
        changes: &[AuditEntry],
    ) -> Result<(), StoreError> {
        self.insert_all(rows(&self.scope, at, changes).collect()).await
    }
}

impl Model {
    fn into_entry(self) -> Result<TimelineEntry, Unreadable> {
        Ok(TimelineEntry {
            at: self.at.instant().ok_or(Unreadable)?,
            actor: Text::restore(self.actor),
            request_id: self.request_id,
            operation: self.operation,
            entity: code(&self.entity)?,
            entity_id: self.entity_id,
            fields: self.fields.split_whitespace().map(ToOwned::to_owned).collect(),
        })
    }
}

#[async_trait]
impl AuditReads for SqlStore {
    async fn timeline(
        &self,
        org: &OrgId,
        customer: CustomerId,
        before: Option<i64>,
        limit: u16,
    ) -> Result<Option<TimelinePage>, StoreError> {
        let of_customer = customer::Entity::belongs_to(Entity)
            .from((customer::Column::OrgId, customer::Column::Id))
            .to((Column::OrgId, Column::CustomerId))
            .on_condition(move |_, audit| {
                Condition::all()
                    .add_option(before.map(|before| Expr::col((audit, Column::Id)).lt(before)))
                    .into_condition()
            });
        let query = customer_row(org, customer)
            .columns(Column::iter())
            .join(JoinType::LeftJoin, of_customer.into())
            .order_by_desc(Column::Id)
            .limit(u64::from(limit) + 1);
        let Some(rows) = self.joined::<_, Model>(query).await? else { return Ok(None) };
        let limit = usize::from(limit);
        let next = if rows.len() > limit { rows.get(limit - 1).map(|row| row.id) } else { None };
        let entries: Result<_, Unreadable> = rows.into_iter().take(limit).map(Model::into_entry).collect();
        let entries =
            entries.map_err(|_| StoreError::Corrupt { table: "audit", id: customer.0.to_string() })?;
        Ok(Some(TimelinePage { entries, next }))
    }
}
