//! Identification processes: what their answers look like, and the handlers.

use actix_web::HttpResponse;
use application::IdentificationProcessView;
use application::ports::IdentificationProcessEntry;
use domain::{CustomerId, IdentificationProcessId};
use serde::Serialize;
use uuid::Uuid;

use crate::access::Reading;
use crate::call::{Call, Input};
use crate::customer::customer_id;
use crate::error::ApiError;
use crate::view::date_time;

#[derive(Serialize)]
struct EntryView {
    process_id: Uuid,
    process_date: String,
}

impl From<IdentificationProcessEntry> for EntryView {
    fn from(entry: IdentificationProcessEntry) -> Self {
        Self { process_id: entry.id.0, process_date: date_time(entry.process_date) }
    }
}

#[derive(Serialize)]
struct ProcessResponse<'a> {
    process_id: Uuid,
    process_date: String,
    document: DocumentView<'a>,
}

#[derive(Serialize)]
struct DocumentView<'a> {
    url_expiration_date: String,
    public_url: &'a str,
    media_type: &'a str,
    name: &'a str,
    r#type: &'a str,
    size_bytes: u64,
}

impl<'a> From<&'a IdentificationProcessView> for ProcessResponse<'a> {
    fn from(view: &'a IdentificationProcessView) -> Self {
        let (process, document) = (&view.process, &view.process.document);
        Self {
            process_id: process.id.0,
            process_date: date_time(process.process_date),
            document: DocumentView {
                url_expiration_date: date_time(view.url_expiration_date),
                public_url: &view.public_url,
                media_type: document.media_type.as_str(),
                name: document.name.as_str(),
                r#type: document.kind.as_str(),
                size_bytes: document.size_bytes,
            },
        }
    }
}

fn customer_and_process(input: &mut Input<'_>) -> Option<(CustomerId, IdentificationProcessId)> {
    let (customer, process) = (customer_id(input), input.path.required("identification_process_id"));
    Some((customer?, process?))
}

pub(crate) async fn list(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    #[derive(Serialize)]
    struct ProcessesResponse {
        processes: Vec<EntryView>,
    }
    let customer = call.read(customer_id)?;
    let processes = call.state.identification_processes.of_customer(call.org(), customer).await?;
    Ok(HttpResponse::Ok()
        .json(ProcessesResponse { processes: processes.into_iter().map(Into::into).collect() }))
}

pub(crate) async fn get(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let (customer, id) = call.read(customer_and_process)?;
    let view = call.state.identification_processes.get(call.org(), customer, id).await?;
    Ok(HttpResponse::Ok().json(ProcessResponse::from(&view)))
}
