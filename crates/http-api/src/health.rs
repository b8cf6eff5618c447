use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use crate::State;
use crate::error::ApiError;

/// The process runs.
pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "live"}))
}

/// The process can do its work: the database answers and has the schema.
pub(crate) async fn ready(state: Data<State>) -> Result<HttpResponse, ApiError> {
    state.store.check_ready().await?;
    Ok(HttpResponse::Ok().json(json!({"status": "ready"})))
}
