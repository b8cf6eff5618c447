//! Customers: operations 1 to 6, 8 and 9.

mod convert;
mod create;
mod end;
mod errors;
mod fields;
mod lists;
mod patch;
mod representative;
mod search;

use reqwest::RequestBuilder;
use serde_json::{Map, Value, json};

use crate::test_app::{Answer, TestApp, company, private_customer, send};

/// When everything happens until a test moves the clock.
const NOW: &str = "2026-03-14T10:30:00.123Z";

const UNKNOWN: &str = "/customers/123e4567-e89b-12d3-a456-556642440000";

/// The NIF with this number.
fn nif(number: usize) -> String {
    format!("{number:08}{}", control_letter(number))
}

/// The NIE with this number.
fn nie(number: usize) -> String {
    format!("X{number:07}{}", control_letter(number))
}

fn control_letter(number: usize) -> char {
    char::from(b"TRWAGMYFPDXBNJZSQVHLCKE"[number % 23])
}

/// A private customer with this document.
fn person(kind: &str, number: &str) -> Value {
    with(&private_customer(number), "personal_info.identity_document.type", json!(kind))
}

fn sme() -> Value {
    company("SME", "CIF", "A58818501")
}

/// The JSON pointer of a path as messages show it.
fn pointer(path: &str) -> String {
    format!("/{}", path.replace(']', "").replace(['.', '['], "/"))
}

/// The body with another value at the path.
fn with(body: &Value, path: &str, value: Value) -> Value {
    let (mut body, pointer) = (body.clone(), pointer(path));
    let (parent, name) = pointer.rsplit_once('/').expect("a path");
    match body.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(elements)) => elements[name.parse::<usize>().expect("an index")] = value,
        _ => panic!("nothing to put {path} into"),
    }
    body
}

/// The body without the property at the path.
fn without(body: &Value, path: &str) -> Value {
    let (mut body, pointer) = (body.clone(), pointer(path));
    let (parent, name) = pointer.rsplit_once('/').expect("a path");
    let removed = body.pointer_mut(parent).and_then(Value::as_object_mut).and_then(|it| it.remove(name));
    assert!(removed.is_some(), "no {path}");
    body
}

/// A body that has only this property.
fn only(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |inner, name| Value::Object(Map::from_iter([(name.to_owned(), inner)])))
}

/// What a customer that was registered with this body is read as.
fn registered(body: &Value, id: &str) -> Value {
    let generated = [
        ("id", json!(id)),
        ("created_at", json!(NOW)),
        ("ended_at", json!(null)),
        ("updated_at", json!(NOW)),
    ];
    generated.into_iter().fold(body.clone(), |body, (name, value)| with(&body, name, value))
}

/// Registers a customer and returns its path.
async fn register(app: &TestApp, body: &Value) -> String {
    format!("/customers/{}", app.post("/customers", body).await.id())
}

async fn read(app: &TestApp, customer: &str) -> Value {
    let answer = app.get(customer).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// The answers to requests that are made at the same time.
async fn all_at_once(requests: impl IntoIterator<Item = RequestBuilder>) -> Vec<Answer> {
    let running: Vec<_> = requests.into_iter().map(|request| tokio::spawn(send(request))).collect();
    let mut answers = Vec::new();
    for answer in running {
        answers.push(answer.await.expect("an answer"));
    }
    answers
}

/// A change that is made leaves nothing to say.
fn assert_done(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.bytes.as_slice()),
        (204, &b""[..]),
        "{}",
        String::from_utf8_lossy(&answer.bytes)
    );
}

fn assert_conflict(answer: &Answer, message: &str) {
    assert_eq!(answer.messages(409, "MCUS.999.994"), [message]);
}

fn assert_duplicate(answer: &Answer) {
    assert_conflict(answer, "The resource already exists");
}

fn assert_not_found(answer: &Answer) {
    assert_eq!(answer.messages(404, "MCUS.999.997"), ["The resource does not exist"]);
}

/// Each of these values at its path makes a registration fail, for this reason alone.
async fn assert_each_refused(app: &TestApp, body: &Value, cases: &[(&str, Value, &str)]) {
    for (path, value, message) in cases {
        let answer = app.post("/customers", &with(body, path, value.clone())).await;
        assert_eq!(answer.status, 400, "{path} = {value}");
        assert_eq!(answer.refusals(), [format!("{path}: {message}")], "{value}");
    }
}
