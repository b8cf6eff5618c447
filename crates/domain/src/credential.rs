//! Credentials: the user name by which a customer logs in, and whether the identity system (+CRED) has a login for it.

use thiserror::Error;
use time::{Date, OffsetDateTime};

use crate::contact::LoginEmail;
use crate::customer::{Customer, CustomerError};
use crate::date::{DateError, parse_date};
use crate::id::{CredentialId, CustomerId};

/// How far a credential has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialState {
    /// The user name is taken, but nobody can log in by it yet.
    Reserved {
        /// Whether the identity system was asked for a login, which it has not confirmed yet.
        activation_requested: bool,
    },
    /// The identity system has a login.
    Active,
}

impl CredentialState {
    /// Whether the identity system has a login, or will have one by the time it is told anything else.
    const fn has_login(self) -> bool {
        !matches!(self, Self::Reserved { activation_requested: false })
    }
}

/// Everything that is known of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialData {
    /// Identity within the organisation.
    pub id: CredentialId,
    /// Whose credential it is.
    pub customer_id: CustomerId,
    /// What the customer logs in by.
    pub username: LoginEmail,
    /// How far it has come.
    pub state: CredentialState,
    /// The last day on which it counts; nothing if there is none.
    pub expiration_date: Option<Date>,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
    /// When anything last changed.
    pub updated_at: OffsetDateTime,
    /// Counts the changes; the store uses it to notice that somebody else was faster.
    pub version: i64,
}

/// What somebody outside has to be told of a credential, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialEvent {
    /// The identity system shall have a login under the present user name.
    ActivationRequested,
    /// The login that the identity system has, or will have, gets the present user name.
    LoginRenamed {
        /// The user name until now.
        from: LoginEmail,
    },
    /// The customer logs in by another user name from now on.
    UsernameChanged {
        /// The user name until now.
        from: LoginEmail,
    },
    /// The login that the identity system has, or will have, is of no use any more.
    LoginDisabled,
}

/// Why a credential refuses a change, or to be created.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CredentialError {
    /// The credential has ended or expired.
    #[error("The credential has ended")]
    Ended,
    /// The customer is not live.
    #[error(transparent)]
    Customer(#[from] CustomerError),
}

/// A credential. Read it through [`Credential::data`]; only its verbs change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    data: CredentialData,
    changed: Vec<&'static str>,
    events: Vec<CredentialEvent>,
}

impl Credential {
    /// Reserves a user name for `customer` at `now`.
    ///
    /// # Errors
    /// [`CredentialError::Customer`] when the customer has ended.
    pub fn reserve(
        id: CredentialId,
        customer: &Customer,
        username: LoginEmail,
        now: OffsetDateTime,
    ) -> Result<Self, CredentialError> {
        Self::create(id, customer, username, CredentialState::Reserved { activation_requested: false }, now)
    }

    /// Records at `now` that the identity system already has a login of `customer`. Nobody has to be told.
    ///
    /// # Errors
    /// [`CredentialError::Customer`] when the customer has ended.
    pub fn migrate(
        id: CredentialId,
        customer: &Customer,
        username: LoginEmail,
        now: OffsetDateTime,
    ) -> Result<Self, CredentialError> {
        Self::create(id, customer, username, CredentialState::Active, now)
    }

    /// A credential of another system, in the state that it has there and with any last day. Nobody has to be told. One that
    /// expired before `today` has ended at `now`.
    #[must_use]
    pub fn import(
        id: CredentialId,
        customer_id: CustomerId,
        username: LoginEmail,
        state: CredentialState,
        expiration_date: Option<Date>,
        (today, now): (Date, OffsetDateTime),
    ) -> Self {
        let mut credential = Self::new(id, customer_id, username, state, now);
        credential.data.expiration_date = expiration_date;
        credential.changed.extend(expiration_date.map(|_| "expiration_date"));
        credential.end_if_expired(today, now);
        credential.events.clear();
        credential
    }

    fn create(
        id: CredentialId,
        customer: &Customer,
        username: LoginEmail,
        state: CredentialState,
        now: OffsetDateTime,
    ) -> Result<Self, CredentialError> {
        customer.check_live()?;
        Ok(Self::new(id, customer.data().id, username, state, now))
    }

    fn new(
        id: CredentialId,
        customer_id: CustomerId,
        username: LoginEmail,
        state: CredentialState,
        now: OffsetDateTime,
    ) -> Self {
        let mut credential = Self::restore(CredentialData {
            id,
            customer_id,
            username,
            state,
            expiration_date: None,
            created_at: now,
            ended_at: None,
            updated_at: now,
            version: 1,
        });
        credential.changed = vec!["username", "state"];
        credential
    }

    /// A credential as it was stored.
    #[must_use]
    pub const fn restore(data: CredentialData) -> Self {
        Self { data, changed: Vec::new(), events: Vec::new() }
    }

    /// Its present state.
    #[must_use]
    pub const fn data(&self) -> &CredentialData {
        &self.data
    }

