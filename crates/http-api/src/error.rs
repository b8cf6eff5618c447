//! The error table: what goes wrong, and how it is told.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use application::ports::{DocumentStoreError, StoreError};
use application::{Error, with_causes};
use domain::{AccountError, CategoryError, CustomerError, PromotionError, SpecialTreatmentError};
use serde::Serialize;

/// One violated rule of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// JSON path of the field; empty for the request as a whole.
    pub(crate) path: String,
    pub(crate) message: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

/// Why a request is not answered as hoped for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApiError {
    BadRequest(Vec<FieldError>),
    Unauthorized,
    Forbidden,
    /// The signed URL is not, or no longer, valid.
    UrlRefused,
    NotFound,
    MethodNotAllowed(&'static str),
    Conflict(String),
    PayloadTooLarge,
    UnsupportedMediaType,
    Unexpected,
    /// Something other than the database does not work; told in this message.
    Unavailable(&'static str),
    DatabaseUnavailable,
    DatabaseTimeout,
}

impl ApiError {
    pub(crate) fn bad_request(path: &str, message: impl fmt::Display) -> Self {
        Self::BadRequest(vec![FieldError { path: path.to_owned(), message: message.to_string() }])
    }

    /// The same error, when what it is about stood under a property of the request.
    pub(crate) fn under(self, property: &str) -> Self {
        match self {
            Self::BadRequest(fields) => {
                let below =
                    |field: FieldError| FieldError { path: format!("{property}.{}", field.path), ..field };
                Self::BadRequest(fields.into_iter().map(below).collect())
            }
            other => other,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::UrlRefused => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unexpected => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) | Self::DatabaseUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::DatabaseTimeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// Code and title in the error catalogue.
    const fn catalogue(&self) -> (&'static str, &'static str) {
        match self {
            Self::BadRequest(_) => ("MCUS.999.998", "Bad request"),
            Self::Unauthorized => ("MCUS.999.996", "Unauthorized"),
            Self::Forbidden | Self::UrlRefused => ("MCUS.999.995", "Forbidden"),
            Self::NotFound => ("MCUS.999.997", "Resource not found"),
            Self::Conflict(_) => ("MCUS.999.994", "Conflict"),
            Self::PayloadTooLarge => ("MCUS.999.992", "Payload too large"),
            Self::UnsupportedMediaType => ("MCUS.999.991", "Unsupported media type"),
            Self::MethodNotAllowed(_) | Self::Unexpected => ("MCUS.999.999", "Unexpected error"),
            Self::Unavailable(_) => ("MCUS.999.988", "Service unavailable"),
            Self::DatabaseUnavailable => ("MCUS.001.005", "Database error"),
            Self::DatabaseTimeout => ("MCUS.001.009", "Database error"),
        }
    }

    fn messages(&self) -> Vec<String> {
        let message = match self {
            Self::BadRequest(fields) => return fields.iter().map(ToString::to_string).collect(),
            Self::Unauthorized => "A valid bearer token is required",
            Self::Forbidden => "The token does not allow this",
            Self::UrlRefused => "The URL is not valid, or has expired",
            Self::NotFound => "The resource does not exist",
            Self::MethodNotAllowed(_) => "The method is not allowed",
            Self::Conflict(message) => message,
            Self::PayloadTooLarge => "The body must have at most 262144 bytes",
            Self::UnsupportedMediaType => "The content type must be application/json",
            Self::Unexpected => "An unexpected error has occurred",
            Self::Unavailable(message) => message,
            Self::DatabaseUnavailable => "The database is not available; try again",
            Self::DatabaseTimeout => "The database took too long",
        };
        vec![message.to_owned()]
    }

    /// The whole answer. `public_url` is where the error catalogue is found.
    pub(crate) fn render(&self, public_url: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        match self {
            Self::MethodNotAllowed(allow) => return response.insert_header(("Allow", *allow)).finish(),
            Self::Unauthorized => response.insert_header(("WWW-Authenticate", "Bearer")),
            Self::DatabaseUnavailable => response.insert_header(("Retry-After", "1")),
            _ => &mut response,
        };
        let (code, title) = self.catalogue();
        let item = |message| ErrorItem {
            error: ErrorBody { code, title, r#ref: format!("{public_url}/docs/errors#{code}"), message },
        };
        response.json(ErrorResponse { errors: self.messages().into_iter().map(item).collect() })
    }
}

#[derive(Serialize)]
struct ErrorResponse {
    errors: Vec<ErrorItem>,
}

#[derive(Serialize)]
struct ErrorItem {
    error: ErrorBody,
}

#[derive(Serialize)]
struct ErrorBody {
    code: &'static str,
    title: &'static str,
    r#ref: String,
    message: String,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status().as_u16(), self.catalogue().1)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// Without a body: [`crate::observe()`] renders it, because only there it is known where the service is reached.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status())
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(_) => Self::NotFound,
            Error::Ambiguous => Self::Conflict("More than one live match".to_owned()),
            Error::Customer(error)
            | Error::Account(AccountError::Customer(error))
            | Error::Category(CategoryError::Customer(error))
            | Error::SpecialTreatment(SpecialTreatmentError::Customer(error)) => error.into(),
            Error::Account(
                error @ (AccountError::Ended
                | AccountError::TokenizationPending
                | AccountError::ReferenceInUse),
            ) => Self::Conflict(error.to_string()),
            Error::Account(error @ AccountError::PaymentMethod { .. }) => Self::bad_request("type", error),
            Error::Promotion(error @ PromotionError::Overlap) => Self::bad_request("promotion_id", error),
            Error::Promotion(error @ (PromotionError::Ended | PromotionError::AfterEnd)) => {
                Self::bad_request("cancellation_date", error)
            }
            Error::Category(error @ CategoryError::Value) => Self::bad_request("value", error),
            Error::Category(error @ (CategoryError::ValueInUse | CategoryError::InUse)) => {
                Self::Conflict(error.to_string())
            }
            Error::SpecialTreatment(error @ SpecialTreatmentError::NotOffered) => {
                Self::bad_request("values[0]", error)
            }
            Error::SpecialTreatment(error @ SpecialTreatmentError::InUse) => {
                Self::Conflict(error.to_string())
            }
            Error::Card => Self::bad_request("details.token_id", error),
            Error::DocumentStore(error) => error.into(),
            Error::Store(error) => error.into(),
        }
    }
}

