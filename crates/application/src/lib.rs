//! The use cases, and the ports they need from the world. Knows the domain; must not know HTTP, SQL or any adapter.

mod accounts;
mod categories;
mod contracts;
mod credentials;
mod customers;
mod error;
mod identification_processes;
mod import;
mod outbox;
pub mod ports;
mod promotions;
mod scope;
mod special_treatment;
mod tokenizations;

pub use accounts::{
    Acceptance, AccountPolicy, AccountRef, Accounts, InvoiceRecipient, NewAccountRequest, OrgPolicy,
};
pub use categories::Categories;
pub use contracts::Contracts;
pub use credentials::Credentials;
pub use customers::{Customers, Search, SearchError};
pub use error::{Error, Resource, with_causes};
pub use identification_processes::{IdentificationProcessView, IdentificationProcesses};
pub use import::{
    AccountKey, CustomerKey, Import, ImportLine, ImportRecord, ImportRun, SourceDocument, Verdict,
};
pub use outbox::{EffectError, OutboxPolicy, OutboxWorker};
pub use promotions::Promotions;
pub use scope::Scope;
pub use special_treatment::SpecialTreatments;
pub use tokenizations::{TokenizationPolicy, Tokenizations};
