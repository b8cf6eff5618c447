use application::ports::{Categories, StoreError};
use async_trait::async_trait;
use domain::{Category, CategoryData, CategoryId, CategoryName, NewCategory, OrgId, Text};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ExprTrait, QuerySelect};
use time::OffsetDateTime;

use crate::column::Micros;
use crate::json::{CatalogueValuesJson, Unreadable};
use crate::store::Unit;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "categories")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) org_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i32,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) valid_values: CatalogueValuesJson,
    pub(crate) created_at: Micros,
    pub(crate) ended_at: Option<Micros>,
    pub(crate) updated_at: Micros,
    pub(crate) version: i64,
    pub(crate) modified_by: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The last id that each organisation has given to a category.
mod category_id {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "category_ids")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) org_id: String,
        pub(crate) last_id: i32,
    }

    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl Model {
    fn into_category(self) -> Result<Category, Unreadable> {
        let instant = |micros: Micros| micros.instant().ok_or(Unreadable);
        Ok(Category::restore(CategoryData {
            id: CategoryId(self.id),
            name: CategoryName::restore(self.name),
            description: self.description.map(Text::restore),
            valid_values: self.valid_values.into(),
            created_at: instant(self.created_at)?,
            ended_at: self.ended_at.map(instant).transpose()?,
            updated_at: instant(self.updated_at)?,
            version: self.version,
        }))
    }
}

pub(crate) fn restore(model: Model) -> Result<Category, StoreError> {
    let id = model.id;
    model.into_category().map_err(|_| StoreError::Corrupt { table: "categories", id: id.to_string() })
}

/// The columns that a change may write.
fn changed(category: &CategoryData, actor: String) -> ActiveModel {
    ActiveModel {
        description: Set(category.description.as_ref().map(|text| text.as_str().to_owned())),
        valid_values: Set((&category.valid_values).into()),
        ended_at: Set(category.ended_at.map(Into::into)),
        updated_at: Set(category.updated_at.into()),
        modified_by: Set(actor),
        ..Default::default()
    }
}

pub(crate) fn new_row(unit: &Unit, category: &CategoryData) -> ActiveModel {
    ActiveModel {
        org_id: Set(unit.org()),
        id: Set(category.id.0),
        name: Set(category.name.as_str().to_owned()),
        created_at: Set(category.created_at.into()),
        version: Set(category.version),
        ..changed(category, unit.actor())
    }
}

/// The categories of an organisation that were not removed.
pub(crate) fn live(org: &OrgId) -> Select<Entity> {
    Entity::find().filter(Column::OrgId.eq(org.as_str())).filter(Column::EndedAt.is_null())
}

#[async_trait]
impl Categories for Unit {
    async fn insert(
        &mut self,
        new: Vec<NewCategory>,
        now: OffsetDateTime,
    ) -> Result<Vec<Category>, StoreError> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let first = self.take_category_ids(new.len()).await?;
        let define = |(id, new)| Category::define(CategoryId(id), new, now);
        let categories: Vec<Category> = (first..).zip(new).map(define).collect();
        self.insert_all(categories.iter().map(|category| new_row(self, category.data())).collect()).await?;
        Ok(categories)
    }

    async fn find(&mut self, id: CategoryId) -> Result<Option<Category>, StoreError> {
        let query = live(&self.scope.org).filter(Column::Id.eq(id.0)).lock_exclusive();
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn find_to_use(&mut self, id: CategoryId) -> Result<Option<Category>, StoreError> {
        let query = live(&self.scope.org).filter(Column::Id.eq(id.0)).lock_shared();
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn update(&mut self, category: &Category) -> Result<(), StoreError> {
        let data = category.data();
        let row = ActiveModel { version: Set(data.version + 1), ..changed(data, self.actor()) };
        let update = Entity::update_many()
            .set(row)
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::Id.eq(data.id.0))
            .filter(Column::Version.eq(data.version));
        self.update_unless_stale(update).await
    }
}

impl Unit {
    /// Takes the next ids of the organisation and returns the first of them. Others who want some wait for this unit's end.
    async fn take_category_ids(&self, count: usize) -> Result<i32, StoreError> {
        use category_id::{ActiveModel, Column, Entity};
        let count = i32::try_from(count).map_err(|error| StoreError::Unexpected(error.into()))?;
        let add = Expr::col((Entity, Column::LastId)).add(count);
        let row = ActiveModel { org_id: Set(self.org()), last_id: Set(count) };
        let taken = Entity::insert(row)
            .on_conflict(OnConflict::column(Column::OrgId).value(Column::LastId, add).to_owned())
            .exec_with_returning(&self.transaction);
        Ok(self.answer(taken).await?.last_id - count + 1)
    }

    /// Sees to it that ids up to this one are not given out.
    pub(crate) async fn skip_category_ids(&self, to: i32) -> Result<(), StoreError> {
        use category_id::{ActiveModel, Column, Entity};
        self.take_category_ids(0).await?;
        let update = Entity::update_many()
            .set(ActiveModel { last_id: Set(to), ..Default::default() })
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::LastId.lt(to));
        self.answer(update.exec(&self.transaction)).await.map(drop)
    }
}
