use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;

use super::{
    NOW, UNKNOWN, all_at_once, assert_conflict, assert_done, assert_duplicate, assert_not_found, nie, nif,
    person, read, register, sme, with,
};
use crate::test_app::{Answer, TestApp, company, digital_customer, on_every_engine, private_customer};

async fn convert(app: &TestApp, customer: &str, nif: &str) -> Answer {
    app.patch(&format!("{customer}/convert-nie-to-nif"), &json!({ "nif": nif })).await
}

async fn search(app: &TestApp, number: &str) -> u16 {
    app.get(&format!("/customers/search?identity_document={number}")).await.status
}

on_every_engine! {
    async fn a_nie_becomes_a_nif(app: TestApp) {
        for (number, (body, document)) in [
            (person("NIE", &nie(1)), "personal_info.identity_document"),
            (company("SELF_EMPLOYEE", "NIE", &nie(2)), "company_info.identity_document"),
        ]
        .into_iter()
        .enumerate()
        {
            let customer = register(&app, &body).await;
            let before = read(&app, &customer).await;
            assert_done(&convert(&app, &customer, &nif(number)).await);
            assert_eq!(
                read(&app, &customer).await,
                with(&before, document, json!({ "number": nif(number), "type": "NIF" }))
            );
        }
    }

    async fn only_a_nie_is_converted(app: TestApp) {
        for body in [
            private_customer(&nif(1)),
            person("PASSPORT", "AAA123456"),
            company("SELF_EMPLOYEE", "NIF", &nif(2)),
            sme(),
            digital_customer("ada@example.com"),
        ] {
            let customer = register(&app, &body).await;
            let before = read(&app, &customer).await;
            let message = "The customer's identity document is not a NIE";
            assert_conflict(&convert(&app, &customer, &nif(9)).await, message);
            assert_eq!(read(&app, &customer).await, before);
        }
    }

    async fn a_second_conversion_is_refused(app: TestApp) {
        let customer = register(&app, &person("NIE", &nie(1))).await;
        assert_done(&convert(&app, &customer, &nif(1)).await);
        assert_conflict(
            &convert(&app, &customer, &nif(1)).await,
            "The customer's identity document is not a NIE",
        );
    }

    async fn every_form_and_spelling_of_a_nif_is_taken(app: TestApp) {
        for (number, (sent, stored)) in [
            ("07687697Q", "07687697Q"),
            (" 14.861.628-v ", "14861628V"),
            ("K0867756N", "K0867756N"),
            ("L1234567L", "L1234567L"),
            ("m-1234567-l", "M1234567L"),
        ]
        .into_iter()
        .enumerate()
        {
            let customer = register(&app, &person("NIE", &nie(number))).await;
            assert_done(&convert(&app, &customer, sent).await);
            assert_eq!(read(&app, &customer).await["personal_info"]["identity_document"]["number"], stored);
        }
    }

    async fn a_wrong_nif_is_refused(app: TestApp) {
        let customer = register(&app, &person("NIE", &nie(1))).await;
        let path = format!("{customer}/convert-nie-to-nif");
        let (form, check) = ("nif: is not a NIF number", "nif: has a wrong check character");
        for (body, message) in [
            (json!({ "nif": "12345678A" }), check),
            (json!({ "nif": "K1234567A" }), check),
            (json!({ "nif": nie(1) }), form),
            (json!({ "nif": "A58818501" }), form),
            (json!({ "nif": "1234567L" }), form),
            (json!({ "nif": "12345678\nZ" }), form),
            (json!({ "nif": "" }), form),
            (json!({ "nif": 12_345_678 }), "nif: must be a string"),
            (json!({ "nif": null }), "nif: must not be null"),
            (json!({}), "nif: is required"),
            (json!({ "nif": nif(1), "type": "NIF" }), "type: is not a known property"),
        ] {
            assert_eq!(app.patch(&path, &body).await.refusals(), [message], "{body}");
        }
        assert_eq!(
            read(&app, &customer).await["personal_info"]["identity_document"]["number"],
            Value::String(nie(1))
        );
    }

    async fn the_nif_of_a_live_customer_is_refused(app: TestApp) {
        let customer = register(&app, &person("NIE", &nie(1))).await;
        let before = read(&app, &customer).await;
        let holder = register(&app, &company("SELF_EMPLOYEE", "NIF", "14861628V")).await;
        register(&app, &person("PASSPORT", "12345678Z")).await;
        assert_duplicate(&convert(&app, &customer, "14.861.628-v").await);
        assert_eq!(read(&app, &customer).await, before);

        assert_done(&app.delete(&holder).await);
        assert_done(&convert(&app, &customer, "14861628V").await);
        let other = register(&app, &person("NIE", &nie(2))).await;
        assert_done(&convert(&app, &other, "12345678Z").await);
    }

    async fn the_nif_is_the_document_from_then_on(app: TestApp) {
        let customer = register(&app, &person("NIE", &nie(1))).await;
        assert_eq!((search(&app, &nie(1)).await, search(&app, &nif(5)).await), (200, 404));
        assert_done(&convert(&app, &customer, &nif(5)).await);
        assert_eq!((search(&app, &nie(1)).await, search(&app, &nif(5)).await), (404, 200));
        assert_duplicate(&app.post("/customers", &private_customer(&nif(5))).await);
        register(&app, &person("NIE", &nie(1))).await;
    }

    async fn the_former_document_is_kept(app: TestApp) {
        let customer = register(&app, &person("NIE", &nie(1))).await;
        assert_done(&convert(&app, &customer, &nif(5)).await);
        let former = "SELECT document_type || document_number || replaced_by FROM former_identity_documents";
        assert_eq!(app.database.texts(former).await, [format!("NIE{}tester", nie(1))]);
    }

    async fn a_conversion_moves_updated_at_only(app: TestApp) {
        let customer = register(&app, &person("NIE", &nie(1))).await;
        app.clock.advance(Duration::MINUTE);
        assert_done(&convert(&app, &customer, &nif(1)).await);
        let after = read(&app, &customer).await;
        assert_eq!(
            (&after["created_at"], &after["updated_at"]),
            (&json!(NOW), &json!("2026-03-14T10:31:00.123Z"))
        );
    }

    async fn the_request_is_checked_before_the_customer(app: TestApp) {
        assert_not_found(&convert(&app, UNKNOWN, &nif(1)).await);
        assert_eq!(
            convert(&app, UNKNOWN, "12345678A").await.refusals(),
            ["nif: has a wrong check character"]
        );
        let customer = register(&app, &person("NIE", &nie(1))).await;
        assert_done(&app.delete(&customer).await);
        assert_eq!(
            convert(&app, &customer, "12345678A").await.refusals(),
            ["nif: has a wrong check character"]
        );
        assert_conflict(&convert(&app, &customer, &nif(1)).await, "The customer has ended");
    }

    async fn of_simultaneous_conversions_to_one_nif_exactly_one_wins(app: TestApp) {
        let mut requests = Vec::new();
        for number in 1..=6 {
            let customer = register(&app, &person("NIE", &nie(number))).await;
            let request = app.request(Method::PATCH, &format!("{customer}/convert-nie-to-nif"));
            requests.push(request.json(&json!({ "nif": nif(9) })));
        }
        let mut statuses: Vec<u16> = all_at_once(requests).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409, 409, 409, 409, 409]);
    }
}
