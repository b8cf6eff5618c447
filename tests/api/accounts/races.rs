//! Requests that meet.

use serde_json::{Value, json};
use testkit::fixtures::nif;
use tokio::task::JoinSet;

use super::{accounts_of, billing_address, current_method, method};
use crate::test_app::{Answer, TestApp, new_account, on_every_engine, send};

/// Makes all requests at the same time.
async fn all_at_once(requests: Vec<reqwest::RequestBuilder>) -> Vec<Answer> {
    requests.into_iter().map(send).collect::<JoinSet<_>>().join_all().await
}

fn requests(
    app: &TestApp,
    method: &reqwest::Method,
    path: &str,
    bodies: &[Value],
) -> Vec<reqwest::RequestBuilder> {
    bodies.iter().map(|body| app.request(method.clone(), path).json(body)).collect()
}

on_every_engine! {
    async fn the_newest_entry_of_the_history_is_the_current_method(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        let ibans =
            ["ES7921000813610123456789", "DE89370400440532013000", "NO9386011117947", "BE68539007547034"];
        let bodies: Vec<Value> =
            (0..20).map(|n| method("DIRECT_DEBIT", &json!({ "iban": ibans[n % 4] }))).collect();
        let path = format!("/accounts/{account}/payment-method");
        for answer in all_at_once(requests(&app, &reqwest::Method::PATCH, &path, &bodies)).await {
            assert_eq!(answer.status, 204, "{answer:?}");
        }
        let history = app.get(&format!("/accounts/{account}/payment-methods/historical")).await.json();
        let details: Vec<_> = history["payment_methods"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["details"].as_str().unwrap())
            .collect();
        assert_eq!(current_method(&app, &account).await["details"]["iban"], details[0]);
        assert_eq!(details.last(), Some(&""), "the first is the one it was opened with");
        assert!(ibans.iter().all(|iban| details.contains(iban)), "{details:?}");
        assert!(details.windows(2).all(|pair| pair[0] != pair[1]), "no row without a change: {details:?}");
    }

    async fn billing_addresses_follow_one_another(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        let path = format!("/accounts/{account}/billing-address");
        let bodies: Vec<Value> = (0..20).map(billing_address).collect();
        for answer in all_at_once(requests(&app, &reqwest::Method::PUT, &path, &bodies)).await {
            assert_eq!(answer.status, 204, "{answer:?}");
        }
        let history = app.get(&path).await.json()["history"].clone();
        let history = history.as_array().unwrap();
        assert_eq!(history.len(), 20);
        let open: Vec<_> = history.iter().filter(|entry| entry["end_date"].is_null()).collect();
        assert_eq!(open, [&history[0]], "one is current, the newest");
        let current = app.get(&format!("/accounts/{account}")).await.json();
        assert_eq!(current["billing_address"], history[0]["billing_address"]);
    }

    async fn accounts_opened_together_have_different_external_ids(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let bodies = vec![new_account(); 20];
        let answers =
            all_at_once(requests(&app, &reqwest::Method::POST, &accounts_of(&customer), &bodies)).await;
        let mut ids: Vec<_> = answers.iter().map(|answer| answer.json()["external_id"].to_string()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 20);
    }

    async fn an_ended_customer_has_no_live_account(app: TestApp) {
        for n in 1..=5 {
            let customer = app.private_customer(&nif(n)).await;
            let bodies = vec![new_account(); 4];
            let mut together = requests(&app, &reqwest::Method::POST, &accounts_of(&customer), &bodies);
            together.insert(
                n as usize % 4,
                app.request(reqwest::Method::DELETE, &format!("/customers/{customer}")),
            );
            let answers = all_at_once(together).await;
            assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 204 | 409)), "{answers:?}");

            let live = app.get(&accounts_of(&customer)).await.json()["accounts"].as_array().unwrap().len();
            let opened = answers.iter().filter(|answer| answer.status == 200).count();
            assert_eq!(live, opened);
            let ended = !app.get(&format!("/customers/{customer}")).await.json()["ended_at"].is_null();
            assert_eq!(ended, live == 0, "{live} live accounts");
        }
    }
}
