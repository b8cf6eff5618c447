//! What the store promises of promotions.

use application::ports::{Constraint, Store, StoreError};
use domain::{
    Account, AccountId, Cancellation, NewPromotion, Period, Promotion, PromotionData, PromotionOperation,
    PromotionStatus,
};
use futures_util::future::join_all;
use time::macros::{date, offset};
use time::{Date, Duration};

use super::org::Org;
use crate::fixtures::{NOW, account_id, promotion, promotion_id};

const TODAY: Date = date!(2026 - 03 - 14);

/// Days from today on.
fn day(n: i64) -> Date {
    TODAY + Duration::days(n)
}

fn period(start: i64, end: Option<i64>) -> Period {
    Period::new(day(start), end.map(day)).unwrap()
}

fn stored(promotion: &Promotion) -> Promotion {
    Promotion::restore(promotion.data().clone())
}

/// What an accepted update leaves in the store.
fn updated(promotion: &Promotion) -> Promotion {
    let data = promotion.data().clone();
    Promotion::restore(PromotionData { version: data.version + 1, ..data })
}

impl Org<'_> {
    async fn add_promotion(&self, n: u32, account: &Account, period: Period) -> Promotion {
        let promotion = promotion(n, account, period);
        let mut work = self.begin().await;
        work.promotions().insert(&promotion).await.unwrap();
        work.commit(NOW, &[]).await.unwrap();
        stored(&promotion)
    }

    async fn update_promotion(&self, promotion: &Promotion) -> Result<(), StoreError> {
        let mut work = self.begin().await;
        work.promotions().update(promotion).await?;
        work.commit(NOW, &[]).await
    }

    async fn promotion(&self, n: u32) -> Option<Promotion> {
        self.begin().await.promotions().find(promotion_id(n)).await.unwrap()
    }

    async fn live(&self, account: AccountId, today: Date) -> Vec<Promotion> {
        let outside = self.store.live_promotions(&self.id, account, today).await.unwrap().unwrap();
        let inside = self.begin().await.promotions().live(account, today).await.unwrap();
        assert_eq!(outside, inside);
        outside
    }

    /// Operations and the ends that they left.
    async fn operations(
        &self,
        account: AccountId,
        from: Option<Date>,
    ) -> Vec<(PromotionOperation, Option<Date>)> {
        let history = self.store.promotion_history(&self.id, account, from).await.unwrap().unwrap();
        history.into_iter().map(|event| (event.operation, event.period.end_date())).collect()
    }
}

fn cancel(promotion: &Promotion, date: i64, today: i64) -> Promotion {
    let mut promotion = stored(promotion);
    let cancellation = Cancellation::new(day(date), day(today)).unwrap();
    assert_eq!(promotion.cancel(cancellation, NOW + Duration::days(today)), Ok(true));
    promotion
}

/// Promotions with and without an end, at the borders of the numbers and of the calendar, come back equal.
pub async fn every_promotion_comes_back_as_it_was(store: &dyn Store) {
    let org = Org::new(store);
    let account = org.add_account(1, &org.add_person(1).await).await;
    let given = promotion(1, &account, period(0, None)).data().clone();
    let of = |start, end| Period::new(start, end).unwrap();
    for data in [
        given.clone(),
        PromotionData {
            id: promotion_id(2),
            promotion_id: 1.try_into().unwrap(),
            period: of(date!(0000 - 01 - 01), Some(date!(9999 - 12 - 31))),
            ..given.clone()
        },
        PromotionData {
            id: promotion_id(3),
            promotion_id: 9999.try_into().unwrap(),
            period: of(date!(2024 - 02 - 29), Some(date!(2024 - 02 - 29))),
            cancelled_at: Some(NOW.to_offset(offset!(+5:45))),
            created_at: NOW + Duration::MICROSECOND,
            updated_at: NOW + Duration::MICROSECOND * 2,
            version: 7,
            ..given
        },
    ] {
        let promotion = Promotion::restore(data.clone());
        let mut work = org.begin().await;
        work.promotions().insert(&promotion).await.unwrap();
        assert_eq!(work.promotions().find(data.id).await.unwrap().as_ref(), Some(&promotion));
        work.commit(NOW, &[]).await.unwrap();
        assert_eq!(org.begin().await.promotions().find(data.id).await.unwrap(), Some(promotion));
    }
}

