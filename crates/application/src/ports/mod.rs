//! What the use cases need from the world.

mod audit;
mod bulk;
mod category;
mod clock;
mod document_store;
mod identity_system;
mod ids;
mod notifier;
mod outbox;
mod payment_gateway;
mod special_treatment;
mod store;

pub use audit::{AuditReads, TimelineEntry, TimelinePage};
pub use bulk::{Bulk, ImportedLine, KnownAccount, KnownCustomer};
pub use category::{
    AssignedCategory, Categories, CategoryAssignments, CategoryHistory, CategoryReads, HistoricalValue,
};
pub use clock::{Calendar, Clock};
pub use document_store::{
    DocumentBytes, DocumentStore, DocumentStoreError, OpenDocument, SignedDocuments, SignedUrl,
};
pub use domain::{BillingAddressEntry, PaymentMethodEntry};
pub use identity_system::{IdentitySystem, Login, LoginChange};
pub use ids::Ids;
pub use notifier::{Notice, NoticeKind, Notifier};
pub use outbox::{Effect, Neighbour, NeighbourError, Outbox, OutboxEntry, OutboxQueue};
pub use payment_gateway::{PaymentGateway, TokenizationRequest};
pub use special_treatment::{SpecialTreatmentReads, SpecialTreatments};
pub use store::{
    AccountContracts, AccountReads, AccountView, Accounts, BillingAddressHistory, Cards, Constraint,
    ContractReads, Contracts, CredentialReads, CredentialRef, Credentials, CustomerReads, CustomerRef,
    Customers, IdentificationProcessEntry, IdentificationProcessReads, IdentificationProcesses,
    PromotionReads, Promotions, Store, StoreError, TokenizationReads, Tokenizations, UnitOfWork,
};
