use std::error::Error;

use async_trait::async_trait;
use domain::{
    Account, AccountId, AuditEntry, BillingAddress, BillingAddressEntry, Card, Contract, ContractId,
    Credential, CredentialId, Customer, CustomerId, DocumentType, ExternalId, GatewayToken,
    IdentificationProcess, IdentificationProcessId, LoginEmail, OrgId, PaymentMethodEntry, Profile,
    Promotion, PromotionEvent, PromotionId, Tokenization,
};
use time::{Date, OffsetDateTime};

use super::{
    AuditReads, Bulk, Categories, CategoryAssignments, CategoryReads, Outbox, OutboxQueue,
    SpecialTreatmentReads, SpecialTreatments,
};
use crate::Scope;

/// A uniqueness rule that the store keeps, whoever writes at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// No two live customers of an organisation have the same identity document.
    LiveDocument,
    /// No two live digital customers of an organisation have the same e-mail address, whatever its case.
    LiveDigitalEmail,
    /// No two requests under a reference of an organisation have the same number.
    TokenizationAttempt,
    /// No two live categories of an organisation have the same name.
    LiveCategoryName,
    /// No customer has a category twice at a time.
    LiveCategoryAssignment,
    /// No two credentials of an organisation that have not ended have the same user name, whatever its case.
    LiveUsername,
    /// A customer has at most one credential that has not ended.
    LiveCredential,
    /// No two things of one kind have the same id in an organisation.
    Id,
}

/// Why the store did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The write would break a uniqueness rule; one of them, if it would break several.
    #[error("duplicate: {0:?}")]
    Duplicate(Constraint),
    /// Somebody else has changed the entity since it was read.
    #[error("changed by somebody else meanwhile")]
    Stale,
    /// A statement ran longer than it may.
    #[error("statement timeout")]
    Timeout,
    /// The database cannot be reached or cannot work at present; trying again later may help.
    #[error("database unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A stored row cannot be understood.
    #[error("corrupt row in {table}: {id}")]
    Corrupt {
        /// Where it stands.
        table: &'static str,
        /// Its key.
        id: String,
    },
    /// Anything else: a fault of this program or of the schema.
    #[error("unexpected database error")]
    Unexpected(#[source] Box<dyn Error + Send + Sync>),
}

/// Where everything is kept.
#[async_trait]
pub trait Store:
    CustomerReads
    + AccountReads
    + TokenizationReads
    + AuditReads
    + OutboxQueue
    + PromotionReads
    + CategoryReads
    + SpecialTreatmentReads
    + ContractReads
    + IdentificationProcessReads
    + CredentialReads
{
    /// Begins changes that are kept all together or not at all. Everything done in the unit is bound to the scope's
    /// organisation and recorded as done by its actor.
    async fn begin(&self, scope: &Scope) -> Result<Box<dyn UnitOfWork>, StoreError>;

    /// Whether the store answers and its schema is the one this program needs.
    async fn check_ready(&self) -> Result<(), StoreError>;
}

/// Changes under way. Dropping it undoes them.
#[async_trait]
pub trait UnitOfWork: Send {
    /// The organisation's customers.
    fn customers(&mut self) -> &mut dyn Customers;
    /// The organisation's accounts.
    fn accounts(&mut self) -> &mut dyn Accounts;
    /// The cards of the organisation's customers.
    fn cards(&mut self) -> &mut dyn Cards;
    /// The tokenizations for the organisation's accounts.
    fn tokenizations(&mut self) -> &mut dyn Tokenizations;
    /// The promotions of the organisation's accounts. Who changes those of an account has found the account in this unit
    /// before, which keeps others from changing them.
    fn promotions(&mut self) -> &mut dyn Promotions;
    /// The organisation's categories.
    fn categories(&mut self) -> &mut dyn Categories;
    /// The categories that the organisation's customers have.
    fn category_assignments(&mut self) -> &mut dyn CategoryAssignments;
    /// What the organisation offers, and what its customers get.
    fn special_treatments(&mut self) -> &mut dyn SpecialTreatments;
    /// The contracts of the organisation's accounts.
    fn contracts(&mut self) -> &mut dyn Contracts;
    /// The identification processes of the organisation's customers.
    fn identification_processes(&mut self) -> &mut dyn IdentificationProcesses;
    /// The credentials of the organisation's customers.
    fn credentials(&mut self) -> &mut dyn Credentials;
    /// Many things at once, as an import brings them.
    fn bulk(&mut self) -> &mut dyn Bulk;
    /// What has to happen outside.
    fn outbox(&mut self) -> &mut dyn Outbox;
    /// Keeps the changes: when this returns, they survive the death of the process. With them the audit keeps what was changed
    /// `at` this instant, by whom and in which request.
    async fn commit(self: Box<Self>, at: OffsetDateTime, changes: &[AuditEntry]) -> Result<(), StoreError>;
}

