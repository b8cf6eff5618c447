//! Who may call what, and what everybody else is told.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::json;
use testkit::fixtures::nif;

use crate::operations::Needs::{self, Catalogue, Nothing, Read, Write};
use crate::operations::{Ids, Operation, of_organisations, table};
use crate::test_app::{Answer, TestApp, on_every_engine, private_customer, send, token};

/// Everything that can be read of the first organisation's data.
async fn everything(app: &TestApp, org: &str, ids: &Ids) -> Vec<Answer> {
    let token = token(&[org], &["API_KEY"]);
    let mut answers = Vec::new();
    for customer in [&ids.childless, &ids.owner] {
        for path in ["", "/accounts", "/credentials"].map(|path| format!("/customers/{customer}{path}")) {
            answers.push(send(app.request_as(&token, Method::GET, &format!("/v4/orgs/{org}{path}"))).await);
        }
    }
    for operation in of_organisations() {
        let belongs = ["account", "categor", "special"].iter().any(|part| operation.path.contains(part));
        if operation.needs == Needs::Read && belongs {
            answers.push(operation.ask(app, &token, org, ids).await);
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

on_every_engine! {
    async fn every_operation_needs_a_token(app: TestApp) {
        for operation in of_organisations() {
            let answer = operation.ask(&app, "", "telco", &Ids::random()).await;
            answer.messages(401, "MCUS.999.996");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{}", operation.name);
        }
    }

    async fn each_role_opens_its_operations(app: TestApp) {
        for (roles, reads, writes, writes_catalogue) in ROLES {
            let token = token(&["telco"], roles);
            for operation in of_organisations() {
                let name = operation.name;
                let allowed = match operation.needs {
                    Read => reads,
                    Write => writes,
                    Catalogue => writes_catalogue,
                    Nothing => true,
                };
                if allowed && name == "createCustomer" {
                    continue;
                }
                let answer = operation.ask(&app, &token, "telco", &Ids::random()).await;
                if !allowed {
                    answer.messages(403, "MCUS.999.995");
                } else if operation.has_id() {
                    assert_eq!(answer.status, 404, "{roles:?} {name}");
                } else {
                    assert!(matches!(answer.status, 200 | 201 | 204 | 409), "{roles:?} {name} {answer:?}");
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
            for operation in of_organisations() {
                operation.ask(&app, &token, "telco", &ids).await.messages(403, "MCUS.999.995");
            }
        }
    }

    async fn another_organisations_ids_are_unknown(app: TestApp) {
        let (own, foreign) = (Ids::create(&app, "telco", 0).await, Ids::create(&app, "other", 100).await);
        let before = (everything(&app, "telco", &own).await, everything(&app, "other", &foreign).await);
        let both = token(&["telco", "other"], &["API_KEY"]);
        for operation in of_organisations().into_iter().filter(Operation::has_id) {
            let Operation { name, path, .. } = operation;
            let unknown = without_id(operation.ask(&app, &both, "telco", &Ids::random()).await);
            unknown.messages(404, UNKNOWN);
            let account_of_another = Ids { account: foreign.account.clone(), ..own.clone() };
            let credential_of_another = Ids { credential: foreign.credential.clone(), ..own.clone() };
            let customer_of_another =
                Ids { account: own.account.clone(), credential: own.credential.clone(), ..foreign.clone() };
            let mut cases = vec![("telco", &foreign), ("other", &own)];
            if path.contains("{account_id}") {
                cases.push(("telco", &account_of_another));
            }
            if path.contains("{credential_id}") {
                cases.push(("telco", &credential_of_another));
            }
            if path.contains("{customer_id}") {
                cases.push(("telco", &customer_of_another));
            }
            for (org, ids) in cases {
                let answer = without_id(operation.ask(&app, &both, org, ids).await);
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
        for operation in of_organisations() {
            if operation.path.contains("{customer_id}") && operation.path.contains("{account_id}") {
                let unknown = without_id(operation.ask(&app, &app.token, "telco", &Ids::random()).await);
                let answer = without_id(operation.ask(&app, &app.token, "telco", &mixed).await);
                assert_eq!(answer, unknown, "{}", operation.name);
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
        for operation in table() {
            let entry = paths.entry(operation.path).or_insert((BTreeSet::new(), operation.needs == Nothing));
            entry.0.insert(operation.method);
        }
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "get"];
        for (path, (allowed, is_open)) in paths {
            let prefix = if is_open { "" } else { "/v4/orgs/telco" };
            let path = format!("{prefix}{}", Ids::random().fill("GET", path));
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
