//! Promotions: what an account is given for some days, of the operator's catalogue.

use std::fmt;

use thiserror::Error;
use time::{Date, OffsetDateTime};

use crate::id::{AccountId, PromotionId};

code_enum! {
    /// How a promotion stands on a day.
    PromotionStatus {
        /// It has not begun.
        Pending = "PENDING",
        /// It has begun and not ended.
        Active = "ACTIVE",
        /// It has ended.
        Expired = "EXPIRED",
        /// It was cancelled before it began.
        Cancelled = "CANCELLED",
    }
}

impl PromotionStatus {
    /// Whether the promotion is still worth something: neither ended nor cancelled.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Pending | Self::Active)
    }
}

code_enum! {
    /// What was done to a promotion.
    PromotionOperation {
        /// It was given to the account.
        Insert = "INSERT",
        /// Its end was moved.
        Update = "UPDATE",
        /// It was cancelled before it began.
        Delete = "DELETE",
    }
}

code_enum! {
    /// Which promotions of an account are asked for.
    AccountPromotionType {
        /// The active ones.
        Activated = "ACTIVATED",
        /// The active ones, by another name.
        Active = "ACTIVE",
        /// The pending ones.
        Scheduled = "SCHEDULED",
        /// The active and the pending ones.
        All = "ALL",
    }
}

impl AccountPromotionType {
    /// Whether promotions with this status are among those asked for.
    #[must_use]
    pub const fn includes(self, status: PromotionStatus) -> bool {
        match self {
            Self::Activated | Self::Active => matches!(status, PromotionStatus::Active),
            Self::Scheduled => matches!(status, PromotionStatus::Pending),
            Self::All => status.is_live(),
        }
    }
}

/// The number of a promotion in the operator's catalogue, 1 to 9999. An account may have the same one several times, one after
/// the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromotionNumber(u16);

/// The number is none of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be an integer from {} to {}", PromotionNumber::MIN, PromotionNumber::MAX)]
pub struct PromotionNumberError;

impl PromotionNumber {
    /// The lowest.
    pub const MIN: Self = Self(1);
    /// The highest.
    pub const MAX: Self = Self(9999);

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<i64> for PromotionNumber {
    type Error = PromotionNumberError;

    fn try_from(number: i64) -> Result<Self, PromotionNumberError> {
        let number = u16::try_from(number).map(Self).map_err(|_| PromotionNumberError)?;
        if (Self::MIN..=Self::MAX).contains(&number) { Ok(number) } else { Err(PromotionNumberError) }
    }
}

impl fmt::Display for PromotionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Some days in a row, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    start_date: Date,
    end_date: Option<Date>,
}

/// A period would end before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must not be before start_date")]
pub struct PeriodError;

impl Period {
    /// From the first to the last day; without a last one it does not end.
    ///
    /// # Errors
    /// [`PeriodError`] when the last day is before the first.
    pub fn new(start_date: Date, end_date: Option<Date>) -> Result<Self, PeriodError> {
        match end_date {
            Some(end_date) if end_date < start_date => Err(PeriodError),
            _ => Ok(Self { start_date, end_date }),
        }
    }

    /// The first day.
    #[must_use]
    pub const fn start_date(&self) -> Date {
        self.start_date
    }

    /// The last day, if it ends.
    #[must_use]
    pub const fn end_date(&self) -> Option<Date> {
        self.end_date
    }

    /// Whether a day lies in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.end_date.is_none_or(|end| other.start_date <= end)
            && other.end_date.is_none_or(|end| self.start_date <= end)
    }

    fn status(&self, day: Date) -> PromotionStatus {
        if day < self.start_date {
            PromotionStatus::Pending
        } else if self.end_date.is_none_or(|end| day <= end) {
            PromotionStatus::Active
        } else {
            PromotionStatus::Expired
        }
    }
}

/// The wish that a promotion ends on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancellation {
    date: Date,
    today: Date,
}

/// The day of a cancellation is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must not be before today")]
pub struct CancellationError;

