use serde_json::json;

use crate::test_app::{on_every_engine, private_customer};

on_every_engine! {
    async fn a_private_customer_is_registered_and_read_back(app: TestApp) {
        let created = app.post("/customers", &private_customer("14861628V")).await;
        assert_eq!(created.status, 201);
        assert_eq!(created.json()["external_id"], json!("1000000000"));
        let id = created.id();
        assert_eq!(created.header("location"), Some(&*format!("/v4/orgs/telco/customers/{id}")));

        let mut read = app.get(&format!("/customers/{id}")).await.json();
        let generated = ["id", "created_at", "ended_at", "updated_at"].map(|name| read.as_object_mut().unwrap().remove(name));
        let now = "2026-03-14T10:30:00.123Z";
        assert_eq!(generated, [Some(json!(id)), Some(json!(now)), Some(json!(null)), Some(json!(now))]);
        assert_eq!(read, private_customer("14861628V"));
    }
}
