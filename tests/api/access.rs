//! Who may call what, and what everybody else is told.

use std::collections::{BTreeMap, BTreeSet};

use application::Scope;
use application::ports::Store;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::fixtures::{NOW, contract, identification_process, nie, nif, scope};

use crate::test_app::{
    Answer, PUBLIC_URL, TestApp, address, company, direct_debit, new_account, on_every_engine,
    private_customer, promotion, representative, send, token,
};
use Needs::{Catalogue, Nothing, Read, Write};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Needs {
    Nothing,
    Read,
    Write,
    /// To write what the organisation offers, not what its customers have.
    Catalogue,
}

/// A route: method, path, what it needs, its query and body, and its status when all goes well.
type Row = (&'static str, &'static str, Needs, &'static str, Option<Value>, u16);

/// Every route.
fn table() -> Vec<Row> {
    [general(), catalogue_and_documents(), credentials()].concat()
}

fn credentials() -> Vec<Row> {
    vec![
        ("GET", "/customers/{customer_id}/credentials", Read, "", None, 200),
        (
            "POST",
            "/customers/{customer_id}/credentials",
            Write,
            "",
            Some(json!({ "username": "new@example.com" })),
            201,
        ),
        (
            "PATCH",
            "/customers/{customer_id}/credentials",
            Write,
            "",
            Some(json!({ "expiration_date": "2030-01-01" })),
            204,
        ),
        (
            "POST",
            "/customers/{customer_id}/credentials/change",
            Write,
            "",
            Some(json!({ "username": "changed@example.com" })),
            204,
        ),
        (
            "POST",
            "/customers/{customer_id}/credentials/migration",
            Write,
            "",
            Some(json!({ "username": "migrated@example.com" })),
            201,
        ),
        ("POST", "/customers/{customer_id}/credentials/activate", Write, "", None, 202),
        ("DELETE", "/customers/{customer_id}/credentials/{credential_id}", Write, "", None, 204),
    ]
}

fn general() -> Vec<Row> {
    let document = "?identity_document=";
    let users = json!({ "associated_users": [representative(&nif(77))] });
    vec![
        ("POST", "/customers", Write, "", Some(private_customer("14861628V")), 201),
        ("GET", "/customers/search", Read, document, None, 200),
        ("GET", "/customers/{customer_id}", Read, "", None, 200),
        ("PATCH", "/customers/{customer_id}", Write, "", Some(json!({ "preferred_language": "gl" })), 204),
        ("DELETE", "/customers/{customer_id}", Write, "", None, 204),
        ("PUT", "/customers/{customer_id}/associated_users", Write, "", Some(users), 204),
        (
            "PATCH",
            "/customers/{customer_id}/convert-nie-to-nif",
            Write,
            "",
            Some(json!({ "nif": nif(88) })),
            204,
        ),
        ("GET", "/customers/{customer_id}/available-credit-cards", Read, "", None, 200),
        ("GET", "/customers/{customer_id}/timeline", Read, "", None, 200),
        ("GET", "/external-customers/{customer_external_id}", Read, "", None, 200),
        ("GET", "/customers/{customer_id}/accounts", Read, "", None, 200),
        ("POST", "/customers/{customer_id}/accounts", Write, "", Some(new_account()), 200),
        ("DELETE", "/customers/{customer_id}/accounts/{account_id}", Write, "", None, 204),
        (
            "GET",
            "/customers/{customer_id}/accounts/{account_id}/available-payment-methods",
            Read,
            "",
            None,
            200,
        ),
        ("GET", "/accounts/{account_id}", Read, "", None, 200),
        ("PATCH", "/accounts/{account_id}/payment-method", Write, "", Some(direct_debit()), 204),
        ("GET", "/accounts/{account_id}/payment-methods/historical", Read, "", None, 200),
        ("GET", "/accounts/{account_id}/billing-address", Read, "", None, 200),
        ("PUT", "/accounts/{account_id}/billing-address", Write, "", Some(address()), 204),
        ("GET", "/accounts/{account_id}/tokenization-requests", Read, "", None, 200),
        ("GET", "/accounts/{account_id}/invoice-recipient", Read, "", None, 200),
        ("GET", "/accounts/{account_id}/promotions", Read, "", None, 200),
        ("POST", "/accounts/{account_id}/promotions", Write, "", Some(json!({ "promotion_id": 1 })), 200),
        (
            "PATCH",
            "/accounts/{account_id}/promotions/{account_promotion_id}",
            Write,
            "",
            Some(json!({ "cancellation_date": "2026-10-01" })),
            204,
        ),
        ("GET", "/accounts/{account_id}/promotions_hist", Read, "", None, 200),
        ("GET", "/external-accounts/{account_external_id}", Read, "", None, 200),
    ]
}

fn catalogue_and_documents() -> Vec<Row> {
    vec![
        ("GET", "/categories", Read, "", None, 200),
        ("POST", "/categories", Catalogue, "", Some(json!({ "categories": [{ "name": "new" }] })), 201),
        ("GET", "/categories/{category_id}", Read, "", None, 200),
        ("PATCH", "/categories/{category_id}", Catalogue, "", Some(json!({ "valid_values": ["low"] })), 204),
        ("DELETE", "/categories/{category_id}", Catalogue, "", None, 204),
        ("GET", "/customers/{customer_id}/categories", Read, "", None, 200),
        // The id is that of a category that the customer has not.
        ("POST", "/customers/{customer_id}/categories", Write, "", Some(json!({ "value": "low" })), 201),
        ("GET", "/customers/{customer_id}/categories/historical", Read, "", None, 200),
        ("GET", "/customers/{customer_id}/categories/{category_id}", Read, "", None, 200),
        (
            "PATCH",
            "/customers/{customer_id}/categories/{category_id}",
            Write,
            "",
            Some(json!({ "value": "low" })),
            204,
        ),
        ("DELETE", "/customers/{customer_id}/categories/{category_id}", Write, "", None, 204),
        ("GET", "/special-treatment", Read, "", None, 200),
        ("PATCH", "/special-treatment", Catalogue, "", Some(json!({ "values": ["silver", "vip"] })), 204),
        ("GET", "/customers/{customer_id}/special-treatment", Read, "", None, 200),
        (
            "PUT",
            "/customers/{customer_id}/special-treatment",
            Write,
            "",
            Some(json!({ "values": ["vip"] })),
            204,
        ),
        ("DELETE", "/customers/{customer_id}/special-treatment", Write, "", None, 204),
        ("GET", "/external-accounts/{account_external_id}/contracts", Read, "", None, 200),
        ("GET", "/external-accounts/{account_external_id}/contracts/active", Read, "", None, 200),
        ("GET", "/customers/{customer_id}/identification-processes", Read, "", None, 200),
        (
            "GET",
            "/customers/{customer_id}/identification-processes/{identification_process_id}",
            Read,
            "",
            None,
            200,
        ),
        ("GET", "/v4/documents/{document_token}", Nothing, "", None, 200),
        ("HEAD", "/v4/documents/{document_token}", Nothing, "", None, 200),
        ("GET", "/health/live", Nothing, "", None, 200),
        ("GET", "/health/ready", Nothing, "", None, 200),
    ]
}

/// What the placeholders of a path stand for.
#[derive(Debug, Clone)]
struct Ids {
    /// A company with a NIE and without accounts and credentials.
    childless: String,
    /// The customer of the account and the credential.
    owner: String,
    account: String,
    promotion: String,
    credential: String,
    customer_external: String,
    account_external: String,
    document: String,
    /// A category that no customer has.
    category: String,
    /// A category of the owner.
    assigned: String,
    /// Of the customer without accounts.
    identification_process: String,
    /// What follows `/v4/documents/` in the URL of its document.
    document_url: String,
}

impl Ids {
    /// Registers two companies and an account in an organisation.
    async fn create(app: &TestApp, org: &str, seed: u32) -> Self {
        let token = token(&[org], &["API_KEY"]);
        let post = async |path: String, body: Value| {
            let path = format!("/v4/orgs/{org}{path}");
            let created = send(app.request_as(&token, Method::POST, &path).json(&body)).await;
            (created.id(), created.json()["external_id"].as_str().unwrap().to_owned())
        };
        let customer = |document: String| company("SELF_EMPLOYEE", "NIE", &document);
        let (childless, customer_external) = post("/customers".into(), customer(nie(seed))).await;
        let (owner, _) = post("/customers".into(), customer(nie(seed + 1))).await;
        let mut account = new_account();
        account["billing_address"] = address();
        account["payment_method"] = direct_debit();
        let (account, account_external) = post(format!("/customers/{owner}/accounts"), account).await;
        let path = format!("/v4/orgs/{org}/accounts/{account}/promotions");
        let promotion = send(app.request_as(&token, Method::POST, &path).json(&promotion())).await;
        let promotion = promotion.json()[0]["id"].as_str().unwrap().to_owned();
        let path = format!("/v4/orgs/{org}/customers/{owner}/credentials");
        let username = json!({ "username": format!("user{seed}@example.com") });
        let credential = send(app.request_as(&token, Method::POST, &path).json(&username)).await.id();
        let [category, assigned] = Self::categories(app, org, seed).await;
        for (method, path, body) in [
            (Method::PATCH, "/special-treatment".to_owned(), json!({ "values": ["vip"] })),
            (
                Method::POST,
                format!("/customers/{owner}/categories"),
                json!({ "id": assigned, "value": "high" }),
            ),
        ] {
            let path = format!("/v4/orgs/{org}{path}");
            let answer = send(app.request_as(&token, method, &path).json(&body)).await;
            assert!(matches!(answer.status, 201 | 204), "{answer:?}");
        }
        let process = identification_process(seed, childless.parse().unwrap());
        let scope = Scope { org: org.parse().unwrap(), ..scope() };
        app.put_document(&scope.org, process.document.key.as_str(), b"1").await;
        let store = app.store().await;
        let mut work = store.begin(&scope).await.unwrap();
        work.contracts().insert(&contract(seed, &account_external)).await.unwrap();
        work.identification_processes().insert(&process).await.unwrap();
        work.commit(NOW, &[]).await.unwrap();
        let identification_process = process.id.to_string();
        let mut ids = Self {
            childless,
            owner,
            account,
            promotion,
            credential,
            customer_external,
            account_external,
            document: nie(seed),
            category: category.to_string(),
            assigned: assigned.to_string(),
            identification_process,
            document_url: String::new(),
        };
        let path = ids.fill(
            "GET",
            "/customers/{customer_id}/identification-processes/{identification_process_id}",
            "",
        );
        let process =
            send(app.request_as(&token, Method::GET, &format!("/v4/orgs/{org}{path}"))).await.json();
        let url = process["document"]["public_url"].as_str().unwrap();
        ids.document_url = url.strip_prefix(&format!("{PUBLIC_URL}/v4/documents/")).unwrap().to_owned();
        ids
    }

    /// Defines two categories. Each organisation counts from 1; two are removed where it is not the first one, so that
    /// neither has the ids of the other.
    async fn categories(app: &TestApp, org: &str, seed: u32) -> [i64; 2] {
        let token = token(&[org], &["API_KEY"]);
        let path = format!("/v4/orgs/{org}/categories");
        let names: Vec<Value> = (0..if org == "telco" { 2 } else { 4 })
            .map(|n| json!({ "name": format!("risk_{seed}_{n}") }))
            .collect();
        let body = json!({ "categories": names });
        let created = send(app.request_as(&token, Method::POST, &path).json(&body)).await.json();
        let mut ids: Vec<i64> =
            created["categories"].as_array().unwrap().iter().map(|it| it["id"].as_i64().unwrap()).collect();
        let used = [ids.pop().unwrap(), ids.pop().unwrap()];
        for id in ids {
            let path = format!("{path}/{id}");
            assert_eq!(send(app.request_as(&token, Method::DELETE, &path)).await.status, 204);
        }
        used
    }

    /// Ids that nothing has.
    fn random() -> Self {
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

    fn fill(&self, method: &str, path: &str, query: &str) -> String {
        let belongs = path.contains("{category_id}") || needs_owner(method, path);
        let customer = if belongs { &self.owner } else { &self.childless };
        let category = if path.contains("{customer_id}") { &self.assigned } else { &self.category };
        let document = if query.is_empty() { "" } else { &self.document };
        path.replace("{customer_id}", customer)
            .replace("{account_id}", &self.account)
            .replace("{account_promotion_id}", &self.promotion)
            .replace("{category_id}", category)
            .replace("{credential_id}", &self.credential)
            .replace("{customer_external_id}", &self.customer_external)
            .replace("{account_external_id}", &self.account_external)
            .replace("{identification_process_id}", &self.identification_process)
            .replace("{document_token}", &self.document_url)
            + query
            + document
    }
}

/// Whether an operation is about a customer that has an account and a credential.
fn needs_owner(method: &str, path: &str) -> bool {
    let of_credential = path.contains("/credentials") && !path.ends_with("/migration");
    let creates_credential = method == "POST" && path.ends_with("/credentials");
    path.contains("{account_id}") || of_credential && !creates_credential
}

/// Asks for one row of the table.
async fn ask(app: &TestApp, token: &str, org: &str, row: usize, ids: &Ids) -> Answer {
    let (method, path, needs, query, body, _) = table().swap_remove(row);
    let prefix = if needs == Nothing { String::new() } else { format!("/v4/orgs/{org}") };
    let request =
        app.request_as(token, method.parse().unwrap(), &format!("{prefix}{}", ids.fill(method, path, query)));
    send(match body {
        Some(mut body) => {
            if path == "/customers/{customer_id}/categories" {
                body["id"] = json!(ids.category.parse::<i32>().unwrap());
            }
            request.json(&body)
        }
        None => request,
    })
    .await
}

/// The rows of operations under an organisation: number and name.
fn operations() -> Vec<(usize, String, Needs)> {
    let rows = table().into_iter().enumerate().filter(|(_, row)| row.2 != Nothing);
    rows.map(|(number, row)| (number, format!("{} {}", row.0, row.1), row.2)).collect()
}

/// Everything that can be read of the first organisation's data.
async fn everything(app: &TestApp, org: &str, ids: &Ids) -> Vec<Answer> {
    let token = token(&[org], &["API_KEY"]);
    let mut answers = Vec::new();
    for customer in [&ids.childless, &ids.owner] {
        for path in ["", "/accounts", "/credentials"].map(|path| format!("/customers/{customer}{path}")) {
            answers.push(send(app.request_as(&token, Method::GET, &format!("/v4/orgs/{org}{path}"))).await);
        }
    }
    for (row, (method, path, ..)) in table().iter().enumerate() {
        let belongs = ["account", "categor", "special"].iter().any(|part| path.contains(part));
        if *method == "GET" && belongs {
            answers.push(ask(app, &token, org, row, ids).await);
        }
    }
    answers.into_iter().map(without_id).collect()
}

/// The answer but for its request id.
fn without_id(mut answer: Answer) -> Answer {
    answer.headers.remove("x-request-id");
    answer.headers.remove("date");
    answer
}

const UNKNOWN: &str = "MCUS.999.997";

#[test]
fn the_table_lists_every_route() {
    let listed: BTreeSet<_> = table().iter().map(|row| (row.0.to_owned(), row.1)).collect();
    let served: BTreeSet<_> =
        http_api::routes().into_iter().map(|(method, path)| (method.to_string(), path)).collect();
    assert_eq!(listed, served);
    assert_eq!(listed.len(), table().len());
}

/// For each role: whether it reads, whether it writes, whether it writes what the organisation offers.
const ROLES: [(&[&str], bool, bool, bool); 10] = [
    (&["API_KEY"], true, true, true),
    (&["CUSTOMER_READ"], true, false, false),
    (&["CUSTOMER_WRITE"], true, true, false),
    (&["CATALOGUE_ADMIN"], true, false, true),
    (&["CUSTOMER_WRITE", "CATALOGUE_ADMIN"], true, true, true),
    (&["PII_READ"], false, false, false),
    (&["ADMIN"], false, false, false),
    (&["customer_read"], false, false, false),
    (&["ADMIN", "CUSTOMER_READ"], true, false, false),
    (&[], false, false, false),
];

/// The operations on what an organisation has as a whole: there is no id to be unknown.
const WITHOUT_ID: [&str; 5] = [
    "POST /customers",
    "GET /categories",
    "POST /categories",
    "GET /special-treatment",
    "PATCH /special-treatment",
];

on_every_engine! {
    async fn every_example_succeeds(app: TestApp) {
        for (row, (method, path, .., status)) in table().into_iter().enumerate() {
            let ids = Ids::create(&app, "telco", u32::try_from(row).unwrap() * 2).await;
            let answer = ask(&app, &app.token, "telco", row, &ids).await;
            assert_eq!(answer.status, status, "{method} {path} {answer:?}");
        }
    }

    async fn every_operation_needs_a_token(app: TestApp) {
        for (row, name, _) in operations() {
            let answer = ask(&app, "", "telco", row, &Ids::random()).await;
            answer.messages(401, "MCUS.999.996");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{name}");
        }
    }

    async fn each_role_opens_its_operations(app: TestApp) {
        for (roles, reads, writes, writes_catalogue) in ROLES {
            let token = token(&["telco"], roles);
            for (row, name, needs) in operations() {
                let allowed = match needs {
                    Read => reads,
                    Write => writes,
                    Catalogue => writes_catalogue,
                    Nothing => true,
                };
                if allowed && name != "POST /customers" && WITHOUT_ID.contains(&&*name) {
                    let answer = ask(&app, &token, "telco", row, &Ids::random()).await;
                    assert!(matches!(answer.status, 200 | 201 | 204 | 409), "{roles:?} {name} {answer:?}");
                } else if allowed && name != "POST /customers" {
                    let answer = ask(&app, &token, "telco", row, &Ids::random()).await;
                    assert_eq!(answer.status, 404, "{roles:?} {name}");
                } else if !allowed {
                    let answer = ask(&app, &token, "telco", row, &Ids::random()).await;
                    answer.messages(403, "MCUS.999.995");
                }
            }
            let body = private_customer(&nif(1000 + u32::try_from(roles.len()).unwrap()));
            let created = send(app.request_as(&token, Method::POST, "/v4/orgs/telco/customers").json(&body)).await;
            assert_eq!(matches!(created.status, 201 | 409), writes, "{roles:?}");
        }
    }

    async fn a_token_of_another_organisation_opens_nothing(app: TestApp) {
        let ids = Ids::create(&app, "telco", 0).await;
        for organisations in [&["other"] as &[&str], &["telco2", "telc", "TELCO", "tel*", ""], &[]] {
            let token = token(organisations, &["API_KEY"]);
            for (row, _, _) in operations() {
                ask(&app, &token, "telco", row, &ids).await.messages(403, "MCUS.999.995");
            }
        }
    }

    async fn another_organisations_ids_are_unknown(app: TestApp) {
        let (own, foreign) = (Ids::create(&app, "telco", 0).await, Ids::create(&app, "other", 100).await);
        let before = (everything(&app, "telco", &own).await, everything(&app, "other", &foreign).await);
        let both = token(&["telco", "other"], &["API_KEY"]);
        for (row, name, _) in operations().into_iter().filter(|(_, name, _)| !WITHOUT_ID.contains(&&**name)) {
            let unknown = without_id(ask(&app, &both, "telco", row, &Ids::random()).await);
            unknown.messages(404, UNKNOWN);
            let account_of_another = Ids { account: foreign.account.clone(), ..own.clone() };
            let credential_of_another = Ids { credential: foreign.credential.clone(), ..own.clone() };
            let customer_of_another =
                Ids { account: own.account.clone(), credential: own.credential.clone(), ..foreign.clone() };
            let mut cases = vec![("telco", &foreign), ("other", &own)];
            if name.contains("{account_id}") {
                cases.push(("telco", &account_of_another));
            }
            if name.contains("{credential_id}") {
                cases.push(("telco", &credential_of_another));
            }
            if name.contains("{customer_id}") {
                cases.push(("telco", &customer_of_another));
            }
            for (org, ids) in cases {
                let answer = without_id(ask(&app, &both, org, row, ids).await);
                assert_eq!(answer, unknown, "{name} {org}");
            }
        }
        let after = (everything(&app, "telco", &own).await, everything(&app, "other", &foreign).await);
        assert_eq!(before, after);
        assert!(after.0.iter().chain(&after.1).all(|answer| answer.status == 200));
    }

    async fn an_account_is_found_under_its_customer_only(app: TestApp) {
        let (ids, other) = (Ids::create(&app, "telco", 0).await, Ids::create(&app, "telco", 100).await);
        let mixed = Ids { owner: other.owner.clone(), ..ids.clone() };
        for (row, name, _) in operations() {
            if name.contains("{customer_id}") && name.contains("{account_id}") {
                let unknown = without_id(ask(&app, &app.token, "telco", row, &Ids::random()).await);
                assert_eq!(without_id(ask(&app, &app.token, "telco", row, &mixed).await), unknown, "{name}");
            }
        }
        assert_eq!(app.get(&format!("/accounts/{}", ids.account)).await.json()["ended_at"], json!(null));
    }

    async fn organisations_have_their_own_documents(app: TestApp) {
        let everywhere = token(&["*"], &["API_KEY"]);
        let body = private_customer("14861628V");
        for org in ["telco", "other", "0", "a_b-c", &"x".repeat(63)] {
            let path = format!("/v4/orgs/{org}/customers");
            assert_eq!(send(app.request_as(&everywhere, Method::POST, &path).json(&body)).await.status, 201);
            send(app.request_as(&everywhere, Method::POST, &path).json(&body)).await.messages(409, "MCUS.999.994");
        }
    }

    async fn the_role_header_narrows_and_never_widens(app: TestApp) {
        let cases: [(&[&str], &[&str], u16, u16); 19] = [
            (&["API_KEY"], &["CUSTOMER_READ"], 404, 403),
            (&["API_KEY"], &["API_KEY"], 404, 404),
            (&["API_KEY"], &[""], 404, 404),
            (&["API_KEY"], &[" , "], 404, 404),
            (&["API_KEY"], &["CUSTOMER_READ,CUSTOMER_WRITE"], 404, 404),
            (&["API_KEY"], &["CUSTOMER_READ  CUSTOMER_WRITE"], 404, 404),
            (&["API_KEY"], &["CUSTOMER_READ", "CUSTOMER_WRITE"], 404, 404),
            (&["API_KEY"], &["", "CUSTOMER_READ"], 404, 403),
            (&["API_KEY"], &["CUSTOMER_READ, API_KEY"], 404, 404),
            (&["API_KEY"], &["PII_READ"], 403, 403),
            (&["API_KEY"], &["ADMIN"], 403, 403),
            (&["CUSTOMER_READ"], &["API_KEY"], 404, 403),
            (&["CUSTOMER_READ"], &["CUSTOMER_WRITE"], 403, 403),
            (&["CUSTOMER_READ"], &["CUSTOMER_READ CUSTOMER_WRITE"], 404, 403),
            (&["CUSTOMER_WRITE"], &["CUSTOMER_READ"], 403, 403),
            (&["CUSTOMER_READ", "CUSTOMER_WRITE"], &["CUSTOMER_READ"], 404, 403),
            (&["CUSTOMER_WRITE"], &["CATALOGUE_ADMIN,CUSTOMER_WRITE"], 404, 404),
            (&["ADMIN"], &["ADMIN", "API_KEY"], 403, 403),
            (&[], &["API_KEY"], 403, 403),
        ];
        let path = format!("/v4/orgs/telco/customers/{}", Ids::random().owner);
        for (roles, headers, reads, writes) in cases {
            let token = token(&["telco"], roles);
            for (method, expected) in [(Method::GET, reads), (Method::DELETE, writes)] {
                let request = app.request_as(&token, method, &path);
                let request = headers.iter().fold(request, |request, roles| request.header("x-auth-roles", *roles));
                assert_eq!(send(request).await.status, expected, "{roles:?} {headers:?}");
            }
        }
    }

    async fn a_wrong_method_is_refused_before_the_token_is_looked_at(app: TestApp) {
        let mut paths: BTreeMap<&str, (BTreeSet<&str>, bool)> = BTreeMap::new();
        for (method, path, needs, ..) in table() {
            let entry = paths.entry(path).or_insert((BTreeSet::new(), needs == Nothing));
            entry.0.insert(method);
        }
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "get"];
        for (path, (allowed, is_open)) in paths {
            let prefix = if is_open { "" } else { "/v4/orgs/telco" };
            let path = format!("{prefix}{}", Ids::random().fill("GET", path, ""));
            for method in methods.into_iter().filter(|method| !allowed.contains(method)) {
                let answer = app.raw(&format!("{method} {path} HTTP/1.1"), b"").await;
                assert_eq!((answer.status, &*answer.bytes), (405, b"" as &[u8]), "{method} {path}");
                let allow: BTreeSet<_> = answer.header("allow").unwrap().split(", ").collect();
                assert_eq!(allow, allowed, "{method} {path}");
            }
        }
    }

    async fn an_unknown_path_is_told_before_the_token_is_looked_at(app: TestApp) {
        let unknown = without_id(app.raw("GET / HTTP/1.1", b"").await);
        unknown.messages(404, UNKNOWN);
        let random = Ids::random();
        let paths = [
            "/v4".to_owned(), "/v4/".to_owned(), "/v4/orgs".to_owned(), "/v4/orgs/".to_owned(),
            "/v4/orgs/telco".to_owned(), "/v4/orgs/telco/".to_owned(), "/v3/orgs/telco/customers".to_owned(),
            "/v4/orgs/telco/customers/".to_owned(), "/v4/orgs/telco//customers".to_owned(),
            "//v4/orgs/telco/customers".to_owned(), "/v4/orgs/telco/Customers".to_owned(),
            "/v4/orgs/telco/customers/search/".to_owned(), "/health".to_owned(), "/health/live/".to_owned(),
            "/v4/orgs/telco/health/live".to_owned(), "/v4/orgs/telco/customers/../../../../health/live".to_owned(),
            format!("/v4/orgs/telco/customers/{}/", random.owner),
            format!("/v4/orgs/telco/customers/{}%2Faccounts", random.owner) + "/x",
            format!("/v4/orgs/telco/accounts/{}/unknown", random.account),
        ];
        for path in &paths {
            for method in ["GET", "POST", "OPTIONS"] {
                let answer = without_id(app.raw(&format!("{method} {path} HTTP/1.1"), b"").await);
                assert_eq!(answer, unknown, "{method} {path}");
            }
        }
    }

    async fn a_malformed_organisation_makes_an_unknown_path(app: TestApp) {
        let unknown = without_id(app.raw("GET / HTTP/1.1", b"").await);
        let long = "a".repeat(64);
        for org in [
            "TELCO", "Telco", &long, "-telco", "_telco", "tel.co", "..", ".", "%2e%2e", "tel%2Fco", "tel%00co",
            "t%C3%A9lco", "%D1%82elco", "tel%20co", "%20telco", "telco%0A", "*", "%2A", "tel%ffco", "telco;x", "~",
        ] {
            let answer = app.raw(&format!("GET /v4/orgs/{org}/customers/search HTTP/1.1"), b"").await;
            assert_eq!(without_id(answer), unknown, "{org}");
        }
        for org in ["telco", "0", "a-", "a_", &long[1..]] {
            let answer = app.raw(&format!("GET /v4/orgs/{org}/customers/search HTTP/1.1"), b"").await;
            assert_eq!(answer.status, 401, "{org}");
        }
    }

    async fn health_needs_no_token(app: TestApp) {
        for path in ["/health/live", "/health/ready"] {
            assert_eq!(app.raw(&format!("GET {path} HTTP/1.1"), b"").await.status, 200);
        }
    }

    async fn every_answer_has_the_security_headers_and_a_request_id(app: TestApp) {
        let id = app.private_customer("14861628V").await;
        let customer = format!("/customers/{id}");
        let json = |body: &str| body.to_owned().into_bytes();
        let answers = [
            (200, app.get(&customer).await),
            (201, app.post("/customers", &private_customer(&nif(1))).await),
            (204, app.patch(&customer, &json!({ "preferred_language": "eu" })).await),
            (400, app.patch(&customer, &json!({})).await),
            (401, app.raw("GET /v4/orgs/telco/customers/search HTTP/1.1", b"").await),
            (403, send(app.request(Method::GET, &customer).header("x-auth-roles", "ADMIN")).await),
            (404, app.get("/unknown").await),
            (405, app.put(&customer, &json!({})).await),
            (409, app.post("/customers", &private_customer("14861628V")).await),
            (413, send(app.request(Method::PATCH, &customer).header("content-type", "application/json")
                .body(json(&" ".repeat(300 * 1024)))).await),
            (415, send(app.request(Method::PATCH, &customer).body(json("{}"))).await),
        ];
        for (status, answer) in answers {
            assert_eq!(answer.status, status);
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{status}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{status}");
            let id: uuid::Uuid = answer.header("x-request-id").unwrap().parse().unwrap();
            assert_eq!(id.get_version_num(), 7, "{status}");
        }
    }

    async fn a_sane_request_id_is_kept(app: TestApp) {
        let long = "x".repeat(1000);
        for (id, is_kept) in [
            ("1", true), ("0196ffff-0000-7000-8000-000000000001", true), ("req-1.2:3_x", true),
            ("0af7651916cd43dd8448eb211c80319c", true), (&*long, false), ("two words", false), ("", false),
            ("4111111111111111", false), ("4111-1111-1111-1111", false), ("x4111111111111111", false),
            ("<script>", false), ("ana@example.com", false), ("a\tb", false), ("ñ", false),
        ] {
            let answer = app.raw(&format!("GET /health/live HTTP/1.1\r\nX-Request-Id: {id}"), b"").await;
            assert_eq!(answer.header("x-request-id") == Some(id), is_kept, "{id}");
        }
    }
}
