//! What the store promises of tokenizations and cards.

use application::ports::{Constraint, Store, StoreError};
use domain::{FailureMessage, Tokenization, TokenizationData, TokenizationStatus};
use time::{Duration, OffsetDateTime};

use super::org::Org;
use crate::fixtures::{NOW, account_id, card, customer_id, token};

/// A tokenization for the account `n`.
fn tokenization(n: u32, reference: &str, attempt: i32, status: TokenizationStatus) -> Tokenization {
    at(n, reference, attempt, status, NOW)
}

fn at(
    n: u32,
    reference: &str,
    attempt: i32,
    status: TokenizationStatus,
    created_at: OffsetDateTime,
) -> Tokenization {
    Tokenization::restore(TokenizationData {
        reference_id: token(reference),
        attempt,
        account_id: account_id(n),
        customer_id: customer_id(1),
        status,
        created_at,
        updated_at: created_at,
        version: 1,
    })
}

fn failed() -> TokenizationStatus {
    TokenizationStatus::Failed(FailureMessage::of_gateway("refused"))
}

fn completed() -> TokenizationStatus {
    TokenizationStatus::Completed(token("card-1"))
}

/// An organisation with customer 1 and its accounts 1 and 2.
async fn org(store: &dyn Store) -> Org<'_> {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    org.add_account(1, &owner).await;
    org.add_account(2, &owner).await;
    org
}

async fn insert(org: &Org<'_>, tokenization: &Tokenization) -> Result<(), StoreError> {
    let mut work = org.begin().await;
    work.tokenizations().insert(tokenization).await?;
    work.commit(NOW, &[]).await
}

async fn update(org: &Org<'_>, tokenization: &Tokenization) -> Result<(), StoreError> {
    let mut work = org.begin().await;
    work.tokenizations().update(tokenization).await?;
    work.commit(NOW, &[]).await
}

/// In whatever state, within a unit of work and outside.
pub async fn tokenizations_come_back_as_they_were(store: &dyn Store) {
    let org = org(store).await;
    for (n, status) in [failed(), completed(), TokenizationStatus::Pending].into_iter().enumerate() {
        let reference = format!("ref-{n}");
        let stored = tokenization(1, &reference, 1, status);
        insert(&org, &stored).await.unwrap();
        let reference = token(&reference);
        assert_eq!(store.tokenization(&org.id, &reference).await.unwrap(), Some(stored.clone()));
        let mut work = org.begin().await;
        assert_eq!(work.tokenizations().newest(&reference).await.unwrap(), Some(stored.clone()));
        assert_eq!(work.tokenizations().account_of(&reference).await.unwrap(), Some(account_id(1)));
        let pending = work.tokenizations().pending_of(account_id(1)).await.unwrap();
        assert_eq!(pending, Some(stored).filter(Tokenization::is_pending));
        assert_eq!(work.tokenizations().pending_of(account_id(2)).await.unwrap(), None);
    }
    let mut work = org.begin().await;
    assert_eq!(work.tokenizations().newest(&token("unknown")).await.unwrap(), None);
    assert_eq!(work.tokenizations().account_of(&token("unknown")).await.unwrap(), None);
}

/// Not the one that was written last.
pub async fn the_newest_under_a_reference_is_the_last_attempt(store: &dyn Store) {
    let org = org(store).await;
    insert(&org, &tokenization(1, "ref-1", 2, TokenizationStatus::Pending)).await.unwrap();
    insert(&org, &tokenization(1, "ref-1", 1, failed())).await.unwrap();
    let newest = store.tokenization(&org.id, &token("ref-1")).await.unwrap().unwrap();
    assert_eq!(newest.data().attempt, 2);
}

/// Whatever account it is for.
pub async fn an_attempt_is_made_once(store: &dyn Store) {
    let org = org(store).await;
    insert(&org, &tokenization(1, "ref-1", 1, failed())).await.unwrap();
    let again = insert(&org, &tokenization(2, "ref-1", 1, TokenizationStatus::Pending)).await;
    assert!(matches!(again, Err(StoreError::Duplicate(Constraint::TokenizationAttempt))), "{again:?}");
}

