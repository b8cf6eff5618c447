//! What surrounds every request: its id, the log line, the security headers and the rendering of errors.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use application::Scope;
use domain::contains_card_number;
use tracing::{Instrument, info, info_span};
use uuid::Uuid;

use crate::State;
use crate::error::ApiError;
use crate::routes::ORGANISATION;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request that bears it as an extension.
pub(crate) struct RequestId(pub(crate) String);

/// Middleware around all routes.
///
/// # Errors
/// None of its own; handlers' errors are answers by the time they come here.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = std::time::Instant::now();
    let request_id = request_id(&request);
    let span = info_span!("request", request_id = request_id.to_str().unwrap_or_default());
    let method = request.method().clone();

    let id = RequestId(request_id.to_str().unwrap_or_default().to_owned());
    request.extensions_mut().insert(id);
    let response = next.call(request).instrument(span.clone()).await?.map_into_boxed_body();
    let mut response = render_error(response);
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, request_id);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

    let _entered = span.enter();
    let scope = response.request().extensions().get::<Scope>().cloned();
    // The template of the route, because the path itself may hold personal data.
    info!(
        %method,
        route = response.request().match_pattern().map(|route| route.replace(ORGANISATION, "/v4/orgs/{org_id}")),
        org = scope.as_ref().map(|scope| scope.org.as_str()),
        actor = scope.as_ref().map(|scope| scope.actor.as_str()),
        status = response.status().as_u16(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "request"
    );
    Ok(response)
}

/// The caller's request id if it is a sane one, else a new one.
fn request_id(request: &ServiceRequest) -> HeaderValue {
    let sane = |id: &&HeaderValue| {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
        let text = id.to_str().unwrap_or_default();
        (1..=128).contains(&text.len())
            && text.bytes().all(word)
            // A UUID can look like a card number.
            && (Uuid::try_parse(text).is_ok() || !contains_card_number(text))
    };
    let given = request.headers().get(X_REQUEST_ID).filter(sane).cloned();
    given.unwrap_or_else(|| {
        HeaderValue::try_from(Uuid::now_v7().to_string()).unwrap_or_else(|_| HeaderValue::from_static("-"))
    })
}

fn render_error(response: ServiceResponse) -> ServiceResponse {
    let Some(error) = response.response().error() else { return response };
    // What is not ours comes from the framework, whose messages may quote the request.
    let ours = error.as_error::<ApiError>().cloned();
    let error = ours.unwrap_or_else(|| match response.status().as_u16() {
        400..=499 => ApiError::bad_request("", "The request cannot be understood"),
        _ => ApiError::Unexpected,
    });
    let public_url = response.request().app_data::<Data<State>>().map(|state| state.public_url.clone());
    let rendered = error.render(public_url.as_deref().unwrap_or_default());
    response.into_response(rendered)
}
