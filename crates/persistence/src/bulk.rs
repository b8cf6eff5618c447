use application::ports::{Bulk, ImportedLine, KnownAccount, KnownCustomer, StoreError};
use async_trait::async_trait;
use domain::{
    AccountId, Card, Category, Contract, Credential, Customer, CustomerId, CustomerType, ExternalId,
    GatewayToken, IdentificationProcess, ImportKind, ImportedAccount, Promotion, Text,
};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::IntoIden;
use sea_orm::{ActiveValue, Condition, ConnectionTrait, DbBackend, IntoActiveModel, QueryOrder, QuerySelect};
use time::{Date, OffsetDateTime};

use crate::column::Micros;
use crate::json::code;
use crate::store::Unit;
use crate::{account, card, category, contract, credential, customer, identification_process, promotion};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "imported_lines")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) org_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) key: String,
    pub(crate) digest: String,
    pub(crate) imported_at: Micros,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Most rows of one statement: no table has more than 20 columns, and SQLite takes 32,766 values.
const MOST_ROWS: usize = 1500;

/// Most values in a list of one statement.
const MOST_VALUES: usize = 10_000;

type AccountRow = (Uuid, Option<String>, Uuid, Option<Micros>);
type CustomerRow = (Uuid, Option<String>, Option<Micros>);

impl Unit {
    /// Adds rows in as few statements as the engines allow.
    pub(crate) async fn insert_all<A>(&self, mut rows: Vec<A>) -> Result<(), StoreError>
    where
        A: ActiveModelTrait + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(MOST_ROWS));
            let insert = A::Entity::insert_many(rows);
            self.answer(insert.exec_without_returning(&self.transaction)).await?;
            rows = rest;
        }
        Ok(())
    }

    async fn execute(&self, statement: &str) -> Result<(), StoreError> {
        self.answer(self.transaction.execute_unprepared(statement)).await.map(drop)
    }

    /// External ids for rows that bring none.
    async fn external_ids(
        &self,
        sequence: &str,
        count: usize,
    ) -> Result<Vec<ActiveValue<Option<String>>>, StoreError> {
        if count == 0 || self.transaction.get_database_backend() == DbBackend::Postgres {
            // The column's default.
            return Ok(vec![NotSet; count]);
        }
        let first = self.take_external_ids(sequence, count).await?;
        Ok((first..).take(count).map(|number| Set(Some(number.to_string()))).collect())
    }

    async fn known_customers(&self, filter: Condition) -> Result<Vec<KnownCustomer>, StoreError> {
        use customer::{Column, Entity};
        let query = Entity::find()
            .select_only()
            .columns([Column::Id, Column::ExternalId, Column::EndedAt])
            .filter(Column::OrgId.eq(self.org()))
            .filter(filter);
        let query = if self.transaction.get_database_backend() == DbBackend::Postgres {
            // In the same order by everybody, so that no two wait for one another.
            query.order_by_asc(Column::Id).lock_shared()
        } else {
            query
        };
        let rows: Vec<CustomerRow> = self.answer(query.into_tuple().all(&self.transaction)).await?;
        let known = |(id, external_id, ended_at): CustomerRow| KnownCustomer {
            id: CustomerId(id),
            external_id: external_id.map(Text::restore),
            is_live: ended_at.is_none(),
        };
        Ok(rows.into_iter().map(known).collect())
    }

    async fn known_accounts(&self, filter: Condition) -> Result<Vec<KnownAccount>, StoreError> {
        use account::{Column, Entity};
        let query = Entity::find()
            .select_only()
            .columns([Column::Id, Column::ExternalId, Column::CustomerId, Column::EndedAt])
            .filter(Column::OrgId.eq(self.org()))
            .filter(filter);
        let query = if self.transaction.get_database_backend() == DbBackend::Postgres {
            // As of customers. Promotions of an account are read and changed by one at a time.
            query.order_by_asc(Column::Id).lock_exclusive()
        } else {
            query
        };
        let rows: Vec<AccountRow> = self.answer(query.into_tuple().all(&self.transaction)).await?;
        let known = |(id, external_id, customer_id, ended_at): AccountRow| KnownAccount {
            id: AccountId(id),
            external_id: external_id.map(Text::restore),
            customer_id: CustomerId(customer_id),
            is_live: ended_at.is_none(),
        };
        Ok(rows.into_iter().map(known).collect())
    }
}

