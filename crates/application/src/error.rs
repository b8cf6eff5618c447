use crate::ports::{DocumentStoreError, StoreError};
use domain::{
    AccountError, CategoryError, CredentialError, CustomerError, PromotionError, SpecialTreatmentError,
};
use thiserror::Error;

/// What can be looked for in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// A customer.
    Customer,
    /// An account.
    Account,
    /// Payment methods that an account could have.
    PaymentMethods,
    /// Billing addresses of an account in a range of days.
    BillingAddresses,
    /// Somebody and somewhere to send an invoice to.
    InvoiceRecipient,
    /// A promotion of an account.
    Promotion,
    /// A category.
    Category,
    /// A category that a customer has.
    CategoryAssignment,
    /// A contract that is active.
    ActiveContract,
    /// An identification process.
    IdentificationProcess,
    /// A credential.
    Credential,
}

/// Why a use case did not do what it was asked to.
#[derive(Debug, Error)]
pub enum Error {
    /// There is no such thing in the organisation.
    #[error("not found: {0:?}")]
    NotFound(Resource),
    /// More than one live thing answers to the look-up.
    #[error("more than one live match")]
    Ambiguous,
    /// The customer refuses.
    #[error(transparent)]
    Customer(#[from] CustomerError),
    /// The account refuses.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The promotion refuses.
    #[error(transparent)]
    Promotion(#[from] PromotionError),
    /// The category refuses.
    #[error(transparent)]
    Category(#[from] CategoryError),
    /// The special treatment is refused.
    #[error(transparent)]
    SpecialTreatment(#[from] SpecialTreatmentError),
    /// The card is unknown, expired, or another customer's.
    #[error("no usable card of this customer")]
    Card,
    /// The document store refuses or fails.
    #[error(transparent)]
    DocumentStore(#[from] DocumentStoreError),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CredentialError> for Error {
    /// A credential that has ended or expired is none.
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Ended => Self::NotFound(Resource::Credential),
            CredentialError::Customer(error) => Self::Customer(error),
        }
    }
}

/// An error and its causes, for the operator.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    words.dedup();
    words.join(": ")
}
