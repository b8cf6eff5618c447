//! What happens when many callers want the same at once.

use futures_util::future::join_all;
use serde_json::json;

use crate::test_app::{Answer, digital_customer, on_every_engine, private_customer};

fn statuses(answers: &[Answer]) -> (usize, usize) {
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    (count(201), count(409))
}

on_every_engine! {
    async fn of_100_creations_of_one_document_exactly_one_wins(app: TestApp) {
        let body = private_customer("14861628V");
        let answers = join_all((0..100).map(|_| app.post("/customers", &body))).await;
        assert_eq!(statuses(&answers), (1, 99), "{answers:?}");
        let winner = answers.iter().find(|answer| answer.status == 201).unwrap();
        let found = app.get("/customers/search?identity_document=14861628V").await;
        assert_eq!(found.json()["customer"]["id"], json!(winner.id()));
    }

    async fn of_100_digital_creations_with_one_email_exactly_one_wins(app: TestApp) {
        let bodies: Vec<_> = (0..100)
            .map(|n| digital_customer(if n % 2 == 0 { "ada@example.com" } else { "ADA@Example.com" }))
            .collect();
        let answers = join_all(bodies.iter().map(|body| app.post("/customers", body))).await;
        assert_eq!(statuses(&answers), (1, 99));
    }
}
