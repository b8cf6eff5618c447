//! The timeline of a customer: what was changed, by whom and when.

use actix_web::HttpResponse;
use application::ports::{TimelineEntry, TimelinePage};
use domain::CustomerId;
use serde::Serialize;
use uuid::Uuid;

use crate::access::Reading;
use crate::call::{Call, Input};
use crate::customer::customer_id;
use crate::error::ApiError;
use crate::view::date_time;

/// Entries of a page unless the caller asks for another number, and the most that can be asked for.
const PAGE: u16 = 50;
const LONGEST_PAGE: u16 = 100;

fn limit(raw: &str) -> Result<u16, String> {
    let limit = raw.parse().ok().filter(|limit| (1..=LONGEST_PAGE).contains(limit));
    limit.ok_or_else(|| format!("must be a number from 1 to {LONGEST_PAGE}"))
}

/// The cursor is what an earlier page has given as the beginning of the next.
fn page(input: &mut Input<'_>) -> Option<(CustomerId, Option<i64>, u16)> {
    let customer = customer_id(input);
    let before = input.query.optional_with("cursor", |raw| {
        raw.parse::<i64>().ok().filter(|id| *id >= 0).ok_or("must be the next_cursor of an earlier answer")
    });
    let limit = input.query.optional_with("limit", limit).unwrap_or(PAGE);
    Some((customer?, before, limit))
}

#[derive(Serialize)]
struct TimelineResponse<'a> {
    customer_id: Uuid,
    entries: Vec<EntryView<'a>>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct EntryView<'a> {
    at: String,
    actor: &'a str,
    request_id: &'a str,
    operation: &'a str,
    entity: &'static str,
    entity_id: &'a str,
    fields: &'a [String],
}

impl<'a> From<&'a TimelineEntry> for EntryView<'a> {
    fn from(entry: &'a TimelineEntry) -> Self {
        Self {
            at: date_time(entry.at),
            actor: entry.actor.as_str(),
            request_id: &entry.request_id,
            operation: &entry.operation,
            entity: entry.entity.code(),
            entity_id: &entry.entity_id,
            fields: &entry.fields,
        }
    }
}

pub(crate) async fn get(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let (id, before, limit) = call.read(page)?;
    let TimelinePage { entries, next } = call.state.customers.timeline(call.org(), id, before, limit).await?;
    Ok(HttpResponse::Ok().json(TimelineResponse {
        customer_id: id.0,
        entries: entries.iter().map(Into::into).collect(),
        next_cursor: next.map(|next| next.to_string()),
    }))
}
