//! Cards and their tokenization.

use actix_web::HttpResponse;
use domain::{Card, Tokenization, TokenizationStatus};
use serde::Serialize;
use uuid::Uuid;

use crate::access::Reading;
use crate::account::account_id;
use crate::call::Call;
use crate::customer::customer_id;
use crate::error::ApiError;
use crate::view::date_time;

#[derive(Serialize)]
struct TokenizationRequests<'a> {
    items: Vec<TokenizationView<'a>>,
}

#[derive(Serialize)]
struct TokenizationView<'a> {
    reference_id: &'a str,
    account_id: Uuid,
    status: &'static str,
    token_id: Option<&'a str>,
    error_message: Option<&'a str>,
    created_at: String,
    updated_at: String,
}

impl<'a> From<&'a Tokenization> for TokenizationView<'a> {
    fn from(tokenization: &'a Tokenization) -> Self {
        let data = tokenization.data();
        let (token_id, error_message) = match &data.status {
            TokenizationStatus::Pending => (None, None),
            TokenizationStatus::Completed(token) => (Some(token.as_str()), None),
            TokenizationStatus::Failed(message) => (None, Some(message.as_str())),
        };
        Self {
            reference_id: data.reference_id.as_str(),
            account_id: data.account_id.0,
            status: data.status.code(),
            token_id,
            error_message,
            created_at: date_time(data.created_at),
            updated_at: date_time(data.updated_at),
        }
    }
}

#[derive(Serialize)]
struct AvailableCreditCards<'a> {
    available_credit_cards: Vec<CardView<'a>>,
}

#[derive(Serialize)]
struct CardView<'a> {
    id: &'a str,
    created_at: String,
    summary: &'a str,
    expiration_date: String,
}

impl<'a> From<&'a Card> for CardView<'a> {
    fn from(card: &'a Card) -> Self {
        Self {
            id: card.token_id.as_str(),
            created_at: date_time(card.created_at),
            summary: &card.last_four,
            expiration_date: card.expiration.to_string(),
        }
    }
}

pub(crate) async fn of_account(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let id = call.read(account_id)?;
    let tokenizations = call.state.tokenizations.of_account(call.org(), id).await?;
    let items = tokenizations.iter().map(Into::into).collect();
    Ok(HttpResponse::Ok().json(TokenizationRequests { items }))
}

pub(crate) async fn available_cards(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let id = call.read(customer_id)?;
    let cards = call.state.tokenizations.available_cards(call.org(), id).await?;
    let available_credit_cards = cards.iter().map(Into::into).collect();
    Ok(HttpResponse::Ok().json(AvailableCreditCards { available_credit_cards }))
}
