//! The operations of credentials.

use application::ports::{Effect, LoginChange, NoticeKind, OutboxQueue, Store};
use domain::CredentialState;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::fixtures::{nie, nif, scope};
use time::macros::datetime;

use crate::test_app::{Answer, TestApp, company, digital_customer, on_every_engine, private_customer, send};

const ADA: &str = "ada@example.com";
const EVA: &str = "Eva@example.com";
/// A UUID that nothing has.
const UNKNOWN: &str = "01950000-0000-7fff-8000-00000000ffff";

fn of(customer: &str, path: &str) -> String {
    format!("/customers/{customer}/credentials{path}")
}

fn named(username: &str) -> Value {
    json!({ "username": username })
}

async fn create(app: &TestApp, customer: &str, username: &str) -> Answer {
    app.post(&of(customer, ""), &named(username)).await
}

async fn migrate(app: &TestApp, customer: &str, username: &str) -> Answer {
    app.post(&of(customer, "/migration"), &named(username)).await
}

async fn change(app: &TestApp, customer: &str, username: &str) -> Answer {
    app.post(&of(customer, "/change"), &named(username)).await
}

async fn expire(app: &TestApp, customer: &str, date: &Value) -> Answer {
    app.patch(&of(customer, ""), &json!({ "expiration_date": date })).await
}

async fn activate(app: &TestApp, customer: &str) -> Answer {
    send(app.request(Method::POST, &of(customer, "/activate"))).await
}

async fn end(app: &TestApp, customer: &str, credential: &str) -> Answer {
    app.delete(&of(customer, &format!("/{credential}"))).await
}

/// Everything that can be asked of a customer's credential.
async fn everything(app: &TestApp, customer: &str, credential: &str) -> Vec<Answer> {
    vec![
        create(app, customer, "x@example.com").await,
        migrate(app, customer, "x@example.com").await,
        expire(app, customer, &json!(null)).await,
        change(app, customer, "x@example.com").await,
        activate(app, customer).await,
        end(app, customer, credential).await,
    ]
}

fn assert_empty(answer: &Answer, status: u16) {
    assert_eq!((answer.status, &*answer.bytes), (status, b"" as &[u8]), "{answer:?}");
}

fn assert_not_found(answer: &Answer) {
    assert_eq!(answer.messages(404, "MCUS.999.997"), ["The resource does not exist"]);
}

fn assert_duplicate(answer: &Answer) {
    assert_eq!(answer.messages(409, "MCUS.999.994"), ["The resource already exists"]);
}

fn assert_ended(answer: &Answer) {
    assert_eq!(answer.messages(409, "MCUS.999.994"), ["The customer has ended"]);
}

async fn assert_none(app: &TestApp, customer: &str) {
    let answer = app.get(&of(customer, "")).await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "customer_id": customer, "credentials": [] })));
}

async fn search(app: &TestApp, query: &str) -> Answer {
    app.get(&format!("/customers/search?{query}")).await
}

async fn found(app: &TestApp, query: &str) -> Option<String> {
    let answer = search(app, query).await;
    match answer.status {
        200 => Some(answer.json()["customer"]["id"].as_str().unwrap().to_owned()),
        _ => {
            assert_not_found(&answer);
            None
        }
    }
}

/// What has yet to happen outside, in short.
async fn effects(app: &TestApp) -> Vec<String> {
    let entries = app.store().await.entries(false, 100).await.unwrap();
    let shown = |entry: application::ports::OutboxEntry| match entry.effect {
        Effect::Login(LoginChange::Provision(login)) => format!("provision {}", login.username.as_str()),
        Effect::Login(LoginChange::Rename { login, to }) => {
            format!("rename {} {}", login.username.as_str(), to.as_str())
        }
        Effect::Login(LoginChange::Disable(login)) => format!("disable {}", login.username.as_str()),
        Effect::Notify(notice) => {
            let kind = if notice.kind == NoticeKind::NewUsername { "new" } else { "former" };
            format!("notify {} {kind} {}", notice.to.as_str(), notice.language.code())
        }
        Effect::Tokenize { .. } => "tokenize".to_owned(),
    };
    entries.into_iter().map(shown).collect()
}

async fn state(app: &TestApp, credential: &str) -> CredentialState {
    let store = app.store().await;
    let mut work = store.begin(&scope()).await.unwrap();
    work.credentials().find(credential.parse().unwrap()).await.unwrap().unwrap().data().state
}

