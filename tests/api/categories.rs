//! The operations of categories, and of those that customers have.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::fixtures::nif;
use time::Duration;
use tokio::task::JoinSet;

use crate::test_app::{Answer, TestApp, on_every_engine, send, sign, token};

const CONFLICT: &str = "MCUS.999.994";
const UNKNOWN: &str = "MCUS.999.997";
/// The instants of the fixed clock: NOW, and each minute after it.
const AT: [&str; 4] = [
    "2026-03-14T10:30:00.123Z",
    "2026-03-14T10:31:00.123Z",
    "2026-03-14T10:32:00.123Z",
    "2026-03-14T10:33:00.123Z",
];

/// Defines a category and returns its path below the organisation and its id.
async fn define(app: &TestApp, category: Value) -> (String, i64) {
    let answer = app.post("/categories", &json!({ "categories": [category] })).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let id = answer.json()["categories"][0]["id"].as_i64().unwrap();
    (format!("/categories/{id}"), id)
}

/// Defines a category that can have these values and returns its path and id.
async fn risk(app: &TestApp, values: &[&str]) -> (String, i64) {
    define(app, json!({ "name": "risk", "valid_values": values })).await
}

async fn assign(app: &TestApp, customer: &str, body: Value) {
    let answer = app.post(&format!("/customers/{customer}/categories"), &body).await;
    assert_eq!((answer.status, &*answer.bytes), (201, b"" as &[u8]), "{answer:?}");
}

async fn of_customer(app: &TestApp, customer: &str) -> Value {
    let answer = app.get(&format!("/customers/{customer}/categories")).await.json();
    assert_eq!(answer["customer_id"], customer);
    answer["categories"].clone()
}

async fn history(app: &TestApp, customer: &str) -> Value {
    let answer = app.get(&format!("/customers/{customer}/categories/historical")).await.json();
    assert_eq!(answer["customer_id"], customer);
    answer["categories"].clone()
}

/// Values and ends of the first category, newest first.
async fn values(app: &TestApp, customer: &str) -> Vec<(Value, Value)> {
    let history = history(app, customer).await[0]["historical_values"].clone();
    let entries = history.as_array().unwrap();
    entries.iter().map(|entry| (entry["value"].clone(), entry["end_date"].clone())).collect()
}

fn ok(answer: &Answer) {
    assert_eq!((answer.status, &*answer.bytes), (204, b"" as &[u8]), "{answer:?}");
}

fn tick(app: &TestApp) {
    app.clock.advance(Duration::MINUTE);
}

async fn all_at_once(requests: Vec<reqwest::RequestBuilder>) -> Vec<Answer> {
    requests.into_iter().map(send).collect::<JoinSet<_>>().join_all().await
}

