//! Cards that the sandbox gateway tokenizes, and what becomes of the accounts that await them.

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::fixtures::nif;
use time::Duration;

use crate::test_app::{TestApp, direct_debit, new_account, on_every_engine};

fn by_reference(reference: &str) -> Value {
    json!({ "type": "CREDIT_CARD", "details": { "reference_id": reference } })
}

fn method(account: &str) -> String {
    format!("/accounts/{account}/payment-method")
}

async fn open(app: &TestApp, customer: &str, reference: &str) -> String {
    let mut body = new_account();
    body["payment_method"] = by_reference(reference);
    let answer = app.post(&format!("/customers/{customer}/accounts"), &body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert!(answer.json()["external_id"].is_string());
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// The requests of an account once none of them is pending.
async fn settled(app: &TestApp, account: &str) -> Vec<Value> {
    let none_pending =
        |body: &Value| body["items"].as_array().unwrap().iter().all(|item| item["status"] != "PENDING");
    let body = app.eventually(&format!("/accounts/{account}/tokenization-requests"), none_pending).await;
    body["items"].as_array().unwrap().clone()
}

async fn account(app: &TestApp, account: &str) -> Value {
    app.get(&format!("/accounts/{account}")).await.json()
}

async fn cards(app: &TestApp, customer: &str) -> Vec<Value> {
    let body = app.get(&format!("/customers/{customer}/available-credit-cards")).await.json();
    body["available_credit_cards"].as_array().unwrap().clone()
}

on_every_engine! {
    async fn a_card_is_tokenized_for_a_new_account(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        assert_eq!(cards(&app, &customer).await, Vec::<Value>::new());
        let id = open(&app, &customer, "ok-1").await;
        let requests = settled(&app, &id).await;
        let token = requests[0]["token_id"].as_str().unwrap();
        assert_eq!(
            requests,
            [json!({
                "reference_id": "ok-1", "account_id": id, "status": "COMPLETED", "token_id": token,
                "error_message": null, "created_at": "2026-03-14T10:30:00.123Z", "updated_at": "2026-03-14T10:30:00.123Z",
            })]
        );
        assert_eq!(
            account(&app, &id).await["payment_method"],
            json!({ "type": "CREDIT_CARD", "details": { "token_id": token } })
        );
        let card = cards(&app, &customer).await.remove(0);
        assert_eq!(card["id"], token);
        assert_eq!(card["expiration_date"], "03/2029");
        assert_eq!(card["summary"].as_str().unwrap().len(), 4);
        assert_eq!(card.as_object().unwrap().len(), 4);

        // The card can be chosen for another account, and is gone when it is no longer good.
        let other = app.account(&customer).await;
        let by_token = json!({ "type": "CREDIT_CARD", "details": { "token_id": token } });
        assert_eq!(app.patch(&method(&other), &by_token).await.status, 204);
        app.clock.advance(Duration::days(4 * 365));
        assert_eq!(cards(&app, &customer).await, Vec::<Value>::new());
    }

    async fn a_refused_card_leaves_the_method(app: TestApp) {
        let id = app.account(&app.private_customer(&nif(1)).await).await;
        let before = account(&app, &id).await;
        let accepted = app.patch(&method(&id), &by_reference("fail-1")).await;
        assert_eq!((accepted.status, accepted.bytes.len()), (202, 0));
        let requests = settled(&app, &id).await;
        assert_eq!(requests[0]["status"], "FAILED");
        assert!(requests[0]["error_message"].is_string() && requests[0]["token_id"].is_null());
        assert_eq!(account(&app, &id).await, before);
    }

    async fn a_slow_card_comes_later(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let id = open(&app, &customer, "slow-1").await;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let pending = app.get(&format!("/accounts/{id}/tokenization-requests")).await.json();
        assert_eq!(pending["items"][0]["status"], "PENDING");
        assert!(account(&app, &id).await.get("payment_method").is_none());
        assert_eq!(app.delete(&format!("/customers/{customer}/accounts/{id}")).await.status, 409);

        app.clock.advance(Duration::seconds(3));
        assert_eq!(settled(&app, &id).await[0]["updated_at"], "2026-03-14T10:30:03.123Z");
        assert_eq!(app.delete(&format!("/customers/{customer}/accounts/{id}")).await.status, 204);
        assert_eq!(app.get(&format!("/accounts/{id}/tokenization-requests")).await.status, 200, "still readable");
    }

    async fn a_later_choice_stands(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let id = open(&app, &customer, "slow-1").await;
        app.clock.advance(Duration::SECOND);
        assert_eq!(app.patch(&method(&id), &by_reference("slow-2")).await.status, 202);
        app.clock.advance(Duration::SECOND);
        assert_eq!(app.patch(&method(&id), &direct_debit()).await.status, 204);
        let requests = settled(&app, &id).await;
        let shown: Vec<_> = requests.iter().map(|item| (&item["reference_id"], &item["error_message"])).collect();
        let superseded = &json!("superseded by a later update");
        assert_eq!(shown, [(&json!("slow-2"), superseded), (&json!("slow-1"), superseded)]);

        app.clock.advance(Duration::seconds(10));
        let both = |body: &Value| body["available_credit_cards"].as_array().unwrap().len() == 2;
        app.eventually(&format!("/customers/{customer}/available-credit-cards"), both).await;
        assert_eq!(account(&app, &id).await["payment_method"]["type"], "DIRECT_DEBIT");
        assert_eq!(settled(&app, &id).await, requests, "a late success changes no status");
    }

    async fn a_reference_is_used_once(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let id = open(&app, &customer, "slow-1").await;
        assert_eq!(app.patch(&method(&id), &by_reference("slow-1")).await.status, 202);
        let other = app.account(&customer).await;
        for status in ["PENDING", "COMPLETED"] {
            let requests = app.get(&format!("/accounts/{id}/tokenization-requests")).await.json();
            assert_eq!(requests["items"].as_array().unwrap().len(), 1);
            assert_eq!(requests["items"][0]["status"], status);
            app.patch(&method(&other), &by_reference("slow-1")).await.messages(409, "MCUS.999.994");
            let mut body = new_account();
            body["payment_method"] = by_reference("slow-1");
            let opened = app.post(&format!("/customers/{customer}/accounts"), &body).await;
            opened.messages(409, "MCUS.999.994");
            app.clock.advance(Duration::seconds(3));
            settled(&app, &id).await;
        }
        app.patch(&method(&id), &by_reference("slow-1")).await.messages(409, "MCUS.999.994");

        assert_eq!(app.patch(&method(&id), &by_reference("fail-1")).await.status, 202);
        settled(&app, &id).await;
        app.clock.advance(Duration::SECOND);
        assert_eq!(app.patch(&method(&id), &by_reference("fail-1")).await.status, 202);
        let statuses: Vec<_> = settled(&app, &id).await.iter().map(|item| item["status"].clone()).collect();
        assert_eq!(statuses, ["FAILED", "FAILED", "COMPLETED"]);
        app.patch(&method(&other), &by_reference("fail-1")).await.messages(409, "MCUS.999.994");
    }

    async fn simultaneous_requests_under_one_reference(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let accounts = join_all((0..8).map(|_| app.account(&customer))).await;
        let body = by_reference("slow-1");
        let paths: Vec<_> = accounts.iter().map(|id| method(id)).collect();
        let answers = join_all(paths.iter().map(|path| app.patch(path, &body))).await;
        let count = |status| answers.iter().filter(|answer| answer.status == status).count();
        assert_eq!((count(202), count(409)), (1, 7), "{answers:?}");

        let own = answers.iter().position(|answer| answer.status == 202).unwrap();
        let again = join_all((0..8).map(|_| app.patch(&paths[own], &body))).await;
        assert!(again.iter().all(|answer| answer.status == 202), "{again:?}");
        let requests = app.get(&format!("/accounts/{}/tokenization-requests", accounts[own])).await.json();
        assert_eq!(requests["items"].as_array().unwrap().len(), 1);
    }
}
