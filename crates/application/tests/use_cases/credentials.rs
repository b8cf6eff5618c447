use application::ports::{
    Constraint, CredentialRef, Effect, Login, LoginChange, Neighbour, NeighbourError, Notice, NoticeKind,
    OutboxEntry, OutboxQueue, Store, StoreError, TimelineEntry,
};
use application::{EffectError, Error, Resource, Search};
use domain::{
    CredentialData, CredentialId, CredentialState, CustomerError, CustomerId, EntityKind, ExpirationDate,
    Language, NewCustomer,
};
use testkit::fixtures::{
    NOW, account, cif, company, credential_id, customer, customer_id, digital_customer, login, nif, org,
    private_customer, scope,
};
use time::Duration;

use crate::{MockIdentity, MockMail, World, assert_refused, stranger};

const ADA: &str = "ada@example.com";
const EVA: &str = "Eva@example.com";
const RESERVED: CredentialState = CredentialState::Reserved { activation_requested: false };
const REQUESTED: CredentialState = CredentialState::Reserved { activation_requested: true };

fn one() -> CustomerId {
    customer_id(1)
}

fn named(n: u32, username: &str) -> Login {
    Login { credential_id: credential_id(n), username: login(username) }
}

fn provision(n: u32, username: &str) -> Effect {
    Effect::Login(LoginChange::Provision(named(n, username)))
}

fn rename(n: u32, from: &str, to: &str) -> Effect {
    Effect::Login(LoginChange::Rename { login: named(n, from), to: login(to) })
}

fn disable(n: u32, username: &str) -> Effect {
    Effect::Login(LoginChange::Disable(named(n, username)))
}

fn notice(to: &str, kind: NoticeKind) -> Effect {
    Effect::Notify(Notice { to: login(to), language: Language::Spanish, kind })
}

fn day(raw: &str) -> Option<ExpirationDate> {
    Some(ExpirationDate::parse(raw, NOW.date()).unwrap())
}

/// An identity system and a notifier that do all they are told.
fn obedient() -> (MockIdentity, MockMail) {
    let (mut identity, mut mail) = (MockIdentity::new(), MockMail::new());
    identity.expect_provision().returning(|_, _| Ok(()));
    identity.expect_rename().returning(|_, _, _| Ok(()));
    identity.expect_disable().returning(|_, _| Ok(()));
    mail.expect_notify().returning(|_| Ok(()));
    (identity, mail)
}

impl World {
    /// With private customer 1, whose credential 1 is reserved.
    async fn of_one_credential() -> Self {
        let world = Self::of([private_customer(&nif(1)), private_customer(&nif(2))]).await;
        world.credentials().reserve(&scope(), one(), login(ADA)).await.unwrap();
        world
    }

    /// The same, and the credential is active.
    async fn of_one_active_credential() -> Self {
        let world = Self::of([private_customer(&nif(1)), private_customer(&nif(2))]).await;
        world.credentials().migrate(&scope(), one(), login(ADA)).await.unwrap();
        world
    }

    async fn credential(&self, n: u32) -> CredentialData {
        let mut work = self.store.begin(&scope()).await.unwrap();
        work.credentials().find(credential_id(n)).await.unwrap().unwrap().data().clone()
    }

    async fn usernames(&self, n: u32) -> Vec<String> {
        let credentials = self.credentials().of_customer(&org(), customer_id(n)).await.unwrap();
        credentials.into_iter().map(|credential| credential.username.as_str().to_owned()).collect()
    }

    async fn effects(&self) -> Vec<Effect> {
        self.store.entries(false, 100).await.unwrap().into_iter().map(|entry| entry.effect).collect()
    }

    async fn next(&self, neighbour: Neighbour) -> Option<OutboxEntry> {
        let later = NOW + Duration::weeks(1000);
        self.store.claim(neighbour, later, later, 1).await.unwrap().pop()
    }

