//! The use cases, and the ports they need from the world. Knows the domain; must not know HTTP, SQL or any adapter.

mod accounts;
mod customers;
mod error;
pub mod ports;
mod scope;

pub use accounts::{
    Acceptance, AccountPolicy, AccountRef, Accounts, InvoiceRecipient, NewAccountRequest, OrgPolicy,
};
pub use customers::{Customers, Search, SearchError};
pub use error::{Error, Resource};
pub use scope::Scope;