/// Rows that have one of these external ids, and have ended or not. Each has an index of its own.
fn with_external_id<C: ColumnTrait>(
    external_id: C,
    ended_at: C,
    ids: &[ExternalId],
    live: bool,
) -> Condition {
    let ended = if live { ended_at.is_null() } else { ended_at.is_not_null() };
    Condition::all().add(external_id.is_in(ids.iter().map(ExternalId::as_str))).add(ended)
}

#[async_trait]
impl Bulk for Unit {
    async fn mark(&mut self) -> Result<(), StoreError> {
        if self.is_marked {
            self.execute("RELEASE SAVEPOINT mark").await?;
        }
        self.execute("SAVEPOINT mark").await?;
        self.is_marked = true;
        Ok(())
    }

    async fn back_to_mark(&mut self) -> Result<(), StoreError> {
        self.execute("ROLLBACK TO SAVEPOINT mark").await
    }

    async fn imported(&mut self, lines: &[(ImportKind, &str)]) -> Result<Vec<ImportedLine>, StoreError> {
        if self.transaction.get_database_backend() == DbBackend::Postgres {
            // A plan that was kept from when the tables were empty would read them from end to end.
            self.execute("SET LOCAL plan_cache_mode = force_custom_plan").await?;
        }
        let mut imported = Vec::new();
        for kind in ImportKind::ALL {
            let keys: Vec<&str> = lines.iter().filter(|(own, _)| own == kind).map(|(_, key)| *key).collect();
            for keys in keys.chunks(MOST_VALUES) {
                let query = Entity::find()
                    .filter(Column::OrgId.eq(self.org()))
                    .filter(Column::Kind.eq(kind.code()))
                    .filter(Column::Key.is_in(keys.iter().copied()));
                for row in self.answer(query.all(&self.transaction)).await? {
                    let kind = code(&row.kind)
                        .map_err(|_| StoreError::Corrupt { table: "imported_lines", id: row.kind.clone() })?;
                    imported.push(ImportedLine { kind, key: row.key, digest: row.digest });
                }
            }
        }
        Ok(imported)
    }

    async fn remember(&mut self, lines: &[ImportedLine], now: OffsetDateTime) -> Result<(), StoreError> {
        let row = |line: &ImportedLine| ActiveModel {
            org_id: Set(self.org()),
            kind: Set(line.kind.code().to_owned()),
            key: Set(line.key.clone()),
            digest: Set(line.digest.clone()),
            imported_at: Set(now.into()),
        };
        self.insert_all(lines.iter().map(row).collect()).await
    }

    async fn customers(&mut self, ids: &[CustomerId]) -> Result<Vec<KnownCustomer>, StoreError> {
        let mut known = Vec::new();
        for ids in ids.chunks(MOST_VALUES) {
            let filter = customer::Column::Id.is_in(ids.iter().map(|id| id.0));
            known.extend(self.known_customers(Condition::all().add(filter)).await?);
        }
        Ok(known)
    }

    async fn customers_by_external_id(
        &mut self,
        ids: &[ExternalId],
        live: bool,
    ) -> Result<Vec<KnownCustomer>, StoreError> {
        use customer::Column;
        let mut known = Vec::new();
        for ids in ids.chunks(MOST_VALUES) {
            let filter = with_external_id(Column::ExternalId, Column::EndedAt, ids, live);
            known.extend(self.known_customers(filter).await?);
        }
        Ok(known)
    }

    async fn accounts(&mut self, ids: &[AccountId]) -> Result<Vec<KnownAccount>, StoreError> {
        let mut known = Vec::new();
        for ids in ids.chunks(MOST_VALUES) {
            let filter = account::Column::Id.is_in(ids.iter().map(|id| id.0));
            known.extend(self.known_accounts(Condition::all().add(filter)).await?);
        }
        Ok(known)
    }

    async fn accounts_by_external_id(
        &mut self,
        ids: &[ExternalId],
        live: bool,
    ) -> Result<Vec<KnownAccount>, StoreError> {
        use account::Column;
        let mut known = Vec::new();
        for ids in ids.chunks(MOST_VALUES) {
            let filter = with_external_id(Column::ExternalId, Column::EndedAt, ids, live);
            known.extend(self.known_accounts(filter).await?);
        }
        Ok(known)
    }

    async fn cards(
        &mut self,
        tokens: &[GatewayToken],
    ) -> Result<Vec<(GatewayToken, CustomerId)>, StoreError> {
        use card::{Column, Entity};
        let mut known = Vec::new();
        for tokens in tokens.chunks(MOST_VALUES) {
            let query = Entity::find()
                .select_only()
                .columns([Column::TokenId, Column::CustomerId])
                .filter(Column::OrgId.eq(self.org()))
                .filter(Column::TokenId.is_in(tokens.iter().map(GatewayToken::as_str)));
            let rows: Vec<(String, Uuid)> = self.answer(query.into_tuple().all(&self.transaction)).await?;
            known.extend(rows.into_iter().map(|(token, id)| (GatewayToken::restore(token), CustomerId(id))));
        }
        Ok(known)
    }

