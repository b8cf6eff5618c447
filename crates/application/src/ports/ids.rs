use domain::{AccountId, CredentialId, CustomerId, PromotionId};

/// Hands out ids that were never handed out before.
pub trait Ids: Send + Sync {
    /// For a new customer.
    fn customer_id(&self) -> CustomerId;
    /// For a new account.
    fn account_id(&self) -> AccountId;
    /// For a new promotion.
    fn promotion_id(&self) -> PromotionId;
    /// For a new credential.
    fn credential_id(&self) -> CredentialId;
}
