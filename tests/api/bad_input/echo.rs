//! What callers send by mistake is not repeated to them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Step, World, places, targets, undo};
use crate::test_app::{Answer, TestApp, on_every_engine, send};

const CARD: &str = "4111111111111111";

fn planted(app: &TestApp) -> Vec<String> {
    let own =
        ["ES7921000813610123456789", "ES79 2100 0813 6101 2345 6789", "98765432Z", "X9876543M", "B98765432"];
    let cards = [CARD, "4111 1111 1111 1111", "4111-1111-1111-1111"];
    let others = ["ana.secreta@example.org", "Pasaporte/98765", "tok_9Fh2kLq8Zt4"];
    let texts = own.into_iter().chain(cards).chain(others).map(ToOwned::to_owned);
    texts.chain([app.token.clone()]).collect()
}

fn assert_silent(answer: &Answer, secret: &str) {
    assert!(answer.status < 500, "{answer:?}");
    let said = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.bytes)).to_lowercase();
    assert!(answer.status < 400 || !said.contains(&secret.to_lowercase()), "{secret} in {said}");
}

on_every_engine! {
    async fn errors_do_not_repeat_values_or_names(app: TestApp) {
        let world = World::create(&app).await;
        for secret in planted(&app) {
            for target in targets(&world) {
                for (place, value) in places(&target.body) {
                    let body = match value {
                        Value::String(_) => place.set(&target.body, json!(secret)),
                        Value::Object(_) => place.below(Step::Name(secret.clone())).set(&target.body, json!(secret)),
                        _ => continue,
                    };
                    let answer = target.send(&app, body.to_string()).await;
                    assert_silent(&answer, &secret);
                    undo(&app, &answer).await;
                }
            }
        }
    }

    async fn errors_do_not_repeat_paths_and_queries(app: TestApp) {
        for secret in planted(&app) {
            let text = secret.replace(' ', "%20");
            for path in [
                format!("/{text}"), format!("/customers/{text}"), format!("/customers/{text}/accounts/{text}"), format!("/accounts/{text}"),
                format!("/external-customers/{text}"), format!("/customers/search?identity_document={text}"),
                format!("/customers/search?email={text}&identity_document_type={text}"), format!("/customers/search?{text}={text}"),
            ] {
                assert_silent(&app.get(&path).await, &secret);
                assert_silent(&app.put(&path, &json!({})).await, &secret);
            }
            let request = app.request(Method::GET, "/customers/search");
            assert_silent(&send(request.header("x-auth-roles", &*secret)).await, &secret);
        }
    }

    async fn a_card_number_is_refused_in_every_text(app: TestApp) {
        let world = World::create(&app).await;
        let before = world.read(&app).await;
        let exempt = ["number", "iban", "nif"];
        for target in targets(&world) {
            for (place, value) in places(&target.body) {
                let name = place.path.rsplit('.').next().unwrap();
                if !value.is_string() || exempt.contains(&name) {
                    continue;
                }
                for text in [CARD.to_owned(), format!("x{CARD}x"), "5555 5555-5555 4444".to_owned()] {
                    let messages = target.send(&app, place.set(&target.body, json!(text)).to_string()).await.refusals();
                    assert_eq!(messages, [format!("{}: must not contain a card number", place.path)]);
                }
            }
        }
        for name in ["token_id", "reference_id"] {
            let body = json!({ "type": "CREDIT_CARD", "details": { name: CARD } });
            let answer = app.patch(&format!("/accounts/{}/payment-method", world.account), &body).await;
            assert_eq!(answer.refusals(), [format!("details.{name}: must not contain a card number")]);
        }
        assert_eq!(world.read(&app).await, before);
    }
}
