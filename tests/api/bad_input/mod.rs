//! What a request must not look like, and what becomes of it.

mod bodies;
mod echo;
mod fields;
mod fuzz;
mod text;

use application::ports::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::fixtures::{cif, nie, nif};
use time::Duration;

use crate::test_app::{
    Answer, TestApp, address, company, contact_info, digital_customer, direct_debit, private_customer,
    promotion, representative, send,
};

/// An operation with a valid body.
#[derive(Clone)]
struct Target {
    method: Method,
    path: String,
    body: Value,
    /// The properties that may be absent; `.*` at the end stands for everything directly below.
    may_be_absent: &'static [&'static str],
    /// The properties that may be null.
    may_be_null: &'static [&'static str],
}

impl Target {
    async fn send(&self, app: &TestApp, body: impl Into<reqwest::Body>) -> Answer {
        let request = app.request(self.method.clone(), &self.path);
        send(request.header("content-type", "application/json").body(body)).await
    }

    fn tolerates(list: &[&str], path: &str) -> bool {
        let fits = |rule: &&str| match rule.strip_suffix(".*") {
            Some(parent) => path.rsplit_once('.').is_some_and(|(above, _)| above == parent),
            None => *rule == path,
        };
        list.iter().any(fits)
    }
}

/// The customers, the account, the credential and the category that the targets change.
struct World {
    private: String,
    company: String,
    digital: String,
    account: String,
    promotion: String,
    /// The path of a category of the private customer, below the organisation.
    category: String,
}

impl World {
    async fn create(app: &TestApp) -> Self {
        let private = app.private_customer(&nif(1)).await;
        let company = app.post("/customers", &company("SELF_EMPLOYEE", "NIE", &nie(1))).await.id();
        let digital = app.post("/customers", &digital_customer("ana@example.com")).await.id();
        let account = app.account(&private).await;
        let username = json!({ "username": "user@example.com" });
        assert_eq!(app.post(&format!("/customers/{private}/credentials"), &username).await.status, 201);
        let another = json!({ "promotion_id": 1, "start_date": "2026-09-01", "end_date": "2027-03-01" });
        let promotion = app.post(&format!("/accounts/{account}/promotions"), &another).await;
        let promotion = promotion.json()[0]["id"].as_str().unwrap().to_owned();
        let category = Self::category(app, &private).await;
        assert_eq!(app.patch("/special-treatment", &json!({ "values": ["vip"] })).await.status, 204);
        Self { private, company, digital, account, promotion, category }
    }

    /// Defines a category and gives it to a customer.
    async fn category(app: &TestApp, customer: &str) -> String {
        let categories = json!({ "categories": [{ "name": "risk" }] });
        let id = app.post("/categories", &categories).await.json()["categories"][0]["id"].clone();
        let assignment = json!({ "id": id, "value": "high" });
        let path = format!("/customers/{customer}/categories");
        assert_eq!(app.post(&path, &assignment).await.status, 201);
        format!("/categories/{id}")
    }

    /// All that can be read of them.
    async fn read(&self, app: &TestApp) -> Vec<(u16, Vec<u8>)> {
        let mut answers = Vec::new();
        for path in [
            format!("/customers/{}", self.private),
            format!("/customers/{}", self.company),
            format!("/customers/{}", self.digital),
            format!("/customers/{}/accounts", self.private),
            format!("/customers/{}/accounts", self.company),
            format!("/customers/{}/credentials", self.private),
            format!("/customers/{}/credentials", self.company),
            format!("/accounts/{}", self.account),
            format!("/accounts/{}/payment-methods/historical", self.account),
            format!("/accounts/{}/billing-address", self.account),
            format!("/accounts/{}/promotions_hist", self.account),
            self.category.clone(),
            format!("/customers/{}/categories/historical", self.private),
            "/special-treatment".to_owned(),
            format!("/customers/{}/special-treatment", self.private),
        ] {
            let answer = app.get(&path).await;
            answers.push((answer.status, answer.bytes));
        }
        answers
    }
}

const DEFAULTS: [&str; 2] = ["contact_info.phone_numbers[0].is_default", "contact_info.emails[0].is_default"];

