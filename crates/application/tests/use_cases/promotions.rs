use application::{Error, Resource};
use domain::{
    AccountError, AccountPromotionType, Cancellation, EntityKind, NewPromotion, Period, PromotionError,
    PromotionOperation, PromotionStatus,
};
use testkit::fixtures::{NOW, account, account_id, customer_id, org, promotion_id, scope};
use time::macros::date;
use time::{Date, Duration};

use crate::{World, assert_refused, stranger};
use PromotionOperation::{Delete, Insert, Update};
use PromotionStatus::{Active, Cancelled, Pending};

const TODAY: Date = date!(2026 - 03 - 14);

/// Days from the first one on.
fn day(n: i64) -> Date {
    TODAY + Duration::days(n)
}

fn new(number: i64, start: i64, end: Option<i64>) -> NewPromotion {
    let period = Period::new(day(start), end.map(day)).unwrap();
    NewPromotion { promotion_id: number.try_into().unwrap(), period }
}

impl World {
    async fn grant(&self, number: i64, start: i64, end: Option<i64>) -> PromotionStatus {
        self.promotions().create(&scope(), account_id(1), new(number, start, end)).await.unwrap().1
    }

    async fn cancel(&self, n: u32, date: i64) -> Result<(), Error> {
        let cancellation = Cancellation::new(day(date), self.promotions().today()).unwrap();
        self.promotions().cancel(&scope(), account_id(1), promotion_id(n), cancellation).await
    }

    async fn listed(&self, kind: AccountPromotionType) -> Vec<(u16, PromotionStatus)> {
        let promotions = self.promotions().of_account(&org(), account_id(1), kind).await.unwrap();
        promotions.iter().map(|(it, status)| (it.data().promotion_id.get(), *status)).collect()
    }

    async fn operations(&self) -> Vec<(u16, PromotionOperation, PromotionStatus)> {
        let history = self.promotions().history(&org(), account_id(1), None).await.unwrap();
        history.iter().map(|it| (it.promotion_id.get(), it.operation, it.status())).collect()
    }

    /// What the audit has of promotions, oldest first: which one, and what has changed.
    async fn audited(&self) -> Vec<(String, Vec<String>)> {
        let timeline = self.customers().timeline(&org(), customer_id(1), None, 100).await.unwrap();
        let entries = timeline.entries.into_iter().rev();
        let promotions = entries.filter(|entry| entry.entity == EntityKind::Promotion);
        promotions.map(|entry| (entry.entity_id, entry.fields)).collect()
    }
}

#[tokio::test]
async fn lists_what_is_asked_for_as_it_stands_today() {
    let world = World::of_one_account().await;
    assert_eq!(world.listed(AccountPromotionType::All).await, []);
    assert_eq!(world.grant(3, 2, None).await, Pending);
    assert_eq!(world.grant(2, 0, Some(1)).await, Active);
    assert_eq!(world.grant(1, -9, Some(-1)).await, PromotionStatus::Expired);
    let all = [(2, Active), (3, Pending)];
    assert_eq!(world.listed(AccountPromotionType::All).await, all);
    assert_eq!(world.listed(AccountPromotionType::Activated).await, all[..1]);
    assert_eq!(world.listed(AccountPromotionType::Active).await, all[..1]);
    assert_eq!(world.listed(AccountPromotionType::Scheduled).await, all[1..]);
    world.clock.set(NOW + Duration::days(2));
    assert_eq!(world.listed(AccountPromotionType::All).await, [(3, Active)]);
}

#[tokio::test]
async fn gives_the_same_promotion_once_at_a_time() {
    let world = World::of_one_account().await;
    world.grant(7, 0, Some(9)).await;
    let again = world.promotions().create(&scope(), account_id(1), new(7, 9, None)).await;
    assert_refused!(again, Error::Promotion(PromotionError::Overlap));
    world.grant(7, 10, None).await;
    world.grant(8, 0, None).await;
    assert_eq!(world.operations().await.len(), 3);
}

