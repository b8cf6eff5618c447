//! Contracts: what their answers look like, and the handlers.

use actix_web::HttpResponse;
use domain::{Contract, ContractRequest, ExternalId};
use serde::Serialize;
use uuid::Uuid;

use crate::access::Reading;
use crate::call::{Call, Input};
use crate::error::ApiError;
use crate::view::date_time;

#[derive(Serialize)]
struct ContractView<'a> {
    id: Uuid,
    account_external_id: &'a str,
    start_date: String,
    end_date: Option<String>,
    requests: Vec<ContractRequestView<'a>>,
}

#[derive(Serialize)]
struct ContractRequestView<'a> {
    request_external_id: &'a str,
    create_date: String,
    contract_reference_id: &'a str,
    r#type: &'a str,
    origin_user: &'a str,
}

impl<'a> From<&'a Contract> for ContractView<'a> {
    fn from(contract: &'a Contract) -> Self {
        Self {
            id: contract.id.0,
            account_external_id: contract.account_external_id.as_str(),
            start_date: date_time(contract.start_date),
            end_date: contract.end_date.map(date_time),
            requests: contract.requests.iter().map(Into::into).collect(),
        }
    }
}

impl<'a> From<&'a ContractRequest> for ContractRequestView<'a> {
    fn from(request: &'a ContractRequest) -> Self {
        Self {
            request_external_id: request.request_external_id.as_str(),
            create_date: date_time(request.create_date),
            contract_reference_id: request.contract_reference_id.as_str(),
            r#type: request.kind.as_str(),
            origin_user: request.origin_user.as_str(),
        }
    }
}

fn account_external_id(input: &mut Input<'_>) -> Option<ExternalId> {
    input.path.required("account_external_id")
}

pub(crate) async fn list(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    #[derive(Serialize)]
    struct ContractsResponse<'a> {
        contracts: Vec<ContractView<'a>>,
    }
    let account = call.read(account_external_id)?;
    let contracts = call.state.contracts.of_account(call.org(), &account).await?;
    Ok(HttpResponse::Ok().json(ContractsResponse { contracts: contracts.iter().map(Into::into).collect() }))
}

pub(crate) async fn active(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let account = call.read(account_external_id)?;
    let contract = call.state.contracts.active_of_account(call.org(), &account).await?;
    Ok(HttpResponse::Ok().json(ContractView::from(&contract)))
}
