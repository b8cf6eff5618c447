//! Promotions: what their requests must look like, what their answers do look like, and the handlers.

use actix_web::HttpResponse;
use domain::{
    AccountId, AccountPromotionType, Cancellation, NewPromotion, Period, Promotion, PromotionEvent,
    PromotionId, PromotionNumber, PromotionStatus, parse_date,
};
use serde::Serialize;
use time::Date;
use uuid::Uuid;

use crate::access::{Reading, WritingCustomers};
use crate::account::account_id;
use crate::body::Object;
use crate::call::{Call, Input};
use crate::error::ApiError;
use crate::view::date;

// Requests

pub(crate) fn new_promotion(mut object: Object<'_>, today: Date) -> Option<NewPromotion> {
    let promotion_id = object.required_integer("promotion_id", PromotionNumber::MIN..=PromotionNumber::MAX);
    let starts_today = !object.has("start_date");
    let start_date = object.optional_with("start_date", parse_date).or(starts_today.then_some(today));
    let ends = object.has("end_date");
    let end_date = object.optional_with("end_date", parse_date);
    if ends && end_date.is_none() {
        return None;
    }
    let period = object.check("end_date", Period::new(start_date?, end_date));
    Some(NewPromotion { promotion_id: promotion_id?, period: period? })
}

fn cancellation(mut object: Object<'_>, today: Date) -> Option<Cancellation> {
    let date = object.required_with("cancellation_date", parse_date)?;
    object.check("cancellation_date", Cancellation::new(date, today))
}

fn account_promotion_id(input: &mut Input<'_>) -> Option<PromotionId> {
    input.path.required("account_promotion_id")
}

fn account_promotion_type(input: &mut Input<'_>) -> AccountPromotionType {
    input.query.optional("account_promotion_type").unwrap_or(AccountPromotionType::Activated)
}

// Answers

#[derive(Serialize)]
struct PromotionView {
    id: Uuid,
    account_id: Uuid,
    promotion_id: u16,
    start_date: String,
    end_date: Option<String>,
    status: &'static str,
}

impl PromotionView {
    fn new(promotion: &Promotion, status: PromotionStatus) -> Self {
        let data = promotion.data();
        Self {
            id: data.id.0,
            account_id: data.account_id.0,
            promotion_id: data.promotion_id.get(),
            start_date: date(data.period.start_date()),
            end_date: data.period.end_date().map(date),
            status: status.code(),
        }
    }
}

#[derive(Serialize)]
struct PromotionEventView {
    account_id: Uuid,
    promotion_id: u16,
    start_date: String,
    end_date: Option<String>,
    status: &'static str,
    operation: &'static str,
}

impl PromotionEventView {
    fn new(account: AccountId, event: &PromotionEvent) -> Self {
        Self {
            account_id: account.0,
            promotion_id: event.promotion_id.get(),
            start_date: date(event.period.start_date()),
            end_date: event.period.end_date().map(date),
            status: event.status().code(),
            operation: event.operation.code(),
        }
    }
}

// Handlers

pub(crate) async fn list(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let (account, kind) = call.read(|input| {
        let (account, kind) = (account_id(input), account_promotion_type(input));
        Some((account?, kind))
    })?;
    let promotions = call.state.promotions.of_account(call.org(), account, kind).await?;
    let promotions = promotions.iter().map(|(promotion, status)| PromotionView::new(promotion, *status));
    Ok(HttpResponse::Ok().json(promotions.collect::<Vec<_>>()))
}

pub(crate) async fn create(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let today = call.state.promotions.today();
    let (account, new) = call.read(|input| {
        let (account, body) = (account_id(input), input.body());
        let new = body.and_then(|body| new_promotion(body, today));
        Some((account?, new?))
    })?;
    let (promotion, status) = call.state.promotions.create(&call.scope, account, new).await?;
    Ok(HttpResponse::Ok().json([PromotionView::new(&promotion, status)]))
}

pub(crate) async fn patch(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let today = call.state.promotions.today();
    let (account, id, cancellation) = call.read(|input| {
        let (account, id, body) = (account_id(input), account_promotion_id(input), input.body());
        let cancellation = body.and_then(|body| cancellation(body, today));
        Some((account?, id?, cancellation?))
    })?;
    call.state.promotions.cancel(&call.scope, account, id, cancellation).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn history(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let (account, from) = call.read(|input| {
        let (account, from) = (account_id(input), input.query.optional_with("start_date", parse_date));
        Some((account?, from))
    })?;
    let events = call.state.promotions.history(call.org(), account, from).await?;
    let events = events.iter().map(|event| PromotionEventView::new(account, event));
    Ok(HttpResponse::Ok().json(events.collect::<Vec<_>>()))
}