impl From<CustomerError> for ApiError {
    fn from(error: CustomerError) -> Self {
        match error {
            CustomerError::Ended | CustomerError::LiveAccounts | CustomerError::NotANie => {
                Self::Conflict(error.to_string())
            }
            CustomerError::Blocks { ref blocks, .. } => {
                let wrong =
                    |block: &&str| FieldError { path: (*block).to_owned(), message: error.to_string() };
                Self::BadRequest(blocks.iter().map(wrong).collect())
            }
            CustomerError::NotCorporate | CustomerError::Representatives(_) => {
                Self::bad_request("associated_users", error)
            }
        }
    }
}

impl From<DocumentStoreError> for ApiError {
    fn from(error: DocumentStoreError) -> Self {
        match error {
            DocumentStoreError::Refused => Self::UrlRefused,
            DocumentStoreError::Missing => Self::NotFound,
            DocumentStoreError::Unavailable(_) => {
                Self::logged(Self::Unavailable("The document store is not available"), &error)
            }
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate(_) => Self::Conflict("The resource already exists".to_owned()),
            StoreError::Stale => {
                Self::Conflict("The resource was changed by somebody else; try again".to_owned())
            }
            StoreError::Timeout => Self::logged(Self::DatabaseTimeout, &error),
            StoreError::Unavailable(_) => Self::logged(Self::DatabaseUnavailable, &error),
            StoreError::Corrupt { .. } | StoreError::Unexpected(_) => Self::logged(Self::Unexpected, &error),
        }
    }
}

impl ApiError {
    /// What the caller is not told is told the operator, once.
    fn logged(self, error: &dyn std::error::Error) -> Self {
        tracing::error!(error = with_causes(error), "a request has failed");
        self
    }
}

#[cfg(test)]
mod tests {
    use application::ports::Constraint;

    use super::*;

    #[test]
    fn failures_of_the_store_have_their_place_in_the_table() {
        let internals =
            || -> Box<dyn std::error::Error + Send + Sync> { "password authentication failed".into() };
        for (error, status, code) in [
            (StoreError::Duplicate(Constraint::LiveDocument), 409, "MCUS.999.994"),
            (StoreError::Stale, 409, "MCUS.999.994"),
            (StoreError::Timeout, 504, "MCUS.001.009"),
            (StoreError::Unavailable(internals()), 503, "MCUS.001.005"),
            (StoreError::Corrupt { table: "customers", id: "1".to_owned() }, 500, "MCUS.999.999"),
            (StoreError::Unexpected(internals()), 500, "MCUS.999.999"),
        ] {
            let error = ApiError::from(Error::Store(error));
            assert_eq!((error.status().as_u16(), error.catalogue().0), (status, code));
            let response = error.render("https://x");
            assert_eq!(response.headers().contains_key("Retry-After"), status == 503);
            assert!(
                error
                    .messages()
                    .iter()
                    .all(|message| !message.contains("password") && !message.contains("customers"))
            );
        }
    }
}
