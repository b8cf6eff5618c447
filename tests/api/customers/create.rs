use reqwest::Method;
use serde_json::{Value, json};

use super::{
    UNKNOWN, all_at_once, assert_done, assert_duplicate, assert_not_found, nie, nif, person, read, register,
    registered, sme, with, without,
};
use crate::test_app::{TestApp, company, digital_customer, on_every_engine, private_customer, send, token};

/// As published, to the letter.
const PUBLISHED: &str = r#"{
  "type": "PRIVATE_CUSTOMER",
  "preferred_language": "es",
  "segment": "CONSUMER",
  "contact_info": {
    "phone_numbers": [
      {
        "country_code": "+34",
        "number": "615667898",
        "type": "MOBILE",
        "is_default": true
      }
    ],
    "emails": [
      {
        "email": "email@example.com",
        "is_default": true
      }
    ],
    "postal_address": {
      "address_lines": [
        "Calle Mayor 2, 3º A"
      ],
      "postal_code": "28039",
      "locality": "Fuenlabrada",
      "administrative_area": "Madrid",
      "region_code": "ES"
    }
  },
  "personal_info": {
    "identity_document": {
      "number": "14861628V",
      "type": "NIF"
    },
    "name": "Antonio",
    "first_surname": "Benavente",
    "second_surname": "Blanco",
    "gender": "MALE",
    "nationality": "ES",
    "birthdate": "2022-01-01"
  }
}"#;

/// How many of these requests, made at the same time, are answered with this status.
async fn statuses(app: &TestApp, bodies: &[Value], status: u16) -> usize {
    let requests = bodies.iter().map(|body| app.request(Method::POST, "/customers").json(body));
    all_at_once(requests).await.iter().filter(|answer| answer.status == status).count()
}

