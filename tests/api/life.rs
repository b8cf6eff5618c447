//! The life of three customers, from the day they sign up to the day they have left.

use application::ports::{Clock, OutboxQueue};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::fixtures::{contract, identification_process, nie, nif, org};
use time::Duration;

use crate::test_app::{
    Answer, PUBLIC_URL, TestApp, address, company, digital_customer, direct_debit, on_every_engine,
    private_customer, representative, send,
};
use crate::{contracts, identification_processes};

const PDF: &[u8] = b"%PDF-1.7";

/// A customer and what it has.
struct Life<'a> {
    app: &'a TestApp,
    /// Tells the lives apart.
    n: u32,
    /// What the customer signed up with.
    body: Value,
    customer: String,
    external_id: Option<String>,
    username: String,
    accounts: Vec<String>,
}

fn assert_done(answer: &Answer) {
    assert_eq!((answer.status, &*answer.bytes), (204, b"" as &[u8]), "{answer:?}");
}

/// What an organisation offers before it has customers; returns the id of a category.
async fn offer(app: &TestApp) -> Value {
    let categories = json!({ "categories": [{ "name": "risk", "valid_values": ["low", "high"] }] });
    let defined = app.post("/categories", &categories).await;
    assert_eq!(defined.status, 201);
    assert_done(&app.patch("/special-treatment", &json!({ "values": ["vip", "gold"] })).await);
    defined.json()["categories"][0]["id"].clone()
}

impl<'a> Life<'a> {
    async fn sign_up(app: &'a TestApp, n: u32, body: Value) -> Self {
        let created = app.post("/customers", &body).await;
        let (customer, external_id) = (created.id(), created.json()["external_id"].clone());
        let location = created.header("location").unwrap();
        assert!(location.ends_with(&format!("/v4/orgs/telco/customers/{customer}")), "{location}");
        app.post("/customers", &body).await.messages(409, "MCUS.999.994");
        let (external_id, username) =
            (external_id.as_str().map(ToOwned::to_owned), format!("user{n}@example.com"));
        Self { app, n, body, customer, external_id, username, accounts: Vec::new() }
    }

    fn path(&self, below: &str) -> String {
        format!("/customers/{}{below}", self.customer)
    }

