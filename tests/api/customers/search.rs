use reqwest::Method;
use serde_json::json;

use super::{assert_conflict, assert_done, assert_not_found, nie, nif, person, register, sme};
use crate::test_app::{
    Answer, TestApp, company, digital_customer, on_every_engine, private_customer, send, token,
};

async fn search(app: &TestApp, query: &str) -> Answer {
    app.get(&format!("/customers/search?{query}")).await
}

on_every_engine! {
    async fn a_customer_is_found_by_its_document(app: TestApp) {
        for (body, kind, number) in [
            (private_customer("14861628V"), "NIF", "14861628V"),
            (person("PASSPORT", "AAA123456"), "PASSPORT", "AAA123456"),
            (sme(), "CIF", "A58818501"),
            (company("SELF_EMPLOYEE", "NIE", &nie(7)), "NIE", &nie(7)),
        ] {
            let created = app.post("/customers", &body).await;
            for query in [
                format!("identity_document={number}"),
                format!("identity_document={number}&identity_document_type={kind}"),
                format!("identity_document_type={kind}&identity_document=%20{}", number.to_lowercase()),
            ] {
                let found = search(&app, &query).await;
                assert_eq!(
                    (found.status, found.json()),
                    (200, json!({ "customer": created.json() })),
                    "{query}"
                );
            }
        }
    }

    async fn the_spelling_of_the_document_does_not_matter(app: TestApp) {
        app.private_customer("14861628V").await;
        for spelling in ["14861628v", "14.861.628-V", "14+861+628+v", "%2014861628V%20"] {
            assert_eq!(
                search(&app, &format!("identity_document={spelling}")).await.status,
                200,
                "{spelling}"
            );
        }
    }

    async fn nothing_is_verified(app: TestApp) {
        for number in ["12345678A", "X", "---", "4111111111111111", "%C3%91"] {
            for kind in ["", "&identity_document_type=NIF", "&identity_document_type=CIF"] {
                assert_not_found(&search(&app, &format!("identity_document={number}{kind}")).await);
            }
        }
    }

    async fn the_type_must_fit_if_it_is_given(app: TestApp) {
        app.private_customer("14861628V").await;
        for kind in ["NIE", "PASSPORT", "CIF"] {
            assert_not_found(
                &search(&app, &format!("identity_document=14861628V&identity_document_type={kind}")).await,
            );
        }
    }

    async fn a_number_that_is_in_two_documents_needs_a_type(app: TestApp) {
        let first = app.post("/customers", &private_customer("14861628V")).await;
        let second = app.post("/customers", &person("PASSPORT", "14861628V")).await;
        assert_conflict(&search(&app, "identity_document=14861628V").await, "More than one live match");
        for (kind, created) in [("NIF", &first), ("PASSPORT", &second)] {
            let found =
                search(&app, &format!("identity_document=14861628V&identity_document_type={kind}")).await;
            assert_eq!(found.json(), json!({ "customer": created.json() }));
        }

        assert_done(&app.delete(&format!("/customers/{}", first.id())).await);
        let found = search(&app, "identity_document=14861628V").await;
        assert_eq!(found.json(), json!({ "customer": second.json() }));
    }

    async fn criteria_that_cannot_be_understood_are_refused(app: TestApp) {
        let missing = "identity_document: identity_document or email is required";
        let unfit = "identity_document_type: must be one of NIF, NIE, PASSPORT, CIF";
        let blank = "identity_document: must not be blank";
        for (query, messages) in [
            ("", &[missing][..]),
            ("identity_document_type=NIF", &["identity_document_type: requires identity_document"]),
            (
                "identity_document_type=NIF&email=a@b.es",
                &["identity_document_type: requires identity_document"],
            ),
            ("identity_document=", &[blank]),
            ("identity_document=+", &[blank]),
            (
                "identity_document=%00&identity_document_type=NIF",
                &["identity_document: must not contain control characters"],
            ),
            ("identity_document=14861628V&identity_document_type=nif", &[unfit]),
            ("identity_document=14861628V&identity_document_type=", &[unfit]),
            ("email=", &["email: not an e-mail address"]),
            ("email=ada", &["email: not an e-mail address"]),
            (
                "identity_document=&identity_document_type=DNI&email=ada",
                &[blank, unfit, "email: not an e-mail address"],
            ),
            ("identity_document=14861628V&name=Ada", &["name: is not a known property"]),
            (
                "identity_document=14861628V&identity_document=14861628V",
                &["identity_document: is given more than once"],
            ),
            ("identity_document=14861628V&Email=a@b.es", &["Email: is not a known property"]),
        ] {
            assert_eq!(search(&app, query).await.refusals(), messages, "{query}");
        }
    }

    async fn an_email_is_the_user_name_of_a_credential_not_a_contact(app: TestApp) {
        app.private_customer("14861628V").await;
        register(&app, &digital_customer("ada@example.com")).await;
        for query in [
            "email=email@example.com",
            "email=ada@example.com",
            "email=ada@example.com&identity_document=14861628V",
            "email=email@example.com&identity_document=14861628V&identity_document_type=NIF",
        ] {
            assert_not_found(&search(&app, query).await);
        }
    }

    async fn ended_customers_are_left_out(app: TestApp) {
        let customer = register(&app, &private_customer(&nif(1))).await;
        let query = format!("identity_document={}", nif(1));
        assert_eq!(search(&app, &query).await.status, 200);
        assert_done(&app.delete(&customer).await);
        assert_not_found(&search(&app, &query).await);
    }

    async fn customers_of_other_organisations_are_left_out(app: TestApp) {
        app.private_customer("14861628V").await;
        let elsewhere = token(&["acme"], &["API_KEY"]);
        let path = "/v4/orgs/acme/customers/search?identity_document=14861628V";
        assert_not_found(&send(app.request_as(&elsewhere, Method::GET, path)).await);
    }
}
