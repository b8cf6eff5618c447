use serde_json::{Value, json};
use time::Duration;

use super::{NOW, UNKNOWN, assert_done, assert_not_found, nie, nif, read, register, sme, with, without};
use crate::test_app::{
    Answer, TestApp, company, digital_customer, on_every_engine, private_customer, representative,
};

const FIRST: &str = "associated_users[0]";

fn users(users: Value) -> Value {
    json!({ "associated_users": users })
}

async fn put(app: &TestApp, customer: &str, body: &Value) -> Answer {
    app.put(&format!("{customer}/associated_users"), body).await
}

on_every_engine! {
    async fn the_representative_is_replaced(app: TestApp) {
        let passport = json!({ "number": "AAA123456", "type": "PASSPORT" });
        for (number, body) in [sme(), company("SELF_EMPLOYEE", "NIF", &nif(1))].into_iter().enumerate() {
            let customer = register(&app, &body).await;
            let before = read(&app, &customer).await;
            for document in [
                json!({ "number": nif(20 + number), "type": "NIF" }),
                json!({ "number": nie(2), "type": "NIE" }),
                passport.clone(),
            ] {
                let user = with(&representative(""), "identity_document", document);
                assert_done(&put(&app, &customer, &users(json!([user]))).await);
                assert_eq!(
                    read(&app, &customer).await,
                    with(&before, "company_info.associated_users[0]", user)
                );
            }
        }
    }

    async fn the_former_representative_is_kept(app: TestApp) {
        let former = "SELECT representative->>'document_number' FROM former_representatives ORDER BY version";
        let customer = register(&app, &sme()).await;
        assert_eq!(app.database.texts(former).await, [""; 0]);
        for number in [1, 1, 2] {
            let user = representative(&nif(number));
            assert_done(&put(&app, &customer, &users(json!([user]))).await);
        }
        assert_eq!(app.database.texts(former).await, ["12345678Z", &nif(1)]);
    }

    async fn a_company_without_representative_is_given_one(app: TestApp) {
        let customer = register(&app, &without(&sme(), "company_info.associated_users")).await;
        assert_done(&put(&app, &customer, &users(json!([representative(&nif(1))]))).await);
        assert_eq!(
            read(&app, &customer).await["company_info"]["associated_users"],
            json!([representative(&nif(1))])
        );
    }

    async fn the_role_has_a_default_and_the_second_surname_is_optional(app: TestApp) {
        let customer = register(&app, &sme()).await;
        let bare = without(&without(&representative(&nif(1)), "role"), "second_surname");
        let null = with(&with(&bare, "role", json!(null)), "second_surname", json!(null));
        for sent in [bare, null] {
            assert_done(&put(&app, &customer, &users(json!([representative(&nif(2))]))).await);
            assert_done(&put(&app, &customer, &users(json!([sent]))).await);
            let expected = without(&representative(&nif(1)), "second_surname");
            assert_eq!(read(&app, &customer).await["company_info"]["associated_users"], json!([expected]));
        }
    }

    async fn a_replacement_moves_updated_at_only(app: TestApp) {
        let customer = register(&app, &sme()).await;
        app.clock.advance(Duration::DAY);
        assert_done(&put(&app, &customer, &users(json!([representative(&nif(1))]))).await);
        let after = read(&app, &customer).await;
        assert_eq!(
            (&after["created_at"], &after["updated_at"]),
            (&json!(NOW), &json!("2026-03-15T10:30:00.123Z"))
        );
    }

    async fn exactly_one_is_given(app: TestApp) {
        let customer = register(&app, &sme()).await;
        let user = representative(&nif(1));
        let count = "associated_users: must have exactly one element";
        for (body, message) in [
            (users(json!([])), count),
            (users(json!([user, user])), count),
            (users(json!([user, representative(&nif(2)), user])), count),
            (users(json!(null)), "associated_users: must not be null"),
            (users(user.clone()), "associated_users: must be an array"),
            (users(json!([7])), "associated_users[0]: must be an object"),
            (json!({}), "associated_users: is required"),
            (with(&users(json!([user])), "extra", json!(1)), "extra: is not a known property"),
        ] {
            assert_eq!(put(&app, &customer, &body).await.refusals(), [message], "{body}");
        }
        assert_eq!(read(&app, &customer).await["company_info"], sme()["company_info"]);
    }

    async fn each_property_is_checked(app: TestApp) {
        let customer = register(&app, &sme()).await;
        let right = users(json!([representative(&nif(1))]));
        for name in ["identity_document", "name", "first_surname", "nationality"] {
            let path = format!("{FIRST}.{name}");
            assert_eq!(
                put(&app, &customer, &without(&right, &path)).await.refusals(),
                [format!("{path}: is required")]
            );
            assert_eq!(
                put(&app, &customer, &with(&right, &path, json!(null))).await.refusals(),
                [format!("{path}: must not be null")]
            );
        }
        for (name, value, message) in [
            ("identity_document.type", json!("CIF"), "must be one of NIF, NIE, PASSPORT"),
            ("identity_document.number", json!("12345678A"), "has a wrong check character"),
            ("role", json!("ADMINISTRATOR"), "must be one of AUTHORIZED_REPRESENTATIVE"),
            ("name", json!(" "), "must not be blank"),
            ("first_surname", json!("x".repeat(101)), "must have 1 to 100 characters"),
            ("second_surname", json!("a\u{0}b"), "must not contain control characters"),
            ("nationality", json!("XX"), "must be an assigned ISO 3166-1 alpha-2 code in upper case"),
            ("birthdate", json!("1990-01-01"), "is not a known property"),
            ("contact_info", json!({}), "is not a known property"),
        ] {
            let path = format!("{FIRST}.{name}");
            let answer = put(&app, &customer, &with(&right, &path, value)).await;
            assert_eq!(answer.refusals(), [format!("{path}: {message}")]);
        }
    }

    async fn only_companies_have_one(app: TestApp) {
        let right = users(json!([representative(&nif(1))]));
        let message = "associated_users: only a CORPORATE_CUSTOMER has associated users";
        for body in [private_customer(&nif(1)), digital_customer("ada@example.com")] {
            let customer = register(&app, &body).await;
            assert_eq!(put(&app, &customer, &right).await.refusals(), [message]);
            assert_done(&app.delete(&customer).await);
            assert_eq!(put(&app, &customer, &right).await.refusals(), [message], "ended");
        }
    }

    async fn an_unknown_company_has_none(app: TestApp) {
        assert_not_found(&put(&app, UNKNOWN, &users(json!([representative(&nif(1))]))).await);
        assert_eq!(
            put(&app, UNKNOWN, &users(json!([]))).await.refusals(),
            ["associated_users: must have exactly one element"]
        );
    }
}
