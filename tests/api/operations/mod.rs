//! Every operation: its number, what it needs, an example of it, and how each of its statuses is provoked.

mod rows;
mod world;

use reqwest::Method;
use serde_json::Value;

use crate::test_app::{Answer, TestApp, send, token};
pub(crate) use world::Ids;

/// What a token must allow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Needs {
    Nothing,
    Read,
    Write,
    /// To write what the organisation offers, not what its customers have.
    Catalogue,
}

/// An operation, with an example that succeeds.
#[derive(Clone)]
pub(crate) struct Operation {
    /// Its place in the published order; additions have none.
    pub(crate) number: Option<u8>,
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    /// As the router has it.
    pub(crate) path: &'static str,
    pub(crate) needs: Needs,
    query: &'static str,
    body: Option<Value>,
    /// The status of the example.
    pub(crate) status: u16,
    /// Its other statuses, but for those that every operation has.
    pub(crate) ways: Vec<(u16, Way)>,
}

/// How an operation comes to answer with another status than its example.
#[derive(Clone, Default)]
pub(crate) struct Way {
    /// What happens before.
    given: Vec<Given>,
    /// The path and query that are asked for instead.
    path: Option<&'static str>,
    /// The body that is sent instead.
    body: Option<Value>,
}

/// What happens before an operation is asked for.
#[derive(Clone)]
enum Given {
    /// The example of the operation itself.
    Example,
    /// Another request, which succeeds.
    Request(&'static str, &'static str, Option<Value>),
    /// The account and its customer end.
    OwnerEnded,
    /// An import brings a customer with the external id of another one.
    SecondCustomer,
    /// An import brings an account with the external id of another one.
    SecondAccount,
    /// The account is one that an import has brought: PREPAID.
    PrepaidAccount,
    /// The account is one of a digital customer: without contracts and addresses.
    AccountOfDigitalCustomer,
    /// The document is one whose file is not there.
    WithoutFile,
}

impl Way {
    fn after(given: Vec<Given>) -> Self {
        Self { given, ..Self::default() }
    }

    /// The example, for the second time.
    fn again() -> Self {
        Self::after(vec![Given::Example])
    }

    fn at(path: &'static str) -> Self {
        Self::default().but_at(path)
    }

    fn sending(body: Value) -> Self {
        Self::default().but_sending(body)
    }

    fn but_at(self, path: &'static str) -> Self {
        Self { path: Some(path), ..self }
    }

    fn but_sending(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

impl Operation {
    /// One that reads.
    fn get(number: u8, name: &'static str, path: &'static str) -> Self {
        Self {
            number: Some(number),
            name,
            method: "GET",
            path,
            needs: Needs::Read,
            query: "",
            body: None,
            status: 200,
            ways: Vec::new(),
        }
    }

    /// One that changes what a customer has.
    fn change(number: u8, name: &'static str, method: &'static str, path: &'static str, status: u16) -> Self {
        Self { method, needs: Needs::Write, status, ..Self::get(number, name, path) }
    }

    /// One that changes what the organisation offers.
    fn catalogue(
        number: u8,
        name: &'static str,
        method: &'static str,
        path: &'static str,
        status: u16,
    ) -> Self {
        Self { needs: Needs::Catalogue, ..Self::change(number, name, method, path, status) }
    }

    /// One that is not published.
    fn addition(self) -> Self {
        Self { number: None, ..self }
    }

    /// One that needs no token.
    fn open(name: &'static str, path: &'static str) -> Self {
        Self { needs: Needs::Nothing, ..Self::get(0, name, path).addition() }
    }

    fn with_query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    fn with_body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    fn when(mut self, status: u16, way: Way) -> Self {
        self.ways.push((status, way));
        self
    }

    /// Method and path, as they are told in the documentation.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether a body that is sent with it is read.
    pub(crate) fn reads_body(&self) -> bool {
        matches!(self.method, "POST" | "PUT" | "PATCH")
    }

    /// Whether there is an id in the path or query that can be unknown.
    pub(crate) fn has_id(&self) -> bool {
        self.path.contains('{') || !self.query.is_empty()
    }

    /// Asks for the example.
    pub(crate) async fn ask(&self, app: &TestApp, token: &str, org: &str, ids: &Ids) -> Answer {
        self.ask_by(&Way::default(), app, token, org, ids).await
    }

    /// Lets happen what comes before, and asks then; with ids of its own.
    pub(crate) async fn provoke(&self, way: &Way, app: &TestApp, org: &str) -> Answer {
        let mut ids = Ids::create(app, org, 0).await;
        let token = token(&[org], &["API_KEY"]);
        for given in &way.given {
            match given {
                Given::Example => {
                    assert_eq!(self.ask(app, &token, org, &ids).await.status, self.status);
                }
                other => ids.bring(other, app, org).await,
            }
        }
        self.ask_by(way, app, &token, org, &ids).await
    }

    async fn ask_by(&self, way: &Way, app: &TestApp, token: &str, org: &str, ids: &Ids) -> Answer {
        let url = match way.path {
            Some(path) => self.below(org, &ids.fill(self.method, path)),
            None => self.url(org, ids),
        };
        let request = app.request_as(token, self.method(), &url);
        send(match way.body.as_ref().or(self.body.as_ref()) {
            Some(body) => request.json(&ids.fill_body(body)),
            None => request,
        })
        .await
    }

    /// Path and query of the example.
    pub(crate) fn url(&self, org: &str, ids: &Ids) -> String {
        self.below(org, &ids.fill(self.method, &format!("{}{}", self.path, self.query)))
    }

    fn below(&self, org: &str, path: &str) -> String {
        if self.needs == Needs::Nothing { path.to_owned() } else { format!("/v4/orgs/{org}{path}") }
    }

    /// The body of the example.
    pub(crate) fn body(&self, ids: &Ids) -> Option<Value> {
        self.body.as_ref().map(|body| ids.fill_body(body))
    }

    pub(crate) fn method(&self) -> Method {
        self.method.parse().unwrap()
    }
}

/// All of them.
pub(crate) fn table() -> Vec<Operation> {
    rows::all()
}

/// Those under an organisation.
pub(crate) fn of_organisations() -> Vec<Operation> {
    table().into_iter().filter(|operation| operation.needs != Needs::Nothing).collect()
}
