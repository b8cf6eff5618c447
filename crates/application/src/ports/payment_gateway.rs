use async_trait::async_trait;
use domain::{AccountId, GatewayToken, OrgId, TokenizationAnswer};
use time::OffsetDateTime;

use super::NeighbourError;

/// A card to be tokenized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizationRequest {
    /// The organisation of the account.
    pub org: OrgId,
    /// The account that is to be paid by the card.
    pub account_id: AccountId,
    /// Under which the gateway knows the card that the customer has typed in there.
    pub reference_id: GatewayToken,
    /// Counts the requests under this reference, from 1. A request that is repeated has the same number.
    pub attempt: i32,
    /// When it was asked for first.
    pub requested_at: OffsetDateTime,
}

/// The system that turns the card numbers typed in by customers into tokens.
#[async_trait]
pub trait PaymentGateway: Send + Sync {
    /// Asks for the tokenization of a card, or how far it is if it was asked for before. Returns what the gateway says in the
    /// end, or nothing while it has yet to find out. It says the same token, or the same words, each time.
    async fn tokenize(
        &self,
        request: &TokenizationRequest,
    ) -> Result<Option<TokenizationAnswer>, NeighbourError>;
}