fn creations() -> Vec<Target> {
    let target = |body, optional: &'static [&'static str]| Target {
        method: Method::POST,
        path: "/customers".to_owned(),
        body,
        may_be_absent: optional,
        may_be_null: optional,
    };
    let mut digital = digital_customer("eva@example.com");
    digital["digital_personal_info"]["second_surname"] = json!("Byron");
    vec![
        target(
            private_customer(&nif(500)),
            &[DEFAULTS[0], DEFAULTS[1], "personal_info.second_surname", "personal_info.gender"],
        ),
        target(
            company("SME", "CIF", &cif(500)),
            &[
                DEFAULTS[0],
                DEFAULTS[1],
                "company_info.founding_date",
                "company_info.associated_users",
                "company_info.associated_users[0].role",
                "company_info.associated_users[0].second_surname",
            ],
        ),
        target(
            digital,
            &[
                "digital_personal_info.first_surname",
                "digital_personal_info.second_surname",
                "digital_personal_info.mobile_phone_number",
            ],
        ),
    ]
}

fn patches(world: &World) -> Vec<Target> {
    let target = |id: &str, body, absent: &'static [&'static str], null: &'static [&'static str]| Target {
        method: Method::PATCH,
        path: format!("/customers/{id}"),
        body,
        may_be_absent: absent,
        may_be_null: null,
    };
    let mut private = private_customer("");
    let mut digital = digital_customer("ada@example.com");
    digital["digital_personal_info"]["second_surname"] = json!("Byron");
    private["personal_info"].as_object_mut().unwrap().remove("identity_document");
    let private = json!({
        "preferred_language": "gl", "contact_info": contact_info(), "personal_info": private["personal_info"],
    });
    vec![
        target(
            &world.private,
            private,
            &[
                "preferred_language",
                "contact_info",
                "personal_info",
                "contact_info.*",
                "personal_info.*",
                DEFAULTS[0],
                DEFAULTS[1],
            ],
            &["personal_info.second_surname", "personal_info.gender", DEFAULTS[0], DEFAULTS[1]],
        ),
        target(
            &world.company,
            json!({ "preferred_language": "eu", "company_info": { "legal_name": "Otra, S.A.", "founding_date": "1991-02-03" } }),
            &["preferred_language", "company_info", "company_info.*"],
            &["company_info.founding_date"],
        ),
        target(
            &world.digital,
            json!({ "preferred_language": "pt", "digital_personal_info": digital["digital_personal_info"] }),
            &["preferred_language", "digital_personal_info", "digital_personal_info.*"],
            &[
                "digital_personal_info.first_surname",
                "digital_personal_info.second_surname",
                "digital_personal_info.mobile_phone_number",
            ],
        ),
    ]
}

/// A target whose optional properties may be absent as well as null.
fn target(method: Method, path: String, body: Value, optional: &'static [&'static str]) -> Target {
    Target { method, path, body, may_be_absent: optional, may_be_null: optional }
}

fn others(world: &World) -> Vec<Target> {
    let World { private, company, account, .. } = world;
    let users = json!({ "associated_users": [representative(&nif(600))] });
    let mut billing = address();
    billing["state_id"] = json!("28");
    let opened =
        json!({ "modality": "POSTPAID", "billing_address": billing, "payment_method": direct_debit() });
    let transfer = json!({ "type": "BANK_TRANSFER", "details": {} });
    let payment_method = format!("/accounts/{account}/payment-method");
    vec![
        target(
            Method::PUT,
            format!("/customers/{company}/associated_users"),
            users,
            &["associated_users[0].role", "associated_users[0].second_surname"],
        ),
        target(
            Method::PATCH,
            format!("/customers/{company}/convert-nie-to-nif"),
            json!({ "nif": nif(601) }),
            &[],
        ),
        target(
            Method::POST,
            format!("/customers/{private}/accounts"),
            opened,
            &["billing_address", "billing_address.state_id"],
        ),
        target(Method::PATCH, payment_method.clone(), direct_debit(), &[]),
        target(Method::PATCH, payment_method, transfer, &["details"]),
        target(Method::PUT, format!("/accounts/{account}/billing-address"), billing, &["state_id"]),
    ]
}

