use application::ports::{PromotionReads, Promotions, StoreError};
use async_trait::async_trait;
use domain::{
    AccountId, OrgId, Period, Promotion, PromotionData, PromotionEvent, PromotionId, PromotionNumber,
    parse_date,
};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{DynIden, IntoCondition, IntoIden};
use sea_orm::{Condition, ExprTrait, Iterable, JoinType, QueryOrder, QuerySelect};
use time::Date;

use crate::account::{self, account_row};
use crate::column::Micros;
use crate::json::{Unreadable, code};
use crate::store::{SqlStore, Unit};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promotions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) org_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) account_id: Uuid,
    pub(crate) promotion_id: i32,
    pub(crate) start_date: String,
    pub(crate) end_date: Option<String>,
    pub(crate) cancelled_at: Option<Micros>,
    pub(crate) created_at: Micros,
    pub(crate) updated_at: Micros,
    pub(crate) version: i64,
    pub(crate) modified_by: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) mod history {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "promotion_history")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        pub(crate) org_id: String,
        pub(crate) account_id: Uuid,
        pub(crate) account_promotion_id: Uuid,
        pub(crate) promotion_id: i32,
        pub(crate) start_date: String,
        pub(crate) end_date: Option<String>,
        pub(crate) operation: String,
        pub(crate) operation_date: String,
        pub(crate) created_at: Micros,
        pub(crate) modified_by: String,
    }

    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn day(text: &str) -> Result<Date, Unreadable> {
    parse_date(text).map_err(|_| Unreadable)
}

fn period(start_date: &str, end_date: Option<&str>) -> Result<Period, Unreadable> {
    Period::new(day(start_date)?, end_date.map(day).transpose()?).map_err(|_| Unreadable)
}

fn number(promotion_id: i32) -> Result<PromotionNumber, Unreadable> {
    i64::from(promotion_id).try_into().map_err(|_| Unreadable)
}

impl Model {
    fn into_promotion(self) -> Result<Promotion, Unreadable> {
        let instant = |micros: Micros| micros.instant().ok_or(Unreadable);
        Ok(Promotion::restore(PromotionData {
            id: PromotionId(self.id),
            account_id: AccountId(self.account_id),
            promotion_id: number(self.promotion_id)?,
            period: period(&self.start_date, self.end_date.as_deref())?,
            cancelled_at: self.cancelled_at.map(instant).transpose()?,
            created_at: instant(self.created_at)?,
            updated_at: instant(self.updated_at)?,
            version: self.version,
        }))
    }
}

pub(crate) fn restore(model: Model) -> Result<Promotion, StoreError> {
    let id = model.id.to_string();
    model.into_promotion().map_err(|_| StoreError::Corrupt { table: "promotions", id })
}

impl history::Model {
    fn into_event(self) -> Result<PromotionEvent, StoreError> {
        let event = || {
            Ok(PromotionEvent {
                promotion_id: number(self.promotion_id)?,
                period: period(&self.start_date, self.end_date.as_deref())?,
                operation: code(&self.operation)?,
                date: day(&self.operation_date)?,
            })
        };
        let corrupt =
            |_: Unreadable| StoreError::Corrupt { table: "promotion_history", id: self.id.to_string() };
        event().map_err(corrupt)
    }
}

/// The columns that a change may write.
fn changed(promotion: &PromotionData, actor: String) -> ActiveModel {
    ActiveModel {
        end_date: Set(promotion.period.end_date().map(|date| date.to_string())),
        cancelled_at: Set(promotion.cancelled_at.map(Into::into)),
        updated_at: Set(promotion.updated_at.into()),
        modified_by: Set(actor),
        ..Default::default()
    }
}

/// The promotions that have neither been cancelled nor ended before this day.
pub(crate) fn is_live(promotions: DynIden, today: Date) -> Condition {
    let end_date = || Expr::col((promotions.clone(), Column::EndDate));
    Condition::all()
        .add(Expr::col((promotions.clone(), Column::CancelledAt)).is_null())
        .add(end_date().is_null().or(end_date().gte(today.to_string())))
}

pub(crate) fn new_row(unit: &Unit, promotion: &PromotionData) -> ActiveModel {
    ActiveModel {
        org_id: Set(unit.org()),
        id: Set(promotion.id.0),
        account_id: Set(promotion.account_id.0),
        promotion_id: Set(promotion.promotion_id.get().into()),
        start_date: Set(promotion.period.start_date().to_string()),
        created_at: Set(promotion.created_at.into()),
        version: Set(promotion.version),
        ..changed(promotion, unit.actor())
    }
}

