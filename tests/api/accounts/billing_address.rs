//! The billing addresses of an account.

use serde_json::{Value, json};
use testkit::fixtures::nif;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::{CARD_NUMBER, UNKNOWN, accounts_of, billing_address, end_account, wrong};
use crate::test_app::{Answer, TestApp, new_account, on_every_engine};

fn path(account: &str) -> String {
    format!("/accounts/{account}/billing-address")
}

async fn put_at(app: &TestApp, account: &str, n: u32, now: OffsetDateTime) {
    app.clock.set(now);
    assert_eq!(app.put(&path(account), &billing_address(n)).await.status, 204);
}

fn entry(n: u32, init_date: &str, end_date: Option<&str>) -> Value {
    json!({ "billing_address": billing_address(n), "init_date": init_date, "end_date": end_date })
}

fn history(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["history"].clone()
}

/// An account whose addresses began around the midnights of the 1st and 2nd of May.
async fn account_with_history(app: &TestApp) -> String {
    let customer = app.private_customer(&nif(1)).await;
    let account = app.account(&customer).await;
    put_at(app, &account, 1, datetime!(2026-04-30 23:59:59.999999 UTC)).await;
    put_at(app, &account, 2, datetime!(2026-05-01 00:00 UTC)).await;
    put_at(app, &account, 3, datetime!(2026-05-01 23:59:59.999999 UTC)).await;
    put_at(app, &account, 4, datetime!(2026-05-02 00:00 UTC)).await;
    account
}

fn without(name: &str) -> Value {
    let mut address = billing_address(1);
    address.as_object_mut().unwrap().remove(name);
    address
}

fn with(name: &str, value: Value) -> Value {
    let mut address = billing_address(1);
    address[name] = value;
    address
}

