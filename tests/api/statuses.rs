//! Every status of every operation, provoked.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;
use testkit::Engine;

use crate::operations::{Ids, Needs, Operation, of_organisations, table};
use crate::test_app::{Answer, PUBLIC_URL, TestApp, on_every_engine, send, token};

/// The published statuses of success, operation by operation; 10 and 15 have 202 besides.
const SUCCESSES: [u16; 51] = [
    201, 200, 200, 204, 204, 204, 200, 204, 200, // customers
    200, 200, 204, 200, 200, 204, 200, 200, 200, 200, 200, 200, 200, // accounts
    200, 200, 204, 200, // promotions
    200, 201, 200, 204, 204, 200, 201, 200, 204, 204, 200, // categories
    200, 204, 200, 204, 204, // special treatment
    200, 201, 204, 204, 201, 204, 202, // credentials
    200, 200, // identification processes
];

/// The operations with a published 405; all the others answer so too.
const METHOD_NOT_ALLOWED: [u8; 9] = [1, 3, 14, 16, 17, 18, 48, 50, 51];

/// The operations with a published 409.
const CONFLICT: [u8; 16] = [1, 4, 5, 8, 9, 10, 12, 20, 28, 30, 33, 39, 40, 44, 46, 47];

/// Published, and never answered: reading is not in conflict with any state.
const UNREACHABLE: [(u8, u16); 1] = [(40, 409)];

/// The published statuses of an operation, but for 500, 503 and 504, which every operation has.
fn published(number: u8) -> BTreeSet<u16> {
    let mut statuses = BTreeSet::from([SUCCESSES[usize::from(number) - 1]]);
    match number {
        7 => {}
        27 | 28 => statuses.extend([400, 401, 403]),
        10 | 15 => statuses.extend([202, 400, 401, 403, 404]),
        _ => statuses.extend([400, 401, 403, 404]),
    }
    statuses.extend(METHOD_NOT_ALLOWED.contains(&number).then_some(405));
    statuses.extend(CONFLICT.contains(&number).then_some(409));
    statuses
}

/// The statuses that [`provoked_everywhere`] provokes.
fn everywhere(operation: &Operation) -> BTreeSet<u16> {
    let of_body: &[u16] = if operation.reads_body() { &[413, 415] } else { &[] };
    BTreeSet::from_iter([&[400, 401, 403, 404, 405], of_body].concat())
}

/// The code and title that belong to a status.
fn catalogue(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => ("MCUS.999.998", "Bad request"),
        401 => ("MCUS.999.996", "Unauthorized"),
        403 => ("MCUS.999.995", "Forbidden"),
        404 => ("MCUS.999.997", "Resource not found"),
        409 => ("MCUS.999.994", "Conflict"),
        413 => ("MCUS.999.992", "Payload too large"),
        415 => ("MCUS.999.991", "Unsupported media type"),
        500 => ("MCUS.999.999", "Unexpected error"),
        503 => ("MCUS.001.005", "Database error"),
        504 => ("MCUS.001.009", "Database error"),
        _ => panic!("no error: {status}"),
    }
}

/// Checks the status and what must come with it.
fn assert_answered(operation: &Operation, status: u16, answer: &Answer) {
    let name = operation.name;
    assert_eq!(answer.status, status, "{name} {answer:?}");
    assert!(answer.header("x-request-id").is_some(), "{name}");
    if status == 405 || status == 204 || operation.method == "HEAD" {
        assert!(answer.bytes.is_empty(), "{name} {answer:?}");
        assert_eq!(answer.header("allow").is_some(), status == 405, "{name}");
    } else if status >= 400 {
        assert_error(name, status, answer);
    }
}