/// What has happened to the promotion, for its account's history.
pub(crate) fn event_rows(unit: &Unit, promotion: &Promotion) -> impl Iterator<Item = history::ActiveModel> {
    let data = promotion.data();
    promotion.events().iter().map(move |event| history::ActiveModel {
        id: NotSet,
        org_id: Set(unit.org()),
        account_id: Set(data.account_id.0),
        account_promotion_id: Set(data.id.0),
        promotion_id: Set(event.promotion_id.get().into()),
        start_date: Set(event.period.start_date().to_string()),
        end_date: Set(event.period.end_date().map(|date| date.to_string())),
        operation: Set(event.operation.code().to_owned()),
        operation_date: Set(event.date.to_string()),
        created_at: Set(data.updated_at.into()),
        modified_by: Set(unit.actor()),
    })
}

#[async_trait]
impl Promotions for Unit {
    async fn find(&mut self, id: PromotionId) -> Result<Option<Promotion>, StoreError> {
        let query = Entity::find_by_id((self.org(), id.0));
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn live(&mut self, account: AccountId, today: Date) -> Result<Vec<Promotion>, StoreError> {
        let query = Entity::find()
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::AccountId.eq(account.0))
            .filter(is_live(Entity.into_iden(), today))
            .order_by_asc(Column::StartDate)
            .order_by_asc(Column::Id);
        self.answer(query.all(&self.transaction)).await?.into_iter().map(restore).collect()
    }

    async fn insert(&mut self, promotion: &Promotion) -> Result<(), StoreError> {
        let row = new_row(self, promotion.data());
        self.answer(Entity::insert(row).exec_without_returning(&self.transaction)).await?;
        self.append_promotion_events(promotion).await
    }

    async fn update(&mut self, promotion: &Promotion) -> Result<(), StoreError> {
        let data = promotion.data();
        let row = ActiveModel { version: Set(data.version + 1), ..changed(data, self.actor()) };
        let update = Entity::update_many()
            .set(row)
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::Id.eq(data.id.0))
            .filter(Column::Version.eq(data.version));
        self.update_unless_stale(update).await?;
        self.append_promotion_events(promotion).await
    }
}

impl Unit {
    /// Appends what has happened to the promotion to its account's history.
    async fn append_promotion_events(&self, promotion: &Promotion) -> Result<(), StoreError> {
        self.insert_all(event_rows(self, promotion).collect()).await
    }
}

#[async_trait]
impl PromotionReads for SqlStore {
    async fn live_promotions(
        &self,
        org: &OrgId,
        account: AccountId,
        today: Date,
    ) -> Result<Option<Vec<Promotion>>, StoreError> {
        let live = account::Entity::belongs_to(Entity)
            .from((account::Column::OrgId, account::Column::Id))
            .to((Column::OrgId, Column::AccountId))
            .on_condition(move |_, promotions| is_live(promotions, today));
        let query = account_row(org, account)
            .columns(Column::iter())
            .join(JoinType::LeftJoin, live.into())
            .order_by_asc(Column::StartDate)
            .order_by_asc(Column::Id);
        let rows = self.joined(query).await?;
        rows.map(|rows| rows.into_iter().map(restore).collect()).transpose()
    }

    async fn promotion_history(
        &self,
        org: &OrgId,
        account: AccountId,
        from: Option<Date>,
    ) -> Result<Option<Vec<PromotionEvent>>, StoreError> {
        use history::Column as History;
        let shown = account::Entity::belongs_to(history::Entity)
            .from((account::Column::OrgId, account::Column::Id))
            .to((History::OrgId, History::AccountId))
            .on_condition(move |_, history| {
                let date = || Expr::col((history.clone(), History::OperationDate));
                Condition::all().add_option(from.map(|from| date().gte(from.to_string()))).into_condition()
            });
        let query = account_row(org, account)
            .columns(History::iter())
            .join(JoinType::LeftJoin, shown.into())
            .order_by_asc(History::Id);
        let rows = self.joined(query).await?;
        rows.map(|rows| rows.into_iter().map(history::Model::into_event).collect()).transpose()
    }
}
