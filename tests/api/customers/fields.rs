use serde_json::{Value, json};
use time::Duration;

use super::{assert_each_refused, nif, person, pointer, read, register, sme, with};
use crate::test_app::{company, digital_customer, on_every_engine, private_customer, representative};

const COUNTRY: &str = "must be an assigned ISO 3166-1 alpha-2 code in upper case";

/// The path of a free text, its fewest and its most characters.
type Bounds = (&'static str, usize, usize);

const PRIVATE_TEXTS: &[Bounds] = &[
    ("contact_info.postal_address.address_lines[0]", 1, 100),
    ("contact_info.postal_address.locality", 2, 255),
    ("contact_info.postal_address.administrative_area", 4, 50),
    ("personal_info.name", 1, 100),
    ("personal_info.first_surname", 1, 100),
    ("personal_info.second_surname", 1, 100),
];
const COMPANY_TEXTS: &[Bounds] = &[
    ("company_info.legal_name", 1, 255),
    ("company_info.associated_users[0].name", 1, 100),
    ("company_info.associated_users[0].first_surname", 1, 100),
    ("company_info.associated_users[0].second_surname", 1, 100),
];
const DIGITAL_TEXTS: &[Bounds] = &[
    ("digital_personal_info.name", 1, 100),
    ("digital_personal_info.first_surname", 1, 100),
    ("digital_personal_info.second_surname", 1, 100),
];

fn bodies_with_texts() -> [(Value, &'static [Bounds]); 3] {
    [
        (private_customer(&nif(1)), PRIVATE_TEXTS),
        (sme(), COMPANY_TEXTS),
        (digital_customer("ada@example.com"), DIGITAL_TEXTS),
    ]
}

/// An address of this many characters.
fn email(length: usize) -> String {
    let labels = ["b".repeat(63), "c".repeat(60)].join(".");
    let domain = if length > 200 { format!("{labels}.{labels}.es") } else { "example.com".to_owned() };
    let local = (length - domain.len() - 1).min(64);
    let email = format!("{}@{}{domain}", "a".repeat(local), "d".repeat(length - domain.len() - 1 - local));
    assert_eq!(email.len(), length);
    email
}

on_every_engine! {
    async fn texts_are_trimmed_and_composed_and_their_characters_are_counted(app: TestApp) {
        for (body, texts) in bodies_with_texts() {
            let (mut sent, mut stored) = (body.clone(), body);
            for (path, _, most) in texts {
                sent = with(&sent, path, json!(format!("\u{a0} {}\n", "n\u{303}".repeat(*most))));
                stored = with(&stored, path, json!("ñ".repeat(*most)));
            }
            let customer = read(&app, &register(&app, &sent).await).await;
            for (path, ..) in texts {
                let pointer = pointer(path);
                assert_eq!(customer.pointer(&pointer), stored.pointer(&pointer), "{path}");
            }
        }
    }

    async fn blank_and_long_texts_and_control_characters_are_refused(app: TestApp) {
        for (body, texts) in bodies_with_texts() {
            for &(path, least, most) in texts {
                let length = format!("must have {least} to {most} characters");
                assert_each_refused(
                    &app,
                    &body,
                    &[
                        (path, json!(""), "must not be blank"),
                        (path, json!(" \t\u{2003}"), "must not be blank"),
                        (path, json!("Calle\u{0}Mayor"), "must not contain control characters"),
                        (path, json!("Calle\nMayor"), "must not contain control characters"),
                        (path, json!("Calle\u{85}Mayor"), "must not contain control characters"),
                        (path, json!("ñ".repeat(most + 1)), &length),
                        (path, json!(7), "must be a string"),
                        (path, json!(["Calle"]), "must be a string"),
                    ],
                )
                .await;
                if least > 1 {
                    let short = format!(" {} ", "n\u{303}".repeat(least - 1));
                    assert_each_refused(&app, &body, &[(path, json!(short), &length)]).await;
                }
            }
        }
    }

    async fn documents_are_verified(app: TestApp) {
        let (form, check) = ("number: is not a NIF number", "number: has a wrong check character");
        let private = |kind: &str, number: &str| person(kind, number);
        let company = |segment: &str, kind: &str, number: &str| company(segment, kind, number);
        for (body, message) in [
            (private("NIF", "14861628A"), check),
            (private("NIF", "K0867756A"), check),
            (private("NIF", "1486162V"), form),
            (private("NIF", "14861628\tV"), form),
            (private("NIF", "14861628\u{0}V"), form),
            (private("NIF", ""), form),
            (private("NIF", "X1234567L"), form),
            (private("NIE", "X1234567A"), check),
            (private("NIE", "14861628V"), "number: is not a NIE number"),
            (private("PASSPORT", "AAA1"), "number: is not a PASSPORT number"),
            (private("PASSPORT", &"A".repeat(21)), "number: is not a PASSPORT number"),
            (private("PASSPORT", "AAA_123"), "number: is not a PASSPORT number"),
            (private("CIF", "A58818501"), "type: must be one of NIF, NIE, PASSPORT"),
            (private("DNI", "14861628V"), "type: must be one of NIF, NIE, PASSPORT, CIF"),
            (private("nif", "14861628V"), "type: must be one of NIF, NIE, PASSPORT, CIF"),
            (company("SME", "CIF", "A58818502"), check),
            (company("SME", "CIF", "A5881850A"), check),
            (company("SME", "CIF", "Q28260008"), check),
            (company("SME", "CIF", "I58818501"), "number: is not a CIF number"),
            (company("SME", "NIF", "14861628V"), "type: must be one of CIF"),
            (company("SELF_EMPLOYEE", "CIF", "A58818501"), "type: must be one of NIF, NIE"),
            (company("SELF_EMPLOYEE", "PASSPORT", "AAA123456"), "type: must be one of NIF, NIE"),
        ] {
            let block = if body["type"] == "PRIVATE_CUSTOMER" { "personal_info" } else { "company_info" };
            let answer = app.post("/customers", &body).await;
            assert_eq!(
                answer.refusals(),
                [format!("{block}.identity_document.{message}")],
                "{}",
                body[block]["identity_document"]
            );
        }
    }

    async fn documents_are_stored_normalised(app: TestApp) {
        for (sent, stored) in [
            (person("NIF", " 14.861.628-v "), "14861628V"),
            (person("NIE", "x-1234567-l"), "X1234567L"),
            (person("PASSPORT", "aaa 123.456"), "AAA123456"),
            (company("SME", "CIF", "q-28.260.00-h"), "Q2826000H"),
        ] {
            let customer = read(&app, &register(&app, &sent).await).await;
            let block = if sent["type"] == "PRIVATE_CUSTOMER" { "personal_info" } else { "company_info" };
            assert_eq!(customer[block]["identity_document"]["number"], stored);
        }
    }

    async fn births_lie_between_1900_and_today(app: TestApp) {
        let path = "personal_info.birthdate";
        let form = "must be a date of the form yyyy-MM-dd";
        let body = private_customer(&nif(1));
        assert_each_refused(
            &app,
            &body,
            &[
                (path, json!("1899-12-31"), "must not be before 1900-01-01"),
                (path, json!("2026-03-15"), "must not be in the future"),
                (path, json!("9999-12-31"), "must not be in the future"),
                (path, json!("2023-02-29"), form),
                (path, json!("14/03/1990"), form),
                (path, json!("1990-3-14"), form),
                (path, json!("1990-03-14T00:00:00Z"), form),
                (path, json!(""), form),
                (path, json!(19_900_314), "must be a string"),
            ],
        )
        .await;
        for (number, right) in [(1, "1900-01-01"), (2, "2024-02-29"), (3, "2026-03-14")] {
            let customer = register(&app, &with(&private_customer(&nif(number)), path, json!(right))).await;
            assert_eq!(read(&app, &customer).await["personal_info"]["birthdate"], right);
        }
        app.clock.advance(Duration::DAY);
        register(&app, &with(&private_customer(&nif(4)), path, json!("2026-03-15"))).await;
    }

    async fn companies_are_founded_by_today(app: TestApp) {
        let path = "company_info.founding_date";
        assert_each_refused(
            &app,
            &sme(),
            &[
                (path, json!("2026-03-15"), "must not be in the future"),
                (path, json!("1990"), "must be a date of the form yyyy-MM-dd"),
            ],
        )
        .await;
        for (number, right) in [(1, "1850-05-05"), (2, "2026-03-14")] {
            let customer =
                register(&app, &with(&company("SELF_EMPLOYEE", "NIF", &nif(number)), path, json!(right)))
                    .await;
            assert_eq!(read(&app, &customer).await["company_info"]["founding_date"], right);
        }
    }

    async fn countries_are_assigned_codes(app: TestApp) {
        for (body, path) in [
            (private_customer(&nif(1)), "contact_info.postal_address.region_code"),
            (private_customer(&nif(1)), "personal_info.nationality"),
            (sme(), "company_info.associated_users[0].nationality"),
        ] {
            for code in ["es", "XX", "ZZ", "UK", "ESP", ""] {
                assert_each_refused(&app, &body, &[(path, json!(code), COUNTRY)]).await;
            }
        }
    }

    async fn addresses_are_checked(app: TestApp) {
        let (lines, code) =
            ("contact_info.postal_address.address_lines", "contact_info.postal_address.postal_code");
        let (line, digits) =
            ("contact_info.postal_address.address_lines[0]", "must be five digits from 00001 to 52999");
        let undefined = "must not contain \"undefined\"";
        let body = private_customer(&nif(1));
        assert_each_refused(
            &app,
            &body,
            &[
                (lines, json!([]), "must have exactly one element"),
                (lines, json!(["Calle Mayor 2", "3º A"]), "must have at most 1 element"),
                (lines, json!("Calle Mayor 2"), "must be an array"),
                (line, json!(null), "must be a string"),
                (line, json!("undefined"), undefined),
                (line, json!("Calle UnDefined 2"), undefined),
                (line, json!("xundefinedx"), undefined),
                (code, json!("00000"), digits),
                (code, json!("53000"), digits),
                (code, json!("2803"), digits),
                (code, json!("280399"), digits),
                (code, json!("x28039"), digits),
                (code, json!("28039\n28039"), digits),
                (code, json!("２8039"), digits),
                (code, json!(28_039), "must be a string"),
                ("contact_info.postal_address.state_id", json!("28"), "is not a known property"),
            ],
        )
        .await;
        for (number, right) in ["00001", "49999", "52999"].into_iter().enumerate() {
            register(&app, &with(&private_customer(&nif(number)), code, json!(right))).await;
        }
    }

    async fn phone_numbers_must_exist(app: TestApp) {
        let (prefix, digits, real) = (
            "country_code: must be + and one to three digits, the first not 0",
            "number: must be 4 to 14 digits",
            "number: is not a valid number of that country",
        );
        let cases = [
            ("34", "615667898", &[prefix][..]),
            ("+034", "615667898", &[prefix]),
            ("+3456", "615667898", &[prefix]),
            ("+", "615667898", &[prefix]),
            ("+34", "615", &[digits]),
            ("+34", "615 667 898", &[digits]),
            ("+34", "615667898123456", &[digits]),
            ("0034", "abc", &[prefix, digits]),
            ("+34", "115667898", &[real]),
            ("+34", "61566789", &[real]),
            ("+999", "615667898", &[real]),
        ];
        for (body, path) in [
            (private_customer(&nif(1)), "contact_info.phone_numbers[0]"),
            (digital_customer("ada@example.com"), "digital_personal_info.mobile_phone_number"),
        ] {
            for (country_code, number, messages) in cases {
                let body = with(&body, &format!("{path}.country_code"), json!(country_code));
                let answer =
                    app.post("/customers", &with(&body, &format!("{path}.number"), json!(number))).await;
                let expected: Vec<String> =
                    messages.iter().map(|message| format!("{path}.{message}")).collect();
                assert_eq!(answer.refusals(), expected, "{country_code} {number}");
            }
        }
    }

    async fn emails_have_a_shape_and_a_length(app: TestApp) {
        for (body, path, most) in [
            (private_customer(&nif(1)), "contact_info.emails[0].email", 254),
            (digital_customer(""), "digital_personal_info.email", 82),
        ] {
            for wrong in [
                "",
                "ada",
                "@example.com",
                "ada@",
                "ada@@example.com",
                "a b@example.com",
                "Ada <ada@example.com>",
                "ñ@example.com",
                "ada@example.com\u{0}",
                "ada@exam\nple.com",
            ] {
                assert_each_refused(&app, &body, &[(path, json!(wrong), "not an e-mail address")]).await;
            }
            let length = format!("must have at most {most} characters");
            assert_each_refused(&app, &body, &[(path, json!(email(most + 1)), &length)]).await;
            let customer = read(&app, &register(&app, &with(&body, path, json!(email(most)))).await).await;
            assert_eq!(customer.pointer(&pointer(path)), Some(&json!(email(most))));
        }
    }

    async fn codes_are_taken_as_published_only(app: TestApp) {
        let (languages, genders) =
            ("must be one of es, ca, gl, eu, en, pt", "must be one of MALE, FEMALE, OTHER");
        let private = "must be CONSUMER for a PRIVATE_CUSTOMER";
        assert_each_refused(
            &app,
            &private_customer(&nif(1)),
            &[
                (
                    "type",
                    json!("PRIVATE"),
                    "must be one of PRIVATE_CUSTOMER, CORPORATE_CUSTOMER, DIGITAL_CUSTOMER",
                ),
                ("preferred_language", json!("ES"), languages),
                ("preferred_language", json!("fr"), languages),
                ("segment", json!("SME"), private),
                ("segment", json!("consumer"), private),
                ("personal_info.gender", json!("M"), genders),
            ],
        )
        .await;
        assert_each_refused(
            &app,
            &sme(),
            &[
                ("segment", json!("CONSUMER"), "must be one of SELF_EMPLOYEE, SME"),
                (
                    "company_info.associated_users[0].role",
                    json!("OWNER"),
                    "must be one of AUTHORIZED_REPRESENTATIVE",
                ),
            ],
        )
        .await;
    }

    async fn a_company_is_registered_with_one_representative_at_most(app: TestApp) {
        let (path, user) = ("company_info.associated_users", representative(&nif(1)));
        assert_each_refused(
            &app,
            &sme(),
            &[
                (path, json!([user, user]), "must have at most one element"),
                (path, user.clone(), "must be an array"),
                ("company_info.associated_users[0]", json!(null), "must be an object"),
                (
                    "company_info.associated_users[0].identity_document.type",
                    json!("CIF"),
                    "must be one of NIF, NIE, PASSPORT",
                ),
                (
                    "company_info.associated_users[0].identity_document.number",
                    json!("12345678A"),
                    "has a wrong check character",
                ),
            ],
        )
        .await;
    }
}
