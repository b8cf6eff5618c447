//! What every handler is given: a request whose caller may make it, with its body at hand.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use application::Scope;
use bytes::{Bytes, BytesMut};
use domain::OrgId;
use futures_util::StreamExt;
use time::OffsetDateTime;

use crate::State;
use crate::access::{Permission, Requires};
use crate::body::{Fields, Object, Value};
use crate::error::ApiError;
use crate::json::{self, Json};
use crate::observe::RequestId;
use crate::routes::operation;

/// Most bytes of a body.
const MAX_BODY: usize = 256 * 1024;
/// A body that is somewhat too long is read to its end, so that the client reads the answer and not a broken connection.
const MAX_DISCARDED: usize = 4 * MAX_BODY;

/// Whether an operation is told anything in a body, as it stands in the signature of a handler.
pub(crate) trait Body {
    const IS_READ: bool;
}

/// The body is a JSON object.
pub(crate) struct JsonBody;

impl Body for JsonBody {
    const IS_READ: bool = true;
}

/// There is nothing to say; an empty object says as much.
pub(crate) struct NoBody;

impl Body for NoBody {
    const IS_READ: bool = false;
}

/// An authorised request. `P` is the permission that it takes; `B` matters to methods that have a body.
pub(crate) struct Call<P, B = JsonBody> {
    pub(crate) state: Arc<State>,
    pub(crate) scope: Scope,
    /// Whether the caller sees IBANs in full.
    pub(crate) reads_pii: bool,
    /// When it came in.
    pub(crate) now: OffsetDateTime,
    path: Vec<(String, String)>,
    query: String,
    body: Option<Bytes>,
    signature: PhantomData<(P, B)>,
}

/// The parts of a request, to be read field by field.
pub(crate) struct Input<'f> {
    fields: &'f Fields,
    pub(crate) path: Object<'f>,
    pub(crate) query: Object<'f>,
    body: Option<Bytes>,
}

impl<'f> Input<'f> {
    /// The body, which must be a JSON object.
    pub(crate) fn body(&mut self) -> Option<Object<'f>> {
        let json = self
            .fields
            .check("", json::parse(&self.body.take()?).map_err(|error| format!("The body {error}")))?;
        match json {
            Json::Object(_) => Value::new(self.fields, "", json).object(),
            _ => {
                self.fields.fail("", "The body must be a JSON object");
                None
            }
        }
    }

    /// The body of an operation that has none.
    fn no_body(&mut self) {
        if let Some(body) = self.body.take()
            && !body.is_empty()
            && json::parse(&body) != Ok(Json::Object(Vec::new()))
        {
            self.fields.fail("", "The body must be empty");
        }
    }
}

impl<P, B: Body> Call<P, B> {
    /// Reads what the operation needs. Everything that is wrong with the request goes into one error.
    pub(crate) fn read<T>(&mut self, read: impl FnOnce(&mut Input<'_>) -> Option<T>) -> Result<T, ApiError> {
        let fields = Fields::default();
        let text = |(name, value): (String, String)| (name, Json::String(value));
        let query = form_urlencoded(&self.query)?;
        let value = {
            let path = std::mem::take(&mut self.path).into_iter().map(text).collect();
            let mut input = Input {
                fields: &fields,
                path: Object::new(&fields, String::new(), path).exempt_everything(),
                query: Object::new(&fields, String::new(), query.into_iter().map(text).collect())
                    .exempt(&["identity_document"]),
                body: self.body.take(),
            };
            let value = read(&mut input);
            if !B::IS_READ {
                input.no_body();
            }
            value
        };
        match (fields.into_errors(), value) {
            (errors, Some(value)) if errors.is_empty() => Ok(value),
            (errors, _) => Err(ApiError::BadRequest(errors)),
        }
    }

    pub(crate) fn org(&self) -> &OrgId {
        &self.scope.org
    }
}

pub(crate) fn form_urlencoded(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((percent_decoded(name, true)?, percent_decoded(value, true)?))
    });
    pairs.collect::<Option<_>>().ok_or_else(|| ApiError::bad_request("", "The query cannot be understood"))
}

