//! Which method on which path is which operation.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, Resource, Responder, Route};

use crate::document::DOCUMENT;
use crate::error::ApiError;
use crate::{
    account, category, contract, credential, customer, document, health, identification_process, promotion,
    special_treatment, timeline, tokenization,
};

/// A malformed name of an organisation makes an unknown path.
pub(crate) const ORGANISATION: &str = "/v4/orgs/{org_id:[a-z0-9][a-z0-9_-]{0,62}}";

/// A path and what can be done with it.
struct Endpoint {
    path: &'static str,
    routes: Vec<(Method, &'static str, Route)>,
}

const fn on(path: &'static str) -> Endpoint {
    Endpoint { path, routes: Vec::new() }
}

macro_rules! methods {
    ($($name:ident $method:ident),+) => {
        impl Endpoint {
            $(fn $name<F, A>(mut self, operation: &'static str, handler: F) -> Self
            where
                F: Handler<A>,
                A: FromRequest + 'static,
                F::Output: Responder + 'static,
            {
                self.routes.push((Method::$method, operation, web::$name().to(handler)));
                self
            })+
        }
    };
}
methods!(delete DELETE, get GET, head HEAD, patch PATCH, post POST, put PUT);

/// The operations under an organisation. A fixed path stands before the one with a parameter in its place.
fn operations() -> Vec<Endpoint> {
    [customers(), accounts(), catalogue(), belongings()].into_iter().flatten().collect()
}

/// Customers themselves.
fn customers() -> Vec<Endpoint> {
    vec![
        on("/customers").post("createCustomer", customer::create),
        on("/customers/search").get("searchCustomer", customer::search),
        on("/customers/{customer_id}")
            .get("getCustomer", customer::get)
            .patch("patchCustomer", customer::patch)
            .delete("deleteCustomer", customer::delete),
        on("/customers/{customer_id}/associated_users")
            .put("putAssociatedUsers", customer::put_associated_users),
        on("/customers/{customer_id}/convert-nie-to-nif")
            .patch("convertNieToNif", customer::convert_nie_to_nif),
        on("/customers/{customer_id}/available-credit-cards")
            .get("getAvailableCreditCards", tokenization::available_cards),
        on("/customers/{customer_id}/timeline").get("getCustomerTimeline", timeline::get),
        on("/external-customers/{customer_external_id}")
            .get("getCustomerIdByCustomerExternalId", customer::by_external_id),
    ]
}

/// Accounts, and what belongs to them.
fn accounts() -> Vec<Endpoint> {
    vec![
        on("/customers/{customer_id}/accounts")
            .get("getCustomerAccounts", account::list)
            .post("createAccount", account::create),
        on("/customers/{customer_id}/accounts/{account_id}").delete("deleteAccount", account::delete),
        on("/customers/{customer_id}/accounts/{account_id}/available-payment-methods")
            .get("getAvailablePaymentMethods", account::available_payment_methods),
        on("/accounts/{account_id}").get("getAccount", account::get),
        on("/accounts/{account_id}/payment-method")
            .patch("patchPaymentMethod", account::patch_payment_method),
        on("/accounts/{account_id}/payment-methods/historical")
            .get("getPaymentMethodsHistorical", account::payment_method_history),
        on("/accounts/{account_id}/billing-address")
            .get("getBillingAddressHistory", account::billing_address_history)
            .put("putBillingAddress", account::put_billing_address),
        on("/accounts/{account_id}/tokenization-requests")
            .get("getTokenizationRequests", tokenization::of_account),
        on("/accounts/{account_id}/invoice-recipient").get("getInvoiceRecipient", account::invoice_recipient),
        on("/accounts/{account_id}/promotions")
            .get("getAccountPromotions", promotion::list)
            .post("createAccountPromotion", promotion::create),
        on("/accounts/{account_id}/promotions/{account_promotion_id}")
            .patch("cancelAccountPromotion", promotion::patch),
        on("/accounts/{account_id}/promotions_hist").get("getAccountPromotionsHistory", promotion::history),
        on("/external-accounts/{account_external_id}")
            .get("getAccountIdByAccountExternalId", account::by_external_id),
        on("/external-accounts/{account_external_id}/contracts")
            .get("getContractsByAccountExternalId", contract::list),
        on("/external-accounts/{account_external_id}/contracts/active")
            .get("getActiveContractByAccountExternalId", contract::active),
    ]
}

/// What the organisation offers.
fn catalogue() -> Vec<Endpoint> {
    vec![
        on("/categories").get("getCategories", category::list).post("createCategories", category::create),
        on("/categories/{category_id}")
            .get("getCategory", category::get)
            .patch("patchCategory", category::patch)
            .delete("deleteCategory", category::delete),
        on("/special-treatment")
            .get("getSpecialTreatment", special_treatment::list)
            .patch("patchSpecialTreatment", special_treatment::patch),
    ]
}

/// What belongs to a customer, but for its accounts.
fn belongings() -> Vec<Endpoint> {
    vec![
        on("/customers/{customer_id}/credentials")
            .get("getCustomerCredentials", credential::list)
            .post("createCustomerCredential", credential::create)
            .patch("patchCustomerCredential", credential::patch),
        on("/customers/{customer_id}/credentials/change")
            .post("changeCustomerCredentialUsername", credential::change),
        on("/customers/{customer_id}/credentials/migration")
            .post("migrateCustomerCredential", credential::migrate),
        on("/customers/{customer_id}/credentials/activate")
            .post("activateCustomerCredential", credential::activate),
        on("/customers/{customer_id}/credentials/{credential_id}")
            .delete("deleteCustomerCredential", credential::delete),
        on("/customers/{customer_id}/categories")
            .get("getCustomerCategories", category::of_customer)
            .post("createCustomerCategory", category::assign),
        on("/customers/{customer_id}/categories/historical")
            .get("getCustomerCategoriesHistorical", category::history),
        on("/customers/{customer_id}/categories/{category_id}")
            .get("getCustomerCategory", category::get_assigned)
            .patch("patchCustomerCategory", category::patch_assigned)
            .delete("deleteCustomerCategory", category::delete_assigned),
        on("/customers/{customer_id}/special-treatment")
            .get("getCustomerSpecialTreatment", special_treatment::get)
            .put("putCustomerSpecialTreatment", special_treatment::put)
            .delete("deleteCustomerSpecialTreatment", special_treatment::delete),
        on("/customers/{customer_id}/identification-processes")
            .get("getCustomerIdentificationProcesses", identification_process::list),
        on("/customers/{customer_id}/identification-processes/{identification_process_id}")
            .get("getCustomerIdentificationProcess", identification_process::get),
    ]
}

/// The operations outside any organisation, open to everybody.
fn open_operations() -> Vec<Endpoint> {
    vec![
        on("/health/live").get("getLiveness", health::live),
        on("/health/ready").get("getReadiness", health::ready),
        on(DOCUMENT).get("getDocument", document::get).head("headDocument", document::get_head),
    ]
}

/// Every method and path that is answered, with the name of the operation; paths of the organisations' operations begin
/// behind `/v4/orgs/{org_id}`.
#[must_use]
pub fn routes() -> Vec<(Method, &'static str, &'static str)> {
    let endpoints = operations().into_iter().chain(open_operations());
    let listed = |endpoint: Endpoint| {
        endpoint.routes.into_iter().map(move |(method, name, _)| (method, endpoint.path, name))
    };
    endpoints.flat_map(listed).collect()
}

/// The published name of the operation that a request under an organisation asks for.
pub(crate) fn operation(request: &HttpRequest) -> &'static str {
    static NAMES: LazyLock<HashMap<(&str, Method), &str>> = LazyLock::new(|| {
        let named = |endpoint: Endpoint| {
            endpoint.routes.into_iter().map(move |(method, name, _)| ((endpoint.path, method), name))
        };
        operations().into_iter().flat_map(named).collect()
    });
    let pattern = request.match_pattern().unwrap_or_default();
    let path = pattern.strip_prefix(ORGANISATION).unwrap_or_default();
    NAMES.get(&(path, request.method().clone())).copied().unwrap_or_default()
}

impl From<Endpoint> for Resource {
    fn from(endpoint: Endpoint) -> Self {
        let methods: Vec<&str> = endpoint.routes.iter().map(|(method, ..)| method.as_str()).collect();
        // Made once for each worker and path, and needed as long as the process lives.
        let allow: &'static str = methods.join(", ").leak();
        let resource = web::resource(endpoint.path).default_service(web::to(move || async move {
            Err::<&str, _>(ApiError::MethodNotAllowed(allow))
        }));
        endpoint.routes.into_iter().fold(resource, |resource, (.., route)| resource.route(route))
    }
}

/// Adds all routes to an application. It must have a [`State`](crate::State) as its data and
/// [`observe`](crate::observe()) around it.
pub fn configure(config: &mut ServiceConfig) {
    let not_found = || web::to(|| async { Err::<&str, _>(ApiError::NotFound) });
    for endpoint in open_operations() {
        config.service(Resource::from(endpoint));
    }
    let scope = web::scope(ORGANISATION).default_service(not_found());
    let scope =
        operations().into_iter().fold(scope, |scope, endpoint| scope.service(Resource::from(endpoint)));
    config.service(scope).default_service(not_found());
}
