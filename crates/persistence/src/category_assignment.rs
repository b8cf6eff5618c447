use application::ports::{
    AssignedCategory, CategoryAssignments, CategoryHistory, CategoryReads, HistoricalValue, StoreError,
};
use async_trait::async_trait;
use domain::{
    CatalogueValue, CatalogueValues, Category, CategoryAssignment, CategoryAssignmentData, CategoryId,
    CategoryName, CustomerId, OrgId, Text, ValueSet,
};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, ExprTrait, FromQueryResult, Iterable, JoinType, QueryOrder, QuerySelect};

use crate::category;
use crate::column::Micros;
use crate::customer::{self, customer_row};
use crate::json::Unreadable;
use crate::store::{SqlStore, Unit};

/// A value that a customer has, or has had. What has an end is history.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "category_assignments")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) org_id: String,
    pub(crate) customer_id: Uuid,
    pub(crate) category_id: i32,
    pub(crate) value: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) assigned_at: Micros,
    pub(crate) create_date: Micros,
    pub(crate) end_date: Option<Micros>,
    pub(crate) last_modified_date: Micros,
    pub(crate) version: i64,
    pub(crate) modified_by: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "category::Entity",
        from = "(Column::OrgId, Column::CategoryId)",
        to = "(category::Column::OrgId, category::Column::Id)"
    )]
    Category,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    fn into_assignment(self) -> Result<CategoryAssignment, Unreadable> {
        let instant = |micros: Micros| micros.instant().ok_or(Unreadable);
        Ok(CategoryAssignment::restore(CategoryAssignmentData {
            customer_id: CustomerId(self.customer_id),
            category_id: CategoryId(self.category_id),
            value: self.value.map(CatalogueValue::restore),
            description: self.description.map(Text::restore),
            reason: self.reason.map(Text::restore),
            created_at: instant(self.assigned_at)?,
            value_since: instant(self.create_date)?,
            updated_at: instant(self.last_modified_date)?,
            ended_at: self.end_date.map(instant).transpose()?,
            version: self.version,
        }))
    }
}

fn corrupt(customer: Uuid) -> impl Fn(Unreadable) -> StoreError {
    move |_| StoreError::Corrupt { table: "category_assignments", id: customer.to_string() }
}

fn restore(model: Model) -> Result<CategoryAssignment, StoreError> {
    let customer = model.customer_id;
    model.into_assignment().map_err(corrupt(customer))
}

/// The columns that a change may write while the value stays.
fn changed(assignment: &CategoryAssignmentData) -> ActiveModel {
    let text = |text: &Option<Text<1, 200>>| text.as_ref().map(|text| text.as_str().to_owned());
    ActiveModel {
        description: Set(text(&assignment.description)),
        reason: Set(text(&assignment.reason)),
        end_date: Set(assignment.ended_at.map(Into::into)),
        last_modified_date: Set(assignment.updated_at.into()),
        ..Default::default()
    }
}

fn strings(values: &CatalogueValues) -> impl Iterator<Item = &str> {
    values.as_slice().iter().map(CatalogueValue::as_str)
}

#[async_trait]
impl CategoryAssignments for Unit {
    async fn insert(&mut self, assignment: &CategoryAssignment) -> Result<(), StoreError> {
        self.append_category_value(assignment.data(), assignment.data().version).await
    }

    async fn find(
        &mut self,
        customer: CustomerId,
        category: CategoryId,
    ) -> Result<Option<CategoryAssignment>, StoreError> {
        let query = self.live_assignments().filter(Column::CustomerId.eq(customer.0));
        let query = query.filter(Column::CategoryId.eq(category.0)).lock_exclusive();
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn of_customer(&mut self, customer: CustomerId) -> Result<Vec<CategoryAssignment>, StoreError> {
        let query = self.live_assignments().filter(Column::CustomerId.eq(customer.0));
        let query = query.order_by_asc(Column::CategoryId).lock_exclusive();
        self.answer(query.all(&self.transaction)).await?.into_iter().map(restore).collect()
    }

    async fn update(&mut self, assignment: &CategoryAssignment) -> Result<(), StoreError> {
        let data = assignment.data();
        let version = data.version + 1;
        let row = if assignment.has_new_value() {
            ActiveModel { end_date: Set(Some(data.value_since.into())), ..Default::default() }
        } else {
            ActiveModel { version: Set(version), ..changed(data) }
        };
        let update = Entity::update_many()
            .set(row)
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::CustomerId.eq(data.customer_id.0))
            .filter(Column::CategoryId.eq(data.category_id.0))
            .filter(Column::EndDate.is_null())
            .filter(Column::Version.eq(data.version));
        self.update_unless_stale(update).await?;
        if assignment.has_new_value() {
            self.append_category_value(data, version).await?;
        }
        Ok(())
    }

    async fn any_live(&mut self, category: CategoryId, values: &ValueSet) -> Result<bool, StoreError> {
        let query = self.live_assignments().select_only().column(Column::Id);
        let query = query.filter(Column::CategoryId.eq(category.0));
        let query = match values {
            ValueSet::Any => query.filter(Column::Value.is_not_null()),
            // SQLite would walk through all values that are not null, if told that these are not.
            ValueSet::OneOf(values) => query.filter(Column::Value.is_in(strings(values))),
            ValueSet::NoneOf(values) => {
                query.filter(Column::Value.is_not_null()).filter(Column::Value.is_not_in(strings(values)))
            }
        };
        let first: Option<i64> = self.answer(query.limit(1).into_tuple().one(&self.transaction)).await?;
        Ok(first.is_some())
    }
}

