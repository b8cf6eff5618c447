//! Customers: private, corporate and digital.

mod patch;
mod profile;
#[cfg(test)]
mod tests;

use thiserror::Error;
use time::OffsetDateTime;

use self::patch::set;
pub use self::patch::{Change, CompanyPatch, ContactPatch, CustomerPatch, DigitalPatch, PersonalPatch};
pub use self::profile::{
    AssociatedUser, CompanyInfo, CorporateSegment, CustomerType, DigitalPersonalInfo, Gender, Language,
    PersonalInfo, Profile, Representative, Role, Segment,
};
use crate::id::{CustomerId, ExternalId};
use crate::identity_document::{DocumentType, IdentityDocument, IdentityDocumentError};
use crate::import::Lifetime;

/// Everything that is known of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerData {
    /// Identity within the organisation.
    pub id: CustomerId,
    /// The id in older systems; given by the store, none for digital customers.
    pub external_id: Option<ExternalId>,
    /// Language to address the customer in.
    pub preferred_language: Language,
    /// What depends on the type.
    pub profile: Profile,
    /// When the customer was registered.
    pub created_at: OffsetDateTime,
    /// When the customer left.
    pub ended_at: Option<OffsetDateTime>,
    /// When anything last changed.
    pub updated_at: OffsetDateTime,
    /// Counts the changes; the store uses it to notice that somebody else was faster.
    pub version: i64,
}

/// What a new customer is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomer {
    /// Language to address the customer in.
    pub preferred_language: Language,
    /// What depends on the type.
    pub profile: Profile,
}

/// What happened to a customer that its present state no longer shows, for the store to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerEvent {
    /// This document was replaced by another.
    DocumentReplaced(IdentityDocument),
    /// This representative was replaced by another.
    RepresentativeReplaced(AssociatedUser),
}

/// Why a customer refuses a change.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CustomerError {
    /// The customer has left.
    #[error("The customer has ended")]
    Ended,
    /// The customer still has live accounts.
    #[error("The customer has live accounts")]
    LiveAccounts,
    /// These blocks of the request do not belong to customers of this type.
    #[error("does not fit a {kind}")]
    Blocks {
        /// The blocks, in the order of the fields.
        blocks: Vec<&'static str>,
        /// The type of the customer.
        kind: CustomerType,
    },
    /// Only companies have associated users.
    #[error("only a CORPORATE_CUSTOMER has associated users")]
    NotCorporate,
    /// Too many representatives, or none where one must be.
    #[error("{}", match .0 { Representative::AtMostOne => "must have at most one element", Representative::ExactlyOne => "must have exactly one element" })]
    Representatives(Representative),
    /// Only a NIE can be converted.
    #[error("The customer's identity document is not a NIE")]
    NotANie,
}

/// A customer. Read it through [`Customer::data`]; only its verbs change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    data: CustomerData,
    changed: Vec<&'static str>,
    events: Vec<CustomerEvent>,
}

impl Customer {
    /// A new customer, registered at `now`.
    #[must_use]
    pub fn register(id: CustomerId, new: NewCustomer, now: OffsetDateTime) -> Self {
        let blocks: &[&str] = match &new.profile {
            Profile::Private { .. } => &["contact_info", "personal_info"],
            Profile::Corporate { .. } => &["segment", "contact_info", "company_info"],
            Profile::Digital { .. } => &["digital_personal_info"],
        };
        let mut customer = Self::restore(CustomerData {
            id,
            external_id: None,
            preferred_language: new.preferred_language,
            profile: new.profile,
            created_at: now,
            ended_at: None,
            updated_at: now,
            version: 1,
        });
        customer.changed = [&["type", "preferred_language"], blocks].concat();
        customer
    }

    /// A customer of another system, live or ended there.
    #[must_use]
    pub fn import(
        id: CustomerId,
        external_id: Option<ExternalId>,
        new: NewCustomer,
        lifetime: Lifetime,
    ) -> Self {
        let mut customer = Self::register(id, new, lifetime.created_at);
        customer.changed.extend(external_id.as_ref().map(|_| "external_id"));
        customer.changed.extend(lifetime.ended_at.map(|_| "ended_at"));
        customer.data.external_id = external_id;
        customer.data.ended_at = lifetime.ended_at;
        customer.data.updated_at = lifetime.updated_at;
        customer
    }

    /// A customer as it was stored.
    #[must_use]
    pub const fn restore(data: CustomerData) -> Self {
        Self { data, changed: Vec::new(), events: Vec::new() }
    }

    /// Its present state.
    #[must_use]
    pub const fn data(&self) -> &CustomerData {
        &self.data
    }

    /// The paths of the fields that have changed since it was read, for the audit; all that were given, if it is new.
    #[must_use]
    pub fn changed(&self) -> &[&'static str] {
        &self.changed
    }

    /// What has happened to it since it was read, to be stored with it.
    #[must_use]
    pub fn events(&self) -> &[CustomerEvent] {
        &self.events
    }

