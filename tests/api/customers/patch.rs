use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;

use super::{
    NOW, UNKNOWN, all_at_once, assert_done, assert_duplicate, assert_not_found, nif, only, read, register,
    sme, with, without,
};
use crate::test_app::{
    TestApp, address, company, digital_customer, on_every_engine, private_customer, representative,
};

const EMPTY: &str = "At least one field must be present";

/// Changes one property after the other, and nothing else changes.
async fn assert_each_replaced(app: &TestApp, body: &Value, cases: &[(&str, Value)]) {
    let customer = register(app, body).await;
    let mut expected = read(app, &customer).await;
    for (path, value) in cases {
        assert_done(&app.patch(&customer, &only(path, value.clone())).await);
        expected = with(&expected, path, value.clone());
        assert_eq!(read(app, &customer).await, expected, "{path}");
    }
}

fn elsewhere() -> Value {
    json!({
        "address_lines": ["Rúa do Vilar 1"],
        "postal_code": "15705",
        "locality": "Santiago",
        "administrative_area": "A Coruña",
        "region_code": "PT"
    })
}

on_every_engine! {
    async fn each_property_of_a_private_customer_is_replaced_by_itself(app: TestApp) {
        let phone =
            json!({ "country_code": "+351", "number": "912345678", "type": "LANDLINE", "is_default": true });
        let emails = json!([
            { "email": "eva@example.com", "is_default": false },
            { "email": "ana@example.com", "is_default": true }
        ]);
        assert_each_replaced(
            &app,
            &private_customer(&nif(1)),
            &[
                ("preferred_language", json!("gl")),
                ("contact_info.phone_numbers", json!([phone])),
                ("contact_info.emails", emails),
                ("contact_info.emails", json!([{ "email": "ada@example.com", "is_default": true }])),
                ("contact_info.postal_address", elsewhere()),
                ("personal_info.name", json!("Eva")),
                ("personal_info.first_surname", json!("Ruiz")),
                ("personal_info.second_surname", json!("Soto")),
                ("personal_info.gender", json!("OTHER")),
                ("personal_info.birthdate", json!("1900-01-01")),
                ("personal_info.nationality", json!("PT")),
            ],
        )
        .await;
    }

    async fn each_property_of_a_company_is_replaced_by_itself(app: TestApp) {
        assert_each_replaced(
            &app,
            &sme(),
            &[
                ("preferred_language", json!("pt")),
                ("contact_info.emails", json!([{ "email": "ada@example.com", "is_default": true }])),
                ("company_info.legal_name", json!("IBM")),
                ("company_info.founding_date", json!("1850-12-31")),
            ],
        )
        .await;
    }

    async fn each_property_of_a_digital_customer_is_replaced_by_itself(app: TestApp) {
        assert_each_replaced(
            &app,
            &digital_customer("ada@example.com"),
            &[
                ("preferred_language", json!("eu")),
                ("digital_personal_info.name", json!("Eva")),
                ("digital_personal_info.first_surname", json!("Ruiz")),
                ("digital_personal_info.second_surname", json!("Soto")),
                ("digital_personal_info.email", json!("Eva@Example.com")),
                (
                    "digital_personal_info.mobile_phone_number",
                    json!({ "country_code": "+351", "number": "912345678" }),
                ),
            ],
        )
        .await;
    }

    async fn the_published_change_is_made(app: TestApp) {
        let customer = register(&app, &private_customer(&nif(1))).await;
        let before = read(&app, &customer).await;
        assert_done(
            &app.patch(
                &customer,
                &json!({
                    "preferred_language": "es",
                    "contact_info": {
                        "phone_numbers": [{ "country_code": "+34", "number": "615667898", "type": "MOBILE" }],
                        "emails": [{ "email": "email@example.com" }]
                    },
                    "personal_info": {
                        "name": "Antonio",
                        "first_surname": "Benavente",
                        "second_surname": "Blanco",
                        "birthdate": "2022-01-01",
                        "nationality": "ES"
                    }
                }),
            )
            .await,
        );
        assert_eq!(read(&app, &customer).await, before);
    }

    async fn null_clears_what_is_optional(app: TestApp) {
        for (body, paths) in [
            (private_customer(&nif(1)), &["personal_info.second_surname", "personal_info.gender"][..]),
            (sme(), &["company_info.founding_date"]),
            (
                digital_customer("ada@example.com"),
                &["digital_personal_info.first_surname", "digital_personal_info.mobile_phone_number"],
            ),
        ] {
            let customer = register(&app, &body).await;
            let mut expected = read(&app, &customer).await;
            for path in paths {
                expected = without(&expected, path);
                for _ in 0..2 {
                    assert_done(&app.patch(&customer, &only(path, json!(null))).await);
                    assert_eq!(read(&app, &customer).await, expected, "{path}");
                }
            }
        }
    }

    async fn null_is_refused_for_what_is_required(app: TestApp) {
        for (body, paths) in [
            (
                private_customer(&nif(1)),
                &[
                    "preferred_language",
                    "contact_info",
                    "contact_info.phone_numbers",
                    "contact_info.emails",
                    "contact_info.postal_address",
                    "personal_info",
                    "personal_info.name",
                    "personal_info.first_surname",
                    "personal_info.birthdate",
                    "personal_info.nationality",
                ][..],
            ),
            (sme(), &["company_info", "company_info.legal_name"]),
            (
                digital_customer("ada@example.com"),
                &["digital_personal_info", "digital_personal_info.name", "digital_personal_info.email"],
            ),
        ] {
            let customer = register(&app, &body).await;
            for path in paths {
                let answer = app.patch(&customer, &only(path, json!(null))).await;
                assert_eq!(answer.refusals(), [format!("{path}: must not be null")]);
            }
        }
    }

    async fn nothing_to_change_is_refused(app: TestApp) {
        let customers = [
            register(&app, &private_customer(&nif(1))).await,
            register(&app, &sme()).await,
            UNKNOWN.to_owned(),
        ];
        for customer in &customers {
            for body in [
                json!({}),
                json!({ "contact_info": {} }),
                json!({ "personal_info": {} }),
                json!({ "company_info": {} }),
                json!({ "digital_personal_info": {} }),
                json!({ "contact_info": {}, "personal_info": {}, "company_info": {}, "digital_personal_info": {} }),
            ] {
                assert_eq!(app.patch(customer, &body).await.refusals(), [EMPTY], "{body}");
            }
        }
    }

    async fn an_empty_block_beside_a_change_changes_nothing(app: TestApp) {
        let customer = register(&app, &sme()).await;
        let expected = with(&read(&app, &customer).await, "preferred_language", json!("en"));
        let body = json!({ "preferred_language": "en", "contact_info": {}, "company_info": {} });
        assert_done(&app.patch(&customer, &body).await);
        assert_eq!(read(&app, &customer).await, expected);
    }

    async fn representatives_beside_another_field_are_ignored_and_alone_refused(app: TestApp) {
        let customer = register(&app, &sme()).await;
        let before = read(&app, &customer).await;
        let ignored =
            [json!([representative(&nif(5))]), json!([]), json!(null), json!("x"), json!([{ "extra": 1 }])];
        for users in &ignored {
            for fields in [json!({ "legal_name": "Ejemplo, S.A." }), json!({ "founding_date": "1990-01-01" })]
            {
                let body = json!({ "company_info": with(&fields, "associated_users", users.clone()) });
                assert_done(&app.patch(&customer, &body).await);
                assert_eq!(read(&app, &customer).await, before, "{body}");
            }
        }
        for users in &ignored {
            let alone = only("company_info.associated_users", users.clone());
            for body in [alone.clone(), with(&alone, "preferred_language", json!("es"))] {
                let answer = app.patch(&customer, &body).await;
                assert_eq!(answer.refusals(), [format!("company_info.associated_users: {EMPTY}")], "{body}");
            }
        }
        assert_eq!(read(&app, &customer).await, before);
    }

    async fn an_address_is_replaced_whole(app: TestApp) {
        let customer = register(&app, &private_customer(&nif(1))).await;
        for name in ["address_lines", "postal_code", "locality", "administrative_area", "region_code"] {
            let partial = only("contact_info.postal_address", without(&address(), name));
            let answer = app.patch(&customer, &partial).await;
            assert_eq!(answer.refusals(), [format!("contact_info.postal_address.{name}: is required")]);
        }
        let phone = json!({ "number": "615667898" });
        let customer = register(&app, &digital_customer("ada@example.com")).await;
        let answer = app.patch(&customer, &only("digital_personal_info.mobile_phone_number", phone)).await;
        assert_eq!(
            answer.refusals(),
            ["digital_personal_info.mobile_phone_number.country_code: is required"]
        );
    }

    async fn a_block_must_fit_the_type(app: TestApp) {
        let contact = ("contact_info", json!({ "postal_address": address() }));
        let person = ("personal_info", json!({ "name": "Eva" }));
        let company = ("company_info", json!({ "legal_name": "IBM" }));
        let digital = ("digital_personal_info", json!({ "name": "Eva" }));
        for (body, kind, unfit) in [
            (private_customer(&nif(1)), "PRIVATE_CUSTOMER", vec![&company, &digital]),
            (sme(), "CORPORATE_CUSTOMER", vec![&person, &digital]),
            (digital_customer("ada@example.com"), "DIGITAL_CUSTOMER", vec![&contact, &person, &company]),
        ] {
            let customer = register(&app, &body).await;
            let before = read(&app, &customer).await;
            for (block, value) in unfit {
                let alone = only(block, value.clone());
                for body in [alone.clone(), with(&alone, "preferred_language", json!("pt"))] {
                    let answer = app.patch(&customer, &body).await;
                    assert_eq!(answer.refusals(), [format!("{block}: does not fit a {kind}")], "{body}");
                }
            }
            assert_eq!(read(&app, &customer).await, before);
        }
    }

    async fn what_cannot_change_is_an_unknown_property(app: TestApp) {
        let private = register(&app, &private_customer(&nif(1))).await;
        let corporate = register(&app, &sme()).await;
        let document = json!({ "number": nif(2), "type": "NIF" });
        let empty = json!({});
        let beside = json!({ "personal_info": empty, "company_info": empty, "contact_info": empty });
        for (customer, path, value) in [
            (&private, "personal_info.identity_document", document.clone()),
            (&corporate, "company_info.identity_document", document.clone()),
            (&private, "type", json!("DIGITAL_CUSTOMER")),
            (&private, "segment", json!("SME")),
            (&private, "external_id", json!("1")),
            (&private, "id", json!("1")),
            (&private, "ended_at", json!(null)),
            (&private, "associated_users", json!([])),
            (&private, "contact_info.phone_number", json!("615667898")),
        ] {
            let answer = app.patch(customer, &with(&beside, path, value)).await;
            assert_eq!(answer.refusals(), [format!("{path}: is not a known property")]);
        }
    }

    async fn replaced_lists_follow_the_rules_of_new_ones(app: TestApp) {
        let customer = register(&app, &private_customer(&nif(1))).await;
        let path = "contact_info.emails";
        for (list, message) in [
            (json!([]), "must have 1 to 10 elements"),
            (json!([{ "email": "a@b.es" }, { "email": "A@B.es" }]), "must not hold the same element twice"),
            (
                json!([{ "email": "a@b.es", "is_default": true }, { "email": "c@b.es", "is_default": true }]),
                "must have at most one default",
            ),
        ] {
            assert_eq!(
                app.patch(&customer, &only(path, list)).await.refusals(),
                [format!("{path}: {message}")]
            );
        }
        assert_done(
            &app.patch(&customer, &only(path, json!([{ "email": "a@b.es" }, { "email": "c@b.es" }]))).await,
        );
        let stored = read(&app, &customer).await["contact_info"]["emails"].clone();
        assert_eq!(
            stored,
            json!([{ "email": "a@b.es", "is_default": true }, { "email": "c@b.es", "is_default": false }])
        );
    }

    async fn the_email_of_another_live_digital_customer_is_refused(app: TestApp) {
        let customer = register(&app, &digital_customer("ada@example.com")).await;
        let other = register(&app, &digital_customer("eva@example.com")).await;
        let email = |email: &str| only("digital_personal_info.email", json!(email));
        let before = read(&app, &customer).await;
        assert_duplicate(&app.patch(&customer, &email("Eva@Example.com")).await);
        assert_eq!(read(&app, &customer).await, before);

        assert_done(&app.patch(&customer, &email("ADA@example.com")).await);
        assert_done(&app.delete(&other).await);
        assert_done(&app.patch(&customer, &email("Eva@Example.com")).await);
        register(&app, &digital_customer("ada@example.com")).await;
    }

    async fn a_change_moves_updated_at_and_not_created_at(app: TestApp) {
        let customer = register(&app, &sme()).await;
        app.clock.advance(Duration::milliseconds(59_877));
        assert_done(&app.patch(&customer, &json!({ "preferred_language": "en" })).await);
        let after = read(&app, &customer).await;
        assert_eq!(after["created_at"], NOW);
        assert_eq!(after["updated_at"], "2026-03-14T10:31:00Z");
        assert_eq!(after["ended_at"], json!(null));
    }

    async fn the_request_is_checked_before_the_customer(app: TestApp) {
        assert_not_found(&app.patch(UNKNOWN, &json!({ "preferred_language": "en" })).await);
        let wrong = json!({ "preferred_language": "fr" });
        let message = "preferred_language: must be one of es, ca, gl, eu, en, pt";
        assert_eq!(app.patch(UNKNOWN, &wrong).await.refusals(), [message]);
        assert_eq!(
            app.patch("/customers/1", &wrong).await.refusals(),
            ["customer_id: must be a UUID", message]
        );

        let ended = register(&app, &company("SME", "CIF", "A58818501")).await;
        assert_done(&app.delete(&ended).await);
        assert_eq!(app.patch(&ended, &wrong).await.refusals(), [message]);
        let answer = app.patch(&ended, &only("personal_info.name", json!("Eva"))).await;
        assert_eq!(answer.status, 400);
    }

    async fn simultaneous_changes_all_last(app: TestApp) {
        let customer = register(&app, &private_customer(&nif(1))).await;
        let changes = [
            ("preferred_language", json!("pt")),
            ("contact_info.emails", json!([{ "email": "ada@example.com", "is_default": true }])),
            ("personal_info.name", json!("Eva")),
            ("personal_info.first_surname", json!("Ruiz")),
            ("personal_info.gender", json!("OTHER")),
            ("personal_info.nationality", json!("PT")),
        ];
        let mut expected = read(&app, &customer).await;
        let mut requests = Vec::new();
        for (path, value) in changes {
            expected = with(&expected, path, value.clone());
            requests.push(app.request(Method::PATCH, &customer).json(&only(path, value)));
        }
        for answer in all_at_once(requests).await {
            assert_done(&answer);
        }
        assert_eq!(read(&app, &customer).await, expected);
    }
}