/// Customers within a unit of work.
#[async_trait]
pub trait Customers: Send {
    /// Reads a customer, live or ended, and keeps others from changing it until the unit ends.
    async fn find(&mut self, id: CustomerId) -> Result<Option<Customer>, StoreError>;
    /// Adds a customer. Unless it is digital or brings one, it is given an external id that was never given before.
    async fn insert(&mut self, customer: &Customer) -> Result<Customer, StoreError>;
    /// Writes the customer and appends its events to the history; [`StoreError::Stale`] if it was changed since it was read.
    async fn update(&mut self, customer: &Customer) -> Result<(), StoreError>;
}

/// Accounts within a unit of work.
#[async_trait]
pub trait Accounts: Send {
    /// Reads an account, live or ended, and keeps others from changing it until the unit ends.
    async fn find(&mut self, id: AccountId) -> Result<Option<Account>, StoreError>;
    /// Adds an account with the events of its history. Unless it brings one, it is given an external id that was never given
    /// before.
    async fn insert(&mut self, account: &Account) -> Result<Account, StoreError>;
    /// Writes the account and appends its events to the history; [`StoreError::Stale`] if it was changed since it was read.
    async fn update(&mut self, account: &Account) -> Result<(), StoreError>;
    /// Whether the customer has accounts that have not ended.
    async fn any_live(&mut self, customer: CustomerId) -> Result<bool, StoreError>;
}

/// Cards within a unit of work.
#[async_trait]
pub trait Cards: Send {
    /// Reads a card by its token.
    async fn find(&mut self, token: &GatewayToken) -> Result<Option<Card>, StoreError>;
    /// Adds a card.
    async fn insert(&mut self, card: &Card) -> Result<(), StoreError>;
}

/// Tokenizations within a unit of work.
#[async_trait]
pub trait Tokenizations: Send {
    /// The account to which a reference belongs.
    async fn account_of(&mut self, reference: &GatewayToken) -> Result<Option<AccountId>, StoreError>;
    /// Reads the newest tokenization under a reference, and keeps others from changing it until the unit ends.
    async fn newest(&mut self, reference: &GatewayToken) -> Result<Option<Tokenization>, StoreError>;
    /// Reads the tokenization of an account that is pending, and keeps others from changing it until the unit ends.
    async fn pending_of(&mut self, account: AccountId) -> Result<Option<Tokenization>, StoreError>;
    /// Adds a tokenization.
    async fn insert(&mut self, tokenization: &Tokenization) -> Result<(), StoreError>;
    /// Writes the tokenization; [`StoreError::Stale`] if it was changed since it was read.
    async fn update(&mut self, tokenization: &Tokenization) -> Result<(), StoreError>;
}

/// Look-ups of cards and their tokenization: one statement each, outside any unit of work.
#[async_trait]
pub trait TokenizationReads: Send + Sync {
    /// The newest tokenization under a reference.
    async fn tokenization(
        &self,
        org: &OrgId,
        reference: &GatewayToken,
    ) -> Result<Option<Tokenization>, StoreError>;
    /// The tokenizations of an account, newest first, those of one instant by descending attempt, then by descending reference;
    /// nothing when there is no such account.
    async fn tokenizations_of(
        &self,
        org: &OrgId,
        account: AccountId,
    ) -> Result<Option<Vec<Tokenization>>, StoreError>;
    /// The cards of a customer, newest first, those of one instant by descending token; nothing when there is no such customer.
    async fn cards_of(&self, org: &OrgId, customer: CustomerId) -> Result<Option<Vec<Card>>, StoreError>;
}

