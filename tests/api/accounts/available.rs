//! What an account can be paid with.

use domain::{AccountData, Modality};
use serde_json::{Value, json};
use testkit::fixtures::{cif, nif};

use super::{
    UNKNOWN, account, accounts_of, bank_transfer, card, end_account, import_account, import_card, method,
    pending_card, wrong,
};
use crate::test_app::{TestApp, company, digital_customer, direct_debit, on_every_engine};

async fn available(app: &TestApp, customer: &str, account: &str) -> Value {
    let path = format!("/customers/{customer}/accounts/{account}/available-payment-methods");
    let answer = app.get(&path).await;
    if answer.status == 404 {
        return json!(null);
    }
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 1);
    body["payment_methods"].clone()
}

/// Brings an account of each modality: what each can be paid with.
async fn available_by_modality(app: &TestApp, customer: &str) -> [Value; 3] {
    let mut all = Vec::new();
    for (modality, n) in
        [Modality::Prepaid, Modality::RecurringPrepaid, Modality::Postpaid].into_iter().zip(900..)
    {
        let n = n + 10 * u32::from_str_radix(&customer[30..], 16).unwrap();
        let account = import_account(app, n, customer, None, |data| AccountData { modality, ..data }).await;
        all.push(available(app, customer, &account).await);
    }
    all.try_into().unwrap()
}

fn three() -> Value {
    json!(["BANK_TRANSFER", "DIRECT_DEBIT", "CREDIT_CARD"])
}

on_every_engine! {
    async fn the_matrix_holds_for_every_type_of_customer(app: TestApp) {
        let private = app.private_customer(&nif(1)).await;
        let company = app.post("/customers", &company("SME", "CIF", &cif(1))).await.id();
        let digital = app.post("/customers", &digital_customer("ada@example.com")).await.id();
        for customer in [private, company, digital] {
            let all = available_by_modality(&app, &customer).await;
            assert_eq!(all, [json!(null), three(), three()], "nothing available is 404");
        }
    }

    async fn what_is_available_is_told_under_the_accounts_own_customer_only(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let other = app.private_customer(&nif(2)).await;
        let account = app.account(&customer).await;
        for (customer, account, status) in [
            (&*customer, &*account, 200),
            (&other, &account, 404),
            (UNKNOWN, &account, 404),
            (&customer, UNKNOWN, 404),
            ("x", &account, 400),
            (&customer, "x", 400),
        ] {
            let path = format!("/customers/{customer}/accounts/{account}/available-payment-methods");
            assert_eq!(app.get(&path).await.status, status, "{path}");
        }
        end_account(&app, &customer, &account).await;
        assert_eq!(available(&app, &customer, &account).await, three(), "an ended account stays readable");
    }
}

on_every_engine! {
    with "[organisations.telco]\nteci = true";

    async fn teci_is_shown_for_postpaid_accounts_and_never_settable(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let all = available_by_modality(&app, &customer).await;
        let four = json!(["BANK_TRANSFER", "DIRECT_DEBIT", "CREDIT_CARD", "TECI"]);
        assert_eq!(all, [json!(null), three(), four]);

        let teci = method("TECI", &json!({ "token_teci": "teci-1" }));
        let refused = app.post(&accounts_of(&customer), &account("POSTPAID", &teci)).await;
        assert_eq!(wrong(&refused), ["payment_method.type"]);
        let account = app.account(&customer).await;
        let refused = app.patch(&format!("/accounts/{account}/payment-method"), &teci).await;
        assert_eq!(wrong(&refused), ["type"]);
    }
}

on_every_engine! {
    with "[organisation_defaults]\nteci = true\n\
          payment_methods = [{ modality = \"POSTPAID\", allowed = [\"TECI\", \"CREDIT_CARD\"] }]\n\
          [organisations.other]\npayment_methods = []";

    async fn the_defaults_narrow_until_an_organisation_settles_its_own(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let all = available_by_modality(&app, &customer).await;
        assert_eq!(all, [json!(null), three(), json!(["CREDIT_CARD", "TECI"])]);
    }
}

on_every_engine! {
    with "[organisations.telco]\npayment_methods = [\n\
          { segment = \"SME\", allowed = [\"BANK_TRANSFER\", \"DIRECT_DEBIT\", \"TECI\"] },\n\
          { modality = \"POSTPAID\", allowed = [\"DIRECT_DEBIT\", \"CREDIT_CARD\"] },\n\
          { segment = \"CONSUMER\", modality = \"RECURRING_PREPAID\", allowed = [] },\n\
          { modality = \"PREPAID\", allowed = [\"BANK_TRANSFER\"] },\n]";

    async fn restrictions_narrow_by_segment_and_modality_and_never_widen(app: TestApp) {
        let consumer = app.private_customer(&nif(1)).await;
        let sme = app.post("/customers", &company("SME", "CIF", &cif(1))).await.id();
        let self_employee = app.post("/customers", &company("SELF_EMPLOYEE", "NIF", &nif(5))).await.id();
        let digital = app.post("/customers", &digital_customer("ada@example.com")).await.id();
        let postpaid = json!(["DIRECT_DEBIT", "CREDIT_CARD"]);
        for (customer, recurring, postpaid) in [
            (&consumer, json!(null), postpaid.clone()),
            (&sme, json!(["BANK_TRANSFER", "DIRECT_DEBIT"]), json!(["DIRECT_DEBIT"])),
            (&self_employee, three(), postpaid.clone()),
            (&digital, three(), postpaid),
        ] {
            assert_eq!(available_by_modality(&app, customer).await, [json!(null), recurring, postpaid]);
        }
    }

    async fn what_is_excluded_is_a_400_at_opening_and_later(app: TestApp) {
        let consumer = app.private_customer(&nif(1)).await;
        let sme = app.post("/customers", &company("SME", "CIF", &cif(1))).await.id();
        import_card(&app, "card-1", &sme, "05/2029").await;
        for (customer, modality, payment_method, status) in [
            (&consumer, "POSTPAID", bank_transfer(), 400),
            (&consumer, "RECURRING_PREPAID", direct_debit(), 400),
            (&sme, "POSTPAID", card("card-1"), 400),
            (&sme, "POSTPAID", pending_card(), 400),
            (&sme, "RECURRING_PREPAID", bank_transfer(), 200),
            (&sme, "POSTPAID", direct_debit(), 200),
        ] {
            let opened = app.post(&accounts_of(customer), &account(modality, &payment_method)).await;
            assert_eq!(opened.status, status, "{modality} {payment_method}");
            if status == 400 {
                assert_eq!(wrong(&opened), ["payment_method.type"]);
                continue;
            }
            let path = format!("/accounts/{}/payment-method", opened.id());
            assert_eq!(wrong(&app.patch(&path, &card("card-1")).await), ["type"]);
            assert_eq!(wrong(&app.patch(&path, &pending_card()).await), ["type"]);
            end_account(&app, customer, &opened.id()).await;
            assert_eq!(app.patch(&path, &card("card-1")).await.status, 400, "400 goes before 409");
            assert_eq!(app.patch(&path, &direct_debit()).await.status, 409);
        }
    }
}
