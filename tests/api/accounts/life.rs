//! Lists, external ids, and the end of accounts.

use domain::AccountData;
use serde_json::json;
use testkit::fixtures::{nif, text};
use time::Duration;

use super::{
    UNKNOWN, accounts_of, bank_transfer, billing_address, end_account, end_customer, import_account,
};
use crate::test_app::{claims, on_every_engine, send, sign};

on_every_engine! {
    async fn the_live_accounts_of_a_customer_are_listed_oldest_first(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let other = app.private_customer(&nif(2)).await;
        assert_eq!(app.get(&accounts_of(&customer)).await.json(), json!({ "accounts": [] }));

        let mut ids = Vec::new();
        for _ in 0..3 {
            // Backwards, so that ids and stamps differ in order.
            app.clock.advance(-Duration::HOUR);
            ids.push(app.account(&customer).await);
        }
        app.account(&other).await;
        let ended = ids.remove(1);
        end_account(&app, &customer, &ended).await;

        let list = app.get(&accounts_of(&customer)).await;
        assert_eq!(list.status, 200);
        assert_eq!(list.json(), json!({ "accounts": [{ "id": ids[1] }, { "id": ids[0] }] }));
    }

    async fn the_list_of_an_ended_customer_is_readable_and_of_an_unknown_one_404(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        end_customer(&app, &customer).await;
        assert_eq!(app.get(&accounts_of(&customer)).await.json(), json!({ "accounts": [] }));
        let missing = app.get(&accounts_of(UNKNOWN)).await;
        assert_eq!(missing.messages(404, "MCUS.999.997").len(), 1);
        assert_eq!(app.get(&accounts_of("1")).await.status, 400);
    }

    async fn an_account_ends_once_and_stays_readable(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        let path = format!("/customers/{customer}/accounts/{account}");
        let before = app.get(&format!("/accounts/{account}")).await.json();
        assert_eq!(before["ended_at"], json!(null));

        app.clock.advance(Duration::HOUR);
        let ended = app.delete(&path).await;
        assert_eq!((ended.status, ended.bytes.len()), (204, 0));
        let after = app.get(&format!("/accounts/{account}")).await.json();
        let mut expected = before;
        expected["ended_at"] = json!("2026-03-14T11:30:00.123Z");
        expected["updated_at"] = expected["ended_at"].clone();
        assert_eq!(after, expected);

        app.clock.advance(Duration::HOUR);
        assert_eq!(app.delete(&path).await.status, 204);
        assert_eq!(app.get(&format!("/accounts/{account}")).await.json(), expected, "without effect");
    }

    async fn an_account_is_ended_under_its_own_customer_only(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let other = app.private_customer(&nif(2)).await;
        let account = app.account(&customer).await;
        for (customer, account, status) in [
            (&*other, &*account, 404),
            (UNKNOWN, &account, 404),
            (&customer, UNKNOWN, 404),
            ("1", &account, 400),
            (&customer, "1", 400),
        ] {
            let answer = app.delete(&format!("/customers/{customer}/accounts/{account}")).await;
            assert_eq!(answer.status, status, "{customer} {account}");
        }
        assert_eq!(app.get(&accounts_of(&customer)).await.json(), json!({ "accounts": [{ "id": account }] }));
    }

    async fn an_ended_account_refuses_every_other_change_and_keeps_its_history(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        app.put(&format!("/accounts/{account}/billing-address"), &billing_address(1)).await;
        let histories = ["payment-methods/historical", "billing-address", "invoice-recipient"];
        let mut before = Vec::new();
        for history in histories {
            before.push(app.get(&format!("/accounts/{account}/{history}")).await);
        }
        end_account(&app, &customer, &account).await;

        for (resource, answer) in [
            ("method", app.patch(&format!("/accounts/{account}/payment-method"), &bank_transfer()).await),
            ("address", app.put(&format!("/accounts/{account}/billing-address"), &billing_address(1)).await),
            ("address", app.put(&format!("/accounts/{account}/billing-address"), &billing_address(2)).await),
        ] {
            assert_eq!(answer.messages(409, "MCUS.999.994").len(), 1, "{resource}");
        }
        for (history, before) in histories.into_iter().zip(before) {
            let after = app.get(&format!("/accounts/{account}/{history}")).await;
            assert_eq!((after.status, after.bytes), (200, before.bytes), "{history}");
        }
    }

    async fn an_account_is_found_by_its_external_id_while_it_lives(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let opened = app.post(&accounts_of(&customer), &crate::test_app::new_account()).await;
        let external_id = opened.json()["external_id"].as_str().unwrap().to_owned();
        let path = format!("/external-accounts/{external_id}");
        let found = app.get(&path).await;
        assert_eq!((found.status, found.json()), (200, json!({ "id": opened.id() })));

        end_account(&app, &customer, &opened.id()).await;
        assert_eq!(app.get(&path).await.status, 404);
        assert_eq!(app.get("/external-accounts/no-such").await.status, 404);
    }

    async fn an_external_id_that_two_live_accounts_share_is_a_conflict(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let other = app.private_customer(&nif(2)).await;
        let legacy = |data| AccountData { external_id: Some(text("LEG-7")), ..data };
        let first = import_account(&app, 901, &customer, None, legacy).await;
        let second = import_account(&app, 902, &other, None, legacy).await;
        let shared = app.get("/external-accounts/LEG-7").await;
        assert_eq!(shared.messages(409, "MCUS.999.994").len(), 1);

        end_account(&app, &customer, &first).await;
        assert_eq!(app.get("/external-accounts/LEG-7").await.json(), json!({ "id": second }));
    }

    async fn an_id_may_look_like_a_card_number(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let id = "01950000-0000-7a00-4111-111111111111";
        let luhn = |data| AccountData {
            id: id.parse().unwrap(),
            external_id: Some(text("4111111111111111")),
            ..data
        };
        import_account(&app, 901, &customer, None, luhn).await;
        assert_eq!(app.get(&format!("/accounts/{id}")).await.json()["id"], id);
        assert_eq!(app.get("/external-accounts/4111111111111111").await.json(), json!({ "id": id }));
        assert_eq!(app.get(&accounts_of("01950000-0000-7c00-4111-111111111111")).await.status, 404);
        end_account(&app, &customer, id).await;
    }

    async fn another_organisations_account_answers_like_none(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        let external_id = app.get(&format!("/accounts/{account}")).await.json()["external_id"].clone();
        let token = sign(&claims(&["other"], &["API_KEY"]));
        for (path, unknown) in [
            (format!("/accounts/{account}"), format!("/accounts/{UNKNOWN}")),
            (
                format!("/accounts/{account}/payment-methods/historical"),
                format!("/accounts/{UNKNOWN}/payment-methods/historical"),
            ),
            (accounts_of(&customer), accounts_of(UNKNOWN)),
            (
                format!("/external-accounts/{}", external_id.as_str().unwrap()),
                "/external-accounts/none".to_owned(),
            ),
        ] {
            let get = |path| app.request_as(&token, reqwest::Method::GET, &format!("/v4/orgs/other{path}"));
            let (foreign, none) = (send(get(path.clone())).await, send(get(unknown)).await);
            assert_eq!((foreign.status, foreign.bytes), (404, none.bytes), "{path}");
        }
    }
}