/// Nothing unless every escape is one and all of it is UTF-8; the usual decoders let the one stand and replace the other.
fn percent_decoded(text: &str, plus_is_space: bool) -> Option<String> {
    let (mut decoded, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' if plus_is_space => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                u8::try_from(digit(bytes.next())? * 16 + digit(bytes.next())?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

impl<P: Requires + 'static, B: Body + 'static> FromRequest for Call<P, B> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let call = authorise::<P, B>(request);
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let mut call = call?;
            if matches!(request.method().as_str(), "POST" | "PUT" | "PATCH") {
                call.body = Some(read_body::<B>(&request, payload).await?);
            }
            Ok(call)
        })
    }
}

fn authorise<P: Requires, B>(request: &HttpRequest) -> Result<Call<P, B>, ApiError> {
    let state = request.app_data::<Data<State>>().ok_or(ApiError::Unexpected)?.clone().into_inner();
    let identity =
        bearer(request).and_then(|token| state.verifier.verify(token)).ok_or(ApiError::Unauthorized)?;
    let org: OrgId = request.match_info().query("org_id").parse().map_err(|_| ApiError::NotFound)?;
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let scope = Scope { org, actor: identity.actor.clone(), operation: operation(request), request_id };
    request.extensions_mut().insert(scope.clone());
    let header = narrowing(request)?;
    let permissions = state.roles.permissions(&identity.roles, header.as_deref());
    if !identity.belongs_to(scope.org.as_str()) || !permissions.contains(&P::PERMISSION) {
        return Err(ApiError::Forbidden);
    }
    Ok(Call {
        now: state.clock.now(),
        reads_pii: permissions.contains(&Permission::ReadPii),
        scope,
        path: request
            .match_info()
            .iter()
            .filter(|(name, _)| *name != "org_id")
            // The router leaves `%`, `/` and `+` encoded.
            .map(|(name, value)| {
                (name.to_owned(), percent_decoded(value, false).unwrap_or_else(|| value.to_owned()))
            })
            .collect(),
        query: request.query_string().to_owned(),
        body: None,
        signature: PhantomData,
        state,
    })
}

/// The token of the one `Authorization` header.
fn bearer(request: &HttpRequest) -> Option<&str> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let (Some(header), None) = (headers.next(), headers.next()) else { return None };
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

/// The roles to which `x-auth-roles` narrows the token; nothing when it names none.
fn narrowing(request: &HttpRequest) -> Result<Option<Vec<&str>>, ApiError> {
    let mut roles = Vec::new();
    for header in request.headers().get_all("x-auth-roles") {
        let header = header.to_str().map_err(|_| ApiError::Forbidden)?;
        roles.extend(header.split([' ', ',']).filter(|role| !role.is_empty()));
    }
    Ok((!roles.is_empty()).then_some(roles))
}

async fn read_body<B: Body>(request: &HttpRequest, payload: Payload) -> Result<Bytes, ApiError> {
    if is_json(request) {
        return collect(request, payload).await;
    }
    if !B::IS_READ && collect(request, payload).await.is_ok_and(|body| body.is_empty()) {
        return Ok(Bytes::new());
    }
    Err(ApiError::UnsupportedMediaType)
}

async fn collect(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, ApiError> {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_DISCARDED) {
        return Err(ApiError::PayloadTooLarge);
    }
    let (mut body, mut received) = (BytesMut::new(), 0);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| ApiError::bad_request("", "The body is incomplete"))?;
        received += chunk.len();
        if received <= MAX_BODY {
            body.extend_from_slice(&chunk);
        } else if received > MAX_DISCARDED {
            break;
        }
    }
    if received > MAX_BODY { Err(ApiError::PayloadTooLarge) } else { Ok(body.freeze()) }
}

/// `application/json`, or a type with the suffix `+json` (RFC 6839).
fn is_json(request: &HttpRequest) -> bool {
    let header =
        request.headers().get(CONTENT_TYPE).and_then(|header| header.to_str().ok()).unwrap_or_default();
    let essence = header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}
