//! What the store promises of the outbox. It is one for all organisations, and other cases may use it meanwhile.

use std::collections::BTreeSet;
use std::time::Duration as StdDuration;

use application::ports::{
    Effect, Login, LoginChange, Neighbour, Notice, NoticeKind, OutboxEntry, Store, StoreError,
};
use domain::{CustomerId, Language};
use futures_util::future::{join, join_all};
use time::{Duration, OffsetDateTime};

use super::org::Org;
use crate::fixtures::{NOW, credential_id, customer_id, login, token};

const NEIGHBOUR: Neighbour = Neighbour::Notifier;
const LEASE: Duration = Duration::MINUTE;

fn effect(n: i32) -> Effect {
    let (to, language) = (login(&format!("{n}@example.com")), Language::Spanish);
    Effect::Notify(Notice { to, language, kind: NoticeKind::NewUsername })
}

fn number(entry: &OutboxEntry) -> i32 {
    let Effect::Notify(notice) = &entry.effect else { panic!("{:?}", entry.effect) };
    notice.to.as_str().split('@').next().unwrap().parse().unwrap()
}

async fn add(org: &Org<'_>, customer: CustomerId, n: i32) {
    let mut work = org.begin().await;
    work.outbox().add(customer, &effect(n), NOW).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
}

/// What the organisation can have at `now`; what else is claimed with it is given back.
async fn claim(org: &Org<'_>, now: OffsetDateTime) -> Vec<OutboxEntry> {
    let claimed = org.store.claim(NEIGHBOUR, now, now + LEASE, 1000).await.unwrap();
    let (own, foreign): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|entry| entry.org == org.id);
    for entry in foreign {
        org.store.postpone(&entry, entry.created_at, None).await.unwrap();
    }
    own
}

async fn finish(org: &Org<'_>, entry: &OutboxEntry) -> Result<(), StoreError> {
    let mut work = org.begin().await;
    work.outbox().finish(entry).await?;
    work.commit(NOW, &[]).await
}

async fn entries(org: &Org<'_>, only_parked: bool) -> Vec<OutboxEntry> {
    let mut entries = org.store.entries(only_parked, 10_000).await.unwrap();
    entries.retain(|entry| entry.org == org.id);
    entries
}

/// Everything that is known of an effect is told to whoever claims it.
pub async fn effects_come_out_as_they_went_in(store: &dyn Store) {
    let org = Org::new(store);
    assert_eq!(claim(&org, NOW).await, []);
    add(&org, customer_id(1), 1).await;
    let claimed = claim(&org, NOW).await.remove(0);
    let expected = OutboxEntry {
        id: claimed.id,
        org: org.id.clone(),
        customer_id: customer_id(1),
        effect: effect(1),
        request_id: org.scope.request_id.clone(),
        created_at: NOW,
        attempts: 1,
        failures: 0,
        due_at: NOW + LEASE,
        parked_at: None,
        last_error: None,
    };
    assert_eq!(claimed, expected);
    assert_eq!(entries(&org, false).await, [expected]);
    finish(&org, &claimed).await.unwrap();
    assert_eq!(entries(&org, false).await, []);
}

/// What has to happen is told in full, whatever it is.
pub async fn effects_of_every_kind_come_out_as_they_went_in(store: &dyn Store) {
    let org = Org::new(store);
    let named = |username| Login { credential_id: credential_id(1), username: login(username) };
    let notice = |language, kind| Effect::Notify(Notice { to: login("Ada@example.com"), language, kind });
    let effects = [
        effect(1),
        Effect::Login(LoginChange::Provision(named("Ada@example.com"))),
        Effect::Login(LoginChange::Rename { login: named("ada@example.com"), to: login("b@example.com") }),
        Effect::Login(LoginChange::Disable(named("ada@example.com"))),
        notice(Language::Galician, NoticeKind::FormerUsername),
        notice(Language::Basque, NoticeKind::NewUsername),
    ];
    let mut work = org.begin().await;
    for effect in &effects {
        work.outbox().add(customer_id(1), effect, NOW).await.unwrap();
    }
    work.commit(NOW, &[]).await.unwrap();
    let entries = entries(&org, false).await;
    assert_eq!(entries.into_iter().map(|entry| entry.effect).collect::<Vec<_>>(), effects);
}

