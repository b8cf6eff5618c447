use application::ports::{CredentialReads, CredentialRef, Credentials, CustomerRef, StoreError};
use async_trait::async_trait;
use domain::{
    Credential, CredentialData, CredentialId, CredentialState, CustomerId, DocumentType, LoginEmail, OrgId,
    parse_date,
};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{
    Condition, ConnectionTrait, DbBackend, ExprTrait, IntoSimpleExpr, JoinType, QueryOrder, QuerySelect,
};
use time::Date;

use crate::column::Micros;
use crate::customer;
use crate::json::Unreadable;
use crate::store::{SqlStore, Unit};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credentials")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) org_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) customer_id: Uuid,
    pub(crate) username: String,
    pub(crate) username_folded: String,
    pub(crate) state: String,
    pub(crate) expiration_date: Option<String>,
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
}

impl Related<customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl Related<Entity> for customer::Entity {
    fn to() -> RelationDef {
        customer::Relation::Credential.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

const RESERVED: &str = "RESERVED";
const ACTIVATION_REQUESTED: &str = "ACTIVATION_REQUESTED";
const ACTIVE: &str = "ACTIVE";

const fn state_code(state: CredentialState) -> &'static str {
    match state {
        CredentialState::Reserved { activation_requested: false } => RESERVED,
        CredentialState::Reserved { activation_requested: true } => ACTIVATION_REQUESTED,
        CredentialState::Active => ACTIVE,
    }
}

fn state(code: &str) -> Result<CredentialState, Unreadable> {
    match code {
        RESERVED => Ok(CredentialState::Reserved { activation_requested: false }),
        ACTIVATION_REQUESTED => Ok(CredentialState::Reserved { activation_requested: true }),
        ACTIVE => Ok(CredentialState::Active),
        _ => Err(Unreadable),
    }
}

impl Model {
    fn into_credential(self) -> Result<Credential, Unreadable> {
        let instant = |micros: Micros| micros.instant().ok_or(Unreadable);
        let expiration_date = self.expiration_date.as_deref().map(parse_date).transpose();
        Ok(Credential::restore(CredentialData {
            id: CredentialId(self.id),
            customer_id: CustomerId(self.customer_id),
            username: LoginEmail::restore(self.username),
            state: state(&self.state)?,
            expiration_date: expiration_date.map_err(|_| Unreadable)?,
            created_at: instant(self.created_at)?,
            ended_at: self.ended_at.map(instant).transpose()?,
            updated_at: instant(self.updated_at)?,
            version: self.version,
        }))
    }
}

fn restore(model: Model) -> Result<Credential, StoreError> {
    let id = model.id;
    model.into_credential().map_err(|_| StoreError::Corrupt { table: "credentials", id: id.to_string() })
}

/// The columns that a change may write.
fn changed(credential: &CredentialData, actor: String) -> ActiveModel {
    ActiveModel {
        username: Set(credential.username.as_str().to_owned()),
        username_folded: Set(credential.username.folded()),
        state: Set(state_code(credential.state).to_owned()),
        expiration_date: Set(credential.expiration_date.map(|date| date.to_string())),
        ended_at: Set(credential.ended_at.map(Into::into)),
        updated_at: Set(credential.updated_at.into()),
        modified_by: Set(actor),
        ..Default::default()
    }
}

pub(crate) fn new_row(unit: &Unit, credential: &CredentialData) -> ActiveModel {
    ActiveModel {
        org_id: Set(unit.org()),
        id: Set(credential.id.0),
        customer_id: Set(credential.customer_id.0),
        created_at: Set(credential.created_at.into()),
        version: Set(credential.version),
        ..changed(credential, unit.actor())
    }
}

/// Those that have not ended. Each branch of a disjunction needs it as a whole, so that SQLite sees that its index fits.
fn unended(org: &str, column: Column, value: impl Into<sea_orm::Value>) -> Condition {
    Condition::all().add(Column::OrgId.eq(org)).add(column.eq(value)).add(Column::EndedAt.is_null())
}

#[async_trait]
impl Credentials for Unit {
    async fn find(&mut self, id: CredentialId) -> Result<Option<Credential>, StoreError> {
        let query = Entity::find_by_id((self.org(), id.0)).lock_exclusive();
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn unended(
        &mut self,
        customer: CustomerId,
        username: Option<&LoginEmail>,
    ) -> Result<Vec<Credential>, StoreError> {
        let org = self.org();
        let wanted = Condition::any()
            .add(unended(&org, Column::CustomerId, customer.0))
            .add_option(username.map(|username| unended(&org, Column::UsernameFolded, username.folded())));
        let query = Entity::find().filter(wanted);
        let query = if self.transaction.get_database_backend() == DbBackend::Postgres {
            // Locked in the same order by everybody, so that no two wait for one another.
            query.order_by_asc(Column::Id).lock_exclusive()
        } else {
            // SQLite might walk the primary key for an order.
            query
        };
        self.answer(query.all(&self.transaction)).await?.into_iter().map(restore).collect()
    }

    async fn insert(&mut self, credential: &Credential) -> Result<(), StoreError> {
        let row = new_row(self, credential.data());
        self.answer(Entity::insert(row).exec_without_returning(&self.transaction)).await.map(drop)
    }

    async fn update(&mut self, credential: &Credential) -> Result<(), StoreError> {
        let data = credential.data();
        let row = ActiveModel { version: Set(data.version + 1), ..changed(data, self.actor()) };
        let update = Entity::update_many()
            .set(row)
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::Id.eq(data.id.0))
            .filter(Column::Version.eq(data.version));
        self.update_unless_stale(update).await
    }
}

#[async_trait]
impl CredentialReads for SqlStore {
    async fn credentials_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
        today: Date,
    ) -> Result<Option<Vec<CredentialRef>>, StoreError> {
        let live = customer::Relation::Credential.def().on_condition(move |_, credentials| {
            let column = |column| Expr::col((credentials.clone(), column));
            let unexpired = column(Column::ExpirationDate)
                .is_null()
                .or(column(Column::ExpirationDate).gte(today.to_string()));
            Condition::all().add(column(Column::EndedAt).is_null()).add(unexpired)
        });
        let query = customer::Entity::find_by_id((org.as_str().to_owned(), customer.0))
            .select_only()
            .column_as(Column::Id.into_simple_expr(), "credential_id")
            .column_as(Column::Username.into_simple_expr(), "username")
            .join(JoinType::LeftJoin, live);
        let rows: Vec<(Option<Uuid>, Option<String>)> = self.answer(query.into_tuple().all(&self.db)).await?;
        let credential = |(id, username): (Option<Uuid>, Option<String>)| {
            Some(CredentialRef { id: CredentialId(id?), username: LoginEmail::restore(username?) })
        };
        Ok((!rows.is_empty()).then(|| rows.into_iter().filter_map(credential).collect()))
    }

    async fn customers_by_username(
        &self,
        org: &OrgId,
        username: &LoginEmail,
        document: Option<(&str, Option<DocumentType>)>,
        today: Date,
    ) -> Result<Vec<CustomerRef>, StoreError> {
        use customer::Column as Customer;
        let unexpired = Column::ExpirationDate.is_null().or(Column::ExpirationDate.gte(today.to_string()));
        let has_document = document.map(|(number, kind)| {
            Condition::all()
                .add(Customer::DocumentNumber.eq(number))
                .add_option(kind.map(|kind| Customer::DocumentType.eq(kind.code())))
        });
        let query = customer::live(org)
            .column(Customer::ExternalId)
            .join(JoinType::InnerJoin, customer::Relation::Credential.def())
            .filter(unended(org.as_str(), Column::UsernameFolded, username.folded()))
            .filter(unexpired)
            .filter(Condition::all().add_option(has_document));
        let rows: Vec<(Uuid, Option<String>)> = self.answer(query.into_tuple().all(&self.db)).await?;
        Ok(rows.into_iter().map(customer::reference).collect())
    }
}
