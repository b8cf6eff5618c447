use application::ports::{SpecialTreatmentReads, SpecialTreatments, StoreError};
use async_trait::async_trait;
use domain::{CatalogueValue, CatalogueValues, CustomerId, OrgId, SpecialTreatment, SpecialTreatmentList};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{Condition, ExprTrait, IntoSimpleExpr, JoinType, QuerySelect};
use time::OffsetDateTime;

use crate::column::Micros;
use crate::customer;
use crate::json::CatalogueValuesJson;
use crate::store::{SqlStore, Unit};

/// A special treatment that a customer gets, or got until it ended.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "special_treatments")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) org_id: String,
    pub(crate) customer_id: Uuid,
    pub(crate) value: String,
    pub(crate) created_at: Micros,
    pub(crate) created_by: String,
    pub(crate) ended_at: Option<Micros>,
    pub(crate) ended_by: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What an organisation offers.
mod list {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "special_treatment_lists")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) org_id: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) offered: CatalogueValuesJson,
        pub(crate) updated_at: Micros,
        pub(crate) version: i64,
        pub(crate) modified_by: String,
    }

    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn restore_list(model: list::Model) -> SpecialTreatmentList {
    SpecialTreatmentList { values: model.offered.into(), version: model.version }
}

fn restore(model: Model) -> Result<SpecialTreatment, StoreError> {
    let customer_id = CustomerId(model.customer_id);
    let corrupt = || StoreError::Corrupt { table: "special_treatments", id: customer_id.to_string() };
    Ok(SpecialTreatment {
        customer_id,
        value: CatalogueValue::restore(model.value),
        created_at: model.created_at.instant().ok_or_else(corrupt)?,
    })
}

#[async_trait]
impl SpecialTreatments for Unit {
    async fn offered(&mut self) -> Result<SpecialTreatmentList, StoreError> {
        // What is not there cannot be locked.
        let empty = list::ActiveModel {
            org_id: Set(self.org()),
            offered: Set((&CatalogueValues::default()).into()),
            updated_at: Set(Micros(0)),
            version: Set(0),
            modified_by: Set(self.actor()),
        };
        let conflict = OnConflict::column(list::Column::OrgId).do_nothing().to_owned();
        let insert = list::Entity::insert(empty).on_conflict(conflict);
        self.answer(insert.exec_without_returning(&self.transaction)).await?;
        let query = list::Entity::find_by_id(self.org()).lock_exclusive();
        Ok(self.answer(query.one(&self.transaction)).await?.map(restore_list).unwrap_or_default())
    }

    async fn offered_to_use(&mut self) -> Result<SpecialTreatmentList, StoreError> {
        let query = list::Entity::find_by_id(self.org()).lock_shared();
        Ok(self.answer(query.one(&self.transaction)).await?.map(restore_list).unwrap_or_default())
    }

    async fn offer(&mut self, list: &SpecialTreatmentList, now: OffsetDateTime) -> Result<(), StoreError> {
        let row = list::ActiveModel {
            offered: Set((&list.values).into()),
            updated_at: Set(now.into()),
            version: Set(list.version + 1),
            modified_by: Set(self.actor()),
            ..Default::default()
        };
        let update = list::Entity::update_many()
            .set(row)
            .filter(list::Column::OrgId.eq(self.org()))
            .filter(list::Column::Version.eq(list.version));
        self.update_unless_stale(update).await
    }

    async fn any_live(&mut self, values: &CatalogueValues) -> Result<bool, StoreError> {
        let query = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::Value.is_in(values.as_slice().iter().map(CatalogueValue::as_str)))
            .filter(Column::EndedAt.is_null())
            .limit(1);
        let first: Option<i64> = self.answer(query.into_tuple().one(&self.transaction)).await?;
        Ok(first.is_some())
    }

    async fn find(&mut self, customer: CustomerId) -> Result<Option<SpecialTreatment>, StoreError> {
        let query = Entity::find()
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::CustomerId.eq(customer.0))
            .filter(Column::EndedAt.is_null());
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn insert(&mut self, treatment: &SpecialTreatment) -> Result<(), StoreError> {
        let row = ActiveModel {
            id: NotSet,
            org_id: Set(self.org()),
            customer_id: Set(treatment.customer_id.0),
            value: Set(treatment.value.to_string()),
            created_at: Set(treatment.created_at.into()),
            created_by: Set(self.actor()),
            ended_at: Set(None),
            ended_by: Set(None),
        };
        self.answer(Entity::insert(row).exec_without_returning(&self.transaction)).await.map(drop)
    }

    async fn end(&mut self, customer: CustomerId, now: OffsetDateTime) -> Result<(), StoreError> {
        let row = ActiveModel {
            ended_at: Set(Some(now.into())),
            ended_by: Set(Some(self.actor())),
            ..Default::default()
        };
        let update = Entity::update_many()
            .set(row)
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::CustomerId.eq(customer.0))
            .filter(Column::EndedAt.is_null());
        self.answer(update.exec(&self.transaction)).await.map(drop)
    }
}

#[async_trait]
impl SpecialTreatmentReads for SqlStore {
    async fn special_treatments(&self, org: &OrgId) -> Result<CatalogueValues, StoreError> {
        let query = list::Entity::find_by_id(org.as_str());
        Ok(self.answer(query.one(&self.db)).await?.map(|list| list.offered.into()).unwrap_or_default())
    }

    async fn special_treatment_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Option<CatalogueValue>>, StoreError> {
        let current = customer::Entity::belongs_to(Entity)
            .from((customer::Column::OrgId, customer::Column::Id))
            .to((Column::OrgId, Column::CustomerId))
            .on_condition(|_, own| Condition::all().add(Expr::col((own, Column::EndedAt)).is_null()));
        let query = customer::Entity::find()
            .select_only()
            .column_as(Column::Value.into_simple_expr(), "value")
            .filter(customer::Column::OrgId.eq(org.as_str()))
            .filter(customer::Column::Id.eq(customer.0))
            .join(JoinType::LeftJoin, current.into());
        let value: Option<Option<String>> = self.answer(query.into_tuple().one(&self.db)).await?;
        Ok(value.map(|value| value.map(CatalogueValue::restore)))
    }
}
