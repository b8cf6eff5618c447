//! Opening accounts.

use serde_json::{Value, json};
use testkit::fixtures::nif;
use time::macros::datetime;

use super::{
    CARD_NUMBER, IBAN, UNKNOWN, account, accounts_of, bank_transfer, billing_address, card, current_method,
    end_customer, import_card, method, pending_card, wrong,
};
use crate::test_app::{TestApp, digital_customer, direct_debit, new_account, on_every_engine};

/// What is complained about in an account paid like this.
async fn wrong_method(app: &TestApp, customer: &str, payment_method: &Value) -> Vec<String> {
    wrong(&app.post(&accounts_of(customer), &account("POSTPAID", payment_method)).await)
}

async fn assert_no_account(app: &TestApp, customer: &str) {
    assert_eq!(app.get(&accounts_of(customer)).await.json(), json!({ "accounts": [] }));
}

on_every_engine! {
    async fn an_account_is_opened_with_every_method_that_can_be_set(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        import_card(&app, "card-1", &customer, "05/2029").await;
        let mut external_ids = Vec::new();
        for modality in ["RECURRING_PREPAID", "POSTPAID"] {
            for payment_method in [bank_transfer(), direct_debit(), card("card-1")] {
                for address in [None, Some(json!(null)), Some(billing_address(1))] {
                    let mut body = account(modality, &payment_method);
                    if let Some(address) = address {
                        body["billing_address"] = address;
                    }
                    let opened = app.post(&accounts_of(&customer), &body).await;
                    assert_eq!(opened.status, 200, "{body}");
                    let answer = opened.json();
                    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
                    external_ids.push(answer["external_id"].as_str().unwrap().parse::<u64>().unwrap());
                    let read = app.get(&format!("/accounts/{}", opened.id())).await.json();
                    assert_eq!(read["external_id"], answer["external_id"]);
                    assert_eq!(read["modality"], modality);
                    assert_eq!(read["payment_method"], payment_method);
                }
            }
        }
        assert!(external_ids.is_sorted_by(|a, b| a < b), "{external_ids:?}");
    }

    async fn a_digital_customer_may_have_accounts(app: TestApp) {
        let customer = app.post("/customers", &digital_customer("ada@example.com")).await.id();
        let account = app.account(&customer).await;
        assert_eq!(current_method(&app, &account).await, bank_transfer());
    }

    async fn prepaid_and_teci_come_by_import_only(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        for (modality, payment_method, path) in [
            ("PREPAID", bank_transfer(), "modality"),
            ("postpaid", bank_transfer(), "modality"),
            ("POSTPAID", method("TECI", &json!({ "token_teci": "teci-1" })), "payment_method.type"),
            ("POSTPAID", method("CASH", &json!({})), "payment_method.type"),
        ] {
            let refused = app.post(&accounts_of(&customer), &account(modality, &payment_method)).await;
            assert_eq!(wrong(&refused), [path], "{modality} {payment_method}");
        }
        assert_no_account(&app, &customer).await;
    }

    async fn every_violated_rule_is_told_in_the_order_of_the_fields(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let mut address = billing_address(1);
        address["postal_code"] = json!("53000");
        address["floor"] = json!("3");
        let mut body = account("PREPAID", &method("DIRECT_DEBIT", &json!({ "iban": "ES00", "bic": "x" })));
        body["billing_address"] = address;
        body["contract_reference"] = json!("c-1");
        let refused = app.post(&accounts_of(&customer), &body).await;
        let paths = [
            "modality",
            "billing_address.postal_code",
            "billing_address.floor",
            "payment_method.details.iban",
            "payment_method.details.bic",
            "contract_reference",
        ];
        assert_eq!(wrong(&refused), paths);
        let refused = app.post(&accounts_of("no-uuid"), &json!({})).await;
        assert_eq!(wrong(&refused), ["customer_id", "modality", "payment_method"]);
        assert_no_account(&app, &customer).await;
    }

    async fn a_wrong_request_goes_before_a_missing_customer_and_that_before_its_state(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let ended = app.private_customer(&nif(2)).await;
        import_card(&app, "expired", &ended, "02/2026").await;
        end_customer(&app, &ended).await;
        for (customer, body, status) in [
            (UNKNOWN, account("PREPAID", &bank_transfer()), 400),
            (UNKNOWN, new_account(), 404),
            (UNKNOWN, account("POSTPAID", &card("no-such")), 404),
            (UNKNOWN, account("POSTPAID", &pending_card()), 404),
            (&ended, account("POSTPAID", &card("expired")), 400),
            (&ended, new_account(), 409),
            (&ended, account("POSTPAID", &pending_card()), 409),
            (&customer, new_account(), 200),
        ] {
            let answer = app.post(&accounts_of(customer), &body).await;
            assert_eq!(answer.status, status, "{customer} {body}");
        }
        assert_no_account(&app, &ended).await;
    }

    async fn only_a_good_card_of_the_customer_itself_is_taken(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let other = app.private_customer(&nif(2)).await;
        import_card(&app, "good", &customer, "03/2026").await;
        import_card(&app, "expired", &customer, "02/2026").await;
        import_card(&app, "foreign", &other, "05/2029").await;
        for token_id in ["no-such", "expired", "foreign", "", "GOOD", "a b", "a/b", &"x".repeat(101)] {
            let paths = wrong_method(&app, &customer, &card(token_id)).await;
            assert_eq!(paths, ["payment_method.details.token_id"], "{token_id}");
        }
        assert_no_account(&app, &customer).await;

        let body = account("POSTPAID", &card("good"));
        app.clock.set(datetime!(2026-03-31 21:59:59.999999 UTC));
        assert_eq!(app.post(&accounts_of(&customer), &body).await.status, 200);
        app.clock.set(datetime!(2026-03-31 22:00 UTC));
        assert_eq!(app.post(&accounts_of(&customer), &body).await.status, 400);
    }

    async fn a_card_is_named_by_exactly_one_of_token_and_reference(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        import_card(&app, "good", &customer, "05/2029").await;
        for details in [
            json!({}),
            json!({ "token_id": null }),
            json!({ "token_id": null, "reference_id": null }),
            json!({ "token_id": "good", "reference_id": "ref-1" }),
        ] {
            let paths = wrong_method(&app, &customer, &method("CREDIT_CARD", &details)).await;
            assert_eq!(paths.len(), 1, "{details}");
            assert!(paths[0].starts_with("payment_method.details"), "{details} {paths:?}");
        }
        for (details, path) in [
            (json!({ "token_id": 1 }), "payment_method.details.token_id"),
            (json!({ "reference_id": "a b" }), "payment_method.details.reference_id"),
            (json!({ "reference_id": "x".repeat(101) }), "payment_method.details.reference_id"),
            (json!({ "reference_id": "" }), "payment_method.details.reference_id"),
            (json!({ "token_id": "good", "iban": IBAN }), "payment_method.details.iban"),
            (json!(null), "payment_method.details"),
            (json!([]), "payment_method.details"),
        ] {
            let paths = wrong_method(&app, &customer, &method("CREDIT_CARD", &details)).await;
            assert_eq!(paths, [path], "{details}");
        }
        let one = method("CREDIT_CARD", &json!({ "token_id": "good", "reference_id": null }));
        assert_eq!(app.post(&accounts_of(&customer), &account("POSTPAID", &one)).await.status, 200);
    }

    async fn a_bank_transfer_has_no_details_and_its_old_iban_is_not_stored(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        for payment_method in [
            json!({ "type": "BANK_TRANSFER" }),
            json!({ "type": "BANK_TRANSFER", "details": null }),
            bank_transfer(),
            method("BANK_TRANSFER", &json!({ "iban": null })),
            method("BANK_TRANSFER", &json!({ "iban": IBAN })),
            method("BANK_TRANSFER", &json!({ "iban": "not an IBAN" })),
            // Its digits pass Luhn.
            method("BANK_TRANSFER", &json!({ "iban": "NO4586011117938" })),
        ] {
            let opened = app.post(&accounts_of(&customer), &account("POSTPAID", &payment_method)).await;
            assert_eq!(opened.status, 200, "{payment_method}");
            assert_eq!(current_method(&app, &opened.id()).await, bank_transfer());
            let path = format!("/accounts/{}/payment-methods/historical", opened.id());
            assert_eq!(app.get(&path).await.json()["payment_methods"][0]["details"], json!(""));
        }
        for (details, path) in [
            (json!({ "token_id": "x" }), "payment_method.details.token_id"),
            (json!({ "iban": 7 }), "payment_method.details.iban"),
            (json!("x"), "payment_method.details"),
            (json!([]), "payment_method.details"),
        ] {
            let paths = wrong_method(&app, &customer, &method("BANK_TRANSFER", &details)).await;
            assert_eq!(paths, [path], "{details}");
        }
    }

    async fn an_iban_is_stored_in_one_spelling(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        for (spelling, stored) in [
            (IBAN, IBAN),
            ("es79 2100 0813 6101 2345 6789", IBAN),
            (" ES79-2100.0813-6101.2345-6789 ", IBAN),
            ("gb29 nwbk 6016 1331 9268 19", "GB29NWBK60161331926819"),
            // Neither Italy's CIN nor Norway's check digit is looked at; the latter's digits pass Luhn.
            ("IT65A0542811101000000123456", "IT65A0542811101000000123456"),
            ("NO45 8601 1117 938", "NO4586011117938"),
        ] {
            let details = json!({ "iban": spelling });
            let body = account("POSTPAID", &method("DIRECT_DEBIT", &details));
            let opened = app.post(&accounts_of(&customer), &body).await;
            assert_eq!(opened.status, 200, "{spelling}");
            assert_eq!(current_method(&app, &opened.id()).await["details"], json!({ "iban": stored }));
        }
    }

    async fn a_wrong_iban_is_refused_and_not_echoed(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        for wrong_iban in [
            "ES7921000813610123456780",
            "ES9721000813610123456789",
            // Right by mod 97, with a wrong first and a wrong second national control digit.
            "ES4421000813600123456789",
            "ES4121000813710123456789",
            "ES792100081361012345678",
            "XX7921000813610123456789",
            "DE8937040044053201300X",
            "4111111111111111",
        ] {
            let body = account("POSTPAID", &method("DIRECT_DEBIT", &json!({ "iban": wrong_iban })));
            let refused = app.post(&accounts_of(&customer), &body).await;
            assert_eq!(wrong(&refused), ["payment_method.details.iban"], "{wrong_iban}");
            let text = String::from_utf8(refused.bytes).unwrap();
            assert!(!text.contains(&wrong_iban[4..]), "{text}");
        }
        for (details, path) in [
            (json!({}), "payment_method.details.iban"),
            (json!({ "iban": null }), "payment_method.details.iban"),
            (json!({ "iban": "" }), "payment_method.details.iban"),
            (json!({ "iban": [IBAN] }), "payment_method.details.iban"),
            (json!(null), "payment_method.details"),
            (json!({ "iban": IBAN, "token_id": "x" }), "payment_method.details.token_id"),
        ] {
            let paths = wrong_method(&app, &customer, &method("DIRECT_DEBIT", &details)).await;
            assert_eq!(paths, [path], "{details}");
        }
        assert_no_account(&app, &customer).await;
    }

    async fn card_numbers_are_refused_wherever_they_are_sent(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let digits = CARD_NUMBER.replace([' ', '-'], "");
        let addressed = |name: &str, value: Value| {
            let mut body = new_account();
            body["billing_address"] = billing_address(1);
            body["billing_address"][name] = value;
            body
        };
        let by_card = |name: &str| account("POSTPAID", &method("CREDIT_CARD", &json!({ name: digits })));
        for (body, path) in [
            (by_card("token_id"), "payment_method.details.token_id"),
            (by_card("reference_id"), "payment_method.details.reference_id"),
            (
                addressed("address_lines", json!([format!("Calle {CARD_NUMBER}")])),
                "billing_address.address_lines[0]",
            ),
            (addressed("locality", json!(CARD_NUMBER)), "billing_address.locality"),
            (addressed("administrative_area", json!(digits)), "billing_address.administrative_area"),
            (
                account("POSTPAID", &method("TECI", &json!({ "token_teci": digits }))),
                "payment_method.details",
            ),
        ] {
            let refused = app.post(&accounts_of(&customer), &body).await;
            assert!(wrong(&refused).iter().any(|wrong| wrong == path), "{body}");
            let text = String::from_utf8(refused.bytes).unwrap();
            assert!(!text.contains(CARD_NUMBER) && !text.contains(&digits), "{text}");
        }
        assert_no_account(&app, &customer).await;
    }
}
