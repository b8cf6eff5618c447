use application::ports::{
    AccountReads, AccountView, Accounts, BillingAddressEntry, BillingAddressHistory, PaymentMethodEntry,
    StoreError,
};
use async_trait::async_trait;
use domain::{
    Account, AccountData, AccountEvent, AccountId, CustomerId, ExternalId, GatewayToken, Iban,
    ImportedAccount, OrgId, PaymentMethod, PaymentMethodType, Text,
};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, ExprTrait, IntoSimpleExpr, JoinType, QueryOrder, QuerySelect};
use time::Date;

use crate::column::Micros;
use crate::customer;
use crate::json::{BillingAddressJson, InvoiceJson, Unreadable, code};
use crate::store::{CHANGING, SqlStore, Unit};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) org_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) customer_id: Uuid,
    pub(crate) external_id: Option<String>,
    pub(crate) contract_reference: Option<String>,
    pub(crate) modality: String,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub(crate) billing_address: Option<BillingAddressJson>,
    pub(crate) payment_method_type: Option<String>,
    pub(crate) payment_method_details: Option<String>,
    pub(crate) awaited_reference: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub(crate) invoice: Option<InvoiceJson>,
    pub(crate) created_at: Micros,
    pub(crate) ended_at: Option<Micros>,
    pub(crate) updated_at: Micros,
    pub(crate) version: i64,
    pub(crate) modified_by: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "customer::Entity",
        from = "(Column::OrgId, Column::CustomerId)",
        to = "(customer::Column::OrgId, customer::Column::Id)"
    )]
    Customer,
    #[sea_orm(has_many = "payment_method_history::Entity")]
    PaymentMethodHistory,
    #[sea_orm(has_many = "billing_address_history::Entity")]
    BillingAddressHistory,
}

impl Related<customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl Related<payment_method_history::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::PaymentMethodHistory.def()
    }
}

impl Related<billing_address_history::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::BillingAddressHistory.def()
    }
}

impl Related<Entity> for customer::Entity {
    fn to() -> RelationDef {
        customer::Relation::Account.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) mod payment_method_history {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "payment_method_history")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) org_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) account_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) version: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) position: i32,
        #[sea_orm(column_name = "type")]
        pub(crate) kind: String,
        pub(crate) details: Option<String>,
        pub(crate) created_at: Micros,
        pub(crate) modified_by: String,
    }

    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {
        #[sea_orm(
            belongs_to = "super::Entity",
            from = "(Column::OrgId, Column::AccountId)",
            to = "(super::Column::OrgId, super::Column::Id)"
        )]
        Account,
    }

    impl Related<super::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Account.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod billing_address_history {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "billing_address_history")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) org_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) account_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) version: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) position: i32,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) billing_address: BillingAddressJson,
        pub(crate) init_date: Micros,
        pub(crate) end_date: Option<Micros>,
        pub(crate) modified_by: String,
    }

    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {
        #[sea_orm(
            belongs_to = "super::Entity",
            from = "(Column::OrgId, Column::AccountId)",
            to = "(super::Column::OrgId, super::Column::Id)"
        )]
        Account,
    }

    impl Related<super::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Account.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn details(method: &PaymentMethod) -> Option<String> {
    match method {
        PaymentMethod::BankTransfer => None,
        PaymentMethod::DirectDebit(iban) => Some(iban.as_str().to_owned()),
        PaymentMethod::CreditCard(token) | PaymentMethod::Teci(token) => Some(token.as_str().to_owned()),
    }
}

fn payment_method(kind: &str, details: Option<String>) -> Result<PaymentMethod, Unreadable> {
    Ok(match (code(kind)?, details) {
        (PaymentMethodType::BankTransfer, None) => PaymentMethod::BankTransfer,
        (PaymentMethodType::DirectDebit, Some(iban)) => PaymentMethod::DirectDebit(Iban::restore(iban)),
        (PaymentMethodType::CreditCard, Some(token)) => {
            PaymentMethod::CreditCard(GatewayToken::restore(token))
        }
        (PaymentMethodType::Teci, Some(token)) => PaymentMethod::Teci(GatewayToken::restore(token)),
        _ => return Err(Unreadable),
    })
}