impl Cancellation {
    /// A cancellation that is made `today` for this day.
    ///
    /// # Errors
    /// [`CancellationError`] when the day is over.
    pub fn new(date: Date, today: Date) -> Result<Self, CancellationError> {
        if date < today { Err(CancellationError) } else { Ok(Self { date, today }) }
    }
}

/// What an account is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewPromotion {
    /// Which promotion of the catalogue.
    pub promotion_id: PromotionNumber,
    /// On which days.
    pub period: Period,
}

/// Everything that is known of a promotion of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotionData {
    /// Identity within the organisation.
    pub id: PromotionId,
    /// Whose promotion it is.
    pub account_id: AccountId,
    /// Which promotion of the catalogue it is.
    pub promotion_id: PromotionNumber,
    /// On which days. A cancelled one keeps those that it would have had.
    pub period: Period,
    /// When it was cancelled, if that was for a day before it began.
    pub cancelled_at: Option<OffsetDateTime>,
    /// When it was given to the account.
    pub created_at: OffsetDateTime,
    /// When anything last changed.
    pub updated_at: OffsetDateTime,
    /// Counts the changes; the store uses it to notice that somebody else was faster.
    pub version: i64,
}

/// One operation on a promotion, with the state in which it left it; for the store to append to the account's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotionEvent {
    /// Which promotion of the catalogue it is.
    pub promotion_id: PromotionNumber,
    /// Its days after the operation.
    pub period: Period,
    /// What was done.
    pub operation: PromotionOperation,
    /// The day on which it was done, where the customers live.
    pub date: Date,
}

impl PromotionEvent {
    /// How the promotion stood after the operation, on that day.
    #[must_use]
    pub fn status(&self) -> PromotionStatus {
        match self.operation {
            PromotionOperation::Delete => PromotionStatus::Cancelled,
            PromotionOperation::Insert | PromotionOperation::Update => self.period.status(self.date),
        }
    }
}

/// Why a promotion cannot be given, or cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PromotionError {
    /// The account has the same promotion on some of these days.
    #[error("the account already has this promotion on some of these days")]
    Overlap,
    /// The promotion has ended or was cancelled.
    #[error("the promotion has already ended")]
    Ended,
    /// The promotion ends before it would be cancelled.
    #[error("must not be after the end of the promotion")]
    AfterEnd,
}

/// A promotion of an account. Read it through [`Promotion::data`]; only its verbs change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    data: PromotionData,
    changed: Vec<&'static str>,
    events: Vec<PromotionEvent>,
}

impl Promotion {
    /// Gives a promotion to an account that has these `others` by now.
    ///
    /// # Errors
    /// [`PromotionError::Overlap`] when one of them that is live `today` is the same promotion on some of the same days.
    pub fn grant(
        id: PromotionId,
        account_id: AccountId,
        new: NewPromotion,
        others: &[Self],
        today: Date,
        now: OffsetDateTime,
    ) -> Result<Self, PromotionError> {
        let NewPromotion { promotion_id, period } = new;
        let hinders = |other: &Self| {
            other.data.promotion_id == promotion_id
                && other.status(today).is_live()
                && other.data.period.overlaps(&period)
        };
        if others.iter().any(hinders) {
            return Err(PromotionError::Overlap);
        }
        let mut promotion = Self::restore(PromotionData {
            id,
            account_id,
            promotion_id,
            period,
            cancelled_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        });
        promotion.changed.extend(["promotion_id", "start_date"]);
        promotion.changed.extend(period.end_date.map(|_| "end_date"));
        promotion.record(PromotionOperation::Insert, today);
        Ok(promotion)
    }

    /// A promotion as it was stored.
    #[must_use]
    pub const fn restore(data: PromotionData) -> Self {
        Self { data, changed: Vec::new(), events: Vec::new() }
    }

    /// Its present state.
    #[must_use]
    pub const fn data(&self) -> &PromotionData {
        &self.data
    }

    /// The names of the fields that have changed since it was read, for the audit; all that were given, if it is new.
    #[must_use]
    pub fn changed(&self) -> &[&'static str] {
        &self.changed
    }

    /// What has happened to it since it was read, to be stored with it.
    #[must_use]
    pub fn events(&self) -> &[PromotionEvent] {
        &self.events
    }