    async fn live_promotions(
        &mut self,
        accounts: &[AccountId],
        today: Date,
    ) -> Result<Vec<Promotion>, StoreError> {
        use promotion::{Column, Entity};
        let mut promotions = Vec::new();
        for accounts in accounts.chunks(MOST_VALUES) {
            let query = Entity::find()
                .filter(Column::OrgId.eq(self.org()))
                .filter(Column::AccountId.is_in(accounts.iter().map(|id| id.0)))
                .filter(promotion::is_live(Entity.into_iden(), today));
            for row in self.answer(query.all(&self.transaction)).await? {
                promotions.push(promotion::restore(row)?);
            }
        }
        Ok(promotions)
    }

    async fn insert_customers(&mut self, customers: &[Customer]) -> Result<(), StoreError> {
        let (mut rows, mut without) = (Vec::new(), Vec::new());
        for data in customers.iter().map(Customer::data) {
            let row = customer::new_row(self, data);
            match &data.external_id {
                None if data.profile.kind() != CustomerType::Digital => without.push(row),
                external_id => {
                    let external_id = Set(external_id.as_ref().map(|id| id.as_str().to_owned()));
                    rows.push(customer::ActiveModel { external_id, ..row });
                }
            }
        }
        let ids = self.external_ids("customer_external_id", without.len()).await?;
        // A statement has the same columns for all its rows.
        self.insert_all(rows).await?;
        let number = |(row, external_id)| customer::ActiveModel { external_id, ..row };
        self.insert_all(without.into_iter().zip(ids).map(number).collect()).await
    }

    async fn insert_accounts(&mut self, accounts: &[ImportedAccount]) -> Result<(), StoreError> {
        let (mut rows, mut without) = (Vec::new(), Vec::new());
        let (mut methods, mut addresses) = (Vec::new(), Vec::new());
        for imported in accounts {
            let data = imported.account.data();
            let row = account::new_row(self, data);
            match &data.external_id {
                None => without.push(row),
                Some(id) => {
                    rows.push(account::ActiveModel { external_id: Set(Some(id.as_str().to_owned())), ..row });
                }
            }
            let (own_methods, own_addresses) = account::history_rows(self, imported);
            methods.extend(own_methods);
            addresses.extend(own_addresses);
        }
        let ids = self.external_ids("account_external_id", without.len()).await?;
        self.insert_all(rows).await?;
        let number = |(row, external_id)| account::ActiveModel { external_id, ..row };
        self.insert_all(without.into_iter().zip(ids).map(number).collect()).await?;
        self.insert_all(methods).await?;
        self.insert_all(addresses).await
    }

    async fn insert_cards(&mut self, cards: &[Card]) -> Result<(), StoreError> {
        self.insert_all(cards.iter().map(|card| card::new_row(self, card)).collect()).await
    }

    async fn insert_contracts(&mut self, contracts: &[Contract]) -> Result<(), StoreError> {
        self.insert_all(contracts.iter().map(|contract| contract::new_row(self, contract)).collect()).await
    }

    async fn insert_identification_processes(
        &mut self,
        processes: &[IdentificationProcess],
    ) -> Result<(), StoreError> {
        let rows = processes.iter().map(|process| identification_process::new_row(self, process));
        self.insert_all(rows.collect()).await
    }

    async fn insert_promotions(&mut self, promotions: &[Promotion]) -> Result<(), StoreError> {
        let rows = promotions.iter().map(|promotion| promotion::new_row(self, promotion.data()));
        self.insert_all(rows.collect()).await?;
        let events = promotions.iter().flat_map(|promotion| promotion::event_rows(self, promotion));
        self.insert_all(events.collect()).await
    }

    async fn insert_categories(&mut self, categories: &[Category]) -> Result<(), StoreError> {
        let rows = categories.iter().map(|category| category::new_row(self, category.data()));
        self.insert_all(rows.collect()).await?;
        match categories.iter().map(|category| category.data().id.0).max() {
            Some(highest) => self.skip_category_ids(highest).await,
            None => Ok(()),
        }
    }

    async fn insert_credentials(&mut self, credentials: &[Credential]) -> Result<(), StoreError> {
        let rows = credentials.iter().map(|credential| credential::new_row(self, credential.data()));
        self.insert_all(rows.collect()).await
    }
}