impl Model {
    fn into_account(self) -> Result<Account, Unreadable> {
        let instant = |micros: Micros| micros.instant().ok_or(Unreadable);
        let method = self.payment_method_type.map(|kind| payment_method(&kind, self.payment_method_details));
        Ok(Account::restore(AccountData {
            id: AccountId(self.id),
            external_id: self.external_id.map(Text::restore),
            customer_id: CustomerId(self.customer_id),
            contract_reference: self.contract_reference.map(Text::restore),
            modality: code(&self.modality)?,
            billing_address: self.billing_address.map(TryInto::try_into).transpose()?,
            payment_method: method.transpose()?,
            awaited_reference: self.awaited_reference.map(GatewayToken::restore),
            invoice: self.invoice.map(TryInto::try_into).transpose()?,
            created_at: instant(self.created_at)?,
            ended_at: self.ended_at.map(instant).transpose()?,
            updated_at: instant(self.updated_at)?,
            version: self.version,
        }))
    }
}

fn corrupt(table: &'static str, id: Uuid) -> impl Fn(Unreadable) -> StoreError {
    move |_| StoreError::Corrupt { table, id: id.to_string() }
}

fn restore(model: Model) -> Result<Account, StoreError> {
    let id = model.id;
    model.into_account().map_err(corrupt("accounts", id))
}

/// The columns that a change may write.
fn changed(account: &AccountData, actor: String) -> ActiveModel {
    let method = account.payment_method.as_ref();
    ActiveModel {
        billing_address: Set(account.billing_address.as_ref().map(Into::into)),
        payment_method_type: Set(method.map(|method| method.kind().code().to_owned())),
        payment_method_details: Set(method.and_then(details)),
        awaited_reference: Set(account
            .awaited_reference
            .as_ref()
            .map(|reference| reference.as_str().to_owned())),
        ended_at: Set(account.ended_at.map(Into::into)),
        updated_at: Set(account.updated_at.into()),
        modified_by: Set(actor),
        ..Default::default()
    }
}

/// A new account, without its external id.
pub(crate) fn new_row(unit: &Unit, account: &AccountData) -> ActiveModel {
    ActiveModel {
        org_id: Set(unit.org()),
        id: Set(account.id.0),
        customer_id: Set(account.customer_id.0),
        contract_reference: Set(account
            .contract_reference
            .as_ref()
            .map(|reference| reference.as_str().to_owned())),
        modality: Set(account.modality.code().to_owned()),
        invoice: Set(account.invoice.as_ref().map(Into::into)),
        created_at: Set(account.created_at.into()),
        version: Set(account.version),
        ..changed(account, unit.actor())
    }
}

/// The rows of the histories with which an account arrives.
pub(crate) fn history_rows(
    unit: &Unit,
    imported: &ImportedAccount,
) -> (Vec<payment_method_history::ActiveModel>, Vec<billing_address_history::ActiveModel>) {
    let data = imported.account.data();
    let method = |(position, entry): (i32, &PaymentMethodEntry)| payment_method_history::ActiveModel {
        org_id: Set(unit.org()),
        account_id: Set(data.id.0),
        version: Set(data.version),
        position: Set(position),
        kind: Set(entry.method.kind().code().to_owned()),
        details: Set(details(&entry.method)),
        created_at: Set(entry.created_at.into()),
        modified_by: Set(unit.actor()),
    };
    let address = |(position, entry): (i32, &BillingAddressEntry)| billing_address_history::ActiveModel {
        org_id: Set(unit.org()),
        account_id: Set(data.id.0),
        version: Set(data.version),
        position: Set(position),
        billing_address: Set((&entry.address).into()),
        init_date: Set(entry.init_date.into()),
        end_date: Set(entry.end_date.map(Into::into)),
        modified_by: Set(unit.actor()),
    };
    (
        (0..).zip(&imported.payment_methods).map(method).collect(),
        (0..).zip(&imported.billing_addresses).map(address).collect(),
    )
}

#[async_trait]
impl Accounts for Unit {
    async fn find(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let query = Entity::find_by_id((self.org(), id.0)).lock(CHANGING);
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn insert(&mut self, account: &Account) -> Result<Account, StoreError> {
        let data = account.data();
        let external_id = self.external_id(data.external_id.as_ref(), "account_external_id").await?;
        let row = ActiveModel { external_id, ..new_row(self, data) };
        let stored = self.answer(Entity::insert(row).exec_with_returning(&self.transaction)).await?;
        self.append_account_events(account, data.version).await?;
        restore(stored)
    }

    async fn update(&mut self, account: &Account) -> Result<(), StoreError> {
        let data = account.data();
        let version = data.version + 1;
        let row = ActiveModel { version: Set(version), ..changed(data, self.actor()) };
        let update = Entity::update_many()
            .set(row)
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::Id.eq(data.id.0))
            .filter(Column::Version.eq(data.version));
        self.update_unless_stale(update).await?;
        self.append_account_events(account, version).await
    }

