//! Reading an account, and whom its invoices go to.

use domain::{AccountData, Modality, PaymentMethod};
use serde_json::{Value, json};
use testkit::fixtures::{cif, nif, text, token};

use super::{
    UNKNOWN, account, accounts_of, billing_address, card, end_account, import_account, import_card, method,
};
use crate::test_app::{
    TestApp, address, company, digital_customer, direct_debit, new_account, on_every_engine,
};

async fn read(app: &TestApp, account: &str) -> Value {
    let answer = app.get(&format!("/accounts/{account}")).await;
    assert_eq!(answer.status, 200);
    answer.json()
}

async fn recipient(app: &TestApp, account: &str) -> Value {
    let answer = app.get(&format!("/accounts/{account}/invoice-recipient")).await;
    if answer.status == 404 {
        assert_eq!(answer.messages(404, "MCUS.999.997").len(), 1);
        return json!(null);
    }
    assert_eq!(answer.status, 200);
    answer.json()
}

/// A recipient of this name at this billing address.
fn at(name: &str, address: &Value) -> Value {
    let mut recipient = address.clone();
    recipient.as_object_mut().unwrap().remove("state_id");
    recipient["name"] = json!(name);
    recipient
}

fn default_invoice() -> Value {
    json!({
        "cycle": { "name": "DIA 1 - MENSUAL", "day": 1, "type": "M", "frequency": 1 },
        "due_date_id": 5,
        "due_days_id": 1,
        "delivery_mode": "EMAIL"
    })
}