/// Checks that an error looks as it must, whatever it is about.
fn assert_error(name: &str, status: u16, answer: &Answer) {
    let (code, title) = catalogue(status);
    let body = answer.json();
    let items = body["errors"].as_array().unwrap();
    assert!(!items.is_empty() && body.as_object().unwrap().len() == 1, "{name} {body}");
    for item in items {
        let message = &item["error"]["message"];
        let reference = format!("{PUBLIC_URL}/docs/errors#{code}");
        let whole =
            json!({ "error": { "code": code, "title": title, "ref": reference, "message": message } });
        assert_eq!(item, &whole, "{name}");
        assert!(message.as_str().is_some_and(|message| !message.is_empty()), "{name}");
    }
    assert_eq!(answer.header("content-type"), Some("application/json"), "{name}");
    let challenge = (status == 401).then_some("Bearer");
    assert_eq!(answer.header("www-authenticate"), challenge, "{name}");
    assert_eq!(answer.header("retry-after").is_some(), status == 503, "{name}");
}

/// An example with other ids or a further parameter.
async fn ask(app: &TestApp, operation: &Operation, url: &str, ids: &Ids) -> Answer {
    let request = app.request_as(&app.token, operation.method(), url);
    send(match operation.body(ids) {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

/// An example with another body.
async fn send_as(app: &TestApp, operation: &Operation, content_type: &str, body: String) -> Answer {
    let url = operation.url("telco", &Ids::random());
    let request = app.request_as(&app.token, operation.method(), &url);
    send(request.header("content-type", content_type).body(body)).await
}

/// A method that the path has not.
fn other_method(operation: &Operation) -> &'static str {
    let has = |method: &str| table().iter().any(|it| (it.path, it.method) == (operation.path, method));
    ["PUT", "PATCH", "DELETE", "POST", "GET"].into_iter().find(|method| !has(method)).unwrap()
}

/// What is not allowed with any operation, and what comes of it.
async fn provoked_everywhere(app: &TestApp, operation: &Operation) -> Vec<(u16, Answer)> {
    let (ids, malformed) = (Ids::random(), Ids::malformed());
    let url = operation.url("telco", &ids);
    let mark = if url.contains('?') { '&' } else { '?' };
    let (foreign, poor) = (token(&["other"], &["API_KEY"]), token(&["telco"], &["PII_READ"]));
    let mut answers = vec![
        (401, operation.ask(app, "", "telco", &ids).await),
        (403, operation.ask(app, &foreign, "telco", &ids).await),
        (403, operation.ask(app, &poor, "telco", &ids).await),
        (404, ask(app, operation, &operation.url("TELCO", &ids), &ids).await),
        (405, app.raw(&format!("{} {url} HTTP/1.1", other_method(operation)), b"").await),
        (400, ask(app, operation, &format!("{url}{mark}unknown=1"), &ids).await),
    ];
    if operation.has_id() {
        answers.push((400, ask(app, operation, &operation.url("telco", &malformed), &ids).await));
        answers.push((404, ask(app, operation, &url, &ids).await));
    }
    if operation.reads_body() {
        let unknown = json!({ "unknown": 1 }).to_string();
        answers.push((400, send_as(app, operation, "application/json", unknown).await));
        answers.push((413, send_as(app, operation, "application/json", " ".repeat(300 * 1024)).await));
        answers.push((415, send_as(app, operation, "text/plain", "{}".to_owned()).await));
    }
    answers
}

/// Asks for the examples of many operations at the same time.
async fn assert_all_answer(app: &TestApp, operations: &[Operation], ids: &Ids, status: u16) {
    let answers = operations.iter().map(|operation| operation.ask(app, &app.token, "telco", ids));
    for (operation, answer) in operations.iter().zip(join_all(answers).await) {
        assert_answered(operation, status, &answer);
    }
}

/// Short enough for a test to wait for.
const IMPATIENT: &str = "database.statement_timeout_ms = 300\ndatabase.acquire_timeout_ms = 300";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn no_operation_waits_for_a_database_that_has_gone() {
    let app = TestApp::start_with(Engine::Postgres, IMPATIENT).await;
    let ids = Ids::create(&app, "telco", 0).await;
    let of_database: Vec<_> =
        table().into_iter().filter(|it| it.needs != Needs::Nothing || it.name == "getReadiness").collect();
    app.database.shut().await;
    assert_all_answer(&app, &of_database, &ids, 503).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn no_operation_waits_for_ever_for_those_before_it() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let app = TestApp::start_with(engine, IMPATIENT).await;
        let ids = Ids::create(&app, "telco", 0).await;
        let mut operations = of_organisations();
        // On SQLite nobody who reads waits for anybody.
        operations.retain(|operation| engine == Engine::Postgres || operation.needs != Needs::Read);
        let held = app.database.hold().await;
        // Fewer than there are connections.
        for some in operations.chunks(8) {
            assert_all_answer(&app, some, &ids, 504).await;
        }
        drop(held);
        let read = of_organisations().into_iter().filter(|operation| operation.needs == Needs::Read);
        for operation in read {
            assert_eq!(operation.ask(&app, &app.token, "telco", &ids).await.status, 200);
        }
    }
}

#[test]
fn the_table_lists_every_operation_of_the_router_once() {
    let mut listed: Vec<_> = table().iter().map(|it| (it.method.to_owned(), it.path, it.name)).collect();
    let mut served: Vec<_> =
        http_api::routes().into_iter().map(|(method, path, name)| (method.to_string(), path, name)).collect();
    listed.sort();
    served.sort();
    assert_eq!(listed, served);
    let names: BTreeSet<_> = table().iter().map(|operation| operation.name).collect();
    assert_eq!(names.len(), listed.len());
}

#[test]
fn every_published_operation_is_there_once_and_in_order() {
    let numbers: Vec<u8> = table().iter().filter_map(|operation| operation.number).collect();
    assert_eq!(numbers, Vec::from_iter(1..=51));
}

#[test]
fn every_published_status_is_provoked() {
    for operation in table() {
        let Some(number) = operation.number else { continue };
        let mut provoked = everywhere(&operation);
        provoked.insert(operation.status);
        provoked.extend(operation.ways.iter().map(|(status, _)| *status));
        for status in published(number) {
            let reachable = !UNREACHABLE.contains(&(number, status));
            assert_eq!(provoked.contains(&status), reachable, "{number} {status}");
        }
    }
}

#[test]
fn the_documentation_lists_every_operation() {
    let documentation = include_str!("../../docs/api.md");
    for operation in table() {
        let number = operation.number.map_or_else(|| "+".to_owned(), |number| number.to_string());
        let row = format!("| {number} | `{}", operation.title());
        let rows = documentation
            .lines()
            .filter(|line| line.strip_prefix(&*row).is_some_and(|rest| rest.starts_with(['`', '?'])));
        assert_eq!(rows.count(), 1, "{row}");
    }
}

on_every_engine! {
    async fn every_operation_answers_as_its_example(app: TestApp) {
        for operation in table() {
            let org = operation.name.to_lowercase();
            let everybody = token(&[&org], &["API_KEY"]);
            let ids = Ids::create(&app, &org, 0).await;
            let answer = operation.ask(&app, &everybody, &org, &ids).await;
            assert_answered(&operation, operation.status, &answer);
            if operation.needs != Needs::Nothing && operation.status == 200 {
                assert!(answer.json().is_object() || answer.json().is_array(), "{answer:?}");
            }
        }
    }

    async fn every_operation_answers_with_each_of_its_statuses(app: TestApp) {
        for operation in table() {
            for (n, (status, way)) in operation.ways.iter().enumerate() {
                let org = format!("{}-{n}", operation.name.to_lowercase());
                assert_answered(&operation, *status, &operation.provoke(way, &app, &org).await);
            }
        }
    }

    async fn no_operation_tells_what_is_wrong_with_the_database(app: TestApp) {
        let ids = Ids::create(&app, "telco", 0).await;
        app.database.hide_tables().await;
        assert_all_answer(&app, &of_organisations(), &ids, 500).await;
    }

    async fn every_operation_of_an_organisation_refuses_what_is_not_allowed(app: TestApp) {
        for operation in of_organisations() {
            let answers = provoked_everywhere(&app, &operation).await;
            let statuses: BTreeSet<u16> = answers.iter().map(|(status, _)| *status).collect();
            assert_eq!(statuses, everywhere(&operation));
            for (status, answer) in answers {
                assert_answered(&operation, status, &answer);
            }
        }
    }
}
