use std::sync::Arc;

use application::OutboxWorker;
use application::ports::{Neighbour, NeighbourError, OutboxEntry, OutboxQueue};
use testkit::fixtures::{credential_id, customer_id, login, nif, private_customer, scope};
use time::Duration;

use crate::{MockGateway, MockIdentity, MockMail, World};

const LOGINS: Neighbour = Neighbour::IdentitySystem;

impl World {
    /// With a login that has been renamed.
    async fn of_one_renamed_login() -> Self {
        let world = Self::of([private_customer(&nif(1))]).await;
        world.credentials().migrate(&scope(), customer_id(1), login("ada@example.com")).await.unwrap();
        let renamed = login("eva@example.com");
        world.credentials().change_username(&scope(), customer_id(1), renamed).await.unwrap();
        world
    }

    async fn end_credential(&self) {
        self.credentials().end(&scope(), customer_id(1), credential_id(1)).await.unwrap();
    }

    /// Lets the worker look once into what concerns logins, with an identity system that answers so to every change.
    async fn run_logins(&self, answer: Result<(), NeighbourError>) -> usize {
        let mut identity = MockIdentity::new();
        let (rename, disable) = (answer.clone(), answer);
        identity.expect_rename().returning(move |_, _, _| rename.clone());
        identity.expect_disable().returning(move |_, _| disable.clone());
        let credentials = Arc::new(self.credentials_with(identity, MockMail::new()));
        let outbox = OutboxWorker { credentials, ..self.outbox(MockGateway::new()) };
        outbox.run_due(LOGINS).await.unwrap()
    }

    async fn logins(&self) -> Vec<OutboxEntry> {
        let mut entries = self.store.entries(false, 100).await.unwrap();
        entries.retain(|entry| entry.effect.neighbour() == LOGINS);
        entries
    }
}

fn unavailable() -> Result<(), NeighbourError> {
    Err(NeighbourError::Unavailable("timeout".to_owned()))
}

#[tokio::test]
async fn a_failure_is_retried_later_and_later_and_then_parked() {
    let world = World::of_one_renamed_login().await;
    let mut waits = Vec::new();
    for failures in 1..=3 {
        assert_eq!(world.run_logins(unavailable()).await, 1);
        assert_eq!(world.run_logins(unavailable()).await, 0, "not at once");
        let entry = world.logins().await.remove(0);
        assert_eq!(entry.last_error.as_deref(), Some("not available: timeout"));
        assert_eq!(entry.parked_at.is_some(), failures == 3);
        waits.push(world.outbox(MockGateway::new()).until_due(LOGINS).await.unwrap());
        world.clock.advance(Duration::seconds(4));
    }
    let wait = |n: usize| waits[n].unwrap().as_secs_f64();
    assert!((0.5..=1.0).contains(&wait(0)) && (1.0..=2.0).contains(&wait(1)), "{waits:?}");
    assert_eq!(waits[2], None);
    assert_eq!(world.run_logins(unavailable()).await, 0);

    let now = world.tick();
    assert_eq!(world.store.retry(None, now).await.unwrap(), 1);
    assert_eq!(world.run_logins(Ok(())).await, 1);
    assert_eq!(world.logins().await, []);
}

#[tokio::test]
async fn a_refusal_is_parked_at_once_with_all_behind_it() {
    let world = World::of_one_renamed_login().await;
    world.end_credential().await;
    assert_eq!(world.run_logins(Err(NeighbourError::Refused("unknown login".to_owned()))).await, 1);
    world.clock.advance(Duration::weeks(1));
    assert_eq!(world.run_logins(Ok(())).await, 0);
    let entries = world.logins().await;
    let parked: Vec<_> = entries.iter().map(|entry| entry.parked_at.is_some()).collect();
    assert_eq!(parked, [true, false]);
}