    async fn any_live(&mut self, customer: CustomerId) -> Result<bool, StoreError> {
        let query = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::CustomerId.eq(customer.0))
            .filter(Column::EndedAt.is_null())
            .limit(1);
        let first: Option<Uuid> = self.answer(query.into_tuple().one(&self.transaction)).await?;
        Ok(first.is_some())
    }
}

impl Unit {
    /// Appends what has happened to the account's histories.
    async fn append_account_events(&self, account: &Account, version: i64) -> Result<(), StoreError> {
        let (id, at) = (account.data().id.0, Micros::from(account.data().updated_at));
        for (position, event) in (0..).zip(account.events()) {
            match event {
                AccountEvent::PaymentMethodSet(method) => {
                    let row = payment_method_history::ActiveModel {
                        org_id: Set(self.org()),
                        account_id: Set(id),
                        version: Set(version),
                        position: Set(position),
                        kind: Set(method.kind().code().to_owned()),
                        details: Set(details(method)),
                        created_at: Set(at),
                        modified_by: Set(self.actor()),
                    };
                    let insert = payment_method_history::Entity::insert(row);
                    self.answer(insert.exec_without_returning(&self.transaction)).await?;
                }
                AccountEvent::BillingAddressSet(address) => {
                    // A new account has none to close.
                    if (version, position) > (1, 0) {
                        self.close_billing_address(id, at).await?;
                    }
                    let row = billing_address_history::ActiveModel {
                        org_id: Set(self.org()),
                        account_id: Set(id),
                        version: Set(version),
                        position: Set(position),
                        billing_address: Set(address.into()),
                        init_date: Set(at),
                        end_date: Set(None),
                        modified_by: Set(self.actor()),
                    };
                    let insert = billing_address_history::Entity::insert(row);
                    self.answer(insert.exec_without_returning(&self.transaction)).await?;
                }
            }
        }
        Ok(())
    }

    async fn close_billing_address(&self, account: Uuid, at: Micros) -> Result<(), StoreError> {
        use billing_address_history::{ActiveModel, Column, Entity};
        let update = Entity::update_many()
            .set(ActiveModel { end_date: Set(Some(at)), ..Default::default() })
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::AccountId.eq(account))
            .filter(Column::EndDate.is_null());
        self.answer(update.exec(&self.transaction)).await.map(drop)
    }
}

/// The row of an account, to which a history is joined so that an account without entries still gives one row.
pub(crate) fn account_row(org: &OrgId, id: AccountId) -> Select<Entity> {
    Entity::find().select_only().filter(Column::OrgId.eq(org.as_str())).filter(Column::Id.eq(id.0))
}

#[async_trait]
impl AccountReads for SqlStore {
    async fn account(&self, org: &OrgId, id: AccountId) -> Result<Option<AccountView>, StoreError> {
        let query = Entity::find_by_id((org.as_str().to_owned(), id.0)).find_also_related(customer::Entity);
        let Some((account, customer)) = self.answer(query.one(&self.db)).await? else {
            return Ok(None);
        };
        let customer = customer.ok_or(Unreadable).map_err(corrupt("accounts", id.0))?;
        let customer_id = customer.id;
        Ok(Some(AccountView {
            account: restore(account)?,
            customer_external_id: customer.external_id.clone().map(Text::restore),
            customer_profile: customer.into_profile().map_err(corrupt("customers", customer_id))?,
        }))
    }

    async fn accounts_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Vec<AccountId>>, StoreError> {
        let live = customer::Relation::Account.def().on_condition(|_, accounts| {
            Condition::all().add(Expr::col((accounts, Column::EndedAt)).is_null())
        });
        let rows: Vec<Option<Uuid>> = self
            .answer(
                customer::Entity::find()
                    .select_only()
                    .column_as(Column::Id.into_simple_expr(), "account_id")
                    .join(JoinType::LeftJoin, live)
                    .filter(customer::Column::OrgId.eq(org.as_str()))
                    .filter(customer::Column::Id.eq(customer.0))
                    .order_by_asc(Column::CreatedAt)
                    .order_by_asc(Column::Id)
                    .into_tuple()
                    .all(&self.db),
            )
            .await?;
        Ok((!rows.is_empty()).then(|| rows.into_iter().flatten().map(AccountId).collect()))
    }