    async fn perform(
        &self,
        entry: &OutboxEntry,
        (identity, mail): (MockIdentity, MockMail),
    ) -> Result<(), EffectError> {
        let credentials = self.credentials_with(identity, mail);
        match &entry.effect {
            Effect::Login(change) => credentials.change_login(entry, change).await,
            Effect::Notify(notice) => credentials.notify(entry, notice).await,
            Effect::Tokenize { .. } => panic!("no effect of a credential"),
        }
    }

    /// Carries out the oldest change of a login.
    async fn change_login(&self) {
        let entry = self.next(Neighbour::IdentitySystem).await.unwrap();
        self.perform(&entry, obedient()).await.unwrap();
    }

    async fn timeline(&self) -> Vec<TimelineEntry> {
        let page = self.customers().timeline(&org(), one(), None, 100).await.unwrap();
        page.entries.into_iter().filter(|entry| entry.entity == EntityKind::Credential).collect()
    }
}

#[tokio::test]
async fn customers_of_every_type_have_credentials() {
    let types: [NewCustomer; 3] =
        [private_customer(&nif(1)), company(&cif(2)), digital_customer("eva@example.com")];
    let world = World::of(types).await;
    for n in 1..=3 {
        let username = login(&format!("User{n}@example.com"));
        let now = world.tick();
        let id = if n == 2 {
            world.credentials().migrate(&scope(), customer_id(n), username.clone()).await
        } else {
            world.credentials().reserve(&scope(), customer_id(n), username.clone()).await
        };
        assert_eq!(id.unwrap(), credential_id(n));
        let expected = CredentialData {
            id: credential_id(n),
            customer_id: customer_id(n),
            username: username.clone(),
            state: if n == 2 { CredentialState::Active } else { RESERVED },
            expiration_date: None,
            created_at: now,
            ended_at: None,
            updated_at: now,
            version: 1,
        };
        assert_eq!(world.credential(n).await, expected);
        let listed = world.credentials().of_customer(&org(), customer_id(n)).await.unwrap();
        assert_eq!(listed, [CredentialRef { id: credential_id(n), username }]);
    }
    assert_eq!(world.effects().await, [], "nobody has to be told");
    assert_eq!(world.timeline().await[0].fields, ["username", "state"]);
}

#[tokio::test]
async fn user_names_and_customers_are_taken_once() {
    let world = World::of_one_credential().await;
    let credentials = world.credentials();
    for username in [ADA, "ADA@EXAMPLE.com"] {
        let two = customer_id(2);
        for result in [
            credentials.reserve(&scope(), two, login(username)).await,
            credentials.migrate(&scope(), two, login(username)).await,
        ] {
            assert_refused!(result, Error::Store(StoreError::Duplicate(Constraint::LiveUsername)));
        }
    }
    let second = credentials.reserve(&scope(), one(), login(EVA)).await;
    assert_refused!(second, Error::Store(StoreError::Duplicate(Constraint::LiveCredential)));
    assert_eq!(world.usernames(2).await, [""; 0]);
    assert_eq!(world.usernames(1).await, [ADA]);
}

#[tokio::test]
async fn an_activation_is_asked_for_once_and_confirmed() {
    let world = World::of_one_credential().await;
    for _ in 0..3 {
        world.credentials().activate(&scope(), one()).await.unwrap();
        assert_eq!(world.credential(1).await.state, REQUESTED);
        assert_eq!(world.effects().await, [provision(1, ADA)]);
    }
    let entry = world.next(Neighbour::IdentitySystem).await.unwrap();
    let mut identity = MockIdentity::new();
    let told = |to_org: &_, to_login: &Login| *to_org == org() && *to_login == named(1, ADA);
    identity.expect_provision().withf(told).times(1).returning(|_, _| Ok(()));
    let now = world.tick();
    world.perform(&entry, (identity, MockMail::new())).await.unwrap();
    let credential = world.credential(1).await;
    assert_eq!((credential.state, credential.updated_at), (CredentialState::Active, now));
    assert_eq!(world.effects().await, []);
    let newest = world.timeline().await.remove(0);
    assert_eq!((newest.actor.as_str(), &*newest.operation), ("mascustomers", "provision_login"));
    assert_eq!((newest.request_id, newest.fields), (scope().request_id, vec!["state".to_owned()]));

    world.credentials().activate(&scope(), one()).await.unwrap();
    assert_eq!(world.effects().await, [], "it is active already");
}