/// Everything that a promotion's verbs change is written.
pub async fn an_update_writes_all_that_can_change(store: &dyn Store) {
    let org = Org::new(store);
    let account = org.add_account(1, &org.add_person(1).await).await;
    let open = org.add_promotion(1, &account, period(0, None)).await;
    let shortened = cancel(&open, 9, 0);
    org.update_promotion(&shortened).await.unwrap();
    assert_eq!(org.promotion(1).await, Some(updated(&shortened)));
    let again = cancel(&updated(&shortened), 8, 1);
    org.update_promotion(&again).await.unwrap();
    assert_eq!(org.promotion(1).await, Some(updated(&again)));

    let pending = org.add_promotion(2, &account, period(5, Some(9))).await;
    let cancelled = cancel(&pending, 4, 0);
    org.update_promotion(&cancelled).await.unwrap();
    assert_eq!(org.promotion(2).await, Some(updated(&cancelled)));
}

/// What is live on a day is what the domain calls pending or active, on the first and the last day too, and the days around
/// them; by start, then by id.
pub async fn live_promotions_are_those_that_have_not_ended(store: &dyn Store) {
    let org = Org::new(store);
    let account = org.add_account(1, &org.add_person(1).await).await;
    let of_account = account.data().id;
    let periods =
        [(5, Some(9)), (0, None), (0, Some(0)), (-9, Some(-1)), (5, None), (-400, Some(1)), (7, None)];
    let mut all = Vec::new();
    for ((start, end), n) in periods.into_iter().zip(1..) {
        all.push(org.add_promotion(n, &account, period(start, end)).await);
    }
    let cancelled = cancel(&all.pop().unwrap(), 6, 0);
    org.update_promotion(&cancelled).await.unwrap();
    all.push(updated(&cancelled));
    all.sort_by_key(|promotion| (promotion.data().period.start_date(), promotion.data().id));
    for today in [-401, -400, -10, -9, -1, 0, 1, 2, 4, 5, 8, 9, 10, 99_999].map(day) {
        let live: Vec<_> =
            all.iter().filter(|promotion| promotion.status(today).is_live()).cloned().collect();
        assert_eq!(org.live(of_account, today).await, live, "{today}");
    }
    assert_eq!(all.iter().filter(|it| it.status(TODAY) == PromotionStatus::Cancelled).count(), 1);
}

/// What was done is told in the order in which it was done, from a day on.
pub async fn operations_are_kept_oldest_first(store: &dyn Store) {
    use PromotionOperation::{Delete, Insert, Update};
    let org = Org::new(store);
    let account = org.add_account(1, &org.add_person(1).await).await;
    let id = account.data().id;
    assert_eq!(org.operations(id, None).await, []);
    // The ids run against the order of the operations.
    let pending = org.add_promotion(2, &account, period(5, Some(9))).await;
    let open = org.add_promotion(1, &account, period(0, None)).await;
    let cancelled = cancel(&pending, 2, 2);
    org.update_promotion(&cancelled).await.unwrap();
    let shortened = cancel(&open, 3, 2);
    org.update_promotion(&shortened).await.unwrap();
    org.update_promotion(&cancel(&updated(&shortened), 1, 1)).await.unwrap();

    let all = [
        (Insert, Some(day(9))),
        (Insert, None),
        (Delete, Some(day(9))),
        (Update, Some(day(3))),
        (Update, Some(day(1))),
    ];
    for (from, shown) in [
        (None, &all[..]),
        (Some(0), &all),
        (Some(-1), &all),
        (Some(1), &all[2..]),
        (Some(2), &all[2..4]),
        (Some(3), &[]),
    ] {
        assert_eq!(org.operations(id, from.map(day)).await, shown, "{from:?}");
    }
    let history = store.promotion_history(&org.id, id, None).await.unwrap().unwrap();
    assert_eq!(history[2..3], *cancelled.events());
}

/// An old copy is refused, and its operation is not told.
pub async fn an_old_copy_is_stale_and_leaves_no_history(store: &dyn Store) {
    let org = Org::new(store);
    let account = org.add_account(1, &org.add_person(1).await).await;
    let old = org.add_promotion(1, &account, period(0, None)).await;
    org.update_promotion(&cancel(&old, 5, 0)).await.unwrap();
    let result = org.update_promotion(&cancel(&old, 6, 0)).await;
    assert!(matches!(result, Err(StoreError::Stale)), "{result:?}");
    let never = promotion(9, &account, period(0, None));
    assert!(matches!(org.update_promotion(&cancel(&never, 6, 0)).await, Err(StoreError::Stale)));
    let operations = org.operations(account.data().id, None).await;
    let expected = [(PromotionOperation::Insert, None), (PromotionOperation::Update, Some(day(5)))];
    assert_eq!(operations, expected);
}

