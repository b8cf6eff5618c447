use application::ports::{StoreError, TokenizationReads, Tokenizations};
use async_trait::async_trait;
use domain::{
    AccountId, Card, CustomerId, FailureMessage, GatewayToken, OrgId, Tokenization, TokenizationData,
    TokenizationStatus,
};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{Iterable, JoinType, QueryOrder, QuerySelect};

use crate::account::{self, account_row};
use crate::card;
use crate::column::Micros;
use crate::customer::{self, customer_row};
use crate::json::Unreadable;
use crate::store::{SqlStore, Unit};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokenizations")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) org_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) reference_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) attempt: i32,
    pub(crate) account_id: Uuid,
    pub(crate) customer_id: Uuid,
    pub(crate) status: String,
    pub(crate) token_id: Option<String>,
    pub(crate) error_message: Option<String>,
    pub(crate) created_at: Micros,
    pub(crate) updated_at: Micros,
    pub(crate) version: i64,
    pub(crate) modified_by: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

const PENDING: &str = "PENDING";

impl Model {
    fn into_tokenization(self) -> Result<Tokenization, Unreadable> {
        let status = match (&*self.status, self.token_id, self.error_message) {
            (PENDING, None, None) => TokenizationStatus::Pending,
            ("COMPLETED", Some(token), None) => TokenizationStatus::Completed(GatewayToken::restore(token)),
            ("FAILED", None, Some(words)) => TokenizationStatus::Failed(FailureMessage::restore(words)),
            _ => return Err(Unreadable),
        };
        Ok(Tokenization::restore(TokenizationData {
            reference_id: GatewayToken::restore(self.reference_id),
            attempt: self.attempt,
            account_id: AccountId(self.account_id),
            customer_id: CustomerId(self.customer_id),
            status,
            created_at: self.created_at.instant().ok_or(Unreadable)?,
            updated_at: self.updated_at.instant().ok_or(Unreadable)?,
            version: self.version,
        }))
    }
}

fn restore(model: Model) -> Result<Tokenization, StoreError> {
    let id = model.account_id;
    let corrupt = |_| StoreError::Corrupt { table: "tokenizations", id: format!("of account {id}") };
    model.into_tokenization().map_err(corrupt)
}

/// The columns that a change may write.
fn changed(tokenization: &TokenizationData, actor: String) -> ActiveModel {
    let (token, words) = match &tokenization.status {
        TokenizationStatus::Pending => (None, None),
        TokenizationStatus::Completed(token) => (Some(token.as_str().to_owned()), None),
        TokenizationStatus::Failed(message) => (None, Some(message.as_str().to_owned())),
    };
    ActiveModel {
        status: Set(tokenization.status.code().to_owned()),
        token_id: Set(token),
        error_message: Set(words),
        updated_at: Set(tokenization.updated_at.into()),
        modified_by: Set(actor),
        ..Default::default()
    }
}

/// The newest under a reference.
fn newest(org: &str, reference: &GatewayToken) -> Select<Entity> {
    Entity::find()
        .filter(Column::OrgId.eq(org))
        .filter(Column::ReferenceId.eq(reference.as_str()))
        .order_by_desc(Column::Attempt)
        .limit(1)
}

#[async_trait]
impl Tokenizations for Unit {
    async fn account_of(&mut self, reference: &GatewayToken) -> Result<Option<AccountId>, StoreError> {
        let query = newest(self.scope.org.as_str(), reference).select_only().column(Column::AccountId);
        let account: Option<Uuid> = self.answer(query.into_tuple().one(&self.transaction)).await?;
        Ok(account.map(AccountId))
    }

    async fn newest(&mut self, reference: &GatewayToken) -> Result<Option<Tokenization>, StoreError> {
        let query = newest(self.scope.org.as_str(), reference).lock_exclusive();
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn pending_of(&mut self, account: AccountId) -> Result<Option<Tokenization>, StoreError> {
        let query = Entity::find()
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::AccountId.eq(account.0))
            // As it stands in the condition of the index.
            .filter(Expr::cust("status = 'PENDING'"))
            .lock_exclusive();
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn insert(&mut self, tokenization: &Tokenization) -> Result<(), StoreError> {
        let data = tokenization.data();
        let row = ActiveModel {
            org_id: Set(self.org()),
            reference_id: Set(data.reference_id.as_str().to_owned()),
            attempt: Set(data.attempt),
            account_id: Set(data.account_id.0),
            customer_id: Set(data.customer_id.0),
            created_at: Set(data.created_at.into()),
            version: Set(data.version),
            ..changed(data, self.actor())
        };
        self.answer(Entity::insert(row).exec_without_returning(&self.transaction)).await.map(drop)
    }

    async fn update(&mut self, tokenization: &Tokenization) -> Result<(), StoreError> {
        let data = tokenization.data();
        let row = ActiveModel { version: Set(data.version + 1), ..changed(data, self.actor()) };
        let update = Entity::update_many()
            .set(row)
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::ReferenceId.eq(data.reference_id.as_str()))
            .filter(Column::Attempt.eq(data.attempt))
            .filter(Column::Version.eq(data.version));
        self.update_unless_stale(update).await
    }
}

#[async_trait]
impl TokenizationReads for SqlStore {
    async fn tokenization(
        &self,
        org: &OrgId,
        reference: &GatewayToken,
    ) -> Result<Option<Tokenization>, StoreError> {
        let query = newest(org.as_str(), reference);
        self.answer(query.one(&self.db)).await?.map(restore).transpose()
    }

    async fn tokenizations_of(
        &self,
        org: &OrgId,
        account: AccountId,
    ) -> Result<Option<Vec<Tokenization>>, StoreError> {
        let of_account = account::Entity::belongs_to(Entity)
            .from((account::Column::OrgId, account::Column::Id))
            .to((Column::OrgId, Column::AccountId));
        let query = account_row(org, account)
            .columns(Column::iter())
            .join(JoinType::LeftJoin, of_account.into())
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Attempt)
            .order_by_desc(Column::ReferenceId);
        let rows = self.joined(query).await?;
        rows.map(|rows| rows.into_iter().map(restore).collect()).transpose()
    }

    async fn cards_of(&self, org: &OrgId, customer: CustomerId) -> Result<Option<Vec<Card>>, StoreError> {
        let of_customer = customer::Entity::belongs_to(card::Entity)
            .from((customer::Column::OrgId, customer::Column::Id))
            .to((card::Column::OrgId, card::Column::CustomerId));
        let query = customer_row(org, customer)
            .columns(card::Column::iter())
            .join(JoinType::LeftJoin, of_customer.into())
            .order_by_desc(card::Column::CreatedAt)
            .order_by_desc(card::Column::TokenId);
        let rows = self.joined(query).await?;
        rows.map(|rows| rows.into_iter().map(card::restore).collect()).transpose()
    }
}
