//! Contracts of accounts. They are made elsewhere and only arrive here.

use time::OffsetDateTime;

use crate::id::{ContractId, ExternalId};
use crate::text::Text;

/// A contract of an account. It never changes here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Identity within the organisation.
    pub id: ContractId,
    /// The account, by the id that older systems know it by.
    pub account_external_id: ExternalId,
    /// From when on it holds.
    pub start_date: OffsetDateTime,
    /// From when on it no longer holds; nothing while that is open.
    pub end_date: Option<OffsetDateTime>,
    /// The requests that led to it, in the order in which they came.
    pub requests: Vec<ContractRequest>,
}

/// A request that led to a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractRequest {
    /// The id of the request in the system that took it.
    pub request_external_id: ExternalId,
    /// When it was made.
    pub create_date: OffsetDateTime,
    /// The reference of the signed document.
    pub contract_reference_id: Text<1, 100>,
    /// What was asked for, for example `SALE_MOBILE_ONLY`.
    pub kind: Text<1, 100>,
    /// Who took it.
    pub origin_user: Text<1, 255>,
}

impl Contract {
    /// Whether it holds at the instant `now`: it has started and has not ended, the start included and the end not.
    #[must_use]
    pub fn is_active_at(&self, now: OffsetDateTime) -> bool {
        self.start_date <= now && self.end_date.is_none_or(|end| now < end)
    }

    /// The names of the fields that it was given, for the audit.
    #[must_use]
    pub const fn given(&self) -> &'static [&'static str] {
        match self.end_date {
            Some(_) => &["account_external_id", "start_date", "end_date", "requests"],
            None => &["account_external_id", "start_date", "requests"],
        }
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    const START: OffsetDateTime = datetime!(2026-03-14 10:30 UTC);
    const END: OffsetDateTime = datetime!(2026-03-15 10:30 UTC);

    fn contract(end_date: Option<OffsetDateTime>) -> Contract {
        Contract {
            id: ContractId(Uuid::from_u128(1)),
            account_external_id: "214748364".parse().unwrap(),
            start_date: START,
            end_date,
            requests: Vec::new(),
        }
    }

    #[test]
    fn is_active_from_its_start_until_just_before_its_end() {
        for (now, is_active) in [
            (START - Duration::MICROSECOND, false),
            (START, true),
            (END - Duration::MICROSECOND, true),
            (END, false),
            (END + Duration::MICROSECOND, false),
        ] {
            assert_eq!(contract(Some(END)).is_active_at(now), is_active, "{now}");
            assert_eq!(contract(None).is_active_at(now), now >= START, "{now}");
        }
    }

    #[test]
    fn is_never_active_when_it_ended_before_it_started() {
        for end in [START, START - Duration::SECOND] {
            for now in [START - Duration::DAY, end, START, END] {
                assert!(!contract(Some(end)).is_active_at(now));
            }
        }
    }

    #[test]
    fn tells_what_it_was_given() {
        assert!(contract(Some(END)).given().contains(&"end_date"));
        assert!(!contract(None).given().contains(&"end_date"));
    }
}
