use application::ports::{AccountContracts, ContractReads, Contracts, StoreError};
use async_trait::async_trait;
use domain::{AccountId, Contract, ContractId, ContractRequest, ExternalId, OrgId, Text};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{
    FromJsonQueryResult, FromQueryResult, Iterable, JoinType, QueryOrder, QuerySelect, QueryTrait,
};
use serde::{Deserialize, Serialize};

use crate::account;
use crate::column::Micros;
use crate::json::Unreadable;
use crate::store::{SqlStore, Unit};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contracts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) org_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) account_external_id: String,
    pub(crate) start_date: Micros,
    pub(crate) end_date: Option<Micros>,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) requests: RequestsJson,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct RequestsJson(Vec<RequestJson>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RequestJson {
    request_external_id: String,
    create_date: i64,
    contract_reference_id: String,
    r#type: String,
    origin_user: String,
}

impl From<&ContractRequest> for RequestJson {
    fn from(request: &ContractRequest) -> Self {
        Self {
            request_external_id: request.request_external_id.as_str().to_owned(),
            create_date: Micros::from(request.create_date).0,
            contract_reference_id: request.contract_reference_id.as_str().to_owned(),
            r#type: request.kind.as_str().to_owned(),
            origin_user: request.origin_user.as_str().to_owned(),
        }
    }
}

impl TryFrom<RequestJson> for ContractRequest {
    type Error = Unreadable;

    fn try_from(json: RequestJson) -> Result<Self, Unreadable> {
        Ok(Self {
            request_external_id: Text::restore(json.request_external_id),
            create_date: Micros(json.create_date).instant().ok_or(Unreadable)?,
            contract_reference_id: Text::restore(json.contract_reference_id),
            kind: Text::restore(json.r#type),
            origin_user: Text::restore(json.origin_user),
        })
    }
}

fn contract(model: Model) -> Result<Contract, Unreadable> {
    let instant = |micros: Micros| micros.instant().ok_or(Unreadable);
    Ok(Contract {
        id: ContractId(model.id),
        account_external_id: Text::restore(model.account_external_id),
        start_date: instant(model.start_date)?,
        end_date: model.end_date.map(instant).transpose()?,
        requests: model.requests.0.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
    })
}

fn restore(model: Model) -> Result<Contract, StoreError> {
    let id = model.id;
    contract(model).map_err(|_| StoreError::Corrupt { table: "contracts", id: id.to_string() })
}

pub(crate) fn new_row(unit: &Unit, contract: &Contract) -> ActiveModel {
    ActiveModel {
        org_id: Set(unit.org()),
        id: Set(contract.id.0),
        account_external_id: Set(contract.account_external_id.as_str().to_owned()),
        start_date: Set(contract.start_date.into()),
        end_date: Set(contract.end_date.map(Into::into)),
        requests: Set(RequestsJson(contract.requests.iter().map(Into::into).collect())),
    }
}

#[async_trait]
impl Contracts for Unit {
    async fn find(&mut self, id: ContractId) -> Result<Option<Contract>, StoreError> {
        let query = Entity::find_by_id((self.org(), id.0));
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn insert(&mut self, contract: &Contract) -> Result<(), StoreError> {
        let row = new_row(self, contract);
        self.answer(Entity::insert(row).exec_without_returning(&self.transaction)).await.map(drop)
    }
}

/// An account, and one of its contracts if it has any.
#[derive(FromQueryResult)]
struct Row {
    account_id: Uuid,
    #[sea_orm(nested)]
    contract: Option<Model>,
}

#[async_trait]
impl ContractReads for SqlStore {
    async fn contracts_by_account_external_id(
        &self,
        org: &OrgId,
        external_id: &ExternalId,
    ) -> Result<Vec<AccountContracts>, StoreError> {
        // Two are enough to know that it is ambiguous, however many accounts an import has given this id.
        let accounts = account::Entity::find()
            .select_only()
            .column(account::Column::Id)
            .filter(account::Column::OrgId.eq(org.as_str()))
            .filter(account::Column::ExternalId.eq(external_id.as_str()))
            .filter(account::Column::EndedAt.is_null())
            .limit(2)
            .into_query();
        let contracts = account::Entity::belongs_to(Entity)
            .from((account::Column::OrgId, account::Column::ExternalId))
            .to((Column::OrgId, Column::AccountExternalId));
        let query = account::Entity::find()
            .select_only()
            .column_as(account::Column::Id, "account_id")
            .columns(Column::iter())
            .join(JoinType::LeftJoin, contracts.into())
            .filter(account::Column::OrgId.eq(org.as_str()))
            .filter(account::Column::Id.in_subquery(accounts))
            .order_by_asc(account::Column::Id)
            .order_by_desc(Column::StartDate)
            .order_by_desc(Column::Id);
        let rows: Vec<Row> = self.answer(query.into_model().all(&self.db)).await?;
        let mut matches: Vec<AccountContracts> = Vec::new();
        for row in rows {
            let account_id = AccountId(row.account_id);
            if matches.last().is_none_or(|last| last.account_id != account_id) {
                matches.push(AccountContracts { account_id, contracts: Vec::new() });
            }
            if let (Some(last), Some(contract)) = (matches.last_mut(), row.contract) {
                last.contracts.push(restore(contract)?);
            }
        }
        Ok(matches)
    }
}
