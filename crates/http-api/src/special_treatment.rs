//! The operations on special treatment.

use actix_web::HttpResponse;
use domain::{CatalogueValue, CatalogueValues, SpecialTreatment, SpecialTreatmentList};
use serde::Serialize;

use crate::access::{Reading, WritingCatalogue, WritingCustomers};
use crate::body::Object;
use crate::call::{Call, Input};
use crate::category::catalogue_values;
use crate::customer::customer_id;
use crate::error::ApiError;

fn values(body: Option<Object<'_>>, most: usize) -> Option<CatalogueValues> {
    catalogue_values(body?.required_value("values")?, most)
}

fn values_response(values: &[CatalogueValue]) -> HttpResponse {
    #[derive(Serialize)]
    struct SpecialTreatmentResponse<'a> {
        values: Vec<&'a str>,
    }
    let values = values.iter().map(CatalogueValue::as_str).collect();
    HttpResponse::Ok().json(SpecialTreatmentResponse { values })
}

pub(crate) async fn list(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    call.read(|_| Some(()))?;
    let offered = call.state.special_treatments.offered(call.org()).await?;
    Ok(values_response(offered.as_slice()))
}

pub(crate) async fn patch(mut call: Call<WritingCatalogue>) -> Result<HttpResponse, ApiError> {
    let offered = call.read(|input| values(input.body(), SpecialTreatmentList::MOST))?;
    call.state.special_treatments.offer(&call.scope, offered).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn get(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let customer = call.read(customer_id)?;
    let value = call.state.special_treatments.of_customer(call.org(), customer).await?;
    Ok(values_response(value.as_slice()))
}

pub(crate) async fn put(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (customer, values) = call.read(|input: &mut Input<'_>| {
        let (customer, values) = (customer_id(input), values(input.body(), SpecialTreatment::MOST));
        Some((customer?, values?))
    })?;
    match values.as_slice().first() {
        Some(value) => call.state.special_treatments.give(&call.scope, customer, value.clone()).await?,
        None => call.state.special_treatments.take_away(&call.scope, customer).await?,
    }
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn delete(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let customer = call.read(customer_id)?;
    call.state.special_treatments.take_away(&call.scope, customer).await?;
    Ok(HttpResponse::NoContent().finish())
}