on_every_engine! {
    async fn a_new_address_closes_the_one_before(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let mut body = new_account();
        body["billing_address"] = billing_address(1);
        let opened = app.post(&accounts_of(&customer), &body).await;
        let account = opened.id();
        for n in [2, 3] {
            app.clock.advance(Duration::HOUR);
            let put = app.put(&path(&account), &billing_address(n)).await;
            assert_eq!((put.status, put.bytes.len()), (204, 0));
        }
        let (first, second, third) =
            ("2026-03-14T10:30:00.123Z", "2026-03-14T11:30:00.123Z", "2026-03-14T12:30:00.123Z");
        let expected = json!({
            "id": account,
            "external_id": opened.json()["external_id"],
            "from": null,
            "to": null,
            "history": [entry(3, third, None), entry(2, second, Some(third)), entry(1, first, Some(second))]
        });
        assert_eq!(app.get(&path(&account)).await.json(), expected);
        let read = app.get(&format!("/accounts/{account}")).await.json();
        assert_eq!(read["billing_address"], billing_address(3));
        assert_eq!((&read["created_at"], &read["updated_at"]), (&json!(first), &json!(third)));
    }

    async fn putting_the_address_it_has_changes_nothing(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        app.put(&path(&account), &billing_address(1)).await;
        let before =
            (app.get(&path(&account)).await.json(), app.get(&format!("/accounts/{account}")).await.json());
        app.clock.advance(Duration::HOUR);
        let mut spaced = billing_address(1);
        // The same text, decomposed.
        spaced["locality"] = json!(" A Corun\u{303}a ");
        assert_eq!(app.put(&path(&account), &spaced).await.status, 204);
        let after =
            (app.get(&path(&account)).await.json(), app.get(&format!("/accounts/{account}")).await.json());
        assert_eq!(after, before);
        assert_eq!(app.put(&path(&account), &without("state_id")).await.status, 204);
        assert_eq!(history(&app.get(&path(&account)).await).as_array().unwrap().len(), 2);
    }

    async fn days_are_inclusive_and_in_utc(app: TestApp) {
        let account = account_with_history(&app).await;
        for (from, to, lines) in [
            (None, None, vec![4, 3, 2, 1]),
            (Some("2026-05-01"), None, vec![4, 3, 2]),
            (Some("2026-05-02"), None, vec![4]),
            (None, Some("2026-05-01"), vec![3, 2, 1]),
            (None, Some("2026-04-30"), vec![1]),
            (Some("2026-05-01"), Some("2026-05-01"), vec![3, 2]),
            (Some("2026-04-30"), Some("2026-05-02"), vec![4, 3, 2, 1]),
            (Some("0001-01-01"), Some("9999-12-31"), vec![4, 3, 2, 1]),
            (Some("2026-05-03"), None, vec![]),
            (None, Some("2026-04-29"), vec![]),
            (Some("9999-12-31"), None, vec![]),
            (None, Some("0001-01-01"), vec![]),
        ] {
            let query: Vec<String> = [("from", from), ("to", to)]
                .iter()
                .filter_map(|(name, day)| day.map(|day| format!("{name}={day}")))
                .collect();
            let answer = app.get(&format!("{}?{}", path(&account), query.join("&"))).await;
            if lines.is_empty() {
                assert_eq!(answer.messages(404, "MCUS.999.997").len(), 1);
                continue;
            }
            let found: Vec<_> = history(&answer)
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| entry["billing_address"]["address_lines"][0].clone())
                .collect();
            let expected: Vec<_> = lines.iter().map(|n| json!(format!("Rúa Nova {n}"))).collect();
            assert_eq!(found, expected, "{query:?}");
            let echoed = (answer.json()["from"].clone(), answer.json()["to"].clone());
            assert_eq!(echoed, (json!(from), json!(to)));
        }
    }

    async fn an_entry_keeps_its_end_when_its_successor_is_out_of_range(app: TestApp) {
        let account = account_with_history(&app).await;
        let answer = app.get(&format!("{}?from=2026-05-01&to=2026-05-01", path(&account))).await;
        let (start, last, end) = ("2026-05-01T00:00:00Z", "2026-05-01T23:59:59.999Z", "2026-05-02T00:00:00Z");
        assert_eq!(history(&answer), json!([entry(3, last, Some(end)), entry(2, start, Some(last))]));
    }

    async fn wrong_days_are_refused(app: TestApp) {
        let account = account_with_history(&app).await;
        for (query, paths) in [
            ("from=2026-05-02&to=2026-05-01", vec!["from"]),
            ("from=2026-02-30", vec!["from"]),
            ("to=2026-13-01", vec!["to"]),
            ("from=01-05-2026&to=x", vec!["from", "to"]),
            ("from=", vec!["from"]),
            ("to=2026-05-01T00:00:00Z", vec!["to"]),
            ("from=2026-5-1", vec!["from"]),
            ("from=2026-05-01&from=2026-05-02", vec!["from"]),
            ("until=2026-05-01", vec!["until"]),
        ] {
            let refused = app.get(&format!("{}?{query}", path(&account))).await;
            assert_eq!(wrong(&refused), paths, "{query}");
            let unknown = app.get(&format!("{}?{query}", path(UNKNOWN))).await;
            assert_eq!(unknown.status, 400, "400 goes before 404: {query}");
        }
    }

    async fn an_account_without_an_address_of_its_own_has_no_history(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        assert_eq!(app.get(&path(&account)).await.status, 404);
        assert_eq!(app.get(&path(UNKNOWN)).await.status, 404);
    }

    async fn a_wrong_address_goes_before_a_missing_account_and_that_before_its_state(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        end_account(&app, &customer, &account).await;
        for (account, body, status) in [
            ("1", billing_address(1), 400),
            (UNKNOWN, json!({}), 400),
            (UNKNOWN, billing_address(1), 404),
            (&account, json!({}), 400),
            (&account, billing_address(1), 409),
        ] {
            assert_eq!(app.put(&path(account), &body).await.status, status, "{account} {body}");
        }
    }

    async fn addresses_within_the_limits_are_taken_and_stored_trimmed(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        for (name, given, stored) in [
            ("address_lines", json!(["x"]), json!(["x"])),
            ("address_lines", json!([format!(" {} ", "ñ".repeat(100))]), json!(["ñ".repeat(100)])),
            ("address_lines", json!(["Calle Indefinida"]), json!(["Calle Indefinida"])),
            ("postal_code", json!("00001"), json!("00001")),
            ("postal_code", json!("49999"), json!("49999")),
            ("postal_code", json!("50000"), json!("50000")),
            ("postal_code", json!("52999"), json!("52999")),
            ("locality", json!("Oz"), json!("Oz")),
            ("locality", json!("ñ".repeat(255)), json!("ñ".repeat(255))),
            ("administrative_area", json!("Lugo"), json!("Lugo")),
            ("administrative_area", json!("x".repeat(50)), json!("x".repeat(50))),
            ("region_code", json!("PT"), json!("PT")),
            ("state_id", json!("01"), json!("01")),
            ("state_id", json!("52"), json!("52")),
        ] {
            assert_eq!(
                app.put(&path(&account), &with(name, given.clone())).await.status,
                204,
                "{name} {given}"
            );
            let read = app.get(&format!("/accounts/{account}")).await.json();
            assert_eq!(read["billing_address"], with(name, stored), "{name} {given}");
        }
        for none in [without("state_id"), with("state_id", json!(null))] {
            assert_eq!(app.put(&path(&account), &none).await.status, 204);
            let read = app.get(&format!("/accounts/{account}")).await.json();
            assert_eq!(read["billing_address"], without("state_id"));
        }
    }

    async fn addresses_beyond_the_limits_are_refused(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        let long = |n| json!("x".repeat(n));
        let wrong_values = [
            ("address_lines", vec![json!([]), json!(["a", "b"]), json!("a")]),
            (
                "address_lines[0]",
                vec![
                    json!(""),
                    json!(" "),
                    long(101),
                    json!(1),
                    json!(null),
                    json!("undefined"),
                    json!("Calle UNDEFINED 3"),
                    json!("xUndefinedx"),
                    json!("a\u{0}b"),
                    json!(CARD_NUMBER),
                ],
            ),
            (
                "postal_code",
                vec![
                    json!("00000"),
                    json!("53000"),
                    json!("99999"),
                    json!("2803"),
                    json!("280390"),
                    json!("28039x"),
                    json!("x28039"),
                    json!(28039),
                    json!("２８０３９"),
                ],
            ),
            (
                "locality",
                vec![json!("x"), json!(" x "), long(256), json!(""), json!(["x"]), json!(CARD_NUMBER)],
            ),
            ("administrative_area", vec![json!("abc"), json!(" abc "), long(51), json!("a\nb c")]),
            (
                "region_code",
                vec![json!("es"), json!("XX"), json!("ZZ"), json!("EU"), json!("ESP"), json!("")],
            ),
            (
                "state_id",
                vec![json!("00"), json!("53"), json!("1"), json!("001"), json!("1a"), json!(1), json!("")],
            ),
        ];
        for (path_of_field, values) in wrong_values {
            for value in values {
                let body = match path_of_field {
                    "address_lines[0]" => with("address_lines", json!([value])),
                    name => with(name, value),
                };
                assert_eq!(wrong(&app.put(&path(&account), &body).await), [path_of_field], "{body}");
            }
        }
        for name in ["address_lines", "postal_code", "locality", "administrative_area", "region_code"] {
            assert_eq!(wrong(&app.put(&path(&account), &without(name)).await), [name]);
            assert_eq!(wrong(&app.put(&path(&account), &with(name, json!(null))).await), [name]);
        }
        let nothing = app.put(&path(&account), &json!({ "x": 1 })).await;
        let all = ["address_lines", "postal_code", "locality", "administrative_area", "region_code", "x"];
        assert_eq!(wrong(&nothing), all);
        assert_eq!(app.get(&path(&account)).await.status, 404, "nothing is stored");
    }
}
