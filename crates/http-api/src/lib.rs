//! The HTTP face of the service: routes, who may call them, what requests must look like and what answers do look like.
//! Knows the use cases; must not know SQL, nor decide anything about customers.

mod access;
mod account;
mod address;
mod body;
mod call;
mod category;
mod contract;
mod credential;
mod customer;
mod document;
mod error;
mod health;
mod identification_process;
pub mod import;
mod json;
mod jwt;
mod observe;
mod promotion;
mod routes;
mod special_treatment;
mod timeline;
mod tokenization;
mod view;

use std::sync::Arc;

use application::ports::{Clock, SignedDocuments, Store};
use application::{
    Accounts, Categories, Contracts, Credentials, Customers, IdentificationProcesses, Promotions,
    SpecialTreatments, Tokenizations,
};

pub use access::{Permission, RoleTable};
pub use document::DOCUMENTS;
pub use jwt::{Jwks, JwksError, Verifier};
pub use observe::observe;
pub use routes::{configure, routes};

/// What the handlers work with.
pub struct State {
    /// Use cases of customers.
    pub customers: Customers,
    /// Use cases of accounts.
    pub accounts: Accounts,
    /// Use cases of cards and their tokenization.
    pub tokenizations: Arc<Tokenizations>,
    /// Use cases of promotions.
    pub promotions: Promotions,
    /// Use cases of categories.
    pub categories: Categories,
    /// Use cases of special treatment.
    pub special_treatments: SpecialTreatments,
    /// Use cases of contracts.
    pub contracts: Contracts,
    /// Use cases of identification processes.
    pub identification_processes: IdentificationProcesses,
    /// The documents that the service itself hands out.
    pub documents: Arc<dyn SignedDocuments>,
    /// Use cases of credentials.
    pub credentials: Arc<Credentials>,
    /// For readiness.
    pub store: Arc<dyn Store>,
    /// Tells what day it is, for dates in requests.
    pub clock: Arc<dyn Clock>,
    /// Checks tokens.
    pub verifier: Verifier,
    /// What each role may do.
    pub roles: RoleTable,
    /// Where this service is reached from outside, without a slash at the end; links to the error catalogue begin so.
    pub public_url: String,
}
