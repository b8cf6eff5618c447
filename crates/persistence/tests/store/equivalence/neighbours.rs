//! The systems outside: they answer the same to every store, and remember what they were told.

use std::path::Path;
use std::sync::{Arc, Mutex};

use application::ports::{
    Clock, DocumentStore, DocumentStoreError, IdentitySystem, Login, NeighbourError, Notice, Notifier,
    PaymentGateway, TokenizationRequest,
};
use async_trait::async_trait;
use domain::{
    CardExpiry, DocumentKey, FailureMessage, GatewayToken, LoginEmail, OrgId, StoredDocument,
    TokenizationAnswer, TokenizedCard,
};
use testkit::FixedClock;
use time::{Duration, OffsetDateTime};

use super::command::Mood;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    Tokenize(TokenizationRequest),
    Provision(OrgId, Login),
    Rename(OrgId, Login, LoginEmail),
    Disable(OrgId, Login),
    Notify(Notice),
}

impl Call {
    /// `Debug` alone shows no addresses and references.
    fn key(&self) -> String {
        let hidden = match self {
            Self::Tokenize(request) => [request.reference_id.as_str(), ""],
            Self::Provision(_, login) | Self::Disable(_, login) => [login.username.as_str(), ""],
            Self::Rename(_, login, to) => [login.username.as_str(), to.as_str()],
            Self::Notify(notice) => [notice.to.as_str(), ""],
        };
        format!("{self:?} {hidden:?}")
    }
}

pub(super) struct Neighbours {
    pub(super) clock: Arc<FixedClock>,
    pub(super) mood: Mutex<Mood>,
    pub(super) calls: Mutex<Vec<Call>>,
}

impl Neighbours {
    fn answer(&self, call: Call) -> Result<(), NeighbourError> {
        self.calls.lock().unwrap().push(call);
        match *self.mood.lock().unwrap() {
            Mood::Well => Ok(()),
            Mood::Down => Err(NeighbourError::Unavailable("down".to_owned())),
            Mood::Refusing => Err(NeighbourError::Refused("refusing".to_owned())),
        }
    }

    /// What they were told since this was last asked. What is claimed together is told in any order.
    pub(super) fn told(&self) -> Vec<Call> {
        let mut calls = std::mem::take(&mut *self.calls.lock().unwrap());
        calls.sort_by_key(Call::key);
        calls
    }
}

/// An account has two cards at most, so that several references lead to one; those of some accounts expire soon.
fn card_of(request: &TokenizationRequest) -> TokenizedCard {
    let account = request.account_id.0.as_u128() & 0xff;
    let which = request.reference_id.as_str().bytes().last().unwrap() % 2;
    let valid_for = if account.is_multiple_of(3) { Duration::ZERO } else { Duration::days(1000) };
    TokenizedCard {
        token_id: GatewayToken::restore(format!("card-{account}-{which}")),
        last_four: "5100".to_owned(),
        expiration: CardExpiry::of((request.requested_at + valid_for).date()),
    }
}

#[async_trait]
impl PaymentGateway for Neighbours {
    /// The reference says what happens.
    async fn tokenize(
        &self,
        request: &TokenizationRequest,
    ) -> Result<Option<TokenizationAnswer>, NeighbourError> {
        self.answer(Call::Tokenize(request.clone()))?;
        let age = self.clock.now() - request.requested_at;
        let failure = || TokenizationAnswer::Failed(FailureMessage::of_gateway("no such card"));
        let success = || TokenizationAnswer::Completed(card_of(request));
        Ok(match request.reference_id.as_str().split('-').next().unwrap() {
            "fail" => Some(failure()),
            "second" if request.attempt == 1 => Some(failure()),
            "slow" if age < Duration::seconds(3) => None,
            "late" if age < Duration::minutes(4) => None,
            "never" => None,
            _ => Some(success()),
        })
    }
}

#[async_trait]
impl IdentitySystem for Neighbours {
    async fn provision(&self, org: &OrgId, login: &Login) -> Result<(), NeighbourError> {
        self.answer(Call::Provision(org.clone(), login.clone()))
    }

    async fn rename(&self, org: &OrgId, login: &Login, to: &LoginEmail) -> Result<(), NeighbourError> {
        self.answer(Call::Rename(org.clone(), login.clone(), to.clone()))
    }

    async fn disable(&self, org: &OrgId, login: &Login) -> Result<(), NeighbourError> {
        self.answer(Call::Disable(org.clone(), login.clone()))
    }
}

#[async_trait]
impl Notifier for Neighbours {
    async fn notify(&self, notice: &Notice) -> Result<(), NeighbourError> {
        self.answer(Call::Notify(notice.clone()))
    }
}

#[async_trait]
impl DocumentStore for Neighbours {
    async fn put(&self, _: &OrgId, _: &DocumentKey, _: &Path) -> Result<u64, DocumentStoreError> {
        Err(DocumentStoreError::Missing)
    }

    async fn signed_url(
        &self,
        org: &OrgId,
        document: &StoredDocument,
        expires_at: OffsetDateTime,
    ) -> Result<String, DocumentStoreError> {
        Ok(format!("{}/{}/{expires_at}", org.as_str(), document.key.as_str()))
    }
}