/// By the time of the request, then by the attempt.
pub async fn tokenizations_of_an_account_are_newest_first(store: &dyn Store) {
    let org = org(store).await;
    assert_eq!(store.tokenizations_of(&org.id, account_id(1)).await.unwrap(), Some(Vec::new()));
    let later = NOW + Duration::SECOND;
    let all = [
        at(1, "b", 1, TokenizationStatus::Pending, later),
        at(1, "a", 2, failed(), NOW),
        at(1, "a", 1, failed(), NOW),
        at(1, "c", 1, completed(), NOW - Duration::DAY),
    ];
    for stored in [&all[2], &all[0], &all[3], &all[1]] {
        insert(&org, stored).await.unwrap();
    }
    insert(&org, &tokenization(2, "other", 1, TokenizationStatus::Pending)).await.unwrap();
    assert_eq!(store.tokenizations_of(&org.id, account_id(1)).await.unwrap().unwrap(), all);
    assert_eq!(store.tokenizations_of(&org.id, account_id(3)).await.unwrap(), None);
}

/// By the attempt, then by the reference, so that they always come in the same order.
pub async fn tokenizations_of_one_instant_have_an_order(store: &dyn Store) {
    let org = org(store).await;
    let all = [
        at(1, "b", 2, failed(), NOW),
        at(1, "c", 1, failed(), NOW),
        at(1, "b", 1, failed(), NOW),
        at(1, "a", 1, failed(), NOW),
    ];
    for stored in [&all[3], &all[1], &all[2], &all[0]] {
        insert(&org, stored).await.unwrap();
    }
    assert_eq!(store.tokenizations_of(&org.id, account_id(1)).await.unwrap().unwrap(), all);
}

/// Those of other customers aside.
pub async fn cards_of_a_customer_are_newest_first(store: &dyn Store) {
    let org = org(store).await;
    org.add_person(2).await;
    assert_eq!(store.cards_of(&org.id, customer_id(1)).await.unwrap(), Some(Vec::new()));
    let mut work = org.begin().await;
    for (name, owner, created_at) in
        [("b", 1, NOW), ("a", 1, NOW), ("z", 1, NOW - Duration::DAY), ("x", 2, NOW)]
    {
        let card = domain::Card { created_at, ..card(name, customer_id(owner)) };
        work.cards().insert(&card).await.unwrap();
    }
    work.commit(NOW, &[]).await.unwrap();
    let cards = store.cards_of(&org.id, customer_id(1)).await.unwrap().unwrap();
    assert_eq!(cards.iter().map(|card| card.token_id.as_str()).collect::<Vec<_>>(), ["b", "a", "z"]);
    assert_eq!(cards[0], card("b", customer_id(1)));
    assert_eq!(store.cards_of(&org.id, customer_id(3)).await.unwrap(), None);
}

/// A change to a copy that somebody else has changed meanwhile is refused.
pub async fn an_old_copy_is_stale(store: &dyn Store) {
    let org = org(store).await;
    let mut first = tokenization(1, "ref-1", 1, TokenizationStatus::Pending);
    insert(&org, &first).await.unwrap();
    first.supersede(NOW + Duration::SECOND);
    update(&org, &first).await.unwrap();
    assert!(matches!(update(&org, &first).await, Err(StoreError::Stale)));
    let stored = store.tokenization(&org.id, &token("ref-1")).await.unwrap().unwrap();
    assert_eq!(*stored.data(), TokenizationData { version: 2, ..first.data().clone() });
}

/// The same reference can be used in each.
pub async fn tokenizations_of_other_organisations_are_unknown(store: &dyn Store) {
    let (org, other) = (org(store).await, org(store).await);
    insert(&org, &tokenization(1, "ref-1", 1, TokenizationStatus::Pending)).await.unwrap();
    assert_eq!(store.tokenization(&other.id, &token("ref-1")).await.unwrap(), None);
    assert_eq!(store.tokenizations_of(&other.id, account_id(1)).await.unwrap(), Some(Vec::new()));
    insert(&other, &tokenization(2, "ref-1", 1, failed())).await.unwrap();
    let pending = org.begin().await.tokenizations().pending_of(account_id(1)).await.unwrap();
    assert!(pending.is_some());
}
