use domain::{AccountId, CustomerId};

/// Hands out ids that were never handed out before.
pub trait Ids: Send + Sync {
    /// For a new customer.
    fn customer_id(&self) -> CustomerId;
    /// For a new account.
    fn account_id(&self) -> AccountId;
}