    async fn get(&self, below: &str) -> Value {
        let answer = self.app.get(&self.path(below)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// The number of the identity document, if it has one.
    fn document(&self) -> Option<&str> {
        let info = self.body.get("personal_info").or(self.body.get("company_info"))?;
        info["identity_document"]["number"].as_str()
    }

    /// Who is found, and how: by document, by external id, by user name.
    async fn found(&self) -> [bool; 3] {
        let Self { app, username, customer, .. } = self;
        let by = async |path: String, id: &str| {
            let answer = app.get(&path).await;
            answer.status == 200 && answer.json().pointer(id).is_some_and(|id| id == customer)
        };
        let document = self.document().unwrap_or("unknown");
        let external_id = self.external_id.as_deref().unwrap_or("0");
        [
            by(format!("/customers/search?identity_document={document}"), "/customer/id").await,
            by(format!("/external-customers/{external_id}"), "/id").await,
            by(format!("/customers/search?email={username}"), "/customer/id").await,
        ]
    }

    async fn open(&mut self, modality: &str, payment_method: &Value, status: u16) -> String {
        let body =
            json!({ "modality": modality, "payment_method": payment_method, "billing_address": address() });
        let opened = self.app.post(&self.path("/accounts"), &body).await;
        assert_eq!(opened.status, status, "{opened:?}");
        let account = opened.json()["id"].as_str().unwrap().to_owned();
        self.accounts.push(account.clone());
        account
    }

    fn card(&self, reference: &str) -> Value {
        json!({ "type": "CREDIT_CARD", "details": { "reference_id": format!("{reference}-{}", self.n) } })
    }

    /// The newest tokenization of an account, once it is no longer pending.
    async fn tokenized(&self, account: &str) -> Value {
        let path = format!("/accounts/{account}/tokenization-requests");
        let settled = |body: &Value| body["items"][0]["status"] != "PENDING";
        self.app.eventually(&path, settled).await["items"][0].clone()
    }

    async fn method(&self, account: &str) -> Value {
        self.app.get(&format!("/accounts/{account}")).await.json()["payment_method"].clone()
    }

    /// Accounts that are paid in each way; a card that is refused, one that takes long, one that serves twice.
    async fn open_accounts(&mut self) {
        let app = self.app;
        let transfer = json!({ "type": "BANK_TRANSFER", "details": {} });
        let by_transfer = self.open("POSTPAID", &transfer, 200).await;
        let by_debit = self.open("RECURRING_PREPAID", &direct_debit(), 200).await;
        let by_card = self.open("POSTPAID", &self.card("ok"), 202).await;
        let token = self.tokenized(&by_card).await["token_id"].clone();
        let by_token = json!({ "type": "CREDIT_CARD", "details": { "token_id": token } });
        assert_eq!(self.method(&by_card).await, by_token);
        assert_eq!(self.get("/available-credit-cards").await["available_credit_cards"][0]["id"], token);

        let change = async |account: &str, method: &Value| {
            app.patch(&format!("/accounts/{account}/payment-method"), method).await
        };
        assert_eq!(change(&by_debit, &self.card("fail")).await.status, 202);
        assert_eq!(self.tokenized(&by_debit).await["status"], "FAILED");
        assert_eq!(self.method(&by_debit).await, direct_debit());
        assert_done(&change(&by_debit, &by_token).await);

        assert_eq!(change(&by_transfer, &self.card("slow")).await.status, 202);
        let path = self.path(&format!("/accounts/{by_transfer}"));
        app.delete(&path).await.messages(409, "MCUS.999.994");
        app.clock.advance(Duration::seconds(3));
        assert_eq!(self.tokenized(&by_transfer).await["status"], "COMPLETED");
        let history = app.get(&format!("/accounts/{by_transfer}/payment-methods/historical")).await.json();
        let kinds: Vec<_> = history["payment_methods"].as_array().unwrap().iter().collect();
        assert_eq!(kinds.len(), 2);
        assert_eq!(kinds[0]["payment_method_type"], "CREDIT_CARD");
        let listed = self.get("/accounts").await;
        assert_eq!(listed["accounts"].as_array().unwrap().len(), 3);
        let available = self.get(&format!("/accounts/{by_card}/available-payment-methods")).await;
        assert_eq!(available["payment_methods"], json!(["BANK_TRANSFER", "DIRECT_DEBIT", "CREDIT_CARD"]));
    }

    /// Moves house, and is sent invoices there.
    async fn move_house(&self) {
        let account = format!("/accounts/{}", self.accounts[0]);
        self.app.clock.advance(Duration::DAY);
        let mut house = address();
        house["address_lines"] = json!(["Rúa Nova 1"]);
        assert_done(&self.app.put(&format!("{account}/billing-address"), &house).await);
        let recipient = self.app.get(&format!("{account}/invoice-recipient")).await.json();
        assert_eq!(recipient["address_lines"], json!(["Rúa Nova 1"]));
        let history = self.app.get(&format!("{account}/billing-address")).await.json()["history"].clone();
        assert_eq!(history.as_array().unwrap().len(), 2);
    }

    /// One promotion runs, another is cancelled before it begins.
    async fn get_promotions(&self) {
        let path = format!("/accounts/{}/promotions", self.accounts[0]);
        let given = self.app.post(&path, &json!({ "promotion_id": 7 })).await.json();
        assert_eq!(given[0]["status"], "ACTIVE");
        let later = json!({ "promotion_id": 8, "start_date": "2026-09-01" });
        let later = self.app.post(&path, &later).await.json()[0].clone();
        assert_eq!(later["status"], "PENDING");
        let cancellation = json!({ "cancellation_date": "2026-08-01" });
        let id = later["id"].as_str().unwrap();
        assert_done(&self.app.patch(&format!("{path}/{id}"), &cancellation).await);
        let all = self.app.get(&format!("{path}?account_promotion_type=ALL")).await.json();
        assert_eq!(all, given);
    }

    async fn be_classified(&self, category: &Value) {
        let app = self.app;
        let given = json!({ "id": category, "value": "high", "reason": "Unpaid invoice" });
        assert_eq!(app.post(&self.path("/categories"), &given).await.status, 201);
        let one = self.path(&format!("/categories/{category}"));
        assert_done(&app.patch(&one, &json!({ "value": "low" })).await);
        assert_eq!(self.get("/categories").await["categories"][0]["value"], "low");
        assert_done(&app.put(&self.path("/special-treatment"), &json!({ "values": ["vip"] })).await);
        app.delete(&format!("/categories/{category}")).await.messages(409, "MCUS.999.994");
        app.patch("/special-treatment", &json!({ "values": ["gold"] })).await.messages(409, "MCUS.999.994");
    }

    /// A login is reserved, activated, renamed, expires, and is taken again.
    async fn log_in(&mut self) {
        let app = self.app;
        let credentials = self.path("/credentials");
        let named = |name: &str| json!({ "username": name });
        let reserved = format!("reserved{}@example.com", self.n);
        app.post(&credentials, &named(&reserved)).await.id();
        let activate = app.request(Method::POST, &format!("{credentials}/activate"));
        assert_eq!(send(activate).await.status, 202);
        self.changed_by("provision_login").await;
        assert_eq!(app.post(&format!("{credentials}/change"), &named(&self.username)).await.status, 204);
        self.everybody_told().await;
        assert_eq!(self.get("/credentials").await["username"], self.username);
        assert!(self.found().await[2]);

        let today = json!({ "expiration_date": app.clock.now().date().to_string() });
        assert_done(&app.patch(&credentials, &today).await);
        app.clock.advance(Duration::days(2));
        assert!(!self.found().await[2]);
        app.patch(&credentials, &today).await.refusals();
        app.post(&credentials, &named(&self.username)).await.id();
        self.everybody_told().await;
        assert!(self.found().await[2]);
    }

    /// Waits for a change that is not made by a request.
    async fn changed_by(&self, operation: &str) {
        let done = |body: &Value| {
            body["entries"].as_array().unwrap().iter().any(|entry| entry["operation"] == operation)
        };
        self.app.eventually(&self.path("/timeline"), done).await;
    }

    /// Waits until nothing has yet to happen outside.
    async fn everybody_told(&self) {
        let store = self.app.store().await;
        for _ in 0..500 {
            if store.entries(false, 1).await.unwrap().is_empty() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("something never happened outside");
    }

    /// What other systems know about the customer comes by import.
    async fn be_identified(&self) {
        let account = self.app.get(&format!("/accounts/{}", self.accounts[0])).await.json();
        let external_id = account["external_id"].as_str().unwrap();
        contracts::import(self.app, &[contract(self.n, external_id)]).await;
        let active = self.app.get(&format!("/external-accounts/{external_id}/contracts/active")).await;
        assert_eq!(active.json()["account_external_id"], external_id);
        let process = identification_process(self.n, self.customer.parse().unwrap());
        self.app.put_document(&org(), process.document.key.as_str(), PDF).await;
        identification_processes::import(self.app, &process).await;
        assert_eq!(self.fetched().await, PDF);
    }

    /// The document of the customer, as its URL gives it to anybody.
    async fn fetched(&self) -> Vec<u8> {
        let process = self.get("/identification-processes").await["processes"][0]["process_id"].clone();
        let process = self.get(&format!("/identification-processes/{}", process.as_str().unwrap())).await;
        let url = process["document"]["public_url"].as_str().unwrap();
        let path = url.strip_prefix(PUBLIC_URL).unwrap();
        send(self.app.client.get(format!("{}{path}", self.app.url))).await.bytes
    }

    /// Changes what depends on the type of the customer.
    async fn change(&mut self) {
        let app = self.app;
        let mut patch = json!({ "preferred_language": "gl" });
        if self.body["type"] == "DIGITAL_CUSTOMER" {
            patch["digital_personal_info"] = json!({ "email": "eva@example.com" });
            self.body["digital_personal_info"]["email"] = json!("eva@example.com");
        } else {
            patch["contact_info"] = json!({ "emails": [{ "email": "new@example.com" }] });
            let converted = json!({ "nif": nif(700 + self.n) });
            assert_done(&app.patch(&self.path("/convert-nie-to-nif"), &converted).await);
            let info = if self.body.get("company_info").is_some() { "company_info" } else { "personal_info" };
            self.body[info]["identity_document"] = json!({ "number": nif(700 + self.n), "type": "NIF" });
        }
        assert_done(&app.patch(&self.path(""), &patch).await);
        let users = json!({ "associated_users": [representative(&nif(800))] });
        let replaced = app.put(&self.path("/associated_users"), &users).await;
        let is_company = self.body["type"] == "CORPORATE_CUSTOMER";
        assert_eq!(replaced.status, if is_company { 204 } else { 400 });
        let read = self.get("").await;
        assert_eq!(read["preferred_language"], "gl");
        if is_company {
            assert_eq!(read["company_info"]["associated_users"], users["associated_users"]);
        }
    }

    /// What can be read of the customer and its accounts, whether it has ended or not.
    async fn readable(&self) -> usize {
        let mut paths: Vec<String> = [
            "",
            "/accounts",
            "/available-credit-cards",
            "/timeline",
            "/categories",
            "/categories/historical",
            "/special-treatment",
            "/credentials",
            "/identification-processes",
        ]
        .map(|below| self.path(below))
        .into();
        for account in &self.accounts {
            for below in [
                "",
                "/payment-methods/historical",
                "/billing-address",
                "/tokenization-requests",
                "/promotions",
                "/promotions_hist",
                "/invoice-recipient",
            ] {
                paths.push(format!("/accounts/{account}{below}"));
            }
        }
        for path in &paths {
            assert_eq!(self.app.get(path).await.status, 200, "{path}");
        }
        paths.len()
    }

    async fn leave(&self) {
        let app = self.app;
        let readable = self.readable().await;
        app.delete(&self.path("")).await.messages(409, "MCUS.999.994");
        for account in &self.accounts {
            assert_done(&app.delete(&self.path(&format!("/accounts/{account}"))).await);
        }
        assert_done(&app.delete(&self.path("")).await);
        assert_done(&app.delete(&self.path("")).await);
        self.everybody_told().await;

        assert_eq!(self.found().await, [false; 3]);
        assert_eq!(self.readable().await, readable);
        assert!(self.get("").await["ended_at"].is_string());
        assert_eq!(self.get("/accounts").await["accounts"], json!([]));
        assert_eq!(self.get("/special-treatment").await["values"], json!([]));
        assert_eq!(self.fetched().await, PDF);
        let history = self.get("/categories/historical").await;
        let values = history["categories"][0]["historical_values"].as_array().unwrap().clone();
        assert!(values.len() == 2 && values.iter().all(|value| value["end_date"].is_string()), "{values:?}");
        let patch = json!({ "preferred_language": "es" });
        app.patch(&self.path(""), &patch).await.messages(409, "MCUS.999.994");
    }

    /// Tells who did what, without the names and numbers of anybody.
    async fn is_remembered(&self) {
        let timeline = self.get("/timeline?limit=100").await;
        let entries = timeline["entries"].as_array().unwrap();
        for (operation, entity, times) in [
            ("createCustomer", "CUSTOMER", 1),
            ("createAccount", "ACCOUNT", 3),
            ("tokenize", "TOKENIZATION_REQUEST", 3),
            ("tokenize", "CARD", 2),
            ("createAccountPromotion", "PROMOTION", 2),
            ("createCustomerCredential", "CREDENTIAL", 3),
            ("provision_login", "CREDENTIAL", 1),
            ("deleteAccount", "PROMOTION", 1),
            ("deleteCustomer", "SPECIAL_TREATMENT", 1),
        ] {
            let told = entries.iter().filter(|it| it["operation"] == operation && it["entity"] == entity);
            assert_eq!(told.count(), times, "{operation} {entity}");
        }
        assert!(entries.iter().all(|entry| !entry["fields"].as_array().unwrap().is_empty()), "{timeline:#}");
        assert_eq!(entries.last().unwrap()["operation"], "createCustomer");
        assert!(!timeline.to_string().contains("example.com"));
    }
}

on_every_engine! {
    async fn from_the_first_day_to_the_last(app: TestApp) {
        let category = offer(&app).await;
        let mut person = private_customer(&nie(1));
        person["personal_info"]["identity_document"]["type"] = json!("NIE");
        for (n, body) in [person, company("SELF_EMPLOYEE", "NIE", &nie(2)), digital_customer("ada@example.com")]
            .into_iter()
            .enumerate()
        {
            let is_digital = body["type"] == "DIGITAL_CUSTOMER";
            let mut life = Life::sign_up(&app, u32::try_from(n).unwrap() + 1, body).await;
            assert_eq!(life.found().await, [!is_digital, !is_digital, false]);
            life.open_accounts().await;
            life.move_house().await;
            life.get_promotions().await;
            life.be_classified(&category).await;
            life.log_in().await;
            life.be_identified().await;
            life.change().await;
            assert_eq!(life.found().await, [!is_digital, !is_digital, true]);
            life.leave().await;
            life.is_remembered().await;

            let again = Life::sign_up(&app, life.n, life.body.clone()).await;
            assert_ne!(again.customer, life.customer);
            let username = json!({ "username": life.username });
            assert_eq!(app.post(&again.path("/credentials"), &username).await.status, 201);
            assert_eq!(again.found().await, [!is_digital, !is_digital, true]);
            app.delete(&again.path("")).await;
        }
        assert_eq!(app.delete(&format!("/categories/{category}")).await.status, 204);
    }
}
