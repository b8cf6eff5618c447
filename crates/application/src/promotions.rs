use std::sync::Arc;

use domain::{
    Account, AccountId, AccountPromotionType, AuditEntry, Cancellation, NewPromotion, OrgId, Promotion,
    PromotionEvent, PromotionId, PromotionStatus,
};
use time::{Date, OffsetDateTime};

use crate::accounts::find;
use crate::ports::{Calendar, Clock, Ids, Store, UnitOfWork};
use crate::{Error, Resource, Scope};

/// The use cases of promotions.
pub struct Promotions {
    /// Where promotions are kept.
    pub store: Arc<dyn Store>,
    /// Tells when a change is made.
    pub clock: Arc<dyn Clock>,
    /// Tells on which day promotions begin and end.
    pub calendar: Arc<dyn Calendar>,
    /// Gives new promotions their ids.
    pub ids: Arc<dyn Ids>,
}

impl Promotions {
    /// The present day where the customers live.
    #[must_use]
    pub fn today(&self) -> Date {
        self.calendar.day_of(self.clock.now())
    }

    /// The promotions of this type that an account has today, each with its status, by their start.
    ///
    /// # Errors
    /// Not found.
    pub async fn of_account(
        &self,
        org: &OrgId,
        account: AccountId,
        kind: AccountPromotionType,
    ) -> Result<Vec<(Promotion, PromotionStatus)>, Error> {
        let today = self.today();
        let live = self.store.live_promotions(org, account, today).await?;
        let live = live.ok_or(Error::NotFound(Resource::Account))?.into_iter().map(|promotion| {
            let status = promotion.status(today);
            (promotion, status)
        });
        Ok(live.filter(|(_, status)| kind.includes(*status)).collect())
    }

    /// Gives an account a promotion; returns it with its status today.
    ///
    /// # Errors
    /// Not found, an account that has ended, or what [`Promotion::grant`] refuses.
    pub async fn create(
        &self,
        scope: &Scope,
        account: AccountId,
        new: NewPromotion,
    ) -> Result<(Promotion, PromotionStatus), Error> {
        let mut work = self.store.begin(scope).await?;
        let account = find(&mut *work, account).await?;
        let now = self.clock.now();
        let today = self.calendar.day_of(now);
        account.check_live()?;
        let others = work.promotions().live(account.data().id, today).await?;
        let id = self.ids.promotion_id();
        let promotion = Promotion::grant(id, account.data().id, new, &others, today, now)?;
        work.promotions().insert(&promotion).await?;
        work.commit(now, &[AuditEntry::of_promotion(account.data().customer_id, &promotion)]).await?;
        let status = promotion.status(today);
        Ok((promotion, status))
    }

    /// Cancels a promotion of an account. Cancelling it for the day on which it ends anyway changes nothing.
    ///
    /// # Errors
    /// Not found, also when it is another account's, an account that has ended, or what [`Promotion::cancel`] refuses.
    pub async fn cancel(
        &self,
        scope: &Scope,
        account: AccountId,
        id: PromotionId,
        cancellation: Cancellation,
    ) -> Result<(), Error> {
        let mut work = self.store.begin(scope).await?;
        let account = find(&mut *work, account).await?;
        let promotion = work.promotions().find(id).await?;
        let mut promotion = promotion
            .filter(|promotion| promotion.data().account_id == account.data().id)
            .ok_or(Error::NotFound(Resource::Promotion))?;
        account.check_live()?;
        let now = self.clock.now();
        if promotion.cancel(cancellation, now)? {
            work.promotions().update(&promotion).await?;
            work.commit(now, &[AuditEntry::of_promotion(account.data().customer_id, &promotion)]).await?;
        }
        Ok(())
    }

    /// What was done to the promotions of an account on the day `from` or later, oldest first.
    ///
    /// # Errors
    /// Not found.
    pub async fn history(
        &self,
        org: &OrgId,
        account: AccountId,
        from: Option<Date>,
    ) -> Result<Vec<PromotionEvent>, Error> {
        let history = self.store.promotion_history(org, account, from).await?;
        history.ok_or(Error::NotFound(Resource::Account))
    }
}

/// Ends the live promotions of an account that ends; returns what the audit is to say of them.
pub(crate) async fn end_promotions(
    work: &mut dyn UnitOfWork,
    account: &Account,
    today: Date,
    now: OffsetDateTime,
) -> Result<Vec<AuditEntry>, Error> {
    let mut changes = Vec::new();
    for mut promotion in work.promotions().live(account.data().id, today).await? {
        if promotion.end(today, now) {
            work.promotions().update(&promotion).await?;
            changes.push(AuditEntry::of_promotion(account.data().customer_id, &promotion));
        }
    }
    Ok(changes)
}
