//! Which method on which path is which operation.

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Resource, Responder, Route};

use crate::error::ApiError;
use crate::{account, customer, health};

/// A malformed name of an organisation makes an unknown path.
pub(crate) const ORGANISATION: &str = "/v4/orgs/{org_id:[a-z0-9][a-z0-9_-]{0,62}}";

/// A path and what can be done with it.
struct Endpoint {
    path: &'static str,
    routes: Vec<(Method, Route)>,
}

const fn on(path: &'static str) -> Endpoint {
    Endpoint { path, routes: Vec::new() }
}

macro_rules! methods {
    ($($name:ident $method:ident),+) => {
        impl Endpoint {
            $(fn $name<F, A>(mut self, handler: F) -> Self
            where
                F: Handler<A>,
                A: FromRequest + 'static,
                F::Output: Responder + 'static,
            {
                self.routes.push((Method::$method, web::$name().to(handler)));
                self
            })+
        }
    };
}
methods!(delete DELETE, get GET, patch PATCH, post POST, put PUT);

/// The operations under an organisation. A fixed path stands before the one with a parameter in its place.
fn operations() -> Vec<Endpoint> {
    vec![
        on("/customers").post(customer::create),
        on("/customers/search").get(customer::search),
        on("/customers/{customer_id}").get(customer::get).patch(customer::patch).delete(customer::delete),
        on("/customers/{customer_id}/associated_users").put(customer::put_associated_users),
        on("/customers/{customer_id}/convert-nie-to-nif").patch(customer::convert_nie_to_nif),
        on("/external-customers/{customer_external_id}").get(customer::by_external_id),
        on("/customers/{customer_id}/accounts").get(account::list).post(account::create),
        on("/customers/{customer_id}/accounts/{account_id}").delete(account::delete),
        on("/customers/{customer_id}/accounts/{account_id}/available-payment-methods")
            .get(account::available_payment_methods),
        on("/accounts/{account_id}").get(account::get),
        on("/accounts/{account_id}/payment-method").patch(account::patch_payment_method),
        on("/accounts/{account_id}/payment-methods/historical").get(account::payment_method_history),
        on("/accounts/{account_id}/billing-address")
            .get(account::billing_address_history)
            .put(account::put_billing_address),
        on("/accounts/{account_id}/invoice-recipient").get(account::invoice_recipient),
        on("/external-accounts/{account_external_id}").get(account::by_external_id),
    ]
}

/// The operations outside any organisation, open to everybody.
fn open_operations() -> Vec<Endpoint> {
    vec![on("/health/live").get(health::live), on("/health/ready").get(health::ready)]
}

/// Every method and path that is answered; paths of the organisations' operations begin behind `/v4/orgs/{org_id}`.
#[must_use]
pub fn routes() -> Vec<(Method, &'static str)> {
    let endpoints = operations().into_iter().chain(open_operations());
    endpoints
        .flat_map(|endpoint| endpoint.routes.into_iter().map(move |(method, _)| (method, endpoint.path)))
        .collect()
}

impl From<Endpoint> for Resource {
    fn from(endpoint: Endpoint) -> Self {
        let methods: Vec<&str> = endpoint.routes.iter().map(|(method, _)| method.as_str()).collect();
        // Made once for each worker and path, and needed as long as the process lives.
        let allow: &'static str = methods.join(", ").leak();
        let resource = web::resource(endpoint.path).default_service(web::to(move || async move {
            Err::<&str, _>(ApiError::MethodNotAllowed(allow))
        }));
        endpoint.routes.into_iter().fold(resource, |resource, (_, route)| resource.route(route))
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