    /// How it stands on a day.
    #[must_use]
    pub fn status(&self, today: Date) -> PromotionStatus {
        match self.data.cancelled_at {
            Some(_) => PromotionStatus::Cancelled,
            None => self.data.period.status(today),
        }
    }

    /// Lets it end with a day; for a day before it begins, it is cancelled at once. Returns whether that changed anything.
    ///
    /// # Errors
    /// [`PromotionError::Ended`] or [`PromotionError::AfterEnd`].
    pub fn cancel(
        &mut self,
        cancellation: Cancellation,
        now: OffsetDateTime,
    ) -> Result<bool, PromotionError> {
        let Cancellation { date, today } = cancellation;
        let Period { start_date: start, end_date: end } = self.data.period;
        if !self.status(today).is_live() {
            return Err(PromotionError::Ended);
        }
        if end.is_some_and(|end| end < date) {
            return Err(PromotionError::AfterEnd);
        }
        if end == Some(date) {
            return Ok(false);
        }
        self.data.updated_at = now;
        if date < start {
            self.data.cancelled_at = Some(now);
            self.changed.push("status");
            self.record(PromotionOperation::Delete, today);
        } else {
            self.data.period.end_date = Some(date);
            self.changed.push("end_date");
            self.record(PromotionOperation::Update, today);
        }
        Ok(true)
    }

    /// Ends it `today`, because its account ends. Returns whether that changed anything.
    pub fn end(&mut self, today: Date, now: OffsetDateTime) -> bool {
        matches!(self.cancel(Cancellation { date: today, today }, now), Ok(true))
    }