#[tokio::test]
async fn what_fails_outside_stays_in_the_outbox() {
    let world = World::of_one_active_credential().await;
    world.credentials().change_username(&scope(), one(), login(EVA)).await.unwrap();
    let unavailable = || NeighbourError::Unavailable("timeout".to_owned());
    let mut identity = MockIdentity::new();
    identity.expect_rename().times(1).returning(move |_, _, _| Err(unavailable()));
    let entry = world.next(Neighbour::IdentitySystem).await.unwrap();
    assert_refused!(
        world.perform(&entry, (identity, MockMail::new())).await,
        EffectError::Neighbour(NeighbourError::Unavailable(_))
    );
    let mut mail = MockMail::new();
    mail.expect_notify().times(1).returning(|_| Err(NeighbourError::Refused("no such host".to_owned())));
    let notice = world.next(Neighbour::Notifier).await.unwrap();
    assert_refused!(
        world.perform(&notice, (MockIdentity::new(), mail)).await,
        EffectError::Neighbour(NeighbourError::Refused(_))
    );
    assert_eq!(world.effects().await.len(), 3);
    world.perform(&entry, obedient()).await.unwrap();
    world.perform(&notice, obedient()).await.unwrap();
    assert_eq!(world.effects().await.len(), 1);
}

#[tokio::test]
async fn who_lost_the_claim_confirms_nothing() {
    let world = World::of_one_credential().await;
    world.credentials().activate(&scope(), one()).await.unwrap();
    let lost = world.next(Neighbour::IdentitySystem).await.unwrap();
    let held = world.next(Neighbour::IdentitySystem).await.unwrap();
    assert_refused!(world.perform(&lost, obedient()).await, EffectError::Store(StoreError::Stale));
    assert_eq!(world.credential(1).await.state, REQUESTED);
    world.perform(&held, obedient()).await.unwrap();
    assert_eq!(world.credential(1).await.state, CredentialState::Active);
    assert_refused!(world.perform(&held, obedient()).await, EffectError::Store(StoreError::Stale));
}

#[tokio::test]
async fn a_reserved_name_changes_in_the_database_only() {
    let world = World::of_one_credential().await;
    world.credentials().change_username(&scope(), one(), login(EVA)).await.unwrap();
    assert_eq!(world.usernames(1).await, [EVA]);
    assert_eq!(world.effects().await, []);
    world.credentials().activate(&scope(), one()).await.unwrap();
    assert_eq!(world.effects().await, [provision(1, EVA)]);
}

#[tokio::test]
async fn an_active_name_changes_everywhere_and_the_customer_is_told() {
    let world = World::of_one_active_credential().await;
    world.credentials().change_username(&scope(), one(), login(EVA)).await.unwrap();
    let expected =
        [rename(1, ADA, EVA), notice(ADA, NoticeKind::FormerUsername), notice(EVA, NoticeKind::NewUsername)];
    assert_eq!(world.effects().await, expected);
    assert_eq!(world.usernames(1).await, [EVA]);
    assert_eq!(world.timeline().await[0].fields, ["username"]);

    let mut mail = MockMail::new();
    let Effect::Notify(first) = &expected[1] else { panic!("a notice") };
    mail.expect_notify().with(mockall::predicate::eq(first.clone())).times(1).returning(|_| Ok(()));
    let entry = world.next(Neighbour::Notifier).await.unwrap();
    world.perform(&entry, (MockIdentity::new(), mail)).await.unwrap();
    let mut identity = MockIdentity::new();
    let told = |_: &_, from: &Login, to: &_| *from == named(1, ADA) && *to == login(EVA);
    identity.expect_rename().withf(told).times(1).returning(|_, _, _| Ok(()));
    let entry = world.next(Neighbour::IdentitySystem).await.unwrap();
    world.perform(&entry, (identity, MockMail::new())).await.unwrap();
    assert_eq!(world.effects().await, expected[2..]);
    assert_eq!(world.timeline().await.len(), 2, "nothing has changed here");
}

