//! What the operations are asked about.

use application::Scope;
use application::ports::{AccountReads, CustomerReads, Store};
use domain::{Account, AccountData, Customer, CustomerData, Modality};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::fixtures::{self, NOW, contract, identification_process, nie, nif, scope};

use super::Given;
use crate::test_app::{
    PUBLIC_URL, TestApp, address, company, digital_customer, direct_debit, new_account, promotion, send,
    token,
};

/// What the placeholders of a path stand for.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    /// A company with a NIE and without accounts and credentials.
    pub(crate) childless: String,
    /// The customer of the account and the credential.
    pub(crate) owner: String,
    pub(crate) account: String,
    pub(crate) promotion: String,
    pub(crate) credential: String,
    pub(crate) customer_external: String,
    pub(crate) account_external: String,
    pub(crate) document: String,
    /// A category that no customer has.
    pub(crate) category: String,
    /// A category of the owner.
    pub(crate) assigned: String,
    /// Of the customer without accounts.
    pub(crate) identification_process: String,
    /// What follows `/v4/documents/` in the URL of its document.
    pub(crate) document_url: String,
}

/// A request that succeeds.
async fn call(app: &TestApp, org: &str, method: Method, path: &str, body: Option<&Value>) -> Value {
    let path = format!("/v4/orgs/{org}{path}");
    let request = app.request_as(&token(&[org], &["API_KEY"]), method, &path);
    let answer = send(match body {
        Some(body) => request.json(body),
        None => request,
    })
    .await;
    assert!(matches!(answer.status, 200..=204), "{path} {answer:?}");
    if answer.bytes.is_empty() { Value::Null } else { answer.json() }
}