on_every_engine! {
    // What is to happen outside stays in the outbox, to be looked at.
    with "[outbox]\nenabled = false";

    async fn a_credential_is_created_and_listed(app: TestApp) {
        for (body, n) in [
            (private_customer(&nif(1)), 1),
            (company("SELF_EMPLOYEE", "NIE", &nie(2)), 2),
            (digital_customer("digital@example.com"), 3),
        ] {
            let customer = app.post("/customers", &body).await.id();
            assert_none(&app, &customer).await;
            let username = format!("User.{n}@example.com");
            let created = create(&app, &customer, &format!("  {username} ")).await;
            assert_eq!((created.status, created.json()), (201, json!({ "id": created.id() })));
            let expected = json!({
                "username": username,
                "customer_id": customer,
                "credentials": [{ "id": created.id(), "username": username }]
            });
            assert_eq!(app.get(&of(&customer, "")).await.json(), expected);
        }
        assert!(effects(&app).await.is_empty());
    }

    async fn a_user_name_is_one_customers_whatever_its_case(app: TestApp) {
        let (first, second) = (app.private_customer(&nif(1)).await, app.private_customer(&nif(2)).await);
        create(&app, &first, ADA).await.id();
        for username in [ADA, "ADA@EXAMPLE.COM"] {
            assert_duplicate(&create(&app, &second, username).await);
            assert_duplicate(&migrate(&app, &second, username).await);
        }
        create(&app, &second, EVA).await.id();
        assert_duplicate(&change(&app, &second, "Ada@example.com").await);
        for another in [create(&app, &first, "ida@example.com").await, migrate(&app, &first, "ida@example.com").await] {
            assert_duplicate(&another);
        }
        assert_eq!(app.get(&of(&second, "")).await.json()["username"], EVA);
        assert!(effects(&app).await.is_empty());
    }

    async fn a_migrated_credential_is_active_and_nobody_is_told(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let id = migrate(&app, &customer, ADA).await.id();
        assert_eq!(state(&app, &id).await, CredentialState::Active);
        assert_empty(&activate(&app, &customer).await, 202);
        assert!(effects(&app).await.is_empty());
    }

    async fn an_activation_is_accepted_again_and_again(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        assert_not_found(&activate(&app, &customer).await);
        let id = create(&app, &customer, ADA).await.id();
        for _ in 0..3 {
            assert_empty(&activate(&app, &customer).await, 202);
            assert_eq!(effects(&app).await, ["provision ada@example.com"]);
        }
        assert_eq!(state(&app, &id).await, CredentialState::Reserved { activation_requested: true });
        assert_empty(&change(&app, &customer, EVA).await, 204);
        assert_empty(&end(&app, &customer, &id).await, 204);
        assert_eq!(
            effects(&app).await,
            ["provision ada@example.com", "rename ada@example.com Eva@example.com", "disable Eva@example.com"]
        );
    }

    async fn an_activation_takes_no_body(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        create(&app, &customer, ADA).await.id();
        let path = of(&customer, "/activate");
        let head = |more: &str| {
            format!("POST /v4/orgs/telco{path} HTTP/1.1\r\nAuthorization: Bearer {}{more}", app.token)
        };
        let form = "\r\nContent-Type: application/x-www-form-urlencoded";
        let json = "\r\nContent-Type: application/json";
        let length = |n: usize| format!("\r\nContent-Length: {n}");
        for (more, body) in [
            (String::new(), ""),
            (length(0), ""),
            (format!("{form}{}", length(0)), ""),
            (format!("{json}{}", length(0)), ""),
            (format!("{json}{}", length(2)), "{}"),
            (format!("{json}{}", length(5)), " { }\n"),
            ("\r\nTransfer-Encoding: chunked".to_owned(), "0\r\n\r\n"),
        ] {
            assert_empty(&app.raw(&head(&more), body.as_bytes()).await, 202);
        }
        for body in [r#"{"username":"x@example.com"}"#, "[]", "null", "{", "0"] {
            let answer = app.raw(&head(&format!("{json}{}", length(body.len()))), body.as_bytes()).await;
            assert_eq!(answer.refusals(), ["The body must be empty"], "{body}");
        }
        let both = app.raw(&head(json).replace(&customer, "1"), b"").await;
        assert_eq!(both.refusals(), ["customer_id: must be a UUID"]);
        for more in ["", form] {
            let answer = app.raw(&head(&format!("{more}{}", length(3))), b"a=b").await;
            answer.messages(415, "MCUS.999.991");
        }
        let long = "x".repeat(300 * 1024);
        let answer = app.raw(&head(&format!("{json}{}", length(long.len()))), long.as_bytes()).await;
        answer.messages(413, "MCUS.999.992");
        assert_eq!(effects(&app).await.len(), 1);
        app.raw(&format!("POST /v4/orgs/telco{path} HTTP/1.1"), b"").await.messages(401, "MCUS.999.996");
    }

    async fn a_reserved_name_changes_here_and_an_active_one_everywhere(app: TestApp) {
        let (first, second) = (app.private_customer(&nif(1)).await, app.private_customer(&nif(2)).await);
        for customer in [&first, &second] {
            assert_not_found(&change(&app, customer, ADA).await);
        }
        create(&app, &first, ADA).await.id();
        migrate(&app, &second, "Old@example.com").await.id();
        assert_empty(&change(&app, &first, EVA).await, 204);
        assert!(effects(&app).await.is_empty());
        assert_empty(&change(&app, &second, ADA).await, 204);
        let expected =
            ["rename Old@example.com ada@example.com", "notify Old@example.com former es", "notify ada@example.com new es"];
        assert_eq!(effects(&app).await, expected);
        assert_empty(&change(&app, &second, ADA).await, 204);
        assert_eq!(effects(&app).await, expected, "it has that name already");
        assert_empty(&change(&app, &second, "ADA@example.com").await, 204);
        assert_eq!(effects(&app).await[3..], ["rename ada@example.com ADA@example.com", "notify ADA@example.com new es"]);
        let names = [app.get(&of(&first, "")).await.json(), app.get(&of(&second, "")).await.json()];
        assert_eq!(names.map(|answer| answer["username"].clone()), [json!(EVA), json!("ADA@example.com")]);
    }

    async fn a_credential_ends_once_and_is_disabled_if_it_was_active(app: TestApp) {
        let (first, second) = (app.private_customer(&nif(1)).await, app.private_customer(&nif(2)).await);
        let reserved = create(&app, &first, ADA).await.id();
        let active = migrate(&app, &second, EVA).await.id();
        assert_not_found(&end(&app, &first, &active).await);
        assert_not_found(&end(&app, &first, UNKNOWN).await);
        assert_empty(&end(&app, &first, &reserved).await, 204);
        assert!(effects(&app).await.is_empty());
        assert_empty(&end(&app, &second, &active).await, 204);
        assert_eq!(effects(&app).await, ["disable Eva@example.com"]);
        for (customer, credential) in [(&first, &reserved), (&second, &active)] {
            assert_not_found(&end(&app, customer, credential).await);
            assert_none(&app, customer).await;
        }
        assert_eq!(effects(&app).await.len(), 1);
        create(&app, &second, ADA).await.id();
        create(&app, &first, EVA).await.id();
    }

    async fn a_credential_expires_after_its_last_day_in_madrid(app: TestApp) {
        let (first, second) = (app.private_customer(&nif(1)).await, app.private_customer(&nif(2)).await);
        assert_not_found(&expire(&app, &first, &json!("2026-03-14")).await);
        migrate(&app, &first, ADA).await.id();
        let past = ["expiration_date: must not be in the past"];
        assert_eq!(expire(&app, &first, &json!("2026-03-13")).await.refusals(), past);
        assert_eq!(expire(&app, UNKNOWN, &json!("2026-03-13")).await.refusals(), past);
        for date in [json!("2030-01-01"), json!(null), json!(null), json!("2026-03-14")] {
            assert_empty(&expire(&app, &first, &date).await, 204);
        }
        // 23:59 in Madrid, one hour ahead.
        app.clock.set(datetime!(2026-03-14 22:59:59 UTC));
        assert_eq!(found(&app, "email=ada@example.com").await.as_ref(), Some(&first));
        assert_duplicate(&create(&app, &second, ADA).await);
        app.clock.set(datetime!(2026-03-14 23:00 UTC));
        assert_eq!(found(&app, "email=ada@example.com").await, None);
        assert_none(&app, &first).await;
        for answer in [
            expire(&app, &first, &json!(null)).await,
            change(&app, &first, EVA).await,
            activate(&app, &first).await,
        ] {
            assert_not_found(&answer);
        }
        assert!(effects(&app).await.is_empty());
        create(&app, &second, "Ada@example.com").await.id();
        create(&app, &first, EVA).await.id();
        assert_eq!(effects(&app).await, ["disable ada@example.com"]);
        assert_eq!(found(&app, "email=ada@example.com").await, Some(second));
    }

    async fn a_change_takes_an_expired_name(app: TestApp) {
        let (first, second) = (app.private_customer(&nif(1)).await, app.private_customer(&nif(2)).await);
        create(&app, &first, ADA).await.id();
        migrate(&app, &second, EVA).await.id();
        assert_empty(&expire(&app, &second, &json!("2026-03-14")).await, 204);
        assert_duplicate(&change(&app, &first, EVA).await);
        app.clock.advance(time::Duration::DAY);
        assert_empty(&change(&app, &first, EVA).await, 204);
        assert_eq!(effects(&app).await, ["disable Eva@example.com"]);
        assert_none(&app, &second).await;
    }

    async fn a_customer_takes_its_credential_with_it(app: TestApp) {
        for (n, effect) in [(1, None), (2, Some("disable ada@example.com"))] {
            let customer = app.private_customer(&nif(n)).await;
            let made = if n == 1 { create(&app, &customer, ADA).await } else { migrate(&app, &customer, ADA).await };
            assert_empty(&app.delete(&format!("/customers/{customer}")).await, 204);
            assert_none(&app, &customer).await;
            assert_eq!(found(&app, "email=ada@example.com").await, None);
            assert_eq!(effects(&app).await, effect.into_iter().collect::<Vec<_>>());
            for answer in everything(&app, &customer, &made.id()).await {
                assert_ended(&answer);
            }
        }
    }

    async fn an_unknown_customer_has_no_credentials(app: TestApp) {
        assert_not_found(&app.get(&of(UNKNOWN, "")).await);
        for answer in everything(&app, UNKNOWN, UNKNOWN).await {
            assert_not_found(&answer);
        }
    }

    async fn wrong_user_names_are_refused(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let of_length = |length: usize| format!("{}@{}.example.com", "a".repeat(60), "b".repeat(length - 73));
        for path in ["", "/migration", "/change"] {
            let post = async |body: Value| app.post(&of(&customer, path), &body).await.refusals();
            let long = ["username: must have at most 82 characters"];
            for length in [83, 100, 150] {
                assert_eq!(post(named(&of_length(length))).await, long, "{path} {length}");
            }
            assert_eq!(post(named(&format!("{}@example.com", "a".repeat(200)))).await, long);
            for (body, message) in [
                (json!({}), "username: is required"),
                (json!({ "username": null }), "username: must not be null"),
                (json!({ "username": 7 }), "username: must be a string"),
                (named(""), "username: not an e-mail address"),
                (named("ada"), "username: not an e-mail address"),
                (named("a\u{0}da@example.com"), "username: not an e-mail address"),
                (named("ñandú@example.com"), "username: not an e-mail address"),
                (named("4111111111111111@example.com"), "username: must not contain a card number"),
                (json!({ "username": ADA, "state": "ACTIVE" }), "state: is not a known property"),
            ] {
                assert_eq!(post(body).await, [message], "{path}");
            }
        }
        assert_none(&app, &customer).await;
        create(&app, &customer, &of_length(82)).await.id();
    }

    async fn wrong_dates_and_ids_are_refused(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        create(&app, &customer, ADA).await.id();
        let date = "expiration_date: must be a date of the form yyyy-MM-dd";
        for (body, message) in [
            (json!({}), "expiration_date: is required"),
            (json!({ "expiration_date": 20_300_101 }), "expiration_date: must be a string"),
            (json!({ "expiration_date": "" }), date),
            (json!({ "expiration_date": "2030-02-30" }), date),
            (json!({ "expiration_date": "2030-01-01T00:00:00Z" }), date),
        ] {
            assert_eq!(app.patch(&of(&customer, ""), &body).await.refusals(), [message]);
        }
        let both = app.patch(&of("1", ""), &json!({ "expiration_date": "2020-01-01" })).await;
        assert_eq!(both.refusals(), ["customer_id: must be a UUID", "expiration_date: must not be in the past"]);
        assert_eq!(end(&app, &customer, "1").await.refusals(), ["credential_id: must be a UUID"]);
        assert_eq!(app.get(&of("1", "")).await.refusals(), ["customer_id: must be a UUID"]);
    }

    async fn customers_are_found_by_user_name_and_document(app: TestApp) {
        let first = app.private_customer("14861628V").await;
        let second = app.post("/customers", &digital_customer("eva@example.com")).await.id();
        create(&app, &first, "Ada.B@example.com").await.id();
        let credential = migrate(&app, &second, "ida@example.com").await.id();
        for (query, expected) in [
            ("email=Ada.B@example.com", Some(&first)),
            ("email=%20aDA.b%40EXAMPLE.com", Some(&first)),
            ("email=ada.b@example.com&identity_document=14861628v", Some(&first)),
            ("email=ada.b@example.com&identity_document=14861628v&identity_document_type=NIF", Some(&first)),
            ("email=ada.b@example.com&identity_document=14861628v&identity_document_type=NIE", None),
            ("email=ada.b@example.com&identity_document=12345678Z", None),
            ("email=ida@example.com", Some(&second)),
            ("email=ida@example.com&identity_document=14861628V", None),
            ("email=email@example.com", None),
            ("email=eva@example.com", None),
        ] {
            assert_eq!(found(&app, query).await.as_ref(), expected, "{query}");
        }
        let answer = search(&app, "email=ada.b@example.com").await.json();
        let customer = search(&app, "identity_document=14861628V").await.json();
        assert_eq!(answer, customer);
        assert_empty(&end(&app, &second, &credential).await, 204);
        assert_eq!(found(&app, "email=ida@example.com").await, None);
    }

    async fn of_many_simultaneous_creations_exactly_one_wins(app: TestApp) {
        let mut customers = Vec::new();
        for n in 1..=30 {
            customers.push(app.private_customer(&nif(n)).await);
        }
        let one_name = join_all(customers.iter().enumerate().map(async |(n, customer)| match n % 3 {
            0 => create(&app, customer, ADA).await,
            1 => migrate(&app, customer, "ADA@example.com").await,
            _ => create(&app, customer, "Ada@Example.com").await,
        }))
        .await;
        let won = |answers: &[Answer]| answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(won(&one_name), 1);
        one_name.iter().filter(|answer| answer.status != 201).for_each(assert_duplicate);
        assert!(found(&app, "email=ada@example.com").await.is_some());

        let customer = app.private_customer(&nif(31)).await;
        let names: Vec<String> = (0..30).map(|n| format!("user{n}@example.com")).collect();
        let one_customer = join_all(names.iter().map(|name| create(&app, &customer, name))).await;
        assert_eq!(won(&one_customer), 1);
        one_customer.iter().filter(|answer| answer.status != 201).for_each(assert_duplicate);
    }

    async fn an_expired_name_is_given_to_one_of_many(app: TestApp) {
        let owner = app.private_customer(&nif(1)).await;
        migrate(&app, &owner, ADA).await.id();
        assert_empty(&expire(&app, &owner, &json!("2026-03-14")).await, 204);
        app.clock.advance(time::Duration::DAY);
        let mut customers = vec![owner];
        for n in 2..=20 {
            customers.push(app.private_customer(&nif(n)).await);
        }
        let answers = join_all(customers.iter().map(|customer| create(&app, customer, ADA))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        answers.iter().filter(|answer| answer.status != 201).for_each(assert_duplicate);
        assert_eq!(effects(&app).await, ["disable ada@example.com"], "once");
    }

    async fn changes_at_the_same_time_never_wait_for_one_another(app: TestApp) {
        let mut customers = Vec::new();
        for n in 1..=6 {
            let customer = app.private_customer(&nif(n)).await;
            migrate(&app, &customer, &format!("user{n}@example.com")).await.id();
            customers.push(customer);
        }
        for round in 0..5 {
            let rotate = customers.iter().enumerate().map(async |(n, customer)| {
                change(&app, customer, &format!("user{}@example.com", (n + round) % 6 + 1)).await
            });
            for answer in join_all(rotate).await {
                assert!(matches!(answer.status, 204 | 409), "{answer:?}");
            }
        }
        let mut names = Vec::new();
        for customer in &customers {
            names.push(app.get(&of(customer, "")).await.json()["username"].to_string());
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 6);
    }

    async fn every_change_is_on_the_timeline(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let id = create(&app, &customer, ADA).await.id();
        for answer in [
            change(&app, &customer, EVA).await,
            change(&app, &customer, EVA).await,
            expire(&app, &customer, &json!("2030-01-01")).await,
            activate(&app, &customer).await,
            activate(&app, &customer).await,
            end(&app, &customer, &id).await,
        ] {
            assert!(matches!(answer.status, 202 | 204), "{answer:?}");
        }
        let timeline = app.get(&format!("/customers/{customer}/timeline")).await.json()["entries"].clone();
        let entries = timeline.as_array().unwrap();
        let shown = |entry: &Value| {
            (entry["entity"] == "CREDENTIAL").then(|| (entry["operation"].clone(), entry["fields"].clone()))
        };
        assert_eq!(
            entries.iter().filter_map(shown).collect::<Vec<_>>(),
            [
                (json!("deleteCustomerCredential"), json!(["ended_at"])),
                (json!("activateCustomerCredential"), json!(["state"])),
                (json!("patchCustomerCredential"), json!(["expiration_date"])),
                (json!("changeCustomerCredentialUsername"), json!(["username"])),
                (json!("createCustomerCredential"), json!(["username", "state"])),
            ]
        );
        assert!(!timeline.to_string().contains("example.com"));
    }
}