#[tokio::test]
async fn cancels_before_and_after_the_start() {
    let world = World::of_one_account().await;
    world.grant(1, 5, None).await;
    world.grant(2, 0, Some(9)).await;
    world.cancel(1, 4).await.unwrap();
    world.cancel(2, 3).await.unwrap();
    world.cancel(2, 3).await.unwrap();
    assert_refused!(world.cancel(1, 4).await, Error::Promotion(PromotionError::Ended));
    assert_refused!(world.cancel(2, 4).await, Error::Promotion(PromotionError::AfterEnd));
    let expected = [(1, Insert, Pending), (2, Insert, Active), (1, Delete, Cancelled), (2, Update, Active)];
    assert_eq!(world.operations().await, expected);
    let fields: Vec<_> = world.audited().await.into_iter().map(|(_, fields)| fields.join(" ")).collect();
    assert_eq!(fields, ["promotion_id start_date", "promotion_id start_date end_date", "status", "end_date"]);
    world.clock.set(NOW + Duration::days(4));
    assert_eq!(world.listed(AccountPromotionType::All).await, []);
    assert_eq!(world.operations().await, expected, "history stays as it was");
}

#[tokio::test]
async fn a_history_begins_where_it_is_asked_to() {
    let world = World::of_one_account().await;
    world.grant(1, 0, None).await;
    world.clock.set(NOW + Duration::DAY);
    world.grant(2, 0, None).await;
    for (from, count) in [(None, 2), (Some(0), 2), (Some(1), 1), (Some(2), 0)] {
        let history = world.promotions().history(&org(), account_id(1), from.map(day)).await.unwrap();
        assert_eq!(history.len(), count, "{from:?}");
    }
}

#[tokio::test]
async fn the_promotions_of_an_account_end_with_it() {
    let world = World::of_one_account().await;
    world.grant(1, 5, None).await;
    world.grant(2, 0, Some(9)).await;
    world.grant(3, 0, Some(0)).await;
    world.grant(4, -9, Some(-1)).await;
    let before = world.operations().await;
    world.end_account_1().await;
    world.end_account_1().await;
    // By their start.
    assert_eq!(world.operations().await[before.len()..], [(2, Update, Active), (1, Delete, Cancelled)]);
    let id = |n| promotion_id(n).to_string();
    let ended = [(id(2), vec!["end_date".to_owned()]), (id(1), vec!["status".to_owned()])];
    assert_eq!(world.audited().await[4..], ended);
    world.clock.set(NOW + Duration::DAY);
    assert_eq!(world.listed(AccountPromotionType::All).await, []);
}

#[tokio::test]
async fn an_ended_account_refuses_changes() {
    let world = World::of_one_account().await;
    world.grant(1, 0, None).await;
    world.end_account_1().await;
    let ended = Error::Account(AccountError::Ended).to_string();
    let granted = world.promotions().create(&scope(), account_id(1), new(2, 0, None)).await;
    assert_eq!(granted.unwrap_err().to_string(), ended);
    assert_eq!(world.cancel(1, 0).await.unwrap_err().to_string(), ended);
    assert_eq!(world.operations().await.len(), 2);
}

#[tokio::test]
async fn unknown_accounts_and_promotions_are_not_found() {
    let world = World::of_one_account().await;
    world.bring_account(&account(2, &world.customer(customer_id(1)).await)).await;
    world.grant(1, 0, None).await;
    let (promotions, today) = (world.promotions(), Cancellation::new(TODAY, TODAY).unwrap());
    let (first, second, unknown) = (account_id(1), account_id(2), account_id(3));
    for (scope, id) in [(scope(), unknown), (stranger(), first)] {
        let org = &scope.org;
        let list = promotions.of_account(org, id, AccountPromotionType::All).await;
        assert_refused!(list, Error::NotFound(Resource::Account));
        assert_refused!(promotions.history(org, id, None).await, Error::NotFound(Resource::Account));
        let granted = promotions.create(&scope, id, new(2, 0, None)).await;
        assert_refused!(granted, Error::NotFound(Resource::Account));
        let cancelled = promotions.cancel(&scope, id, promotion_id(1), today).await;
        assert_refused!(cancelled, Error::NotFound(Resource::Account));
    }
    for (account, n) in [(first, 9), (second, 1)] {
        let cancelled = promotions.cancel(&scope(), account, promotion_id(n), today).await;
        assert_refused!(cancelled, Error::NotFound(Resource::Promotion));
    }
    assert_eq!(world.operations().await.len(), 1);
}
