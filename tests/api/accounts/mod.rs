//! The operations of accounts.

mod available;
mod billing_address;
mod life;
mod open;
mod payment_method;
mod races;
mod read;

use application::ports::{CustomerReads, Store};
use domain::{Account, AccountData, Card, PaymentMethod};
use serde_json::{Value, json};
use testkit::fixtures::{self, NOW, org, scope};

use crate::test_app::{Answer, TestApp};

/// A UUID that nothing has.
const UNKNOWN: &str = "01950000-0000-7fff-8000-00000000ffff";
const IBAN: &str = "ES7921000813610123456789";
const MASKED_IBAN: &str = "ES79****************6789";
/// A payment card's number: it passes Luhn.
const CARD_NUMBER: &str = "4111 1111-1111 1111";

/// The JSON paths that a 400 complains about, in order.
fn wrong(answer: &Answer) -> Vec<String> {
    let path = |message: String| message.split(": ").next().unwrap().to_owned();
    answer.refusals().into_iter().map(path).collect()
}

fn method(kind: &str, details: &Value) -> Value {
    json!({ "type": kind, "details": details })
}

fn bank_transfer() -> Value {
    method("BANK_TRANSFER", &json!({}))
}

fn card(token_id: &str) -> Value {
    method("CREDIT_CARD", &json!({ "token_id": token_id }))
}

fn pending_card() -> Value {
    method("CREDIT_CARD", &json!({ "reference_id": "ref-1" }))
}

/// What opens an account.
fn account(modality: &str, payment_method: &Value) -> Value {
    json!({ "modality": modality, "payment_method": payment_method })
}

/// A billing address, with a province, whose line ends in `n`.
fn billing_address(n: u32) -> Value {
    json!({
        "address_lines": [format!("Rúa Nova {n}")],
        "postal_code": "15003",
        "state_id": "15",
        "locality": "A Coruña",
        "administrative_area": "A Coruña",
        "region_code": "ES"
    })
}

fn accounts_of(customer: &str) -> String {
    format!("/customers/{customer}/accounts")
}

/// Brings a card, as an import or the gateway would.
async fn import_card(app: &TestApp, token_id: &str, customer: &str, expiration: &str) {
    let card = Card {
        expiration: expiration.parse().unwrap(),
        ..fixtures::card(token_id, customer.parse().unwrap())
    };
    let mut work = app.store().await.begin(&scope()).await.unwrap();
    work.cards().insert(&card).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
}

/// Brings an account, as an import would, and returns its id.
async fn import_account(
    app: &TestApp,
    n: u32,
    customer: &str,
    method: Option<PaymentMethod>,
    change: impl FnOnce(AccountData) -> AccountData,
) -> String {
    let store = app.store().await;
    let owner = store.customer(&org(), customer.parse().unwrap()).await.unwrap().unwrap();
    let mut account = Account::restore(change(fixtures::account(n, &owner).data().clone()));
    if let Some(method) = method {
        account.change_payment_method(method, NOW).unwrap();
    }
    let mut work = store.begin(&scope()).await.unwrap();
    let stored = work.accounts().insert(&account).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
    stored.data().id.to_string()
}

async fn end_account(app: &TestApp, customer: &str, account: &str) {
    assert_eq!(app.delete(&format!("/customers/{customer}/accounts/{account}")).await.status, 204);
}

async fn end_customer(app: &TestApp, customer: &str) {
    assert_eq!(app.delete(&format!("/customers/{customer}")).await.status, 204);
}

async fn current_method(app: &TestApp, account: &str) -> Value {
    app.get(&format!("/accounts/{account}")).await.json()["payment_method"].clone()
}
