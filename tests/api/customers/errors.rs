use serde_json::{Value, json};

use super::{
    UNKNOWN, assert_done, assert_duplicate, nif, only, person, pointer, register, sme, with, without,
};
use crate::test_app::{Answer, company, digital_customer, on_every_engine, private_customer, representative};

const CARD: &str = "4111 1111-1111 1111";

const CONTACT: &[&str] = &[
    "contact_info",
    "contact_info.phone_numbers",
    "contact_info.phone_numbers[0].country_code",
    "contact_info.phone_numbers[0].number",
    "contact_info.phone_numbers[0].type",
    "contact_info.emails",
    "contact_info.emails[0].email",
    "contact_info.postal_address",
    "contact_info.postal_address.address_lines",
    "contact_info.postal_address.postal_code",
    "contact_info.postal_address.locality",
    "contact_info.postal_address.administrative_area",
    "contact_info.postal_address.region_code",
];
const PERSON: &[&str] = &[
    "type",
    "preferred_language",
    "segment",
    "personal_info",
    "personal_info.identity_document",
    "personal_info.identity_document.number",
    "personal_info.identity_document.type",
    "personal_info.name",
    "personal_info.first_surname",
    "personal_info.nationality",
    "personal_info.birthdate",
];
const COMPANY: &[&str] = &[
    "type",
    "preferred_language",
    "segment",
    "company_info",
    "company_info.identity_document",
    "company_info.identity_document.number",
    "company_info.identity_document.type",
    "company_info.legal_name",
    "company_info.associated_users[0].identity_document",
    "company_info.associated_users[0].identity_document.number",
    "company_info.associated_users[0].identity_document.type",
    "company_info.associated_users[0].name",
    "company_info.associated_users[0].first_surname",
    "company_info.associated_users[0].nationality",
];
const DIGITAL: &[&str] = &[
    "type",
    "preferred_language",
    "digital_personal_info",
    "digital_personal_info.name",
    "digital_personal_info.email",
    "digital_personal_info.mobile_phone_number.country_code",
    "digital_personal_info.mobile_phone_number.number",
];

fn bodies() -> [(Value, Vec<&'static str>); 3] {
    [
        (private_customer(&nif(1)), [PERSON, CONTACT].concat()),
        (sme(), [COMPANY, CONTACT].concat()),
        (digital_customer("ada@example.com"), DIGITAL.to_vec()),
    ]
}

/// The paths of all texts of a body.
fn texts(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path.to_owned()),
        Value::Array(elements) => {
            (0..)
                .zip(elements)
                .for_each(|(index, element): (usize, _)| texts(element, &format!("{path}[{index}]"), found));
        }
        Value::Object(members) => {
            let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            members.iter().for_each(|(name, value)| texts(value, &at(name), found));
        }
        _ => {}
    }
}

fn assert_silent(answer: &Answer, secrets: &[&str]) {
    let body = String::from_utf8_lossy(&answer.bytes).to_lowercase();
    assert!(answer.status >= 400, "{body}");
    for secret in secrets {
        assert!(!body.contains(&secret.to_lowercase()), "{secret} in {body}");
    }
}