impl Unit {
    fn live_assignments(&self) -> Select<Entity> {
        Entity::find().filter(Column::OrgId.eq(self.org())).filter(Column::EndDate.is_null())
    }

    async fn append_category_value(
        &self,
        data: &CategoryAssignmentData,
        version: i64,
    ) -> Result<(), StoreError> {
        let row = ActiveModel {
            id: NotSet,
            org_id: Set(self.org()),
            customer_id: Set(data.customer_id.0),
            category_id: Set(data.category_id.0),
            value: Set(data.value.as_ref().map(ToString::to_string)),
            assigned_at: Set(data.created_at.into()),
            create_date: Set(data.value_since.into()),
            version: Set(version),
            modified_by: Set(self.actor()),
            ..changed(data)
        };
        self.answer(Entity::insert(row).exec_without_returning(&self.transaction)).await.map(drop)
    }
}

/// A value together with its category.
#[derive(FromQueryResult)]
struct Row {
    name: String,
    category_ended_at: Option<Micros>,
    #[sea_orm(nested)]
    held: Model,
}

impl Row {
    fn assigned(self) -> Result<AssignedCategory, Unreadable> {
        Ok(AssignedCategory {
            name: CategoryName::restore(self.name),
            assignment: self.held.into_assignment()?,
        })
    }

    fn historical(self) -> Result<HistoricalValue, Unreadable> {
        let instant = |micros: Micros| micros.instant().ok_or(Unreadable);
        let end_date = [self.held.end_date, self.category_ended_at].into_iter().flatten().min();
        Ok(HistoricalValue {
            value: self.held.value.map(CatalogueValue::restore),
            description: self.held.description.map(Text::restore),
            reason: self.held.reason.map(Text::restore),
            create_date: instant(self.held.create_date)?,
            end_date: end_date.map(instant).transpose()?,
            last_modified_date: instant(self.held.last_modified_date)?,
            modified_by: Text::restore(self.held.modified_by),
        })
    }
}

/// The values of a customer that fit, with their categories, by their ids and newest first. A customer without any gives one
/// row without them.
fn values_of(org: &OrgId, customer: CustomerId, which: Condition) -> Select<customer::Entity> {
    let of_customer = customer::Entity::belongs_to(Entity)
        .from((customer::Column::OrgId, customer::Column::Id))
        .to((Column::OrgId, Column::CustomerId))
        .on_condition(move |_, _| which.clone());
    customer_row(org, customer)
        .column_as(category::Column::Name, "name")
        .column_as(category::Column::EndedAt, "category_ended_at")
        .columns(Column::iter())
        .join(JoinType::LeftJoin, of_customer.into())
        .join(JoinType::LeftJoin, Relation::Category.def())
        .order_by_asc(Column::CategoryId)
        .order_by_desc(Column::Id)
}

/// What a customer has now and shows.
fn shown() -> Condition {
    Condition::all()
        .add(Expr::col((Entity, Column::EndDate)).is_null())
        .add(Expr::col((Entity, Column::Value)).is_not_null())
}

#[async_trait]
impl CategoryReads for SqlStore {
    async fn categories(&self, org: &OrgId) -> Result<Vec<Category>, StoreError> {
        let query = category::live(org).order_by_asc(category::Column::Id);
        self.answer(query.all(&self.db)).await?.into_iter().map(category::restore).collect()
    }

    async fn category(&self, org: &OrgId, id: CategoryId) -> Result<Option<Category>, StoreError> {
        let query = category::live(org).filter(category::Column::Id.eq(id.0));
        self.answer(query.one(&self.db)).await?.map(category::restore).transpose()
    }

    async fn categories_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Vec<AssignedCategory>>, StoreError> {
        let query = values_of(org, customer, shown());
        let rows: Option<Vec<Row>> = self.joined(query).await?;
        rows.map(|rows| rows.into_iter().map(Row::assigned).collect())
            .transpose()
            .map_err(corrupt(customer.0))
    }

    async fn category_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
        category: CategoryId,
    ) -> Result<Option<AssignedCategory>, StoreError> {
        let of_category = Expr::col((Entity, Column::CategoryId)).eq(category.0);
        let query = values_of(org, customer, shown().add(of_category));
        let rows: Vec<Row> = self.joined(query).await?.unwrap_or_default();
        rows.into_iter().next().map(Row::assigned).transpose().map_err(corrupt(customer.0))
    }

    async fn category_history(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Vec<CategoryHistory>>, StoreError> {
        let query = values_of(org, customer, Condition::all());
        self.joined(query).await?.map(history).transpose().map_err(corrupt(customer.0))
    }
}

/// Rows of one category stand together.
fn history(rows: Vec<Row>) -> Result<Vec<CategoryHistory>, Unreadable> {
    let mut categories: Vec<CategoryHistory> = Vec::new();
    for row in rows {
        let (id, name) = (CategoryId(row.held.category_id), row.name.clone());
        let value = row.historical()?;
        match categories.last_mut() {
            Some(last) if last.id == id => last.values.push(value),
            _ => {
                let name = CategoryName::restore(name);
                categories.push(CategoryHistory { id, name, values: vec![value] });
            }
        }
    }
    Ok(categories)
}
