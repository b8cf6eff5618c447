//! Adapters of the payment gateway port. Must not know HTTP routes or the database.

use application::ports::{PaymentGateway, PaymentGatewayError, TokenizationRequest};
use async_trait::async_trait;

/// No gateway: every tokenization is refused. What an installation without card payments runs with.
pub struct NoGateway;

#[async_trait]
impl PaymentGateway for NoGateway {
    async fn request_tokenization(&self, _request: &TokenizationRequest) -> Result<(), PaymentGatewayError> {
        Err(PaymentGatewayError::NotConfigured)
    }
}