on_every_engine! {
    async fn the_published_example_is_registered_and_read_back(app: TestApp) {
        let request = app.request(Method::POST, "/customers").header("x-auth-roles", "API_KEY");
        let request = request.header("content-type", "application/json").body(PUBLISHED);
        let created = send(request).await;
        let id = created.id();
        assert_eq!(created.status, 201);
        assert_eq!(created.json(), json!({ "id": id, "external_id": "1000000000" }));
        assert_eq!(created.header("location"), Some(&*format!("/v4/orgs/telco/customers/{id}")));
        assert_eq!(
            read(&app, &format!("/customers/{id}")).await,
            json!({
                "id": id,
                "type": "PRIVATE_CUSTOMER",
                "preferred_language": "es",
                "segment": "CONSUMER",
                "contact_info": {
                    "phone_numbers": [
                        { "country_code": "+34", "number": "615667898", "type": "MOBILE", "is_default": true }
                    ],
                    "emails": [{ "email": "email@example.com", "is_default": true }],
                    "postal_address": {
                        "address_lines": ["Calle Mayor 2, 3º A"],
                        "postal_code": "28039",
                        "locality": "Fuenlabrada",
                        "administrative_area": "Madrid",
                        "region_code": "ES"
                    }
                },
                "personal_info": {
                    "identity_document": { "number": "14861628V", "type": "NIF" },
                    "name": "Antonio",
                    "first_surname": "Benavente",
                    "second_surname": "Blanco",
                    "gender": "MALE",
                    "nationality": "ES",
                    "birthdate": "2022-01-01"
                },
                "created_at": "2026-03-14T10:30:00.123Z",
                "ended_at": null,
                "updated_at": "2026-03-14T10:30:00.123Z"
            })
        );
    }

    async fn every_type_of_customer_is_read_back_as_it_was_registered(app: TestApp) {
        for body in [
            sme(),
            company("SELF_EMPLOYEE", "NIF", &nif(7)),
            company("SELF_EMPLOYEE", "NIE", &nie(7)),
            person("NIF", "K0867756N"),
            person("NIE", &nie(8)),
            person("PASSPORT", "AAA123456"),
            digital_customer("ada@example.com"),
        ] {
            let id = app.post("/customers", &body).await.id();
            assert_eq!(read(&app, &format!("/customers/{id}")).await, registered(&body, &id));
        }
    }

    async fn what_is_optional_may_be_absent_or_null(app: TestApp) {
        type Make = fn(usize) -> Value;
        let private: Make = |number| person("NIF", &nif(number));
        let corporate: Make = |number| company("SELF_EMPLOYEE", "NIF", &nif(10 + number));
        let digital: Make = |number| digital_customer(&format!("ada{number}@example.com"));
        for (make, optional) in [
            (private, ["personal_info.second_surname", "personal_info.gender"]),
            (corporate, ["company_info.founding_date", "company_info.associated_users[0].second_surname"]),
            (digital, ["digital_personal_info.first_surname", "digital_personal_info.mobile_phone_number"]),
        ] {
            let null = |body: Value, path: &&str| with(&body, path, json!(null));
            let absent = |body: Value, path: &&str| without(&body, path);
            for (sent, expected) in [
                (optional.iter().fold(make(1), absent), optional.iter().fold(make(1), absent)),
                (optional.iter().fold(make(2), null), optional.iter().fold(make(2), absent)),
            ] {
                let id = app.post("/customers", &sent).await.id();
                assert_eq!(read(&app, &format!("/customers/{id}")).await, registered(&expected, &id));
            }
        }
    }

    async fn a_company_may_have_no_representative(app: TestApp) {
        for (number, users) in [None, Some(json!(null)), Some(json!([]))].into_iter().enumerate() {
            let body =
                without(&company("SELF_EMPLOYEE", "NIF", &nif(number)), "company_info.associated_users");
            let sent =
                users.map_or(body.clone(), |users| with(&body, "company_info.associated_users", users));
            let company = read(&app, &register(&app, &sent).await).await;
            assert_eq!(company["company_info"]["associated_users"], json!([]));
        }
    }

    async fn the_role_of_a_representative_has_a_default(app: TestApp) {
        let role = "company_info.associated_users[0].role";
        let stored = read(&app, &register(&app, &without(&sme(), role)).await).await;
        assert_eq!(stored["company_info"], sme()["company_info"]);
    }

    async fn external_ids_are_numeric_and_never_given_twice(app: TestApp) {
        let mut given = Vec::new();
        for body in [private_customer(&nif(1)), sme(), private_customer(&nif(2))] {
            let external_id = app.post("/customers", &body).await.json()["external_id"].clone();
            assert!(external_id.as_str().is_some_and(|it| it.parse::<u64>().is_ok()), "{external_id}");
            assert!(!given.contains(&external_id));
            given.push(external_id);
        }
    }

    async fn a_digital_customer_has_no_external_id(app: TestApp) {
        let created = app.post("/customers", &digital_customer("ada@example.com")).await;
        let id = created.id();
        assert_eq!(created.json(), json!({ "id": id, "external_id": null }));
        assert_eq!(created.header("location"), Some(&*format!("/v4/orgs/telco/customers/{id}")));
    }

    async fn ids_are_uuids_of_version_7(app: TestApp) {
        let id = app.private_customer(&nif(1)).await;
        assert_eq!((id.len(), id.chars().nth(14)), (36, Some('7')), "{id}");
    }

    async fn a_customer_of_another_organisation_does_not_exist(app: TestApp) {
        let customer = register(&app, &sme()).await;
        let elsewhere = token(&["acme"], &["API_KEY"]);
        let get = |path: &str| send(app.request_as(&elsewhere, Method::GET, &format!("/v4/orgs/acme{path}")));
        let (theirs, nobodys) = (get(&customer).await, get(UNKNOWN).await);
        assert_not_found(&theirs);
        assert_eq!(theirs.bytes, nobodys.bytes);
    }

    async fn the_path_holds_a_uuid(app: TestApp) {
        for path in ["/customers/1", "/customers/123e4567e89b12d3a456556642440000"] {
            assert_eq!(app.get(path).await.refusals(), ["customer_id: must be a UUID"], "{path}");
        }
    }

    async fn a_uuid_is_no_card_number(app: TestApp) {
        for uuid in ["01950000-0000-7c00-8000-000000000003", "123e4567-e89b-72d3-a411-111111111116"] {
            assert_not_found(&app.get(&format!("/customers/{uuid}")).await);
        }
    }

    async fn an_external_id_leads_to_the_customer(app: TestApp) {
        let created = app.post("/customers", &sme()).await;
        let external_id = created.json()["external_id"].as_str().expect("an external id").to_owned();
        let path = format!("/external-customers/{external_id}");
        let found = app.get(&path).await;
        assert_eq!((found.status, found.json()), (200, json!({ "id": created.id() })));

        let elsewhere = token(&["acme"], &["API_KEY"]);
        assert_not_found(
            &send(app.request_as(&elsewhere, Method::GET, &format!("/v4/orgs/acme{path}"))).await,
        );
        for unknown in ["1", "null", "abc", "4111111111111111"] {
            assert_not_found(&app.get(&format!("/external-customers/{unknown}")).await);
        }
        assert_eq!(
            app.get("/external-customers/%00").await.refusals(),
            ["customer_external_id: must not contain control characters"]
        );
        assert_eq!(app.get(&format!("{path}?live=1")).await.refusals(), ["live: is not a known property"]);
    }

    async fn a_second_live_customer_with_the_document_is_refused(app: TestApp) {
        app.private_customer("14861628V").await;
        for body in [
            private_customer("14861628V"),
            private_customer(" 14.861.628-v "),
            company("SELF_EMPLOYEE", "NIF", "14861628v"),
        ] {
            assert_duplicate(&app.post("/customers", &body).await);
        }
        register(&app, &sme()).await;
        assert_duplicate(&app.post("/customers", &company("SME", "CIF", "a-58.818.501")).await);
    }

    async fn the_same_number_of_another_type_is_another_document(app: TestApp) {
        app.private_customer("14861628V").await;
        register(&app, &person("PASSPORT", "14861628V")).await;
    }

    async fn another_organisation_may_have_the_same_customer(app: TestApp) {
        app.private_customer("14861628V").await;
        let elsewhere = token(&["acme"], &["API_KEY"]);
        let request = app.request_as(&elsewhere, Method::POST, "/v4/orgs/acme/customers");
        assert_eq!(send(request.json(&private_customer("14861628V"))).await.status, 201);
    }

    async fn an_ended_customer_frees_its_document_and_email(app: TestApp) {
        for body in [private_customer("14861628V"), sme(), digital_customer("ada@example.com")] {
            let former = register(&app, &body).await;
            assert_done(&app.delete(&former).await);
            assert_ne!(register(&app, &body).await, former);
            assert_duplicate(&app.post("/customers", &body).await);
        }
    }

    async fn a_second_live_digital_customer_with_the_email_is_refused(app: TestApp) {
        register(&app, &digital_customer("Ada@Example.com")).await;
        for email in ["Ada@Example.com", "ada@example.com", " ADA@EXAMPLE.COM "] {
            assert_duplicate(&app.post("/customers", &digital_customer(email)).await);
        }
        let other =
            with(&private_customer(&nif(1)), "contact_info.emails[0].email", json!("ada@example.com"));
        register(&app, &other).await;
    }

    async fn of_simultaneous_registrations_exactly_one_wins(app: TestApp) {
        for body in [private_customer("14861628V"), digital_customer("ada@example.com")] {
            let same = vec![body; 8];
            assert_eq!(statuses(&app, &same, 201).await, 1);
            assert_eq!(statuses(&app, &same, 409).await, 8);
        }
    }

    async fn simultaneous_registrations_do_not_disturb_one_another(app: TestApp) {
        let bodies: Vec<_> = (1..=16).map(|number| private_customer(&nif(number))).collect();
        assert_eq!(statuses(&app, &bodies, 201).await, 16);
    }

    async fn the_email_of_a_digital_customer_is_kept_as_given(app: TestApp) {
        let stored = read(&app, &register(&app, &digital_customer(" Ada@Example.com ")).await).await;
        assert_eq!(stored["digital_personal_info"]["email"], "Ada@Example.com");
    }
}
