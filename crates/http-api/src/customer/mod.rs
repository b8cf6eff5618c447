//! The operations on customers.

mod request;
mod view;

use actix_web::HttpResponse;
use application::ports::CustomerRef;
use domain::{CustomerId, ExternalId, Nif, Representative};
use serde::Serialize;

pub(crate) use self::request::AT_LEAST_ONE_FIELD;
pub(crate) use self::request::new_customer;
use self::request::{customer_patch, representative, search_criteria};
use self::view::CustomerView;
use crate::access::{Reading, WritingCustomers};
use crate::call::{Call, Input};
use crate::error::ApiError;
use crate::view::{Id, IdAndExternalId};

impl From<CustomerRef> for IdAndExternalId {
    fn from(customer: CustomerRef) -> Self {
        Self::new(customer.id.0, customer.external_id)
    }
}

pub(crate) async fn create(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let now = call.now;
    let new = call.read(|input| new_customer(input.body()?, now))?;
    let customer = call.state.customers.register(&call.scope, new).await?;
    let location = format!("/v4/orgs/{}/customers/{}", call.org(), customer.id);
    Ok(HttpResponse::Created().insert_header(("Location", location)).json(IdAndExternalId::from(customer)))
}

pub(crate) async fn search(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    #[derive(Serialize)]
    struct CustomerSearchResponse {
        customer: IdAndExternalId,
    }
    let criteria = call.read(search_criteria)?;
    let customer = call.state.customers.search(call.org(), &criteria).await?.into();
    Ok(HttpResponse::Ok().json(CustomerSearchResponse { customer }))
}

pub(crate) async fn get(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let id = call.read(customer_id)?;
    let customer = call.state.customers.get(call.org(), id).await?;
    Ok(HttpResponse::Ok().json(CustomerView::from(&customer)))
}

pub(crate) async fn patch(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let now = call.now;
    let (id, patch) = call.read(|input| {
        let (id, patch) = (customer_id(input), input.body().map(|body| customer_patch(body, now)));
        Some((id?, patch?))
    })?;
    if patch.is_empty() {
        return Err(ApiError::bad_request("", AT_LEAST_ONE_FIELD));
    }
    call.state.customers.amend(&call.scope, id, patch).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn delete(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let id = call.read(customer_id)?;
    call.state.customers.end(&call.scope, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn put_associated_users(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (id, user) = call.read(|input| {
        let id = customer_id(input);
        let user = input.body().and_then(|mut body| {
            let users = body.required_value("associated_users")?;
            representative(&body, users, Representative::ExactlyOne)?
        });
        Some((id?, user?))
    })?;
    call.state.customers.replace_representative(&call.scope, id, user).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn convert_nie_to_nif(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (id, nif) = call.read(|input| {
        let id = customer_id(input);
        let nif = input.body().and_then(|mut body| body.required::<Nif>("nif"));
        Some((id?, nif?))
    })?;
    call.state.customers.convert_nie_to_nif(&call.scope, id, nif).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn by_external_id(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let external_id = call.read(|input| input.path.required::<ExternalId>("customer_external_id"))?;
    let id = call.state.customers.by_external_id(call.org(), &external_id).await?;
    Ok(HttpResponse::Ok().json(Id { id: id.0 }))
}

pub(crate) fn customer_id(input: &mut Input<'_>) -> Option<CustomerId> {
    input.path.required("customer_id")
}
