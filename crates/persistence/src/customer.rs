use application::ports::{CustomerReads, CustomerRef, Customers, StoreError};
use async_trait::async_trait;
use domain::{
    Customer, CustomerData, CustomerEvent, CustomerId, CustomerType, DocumentType, ExternalId,
    IdentityDocument, OrgId, Profile, Text,
};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue, QuerySelect};

use crate::column::Micros;
use crate::json::{AssociatedUserJson, ProfileJson, Unreadable, code};
use crate::store::{CHANGING, SqlStore, Unit};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customers")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) org_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) external_id: Option<String>,
    #[sea_orm(column_name = "type")]
    pub(crate) kind: String,
    pub(crate) segment: Option<String>,
    pub(crate) preferred_language: String,
    pub(crate) document_type: Option<String>,
    pub(crate) document_number: Option<String>,
    pub(crate) digital_email: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) profile: ProfileJson,
    pub(crate) created_at: Micros,
    pub(crate) ended_at: Option<Micros>,
    pub(crate) updated_at: Micros,
    pub(crate) version: i64,
    pub(crate) modified_by: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(has_many = "crate::account::Entity")]
    Account,
    #[sea_orm(has_many = "crate::credential::Entity")]
    Credential,
}

impl ActiveModelBehavior for ActiveModel {}

/// Documents that were replaced.
mod former_document {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "former_identity_documents")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) org_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) customer_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) version: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) position: i32,
        pub(crate) document_type: String,
        pub(crate) document_number: String,
        pub(crate) replaced_at: Micros,
        pub(crate) replaced_by: String,
    }

    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Representatives that were replaced.
mod former_representative {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "former_representatives")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) org_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) customer_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) version: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) position: i32,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) representative: AssociatedUserJson,
        pub(crate) replaced_at: Micros,
        pub(crate) replaced_by: String,
    }

    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl Model {
    /// The profile, put together from its columns.
    pub(crate) fn into_profile(self) -> Result<Profile, Unreadable> {
        let segment = match code(&self.kind)? {
            CustomerType::Corporate => self.segment.as_deref().map(code).transpose()?,
            CustomerType::Private | CustomerType::Digital => None,
        };
        let document = match (self.document_type, self.document_number) {
            (Some(kind), Some(number)) => Some(IdentityDocument::restore(code(&kind)?, number)),
            _ => None,
        };
        self.profile.restore(segment, document)
    }

    fn into_customer(self) -> Result<Customer, Unreadable> {
        let instant = |micros: Micros| micros.instant().ok_or(Unreadable);
        Ok(Customer::restore(CustomerData {
            id: CustomerId(self.id),
            external_id: self.external_id.clone().map(Text::restore),
            preferred_language: code(&self.preferred_language)?,
            created_at: instant(self.created_at)?,
            ended_at: self.ended_at.map(instant).transpose()?,
            updated_at: instant(self.updated_at)?,
            version: self.version,
            profile: self.into_profile()?,
        }))
    }
}

fn restore(model: Model) -> Result<Customer, StoreError> {
    let id = model.id;
    model.into_customer().map_err(|_| StoreError::Corrupt { table: "customers", id: id.to_string() })
}

/// The columns that a change may write.
fn changed(customer: &CustomerData, actor: String) -> ActiveModel {
    let document = customer.profile.identity_document();
    ActiveModel {
        preferred_language: Set(customer.preferred_language.code().to_owned()),
        document_type: Set(document.map(|document| document.kind().code().to_owned())),
        document_number: Set(document.map(|document| document.number().to_owned())),
        digital_email: Set(customer.profile.digital_email().map(domain::EmailAddress::folded)),
        profile: Set((&customer.profile).into()),
        ended_at: Set(customer.ended_at.map(Into::into)),
        updated_at: Set(customer.updated_at.into()),
        modified_by: Set(actor),
        ..Default::default()
    }
}

/// A new customer, without its external id.
pub(crate) fn new_row(unit: &Unit, customer: &CustomerData) -> ActiveModel {
    ActiveModel {
        org_id: Set(unit.org()),
        id: Set(customer.id.0),
        kind: Set(customer.profile.kind().code().to_owned()),
        segment: Set(customer.profile.segment().map(|segment| segment.code().to_owned())),
        created_at: Set(customer.created_at.into()),
        version: Set(customer.version),
        ..changed(customer, unit.actor())
    }
}

#[async_trait]
impl Customers for Unit {
    async fn find(&mut self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        let query = Entity::find_by_id((self.org(), id.0)).lock(CHANGING);
        self.answer(query.one(&self.transaction)).await?.map(restore).transpose()
    }

