//! Credentials: what their requests must look like, what their answers do look like, and the handlers.

use actix_web::HttpResponse;
use application::ports::CredentialRef;
use domain::{CredentialId, CustomerId, ExpirationDate, LoginEmail};
use serde::Serialize;
use uuid::Uuid;

use crate::access::{Reading, WritingCustomers};
use crate::call::{Call, Input, NoBody};
use crate::customer::customer_id;
use crate::error::ApiError;
use crate::view::Id;

fn username(input: &mut Input<'_>) -> Option<(CustomerId, LoginEmail)> {
    let customer = customer_id(input);
    let username = input.body().and_then(|mut body| body.required("username"));
    Some((customer?, username?))
}

#[derive(Serialize)]
struct CredentialsResponse<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    customer_id: Uuid,
    credentials: Vec<CredentialView<'a>>,
}

#[derive(Serialize)]
struct CredentialView<'a> {
    id: Uuid,
    username: &'a str,
}

impl<'a> From<&'a CredentialRef> for CredentialView<'a> {
    fn from(credential: &'a CredentialRef) -> Self {
        Self { id: credential.id.0, username: credential.username.as_str() }
    }
}

pub(crate) async fn list(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let customer = call.read(customer_id)?;
    let credentials = call.state.credentials.of_customer(call.org(), customer).await?;
    Ok(HttpResponse::Ok().json(CredentialsResponse {
        username: credentials.first().map(|credential| credential.username.as_str()),
        customer_id: customer.0,
        credentials: credentials.iter().map(Into::into).collect(),
    }))
}

pub(crate) async fn create(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (customer, username) = call.read(username)?;
    let id = call.state.credentials.reserve(&call.scope, customer, username).await?;
    Ok(HttpResponse::Created().json(Id { id: id.0 }))
}

pub(crate) async fn migrate(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (customer, username) = call.read(username)?;
    let id = call.state.credentials.migrate(&call.scope, customer, username).await?;
    Ok(HttpResponse::Created().json(Id { id: id.0 }))
}

pub(crate) async fn patch(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let today = call.state.credentials.today();
    let (customer, expiration) = call.read(|input| {
        let customer = customer_id(input);
        let expiration = input.body().and_then(|mut body| {
            body.required_or_null_with("expiration_date", |raw| ExpirationDate::parse(raw, today))
        });
        Some((customer?, expiration?))
    })?;
    call.state.credentials.expire_on(&call.scope, customer, expiration).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn change(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (customer, username) = call.read(username)?;
    call.state.credentials.change_username(&call.scope, customer, username).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn activate(mut call: Call<WritingCustomers, NoBody>) -> Result<HttpResponse, ApiError> {
    let customer = call.read(customer_id)?;
    call.state.credentials.activate(&call.scope, customer).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(crate) async fn delete(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (customer, id) = call.read(|input| {
        let (customer, id) = (customer_id(input), input.path.required::<CredentialId>("credential_id"));
        Some((customer?, id?))
    })?;
    call.state.credentials.end(&call.scope, customer, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