/// Nothing of a unit of work that is dropped is kept.
pub async fn a_dropped_unit_leaves_no_promotion(store: &dyn Store) {
    let org = Org::new(store);
    let account = org.add_account(1, &org.add_person(1).await).await;
    let kept = org.add_promotion(1, &account, period(0, None)).await;
    let mut work = org.begin().await;
    work.promotions().insert(&promotion(2, &account, period(0, None))).await.unwrap();
    work.promotions().update(&cancel(&kept, 0, 0)).await.unwrap();
    assert_eq!(work.promotions().live(account.data().id, TODAY).await.unwrap().len(), 2);
    drop(work);
    assert_eq!(org.live(account.data().id, TODAY).await, [kept]);
    assert_eq!(org.operations(account.data().id, None).await.len(), 1);
}

/// Who has found the account looks at its promotions undisturbed: of many who want to add the only one, one does.
pub async fn who_has_found_the_account_has_its_promotions_alone(store: &dyn Store) {
    let org = &Org::new(store);
    let account = org.add_account(1, &org.add_person(1).await).await;
    let new = NewPromotion { promotion_id: 7.try_into().unwrap(), period: period(0, None) };
    let grant = async |n| {
        let mut work = org.begin().await;
        let account = work.accounts().find(account_id(1)).await.unwrap().unwrap().data().id;
        tokio::task::yield_now().await;
        let others = work.promotions().live(account, TODAY).await.unwrap();
        let granted = Promotion::grant(promotion_id(n), account, new, &others, TODAY, NOW)?;
        work.promotions().insert(&granted).await.unwrap();
        work.commit(NOW, &[]).await.unwrap();
        Ok::<_, domain::PromotionError>(())
    };
    let results = join_all((1..=10).map(grant)).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    assert_eq!(org.live(account.data().id, TODAY).await.len(), 1);
}

/// The promotions of an account are its own, and those of an organisation too; the same id serves in two organisations.
pub async fn promotions_of_others_are_unknown(store: &dyn Store) {
    let (theirs, ours) = (Org::new(store), Org::new(store));
    let their_account = theirs.add_account(1, &theirs.add_person(1).await).await;
    let person = ours.add_person(1).await;
    let (first, second) = (ours.add_account(1, &person).await, ours.add_account(2, &person).await);
    let their_own = theirs.add_promotion(1, &their_account, period(0, None)).await;
    assert_eq!(ours.promotion(1).await, None);
    assert_eq!(ours.live(first.data().id, TODAY).await, []);
    assert_eq!(ours.operations(first.data().id, None).await, []);

    let own = ours.add_promotion(1, &first, period(1, Some(2))).await;
    ours.update_promotion(&cancel(&own, 1, 0)).await.unwrap();
    assert_eq!(theirs.promotion(1).await, Some(their_own));
    assert_eq!(theirs.operations(their_account.data().id, None).await.len(), 1);
    assert_eq!(ours.live(second.data().id, TODAY).await, []);
    assert_eq!(ours.operations(second.data().id, None).await, []);
}

/// Of an account that does not exist nothing is read, and nothing can be added to it; an id is used once.
pub async fn a_promotion_needs_its_account(store: &dyn Store) {
    let (theirs, ours) = (Org::new(store), Org::new(store));
    let their_account = theirs.add_account(1, &theirs.add_person(1).await).await;
    let nobodys = account_id(1);
    assert_eq!(store.live_promotions(&ours.id, nobodys, TODAY).await.unwrap(), None);
    assert_eq!(store.promotion_history(&ours.id, nobodys, None).await.unwrap(), None);
    assert_eq!(ours.promotion(1).await, None);
    let promotion = promotion(1, &their_account, period(0, None));
    ours.begin().await.promotions().insert(&promotion).await.unwrap_err();

    theirs.add_promotion(1, &their_account, period(0, None)).await;
    let mut work = theirs.begin().await;
    assert!(matches!(work.promotions().insert(&promotion).await, Err(StoreError::Duplicate(Constraint::Id))));
}