    async fn insert(&mut self, customer: &Customer) -> Result<Customer, StoreError> {
        let data = customer.data();
        let external_id = match data.profile.kind() {
            CustomerType::Digital if data.external_id.is_none() => Set(None),
            _ => self.external_id(data.external_id.as_ref(), "customer_external_id").await?,
        };
        let row = ActiveModel { external_id, ..new_row(self, data) };
        restore(self.answer(Entity::insert(row).exec_with_returning(&self.transaction)).await?)
    }

    async fn update(&mut self, customer: &Customer) -> Result<(), StoreError> {
        let data = customer.data();
        let row = ActiveModel { version: Set(data.version + 1), ..changed(data, self.actor()) };
        let update = Entity::update_many()
            .set(row)
            .filter(Column::OrgId.eq(self.org()))
            .filter(Column::Id.eq(data.id.0))
            .filter(Column::Version.eq(data.version));
        self.update_unless_stale(update).await?;
        for (position, event) in (0..).zip(customer.events()) {
            self.append_customer_event(data, event, Set(position)).await?;
        }
        Ok(())
    }
}

impl Unit {
    async fn append_customer_event(
        &self,
        customer: &CustomerData,
        event: &CustomerEvent,
        position: ActiveValue<i32>,
    ) -> Result<(), StoreError> {
        let (org_id, customer_id, version) = (Set(self.org()), Set(customer.id.0), Set(customer.version + 1));
        let (replaced_at, replaced_by) = (Set(customer.updated_at.into()), Set(self.actor()));
        match event {
            CustomerEvent::DocumentReplaced(document) => {
                let row = former_document::ActiveModel {
                    org_id,
                    customer_id,
                    version,
                    position,
                    document_type: Set(document.kind().code().to_owned()),
                    document_number: Set(document.number().to_owned()),
                    replaced_at,
                    replaced_by,
                };
                let insert = former_document::Entity::insert(row);
                self.answer(insert.exec_without_returning(&self.transaction)).await
            }
            CustomerEvent::RepresentativeReplaced(user) => {
                let representative = Set(user.into());
                let row = former_representative::ActiveModel {
                    org_id,
                    customer_id,
                    version,
                    position,
                    representative,
                    replaced_at,
                    replaced_by,
                };
                let insert = former_representative::Entity::insert(row);
                self.answer(insert.exec_without_returning(&self.transaction)).await
            }
        }
        .map(drop)
    }
}

#[async_trait]
impl CustomerReads for SqlStore {
    async fn customer(&self, org: &OrgId, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        let query = Entity::find_by_id((org.as_str().to_owned(), id.0));
        self.answer(query.one(&self.db)).await?.map(restore).transpose()
    }

    async fn customers_by_document(
        &self,
        org: &OrgId,
        number: &str,
        kind: Option<DocumentType>,
    ) -> Result<Vec<CustomerRef>, StoreError> {
        let query = live(org).column(Column::ExternalId).filter(Column::DocumentNumber.eq(number));
        let query = match kind {
            Some(kind) => query.filter(Column::DocumentType.eq(kind.code())),
            None => query,
        };
        let rows: Vec<(Uuid, Option<String>)> = self.answer(query.into_tuple().all(&self.db)).await?;
        Ok(rows.into_iter().map(reference).collect())
    }

    async fn customers_by_external_id(
        &self,
        org: &OrgId,
        external_id: &ExternalId,
    ) -> Result<Vec<CustomerId>, StoreError> {
        let query = live(org).filter(Column::ExternalId.eq(external_id.as_str()));
        let ids: Vec<Uuid> = self.answer(query.into_tuple().all(&self.db)).await?;
        Ok(ids.into_iter().map(CustomerId).collect())
    }
}

/// A customer as the look-ups find it.
pub(crate) fn reference((id, external_id): (Uuid, Option<String>)) -> CustomerRef {
    CustomerRef { id: CustomerId(id), external_id: external_id.map(Text::restore) }
}

/// The row of a customer, to which others are joined so that a customer without any still gives one row.
pub(crate) fn customer_row(org: &OrgId, id: CustomerId) -> Select<Entity> {
    Entity::find().select_only().filter(Column::OrgId.eq(org.as_str())).filter(Column::Id.eq(id.0))
}

/// The ids of live customers; at most two, which is enough to know that there is not only one. In no order: SQLite would
/// walk the primary key for one.
pub(crate) fn live(org: &OrgId) -> Select<Entity> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::OrgId.eq(org.as_str()))
        .filter(Column::EndedAt.is_null())
        .limit(2)
}