    /// The names of the fields that have changed since it was read, for the audit; all that were given, if it is new.
    #[must_use]
    pub fn changed(&self) -> &[&'static str] {
        &self.changed
    }

    /// Who has to be told what since it was read.
    #[must_use]
    pub fn events(&self) -> &[CredentialEvent] {
        &self.events
    }

    /// Gives it another user name at `now`. Returns whether that changed anything; another spelling is another user name.
    ///
    /// # Errors
    /// [`CredentialError::Ended`], also when it has expired before `today`.
    pub fn rename(
        &mut self,
        username: LoginEmail,
        today: Date,
        now: OffsetDateTime,
    ) -> Result<bool, CredentialError> {
        self.check_live(today)?;
        if self.data.username == username {
            return Ok(false);
        }
        let from = std::mem::replace(&mut self.data.username, username);
        if self.data.state.has_login() {
            self.events.push(CredentialEvent::LoginRenamed { from: from.clone() });
        }
        if self.data.state == CredentialState::Active {
            self.events.push(CredentialEvent::UsernameChanged { from });
        }
        self.touch("username", now);
        Ok(true)
    }

    /// Sets the last day on which it counts, or that there is none, at `now`. Returns whether that changed anything.
    ///
    /// # Errors
    /// [`CredentialError::Ended`], also when it has expired before `today`.
    pub fn expire_on(
        &mut self,
        expiration: Option<ExpirationDate>,
        today: Date,
        now: OffsetDateTime,
    ) -> Result<bool, CredentialError> {
        self.check_live(today)?;
        let date = expiration.map(ExpirationDate::date);
        if self.data.expiration_date == date {
            return Ok(false);
        }
        self.data.expiration_date = date;
        self.touch("expiration_date", now);
        Ok(true)
    }

    /// Asks for a login at `now`. Returns whether that changed anything: one is enough.
    ///
    /// # Errors
    /// [`CredentialError::Ended`], also when it has expired before `today`.
    pub fn request_activation(&mut self, today: Date, now: OffsetDateTime) -> Result<bool, CredentialError> {
        self.check_live(today)?;
        if self.data.state.has_login() {
            return Ok(false);
        }
        self.data.state = CredentialState::Reserved { activation_requested: true };
        self.events.push(CredentialEvent::ActivationRequested);
        self.touch("state", now);
        Ok(true)
    }

    /// Takes in at `now` that the identity system has made the login that it was asked for. Returns whether that changed
    /// anything: one that has ended meanwhile stays as it is, and the login is disabled next.
    pub fn confirm_activation(&mut self, now: OffsetDateTime) -> bool {
        let is_awaited = self.data.state == CredentialState::Reserved { activation_requested: true };
        if !is_awaited || self.data.ended_at.is_some() {
            return false;
        }
        self.data.state = CredentialState::Active;
        self.touch("state", now);
        true
    }

    /// Ends it at `now`. Returns whether that changed anything: an ended one stays as it is.
    pub fn end(&mut self, now: OffsetDateTime) -> bool {
        if self.data.ended_at.is_some() {
            return false;
        }
        if self.data.state.has_login() {
            self.events.push(CredentialEvent::LoginDisabled);
        }
        self.data.ended_at = Some(now);
        self.touch("ended_at", now);
        true
    }

    /// Ends it at `now` if it has expired before `today`. Returns whether that changed anything.
    pub fn end_if_expired(&mut self, today: Date, now: OffsetDateTime) -> bool {
        self.has_expired(today) && self.end(now)
    }

    /// Whether the customer can be found by it on the day `today`: it has neither ended nor expired. It counts through its
    /// last day.
    #[must_use]
    pub fn is_live(&self, today: Date) -> bool {
        self.data.ended_at.is_none() && !self.has_expired(today)
    }

    fn has_expired(&self, today: Date) -> bool {
        self.data.expiration_date.is_some_and(|last_day| last_day < today)
    }

    fn check_live(&self, today: Date) -> Result<(), CredentialError> {
        if self.is_live(today) { Ok(()) } else { Err(CredentialError::Ended) }
    }

    fn touch(&mut self, field: &'static str, now: OffsetDateTime) {
        self.changed.push(field);
        self.data.updated_at = now;
    }
}

/// The last day on which a credential shall count: today or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpirationDate(Date);

/// Why a date of expiration is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ExpirationDateError {
    /// Not `yyyy-MM-dd`, or no day of the calendar.
    #[error(transparent)]
    Format(#[from] DateError),
    /// Before the present day.
    #[error("must not be in the past")]
    Past,
}

impl ExpirationDate {
    /// Reads `yyyy-MM-dd` on the day `today`.
    ///
    /// # Errors
    /// Any [`ExpirationDateError`].
    pub fn parse(raw: &str, today: Date) -> Result<Self, ExpirationDateError> {
        let date = parse_date(raw)?;
        if date < today { Err(ExpirationDateError::Past) } else { Ok(Self(date)) }
    }

    /// The day.
    #[must_use]
    pub const fn date(self) -> Date {
        self.0
    }
}

#[cfg(test)]
mod tests;