on_every_engine! {
    async fn categories_are_defined_and_read(app: TestApp) {
        assert_eq!(app.get("/categories").await.json(), json!({ "categories": [] }));
        let body = json!({ "categories": [
            { "name": "risk", "description": "  Risk category ", "valid_values": ["low", "high"] },
            { "name": "Sponsor_1" },
            { "name": "z", "description": null, "valid_values": null },
            { "name": "free", "valid_values": [] },
        ]});
        let defined = app.post("/categories", &body).await;
        assert_eq!(defined.status, 201);
        let expected = json!({ "categories": [
            { "id": 1, "name": "risk", "description": "Risk category", "valid_values": ["low", "high"] },
            { "id": 2, "name": "Sponsor_1" },
            { "id": 3, "name": "z" },
            { "id": 4, "name": "free" },
        ]});
        assert_eq!(defined.json(), expected);
        assert_eq!(app.get("/categories").await.json(), expected);
        assert_eq!(app.get("/categories/1").await.json(), expected["categories"][0]);
        app.get("/categories/5").await.messages(404, UNKNOWN);
        app.get("/categories/-1").await.messages(404, UNKNOWN);
    }

    async fn a_batch_is_all_or_nothing(app: TestApp) {
        let batch = |names: &[String]| {
            let categories: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
            json!({ "categories": categories })
        };
        let names = |count| (0..count).map(|n| format!("c{n}")).collect::<Vec<_>>();
        assert_eq!(
            app.post("/categories", &batch(&names(101))).await.refusals(),
            ["categories: must have at most 100 elements"]
        );
        assert_eq!(app.post("/categories", &batch(&[])).await.refusals(), ["categories: must not be empty"]);
        let twice = batch(&["a".to_owned(), "b".to_owned(), "a".to_owned()]);
        assert_eq!(
            app.post("/categories", &twice).await.messages(409, CONFLICT),
            ["The resource already exists"]
        );
        let mut wrong = batch(&names(3));
        wrong["categories"][1] = json!({ "name": "with space", "description": "", "valid_values": ["A", "b", "b"] });
        wrong["categories"][2] = json!({ "valid_values": ["b", "b"], "id": 7 });
        assert_eq!(
            app.post("/categories", &wrong).await.refusals(),
            [
                "categories[1].name: must be 1 to 50 of A-Z, a-z, 0-9 and _",
                "categories[1].description: must not be blank",
                "categories[1].valid_values[0]: must be 1 to 50 of a-z, 0-9 and _",
                "categories[2].name: is required",
                "categories[2].valid_values: must not have an element more than once",
                "categories[2].id: is not a known property",
            ]
        );
        assert_eq!(app.get("/categories").await.json(), json!({ "categories": [] }));
        assert_eq!(app.post("/categories", &batch(&names(100))).await.status, 201);
        app.post("/categories", &batch(&["new".to_owned(), "c50".to_owned()])).await.messages(409, CONFLICT);
        assert_eq!(app.get("/categories").await.json()["categories"].as_array().unwrap().len(), 100);
    }

    async fn ids_are_given_once(app: TestApp) {
        let (path, id) = risk(&app, &[]).await;
        assert_eq!(id, 1);
        ok(&app.delete(&path).await);
        assert_eq!(risk(&app, &[]).await.1, 2, "the name is free, the id is not");
        let other = token(&["other"], &["API_KEY"]);
        let body = json!({ "categories": [{ "name": "risk" }] });
        let answer = send(app.request_as(&other, Method::POST, "/v4/orgs/other/categories").json(&body)).await;
        assert_eq!(answer.json()["categories"][0]["id"], 1, "each organisation counts by itself");
    }

    async fn a_category_is_changed(app: TestApp) {
        let (path, _) = define(&app, json!({ "name": "risk", "description": "Risk" })).await;
        let name = json!({ "name": "other" });
        assert_eq!(app.patch(&path, &name).await.refusals(), ["name: is not a known property"]);
        for nothing in [json!({}), json!([])] {
            assert_eq!(app.patch(&path, &nothing).await.refusals().len(), 1);
        }
        for (patch, description, values) in [
            (json!({ "valid_values": ["b", "a"] }), json!("Risk"), json!(["b", "a"])),
            (json!({ "description": "Ríesgo" }), json!("Ríesgo"), json!(["b", "a"])),
            (json!({ "description": null, "valid_values": ["a", "c"] }), json!(null), json!(["a", "c"])),
            (json!({ "valid_values": null }), json!(null), json!(null)),
            (json!({ "valid_values": ["a"], "description": "x" }), json!("x"), json!(["a"])),
            (json!({ "valid_values": [] }), json!("x"), json!(null)),
        ] {
            ok(&app.patch(&path, &patch).await);
            let category = app.get(&path).await.json();
            assert_eq!((&category["description"], &category["valid_values"]), (&description, &values), "{patch}");
        }
        app.patch("/categories/2", &json!({ "description": "x" })).await.messages(404, UNKNOWN);
    }

    async fn held_values_cannot_be_dropped(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let (path, id) = risk(&app, &["a", "b", "c"]).await;
        assign(&app, &customer, json!({ "id": id, "value": "a" })).await;
        app.patch(&path, &json!({ "valid_values": ["b", "c"] })).await.messages(409, CONFLICT);
        ok(&app.patch(&path, &json!({ "valid_values": ["a", "d"] })).await);
        ok(&app.patch(&path, &json!({ "valid_values": [] })).await);
        app.patch(&path, &json!({ "valid_values": ["b"] })).await.messages(409, CONFLICT);
        ok(&app.patch(&path, &json!({ "description": "still free" })).await);

        let assignment = format!("/customers/{customer}{path}");
        ok(&app.patch(&assignment, &json!({ "value": null })).await);
        ok(&app.patch(&path, &json!({ "valid_values": ["b"] })).await);
        let refused = app.patch(&assignment, &json!({ "value": "a" })).await;
        assert_eq!(refused.refusals(), ["value: must be one of the valid values of the category"]);
        ok(&app.patch(&assignment, &json!({ "value": "b" })).await);
        app.patch(&path, &json!({ "valid_values": ["a"] })).await.messages(409, CONFLICT);
        ok(&app.delete(&format!("/customers/{customer}")).await);
        ok(&app.patch(&path, &json!({ "valid_values": ["a"] })).await);
    }

    async fn a_category_in_use_is_not_removed(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let (path, id) = risk(&app, &[]).await;
        assign(&app, &customer, json!({ "id": id, "value": "a" })).await;
        let refused = app.delete(&path).await;
        assert_eq!(refused.messages(409, CONFLICT), ["The category is in use"]);
        tick(&app);
        let assignment = format!("/customers/{customer}{path}");
        ok(&app.patch(&assignment, &json!({ "value": null })).await);
        tick(&app);
        ok(&app.delete(&path).await);

        for gone in [app.delete(&path).await, app.get(&path).await, app.get(&assignment).await,
            app.patch(&path, &json!({ "description": "x" })).await, app.delete(&assignment).await,
            app.patch(&assignment, &json!({ "value": "x" })).await,
            app.post(&format!("/customers/{customer}/categories"), &json!({ "id": id, "value": "x" })).await] {
            gone.messages(404, UNKNOWN);
        }
        let expected = [(json!(null), json!(AT[2])), (json!("a"), json!(AT[1]))];
        assert_eq!(values(&app, &customer).await, expected, "the end of the category is the end of its values");
        assert_eq!(history(&app, &customer).await[0]["name"], "risk");
        tick(&app);
        ok(&app.delete(&format!("/customers/{customer}")).await);
        assert_eq!(values(&app, &customer).await, expected);
    }

    async fn a_customer_is_given_categories(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let (path, id) = risk(&app, &["influencer"]).await;
        let (_, free) = define(&app, json!({ "name": "free" })).await;
        assert_eq!(of_customer(&app, &customer).await, json!([]));
        assign(&app, &customer, json!({ "id": free, "value": "anything_1", "reason": null })).await;
        assign(&app, &customer, json!({
            "id": id, "value": "influencer", "description": "Bill discount",
            "reason": "Masmovil sponsors their videos"
        })).await;
        let expected = json!([
            {
                "id": id, "name": "risk", "value": "influencer", "description": "Bill discount",
                "reason": "Masmovil sponsors their videos", "create_date_time": AT[0], "last_modified_date_time": AT[0]
            },
            { "id": free, "name": "free", "value": "anything_1", "create_date_time": AT[0], "last_modified_date_time": AT[0] },
        ]);
        assert_eq!(of_customer(&app, &customer).await, expected);
        assert_eq!(app.get(&format!("/customers/{customer}{path}")).await.json(), expected[0]);
        let again = app.post(&format!("/customers/{customer}/categories"), &json!({ "id": id, "value": "influencer" })).await;
        assert_eq!(again.messages(409, CONFLICT), ["The resource already exists"]);
    }

    async fn an_assignment_must_fit(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let ended = app.private_customer(&nif(2)).await;
        ok(&app.delete(&format!("/customers/{ended}")).await);
        let (_, id) = risk(&app, &["a"]).await;
        let path = format!("/customers/{customer}/categories");
        let long = "x".repeat(201);
        for (body, paths) in [
            (json!({}), &["id: is required", "value: is required"] as &[&str]),
            (json!({ "id": "1", "value": 1 }), &["id: must be an integer from -2147483648 to 2147483647", "value: must be a string"]),
            (json!({ "id": 2_147_483_648_i64, "value": "a" }), &["id: must be an integer from -2147483648 to 2147483647"]),
            (json!({ "id": 1.5, "value": "A" }), &["id: must be an integer from -2147483648 to 2147483647", "value: must be 1 to 50 of a-z, 0-9 and _"]),
            (json!({ "id": null, "value": "a", "name": "risk" }), &["id: must not be null", "name: is not a known property"]),
            (json!({ "id": id, "value": "a", "description": "", "reason": long }),
                &["description: must not be blank", "reason: must have 1 to 200 characters"]),
            (json!({ "id": id, "value": "b" }), &["value: must be one of the valid values of the category"]),
        ] {
            assert_eq!(app.post(&path, &body).await.refusals(), paths, "{body}");
        }
        let right = json!({ "id": id, "value": "a" });
        app.post(&path, &json!({ "id": 99, "value": "a" })).await.messages(404, UNKNOWN);
        app.post(&path, &json!({ "id": -1, "value": "a" })).await.messages(404, UNKNOWN);
        let nobody = "/customers/01950000-0000-7fff-8000-00000000ffff/categories";
        app.post(nobody, &right).await.messages(404, UNKNOWN);
        let path_of_ended = format!("/customers/{ended}/categories");
        app.post(&path_of_ended, &json!({ "id": 99, "value": "a" })).await.messages(404, UNKNOWN);
        app.post(&path_of_ended, &json!({ "id": id, "value": "b" })).await.refusals();
        app.post(&path_of_ended, &right).await.messages(409, CONFLICT);
        assert_eq!(history(&app, &customer).await, json!([]));
    }

    async fn ids_in_paths_are_32_bit_integers(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        for id in ["a", "1.0", "+1", "01", "2147483648", "-2147483649", "1e1", "%20", "01950000-0000-7fff-8000-00000000ffff"] {
            for path in [format!("/categories/{id}"), format!("/customers/{customer}/categories/{id}")] {
                let refusals = app.get(&path).await.refusals();
                assert_eq!(refusals, ["category_id: must be a 32-bit integer"], "{path}");
                app.delete(&path).await.refusals();
                app.patch(&path, &json!({ "description": "x" })).await.refusals();
            }
        }
        app.get("/customers/1/categories/x").await.refusals();
    }

    async fn an_assignment_is_changed(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let (path, id) = risk(&app, &["a", "b"]).await;
        let path = format!("/customers/{customer}{path}");
        app.patch(&path, &json!({ "value": "a" })).await.messages(404, UNKNOWN);
        app.delete(&path).await.messages(404, UNKNOWN);
        assign(&app, &customer, json!({ "id": id, "value": "a", "description": "D", "reason": "R" })).await;
        assert_eq!(app.patch(&path, &json!({})).await.refusals(), ["At least one field must be present"]);
        tick(&app);
        ok(&app.patch(&path, &json!({ "value": "a", "description": "D", "reason": "R" })).await);
        let mut expected = json!({
            "id": id, "name": "risk", "value": "a", "description": "D", "reason": "R",
            "create_date_time": AT[0], "last_modified_date_time": AT[0]
        });
        assert_eq!(app.get(&path).await.json(), expected, "a change of nothing is none");

        ok(&app.patch(&path, &json!({ "reason": null })).await);
        expected.as_object_mut().unwrap().remove("reason");
        expected["last_modified_date_time"] = json!(AT[1]);
        assert_eq!(app.get(&path).await.json(), expected);
        assert_eq!(values(&app, &customer).await, [(json!("a"), json!(null))], "no other value");

        tick(&app);
        ok(&app.patch(&path, &json!({ "value": "b" })).await);
        (expected["value"], expected["last_modified_date_time"]) = (json!("b"), json!(AT[2]));
        assert_eq!(app.get(&path).await.json(), expected, "the description stays");
        assert_eq!(values(&app, &customer).await, [(json!("b"), json!(null)), (json!("a"), json!(AT[2]))]);

        tick(&app);
        ok(&app.delete(&path).await);
        app.delete(&path).await.messages(404, UNKNOWN);
        app.get(&path).await.messages(404, UNKNOWN);
        app.patch(&path, &json!({ "value": "a" })).await.messages(404, UNKNOWN);
        assign(&app, &customer, json!({ "id": id, "value": "b" })).await;
        let again = app.get(&path).await.json();
        assert_eq!((&again["create_date_time"], &again["description"]), (&json!(AT[3]), &json!(null)));
        let expected = [(json!("b"), json!(null)), (json!("b"), json!(AT[3])), (json!("a"), json!(AT[2]))];
        assert_eq!(values(&app, &customer).await, expected);
    }

    async fn what_has_no_value_is_hidden(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let (path, id) = risk(&app, &["a"]).await;
        let path = format!("/customers/{customer}{path}");
        let list = format!("/customers/{customer}/categories");
        assign(&app, &customer, json!({ "id": id, "value": null, "description": "D" })).await;
        app.get(&path).await.messages(404, UNKNOWN);
        assert_eq!(of_customer(&app, &customer).await, json!([]));
        assert_eq!(values(&app, &customer).await, [(json!(null), json!(null))]);
        app.post(&list, &json!({ "id": id, "value": "a" })).await.messages(409, CONFLICT);
        ok(&app.patch(&path, &json!({ "value": "a" })).await);
        assert_eq!(app.get(&path).await.json()["description"], "D");
        ok(&app.patch(&path, &json!({ "value": null })).await);
        app.get(&path).await.messages(404, UNKNOWN);
        ok(&app.delete(&path).await);
        assign(&app, &customer, json!({ "id": id, "value": "a" })).await;
        assert_eq!(app.get(&path).await.status, 200);
    }

    async fn the_history_tells_who_has_set_a_value(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let (path, id) = risk(&app, &[]).await;
        let (_, other) = define(&app, json!({ "name": "other" })).await;
        let path = format!("/customers/{customer}{path}");
        assign(&app, &customer, json!({ "id": other, "value": "z" })).await;
        assign(&app, &customer, json!({ "id": id, "value": "a", "description": "This is an a of category 1" })).await;
        let mut claims = crate::test_app::claims(&["telco"], &["CUSTOMER_WRITE"]);
        claims["sub"] = json!("somebody else");
        let other_token = sign(&claims);
        let patch = async |body: Value| {
            let request = app.request_as(&other_token, Method::PATCH, &format!("/v4/orgs/telco{path}"));
            ok(&send(request.json(&body)).await);
        };
        tick(&app);
        patch(json!({ "reason": "Riesgo por campañas" })).await;
        tick(&app);
        patch(json!({ "value": "b", "reason": null })).await;
        let expected = json!([
            { "id": id, "name": "risk", "historical_values": [
                {
                    "value": "b", "description": "This is an a of category 1", "create_date": AT[2], "end_date": null,
                    "last_modified_date": AT[2], "modified_by": "somebody else"
                },
                {
                    "value": "a", "description": "This is an a of category 1", "reason": "Riesgo por campañas",
                    "create_date": AT[0], "end_date": AT[2], "last_modified_date": AT[1], "modified_by": "tester"
                },
            ]},
            { "id": other, "name": "other", "historical_values": [
                {
                    "value": "z", "create_date": AT[0], "end_date": null, "last_modified_date": AT[0],
                    "modified_by": "tester"
                },
            ]},
        ]);
        assert_eq!(history(&app, &customer).await, expected);
        let nobody = "/customers/01950000-0000-7fff-8000-00000000ffff/categories";
        app.get(nobody).await.messages(404, UNKNOWN);
        app.get(&format!("{nobody}/historical")).await.messages(404, UNKNOWN);
    }

    async fn categories_end_with_their_customer(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let (path, id) = risk(&app, &[]).await;
        let (_, hidden) = define(&app, json!({ "name": "hidden" })).await;
        assign(&app, &customer, json!({ "id": id, "value": "a" })).await;
        assign(&app, &customer, json!({ "id": hidden, "value": null })).await;
        tick(&app);
        ok(&app.delete(&format!("/customers/{customer}")).await);
        tick(&app);
        ok(&app.delete(&format!("/customers/{customer}")).await);
        assert_eq!(of_customer(&app, &customer).await, json!([]));
        assert_eq!(values(&app, &customer).await, [(json!("a"), json!(AT[1]))]);
        assert_eq!(history(&app, &customer).await[1]["historical_values"][0]["end_date"], AT[1]);
        let assignment = format!("/customers/{customer}{path}");
        app.get(&assignment).await.messages(404, UNKNOWN);
        app.patch(&assignment, &json!({ "value": "b" })).await.messages(409, CONFLICT);
        app.delete(&assignment).await.messages(409, CONFLICT);

        let timeline = app.get(&format!("/customers/{customer}/timeline")).await.json();
        let entries: Vec<_> = timeline["entries"].as_array().unwrap().iter()
            .filter(|entry| entry["operation"] == "deleteCustomer")
            .map(|entry| (entry["entity"].as_str().unwrap(), entry["entity_id"].clone(), entry["fields"].clone()))
            .collect();
        let ended = json!(["ended_at"]);
        assert_eq!(entries, [
            ("CATEGORY_ASSIGNMENT", json!(hidden.to_string()), ended.clone()),
            ("CATEGORY_ASSIGNMENT", json!(id.to_string()), ended.clone()),
            ("CUSTOMER", json!(customer), ended),
        ]);
        ok(&app.delete(&path).await);
    }

    async fn changes_stand_on_the_timeline(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let (path, id) = risk(&app, &[]).await;
        let path = format!("/customers/{customer}{path}");
        assign(&app, &customer, json!({ "id": id, "value": "a", "reason": "R" })).await;
        ok(&app.patch(&path, &json!({ "value": "b", "description": "D", "reason": "R" })).await);
        ok(&app.patch(&path, &json!({ "value": "b" })).await);
        ok(&app.delete(&path).await);
        let timeline = app.get(&format!("/customers/{customer}/timeline")).await.json();
        let entries: Vec<_> = timeline["entries"].as_array().unwrap().iter()
            .map(|entry| (entry["operation"].as_str().unwrap(), entry["fields"].clone())).take(3).collect();
        assert_eq!(entries, [
            ("deleteCustomerCategory", json!(["ended_at"])),
            ("patchCustomerCategory", json!(["value", "description"])),
            ("createCustomerCategory", json!(["value", "reason"])),
        ]);
    }

    async fn other_organisations_have_other_categories(app: TestApp) {
        let (path, id) = risk(&app, &["a"]).await;
        let customer = app.private_customer(&nif(1)).await;
        assign(&app, &customer, json!({ "id": id, "value": "a" })).await;
        let other = token(&["other"], &["API_KEY"]);
        for path in [path.clone(), format!("/customers/{customer}/categories"), format!("/customers/{customer}{path}"),
            format!("/customers/{customer}/categories/historical")] {
            let answer = send(app.request_as(&other, Method::GET, &format!("/v4/orgs/other{path}"))).await;
            answer.messages(404, UNKNOWN);
        }
        let all = send(app.request_as(&other, Method::GET, "/v4/orgs/other/categories")).await;
        assert_eq!(all.json(), json!({ "categories": [] }));
    }

    async fn no_value_is_dropped_while_it_is_given(app: TestApp) {
        for n in 1..=5 {
            let (path, id) = define(&app, json!({ "name": format!("risk{n}"), "valid_values": ["a", "b"] })).await;
            let mut requests = Vec::new();
            let mut customers = Vec::new();
            for m in 0..6 {
                let customer = app.private_customer(&nif(n * 100 + m)).await;
                let path = format!("/customers/{customer}/categories");
                requests.push(app.request(Method::POST, &path).json(&json!({ "id": id, "value": "a" })));
                customers.push(customer);
            }
            let drop = app.request(Method::PATCH, &path).json(&json!({ "valid_values": ["b"] }));
            requests.insert(n as usize % 6, drop);
            let answers = all_at_once(requests).await;
            assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 204 | 400 | 409)), "{answers:?}");
            let given = answers.iter().filter(|answer| answer.status == 201).count();
            let dropped = answers.iter().any(|answer| answer.status == 204);
            assert_eq!(dropped, given == 0, "{answers:?}");
            let valid = app.get(&path).await.json()["valid_values"].clone();
            assert_eq!(valid == json!(["b"]), dropped);
        }
    }

    async fn of_many_assignments_of_one_category_one_wins(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let (path, id) = risk(&app, &[]).await;
        let list = format!("/customers/{customer}/categories");
        let mut requests: Vec<_> = (0..10)
            .map(|n| app.request(Method::POST, &list).json(&json!({ "id": id, "value": format!("v{n}") })))
            .collect();
        requests.insert(3, app.request(Method::DELETE, &path));
        let answers = all_at_once(requests).await;
        let won = answers.iter().filter(|answer| answer.status == 201).count();
        let removed = answers.iter().any(|answer| answer.status == 204);
        assert_eq!(won, usize::from(!removed), "{answers:?}");
        assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 204 | 404 | 409)), "{answers:?}");
    }

    async fn values_that_change_together_follow_one_another(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let (path, id) = risk(&app, &[]).await;
        let path = format!("/customers/{customer}{path}");
        assign(&app, &customer, json!({ "id": id, "value": "first" })).await;
        let patch = |n| app.request(Method::PATCH, &path).json(&json!({ "value": format!("v{n}") }));
        let mut requests: Vec<_> = (0..20).map(patch).collect();
        requests.push(app.request(Method::DELETE, &format!("/customers/{customer}")));
        let answers = all_at_once(requests).await;
        assert!(answers.iter().all(|answer| matches!(answer.status, 204 | 409)), "{answers:?}");
        let changed = answers.iter().filter(|answer| answer.status == 204).count();
        let history = values(&app, &customer).await;
        assert_eq!(history.len(), changed, "the first one and one of each change; one answer is of the end");
        assert!(history.iter().all(|(_, end)| !end.is_null()));
    }

    async fn requests_that_meet_do_not_wait_for_each_other_for_ever(app: TestApp) {
        for round in 0..3 {
            let mut requests = Vec::new();
            let mut paths = Vec::new();
            for n in 0..3 {
                let name = json!({ "name": format!("risk_{round}_{n}") });
                paths.push(define(&app, name).await);
            }
            assert_eq!(app.patch("/special-treatment", &json!({ "values": ["vip", "gold"] })).await.status, 204);
            for n in 0..4 {
                let customer = format!("/customers/{}", app.private_customer(&nif(round * 10 + n)).await);
                for (path, id) in &paths {
                    let given = json!({ "id": id, "value": "a" });
                    requests.push(app.request(Method::POST, &format!("{customer}/categories")).json(&given));
                    let changed = app.request(Method::PATCH, &format!("{customer}{path}"));
                    requests.push(changed.json(&json!({ "value": null })));
                    requests.push(app.request(Method::DELETE, &format!("{customer}{path}")));
                }
                let treatment = format!("{customer}/special-treatment");
                requests.push(app.request(Method::PUT, &treatment).json(&json!({ "values": ["vip"] })));
                requests.push(app.request(Method::DELETE, &treatment));
                requests.push(app.request(Method::DELETE, &customer));
            }
            for (path, _) in &paths {
                requests.push(app.request(Method::PATCH, path).json(&json!({ "valid_values": ["b"] })));
                requests.push(app.request(Method::DELETE, path));
            }
            requests.push(app.request(Method::PATCH, "/special-treatment").json(&json!({ "values": ["gold"] })));
            for answer in all_at_once(requests).await {
                assert!(matches!(answer.status, 201 | 204 | 400 | 404 | 409), "{answer:?}");
            }
        }
    }

    async fn of_many_categories_of_one_name_one_wins(app: TestApp) {
        let body = json!({ "categories": [{ "name": "risk" }] });
        let requests = (0..20).map(|_| app.request(Method::POST, "/categories").json(&body)).collect();
        let answers = all_at_once(requests).await;
        let count = |status| answers.iter().filter(|answer| answer.status == status).count();
        assert_eq!((count(201), count(409)), (1, 19), "{answers:?}");
    }
}