/// The rest has to wait for the next claim. What others have added may be claimed in between.
pub async fn who_has_waited_for_longest_is_claimed_first(store: &dyn Store) {
    let org = Org::new(store);
    // Before everything that others add.
    let long_ago = NOW - Duration::days(1000);
    let mut work = org.begin().await;
    for (customer, due_at) in [(1, 1), (2, 0), (3, 1), (4, 0), (5, 1), (6, 1)] {
        let due_at = long_ago + Duration::seconds(due_at);
        work.outbox().add(customer_id(customer), &effect(1), due_at).await.unwrap();
    }
    work.commit(NOW, &[]).await.unwrap();
    let mut order = Vec::new();
    for limit in [1, 2, 1, 2] {
        let now = long_ago + Duration::seconds(1);
        let mut claimed = store.claim(NEIGHBOUR, now, NOW + LEASE, limit).await.unwrap();
        claimed.sort_by_key(|entry| (entry.created_at, entry.id));
        order.extend(claimed.into_iter().map(|entry| entry.customer_id));
    }
    assert_eq!(order, [2, 4, 1, 3, 5, 6].map(customer_id));
}

/// The second effect of a customer waits for the first, also while that one is claimed or postponed; others do not.
pub async fn one_effect_of_a_customer_at_a_time_in_order(store: &dyn Store) {
    let org = Org::new(store);
    for (customer, n) in [(1, 1), (1, 2), (2, 3), (1, 4)] {
        add(&org, customer_id(customer), n).await;
    }
    let mut claimed = claim(&org, NOW).await;
    claimed.sort_by_key(number);
    assert_eq!(claimed.iter().map(number).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(claim(&org, NOW).await, []);

    store.postpone(&claimed[0], NOW + Duration::SECOND, Some("busy")).await.unwrap();
    assert_eq!(claim(&org, NOW).await, []);
    let again = claim(&org, NOW + Duration::SECOND).await.remove(0);
    assert_eq!((number(&again), again.attempts, again.failures), (1, 2, 1));
    assert_eq!(again.last_error.as_deref(), Some("busy"));
    finish(&org, &again).await.unwrap();
    for n in [2, 4] {
        let next = claim(&org, NOW).await.remove(0);
        assert_eq!(number(&next), n);
        finish(&org, &next).await.unwrap();
    }
}

/// A tokenization waits for an earlier one under its reference, and for nothing else of the customer.
pub async fn tokenizations_wait_for_their_own_reference_only(store: &dyn Store) {
    let org = Org::new(store);
    let mut work = org.begin().await;
    for (reference, attempt) in [("ref-1", 1), ("ref-2", 1), ("ref-1", 2)] {
        let effect = Effect::Tokenize { reference_id: token(reference), attempt };
        work.outbox().add(customer_id(1), &effect, NOW).await.unwrap();
    }
    work.commit(NOW, &[]).await.unwrap();
    let claimed = store.claim(Neighbour::PaymentGateway, NOW, NOW + LEASE, 1000).await.unwrap();
    let own = claimed.into_iter().filter(|entry| entry.org == org.id);
    let mut attempts: Vec<_> = own.map(|entry| entry.effect).collect();
    attempts.sort_by_key(|effect| format!("{effect:?}"));
    let first = |reference| Effect::Tokenize { reference_id: token(reference), attempt: 1 };
    assert_eq!(attempts.len(), 2);
    assert!(attempts.contains(&first("ref-1")) && attempts.contains(&first("ref-2")), "{attempts:?}");
}

/// A claim holds until its time is over, and is taken away then.
pub async fn nobody_else_gets_a_claimed_effect(store: &dyn Store) {
    let org = Org::new(store);
    add(&org, customer_id(1), 1).await;
    claim(&org, NOW).await.remove(0);
    assert_eq!(claim(&org, NOW + LEASE - Duration::MICROSECOND).await, []);
    assert_eq!(claim(&org, NOW + LEASE).await.remove(0).attempts, 2);
}

/// Who has lost a claim can neither finish nor postpone nor park the effect.
pub async fn a_claim_that_was_lost_changes_nothing(store: &dyn Store) {
    let org = Org::new(store);
    add(&org, customer_id(1), 1).await;
    let lost = claim(&org, NOW).await.remove(0);
    let held = claim(&org, NOW + LEASE).await.remove(0);
    assert!(matches!(finish(&org, &lost).await, Err(StoreError::Stale)));
    store.postpone(&lost, NOW, Some("late")).await.unwrap();
    store.park(&lost, NOW, "late").await.unwrap();
    assert_eq!(entries(&org, false).await, std::slice::from_ref(&held));
    finish(&org, &held).await.unwrap();
    assert!(matches!(finish(&org, &held).await, Err(StoreError::Stale)));
}

/// Parked effects, and those behind them, are not due until somebody retries them.
pub async fn parked_effects_wait_for_an_operator(store: &dyn Store) {
    let org = Org::new(store);
    for (customer, n) in [(1, 1), (1, 2), (2, 3)] {
        add(&org, customer_id(customer), n).await;
    }
    for entry in claim(&org, NOW).await {
        store.park(&entry, NOW, "refused").await.unwrap();
    }
    let far = NOW + Duration::weeks(100);
    assert_eq!(claim(&org, far).await, []);
    let parked = entries(&org, true).await;
    assert_eq!(parked.iter().map(number).collect::<Vec<_>>(), [1, 3]);
    assert_eq!((parked[0].parked_at, parked[0].failures), (Some(NOW), 1));
    assert_eq!(parked[0].last_error.as_deref(), Some("refused"));
    assert_eq!(entries(&org, false).await.len(), 3);

    assert_eq!(store.retry(Some(parked[1].id), NOW).await.unwrap(), 1);
    assert_eq!(store.retry(Some(parked[1].id), NOW).await.unwrap(), 0, "it is not parked any more");
    let retried = claim(&org, NOW).await.remove(0);
    assert_eq!((number(&retried), retried.failures, retried.parked_at), (3, 0, None));
    assert!(retried.attempts > parked[1].attempts, "who held it before has lost it");
    assert!(store.retry(None, NOW).await.unwrap() >= 1);
    assert_eq!(claim(&org, NOW).await.iter().map(number).collect::<Vec<_>>(), [1]);
}

/// Each effect is claimed by one of those who ask at the same time.
pub async fn simultaneous_claims_share_the_effects(store: &dyn Store) {
    let org = Org::new(store);
    let mut work = org.begin().await;
    for n in 1..=60 {
        work.outbox().add(customer_id(n), &effect(1), NOW).await.unwrap();
    }
    work.commit(NOW, &[]).await.unwrap();
    let far = NOW + Duration::days(365);
    let mut ids = Vec::new();
    for _ in 0..40 {
        let claims = join_all((0..8).map(|_| store.claim(NEIGHBOUR, NOW, far, 5))).await;
        let claims: Vec<Vec<_>> = claims.into_iter().map(Result::unwrap).collect();
        assert!(claims.iter().all(|claim| claim.len() <= 5), "no more than was asked for");
        let claimed: Vec<_> = claims.concat();
        if claimed.is_empty() {
            break;
        }
        ids.extend(claimed.iter().filter(|entry| entry.org == org.id).map(|entry| entry.id));
    }
    assert_eq!(ids.len(), 60);
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 60);
}

/// Effects belong to the unit of work that adds them, and so does their end.
pub async fn nothing_of_a_dropped_unit_is_to_happen(store: &dyn Store) {
    let org = Org::new(store);
    let mut work = org.begin().await;
    work.outbox().add(customer_id(1), &effect(1), NOW).await.unwrap();
    drop(work);
    assert_eq!(entries(&org, false).await, []);

    add(&org, customer_id(1), 1).await;
    let claimed = claim(&org, NOW).await.remove(0);
    let mut work = org.begin().await;
    work.outbox().finish(&claimed).await.unwrap();
    drop(work);
    assert_eq!(entries(&org, false).await.len(), 1);
}

/// Who waits is woken by the commit; the next effect is due at the time of the oldest that nobody waits for.
pub async fn who_waits_hears_of_new_effects(store: &dyn Store) {
    let org = Org::new(store);
    let woken = async { tokio::time::timeout(StdDuration::from_secs(10), store.added()).await };
    let (woken, ()) = join(woken, add(&org, customer_id(1), 1)).await;
    woken.expect("to be woken");
    assert!(store.next_due(NEIGHBOUR).await.unwrap().unwrap() <= NOW);
}
