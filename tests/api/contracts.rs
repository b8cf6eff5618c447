//! The operations of contracts.

use application::ports::Store;
use domain::{Account, AccountData, Contract};
use serde_json::{Value, json};
use testkit::fixtures::{self, NOW, contract, contract_id, nif, org, scope, text};
use time::Duration;
use time::macros::datetime;

use crate::test_app::{Answer, TestApp, on_every_engine};

const UNKNOWN: &str = "MCUS.999.997";

/// Brings contracts, as an import would.
pub(crate) async fn import(app: &TestApp, contracts: &[Contract]) {
    let store = app.store().await;
    let mut work = store.begin(&scope()).await.unwrap();
    for contract in contracts {
        work.contracts().insert(contract).await.unwrap();
    }
    work.commit(NOW, &[]).await.unwrap();
}

/// Brings the account `n`, known elsewhere as `external_id`, of a customer of its own.
async fn import_account(app: &TestApp, n: u32, external_id: &str) -> (String, String) {
    let customer = app.private_customer(&nif(n)).await;
    let store = app.store().await;
    let id = customer.parse().unwrap();
    let owner = application::ports::CustomerReads::customer(&store, &org(), id).await.unwrap().unwrap();
    let data = fixtures::account(n, &owner).data().clone();
    let account = Account::restore(AccountData { external_id: Some(text(external_id)), ..data });
    let mut work = store.begin(&scope()).await.unwrap();
    work.accounts().insert(&account).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
    (customer, account.data().id.to_string())
}

async fn all(app: &TestApp, external_id: &str) -> Answer {
    app.get(&format!("/external-accounts/{external_id}/contracts")).await
}

async fn active(app: &TestApp, external_id: &str) -> Answer {
    app.get(&format!("/external-accounts/{external_id}/contracts/active")).await
}

fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let id = |contract: &Value| contract["id"].as_str().unwrap().to_owned();
    body["contracts"].as_array().unwrap().iter().map(id).collect()
}

on_every_engine! {
    async fn contracts_look_as_published(app: TestApp) {
        import_account(&app, 1, "214748364").await;
        let at = datetime!(2022-01-01 01:01:01 UTC);
        let mut given = Contract { start_date: at, end_date: Some(at), ..contract(1, "214748364") };
        given.requests[0].create_date = datetime!(2022-01-01 02:01:01.020999 +01:00);
        let open = Contract { requests: vec![], ..contract(2, "214748364") };
        import(&app, &[given, open]).await;
        let expected_open = json!({
            "id": contract_id(2).to_string(), "account_external_id": "214748364",
            "start_date": "2026-03-14T10:30:00.123Z", "end_date": null, "requests": []
        });
        let expected = json!({
            "id": contract_id(1).to_string(),
            "account_external_id": "214748364",
            "start_date": "2022-01-01T01:01:01Z",
            "end_date": "2022-01-01T01:01:01Z",
            "requests": [{
                "request_external_id": "214748364",
                "create_date": "2022-01-01T01:01:01.020Z",
                "contract_reference_id": "MMC2105077108808",
                "type": "SALE_MOBILE_ONLY",
                "origin_user": "john.doe"
            }]
        });
        let answer = all(&app, "214748364").await;
        assert_eq!(answer.json(), json!({ "contracts": [&expected_open, expected] }));
        assert_eq!(active(&app, "214748364").await.json(), expected_open);
    }

    async fn the_active_one_has_started_last_and_not_ended(app: TestApp) {
        import_account(&app, 1, "7").await;
        let hours = |start, end: Option<i64>| (NOW + Duration::hours(start), end.map(|end| NOW + Duration::hours(end)));
        let times = [hours(-3, None), hours(-2, Some(1)), hours(-1, Some(0)), hours(-2, Some(2)), hours(2, None)];
        let contracts: Vec<_> = times
            .into_iter()
            .zip(1..)
            .map(|((start_date, end_date), n)| Contract { start_date, end_date, ..contract(n, "7") })
            .collect();
        import(&app, &contracts).await;
        assert_eq!(ids(&all(&app, "7").await), [5, 3, 4, 2, 1].map(|n| contract_id(n).to_string()));
        for (hour, expected) in [(-3, 1), (-2, 4), (-1, 3), (0, 4), (1, 4), (2, 5)] {
            app.clock.set(NOW + Duration::hours(hour));
            assert_eq!(active(&app, "7").await.id(), contract_id(expected).to_string(), "{hour}");
        }
        app.clock.set(NOW - Duration::hours(3) - Duration::MICROSECOND);
        active(&app, "7").await.messages(404, UNKNOWN);
        assert_eq!(ids(&all(&app, "7").await).len(), 5);
    }

    async fn an_account_without_contracts_has_an_empty_list(app: TestApp) {
        import_account(&app, 1, "7").await;
        import(&app, &[contract(1, "8"), contract(2, "9")]).await;
        assert_eq!(all(&app, "7").await.json(), json!({ "contracts": [] }));
        active(&app, "7").await.messages(404, UNKNOWN);
        for unknown in ["8", "70", "0"] {
            all(&app, unknown).await.messages(404, UNKNOWN);
            active(&app, unknown).await.messages(404, UNKNOWN);
        }
    }

    async fn the_account_is_found_as_by_its_external_id(app: TestApp) {
        import(&app, &[contract(1, "7")]).await;
        let (first_customer, first) = import_account(&app, 1, "7").await;
        import_account(&app, 2, "7").await;
        for answer in [all(&app, "7").await, active(&app, "7").await, app.get("/external-accounts/7").await] {
            answer.messages(409, "MCUS.999.994");
        }
        assert_eq!(app.delete(&format!("/customers/{first_customer}/accounts/{first}")).await.status, 204);
        assert_eq!(ids(&all(&app, "7").await), [contract_id(1).to_string()]);
        let (other_customer, other) = import_account(&app, 3, "8").await;
        import(&app, &[contract(2, "8")]).await;
        assert_eq!(active(&app, "8").await.id(), contract_id(2).to_string());
        assert_eq!(app.delete(&format!("/customers/{other_customer}/accounts/{other}")).await.status, 204);
        all(&app, "8").await.messages(404, UNKNOWN);
        active(&app, "8").await.messages(404, UNKNOWN);
    }

    async fn the_external_id_is_any_text_that_an_import_may_bring(app: TestApp) {
        import_account(&app, 1, "C/1 ñ+%").await;
        import(&app, &[contract(1, "C/1 ñ+%")]).await;
        let path = "C%2F1%20%C3%B1%2B%25";
        assert_eq!(ids(&all(&app, path).await).len(), 1);
        assert_eq!(active(&app, path).await.id(), contract_id(1).to_string());
        let long = "x".repeat(65);
        for wrong in [&*long, "%20", "a%00b"] {
            let messages = all(&app, wrong).await.refusals();
            assert!(messages[0].starts_with("account_external_id: "), "{messages:?}");
        }
    }
}
