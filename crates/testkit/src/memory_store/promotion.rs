use application::ports::{Constraint, PromotionReads, Promotions, StoreError};
use async_trait::async_trait;
use domain::{AccountId, OrgId, Promotion, PromotionData, PromotionEvent, PromotionId};
use time::Date;

use super::{MemoryStore, Organisation, Unit, unexpected};

impl Organisation {
    pub(super) fn live_promotions(&self, account: AccountId, today: Date) -> Vec<Promotion> {
        let of_account = self.promotions.values().filter(|data| data.account_id == account);
        let mut live: Vec<_> = of_account
            .map(|data| Promotion::restore(data.clone()))
            .filter(|promotion| promotion.status(today).is_live())
            .collect();
        live.sort_by_key(|promotion| (promotion.data().period.start_date(), promotion.data().id));
        live
    }

    fn append_promotion_events(&mut self, promotion: &Promotion) {
        let account = promotion.data().account_id;
        let events = promotion.events().iter().map(|event| (account, event.clone()));
        self.promotion_history.extend(events);
    }
}

#[async_trait]
impl Promotions for Unit {
    async fn find(&mut self, id: PromotionId) -> Result<Option<Promotion>, StoreError> {
        Ok(self.organisation.promotions.get(&id).cloned().map(Promotion::restore))
    }

    async fn live(&mut self, account: AccountId, today: Date) -> Result<Vec<Promotion>, StoreError> {
        Ok(self.organisation.live_promotions(account, today))
    }

    async fn insert(&mut self, promotion: &Promotion) -> Result<(), StoreError> {
        let data = promotion.data();
        if !self.organisation.accounts.contains_key(&data.account_id) {
            return Err(unexpected("unknown account"));
        }
        if self.organisation.promotions.contains_key(&data.id) {
            return Err(StoreError::Duplicate(Constraint::Id));
        }
        let organisation = self.writable();
        organisation.promotions.insert(data.id, data.clone());
        organisation.append_promotion_events(promotion);
        Ok(())
    }

    async fn update(&mut self, promotion: &Promotion) -> Result<(), StoreError> {
        let (data, organisation) = (promotion.data(), self.writable());
        let current = organisation.promotions.get_mut(&data.id);
        let row = current.filter(|row| row.version == data.version).ok_or(StoreError::Stale)?;
        *row = PromotionData { version: data.version + 1, ..data.clone() };
        organisation.append_promotion_events(promotion);
        Ok(())
    }
}

#[async_trait]
impl PromotionReads for MemoryStore {
    async fn live_promotions(
        &self,
        org: &OrgId,
        account: AccountId,
        today: Date,
    ) -> Result<Option<Vec<Promotion>>, StoreError> {
        let organisation = self.0.organisation(org);
        let is_known = organisation.accounts.contains_key(&account);
        Ok(is_known.then(|| organisation.live_promotions(account, today)))
    }

    async fn promotion_history(
        &self,
        org: &OrgId,
        account: AccountId,
        from: Option<Date>,
    ) -> Result<Option<Vec<PromotionEvent>>, StoreError> {
        let organisation = self.0.organisation(org);
        let is_shown = |(of, event): &&(AccountId, PromotionEvent)| {
            *of == account && from.is_none_or(|from| from <= event.date)
        };
        let events = || organisation.promotion_history.iter().filter(is_shown);
        let is_known = organisation.accounts.contains_key(&account);
        Ok(is_known.then(|| events().map(|(_, event)| event.clone()).collect()))
    }
}
