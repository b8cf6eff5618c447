//! Documents by the URLs that the service has signed: whoever has one needs no token.

use actix_web::body::SizedStream;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use application::ports::{DocumentBytes, DocumentStoreError, OpenDocument, SignedUrl};
use bytes::Bytes;
use futures_util::stream::{Stream, try_unfold};

use crate::State;
use crate::call::form_urlencoded;
use crate::error::ApiError;

/// Where the service answers to the URLs of its own documents, behind its public URL.
pub const DOCUMENTS: &str = "/v4/documents";
/// The route of a document.
pub(crate) const DOCUMENT: &str = "/v4/documents/{document_token}";

pub(crate) async fn get(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, ApiError> {
    let document = open(&request, &state).await?;
    let mut response = head(&document);
    Ok(response.body(SizedStream::new(document.size_bytes, parts(document.bytes))))
}

/// What GET would answer, but for the bytes, which the server leaves out by itself.
pub(crate) async fn get_head(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, ApiError> {
    let document = open(&request, &state).await?;
    let nothing = futures_util::stream::empty::<Result<Bytes, DocumentStoreError>>();
    Ok(head(&document).body(SizedStream::new(document.size_bytes, nothing)))
}

async fn open(request: &HttpRequest, state: &State) -> Result<OpenDocument, ApiError> {
    let query = form_urlencoded(request.query_string()).unwrap_or_default();
    let [(first, one), (second, other)] = &*query else { return Err(ApiError::UrlRefused) };
    let (expires, signature) = match (&**first, &**second) {
        ("expires", "signature") => (one, other),
        ("signature", "expires") => (other, one),
        _ => return Err(ApiError::UrlRefused),
    };
    let url = SignedUrl { token: request.match_info().query("document_token"), expires, signature };
    Ok(state.documents.open(url, state.clock.now()).await?)
}

/// The bytes come from outside: no browser shall show or run them as if they were the service's own.
fn head(document: &OpenDocument) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, document.media_type.as_str()))
        .insert_header((CONTENT_DISPOSITION, attachment(document.name.as_str())))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"));
    response
}

/// A file to be saved under this name (RFC 6266), which is encoded as RFC 8187 wants it.
fn attachment(name: &str) -> String {
    let mut header = "attachment; filename*=UTF-8''".to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            header.push(char::from(byte));
        } else {
            header.push_str(&format!("%{byte:02X}"));
        }
    }
    header
}

fn parts(bytes: Box<dyn DocumentBytes>) -> impl Stream<Item = Result<Bytes, DocumentStoreError>> {
    try_unfold(bytes, |mut bytes| async move {
        let part = bytes.next().await.inspect_err(|error| {
            // The answer has begun: all that can be done is to break it off.
            tracing::error!(%error, "a document could not be sent to its end");
        })?;
        Ok(part.map(|part| (Bytes::from(part), bytes)))
    })
}
