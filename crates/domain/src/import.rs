//! What an import brings from other systems.

use thiserror::Error;
use time::OffsetDateTime;

code_enum! {
    /// The kinds of thing that can be imported.
    ImportKind {
        /// A customer.
        Customer = "customer",
        /// An account of a customer.
        Account = "account",
        /// A tokenized card of a customer.
        Card = "card",
        /// A contract of an account.
        Contract = "contract",
        /// How a customer was identified.
        IdentificationProcess = "identification_process",
        /// A promotion of an account.
        Promotion = "promotion",
        /// A category of the organisation.
        Category = "category",
        /// The credential of a customer.
        Credential = "credential",
    }
}

impl ImportKind {
    /// All of them, in the order in which they can refer to one another.
    pub const ALL: &'static [Self] = &[
        Self::Customer,
        Self::Account,
        Self::Card,
        Self::Contract,
        Self::IdentificationProcess,
        Self::Promotion,
        Self::Category,
        Self::Credential,
    ];
}

/// The dates of something, as far as another system gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GivenDates {
    /// When it began.
    pub created_at: Option<OffsetDateTime>,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
    /// When anything last changed.
    pub updated_at: Option<OffsetDateTime>,
}

/// When something of another system began, ended and last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
    /// When anything last changed.
    pub updated_at: OffsetDateTime,
}

/// Why dates are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LifetimeError {
    /// A date after the present instant.
    #[error("must not be in the future")]
    Future(&'static str),
    /// A date before `created_at`.
    #[error("must not be before created_at")]
    BeforeCreation(&'static str),
}

impl LifetimeError {
    /// The date that is wrong.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Future(field) | Self::BeforeCreation(field) => field,
        }
    }
}

impl Lifetime {
    /// The dates that are given. What began at no known time did so `now`, or when it ended or changed, if that was earlier;
    /// it last changed when it ended, or began, if nothing else is known.
    ///
    /// # Errors
    /// Each [`LifetimeError`] that applies.
    pub fn new(given: GivenDates, now: OffsetDateTime) -> Result<Self, Vec<LifetimeError>> {
        let GivenDates { created_at, ended_at, updated_at } = given;
        let mut errors = Vec::new();
        for (field, date) in [("created_at", created_at), ("ended_at", ended_at), ("updated_at", updated_at)]
        {
            if date > Some(now) {
                errors.push(LifetimeError::Future(field));
            } else if date.is_some() && date < created_at {
                errors.push(LifetimeError::BeforeCreation(field));
            }
        }
        let earliest = [Some(now), ended_at, updated_at].into_iter().flatten().min().unwrap_or(now);
        let created_at = created_at.unwrap_or(earliest);
        let updated_at = updated_at.or(ended_at).unwrap_or(created_at);
        if errors.is_empty() { Ok(Self { created_at, ended_at, updated_at }) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

    #[test]
    fn dates_that_are_not_given_follow_from_the_others() {
        let nothing = Lifetime::new(GivenDates::default(), NOW).unwrap();
        assert_eq!(nothing, Lifetime { created_at: NOW, ended_at: None, updated_at: NOW });
        let end = datetime!(2020-01-01 00:00 UTC);
        let ended = Lifetime::new(GivenDates { ended_at: Some(end), ..GivenDates::default() }, NOW).unwrap();
        assert_eq!(ended, Lifetime { created_at: end, ended_at: Some(end), updated_at: end });
    }

    #[test]
    fn every_wrong_date_is_named() {
        let (early, late) = (datetime!(2020-01-01 00:00 UTC), datetime!(2026-01-02 03:04:05.000001 UTC));
        let given = GivenDates { created_at: Some(NOW), ended_at: Some(early), updated_at: Some(late) };
        assert_eq!(
            Lifetime::new(given, NOW),
            Err(vec![LifetimeError::BeforeCreation("ended_at"), LifetimeError::Future("updated_at")])
        );
    }
}
