//! What the use cases need from the world.

mod clock;
mod ids;
mod payment_gateway;
mod store;

pub use clock::Clock;
pub use ids::Ids;
pub use payment_gateway::{PaymentGateway, PaymentGatewayError, TokenizationRequest};
pub use store::{
    AccountReads, AccountView, Accounts, BillingAddressEntry, BillingAddressHistory, Cards, Constraint,
    CustomerReads, CustomerRef, Customers, PaymentMethodEntry, Store, StoreError, UnitOfWork,
};