    fn record(&mut self, operation: PromotionOperation, date: Date) {
        let PromotionData { promotion_id, period, .. } = self.data;
        self.events.push(PromotionEvent { promotion_id, period, operation, date });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::Duration;
    use time::macros::{date, datetime};
    use uuid::Uuid;

    use super::*;
    use PromotionStatus::{Active, Cancelled, Expired, Pending};

    const NOW: OffsetDateTime = datetime!(2026-03-14 10:30 UTC);
    const TODAY: Date = date!(2026 - 03 - 14);

    /// Days from today on.
    fn day(n: i64) -> Date {
        TODAY + Duration::days(n)
    }

    fn period(start: i64, end: Option<i64>) -> Period {
        Period::new(day(start), end.map(day)).unwrap()
    }

    fn number(n: i64) -> PromotionNumber {
        n.try_into().unwrap()
    }

    fn try_grant(n: i64, period: Period, others: &[Promotion]) -> Result<Promotion, PromotionError> {
        let (id, account) = (PromotionId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
        let new = NewPromotion { promotion_id: number(n), period };
        Promotion::grant(id, account, new, others, TODAY, NOW)
    }

    fn granted(start: i64, end: Option<i64>) -> Promotion {
        Promotion::restore(try_grant(7, period(start, end), &[]).unwrap().data.clone())
    }

    fn cancel(promotion: &mut Promotion, date: i64, today: i64) -> Result<bool, PromotionError> {
        promotion.cancel(Cancellation::new(day(date), day(today)).unwrap(), NOW + Duration::DAY)
    }

    /// The operations since it was read, with the end and the status in which each left it.
    fn operations(promotion: &Promotion) -> Vec<(PromotionOperation, Option<Date>, PromotionStatus)> {
        promotion
            .events
            .iter()
            .map(|event| (event.operation, event.period.end_date, event.status()))
            .collect()
    }

    #[test]
    fn numbers_have_four_digits_at_most() {
        for right in [1, 2, 9998, 9999] {
            assert_eq!(i64::from(number(right).get()), right);
        }
        for wrong in [0, 10_000, -1, 65_537, i64::MIN, i64::MAX] {
            assert_eq!(PromotionNumber::try_from(wrong), Err(PromotionNumberError), "{wrong}");
        }
        assert_eq!(PromotionNumberError.to_string(), "must be an integer from 1 to 9999");
    }

    #[test]
    fn a_period_ends_on_its_first_day_at_the_earliest() {
        assert!(Period::new(day(0), Some(day(0))).is_ok());
        assert!(Period::new(day(0), None).is_ok());
        assert_eq!(Period::new(day(0), Some(day(-1))), Err(PeriodError));
    }

    #[test]
    fn the_status_changes_with_the_first_day_and_after_the_last() {
        let promotion = granted(0, Some(10));
        for (n, status) in [(-1, Pending), (0, Active), (1, Active), (9, Active), (10, Active), (11, Expired)]
        {
            assert_eq!(promotion.status(day(n)), status, "{n}");
        }
        let one_day = granted(0, Some(0));
        assert_eq!([-1, 0, 1].map(|n| one_day.status(day(n))), [Pending, Active, Expired]);
        assert_eq!([-1, 0, 9999].map(|n| granted(0, None).status(day(n))), [Pending, Active, Active]);
    }

    #[test]
    fn what_is_asked_for_by_its_type() {
        for (kind, included) in [
            (AccountPromotionType::Activated, vec![Active]),
            (AccountPromotionType::Active, vec![Active]),
            (AccountPromotionType::Scheduled, vec![Pending]),
            (AccountPromotionType::All, vec![Pending, Active]),
        ] {
            for status in [Pending, Active, Expired, Cancelled] {
                assert_eq!(kind.includes(status), included.contains(&status), "{kind} {status}");
            }
        }
    }

    #[test]
    fn a_grant_is_recorded_with_what_was_given() {
        for (start, end, status, fields) in [
            (0, None, Active, &["promotion_id", "start_date"][..]),
            (1, Some(1), Pending, &["promotion_id", "start_date", "end_date"]),
            (-9, Some(-1), Expired, &["promotion_id", "start_date", "end_date"]),
        ] {
            let promotion = try_grant(7, period(start, end), &[]).unwrap();
            assert_eq!(promotion.status(TODAY), status);
            assert_eq!(operations(&promotion), [(PromotionOperation::Insert, end.map(day), status)]);
            assert_eq!(promotion.changed(), fields);
        }
    }

    #[test]
    fn the_same_promotion_is_refused_on_the_same_days() {
        let others = [granted(0, Some(10))];
        for (start, end, is_refused) in [
            (10, None, true),
            (11, None, false),
            (-5, Some(-1), false),
            (-5, Some(0), true),
            (3, Some(4), true),
            (-5, Some(20), true),
            (-5, None, true),
        ] {
            let result = try_grant(7, period(start, end), &others);
            assert_eq!(result.err(), is_refused.then_some(PromotionError::Overlap), "{start} {end:?}");
            assert!(try_grant(8, period(start, end), &others).is_ok(), "another one");
        }
        assert!(try_grant(7, period(99_999, None), &[granted(0, None)]).is_err());
    }

    #[test]
    fn what_is_not_live_hinders_nobody() {
        let expired = granted(-10, Some(-1));
        let mut cancelled = granted(5, None);
        cancel(&mut cancelled, 0, 0).unwrap();
        assert!(try_grant(7, period(-10, None), &[expired, cancelled]).is_ok());
    }

    #[test]
    fn a_cancellation_is_for_today_or_later() {
        assert_eq!(Cancellation::new(day(-1), TODAY), Err(CancellationError));
        assert!(Cancellation::new(TODAY, TODAY).is_ok());
    }

    #[test]
    fn cancelled_for_a_day_before_its_start_it_never_begins() {
        let mut promotion = granted(5, Some(9));
        let before = promotion.data.clone();
        assert_eq!(cancel(&mut promotion, 4, 0), Ok(true));
        let (at, data) = (NOW + Duration::DAY, promotion.data().clone());
        assert_eq!(data, PromotionData { cancelled_at: Some(at), updated_at: at, ..before });
        assert_eq!(operations(&promotion), [(PromotionOperation::Delete, Some(day(9)), Cancelled)]);
        assert_eq!(promotion.changed(), ["status"]);
        assert!([0, 4, 5, 9, 10].iter().all(|n| promotion.status(day(*n)) == Cancelled));
    }

    #[test]
    fn cancelled_for_a_day_of_its_own_it_ends_with_it() {
        for (start, end, today, date, status) in [
            (0, Some(9), 0, 0, Active),
            (0, None, 0, 3, Active),
            (-5, Some(9), 0, 8, Active),
            (5, Some(9), 0, 5, Pending),
            (5, None, 0, 6, Pending),
        ] {
            let mut promotion = granted(start, end);
            assert_eq!(cancel(&mut promotion, date, today), Ok(true));
            assert_eq!(operations(&promotion), [(PromotionOperation::Update, Some(day(date)), status)]);
            assert_eq!(promotion.changed(), ["end_date"]);
            assert_eq!(promotion.status(day(date)), Active);
            assert_eq!(promotion.status(day(date + 1)), Expired);
        }
    }

    #[test]
    fn its_own_end_changes_nothing() {
        let mut promotion = granted(0, Some(9));
        let before = promotion.clone();
        assert_eq!(cancel(&mut promotion, 9, 0), Ok(false));
        assert_eq!(promotion, before);
    }

    #[test]
    fn what_has_ended_is_not_cancelled_and_nothing_is_prolonged() {
        let mut cancelled = granted(5, None);
        cancel(&mut cancelled, 0, 0).unwrap();
        for (mut promotion, today, date, error) in [
            (granted(0, Some(9)), 10, 10, PromotionError::Ended),
            (cancelled, 0, 0, PromotionError::Ended),
            (granted(0, Some(9)), 0, 10, PromotionError::AfterEnd),
            (granted(5, Some(9)), 0, 10, PromotionError::AfterEnd),
        ] {
            let before = promotion.clone();
            assert_eq!(cancel(&mut promotion, date, today), Err(error));
            assert_eq!(promotion, before);
        }
    }

    #[test]
    fn it_ends_with_its_account() {
        for (start, end, status) in [
            (1, None, Some(Cancelled)),
            (0, None, Some(Active)),
            (-1, Some(1), Some(Active)),
            (-1, Some(0), None),
            (-2, Some(-1), None),
        ] {
            let mut promotion = granted(start, end);
            assert_eq!(promotion.end(TODAY, NOW), status.is_some(), "{start} {end:?}");
            assert_eq!(promotion.events.first().map(PromotionEvent::status), status);
            assert!(!promotion.status(day(1)).is_live());
            assert!(!promotion.end(TODAY, NOW), "ended already");
        }
    }

    /// Short periods near today, some without end.
    fn periods() -> impl Strategy<Value = Period> {
        (-20_i64..20, prop::option::of(0_i64..20))
            .prop_map(|(start, length)| period(start, length.map(|length| start + length)))
    }

    fn is_on(period: &Period, day: Date) -> bool {
        period.status(day) == Active
    }

    proptest! {
        #[test]
        fn periods_overlap_when_they_share_a_day(one in periods(), other in periods()) {
            // Beyond, an open one meets nothing but open ones, which meet here too.
            let shared = (-20..60).map(day).any(|day| is_on(&one, day) && is_on(&other, day));
            prop_assert_eq!(one.overlaps(&other), shared);
            prop_assert_eq!(other.overlaps(&one), shared);
        }

        #[test]
        fn the_status_never_goes_back(period in periods(), n in -30_i64..60) {
            let order = |n| [Pending, Active, Expired].iter().position(|it| *it == period.status(day(n)));
            prop_assert!(order(n) <= order(n + 1));
        }

        #[test]
        fn an_account_never_has_the_same_promotion_twice_on_a_day(
            wishes in prop::collection::vec((periods(), prop::option::of(0_i64..40)), 1..12)
        ) {
            let mut had: Vec<Promotion> = Vec::new();
            for (wish, cancelled) in wishes {
                if let Ok(mut promotion) = try_grant(7, wish, &had) {
                    if let Some(date) = cancelled {
                        let _ = cancel(&mut promotion, date, 0);
                    }
                    had.push(promotion);
                }
            }
            for day in (0..60).map(day) {
                prop_assert!(had.iter().filter(|promotion| promotion.status(day) == Active).count() <= 1);
            }
        }
    }
}