fn belongings(world: &World) -> Vec<Target> {
    let World { private, account, promotion: granted, category, .. } = world;
    vec![
        target(
            Method::POST,
            format!("/accounts/{account}/promotions"),
            promotion(),
            &["start_date", "end_date"],
        ),
        target(
            Method::PATCH,
            format!("/accounts/{account}/promotions/{granted}"),
            json!({ "cancellation_date": "2026-10-01" }),
            &[],
        ),
        target(
            Method::PATCH,
            category.clone(),
            json!({ "description": "Risk", "valid_values": ["high"] }),
            &["description", "valid_values"],
        ),
        target(
            Method::PATCH,
            format!("/customers/{private}{category}"),
            json!({ "value": "high", "description": "High", "reason": "Unpaid" }),
            &["value", "description", "reason"],
        ),
        target(Method::PATCH, "/special-treatment".to_owned(), json!({ "values": ["vip"] }), &[]),
        target(
            Method::PUT,
            format!("/customers/{private}/special-treatment"),
            json!({ "values": ["vip"] }),
            &[],
        ),
        Target {
            method: Method::PATCH,
            path: format!("/customers/{private}/credentials"),
            body: json!({ "expiration_date": "2030-01-01" }),
            may_be_absent: &[],
            may_be_null: &["expiration_date"],
        },
        target(
            Method::POST,
            format!("/customers/{private}/credentials/change"),
            json!({ "username": "new@example.com" }),
            &[],
        ),
    ]
}

fn targets(world: &World) -> Vec<Target> {
    [creations(), patches(world), others(world), belongings(world)].concat()
}

/// One step into a body.
#[derive(Clone)]
enum Step {
    Name(String),
    Index(usize),
}

/// A place in a body, and its JSON path.
#[derive(Clone, Default)]
struct Place {
    steps: Vec<Step>,
    path: String,
}

impl Place {
    fn below(&self, step: Step) -> Self {
        let path = match (&step, &*self.path) {
            (Step::Index(index), path) => format!("{path}[{index}]"),
            (Step::Name(name), "") => name.clone(),
            (Step::Name(name), path) => format!("{path}.{name}"),
        };
        Self { steps: [self.steps.clone(), vec![step]].concat(), path }
    }

    fn of<'b>(&self, body: &'b mut Value) -> &'b mut Value {
        self.steps.iter().fold(body, |value, step| match step {
            Step::Name(name) => &mut value[name],
            Step::Index(index) => &mut value[index],
        })
    }

    /// The body with another value here.
    fn set(&self, body: &Value, value: Value) -> Value {
        let mut body = body.clone();
        *self.of(&mut body) = value;
        body
    }
}

/// Every place in a body and what stands there; the body itself first.
fn places(body: &Value) -> Vec<(Place, Value)> {
    fn walk(place: Place, value: &Value, found: &mut Vec<(Place, Value)>) {
        found.push((place.clone(), value.clone()));
        match value {
            Value::Object(members) => members
                .iter()
                .for_each(|(name, value)| walk(place.below(Step::Name(name.clone())), value, found)),
            Value::Array(elements) => elements
                .iter()
                .enumerate()
                .for_each(|(index, value)| walk(place.below(Step::Index(index)), value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(Place::default(), body, &mut found);
    found
}

/// Ends what an answer says was created, so that it can be created again.
async fn undo(app: &TestApp, answer: &Answer) {
    if answer.status == 200
        && let Some([granted]) = answer.json().as_array().map(Vec::as_slice)
    {
        let [account, id] = ["account_id", "id"].map(|name| granted[name].as_str().unwrap());
        let today = json!({ "cancellation_date": app.clock.now().date().to_string() });
        let ended = app.patch(&format!("/accounts/{account}/promotions/{id}"), &today).await;
        assert!(matches!(ended.status, 204 | 400), "{ended:?}");
        // One that has begun ends with its day.
        app.clock.advance(Duration::DAY);
    }
    if answer.status == 201 {
        assert_eq!(app.delete(&format!("/customers/{}", answer.id())).await.status, 204);
    }
}