#[tokio::test]
async fn another_spelling_is_told_once() {
    let world = World::of_one_active_credential().await;
    let spelt = "ADA@example.com";
    world.credentials().change_username(&scope(), one(), login(spelt)).await.unwrap();
    assert_eq!(world.usernames(1).await, [spelt]);
    let expected = [rename(1, ADA, spelt), notice(spelt, NoticeKind::NewUsername)];
    assert_eq!(world.effects().await, expected);
    let before = world.timeline().await;
    world.credentials().change_username(&scope(), one(), login(spelt)).await.unwrap();
    assert_eq!((world.effects().await, world.timeline().await), (expected.to_vec(), before));
}

#[tokio::test]
async fn a_name_that_somebody_has_is_refused() {
    let world = World::of_one_active_credential().await;
    world.credentials().reserve(&scope(), customer_id(2), login(EVA)).await.unwrap();
    let taken = world.credentials().change_username(&scope(), one(), login("EVA@example.com")).await;
    assert_refused!(taken, Error::Store(StoreError::Duplicate(Constraint::LiveUsername)));
    assert_eq!((world.usernames(1).await, world.effects().await), (vec![ADA.to_owned()], vec![]));
}

#[tokio::test]
async fn a_rename_during_the_activation_ends_with_the_right_name() {
    let world = World::of_one_credential().await;
    world.credentials().activate(&scope(), one()).await.unwrap();
    world.credentials().change_username(&scope(), one(), login(EVA)).await.unwrap();
    assert_eq!(world.effects().await, [provision(1, ADA), rename(1, ADA, EVA)], "and no notice");
    world.change_login().await;
    assert_eq!(
        (world.credential(1).await.state, world.usernames(1).await),
        (CredentialState::Active, vec![EVA.to_owned()])
    );
    world.change_login().await;
    assert_eq!(world.effects().await, []);
}

#[tokio::test]
async fn an_end_during_the_activation_disables_the_login() {
    let world = World::of_one_credential().await;
    world.credentials().activate(&scope(), one()).await.unwrap();
    world.credentials().end(&scope(), one(), credential_id(1)).await.unwrap();
    assert_eq!(world.effects().await, [provision(1, ADA), disable(1, ADA)]);
    world.change_login().await;
    let credential = world.credential(1).await;
    assert!(credential.ended_at.is_some());
    assert_eq!(credential.state, REQUESTED, "it does not come to life again");
    let mut identity = MockIdentity::new();
    let told = |_: &_, to: &Login| *to == named(1, ADA);
    identity.expect_disable().withf(told).times(1).returning(|_, _| Ok(()));
    let entry = world.next(Neighbour::IdentitySystem).await.unwrap();
    world.perform(&entry, (identity, MockMail::new())).await.unwrap();
    assert_eq!(world.effects().await, []);
}

#[tokio::test]
async fn ends_once() {
    for (world, effects) in [
        (World::of_one_credential().await, vec![]),
        (World::of_one_active_credential().await, vec![disable(1, ADA)]),
    ] {
        let end = async || world.credentials().end(&scope(), one(), credential_id(1)).await;
        end().await.unwrap();
        assert_refused!(end().await, Error::NotFound(Resource::Credential));
        assert_eq!((world.usernames(1).await, world.effects().await), (vec![], effects));
        assert_eq!(world.timeline().await[0].fields, ["ended_at"]);
        world.credentials().reserve(&scope(), customer_id(2), login(ADA)).await.unwrap();
        world.credentials().reserve(&scope(), one(), login(EVA)).await.unwrap();
    }
}

#[tokio::test]
async fn the_last_day_is_kept() {
    let world = World::of_one_active_credential().await;
    for (expiration, changes) in [(None, 0), (day("2026-03-14"), 1), (day("2026-03-14"), 1), (None, 2)] {
        world.credentials().expire_on(&scope(), one(), expiration).await.unwrap();
        assert_eq!(world.credential(1).await.expiration_date, expiration.map(ExpirationDate::date));
        assert_eq!(world.timeline().await.len(), 1 + changes);
    }
    assert_eq!(world.effects().await, []);
}

