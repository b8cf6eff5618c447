use async_trait::async_trait;
use domain::{
    AccountId, Card, Category, Contract, Credential, Customer, CustomerId, ExternalId, GatewayToken,
    IdentificationProcess, ImportKind, ImportedAccount, Promotion,
};
use time::{Date, OffsetDateTime};

use super::StoreError;

/// What is known of a customer to whom something is to belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCustomer {
    /// Id.
    pub id: CustomerId,
    /// Id in older systems.
    pub external_id: Option<ExternalId>,
    /// Whether it has not ended.
    pub is_live: bool,
}

/// What is known of an account to which something is to belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAccount {
    /// Id.
    pub id: AccountId,
    /// Id in older systems.
    pub external_id: Option<ExternalId>,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Whether it has not ended.
    pub is_live: bool,
}

/// What is remembered of a line that was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedLine {
    /// Of what kind it was.
    pub kind: ImportKind,
    /// What it was about, unique for the kind.
    pub key: String,
    /// Stands for all that it said.
    pub digest: String,
}

/// Many things at once within a unit of work: a few statements, however many things there are. What is read cannot be ended by
/// others until the unit ends. When an insertion fails, the unit is of no use until it has been taken back to the mark.
#[async_trait]
pub trait Bulk: Send {
    /// Marks where to go back to, instead of the mark before.
    async fn mark(&mut self) -> Result<(), StoreError>;
    /// Takes back everything since the mark.
    async fn back_to_mark(&mut self) -> Result<(), StoreError>;
    /// The lines among these that were imported before, by kind and key.
    async fn imported(&mut self, lines: &[(ImportKind, &str)]) -> Result<Vec<ImportedLine>, StoreError>;
    /// Remembers lines, imported at `now`.
    async fn remember(&mut self, lines: &[ImportedLine], now: OffsetDateTime) -> Result<(), StoreError>;
    /// The customers that have one of these ids.
    async fn customers(&mut self, ids: &[CustomerId]) -> Result<Vec<KnownCustomer>, StoreError>;
    /// The customers that have one of these external ids, either the live ones or those that have ended.
    async fn customers_by_external_id(
        &mut self,
        ids: &[ExternalId],
        live: bool,
    ) -> Result<Vec<KnownCustomer>, StoreError>;
    /// The accounts that have one of these ids.
    async fn accounts(&mut self, ids: &[AccountId]) -> Result<Vec<KnownAccount>, StoreError>;
    /// The accounts that have one of these external ids, either the live ones or those that have ended.
    async fn accounts_by_external_id(
        &mut self,
        ids: &[ExternalId],
        live: bool,
    ) -> Result<Vec<KnownAccount>, StoreError>;
    /// The cards among these, and whose they are.
    async fn cards(&mut self, tokens: &[GatewayToken])
    -> Result<Vec<(GatewayToken, CustomerId)>, StoreError>;
    /// The promotions of these accounts that are live on this day.
    async fn live_promotions(
        &mut self,
        accounts: &[AccountId],
        today: Date,
    ) -> Result<Vec<Promotion>, StoreError>;
    /// Adds customers; external ids are given as to a single one.
    async fn insert_customers(&mut self, customers: &[Customer]) -> Result<(), StoreError>;
    /// Adds accounts with their histories; external ids are given as to a single one.
    async fn insert_accounts(&mut self, accounts: &[ImportedAccount]) -> Result<(), StoreError>;
    /// Adds cards.
    async fn insert_cards(&mut self, cards: &[Card]) -> Result<(), StoreError>;
    /// Adds contracts.
    async fn insert_contracts(&mut self, contracts: &[Contract]) -> Result<(), StoreError>;
    /// Adds identification processes.
    async fn insert_identification_processes(
        &mut self,
        processes: &[IdentificationProcess],
    ) -> Result<(), StoreError>;
    /// Adds promotions with the events of their history.
    async fn insert_promotions(&mut self, promotions: &[Promotion]) -> Result<(), StoreError>;
    /// Adds categories under the ids that they bring. Those that are given out later are higher.
    async fn insert_categories(&mut self, categories: &[Category]) -> Result<(), StoreError>;
    /// Adds credentials.
    async fn insert_credentials(&mut self, credentials: &[Credential]) -> Result<(), StoreError>;
}
