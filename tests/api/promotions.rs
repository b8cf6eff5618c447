//! Promotions of accounts, and their days.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::fixtures::nif;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use tokio::task::JoinSet;

use crate::test_app::{Answer, TestApp, claims, on_every_engine, promotion, send, sign};

const UNKNOWN: &str = "0196ffff-0000-7000-8000-000000000001";

/// A live account of a new customer.
async fn account(app: &TestApp, n: u32) -> String {
    let customer = app.private_customer(&nif(n)).await;
    app.account(&customer).await
}

fn promotions(account: &str) -> String {
    format!("/accounts/{account}/promotions")
}

async fn grant(app: &TestApp, account: &str, body: &Value) -> Answer {
    app.post(&promotions(account), body).await
}

/// Gives a promotion and returns its id.
async fn granted(app: &TestApp, account: &str, body: &Value) -> String {
    let answer = grant(app, account, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()[0]["id"].as_str().unwrap().to_owned()
}

async fn cancel(app: &TestApp, account: &str, id: &str, date: &str) -> Answer {
    app.patch(&format!("{}/{id}", promotions(account)), &json!({ "cancellation_date": date })).await
}

/// Number and status of what is listed.
async fn listed(app: &TestApp, account: &str, query: &str) -> Vec<(u64, String)> {
    let answer = app.get(&format!("{}{query}", promotions(account))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let item =
        |item: &Value| (item["promotion_id"].as_u64().unwrap(), item["status"].as_str().unwrap().to_owned());
    answer.json().as_array().unwrap().iter().map(item).collect()
}

async fn history(app: &TestApp, account: &str, query: &str) -> Value {
    let answer = app.get(&format!("/accounts/{account}/promotions_hist{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Operation, end and status of what was done.
async fn operations(app: &TestApp, account: &str, query: &str) -> Vec<String> {
    let history = history(app, account, query).await;
    let shown = |item: &Value| format!("{} {} {}", item["operation"], item["end_date"], item["status"]);
    history.as_array().unwrap().iter().map(|item| shown(item).replace('"', "")).collect()
}

fn number(n: u32) -> Value {
    json!({ "promotion_id": n })
}

/// Midnight of 15 March 2026 in Madrid is 23:00 of the day before in UTC.
const MIDNIGHT: OffsetDateTime = datetime!(2026-03-14 23:00 UTC);

on_every_engine! {
    async fn a_promotion_is_given_as_published(app: TestApp) {
        let account = account(&app, 1).await;
        let answer = grant(&app, &account, &promotion()).await;
        let id = answer.json()[0]["id"].clone();
        let item = json!({
            "id": id, "account_id": account, "promotion_id": 2064,
            "start_date": "2026-09-01", "end_date": "2027-03-01", "status": "PENDING",
        });
        assert_eq!((answer.status, answer.json()), (200, json!([item])));
        let list = app.get(&format!("{}?account_promotion_type=ALL", promotions(&account))).await;
        assert_eq!((list.status, list.json()), (200, json!([item])));
        let mut operation = item;
        operation.as_object_mut().unwrap().remove("id");
        operation["operation"] = json!("INSERT");
        assert_eq!(history(&app, &account, "").await, json!([operation]));
    }

    async fn it_begins_today_and_does_not_end_unless_told(app: TestApp) {
        let account = account(&app, 1).await;
        for (n, body) in [
            (1, number(1)),
            (9999, json!({ "promotion_id": 9999, "start_date": null, "end_date": null })),
        ] {
            let item = grant(&app, &account, &body).await.json()[0].clone();
            assert_eq!(item["promotion_id"], n);
            assert_eq!((&item["start_date"], &item["end_date"]), (&json!("2026-03-14"), &json!(null)));
            assert_eq!(item["status"], "ACTIVE");
        }
    }

    async fn days_that_are_over_may_be_given(app: TestApp) {
        let account = account(&app, 1).await;
        for (start, end, status) in [
            ("2020-01-01", json!("2020-01-01"), "EXPIRED"),
            ("2020-01-01", json!("2026-03-13"), "EXPIRED"),
            ("2026-03-01", json!("2026-03-14"), "ACTIVE"),
            ("2026-03-15", json!(null), "PENDING"),
        ] {
            let body = json!({ "promotion_id": 7, "start_date": start, "end_date": end });
            let answer = grant(&app, &account, &body).await;
            assert_eq!(answer.json()[0]["status"], status, "{answer:?}");
        }
        assert_eq!(listed(&app, &account, "?account_promotion_type=ALL").await.len(), 2);
    }

    async fn each_type_lists_its_own_by_their_start(app: TestApp) {
        let account = account(&app, 1).await;
        assert_eq!(listed(&app, &account, "").await, []);
        for (n, start, end) in [
            (4, "2026-06-01", json!(null)), (3, "2026-03-15", json!("2026-03-15")), (2, "2026-03-14", json!("2026-03-14")),
            (1, "2025-03-14", json!(null)), (5, "2025-03-14", json!("2026-03-13")),
        ] {
            granted(&app, &account, &json!({ "promotion_id": n, "start_date": start, "end_date": end })).await;
        }
        let [active, pending] = ["ACTIVE", "PENDING"].map(|status| move |n| (n, status.to_owned()));
        let (first, second) = (vec![active(1), active(2)], vec![pending(3), pending(4)]);
        for (query, expected) in [
            ("", &first), ("?account_promotion_type=ACTIVATED", &first), ("?account_promotion_type=ACTIVE", &first),
            ("?account_promotion_type=SCHEDULED", &second), ("?account_promotion_type=ALL", &[&*first, &second].concat()),
        ] {
            assert_eq!(listed(&app, &account, query).await, *expected, "{query}");
        }
        for wrong in ["EXPIRED", "PENDING", "active", "", "ALL,ACTIVE"] {
            let answer = app.get(&format!("{}?account_promotion_type={wrong}", promotions(&account))).await;
            assert_eq!(
                answer.refusals(),
                ["account_promotion_type: must be one of ACTIVATED, ACTIVE, SCHEDULED, ALL"], "{wrong}"
            );
        }
    }

    async fn wrong_promotions_are_refused_field_by_field(app: TestApp) {
        let account = account(&app, 1).await;
        let integer = "promotion_id: must be an integer from 1 to 9999";
        for number in ["0", "10000", "-1", "1.0", "1e3", "\"1\"", "true", "[1]", "99999999999999999999"] {
            let request = app.request(Method::POST, &promotions(&account)).header("content-type", "application/json");
            let answer = send(request.body(format!("{{\"promotion_id\":{number}}}"))).await;
            assert_eq!(answer.refusals(), [integer], "{number}");
        }
        let backwards = "end_date: must not be before start_date";
        for (body, messages) in [
            (json!({}), vec!["promotion_id: is required"]),
            (json!({ "promotion_id": null }), vec!["promotion_id: must not be null"]),
            (json!({ "promotion_id": 1, "end_date": "2026-03-13" }), vec![backwards]),
            (json!({ "promotion_id": 1, "start_date": "2026-05-02", "end_date": "2026-05-01" }), vec![backwards]),
            (
                json!({ "promotion_id": 0, "start_date": "2026-02-30", "end_date": "tomorrow", "status": "ACTIVE" }),
                vec![integer, "start_date: must be a date of the form yyyy-MM-dd", "end_date: must be a date of the form yyyy-MM-dd",
                    "status: is not a known property"],
            ),
            (json!({ "promotion_id": 0, "end_date": "2026-03-13" }), vec![integer, backwards]),
        ] {
            assert_eq!(grant(&app, &account, &body).await.refusals(), messages, "{body}");
            // Before anybody looks for the account.
            assert_eq!(grant(&app, UNKNOWN, &body).await.refusals(), messages, "{body}");
        }
        assert_eq!(history(&app, &account, "").await, json!([]));
    }

    async fn an_account_has_the_same_promotion_once_at_a_time(app: TestApp) {
        let (first, second) = (account(&app, 1).await, account(&app, 2).await);
        granted(&app, &first, &json!({ "promotion_id": 7, "start_date": "2026-04-01", "end_date": "2026-04-30" })).await;
        let overlap = "promotion_id: the account already has this promotion on some of these days";
        for (start, end) in [
            ("2026-04-30", json!(null)), ("2026-03-01", json!("2026-04-01")), ("2026-04-10", json!("2026-04-10")), ("2020-01-01", json!(null)),
        ] {
            let body = json!({ "promotion_id": 7, "start_date": start, "end_date": end });
            assert_eq!(grant(&app, &first, &body).await.refusals(), [overlap], "{body}");
        }
        granted(&app, &first, &json!({ "promotion_id": 7, "end_date": "2026-03-31" })).await;
        let next = granted(&app, &first, &json!({ "promotion_id": 7, "start_date": "2026-05-01" })).await;
        granted(&app, &first, &json!({ "promotion_id": 8, "start_date": "2026-04-01" })).await;
        granted(&app, &second, &json!({ "promotion_id": 7, "start_date": "2026-04-01" })).await;
        // What was cancelled makes room.
        assert_eq!(cancel(&app, &first, &next, "2026-03-14").await.status, 204);
        granted(&app, &first, &json!({ "promotion_id": 7, "start_date": "2026-05-01", "end_date": "2026-05-01" })).await;
    }

    async fn of_many_simultaneous_overlapping_ones_exactly_one_is_given(app: TestApp) {
        let account = account(&app, 1).await;
        for n in 1..=5 {
            let bodies = (0..12).map(|day| json!({
                "promotion_id": n, "start_date": format!("2026-04-{:02}", day + 1), "end_date": "2026-04-20",
            }));
            let requests = bodies.map(|body| send(app.request(Method::POST, &promotions(&account)).json(&body)));
            let answers = requests.collect::<JoinSet<_>>().join_all().await;
            let given = answers.iter().filter(|answer| answer.status == 200).count();
            assert_eq!(given, 1, "{answers:?}");
            for answer in answers.iter().filter(|answer| answer.status != 200) {
                assert_eq!(answer.refusals().len(), 1);
            }
        }
        assert_eq!(operations(&app, &account, "").await.len(), 5);
    }

    async fn an_account_that_ends_meanwhile_is_left_without_live_promotions(app: TestApp) {
        for n in 1..=5 {
            let customer = app.private_customer(&nif(n)).await;
            let account = app.account(&customer).await;
            let mut requests: Vec<_> = (1..=6)
                .map(|n| app.request(Method::POST, &promotions(&account)).json(&json!({ "promotion_id": n, "start_date": "2026-04-01" })))
                .collect();
            requests.insert(3, app.request(Method::DELETE, &format!("/customers/{customer}/accounts/{account}")));
            let answers = requests.into_iter().map(send).collect::<JoinSet<_>>().join_all().await;
            assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 204 | 409)), "{answers:?}");
            assert_eq!(listed(&app, &account, "?account_promotion_type=ALL").await, []);
            let given = answers.iter().filter(|answer| answer.status == 200).count();
            assert_eq!(operations(&app, &account, "").await.len(), 2 * given);
        }
    }

    async fn before_its_start_a_promotion_is_cancelled_at_once(app: TestApp) {
        let account = account(&app, 1).await;
        let id = granted(&app, &account, &promotion()).await;
        let answer = cancel(&app, &account, &id, "2026-08-31").await;
        assert_eq!((answer.status, answer.bytes.len()), (204, 0));
        assert_eq!(listed(&app, &account, "?account_promotion_type=ALL").await, []);
        let all = ["INSERT 2027-03-01 PENDING", "DELETE 2027-03-01 CANCELLED"];
        assert_eq!(operations(&app, &account, "").await, all);
        let ended = "cancellation_date: the promotion has already ended";
        assert_eq!(cancel(&app, &account, &id, "2026-08-31").await.refusals(), [ended]);
        app.clock.set(datetime!(2026-10-01 12:00 UTC));
        assert_eq!(listed(&app, &account, "").await, [], "it never begins");
        assert_eq!(operations(&app, &account, "").await, all, "history stays as it was");
    }

    async fn from_its_start_on_a_promotion_ends_with_the_day_of_its_cancellation(app: TestApp) {
        let account = account(&app, 1).await;
        let active = granted(&app, &account, &number(1)).await;
        let pending = granted(&app, &account, &json!({ "promotion_id": 2, "start_date": "2026-03-15" })).await;
        assert_eq!(cancel(&app, &account, &active, "2026-03-16").await.status, 204);
        assert_eq!(cancel(&app, &account, &pending, "2026-03-15").await.status, 204);
        assert_eq!(cancel(&app, &account, &active, "2026-03-16").await.status, 204, "without effect");
        assert_eq!(
            operations(&app, &account, "").await,
            ["INSERT null ACTIVE", "INSERT null PENDING", "UPDATE 2026-03-16 ACTIVE", "UPDATE 2026-03-15 PENDING"]
        );
        let both = [(1, "ACTIVE".to_owned()), (2, "PENDING".to_owned())];
        assert_eq!(listed(&app, &account, "?account_promotion_type=ALL").await, both);
        app.clock.set(MIDNIGHT);
        assert_eq!(listed(&app, &account, "").await, [1, 2].map(|n| (n, "ACTIVE".to_owned())));
        app.clock.advance(Duration::DAY);
        assert_eq!(listed(&app, &account, "?account_promotion_type=ALL").await, both[..1]);
        assert_eq!(cancel(&app, &account, &active, "2026-03-16").await.status, 204, "on its last day");
        app.clock.advance(Duration::DAY);
        assert_eq!(listed(&app, &account, "?account_promotion_type=ALL").await, []);
        let ended = cancel(&app, &account, &active, "2026-03-17").await.refusals();
        assert_eq!(ended, ["cancellation_date: the promotion has already ended"]);
    }

    async fn wrong_cancellations_are_refused(app: TestApp) {
        let account = account(&app, 1).await;
        let id = granted(&app, &account, &promotion()).await;
        let path = format!("{}/{id}", promotions(&account));
        let past = "cancellation_date: must not be before today";
        for (body, message) in [
            (json!({}), "cancellation_date: is required"),
            (json!({ "cancellation_date": null }), "cancellation_date: must not be null"),
            (json!({ "cancellation_date": 20_260_501 }), "cancellation_date: must be a string"),
            (json!({ "cancellation_date": "2026-5-1" }), "cancellation_date: must be a date of the form yyyy-MM-dd"),
            (json!({ "cancellation_date": "2026-03-13" }), past),
            (json!({ "cancellation_date": "2027-03-02" }), "cancellation_date: must not be after the end of the promotion"),
        ] {
            assert_eq!(app.patch(&path, &body).await.refusals(), [message], "{body}");
        }
        assert_eq!(cancel(&app, UNKNOWN, UNKNOWN, "2026-03-13").await.refusals(), [past]);
        assert_eq!(
            cancel(&app, "1", "2", "2026-03-14").await.refusals(),
            ["account_id: must be a UUID", "account_promotion_id: must be a UUID"]
        );
        assert_eq!(operations(&app, &account, "").await.len(), 1);
    }

    async fn days_change_at_midnight_where_the_customers_live(app: TestApp) {
        let account = account(&app, 1).await;
        app.clock.set(MIDNIGHT - Duration::MICROSECOND);
        let ends = granted(&app, &account, &json!({ "promotion_id": 1, "end_date": "2026-03-14" })).await;
        granted(&app, &account, &json!({ "promotion_id": 2, "start_date": "2026-03-15" })).await;
        let all = "?account_promotion_type=ALL";
        let expected = |n: u64, status: &str| (n, status.to_owned());
        assert_eq!(listed(&app, &account, all).await, [expected(1, "ACTIVE"), expected(2, "PENDING")]);
        assert_eq!(cancel(&app, &account, &ends, "2026-03-14").await.status, 204);

        app.clock.set(MIDNIGHT);
        assert_eq!(listed(&app, &account, all).await, [expected(2, "ACTIVE")]);
        let past = cancel(&app, &account, &ends, "2026-03-14").await.refusals();
        assert_eq!(past, ["cancellation_date: must not be before today"]);
        let today = grant(&app, &account, &number(3)).await.json();
        assert_eq!(today[0]["start_date"], "2026-03-15");

        // In summer it is two hours ahead of UTC.
        app.clock.set(datetime!(2026-07-01 21:59:59.999999 UTC));
        assert_eq!(grant(&app, &account, &number(4)).await.json()[0]["start_date"], "2026-07-01");
        app.clock.set(datetime!(2026-07-01 22:00 UTC));
        assert_eq!(grant(&app, &account, &number(5)).await.json()[0]["start_date"], "2026-07-02");
        for (query, count) in [
            ("", 5), ("?start_date=2026-03-14", 5), ("?start_date=2026-03-15", 3), ("?start_date=2026-07-01", 2),
            ("?start_date=2026-07-02", 1), ("?start_date=2026-07-03", 0), ("?start_date=1900-01-01", 5),
        ] {
            assert_eq!(operations(&app, &account, query).await.len(), count, "{query}");
        }
        let wrong = app.get(&format!("/accounts/{account}/promotions_hist?start_date=2026-02-30")).await;
        assert_eq!(wrong.refusals(), ["start_date: must be a date of the form yyyy-MM-dd"]);
        let unknown = app.get(&format!("/accounts/{account}/promotions_hist?end_date=2026-02-28")).await;
        assert_eq!(unknown.refusals(), ["end_date: is not a known property"]);
    }

    async fn live_promotions_end_with_their_account(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        granted(&app, &account, &promotion()).await;
        let active = granted(&app, &account, &json!({ "promotion_id": 2, "end_date": "2026-12-31" })).await;
        granted(&app, &account, &json!({ "promotion_id": 3, "end_date": "2026-03-14" })).await;
        granted(&app, &account, &json!({ "promotion_id": 4, "start_date": "2026-03-01", "end_date": "2026-03-13" })).await;
        let path = format!("/customers/{customer}/accounts/{account}");
        for _ in 0..2 {
            assert_eq!(app.delete(&path).await.status, 204);
        }
        assert_eq!(
            operations(&app, &account, "").await[4..],
            ["UPDATE 2026-03-14 ACTIVE", "DELETE 2027-03-01 CANCELLED"],
            "once, and not those that end today anyway or have ended"
        );
        let timeline = app.get(&format!("/customers/{customer}/timeline")).await.json();
        let entries = timeline["entries"].as_array().unwrap();
        let by_delete: Vec<_> = entries
            .iter()
            .filter(|entry| entry["operation"] == "deleteAccount")
            .map(|entry| (entry["entity"].as_str().unwrap(), entry["fields"][0].as_str().unwrap()))
            .collect();
        assert_eq!(by_delete, [("PROMOTION", "status"), ("PROMOTION", "end_date"), ("ACCOUNT", "ended_at")]);
        assert_eq!(entries.iter().filter(|entry| entry["operation"] == "createAccountPromotion").count(), 4);

        assert_eq!(listed(&app, &account, "").await.len(), 2, "through their last day");
        grant(&app, &account, &number(9)).await.messages(409, "MCUS.999.994");
        cancel(&app, &account, &active, "2026-03-14").await.messages(409, "MCUS.999.994");
        cancel(&app, &account, UNKNOWN, "2026-03-14").await.messages(404, "MCUS.999.997");
        app.clock.advance(Duration::DAY);
        assert_eq!(listed(&app, &account, "?account_promotion_type=ALL").await, []);
        cancel(&app, &account, &active, "2026-03-15").await.messages(409, "MCUS.999.994");
        assert_eq!(operations(&app, &account, "").await.len(), 6, "readable");
    }

    async fn promotions_are_found_under_their_own_account_only(app: TestApp) {
        let (first, second) = (account(&app, 1).await, account(&app, 2).await);
        let id = granted(&app, &first, &promotion()).await;
        let unknown = cancel(&app, UNKNOWN, UNKNOWN, "2026-10-01").await;
        unknown.messages(404, "MCUS.999.997");
        for (account, id) in [(&*second, &*id), (UNKNOWN, &id), (&first, UNKNOWN)] {
            let answer = cancel(&app, account, id, "2026-10-01").await;
            assert_eq!((answer.status, &answer.bytes), (404, &unknown.bytes), "{account} {id}");
        }
        let token = sign(&claims(&["other"], &["API_KEY"]));
        let foreign = app.request_as(&token, Method::PATCH, &format!("/v4/orgs/other{}/{id}", promotions(&first)));
        let foreign = send(foreign.json(&json!({ "cancellation_date": "2026-10-01" }))).await;
        assert_eq!((foreign.status, &foreign.bytes), (404, &unknown.bytes));
        for path in [promotions(UNKNOWN), format!("/accounts/{UNKNOWN}/promotions_hist")] {
            app.get(&path).await.messages(404, "MCUS.999.997");
        }
        assert_eq!(listed(&app, &second, "?account_promotion_type=ALL").await, []);
        assert_eq!(history(&app, &second, "").await, json!([]));
        assert_eq!(operations(&app, &first, "").await.len(), 1);
    }
}