/// Promotions within a unit of work.
#[async_trait]
pub trait Promotions: Send {
    /// Reads a promotion, whatever its status.
    async fn find(&mut self, id: PromotionId) -> Result<Option<Promotion>, StoreError>;
    /// The promotions of an account that are live on this day, by their start, then by id.
    async fn live(&mut self, account: AccountId, today: Date) -> Result<Vec<Promotion>, StoreError>;
    /// Adds a promotion with the events of its history.
    async fn insert(&mut self, promotion: &Promotion) -> Result<(), StoreError>;
    /// Writes the promotion and appends its events to the history; [`StoreError::Stale`] if it was changed since it was read.
    async fn update(&mut self, promotion: &Promotion) -> Result<(), StoreError>;
}

/// Contracts within a unit of work.
#[async_trait]
pub trait Contracts: Send {
    /// Reads a contract.
    async fn find(&mut self, id: ContractId) -> Result<Option<Contract>, StoreError>;
    /// Adds a contract, whether or not there is an account that has its external id. Instants are kept in whole microseconds.
    async fn insert(&mut self, contract: &Contract) -> Result<(), StoreError>;
}

/// Identification processes within a unit of work.
#[async_trait]
pub trait IdentificationProcesses: Send {
    /// Reads a process.
    async fn find(
        &mut self,
        id: IdentificationProcessId,
    ) -> Result<Option<IdentificationProcess>, StoreError>;
    /// Adds a process of a known customer. Instants are kept in whole microseconds.
    async fn insert(&mut self, process: &IdentificationProcess) -> Result<(), StoreError>;
}

/// Credentials within a unit of work. They know no calendar: for them an expired credential lives until it is ended.
#[async_trait]
pub trait Credentials: Send {
    /// Reads a credential, live or ended, and keeps others from changing it until the unit ends.
    async fn find(&mut self, id: CredentialId) -> Result<Option<Credential>, StoreError>;
    /// The credential of the customer that has not ended, and the one that keeps others from having this user name, in any
    /// order. Others are kept from changing them until the unit ends.
    async fn unended(
        &mut self,
        customer: CustomerId,
        username: Option<&LoginEmail>,
    ) -> Result<Vec<Credential>, StoreError>;
    /// Adds a credential.
    async fn insert(&mut self, credential: &Credential) -> Result<(), StoreError>;
    /// Writes the credential; [`StoreError::Stale`] if it was changed since it was read.
    async fn update(&mut self, credential: &Credential) -> Result<(), StoreError>;
}

/// A customer by its two ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerRef {
    /// Id.
    pub id: CustomerId,
    /// Id in older systems.
    pub external_id: Option<ExternalId>,
}

/// Look-ups of customers: one statement each, outside any unit of work.
#[async_trait]
pub trait CustomerReads: Send + Sync {
    /// A customer, live or ended.
    async fn customer(&self, org: &OrgId, id: CustomerId) -> Result<Option<Customer>, StoreError>;
    /// The live customers that have this normalised document number, of this type if one is given; at most two.
    async fn customers_by_document(
        &self,
        org: &OrgId,
        number: &str,
        kind: Option<DocumentType>,
    ) -> Result<Vec<CustomerRef>, StoreError>;
    /// The live customers that have this external id; at most two.
    async fn customers_by_external_id(
        &self,
        org: &OrgId,
        external_id: &ExternalId,
    ) -> Result<Vec<CustomerId>, StoreError>;
}

/// A credential as its customer's list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRef {
    /// Id.
    pub id: CredentialId,
    /// What the customer logs in by.
    pub username: LoginEmail,
}

/// Look-ups by way of credentials that have neither ended nor expired before `today`: one statement each, outside any unit of
/// work.
#[async_trait]
pub trait CredentialReads: Send + Sync {
    /// The credentials of a customer, at most one; nothing when there is no such customer.
    async fn credentials_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
        today: Date,
    ) -> Result<Option<Vec<CredentialRef>>, StoreError>;
    /// The live customers with a credential of this user name, whatever its case, and with this normalised document number,
    /// of this type, as far as they are given; at most two.
    async fn customers_by_username(
        &self,
        org: &OrgId,
        username: &LoginEmail,
        document: Option<(&str, Option<DocumentType>)>,
        today: Date,
    ) -> Result<Vec<CustomerRef>, StoreError>;
}