    async fn accounts_by_external_id(
        &self,
        org: &OrgId,
        external_id: &ExternalId,
    ) -> Result<Vec<AccountId>, StoreError> {
        let query = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::OrgId.eq(org.as_str()))
            .filter(Column::ExternalId.eq(external_id.as_str()))
            .filter(Column::EndedAt.is_null())
            .limit(2);
        let ids: Vec<Uuid> = self.answer(query.into_tuple().all(&self.db)).await?;
        Ok(ids.into_iter().map(AccountId).collect())
    }

    async fn payment_method_history(
        &self,
        org: &OrgId,
        id: AccountId,
    ) -> Result<Option<Vec<PaymentMethodEntry>>, StoreError> {
        use payment_method_history::Column as History;
        let rows: Vec<(Option<String>, Option<String>, Option<Micros>)> = self
            .answer(
                account_row(org, id)
                    .column_as(History::Kind.into_simple_expr(), "kind")
                    .column_as(History::Details.into_simple_expr(), "details")
                    .column_as(History::CreatedAt.into_simple_expr(), "since")
                    .join(JoinType::LeftJoin, Relation::PaymentMethodHistory.def())
                    .order_by_desc(History::Version)
                    .order_by_desc(History::Position)
                    .into_tuple()
                    .all(&self.db),
            )
            .await?;
        let entry = |(kind, details, created_at): (Option<String>, _, Option<Micros>)| {
            Some(payment_method(&kind?, details).and_then(|method| {
                let created_at = created_at.and_then(Micros::instant).ok_or(Unreadable)?;
                Ok(PaymentMethodEntry { method, created_at })
            }))
        };
        if rows.is_empty() {
            return Ok(None);
        }
        let entries: Result<_, Unreadable> = rows.into_iter().filter_map(entry).collect();
        Ok(Some(entries.map_err(corrupt("payment_method_history", id.0))?))
    }

    async fn billing_address_history(
        &self,
        org: &OrgId,
        id: AccountId,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Option<BillingAddressHistory>, StoreError> {
        use billing_address_history::Column as History;
        let begin = from.map(Micros::start_of);
        let end = to.and_then(Date::next_day).map(Micros::start_of);
        let in_range = Relation::BillingAddressHistory.def().on_condition(move |_, history| {
            let init_date = || Expr::col((history.clone(), History::InitDate));
            Condition::all()
                .add_option(begin.map(|begin| init_date().gte(begin)))
                .add_option(end.map(|end| init_date().lt(end)))
        });
        type Row = (Option<String>, Option<BillingAddressJson>, Option<Micros>, Option<Micros>);
        let rows: Vec<Row> = self
            .answer(
                account_row(org, id)
                    .column_as(Column::ExternalId.into_simple_expr(), "external_id")
                    .column_as(History::BillingAddress.into_simple_expr(), "address")
                    .column_as(History::InitDate.into_simple_expr(), "init_date")
                    .column_as(History::EndDate.into_simple_expr(), "end_date")
                    .join(JoinType::LeftJoin, in_range)
                    .order_by_desc(History::Version)
                    .order_by_desc(History::Position)
                    .into_tuple()
                    .all(&self.db),
            )
            .await?;
        let Some((external_id, ..)) = rows.first() else { return Ok(None) };
        let external_id = external_id.clone().map(Text::restore);
        let entry = |(_, address, init_date, end_date): Row| {
            let address: BillingAddressJson = address?;
            Some(address.try_into().and_then(|address| {
                let init_date = init_date.and_then(Micros::instant).ok_or(Unreadable)?;
                let end_date = end_date.map(|end| end.instant().ok_or(Unreadable)).transpose()?;
                Ok(BillingAddressEntry { address, init_date, end_date })
            }))
        };
        let entries: Result<_, Unreadable> = rows.into_iter().filter_map(entry).collect();
        Ok(Some(BillingAddressHistory {
            external_id,
            entries: entries.map_err(corrupt("billing_address_history", id.0))?,
        }))
    }
}