on_every_engine! {
    async fn what_is_required_must_be_there(app: TestApp) {
        for (body, required) in bodies() {
            for path in required {
                let absent = app.post("/customers", &without(&body, path)).await;
                assert_eq!(absent.refusals(), [format!("{path}: is required")]);
                let null = app.post("/customers", &with(&body, path, json!(null))).await;
                assert_eq!(null.refusals(), [format!("{path}: must not be null")]);
            }
        }
    }

    async fn unknown_properties_are_refused_at_every_level(app: TestApp) {
        for (body, required) in bodies() {
            let objects =
                required.iter().filter(|path| body.pointer(&pointer(path)).is_some_and(Value::is_object));
            let paths = objects.map(|path| format!("{path}.extra")).chain([
                "extra".to_owned(),
                "external_id".to_owned(),
                "id".to_owned(),
            ]);
            for path in paths {
                for value in [json!("x"), json!(null)] {
                    let answer = app.post("/customers", &with(&body, &path, value)).await;
                    assert_eq!(answer.refusals(), [format!("{path}: is not a known property")]);
                }
            }
        }
    }

    async fn the_blocks_of_other_types_are_unknown(app: TestApp) {
        let (private, company, digital) =
            (private_customer(&nif(1)), sme(), digital_customer("ada@example.com"));
        for (body, block, from) in [
            (&private, "company_info", &company),
            (&private, "digital_personal_info", &digital),
            (&company, "personal_info", &private),
            (&digital, "personal_info", &private),
            (&digital, "contact_info", &private),
            (&digital, "segment", &private),
        ] {
            let answer = app.post("/customers", &with(body, block, from[block].clone())).await;
            assert_eq!(answer.refusals(), [format!("{block}: is not a known property")]);
        }
    }

    async fn every_violated_rule_is_told_in_the_order_of_the_fields(app: TestApp) {
        let mut body = private_customer("14861628A");
        for (path, value) in [
            ("preferred_language", json!("fr")),
            ("segment", json!("SME")),
            ("contact_info.phone_numbers[0].country_code", json!("34")),
            ("contact_info.phone_numbers[0].number", json!("1")),
            ("contact_info.emails[0].email", json!("ada")),
            ("contact_info.emails[0].is_default", json!(1)),
            ("contact_info.postal_address.address_lines[0]", json!("undefined")),
            ("contact_info.postal_address.postal_code", json!("00000")),
            ("personal_info.name", json!(" ")),
            ("personal_info.gender", json!("M")),
            ("personal_info.nationality", json!("es")),
            ("personal_info.birthdate", json!("2026-03-15")),
            ("personal_info.age", json!(36)),
            ("nickname", json!("Ada")),
        ] {
            body = with(&body, path, value);
        }
        let answer = app.post("/customers", &without(&body, "personal_info.first_surname")).await;
        assert_eq!(
            answer.refusals(),
            [
                "preferred_language: must be one of es, ca, gl, eu, en, pt",
                "segment: must be CONSUMER for a PRIVATE_CUSTOMER",
                "contact_info.phone_numbers[0].country_code: must be + and one to three digits, the first not 0",
                "contact_info.phone_numbers[0].number: must be 4 to 14 digits",
                "contact_info.emails[0].email: not an e-mail address",
                "contact_info.emails[0].is_default: must be true or false",
                "contact_info.postal_address.address_lines[0]: must not contain \"undefined\"",
                "contact_info.postal_address.postal_code: must be five digits from 00001 to 52999",
                "personal_info.identity_document.number: has a wrong check character",
                "personal_info.name: must not be blank",
                "personal_info.first_surname: is required",
                "personal_info.gender: must be one of MALE, FEMALE, OTHER",
                "personal_info.nationality: must be an assigned ISO 3166-1 alpha-2 code in upper case",
                "personal_info.birthdate: must not be in the future",
                "personal_info.age: is not a known property",
                "nickname: is not a known property",
            ]
        );
        let item = &answer.json()["errors"][0]["error"];
        assert_eq!(
            item,
            &json!({
                "code": "MCUS.999.998",
                "title": "Bad request",
                "ref": "https://customers.example/docs/errors#MCUS.999.998",
                "message": "preferred_language: must be one of es, ca, gl, eu, en, pt"
            })
        );
    }

    async fn errors_of_changes_are_told_in_the_order_of_the_fields(app: TestApp) {
        let customer = register(&app, &sme()).await;
        let answer = app
            .patch(
                &customer,
                &json!({
                    "company_info": { "founding_date": "2026-03-15", "legal_name": "" },
                    "contact_info": { "emails": [{ "email": "ada" }], "phone_numbers": [] },
                    "preferred_language": "fr"
                }),
            )
            .await;
        assert_eq!(
            answer.refusals(),
            [
                "preferred_language: must be one of es, ca, gl, eu, en, pt",
                "contact_info.phone_numbers: must have 1 to 10 elements",
                "contact_info.emails[0].email: not an e-mail address",
                "company_info.legal_name: must not be blank",
                "company_info.founding_date: must not be in the future",
            ]
        );
    }

    async fn messages_never_repeat_documents_and_emails(app: TestApp) {
        let customer = register(&app, &private_customer("14861628V")).await;
        register(&app, &digital_customer("ada@example.com")).await;
        let wrong = person("NIE", "14861628V");
        let named = with(&private_customer(&nif(1)), "14861628V", json!(1));
        let email =
            with(&private_customer(&nif(1)), "contact_info.emails[0].email", json!("ada@@example.com"));
        let mut emailed = private_customer(&nif(1));
        emailed["ada@example.com"] = json!(1);
        let users = json!({ "associated_users": [representative("12345678A")] });
        for answer in [
            app.post("/customers", &private_customer("14861628V")).await,
            app.post("/customers", &private_customer("14861628A")).await,
            app.post("/customers", &wrong).await,
            app.post("/customers", &named).await,
            app.post("/customers", &email).await,
            app.post("/customers", &emailed).await,
            app.post("/customers", &digital_customer("ada@example.com")).await,
            app.post("/customers", &digital_customer(&"ada@example.com".repeat(9))).await,
            app.post("/customers", &company("SME", "CIF", "14861628V")).await,
            app.put(&format!("{customer}/associated_users"), &users).await,
            app.patch(&format!("{customer}/convert-nie-to-nif"), &json!({ "nif": "14861628A" })).await,
            app.patch(&customer, &only("personal_info.14861628V", json!(1))).await,
            app.get("/customers/search?identity_document=14861628A").await,
            app.get("/customers/search?email=ada@@example.com").await,
            app.get("/customers/search?email=ada@example.com").await,
            app.get("/customers/search?14861628V=1&identity_document=14861628V").await,
            app.get("/customers/14861628V").await,
        ] {
            assert_silent(&answer, &["14861628", "12345678", "ada@"]);
        }
    }

    async fn a_card_number_is_refused_in_every_text(app: TestApp) {
        let message = "must not contain a card number";
        for (body, _) in bodies() {
            let mut paths = Vec::new();
            texts(&body, "", &mut paths);
            for path in paths.iter().filter(|path| !path.ends_with(".number")) {
                for text in [CARD.to_owned(), "4111111111111111".to_owned(), format!("Card {CARD}, thanks")] {
                    let answer = app.post("/customers", &with(&body, path, json!(text))).await;
                    assert_silent(&answer, &["4111"]);
                    if !path.ends_with("type") {
                        assert!(
                            answer.refusals().contains(&format!("{path}: {message}")),
                            "{path} {answer:?}"
                        );
                    }
                }
            }
        }
        let customer = register(&app, &sme()).await;
        for path in ["company_info.legal_name", "preferred_language"] {
            let answer = app.patch(&customer, &only(path, json!(CARD))).await;
            assert_eq!(answer.refusals(), [format!("{path}: {message}")]);
        }
        let ignored =
            json!({ "company_info": { "legal_name": "IBM", "associated_users": [{ "name": CARD }] } });
        assert_eq!(
            app.patch(&customer, &ignored).await.refusals(),
            [format!("company_info.associated_users: {message}")]
        );
        let found = app.get("/customers/search?email=4111111111111111@example.com").await;
        assert_eq!(found.refusals(), [format!("email: {message}")]);
    }

    async fn numbers_of_documents_and_phones_are_no_card_numbers(app: TestApp) {
        register(&app, &person("PASSPORT", "4111111111111111")).await;
        assert_eq!(app.get("/customers/search?identity_document=4111111111111111").await.status, 200);

        let phone =
            with(&private_customer(&nif(1)), "contact_info.phone_numbers[0].number", json!("4222222222222"));
        let answer = app.post("/customers", &phone).await;
        assert_eq!(
            answer.refusals(),
            ["contact_info.phone_numbers[0].number: is not a valid number of that country"]
        );

        for (number, text) in
            ["4111111111111112", "411111111111", "4111  1111 1111 1111", "41111111111111110000"]
                .into_iter()
                .enumerate()
        {
            register(&app, &with(&private_customer(&nif(number)), "personal_info.name", json!(text))).await;
        }
    }

    async fn a_request_is_checked_before_what_exists(app: TestApp) {
        let customer = register(&app, &private_customer("14861628V")).await;
        let both = with(&private_customer("14861628V"), "preferred_language", json!("fr"));
        assert_eq!(app.post("/customers", &both).await.status, 400);
        assert_duplicate(&app.post("/customers", &private_customer("14861628V")).await);

        assert_done(&app.delete(&customer).await);
        for path in [&*customer, UNKNOWN] {
            assert_eq!(app.patch(path, &json!({ "preferred_language": "fr" })).await.status, 400);
            assert_eq!(app.patch(&format!("{path}/convert-nie-to-nif"), &json!({})).await.status, 400);
            assert_eq!(app.put(&format!("{path}/associated_users"), &json!({})).await.status, 400);
        }
    }
}
