use async_trait::async_trait;
use domain::{AccountId, GatewayToken, OrgId};
use thiserror::Error;

/// A card to be tokenized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizationRequest {
    /// The organisation of the account.
    pub org: OrgId,
    /// The account that is to be paid by the card.
    pub account_id: AccountId,
    /// Under which the gateway knows the card that the customer has typed in there.
    pub reference_id: GatewayToken,
}

/// Why the gateway does not take a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PaymentGatewayError {
    /// This installation has no payment gateway.
    #[error("no payment gateway is configured")]
    NotConfigured,
}

/// The system that turns the card numbers typed in by customers into tokens.
#[async_trait]
pub trait PaymentGateway: Send + Sync {
    /// Asks for the tokenization of a card. The gateway takes the request in for good; its outcome comes later.
    async fn request_tokenization(&self, request: &TokenizationRequest) -> Result<(), PaymentGatewayError>;
}
