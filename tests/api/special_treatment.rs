//! The operations of special treatment.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::fixtures::nif;
use tokio::task::JoinSet;

use crate::test_app::{Answer, TestApp, on_every_engine, send, token};

const CONFLICT: &str = "MCUS.999.994";
const UNKNOWN: &str = "MCUS.999.997";
const LIST: &str = "/special-treatment";
const NOBODY: &str = "/customers/01950000-0000-7fff-8000-00000000ffff/special-treatment";

fn values(values: &[&str]) -> Value {
    json!({ "values": values })
}

async fn offer(app: &TestApp, offered: &[&str]) {
    ok(&app.patch(LIST, &values(offered)).await);
}

/// Registers a customer and returns the path of its special treatment.
async fn customer(app: &TestApp, n: u32) -> String {
    format!("/customers/{}/special-treatment", app.private_customer(&nif(n)).await)
}

fn ok(answer: &Answer) {
    assert_eq!((answer.status, &*answer.bytes), (204, b"" as &[u8]), "{answer:?}");
}

on_every_engine! {
    async fn what_is_offered_is_replaced(app: TestApp) {
        assert_eq!(app.get(LIST).await.json(), values(&[]), "nothing at first");
        for offered in [&["silver", "gold", "platinum", "vip"] as &[&str], &["vip", "gold"], &["vip", "gold"], &[]] {
            offer(&app, offered).await;
            assert_eq!(app.get(LIST).await.json(), values(offered));
        }
        let hundred: Vec<String> = (0..101).map(|n| format!("v{n}")).collect();
        ok(&app.patch(LIST, &json!({ "values": hundred[..100] })).await);
        for (body, refusals) in [
            (json!({}), &["values: is required"] as &[&str]),
            (json!({ "values": null }), &["values: must not be null"]),
            (json!({ "values": "gold" }), &["values: must be an array"]),
            (json!({ "values": ["gold", "gold"] }), &["values: must not have an element more than once"]),
            (json!({ "values": hundred }), &["values: must have at most 100 elements"]),
            (json!({ "values": ["Gold", "a b", 1, null, ""], "x": 1 }), &[
                "values[0]: must be 1 to 50 of a-z, 0-9 and _",
                "values[1]: must be 1 to 50 of a-z, 0-9 and _",
                "values[2]: must be a string",
                "values[3]: must be a string",
                "values[4]: must be 1 to 50 of a-z, 0-9 and _",
                "x: is not a known property",
            ]),
        ] {
            assert_eq!(app.patch(LIST, &body).await.refusals(), refusals);
        }
        assert_eq!(app.get(LIST).await.json()["values"].as_array().unwrap().len(), 100);
    }

    async fn a_customer_is_treated_specially(app: TestApp) {
        let path = customer(&app, 1).await;
        assert_eq!(app.get(&path).await.json(), values(&[]));
        app.put(&path, &values(&["vip"])).await.refusals();
        offer(&app, &["gold", "vip"]).await;
        for given in [&["vip"] as &[&str], &["vip"], &["gold"], &[], &[], &["vip"]] {
            ok(&app.put(&path, &values(given)).await);
            assert_eq!(app.get(&path).await.json(), values(given));
        }
        for _ in 0..2 {
            ok(&app.delete(&path).await);
            assert_eq!(app.get(&path).await.json(), values(&[]));
        }
    }

    async fn a_special_treatment_must_be_offered(app: TestApp) {
        let path = customer(&app, 1).await;
        offer(&app, &["gold"]).await;
        for (body, refusals) in [
            (values(&["vip"]), &["values[0]: must be one of the special treatments that the organisation offers"] as &[&str]),
            (values(&["gold", "vip"]), &["values: must have at most 1 element"]),
            (values(&["GOLD"]), &["values[0]: must be 1 to 50 of a-z, 0-9 and _"]),
            (json!({}), &["values: is required"]),
            (json!({ "values": null }), &["values: must not be null"]),
        ] {
            assert_eq!(app.put(&path, &body).await.refusals(), refusals);
        }
        app.put(NOBODY, &values(&["gold"])).await.messages(404, UNKNOWN);
        app.put(NOBODY, &values(&[])).await.messages(404, UNKNOWN);
        app.get(NOBODY).await.messages(404, UNKNOWN);
        app.delete(NOBODY).await.messages(404, UNKNOWN);
    }

    async fn what_is_in_use_cannot_be_dropped(app: TestApp) {
        let path = customer(&app, 1).await;
        offer(&app, &["gold", "vip"]).await;
        ok(&app.put(&path, &values(&["vip"])).await);
        let refused = app.patch(LIST, &values(&["gold"])).await;
        assert_eq!(
            refused.messages(409, CONFLICT),
            ["Customers get a special treatment that would no longer be offered"]
        );
        app.patch(LIST, &values(&[])).await.messages(409, CONFLICT);
        offer(&app, &["new", "vip"]).await;
        ok(&app.put(&path, &values(&["new"])).await);
        offer(&app, &["new"]).await;
        ok(&app.delete(&path).await);
        offer(&app, &[]).await;
    }

    async fn special_treatment_ends_with_its_customer(app: TestApp) {
        let (path, plain) = (customer(&app, 1).await, customer(&app, 2).await);
        offer(&app, &["vip"]).await;
        ok(&app.put(&path, &values(&["vip"])).await);
        for path in [&path, &plain] {
            ok(&app.delete(path.strip_suffix(LIST).unwrap()).await);
            assert_eq!(app.get(path).await.json(), values(&[]));
            app.put(path, &values(&["gold"])).await.refusals();
            app.put(path, &values(&["vip"])).await.messages(409, CONFLICT);
            app.put(path, &values(&[])).await.messages(409, CONFLICT);
            app.delete(path).await.messages(409, CONFLICT);
        }
        offer(&app, &[]).await;
        let timeline = app.get(&format!("{}/timeline", path.strip_suffix(LIST).unwrap())).await.json();
        let entries: Vec<_> = timeline["entries"].as_array().unwrap().iter()
            .map(|entry| (entry["operation"].as_str().unwrap(), entry["entity"].as_str().unwrap())).collect();
        assert_eq!(entries, [
            ("deleteCustomer", "SPECIAL_TREATMENT"),
            ("deleteCustomer", "CUSTOMER"),
            ("putCustomerSpecialTreatment", "SPECIAL_TREATMENT"),
            ("createCustomer", "CUSTOMER"),
        ]);
    }

    async fn what_changes_nothing_is_not_on_the_timeline(app: TestApp) {
        let path = customer(&app, 1).await;
        offer(&app, &["vip"]).await;
        for given in [&["vip"] as &[&str], &["vip"], &[], &[]] {
            ok(&app.put(&path, &values(given)).await);
        }
        ok(&app.delete(&path).await);
        let timeline = app.get(&format!("{}/timeline", path.strip_suffix(LIST).unwrap())).await.json();
        assert_eq!(timeline["entries"].as_array().unwrap().len(), 3);
    }

    async fn other_organisations_offer_something_else(app: TestApp) {
        let path = customer(&app, 1).await;
        offer(&app, &["vip"]).await;
        ok(&app.put(&path, &values(&["vip"])).await);
        let other = token(&["other"], &["API_KEY"]);
        let request = |method, path: &str| app.request_as(&other, method, &format!("/v4/orgs/other{path}"));
        assert_eq!(send(request(Method::GET, LIST)).await.json(), values(&[]));
        ok(&send(request(Method::PATCH, LIST).json(&values(&["gold"]))).await);
        send(request(Method::GET, &path)).await.messages(404, UNKNOWN);
        send(request(Method::DELETE, &path)).await.messages(404, UNKNOWN);
        assert_eq!(app.get(LIST).await.json(), values(&["vip"]));
        assert_eq!(app.get(&path).await.json(), values(&["vip"]));
    }

    async fn nothing_is_dropped_while_it_is_given(app: TestApp) {
        let mut customers = Vec::new();
        for n in 1..=6 {
            customers.push(customer(&app, n).await);
        }
        for round in 0..5 {
            offer(&app, &["vip"]).await;
            let mut requests: Vec<_> =
                customers.iter().map(|path| app.request(Method::PUT, path).json(&values(&["vip"]))).collect();
            requests.insert(round, app.request(Method::PATCH, LIST).json(&values(&["gold"])));
            let answers = requests.into_iter().map(send).collect::<JoinSet<_>>().join_all().await;
            assert!(answers.iter().all(|answer| matches!(answer.status, 204 | 400 | 409)), "{answers:?}");
            let mut given = 0;
            for path in &customers {
                given += usize::from(app.get(path).await.json() == values(&["vip"]));
                ok(&app.delete(path).await);
            }
            let offered = app.get(LIST).await.json();
            assert_eq!(offered == values(&["vip"]), given > 0, "{answers:?}");
        }
    }
}