#[tokio::test]
async fn an_expired_credential_is_none_from_the_day_after() {
    let world = World::of_one_active_credential().await;
    let credentials = world.credentials();
    credentials.expire_on(&scope(), one(), day("2026-03-14")).await.unwrap();
    let search = Search::new(None, None, Some(login(ADA))).unwrap();
    assert_eq!(world.usernames(1).await, [ADA]);
    assert_eq!(world.customers().search(&org(), &search).await.unwrap().id, one());

    world.clock.advance(Duration::DAY);
    assert_eq!(world.usernames(1).await, [""; 0]);
    assert_refused!(world.customers().search(&org(), &search).await, Error::NotFound(Resource::Customer));
    for result in [
        credentials.expire_on(&scope(), one(), None).await,
        credentials.change_username(&scope(), one(), login(EVA)).await,
        credentials.activate(&scope(), one()).await,
    ] {
        assert_refused!(result, Error::NotFound(Resource::Credential));
    }
    assert_eq!(world.effects().await, []);
    assert_eq!(world.credential(1).await.ended_at, None);
    credentials.end(&scope(), one(), credential_id(1)).await.unwrap();
    assert_eq!(world.effects().await, [disable(1, ADA)]);
}

#[tokio::test]
async fn expired_credentials_make_way() {
    let world = World::of_one_active_credential().await;
    world.credentials().migrate(&scope(), customer_id(2), login(EVA)).await.unwrap();
    for n in 1..=2 {
        world.credentials().expire_on(&scope(), customer_id(n), day("2026-03-14")).await.unwrap();
    }
    let now = world.clock.advance(Duration::DAY);
    let id: CredentialId =
        world.credentials().reserve(&scope(), one(), login("eva@example.com")).await.unwrap();
    assert_eq!(id, credential_id(3));
    for n in 1..=2 {
        assert_eq!(world.credential(n).await.ended_at, Some(now));
    }
    assert_eq!(world.effects().await, [disable(1, ADA), disable(2, EVA)]);
    let disabled = world.store.entries(false, 10).await.unwrap();
    assert_eq!(disabled.iter().map(|entry| entry.customer_id).collect::<Vec<_>>(), [one(), customer_id(2)]);
    assert_eq!(world.usernames(1).await, ["eva@example.com"]);
    let changes: Vec<_> = world.timeline().await.into_iter().map(|entry| entry.fields).collect();
    assert_eq!(changes[..2], [vec!["username", "state"], vec!["ended_at"]]);
}

#[tokio::test]
async fn an_expired_name_can_be_taken_by_a_change() {
    let world = World::of_one_credential().await;
    world.credentials().migrate(&scope(), customer_id(2), login(EVA)).await.unwrap();
    world.credentials().expire_on(&scope(), customer_id(2), day("2026-03-14")).await.unwrap();
    world.clock.advance(Duration::DAY);
    world.credentials().change_username(&scope(), one(), login(EVA)).await.unwrap();
    assert_eq!((world.usernames(1).await, world.usernames(2).await), (vec![EVA.to_owned()], vec![]));
    assert_eq!(world.effects().await, [disable(2, EVA)]);
}

#[tokio::test]
async fn nothing_is_ended_for_what_is_refused() {
    let world = World::of_one_active_credential().await;
    world.credentials().expire_on(&scope(), one(), day("2026-03-14")).await.unwrap();
    world.credentials().reserve(&scope(), customer_id(2), login(EVA)).await.unwrap();
    world.clock.advance(Duration::DAY);
    let taken = world.credentials().reserve(&scope(), one(), login(EVA)).await;
    assert_refused!(taken, Error::Store(StoreError::Duplicate(Constraint::LiveUsername)));
    assert_eq!(world.credential(1).await.ended_at, None);
    assert_eq!(world.effects().await, []);
}