on_every_engine! {
    async fn an_account_is_shown_as_published(app: TestApp) {
        let created = app.post("/customers", &crate::test_app::private_customer(&nif(1))).await;
        let customer = created.id();
        import_card(&app, "card-1", &customer, "05/2029").await;
        let mut body = account("RECURRING_PREPAID", &card("card-1"));
        body["billing_address"] = billing_address(1);
        let opened = app.post(&accounts_of(&customer), &body).await;
        let now = "2026-03-14T10:30:00.123Z";
        let expected = json!({
            "id": opened.id(),
            "external_id": opened.json()["external_id"],
            "customer_id": customer,
            "customer_external_id": created.json()["external_id"],
            "contract_reference": null,
            "modality": "RECURRING_PREPAID",
            "billing_address": billing_address(1),
            "payment_method": { "type": "CREDIT_CARD", "details": { "token_id": "card-1" } },
            "invoice": default_invoice(),
            "created_at": now,
            "ended_at": null,
            "updated_at": now
        });
        assert_eq!(read(&app, &opened.id()).await, expected);
    }

    async fn an_imported_account_is_shown_with_what_it_brings(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let teci = PaymentMethod::Teci(token("teci-1"));
        let legacy = |data| AccountData {
            external_id: Some(text("LEG/7")),
            contract_reference: Some(text("CON-1")),
            ..data
        };
        let shown = read(&app, &import_account(&app, 901, &customer, Some(teci), legacy).await).await;
        assert_eq!(shown["external_id"], "LEG/7");
        assert_eq!(shown["contract_reference"], "CON-1");
        assert_eq!(shown["payment_method"], method("TECI", &json!({ "token_teci": "teci-1" })));
        assert_eq!(shown["invoice"]["due_days_id"], 15);

        let prepaid = |data| AccountData { modality: Modality::Prepaid, invoice: None, ..data };
        let shown = read(&app, &import_account(&app, 902, &customer, None, prepaid).await).await;
        assert_eq!(shown["modality"], "PREPAID");
        assert!(shown.get("payment_method").is_none(), "absent, not null");
        assert_eq!(shown["invoice"], json!(null));
        assert_eq!(shown["external_id"].as_str().map(|id| id.parse::<u64>().is_ok()), Some(true));
    }

    async fn the_customers_postal_address_serves_until_the_account_has_its_own(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let account = app.account(&customer).await;
        assert_eq!(read(&app, &account).await["billing_address"], address());

        let mut moved = address();
        moved["address_lines"] = json!(["Calle Menor 3"]);
        let patch = json!({ "contact_info": { "postal_address": moved } });
        assert_eq!(app.patch(&format!("/customers/{customer}"), &patch).await.status, 204);
        assert_eq!(read(&app, &account).await["billing_address"], moved);

        let put = app.put(&format!("/accounts/{account}/billing-address"), &billing_address(1)).await;
        assert_eq!(put.status, 204);
        assert_eq!(read(&app, &account).await["billing_address"], billing_address(1));
    }

    async fn a_digital_customers_account_has_only_an_address_of_its_own(app: TestApp) {
        let customer = app.post("/customers", &digital_customer("ada@example.com")).await.id();
        let account = app.account(&customer).await;
        let shown = read(&app, &account).await;
        assert!(shown.get("billing_address").is_none(), "absent, not null");
        assert_eq!(shown["customer_external_id"], json!(null));
        assert_eq!(recipient(&app, &account).await, json!(null));

        app.put(&format!("/accounts/{account}/billing-address"), &billing_address(1)).await;
        assert_eq!(read(&app, &account).await["billing_address"], billing_address(1));
        assert_eq!(recipient(&app, &account).await, at("Ada Lovelace", &billing_address(1)));
    }

    async fn invoices_go_to_the_name_of_each_type_of_customer(app: TestApp) {
        let mut short_private = crate::test_app::private_customer(&nif(2));
        short_private["personal_info"].as_object_mut().unwrap().remove("second_surname");
        let mut short_digital = digital_customer("eva@example.com");
        short_digital["digital_personal_info"].as_object_mut().unwrap().remove("first_surname");
        let mut long_digital = digital_customer("ada@example.com");
        long_digital["digital_personal_info"]["second_surname"] = json!("Byron");
        for (customer, name, has_postal_address) in [
            (crate::test_app::private_customer(&nif(1)), "Antonio Benavente Blanco", true),
            (short_private, "Antonio Benavente", true),
            (company("SME", "CIF", &cif(1)), "Ejemplo, S.A.", true),
            (company("SELF_EMPLOYEE", "NIF", &nif(3)), "Ejemplo, S.A.", true),
            (long_digital, "Ada Lovelace Byron", false),
            (short_digital, "Ada", false),
        ] {
            let customer = app.post("/customers", &customer).await.id();
            let postal = app.account(&customer).await;
            let expected = if has_postal_address { at(name, &address()) } else { json!(null) };
            assert_eq!(recipient(&app, &postal).await, expected, "{name}");
            let mut body = new_account();
            body["billing_address"] = billing_address(2);
            let own = app.post(&accounts_of(&customer), &body).await.id();
            assert_eq!(recipient(&app, &own).await, at(name, &billing_address(2)), "{name}");
            end_account(&app, &customer, &own).await;
            assert_eq!(recipient(&app, &own).await, at(name, &billing_address(2)), "ended stays readable");
        }
    }

    async fn what_is_not_there_is_404_and_what_is_no_uuid_400(app: TestApp) {
        for resource in ["", "/invoice-recipient", "/payment-methods/historical", "/billing-address"] {
            for (id, status) in [(UNKNOWN, 404), ("1", 400), (&UNKNOWN.replace('-', ""), 400)] {
                let answer = app.get(&format!("/accounts/{id}{resource}")).await;
                assert_eq!(answer.status, status, "{id}{resource}");
            }
        }
    }
}

on_every_engine! {
    with "[organisations.telco.invoice]\n\
          cycle = { name = \"DIA 15\", day = 15, type = \"W\", frequency = 2 }\n\
          due_date_id = 8\ndue_days_id = 9\ndelivery_mode = \"PAPER\"";

    async fn an_organisation_settles_how_its_new_accounts_are_invoiced(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let body = account("POSTPAID", &direct_debit());
        let id = app.post(&accounts_of(&customer), &body).await.id();
        let expected = json!({
            "cycle": { "name": "DIA 15", "day": 15, "type": "W", "frequency": 2 },
            "due_date_id": 8,
            "due_days_id": 9,
            "delivery_mode": "PAPER"
        });
        assert_eq!(read(&app, &id).await["invoice"], expected);
    }
}
