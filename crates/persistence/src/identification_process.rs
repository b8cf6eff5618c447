use application::ports::{
    IdentificationProcessEntry, IdentificationProcessReads, IdentificationProcesses, StoreError,
};
use async_trait::async_trait;
use domain::{
    CustomerId, IdentificationProcess, IdentificationProcessId, MediaType, OrgId, StoredDocument, Text,
};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, IntoSimpleExpr, JoinType, QueryOrder, QuerySelect};

use crate::column::Micros;
use crate::customer::{self, customer_row};
use crate::json::{Unreadable, code};
use crate::store::{SqlStore, Unit};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identification_processes")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) org_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) customer_id: Uuid,
    pub(crate) process_date: Micros,
    pub(crate) document_name: String,
    pub(crate) document_type: String,
    pub(crate) media_type: String,
    pub(crate) size_bytes: i64,
    pub(crate) document_key: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

fn process(model: Model) -> Result<IdentificationProcess, Unreadable> {
    Ok(IdentificationProcess {
        id: IdentificationProcessId(model.id),
        customer_id: CustomerId(model.customer_id),
        process_date: model.process_date.instant().ok_or(Unreadable)?,
        document: StoredDocument {
            name: Text::restore(model.document_name),
            kind: Text::restore(model.document_type),
            media_type: MediaType::restore(model.media_type),
            size_bytes: u64::try_from(model.size_bytes).map_err(|_| Unreadable)?,
            key: code(&model.document_key)?,
        },
    })
}

fn corrupt(id: Uuid) -> impl Fn(Unreadable) -> StoreError {
    move |_| StoreError::Corrupt { table: "identification_processes", id: id.to_string() }
}

fn restore(model: Model) -> Result<IdentificationProcess, StoreError> {
    let id = model.id;
    process(model).map_err(corrupt(id))
}

pub(crate) fn new_row(unit: &Unit, process: &IdentificationProcess) -> ActiveModel {
    let document = &process.document;
    ActiveModel {
        org_id: Set(unit.org()),
        id: Set(process.id.0),
        customer_id: Set(process.customer_id.0),
        process_date: Set(process.process_date.into()),
        document_name: Set(document.name.as_str().to_owned()),
        document_type: Set(document.kind.as_str().to_owned()),
        media_type: Set(document.media_type.as_str().to_owned()),
        // No file has more bytes.
        size_bytes: Set(i64::try_from(document.size_bytes).unwrap_or(i64::MAX)),
        document_key: Set(document.key.as_str().to_owned()),
    }
}

#[async_trait]
impl IdentificationProcesses for Unit {
    async fn find(
        &mut self,
        id: IdentificationProcessId,
    ) -> Result<Option<IdentificationProcess>, StoreError> {
        let query = Entity::find_by_id((self.org(), id.0));
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn insert(&mut self, process: &IdentificationProcess) -> Result<(), StoreError> {
        let row = new_row(self, process);
        self.answer(Entity::insert(row).exec_without_returning(&self.transaction)).await.map(drop)
    }
}

/// A process as the list shows it.
#[derive(FromQueryResult)]
struct Row {
    process_id: Uuid,
    process_date: Micros,
}

impl Row {
    fn entry(self) -> Result<IdentificationProcessEntry, StoreError> {
        let process_date = self.process_date.instant().ok_or(Unreadable).map_err(corrupt(self.process_id))?;
        Ok(IdentificationProcessEntry { id: IdentificationProcessId(self.process_id), process_date })
    }
}

#[async_trait]
impl IdentificationProcessReads for SqlStore {
    async fn identification_processes_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Vec<IdentificationProcessEntry>>, StoreError> {
        let of_customer = customer::Entity::belongs_to(Entity)
            .from((customer::Column::OrgId, customer::Column::Id))
            .to((Column::OrgId, Column::CustomerId));
        let query = customer_row(org, customer)
            .column_as(Column::Id.into_simple_expr(), "process_id")
            .column_as(Column::ProcessDate.into_simple_expr(), "process_date")
            .join(JoinType::LeftJoin, of_customer.into())
            .order_by_desc(Column::ProcessDate)
            .order_by_desc(Column::Id);
        let rows: Option<Vec<Row>> = self.joined(query).await?;
        rows.map(|rows| rows.into_iter().map(Row::entry).collect()).transpose()
    }

    async fn identification_process(
        &self,
        org: &OrgId,
        customer: CustomerId,
        id: IdentificationProcessId,
    ) -> Result<Option<IdentificationProcess>, StoreError> {
        let query =
            Entity::find_by_id((org.as_str().to_owned(), id.0)).filter(Column::CustomerId.eq(customer.0));
        self.answer(query.one(&self.db)).await?.map(restore).transpose()
    }
}