#[tokio::test]
async fn a_credential_ends_with_its_customer() {
    for (world, effects) in [
        (World::of_one_credential().await, vec![]),
        (World::of_one_active_credential().await, vec![disable(1, ADA)]),
    ] {
        let now = world.tick();
        world.customers().end(&scope(), one()).await.unwrap();
        assert_eq!(world.credential(1).await.ended_at, Some(now));
        assert_eq!((world.usernames(1).await, world.effects().await), (vec![], effects.clone()));
        let changed: Vec<_> = world.customers().timeline(&org(), one(), None, 2).await.unwrap().entries;
        assert!(changed.iter().all(|entry| entry.at == now && entry.fields == ["ended_at"]), "{changed:?}");
        world.customers().end(&scope(), one()).await.unwrap();
        assert_eq!(world.effects().await, effects);
        world.credentials().reserve(&scope(), customer_id(2), login(ADA)).await.unwrap();
    }
}

#[tokio::test]
async fn a_customer_that_cannot_end_keeps_its_credential() {
    let world = World::of_one_active_credential().await;
    world.bring_account(&account(1, &world.customer(one()).await)).await;
    assert_refused!(
        world.customers().end(&scope(), one()).await,
        Error::Customer(CustomerError::LiveAccounts)
    );
    assert_eq!((world.usernames(1).await, world.effects().await), (vec![ADA.to_owned()], vec![]));
}

#[tokio::test]
async fn an_ended_customer_keeps_everything_as_it_is() {
    let world = World::of_one_credential().await;
    world.customers().end(&scope(), one()).await.unwrap();
    let credentials = world.credentials();
    for result in [
        credentials.reserve(&scope(), one(), login(EVA)).await.map(drop),
        credentials.migrate(&scope(), one(), login(EVA)).await.map(drop),
        credentials.expire_on(&scope(), one(), None).await,
        credentials.change_username(&scope(), one(), login(EVA)).await,
        credentials.activate(&scope(), one()).await,
        credentials.end(&scope(), one(), credential_id(1)).await,
    ] {
        assert_refused!(result, Error::Customer(CustomerError::Ended));
    }
    assert_refused!(
        credentials.end(&scope(), one(), credential_id(9)).await,
        Error::NotFound(Resource::Credential)
    );
}

#[tokio::test]
async fn without_a_credential_there_is_nothing_to_change() {
    let world = World::of_one_credential().await;
    let (credentials, two) = (world.credentials(), customer_id(2));
    for result in [
        credentials.expire_on(&scope(), two, None).await,
        credentials.change_username(&scope(), two, login(ADA)).await,
        credentials.activate(&scope(), two).await,
        credentials.end(&scope(), two, credential_id(1)).await,
        credentials.end(&scope(), one(), credential_id(2)).await,
    ] {
        assert_refused!(result, Error::NotFound(Resource::Credential));
    }
    assert_eq!(credentials.of_customer(&org(), two).await.unwrap(), []);
    assert_eq!(world.usernames(1).await, [ADA]);
}

#[tokio::test]
async fn customers_of_other_organisations_are_unknown() {
    let world = World::of_one_credential().await;
    let (credentials, other) = (world.credentials(), stranger());
    for result in [
        credentials.of_customer(&other.org, one()).await.map(drop),
        credentials.reserve(&other, one(), login(EVA)).await.map(drop),
        credentials.migrate(&other, one(), login(EVA)).await.map(drop),
        credentials.expire_on(&other, one(), None).await,
        credentials.change_username(&other, one(), login(EVA)).await,
        credentials.activate(&other, one()).await,
        credentials.end(&other, one(), credential_id(1)).await,
    ] {
        assert_refused!(result, Error::NotFound(Resource::Customer));
    }
}

#[tokio::test]
async fn notices_speak_the_customers_language() {
    let world = World::default();
    world.bring(&customer(1, company(&cif(1)))).await;
    world.credentials().migrate(&scope(), one(), login(ADA)).await.unwrap();
    world.credentials().change_username(&scope(), one(), login(EVA)).await.unwrap();
    let languages = world.effects().await.into_iter().filter_map(|effect| match effect {
        Effect::Notify(notice) => Some(notice.language),
        Effect::Login(_) | Effect::Tokenize { .. } => None,
    });
    assert_eq!(languages.collect::<Vec<_>>(), [Language::Catalan; 2]);
}
