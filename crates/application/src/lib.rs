//! The use cases, and the ports they need from the world. Knows the domain; must not know HTTP, SQL or any adapter.

mod accounts;
mod customers;
mod error;
mod outbox;
pub mod ports;
mod promotions;
mod scope;
mod tokenizations;

pub use accounts::{
    Acceptance, AccountPolicy, AccountRef, Accounts, InvoiceRecipient, NewAccountRequest, OrgPolicy,
};
pub use customers::{Customers, Search, SearchError};
pub use error::{Error, Resource};
pub use outbox::{Outbox, OutboxPolicy};
pub use promotions::Promotions;
pub use scope::Scope;
pub use tokenizations::{TokenizationPolicy, Tokenizations};
