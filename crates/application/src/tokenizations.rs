use std::sync::Arc;

use domain::{
    AccountId, AuditEntry, Card, CustomerId, FailureMessage, GatewayToken, OrgId, Tokenization,
    TokenizationAnswer, TokenizationStatus,
};
use time::{Duration, OffsetDateTime};

use crate::accounts::visible_change;
use crate::outbox::{EffectError, Step, finish};
use crate::ports::{
    Calendar, Clock, OutboxEntry, PaymentGateway, Store, StoreError, TokenizationRequest, UnitOfWork,
};
use crate::{Error, Resource, Scope};

/// How long the payment gateway is waited for.
#[derive(Debug, Clone)]
pub struct TokenizationPolicy {
    /// After this time a pending request fails.
    pub expires_after: Duration,
    /// After this time the gateway is asked again how far it is.
    pub ask_again_after: Duration,
}

/// The use cases of cards and their tokenization.
pub struct Tokenizations {
    /// Where they are kept.
    pub store: Arc<dyn Store>,
    /// Tokenizes cards.
    pub gateway: Arc<dyn PaymentGateway>,
    /// Tells when a change is made.
    pub clock: Arc<dyn Clock>,
    /// Tells on what day a card is no longer good.
    pub calendar: Arc<dyn Calendar>,
    /// How long the gateway is waited for.
    pub policy: TokenizationPolicy,
}

impl Tokenizations {
    /// All tokenizations of an account, newest first.
    ///
    /// # Errors
    /// Not found.
    pub async fn of_account(&self, org: &OrgId, account: AccountId) -> Result<Vec<Tokenization>, Error> {
        self.store.tokenizations_of(org, account).await?.ok_or(Error::NotFound(Resource::Account))
    }

    /// The cards that a customer can pay with today, newest first.
    ///
    /// # Errors
    /// Not found.
    pub async fn available_cards(&self, org: &OrgId, customer: CustomerId) -> Result<Vec<Card>, Error> {
        let cards = self.store.cards_of(org, customer).await?.ok_or(Error::NotFound(Resource::Customer))?;
        let today = self.calendar.day_of(self.clock.now());
        Ok(cards.into_iter().filter(|card| card.is_usable_by(customer, today)).collect())
    }

    /// Carries out what a request has put into the outbox: asks the gateway, and keeps what it answers.
    pub(crate) async fn tokenize(
        &self,
        entry: &OutboxEntry,
        reference: &GatewayToken,
        attempt: i32,
    ) -> Result<Step, EffectError> {
        let known = self.store.tokenization(&entry.org, reference).await?;
        let Some(request) = known.filter(|known| known.data().attempt == attempt) else {
            return finish(&*self.store, entry, self.clock.now()).await;
        };
        if matches!(request.data().status, TokenizationStatus::Completed(_)) {
            return finish(&*self.store, entry, self.clock.now()).await;
        }
        let data = request.data();
        let deadline = data.created_at + self.policy.expires_after;
        if self.clock.now() >= deadline {
            return self.settle(entry, (reference, attempt), None).await;
        }
        let asked = TokenizationRequest {
            org: entry.org.clone(),
            account_id: data.account_id,
            reference_id: reference.clone(),
            attempt,
            requested_at: data.created_at,
        };
        match self.gateway.tokenize(&asked).await {
            Ok(Some(answer)) => self.settle(entry, (reference, attempt), Some(answer)).await,
            Ok(None) => Ok(Step::Again(deadline.min(self.clock.now() + self.policy.ask_again_after))),
            Err(error) => Err(EffectError::NeighbourUntil(error, deadline)),
        }
    }

    /// Keeps what the gateway has answered to an attempt, or that it did not in time.
    async fn settle(
        &self,
        entry: &OutboxEntry,
        (reference, attempt): (&GatewayToken, i32),
        answer: Option<TokenizationAnswer>,
    ) -> Result<Step, EffectError> {
        let now = self.clock.now();
        let mut work = self.store.begin(&Scope::of_entry(entry)).await?;
        work.outbox().finish(entry).await?;
        let changes = settle(&mut *work, reference, attempt, answer, now).await?;
        work.commit(now, &changes).await?;
        Ok(Step::Finished)
    }
}

/// Brings the newest tokenization under a reference to its end: by an answer of the gateway to an attempt, or because there is
/// none. Whatever the attempt, a success is one for the newest; a failure concerns its own attempt only.
async fn settle(
    work: &mut dyn UnitOfWork,
    reference: &GatewayToken,
    attempt: i32,
    answer: Option<TokenizationAnswer>,
    now: OffsetDateTime,
) -> Result<Vec<AuditEntry>, StoreError> {
    // The account is locked first, as by every request, so that nobody waits for the other.
    let Some(account_id) = work.tokenizations().account_of(reference).await? else { return Ok(Vec::new()) };
    let Some(mut account) = work.accounts().find(account_id).await? else { return Ok(Vec::new()) };
    let Some(mut request) = work.tokenizations().newest(reference).await? else { return Ok(Vec::new()) };
    let (account_before, request_before) = (account.clone(), request.clone());
    let stored = match &answer {
        Some(TokenizationAnswer::Completed(card)) => work.cards().find(&card.token_id).await?,
        Some(TokenizationAnswer::Failed(_)) | None => None,
    };
    let is_foreign = stored.as_ref().is_some_and(|card| card.customer_id != request.data().customer_id);
    let answer = if is_foreign {
        Some(TokenizationAnswer::Failed(FailureMessage::of_gateway("the card is another customer's")))
    } else {
        answer
    };
    let is_own = request.data().attempt == attempt;
    let card = match answer {
        Some(answer @ TokenizationAnswer::Completed(_)) => request.take(&answer, &mut account, now),
        Some(answer @ TokenizationAnswer::Failed(_)) if is_own => request.take(&answer, &mut account, now),
        None if is_own => {
            request.expire(&mut account, now);
            None
        }
        Some(TokenizationAnswer::Failed(_)) | None => None,
    };
    let mut changes = Vec::new();
    if let Some(card) = card.filter(|_| stored.is_none()) {
        work.cards().insert(&card).await?;
        changes.push((&card).into());
    }
    if request != request_before {
        work.tokenizations().update(&request).await?;
        changes.push((&request).into());
    }
    if account != account_before {
        work.accounts().update(&account).await?;
        changes.extend(visible_change(&account));
    }
    Ok(changes)
}
