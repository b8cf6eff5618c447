use application::ports::{Cards, StoreError};
use async_trait::async_trait;
use domain::{Card, CustomerId, GatewayToken};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use crate::column::Micros;
use crate::json::{Unreadable, code};
use crate::store::Unit;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cards")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) org_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) token_id: String,
    pub(crate) customer_id: Uuid,
    pub(crate) last_four: String,
    pub(crate) expiration_date: String,
    pub(crate) created_at: Micros,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) fn restore(model: Model) -> Result<Card, StoreError> {
    let id = model.customer_id;
    let card = |model: Model| {
        Ok(Card {
            token_id: GatewayToken::restore(model.token_id),
            customer_id: CustomerId(model.customer_id),
            last_four: model.last_four,
            expiration: code(&model.expiration_date)?,
            created_at: model.created_at.instant().ok_or(Unreadable)?,
        })
    };
    // The token would be a secret in a log.
    card(model)
        .map_err(|_: Unreadable| StoreError::Corrupt { table: "cards", id: format!("of customer {id}") })
}

pub(crate) fn new_row(unit: &Unit, card: &Card) -> ActiveModel {
    ActiveModel {
        org_id: Set(unit.org()),
        token_id: Set(card.token_id.as_str().to_owned()),
        customer_id: Set(card.customer_id.0),
        last_four: Set(card.last_four.clone()),
        expiration_date: Set(card.expiration.to_string()),
        created_at: Set(card.created_at.into()),
    }
}

#[async_trait]
impl Cards for Unit {
    async fn find(&mut self, token: &GatewayToken) -> Result<Option<Card>, StoreError> {
        let query = Entity::find_by_id((self.org(), token.as_str().to_owned()));
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn insert(&mut self, card: &Card) -> Result<(), StoreError> {
        let row = new_row(self, card);
        self.answer(Entity::insert(row).exec_without_returning(&self.transaction)).await.map(drop)
    }
}