/// An account, and what its answers need of its customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// The account.
    pub account: Account,
    /// The customer's id in older systems.
    pub customer_external_id: Option<ExternalId>,
    /// The customer's profile.
    pub customer_profile: Profile,
}

impl AccountView {
    /// Where its invoices go: its own billing address, else the customer's postal address; neither is known of a digital
    /// customer.
    #[must_use]
    pub fn billing_address(&self) -> Option<BillingAddress> {
        let own = self.account.data().billing_address.clone();
        own.or_else(|| {
            self.customer_profile.contact_info().map(|contact| contact.postal_address.clone().into())
        })
    }
}

/// The billing addresses that an account has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingAddressHistory {
    /// The account's id in older systems.
    pub external_id: Option<ExternalId>,
    /// Newest first.
    pub entries: Vec<BillingAddressEntry>,
}

/// Look-ups of accounts: one statement each, outside any unit of work.
#[async_trait]
pub trait AccountReads: Send + Sync {
    /// An account, live or ended, with its customer.
    async fn account(&self, org: &OrgId, id: AccountId) -> Result<Option<AccountView>, StoreError>;
    /// The live accounts of a customer, oldest first; nothing when there is no such customer.
    async fn accounts_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Vec<AccountId>>, StoreError>;
    /// The live accounts that have this external id; at most two.
    async fn accounts_by_external_id(
        &self,
        org: &OrgId,
        external_id: &ExternalId,
    ) -> Result<Vec<AccountId>, StoreError>;
    /// All payment methods that an account has had, newest first; nothing when there is no such account.
    async fn payment_method_history(
        &self,
        org: &OrgId,
        id: AccountId,
    ) -> Result<Option<Vec<PaymentMethodEntry>>, StoreError>;
    /// The billing addresses that began on the days (UTC) `from` to `to`, both included and both optional; nothing when there
    /// is no such account.
    async fn billing_address_history(
        &self,
        org: &OrgId,
        id: AccountId,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Option<BillingAddressHistory>, StoreError>;
}

/// Look-ups of promotions: one statement each, outside any unit of work.
#[async_trait]
pub trait PromotionReads: Send + Sync {
    /// The promotions of an account that are live on this day, by their start, then by id; nothing when there is no such
    /// account.
    async fn live_promotions(
        &self,
        org: &OrgId,
        account: AccountId,
        today: Date,
    ) -> Result<Option<Vec<Promotion>>, StoreError>;
    /// What was done to the promotions of an account on the day `from` or later, which is optional, in the order in which it
    /// was done; nothing when there is no such account.
    async fn promotion_history(
        &self,
        org: &OrgId,
        account: AccountId,
        from: Option<Date>,
    ) -> Result<Option<Vec<PromotionEvent>>, StoreError>;
}

/// A live account and its contracts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountContracts {
    /// The account.
    pub account_id: AccountId,
    /// The one that started last first; of several that started at one instant the one with the highest id.
    pub contracts: Vec<Contract>,
}

/// Look-ups of contracts: one statement each, outside any unit of work.
#[async_trait]
pub trait ContractReads: Send + Sync {
    /// The live accounts that have this external id, with the contracts of that id; at most two.
    async fn contracts_by_account_external_id(
        &self,
        org: &OrgId,
        external_id: &ExternalId,
    ) -> Result<Vec<AccountContracts>, StoreError>;
}

/// One of the identification processes of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentificationProcessEntry {
    /// Id.
    pub id: IdentificationProcessId,
    /// When it took place.
    pub process_date: OffsetDateTime,
}

/// Look-ups of identification processes: one statement each, outside any unit of work.
#[async_trait]
pub trait IdentificationProcessReads: Send + Sync {
    /// The processes of a customer, live or ended, newest first, those of one instant by descending id; nothing when there is
    /// no such customer.
    async fn identification_processes_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Vec<IdentificationProcessEntry>>, StoreError>;
    /// A process of a customer, live or ended.
    async fn identification_process(
        &self,
        org: &OrgId,
        customer: CustomerId,
        id: IdentificationProcessId,
    ) -> Result<Option<IdentificationProcess>, StoreError>;
}
