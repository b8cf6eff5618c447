//! Changing how an account is paid, and the history of it.

use domain::{AccountData, Modality, PaymentMethod};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::fixtures::{nif, token};
use time::Duration;
use time::macros::datetime;

use super::{
    CARD_NUMBER, IBAN, MASKED_IBAN, UNKNOWN, bank_transfer, card, current_method, end_account,
    import_account, import_card, method, pending_card, wrong,
};
use crate::test_app::{self, TestApp, direct_debit, on_every_engine, send};

fn path(account: &str) -> String {
    format!("/accounts/{account}/payment-method")
}

async fn history(app: &TestApp, account: &str) -> Value {
    let answer = app.get(&format!("/accounts/{account}/payment-methods/historical")).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 1);
    body["payment_methods"].clone()
}

/// A GET by somebody with these roles, narrowed to those of the header if there is one.
async fn get_as(app: &TestApp, roles: &[&str], header: Option<&str>, path: &str) -> Value {
    let token = test_app::token(&["telco"], roles);
    let request = app.request_as(&token, Method::GET, &format!("/v4/orgs/telco{path}"));
    let request = match header {
        Some(header) => request.header("x-auth-roles", header),
        None => request,
    };
    let answer = send(request).await;
    assert_eq!(answer.status, 200, "{roles:?} {header:?}");
    answer.json()
}