    /// Applies changes at `now`.
    ///
    /// # Errors
    /// [`CustomerError::Blocks`] when a block does not fit the type, then [`CustomerError::Ended`]. Nothing is changed then.
    pub fn amend(&mut self, patch: CustomerPatch, now: OffsetDateTime) -> Result<(), CustomerError> {
        self.check_blocks(&patch)?;
        self.check_live()?;
        let changed = &mut self.changed;
        set(&mut self.data.preferred_language, patch.preferred_language, "preferred_language", changed);
        match &mut self.data.profile {
            Profile::Private { contact_info, personal_info } => {
                patch.contact_info.unwrap_or_default().apply(contact_info, changed);
                patch.personal_info.unwrap_or_default().apply(personal_info, changed);
            }
            Profile::Corporate { contact_info, company_info, .. } => {
                patch.contact_info.unwrap_or_default().apply(contact_info, changed);
                patch.company_info.unwrap_or_default().apply(company_info, changed);
            }
            Profile::Digital { digital_personal_info } => {
                patch.digital_personal_info.unwrap_or_default().apply(digital_personal_info, changed);
            }
        }
        self.data.updated_at = now;
        Ok(())
    }

    /// Ends the customer at `now`. Returns whether that changed anything: an ended one stays as it is.
    ///
    /// # Errors
    /// [`CustomerError::LiveAccounts`] when it `has_live_accounts`.
    pub fn end(&mut self, has_live_accounts: bool, now: OffsetDateTime) -> Result<bool, CustomerError> {
        if self.data.ended_at.is_some() {
            return Ok(false);
        }
        if has_live_accounts {
            return Err(CustomerError::LiveAccounts);
        }
        self.data.ended_at = Some(now);
        self.touch("ended_at", now);
        Ok(true)
    }

    /// Makes `user` the one representative of a company at `now`; the former one becomes history. Returns whether that
    /// changed anything.
    ///
    /// # Errors
    /// [`CustomerError::NotCorporate`], then [`CustomerError::Ended`].
    pub fn replace_representative(
        &mut self,
        user: AssociatedUser,
        now: OffsetDateTime,
    ) -> Result<bool, CustomerError> {
        let live = self.check_live();
        let Profile::Corporate { company_info, .. } = &mut self.data.profile else {
            return Err(CustomerError::NotCorporate);
        };
        live?;
        if company_info.representative.as_ref() == Some(&user) {
            return Ok(false);
        }
        let former = company_info.representative.replace(user);
        self.events.extend(former.map(CustomerEvent::RepresentativeReplaced));
        self.touch("company_info.associated_users", now);
        Ok(true)
    }

    /// Replaces the customer's NIE by the NIF that the person was given; the NIE becomes history.
    ///
    /// # Errors
    /// [`CustomerError::Ended`], or [`CustomerError::NotANie`] when the present document is none.
    pub fn convert_nie_to_nif(&mut self, nif: Nif, now: OffsetDateTime) -> Result<(), CustomerError> {
        self.check_live()?;
        let (document, field) = match &mut self.data.profile {
            Profile::Private { personal_info, .. } => {
                (&mut personal_info.identity_document, "personal_info.identity_document")
            }
            Profile::Corporate { company_info, .. } => {
                (&mut company_info.identity_document, "company_info.identity_document")
            }
            Profile::Digital { .. } => return Err(CustomerError::NotANie),
        };
        if document.kind() != DocumentType::Nie {
            return Err(CustomerError::NotANie);
        }
        let nie = std::mem::replace(document, nif.0);
        self.events.push(CustomerEvent::DocumentReplaced(nie));
        self.touch(field, now);
        Ok(())
    }

    /// Refuses every change of a customer that has ended.
    ///
    /// # Errors
    /// [`CustomerError::Ended`].
    pub const fn check_live(&self) -> Result<(), CustomerError> {
        if self.data.ended_at.is_some() { Err(CustomerError::Ended) } else { Ok(()) }
    }

    fn check_blocks(&self, patch: &CustomerPatch) -> Result<(), CustomerError> {
        let kind = self.data.profile.kind();
        let blocks = [
            (patch.contact_info.is_some(), "contact_info", kind != CustomerType::Digital),
            (patch.personal_info.is_some(), "personal_info", kind == CustomerType::Private),
            (patch.company_info.is_some(), "company_info", kind == CustomerType::Corporate),
            (patch.digital_personal_info.is_some(), "digital_personal_info", kind == CustomerType::Digital),
        ];
        let wrong: Vec<&'static str> = blocks
            .into_iter()
            .filter(|(given, _, fits)| *given && !fits)
            .map(|(_, block, _)| block)
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(CustomerError::Blocks { blocks: wrong, kind }) }
    }

    fn touch(&mut self, field: &'static str, now: OffsetDateTime) {
        self.changed.push(field);
        self.data.updated_at = now;
    }
}

/// A NIF, as the target of a conversion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nif(IdentityDocument);

impl std::str::FromStr for Nif {
    type Err = IdentityDocumentError;

    fn from_str(raw: &str) -> Result<Self, IdentityDocumentError> {
        IdentityDocument::of_person(DocumentType::Nif, raw).map(Self)
    }
}
