use reqwest::Method;
use serde_json::json;
use time::Duration;

use super::{
    NOW, UNKNOWN, all_at_once, assert_conflict, assert_done, assert_not_found, nie, nif, read, register,
    registered, sme, with,
};
use crate::test_app::{
    company, digital_customer, direct_debit, new_account, on_every_engine, private_customer, representative,
};

const ENDED: &str = "The customer has ended";

on_every_engine! {
    async fn an_ended_customer_stays_readable(app: TestApp) {
        for body in [private_customer(&nif(1)), sme(), digital_customer("ada@example.com")] {
            let customer = register(&app, &body).await;
            let before = read(&app, &customer).await;
            app.clock.advance(Duration::HOUR);
            assert_done(&app.delete(&customer).await);
            let now = read(&app, &register(&app, &body).await).await["created_at"].clone();
            let expected = with(&with(&before, "ended_at", now.clone()), "updated_at", now);
            assert_eq!(read(&app, &customer).await, expected);
        }
    }

    async fn ending_twice_changes_nothing(app: TestApp) {
        let customer = register(&app, &sme()).await;
        assert_done(&app.delete(&customer).await);
        let ended = read(&app, &customer).await;
        assert_eq!(
            ended,
            with(&registered(&sme(), &customer["/customers/".len()..]), "ended_at", json!(NOW))
        );
        app.clock.advance(Duration::DAY);
        assert_done(&app.delete(&customer).await);
        assert_eq!(read(&app, &customer).await, ended);
    }

    async fn a_customer_with_live_accounts_does_not_end(app: TestApp) {
        let id = app.private_customer(&nif(1)).await;
        let customer = format!("/customers/{id}");
        let second = with(&new_account(), "payment_method", direct_debit());
        let second = app.post(&format!("{customer}/accounts"), &second).await.id();
        let first = app.account(&id).await;
        for account in [first, second] {
            assert_conflict(&app.delete(&customer).await, "The customer has live accounts");
            assert_eq!(read(&app, &customer).await["ended_at"], json!(null));
            assert_done(&app.delete(&format!("{customer}/accounts/{account}")).await);
        }
        assert_done(&app.delete(&customer).await);
    }

    async fn every_other_change_of_an_ended_customer_is_refused(app: TestApp) {
        let customer = register(&app, &company("SELF_EMPLOYEE", "NIE", &nie(1))).await;
        assert_done(&app.delete(&customer).await);
        let ended = read(&app, &customer).await;
        app.clock.advance(Duration::DAY);
        for answer in [
            app.patch(&customer, &json!({ "preferred_language": "eu" })).await,
            app.put(
                &format!("{customer}/associated_users"),
                &json!({ "associated_users": [representative(&nif(3))] }),
            )
            .await,
            app.patch(&format!("{customer}/convert-nie-to-nif"), &json!({ "nif": nif(1) })).await,
            app.post(&format!("{customer}/accounts"), &new_account()).await,
        ] {
            assert_conflict(&answer, ENDED);
        }
        assert_eq!(read(&app, &customer).await, ended);
    }

    async fn an_ended_customer_is_left_out_of_the_external_ids(app: TestApp) {
        let created = app.post("/customers", &sme()).await;
        let external_id = created.json()["external_id"].as_str().expect("an external id").to_owned();
        assert_done(&app.delete(&format!("/customers/{}", created.id())).await);
        assert_not_found(&app.get(&format!("/external-customers/{external_id}")).await);
    }

    async fn an_unknown_customer_cannot_end(app: TestApp) {
        assert_not_found(&app.delete(UNKNOWN).await);
        assert_eq!(app.delete("/customers/1").await.refusals(), ["customer_id: must be a UUID"]);
        assert_eq!(
            app.delete(&format!("{UNKNOWN}?force=true")).await.refusals(),
            ["force: is not a known property"]
        );
    }

    async fn a_customer_ends_once_however_many_try(app: TestApp) {
        let customer = register(&app, &sme()).await;
        let requests = (0..6).map(|_| app.request(Method::DELETE, &customer));
        for answer in all_at_once(requests).await {
            assert_done(&answer);
        }
    }
}