async fn post(app: &TestApp, org: &str, path: &str, body: &Value) -> Value {
    call(app, org, Method::POST, path, Some(body)).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn scope_of(org: &str) -> Scope {
    Scope { org: org.parse().unwrap(), ..scope() }
}

/// Brings an account, as an import would.
async fn import_account(app: &TestApp, org: &str, account: &Account) {
    let mut work = app.store().await.begin(&scope_of(org)).await.unwrap();
    work.accounts().insert(account).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
}

impl Ids {
    /// Registers two companies and an account in an organisation, and gives them everything.
    pub(crate) async fn create(app: &TestApp, org: &str, seed: u32) -> Self {
        let customer = |document: String| company("SELF_EMPLOYEE", "NIE", &document);
        let childless = post(app, org, "/customers", &customer(nie(seed))).await;
        let owner = text(&post(app, org, "/customers", &customer(nie(seed + 1))).await["id"]);
        let mut account = new_account();
        account["billing_address"] = address();
        account["payment_method"] = direct_debit();
        let opened = post(app, org, &format!("/customers/{owner}/accounts"), &account).await;
        let account = text(&opened["id"]);
        let granted = post(app, org, &format!("/accounts/{account}/promotions"), &promotion()).await;
        let username = json!({ "username": format!("user{seed}@example.com") });
        let credential = post(app, org, &format!("/customers/{owner}/credentials"), &username).await;
        let [category, assigned] = Self::categories(app, org, seed).await;
        let given = json!({ "id": assigned, "value": "high" });
        post(app, org, &format!("/customers/{owner}/categories"), &given).await;
        call(app, org, Method::PATCH, "/special-treatment", Some(&json!({ "values": ["vip"] }))).await;
        let mut ids = Self {
            childless: text(&childless["id"]),
            owner,
            account,
            promotion: text(&granted[0]["id"]),
            credential: text(&credential["id"]),
            customer_external: text(&childless["external_id"]),
            account_external: text(&opened["external_id"]),
            document: nie(seed),
            category: category.to_string(),
            assigned: assigned.to_string(),
            identification_process: String::new(),
            document_url: String::new(),
        };
        ids.import(app, org, seed).await;
        ids
    }

    /// Brings what only an import can bring: a contract, and an identification process with its document.
    async fn import(&mut self, app: &TestApp, org: &str, seed: u32) {
        let process = identification_process(seed, self.childless.parse().unwrap());
        let scope = scope_of(org);
        app.put_document(&scope.org, process.document.key.as_str(), b"1").await;
        let mut work = app.store().await.begin(&scope).await.unwrap();
        work.contracts().insert(&contract(seed, &self.account_external)).await.unwrap();
        work.identification_processes().insert(&process).await.unwrap();
        work.commit(NOW, &[]).await.unwrap();
        self.identification_process = process.id.to_string();
        self.document_url = self.document_url(app, org).await;
    }

    /// What follows `/v4/documents/` in the URL of the process's document.
    async fn document_url(&self, app: &TestApp, org: &str) -> String {
        let Self { childless, identification_process, .. } = self;
        let path = format!("/customers/{childless}/identification-processes/{identification_process}");
        let process = call(app, org, Method::GET, &path, None).await;
        let url = text(&process["document"]["public_url"]);
        url.strip_prefix(&format!("{PUBLIC_URL}/v4/documents/")).unwrap().to_owned()
    }

    /// Defines two categories. Each organisation counts from 1; two are removed where it is not the first one, so that
    /// neither has the ids of the other.
    async fn categories(app: &TestApp, org: &str, seed: u32) -> [i64; 2] {
        let names: Vec<Value> = (0..if org == "telco" { 2 } else { 4 })
            .map(|n| json!({ "name": format!("risk_{seed}_{n}") }))
            .collect();
        let created = post(app, org, "/categories", &json!({ "categories": names })).await;
        let mut ids: Vec<i64> =
            created["categories"].as_array().unwrap().iter().map(|it| it["id"].as_i64().unwrap()).collect();
        let used = [ids.pop().unwrap(), ids.pop().unwrap()];
        for id in ids {
            call(app, org, Method::DELETE, &format!("/categories/{id}"), None).await;
        }
        used
    }

    /// Ids that nothing has.
    pub(crate) fn random() -> Self {
        let id = |n: u32| format!("0196ffff-0000-7000-8000-0000000000{n:02}");
        Self {
            childless: id(1),
            owner: id(2),
            account: id(3),
            promotion: id(4),
            credential: id(5),
            customer_external: "9999999999".to_owned(),
            account_external: "9999999998".to_owned(),
            document: nie(9_999_999),
            category: "999999".to_owned(),
            assigned: "999998".to_owned(),
            identification_process: id(4),
            document_url: "unknown".to_owned(),
        }
    }

    /// Ids that are none.
    pub(crate) fn malformed() -> Self {
        let id = || "x".to_owned();
        Self {
            childless: id(),
            owner: id(),
            account: id(),
            promotion: id(),
            credential: id(),
            customer_external: "%00".to_owned(),
            account_external: "%00".to_owned(),
            document: "%00".to_owned(),
            category: "99999999999".to_owned(),
            assigned: "99999999999".to_owned(),
            identification_process: id(),
            document_url: id(),
        }
    }

    /// A path and query with its ids.
    pub(crate) fn fill(&self, method: &str, path: &str) -> String {
        let belongs = path.contains("{category_id}") || needs_owner(method, path);
        let customer = if belongs { &self.owner } else { &self.childless };
        let category = if path.contains("{customer_id}") { &self.assigned } else { &self.category };
        self.replace(path)
            .replace("{customer_id}", customer)
            .replace("{category_id}", category)
            .replace("{account_id}", &self.account)
            .replace("{account_promotion_id}", &self.promotion)
            .replace("{credential_id}", &self.credential)
            .replace("{customer_external_id}", &self.customer_external)
            .replace("{account_external_id}", &self.account_external)
            .replace("{identification_process_id}", &self.identification_process)
            .replace("{document_token}", &self.document_url)
    }

    /// What has a name of its own in examples.
    fn replace(&self, text: &str) -> String {
        text.replace("{childless}", &self.childless)
            .replace("{owner}", &self.owner)
            .replace("{document}", &self.document)
            .replace("{assigned}", &self.assigned)
    }

    /// A body with its ids.
    pub(crate) fn fill_body(&self, body: &Value) -> Value {
        // The only id in a body that is no string.
        let text = self.replace(&body.to_string()).replace("\"{category}\"", &self.category);
        serde_json::from_str(&text).unwrap()
    }

    /// Lets something happen, and takes over the ids of what comes with it.
    pub(super) async fn bring(&mut self, given: &Given, app: &TestApp, org: &str) {
        match given {
            Given::Example => {}
            Given::Request(method, path, body) => {
                let body = body.as_ref().map(|body| self.fill_body(body));
                call(app, org, method.parse().unwrap(), &self.fill(method, path), body.as_ref()).await;
            }
            Given::OwnerEnded => {
                let Self { owner, account, .. } = &self;
                for path in [format!("/customers/{owner}/accounts/{account}"), format!("/customers/{owner}")]
                {
                    call(app, org, Method::DELETE, &path, None).await;
                }
            }
            Given::SecondCustomer => {
                let external_id = Some(fixtures::text(&self.customer_external));
                let customer = fixtures::customer(900, fixtures::private_customer(&nif(900)));
                let data = CustomerData { external_id, ..customer.data().clone() };
                let mut work = app.store().await.begin(&scope_of(org)).await.unwrap();
                work.customers().insert(&Customer::restore(data)).await.unwrap();
                work.commit(NOW, &[]).await.unwrap();
            }
            Given::SecondAccount => {
                let external_id = Some(fixtures::text(&self.account_external));
                let data = self.another_account(app, org).await;
                import_account(app, org, &Account::restore(AccountData { external_id, ..data })).await;
            }
            Given::PrepaidAccount => {
                let data = self.another_account(app, org).await;
                self.account = data.id.to_string();
                let data = AccountData { modality: Modality::Prepaid, ..data };
                import_account(app, org, &Account::restore(data)).await;
            }
            Given::AccountOfDigitalCustomer => {
                let customer = post(app, org, "/customers", &digital_customer("ada@example.com")).await;
                self.owner = text(&customer["id"]);
                let path = format!("/customers/{}/accounts", self.owner);
                let account = post(app, org, &path, &new_account()).await;
                (self.account, self.account_external) = (text(&account["id"]), text(&account["external_id"]));
            }
            Given::WithoutFile => {
                let process = identification_process(901, self.childless.parse().unwrap());
                let mut work = app.store().await.begin(&scope_of(org)).await.unwrap();
                work.identification_processes().insert(&process).await.unwrap();
                work.commit(NOW, &[]).await.unwrap();
                self.identification_process = process.id.to_string();
                self.document_url = self.document_url(app, org).await;
            }
        }
    }

    /// What an import could bring as another account of the owner.
    async fn another_account(&self, app: &TestApp, org: &str) -> AccountData {
        let (store, org) = (app.store().await, scope_of(org).org);
        let view = store.account(&org, self.account.parse().unwrap()).await.unwrap().unwrap();
        let owner = store.customer(&org, view.account.data().customer_id).await.unwrap().unwrap();
        fixtures::account(900, &owner).data().clone()
    }
}

/// Whether an operation is about a customer that has an account and a credential.
fn needs_owner(method: &str, path: &str) -> bool {
    let of_credential = path.contains("/credentials") && !path.ends_with("/migration");
    let creates_credential = method == "POST" && path.ends_with("/credentials");
    path.contains("{account_id}") || of_credential && !creates_credential
}