on_every_engine! {
    async fn a_change_becomes_current_and_is_appended_to_the_history(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        import_card(&app, "card-1", &customer, "05/2029").await;
        let account = app.account(&customer).await;
        let german = method("DIRECT_DEBIT", &json!({ "iban": "DE89 3704 0044 0532 0130 00" }));
        for payment_method in [direct_debit(), card("card-1"), german, bank_transfer()] {
            app.clock.advance(Duration::SECOND);
            let changed = app.patch(&path(&account), &payment_method).await;
            assert_eq!((changed.status, changed.bytes.len()), (204, 0), "{payment_method}");
        }
        let entry = |kind: &str, details: &str, second: u32| {
            let created_at = format!("2026-03-14T10:30:0{second}.123Z");
            json!({ "payment_method_type": kind, "details": details, "created_at": created_at })
        };
        let expected = json!([
            entry("BANK_TRANSFER", "", 4),
            entry("DIRECT_DEBIT", "DE89370400440532013000", 3),
            entry("CREDIT_CARD", "card-1", 2),
            entry("DIRECT_DEBIT", IBAN, 1),
            entry("BANK_TRANSFER", "", 0),
        ]);
        assert_eq!(history(&app, &account).await, expected);
        let read = app.get(&format!("/accounts/{account}")).await.json();
        assert_eq!(read["payment_method"], bank_transfer());
        assert_eq!(read["created_at"], "2026-03-14T10:30:00.123Z");
        assert_eq!(read["updated_at"], "2026-03-14T10:30:04.123Z");
    }

    async fn changes_at_one_instant_are_told_apart(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        for payment_method in [direct_debit(), bank_transfer(), direct_debit()] {
            app.patch(&path(&account), &payment_method).await;
        }
        let kinds: Vec<_> = history(&app, &account)
            .await
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["payment_method_type"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(kinds, ["DIRECT_DEBIT", "BANK_TRANSFER", "DIRECT_DEBIT", "BANK_TRANSFER"]);
    }

    async fn setting_the_method_it_has_changes_nothing(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        import_card(&app, "card-1", &customer, "05/2029").await;
        let account = app.account(&customer).await;
        let spaced = method("DIRECT_DEBIT", &json!({ "iban": "es79 2100 0813 6101 2345 6789" }));
        let old_transfer = method("BANK_TRANSFER", &json!({ "iban": IBAN }));
        for (payment_method, again) in
            [(bank_transfer(), old_transfer), (direct_debit(), spaced), (card("card-1"), card("card-1"))]
        {
            app.patch(&path(&account), &payment_method).await;
            let before =
                (app.get(&format!("/accounts/{account}")).await.json(), history(&app, &account).await);
            app.clock.advance(Duration::MINUTE);
            assert_eq!(app.patch(&path(&account), &again).await.status, 204);
            let after =
                (app.get(&format!("/accounts/{account}")).await.json(), history(&app, &account).await);
            assert_eq!(after, before, "{payment_method}");
        }
    }

    async fn only_a_good_card_of_the_customer_itself_can_be_set(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let other = app.private_customer(&nif(2)).await;
        import_card(&app, "good", &customer, "03/2026").await;
        import_card(&app, "expired", &customer, "02/2026").await;
        import_card(&app, "foreign", &other, "05/2029").await;
        let account = app.account(&customer).await;
        for token_id in ["no-such", "expired", "foreign"] {
            let refused = app.patch(&path(&account), &card(token_id)).await;
            assert_eq!(wrong(&refused), ["details.token_id"], "{token_id}");
        }
        assert_eq!(current_method(&app, &account).await, bank_transfer());
        app.clock.set(datetime!(2026-03-31 22:00 UTC));
        assert_eq!(wrong(&app.patch(&path(&account), &card("good")).await), ["details.token_id"]);
        app.clock.set(datetime!(2026-03-31 21:59:59.999999 UTC));
        assert_eq!(app.patch(&path(&account), &card("good")).await.status, 204);
    }

    async fn every_violated_rule_is_told(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        let digits = CARD_NUMBER.replace([' ', '-'], "");
        let both = json!({ "token_id": "a", "reference_id": "b" });
        let wrong_iban = json!({ "iban": "ES7921000813610123456780" });
        for (body, paths) in [
            (json!({}), vec!["type"]),
            (json!({ "type": null, "details": {} }), vec!["type"]),
            (json!({ "type": "TECI" }), vec!["type"]),
            (json!({ "type": "CREDIT_CARD" }), vec!["details"]),
            (json!({ "type": "DIRECT_DEBIT" }), vec!["details"]),
            (method("DIRECT_DEBIT", &wrong_iban), vec!["details.iban"]),
            (method("CREDIT_CARD", &json!({})), vec!["details.token_id"]),
            (method("CREDIT_CARD", &both), vec!["details.token_id"]),
            (card(&digits), vec!["details.token_id"]),
            (method("CREDIT_CARD", &json!({ "reference_id": digits })), vec!["details.reference_id"]),
            (json!({ "type": "BANK_TRANSFER", "payment_method": {} }), vec!["payment_method"]),
            (
                json!({ "type": "DIRECT_DEBIT", "details": { "x": 1 }, "y": 2 }),
                vec!["details.iban", "details.x", "y"],
            ),
        ] {
            let refused = app.patch(&path(&account), &body).await;
            assert_eq!(wrong(&refused), paths, "{body}");
        }
        assert_eq!(history(&app, &account).await.as_array().unwrap().len(), 1);
    }

    async fn a_wrong_request_goes_before_a_missing_account_and_that_before_its_state(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        import_card(&app, "expired", &customer, "02/2026").await;
        let account = app.account(&customer).await;
        end_account(&app, &customer, &account).await;
        for (account, body, status) in [
            ("1", bank_transfer(), 400),
            (UNKNOWN, json!({}), 400),
            (UNKNOWN, card("no-such"), 404),
            (UNKNOWN, pending_card(), 404),
            (&account, card("expired"), 400),
            (&account, pending_card(), 409),
            (&account, bank_transfer(), 409),
            (&account, direct_debit(), 409),
        ] {
            assert_eq!(app.patch(&path(account), &body).await.status, status, "{account} {body}");
        }
    }

    async fn a_prepaid_account_takes_no_method(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let prepaid = |data| AccountData { modality: Modality::Prepaid, invoice: None, ..data };
        let account = import_account(&app, 900, &customer, None, prepaid).await;
        for payment_method in [bank_transfer(), direct_debit(), pending_card()] {
            assert_eq!(wrong(&app.patch(&path(&account), &payment_method).await), ["type"]);
        }
        assert_eq!(history(&app, &account).await, json!([]));
        assert_eq!(app.get(&format!("/accounts/{UNKNOWN}/payment-methods/historical")).await.status, 404);
    }

    async fn an_imported_teci_is_shown_and_can_be_left(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let teci = PaymentMethod::Teci(token("teci-1"));
        let account = import_account(&app, 900, &customer, Some(teci), |data| data).await;
        assert_eq!(current_method(&app, &account).await, method("TECI", &json!({ "token_teci": "teci-1" })));
        assert_eq!(app.patch(&path(&account), &bank_transfer()).await.status, 204);
        let kinds = history(&app, &account).await;
        assert_eq!(kinds[1]["payment_method_type"], "TECI");
        assert_eq!(kinds[1]["details"], "teci-1");
    }

    async fn ibans_are_masked_but_for_those_who_may_see_them(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        app.patch(&path(&account), &direct_debit()).await;
        for (roles, header, shown) in [
            (&["API_KEY"][..], None, IBAN),
            (&["CUSTOMER_READ", "PII_READ"], None, IBAN),
            (&["CUSTOMER_READ", "PII_READ"], Some("CUSTOMER_READ,PII_READ"), IBAN),
            (&["API_KEY"], Some("API_KEY"), IBAN),
            (&["API_KEY"], Some("CUSTOMER_READ PII_READ"), IBAN),
            (&["CUSTOMER_READ"], None, MASKED_IBAN),
            (&["CUSTOMER_WRITE"], None, MASKED_IBAN),
            (&["CATALOGUE_ADMIN"], None, MASKED_IBAN),
            (&["CUSTOMER_READ", "PII_READ"], Some("CUSTOMER_READ"), MASKED_IBAN),
            (&["API_KEY"], Some("CUSTOMER_READ"), MASKED_IBAN),
            (&["CUSTOMER_READ"], Some("API_KEY"), MASKED_IBAN),
        ] {
            let read = get_as(&app, roles, header, &format!("/accounts/{account}")).await;
            let expected = method("DIRECT_DEBIT", &json!({ "iban": shown }));
            assert_eq!(read["payment_method"], expected, "{roles:?} {header:?}");
            let path = format!("/accounts/{account}/payment-methods/historical");
            let listed = get_as(&app, roles, header, &path).await;
            assert_eq!(listed["payment_methods"][0]["details"], shown, "{roles:?} {header:?}");
        }
    }

    async fn tokens_of_cards_are_not_masked(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        import_card(&app, "card-1", &customer, "05/2029").await;
        let account = app.account(&customer).await;
        app.patch(&path(&account), &card("card-1")).await;
        let read = get_as(&app, &["CUSTOMER_READ"], None, &format!("/accounts/{account}")).await;
        assert_eq!(read["payment_method"], card("card-1"));
    }
}
