//! What the timeline of a customer shows.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::fixtures::nif;
use time::Duration;

use crate::test_app::{TestApp, direct_debit, on_every_engine, send};

async fn page(app: &TestApp, customer: &str, query: &str) -> Value {
    let answer = app.get(&format!("/customers/{customer}/timeline{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

on_every_engine! {
    async fn every_change_is_shown_newest_first(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        app.clock.advance(Duration::SECOND);
        let patch = json!({ "preferred_language": "es", "personal_info": { "name": "Otra" } });
        let request = app.request(Method::PATCH, &format!("/customers/{customer}")).header("x-request-id", "crm-7");
        assert_eq!(send(request.json(&patch)).await.status, 204);
        let method = format!("/accounts/{account}/payment-method");
        assert_eq!(app.patch(&method, &direct_debit()).await.status, 204);
        assert_eq!(app.patch(&method, &direct_debit()).await.status, 204, "changes nothing");
        assert_eq!(app.patch(&method, &json!({})).await.status, 400);

        let body = page(&app, &customer, "").await;
        assert_eq!(body["customer_id"], customer);
        assert_eq!(body["next_cursor"], json!(null));
        let entries = body["entries"].as_array().unwrap();
        let shown: Vec<_> = entries
            .iter()
            .map(|entry| (&entry["operation"], &entry["entity"], &entry["entity_id"], &entry["fields"]))
            .map(|(operation, entity, id, fields)| json!([operation, entity, id, fields]))
            .collect();
        let expected = [
            json!(["patchPaymentMethod", "ACCOUNT", account, ["payment_method"]]),
            json!(["patchCustomer", "CUSTOMER", customer, ["personal_info.name"]]),
            json!(["createAccount", "ACCOUNT", account, ["modality", "payment_method"]]),
            json!(["createCustomer", "CUSTOMER", customer, ["type", "preferred_language", "contact_info", "personal_info"]]),
        ];
        assert_eq!(shown, expected);
        assert_eq!(entries[1]["request_id"], "crm-7");
        assert_eq!(entries[1]["actor"], "tester");
        assert_eq!(entries[1]["at"], "2026-03-14T10:30:01.123Z");
        assert_eq!(entries[3]["at"], "2026-03-14T10:30:00.123Z");
    }

    async fn a_long_timeline_is_read_in_pages(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        for language in ["ca", "gl", "eu", "en"] {
            app.patch(&format!("/customers/{customer}"), &json!({ "preferred_language": language })).await;
        }
        let (mut query, mut sizes, mut operations) = ("?limit=2".to_owned(), Vec::new(), Vec::new());
        loop {
            let body = page(&app, &customer, &query).await;
            let entries = body["entries"].as_array().unwrap();
            sizes.push(entries.len());
            operations.extend(entries.iter().map(|entry| entry["operation"].as_str().unwrap().to_owned()));
            let Some(cursor) = body["next_cursor"].as_str() else { break };
            query = format!("?limit=2&cursor={cursor}");
        }
        assert_eq!(sizes, [2, 2, 1]);
        assert_eq!(operations.last().unwrap(), "createCustomer");
    }

    async fn wrong_parameters_are_refused(app: TestApp) {
        let path = format!("/customers/{}/timeline", app.private_customer(&nif(1)).await);
        for (query, wrong) in [
            ("?limit=0", "limit"), ("?limit=101", "limit"), ("?limit=x", "limit"), ("?limit=", "limit"),
            ("?cursor=x", "cursor"), ("?cursor=-1", "cursor"), ("?cursor=99999999999999999999", "cursor"), ("?page=2", "page"),
        ] {
            let refusals = app.get(&format!("{path}{query}")).await.refusals();
            assert!(refusals.len() == 1 && refusals[0].starts_with(wrong), "{query} {refusals:?}");
        }
    }

    async fn the_timeline_survives_the_customer(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        assert_eq!(app.delete(&format!("/customers/{customer}")).await.status, 204);
        assert_eq!(app.delete(&format!("/customers/{customer}")).await.status, 204);
        let body = page(&app, &customer, "").await;
        let entries = body["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0]["fields"], json!(["ended_at"]));
    }
}
