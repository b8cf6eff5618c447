//! Customers: private, corporate and digital.

use thiserror::Error;
use time::OffsetDateTime;

use crate::address::Address;
use crate::contact::{ContactInfo, ContactList, EmailEntry, LoginEmail, Phone, PhoneNumber};
use crate::country::Country;
use crate::date::{Birthdate, FoundingDate};
use crate::id::{CustomerId, ExternalId};
use crate::identity_document::{DocumentType, IdentityDocument, IdentityDocumentError};
use crate::text::Text;

code_enum! {
    /// The kinds of customer.
    CustomerType {
        /// A natural person.
        Private = "PRIVATE_CUSTOMER",
        /// A company, or a person in business.
        Corporate = "CORPORATE_CUSTOMER",
        /// Somebody known by an e-mail address only.
        Digital = "DIGITAL_CUSTOMER",
    }
}

code_enum! {
    /// The language a customer wants to be addressed in (ISO 639-1).
    Language {
        /// Spanish.
        Spanish = "es",
        /// Catalan.
        Catalan = "ca",
        /// Galician.
        Galician = "gl",
        /// Basque.
        Basque = "eu",
        /// English.
        English = "en",
        /// Portuguese.
        Portuguese = "pt",
    }
}

code_enum! {
    /// The market segment of a customer; digital customers have none.
    Segment {
        /// Every private customer.
        Consumer = "CONSUMER",
        /// A person in business.
        SelfEmployee = "SELF_EMPLOYEE",
        /// A small or medium enterprise.
        Sme = "SME",
    }
}

code_enum! {
    /// The segments of corporate customers.
    CorporateSegment {
        /// A person in business.
        SelfEmployee = "SELF_EMPLOYEE",
        /// A small or medium enterprise.
        Sme = "SME",
    }
}

impl From<CorporateSegment> for Segment {
    fn from(segment: CorporateSegment) -> Self {
        match segment {
            CorporateSegment::SelfEmployee => Self::SelfEmployee,
            CorporateSegment::Sme => Self::Sme,
        }
    }
}

code_enum! {
    /// The gender of a natural person.
    Gender {
        /// Male.
        Male = "MALE",
        /// Female.
        Female = "FEMALE",
        /// Other.
        Other = "OTHER",
    }
}

code_enum! {
    /// What an associated user may do for a company.
    Role {
        /// Acts in the company's name.
        AuthorizedRepresentative = "AUTHORIZED_REPRESENTATIVE",
    }
}

/// What is known of a natural person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalInfo {
    /// NIF, NIE or passport.
    pub identity_document: IdentityDocument,
    /// Given name.
    pub name: Text<1, 100>,
    /// First surname.
    pub first_surname: Text<1, 100>,
    /// Second surname.
    pub second_surname: Option<Text<1, 100>>,
    /// Gender.
    pub gender: Option<Gender>,
    /// Nationality.
    pub nationality: Country,
    /// Day of birth.
    pub birthdate: Birthdate,
}

/// What is known of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyInfo {
    /// CIF of an SME, NIF or NIE of the self-employed.
    pub identity_document: IdentityDocument,
    /// Registered name.
    pub legal_name: Text<1, 255>,
    /// When it was founded.
    pub founding_date: Option<FoundingDate>,
    /// Its one representative.
    pub representative: Option<AssociatedUser>,
}

/// A person who acts for a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociatedUser {
    /// NIF, NIE or passport.
    pub identity_document: IdentityDocument,
    /// What the person may do.
    pub role: Role,
    /// Given name.
    pub name: Text<1, 100>,
    /// First surname.
    pub first_surname: Text<1, 100>,
    /// Second surname.
    pub second_surname: Option<Text<1, 100>>,
    /// Nationality.
    pub nationality: Country,
}

/// How many representatives a list of associated users may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Representative {
    /// None or one: when a company is registered.
    AtMostOne,
    /// Exactly one: when the representative is replaced.
    ExactlyOne,
}

impl Representative {
    /// The single-representative rule: a company has one representative at a time.
    ///
    /// # Errors
    /// [`CustomerError::Representatives`] when there are too many or too few `users`.
    pub fn among<T>(self, users: Vec<T>) -> Result<Option<T>, CustomerError> {
        let least = usize::from(self == Self::ExactlyOne);
        if !(least..=1).contains(&users.len()) {
            return Err(CustomerError::Representatives(self));
        }
        Ok(users.into_iter().next())
    }
}

/// What is known of a digital customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigitalPersonalInfo {
    /// Given name.
    pub name: Text<1, 100>,
    /// First surname.
    pub first_surname: Option<Text<1, 100>>,
    /// Second surname.
    pub second_surname: Option<Text<1, 100>>,
    /// E-mail address, the same for no two live digital customers.
    pub email: LoginEmail,
    /// Mobile phone.
    pub mobile_phone_number: Option<PhoneNumber>,
}

/// What is known of a customer, by its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Profile {
    /// Of a private customer; its segment is always CONSUMER.
    Private {
        /// How to reach the customer.
        contact_info: ContactInfo,
        /// Who it is.
        personal_info: PersonalInfo,
    },
    /// Of a corporate customer.
    Corporate {
        /// Size of the company.
        segment: CorporateSegment,
        /// How to reach the customer.
        contact_info: ContactInfo,
        /// Who it is.
        company_info: CompanyInfo,
    },
    /// Of a digital customer.
    Digital {
        /// Who it is.
        digital_personal_info: DigitalPersonalInfo,
    },
}

impl Profile {
    /// The type of customer that has such a profile.
    #[must_use]
    pub const fn kind(&self) -> CustomerType {
        match self {
            Self::Private { .. } => CustomerType::Private,
            Self::Corporate { .. } => CustomerType::Corporate,
            Self::Digital { .. } => CustomerType::Digital,
        }
    }

    /// The segment; digital customers have none.
    #[must_use]
    pub fn segment(&self) -> Option<Segment> {
        match self {
            Self::Private { .. } => Some(Segment::Consumer),
            Self::Corporate { segment, .. } => Some((*segment).into()),
            Self::Digital { .. } => None,
        }
    }

    /// The identity document; digital customers have none.
    #[must_use]
    pub const fn identity_document(&self) -> Option<&IdentityDocument> {
        match self {
            Self::Private { personal_info, .. } => Some(&personal_info.identity_document),
            Self::Corporate { company_info, .. } => Some(&company_info.identity_document),
            Self::Digital { .. } => None,
        }
    }

    /// How the customer is reached; unknown of digital customers.
    #[must_use]
    pub const fn contact_info(&self) -> Option<&ContactInfo> {
        match self {
            Self::Private { contact_info, .. } | Self::Corporate { contact_info, .. } => Some(contact_info),
            Self::Digital { .. } => None,
        }
    }

    /// The e-mail address that no other live digital customer may have.
    #[must_use]
    pub const fn digital_email(&self) -> Option<&LoginEmail> {
        match self {
            Self::Digital { digital_personal_info } => Some(&digital_personal_info.email),
            Self::Private { .. } | Self::Corporate { .. } => None,
        }
    }

    /// The name that stands on an invoice: a company's legal name, else the names and surnames given.
    #[must_use]
    pub fn full_name(&self) -> String {
        let (name, first, second) = match self {
            Self::Private { personal_info: person, .. } => {
                (&person.name, Some(&person.first_surname), person.second_surname.as_ref())
            }
            Self::Corporate { company_info, .. } => return company_info.legal_name.as_str().to_owned(),
            Self::Digital { digital_personal_info: person } => {
                (&person.name, person.first_surname.as_ref(), person.second_surname.as_ref())
            }
        };
        let names: Vec<&str> = [Some(name), first, second].into_iter().flatten().map(Text::as_str).collect();
        names.join(" ")
    }
}

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

/// A change of an optional value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// Leave it.
    #[default]
    Keep,
    /// Remove it.
    Clear,
    /// Replace it.
    Set(T),
}

impl<T> Change<T> {
    fn apply(self, value: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *value = None,
            Self::Set(new) => *value = Some(new),
        }
    }

    /// Whether nothing is to change.
    #[must_use]
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

/// Changes of a customer. What is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomerPatch {
    /// New language.
    pub preferred_language: Option<Language>,
    /// Changes of the contact information.
    pub contact_info: Option<ContactPatch>,
    /// Changes that only a private customer can have.
    pub personal_info: Option<PersonalPatch>,
    /// Changes that only a corporate customer can have.
    pub company_info: Option<CompanyPatch>,
    /// Changes that only a digital customer can have.
    pub digital_personal_info: Option<DigitalPatch>,
}

/// Changes of the contact information. Lists are replaced whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactPatch {
    /// New phones.
    pub phone_numbers: Option<ContactList<Phone>>,
    /// New e-mail addresses.
    pub emails: Option<ContactList<EmailEntry>>,
    /// New postal address.
    pub postal_address: Option<Address>,
}

/// Changes of a natural person; never the document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonalPatch {
    /// New given name.
    pub name: Option<Text<1, 100>>,
    /// New first surname.
    pub first_surname: Option<Text<1, 100>>,
    /// Change of the second surname.
    pub second_surname: Change<Text<1, 100>>,
    /// Change of the gender.
    pub gender: Change<Gender>,
    /// New day of birth.
    pub birthdate: Option<Birthdate>,
    /// New nationality.
    pub nationality: Option<Country>,
}

/// Changes of a company; never the document or the representative.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompanyPatch {
    /// New registered name.
    pub legal_name: Option<Text<1, 255>>,
    /// Change of the founding date.
    pub founding_date: Change<FoundingDate>,
}

/// Changes of a digital customer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DigitalPatch {
    /// New given name.
    pub name: Option<Text<1, 100>>,
    /// Change of the first surname.
    pub first_surname: Change<Text<1, 100>>,
    /// Change of the second surname.
    pub second_surname: Change<Text<1, 100>>,
    /// New e-mail address.
    pub email: Option<LoginEmail>,
    /// Change of the mobile phone.
    pub mobile_phone_number: Change<PhoneNumber>,
}

impl CustomerPatch {
    /// Whether nothing at all is to change: no block, or only empty ones.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        fn none_or_empty<T: Default + PartialEq>(block: Option<&T>) -> bool {
            block.is_none_or(|block| *block == T::default())
        }
        self.preferred_language.is_none()
            && none_or_empty(self.contact_info.as_ref())
            && none_or_empty(self.personal_info.as_ref())
            && none_or_empty(self.company_info.as_ref())
            && none_or_empty(self.digital_personal_info.as_ref())
    }
}

/// Why a customer refuses a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CustomerError {
    /// The customer has left.
    #[error("The customer has ended")]
    Ended,
    /// The customer still has live accounts.
    #[error("The customer has live accounts")]
    LiveAccounts,
    /// The block does not belong to customers of this type.
    #[error("does not fit a {kind}")]
    Block {
        /// The block of the request.
        block: &'static str,
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
    events: Vec<CustomerEvent>,
}

impl Customer {
    /// A new customer, registered at `now`.
    #[must_use]
    pub fn register(id: CustomerId, new: NewCustomer, now: OffsetDateTime) -> Self {
        Self::restore(CustomerData {
            id,
            external_id: None,
            preferred_language: new.preferred_language,
            profile: new.profile,
            created_at: now,
            ended_at: None,
            updated_at: now,
            version: 1,
        })
    }

    /// A customer as it was stored.
    #[must_use]
    pub const fn restore(data: CustomerData) -> Self {
        Self { data, events: Vec::new() }
    }

    /// Its present state.
    #[must_use]
    pub const fn data(&self) -> &CustomerData {
        &self.data
    }

    /// What has happened to it since it was read, to be stored with it.
    #[must_use]
    pub fn events(&self) -> &[CustomerEvent] {
        &self.events
    }

    /// Applies changes at `now`.
    ///
    /// # Errors
    /// [`CustomerError::Block`] when a block does not fit the type, then [`CustomerError::Ended`]. Nothing is changed then.
    pub fn amend(&mut self, patch: CustomerPatch, now: OffsetDateTime) -> Result<(), CustomerError> {
        self.check_blocks(&patch)?;
        self.check_live()?;
        if let Some(language) = patch.preferred_language {
            self.data.preferred_language = language;
        }
        match &mut self.data.profile {
            Profile::Private { contact_info, personal_info } => {
                amend_contact(contact_info, patch.contact_info);
                amend_person(personal_info, patch.personal_info);
            }
            Profile::Corporate { contact_info, company_info, .. } => {
                amend_contact(contact_info, patch.contact_info);
                amend_company(company_info, patch.company_info);
            }
            Profile::Digital { digital_personal_info } => {
                amend_digital(digital_personal_info, patch.digital_personal_info)
            }
        }
        self.touch(now);
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
        self.touch(now);
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
        self.touch(now);
        Ok(true)
    }

    /// Replaces the customer's NIE by the NIF that the person was given; the NIE becomes history.
    ///
    /// # Errors
    /// [`CustomerError::Ended`], or [`CustomerError::NotANie`] when the present document is none.
    pub fn convert_nie_to_nif(&mut self, nif: Nif, now: OffsetDateTime) -> Result<(), CustomerError> {
        self.check_live()?;
        let document = match &mut self.data.profile {
            Profile::Private { personal_info, .. } => &mut personal_info.identity_document,
            Profile::Corporate { company_info, .. } => &mut company_info.identity_document,
            Profile::Digital { .. } => return Err(CustomerError::NotANie),
        };
        if document.kind() != DocumentType::Nie {
            return Err(CustomerError::NotANie);
        }
        let nie = std::mem::replace(document, nif.0);
        self.events.push(CustomerEvent::DocumentReplaced(nie));
        self.touch(now);
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
        match blocks.into_iter().find(|(given, _, fits)| *given && !fits) {
            Some((_, block, _)) => Err(CustomerError::Block { block, kind }),
            None => Ok(()),
        }
    }

    const fn touch(&mut self, now: OffsetDateTime) {
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

fn set<T>(value: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *value = new;
    }
}

fn amend_contact(contact: &mut ContactInfo, patch: Option<ContactPatch>) {
    let patch = patch.unwrap_or_default();
    set(&mut contact.phone_numbers, patch.phone_numbers);
    set(&mut contact.emails, patch.emails);
    set(&mut contact.postal_address, patch.postal_address);
}

fn amend_person(person: &mut PersonalInfo, patch: Option<PersonalPatch>) {
    let patch = patch.unwrap_or_default();
    set(&mut person.name, patch.name);
    set(&mut person.first_surname, patch.first_surname);
    patch.second_surname.apply(&mut person.second_surname);
    patch.gender.apply(&mut person.gender);
    set(&mut person.birthdate, patch.birthdate);
    set(&mut person.nationality, patch.nationality);
}

fn amend_company(company: &mut CompanyInfo, patch: Option<CompanyPatch>) {
    let patch = patch.unwrap_or_default();
    set(&mut company.legal_name, patch.legal_name);
    patch.founding_date.apply(&mut company.founding_date);
}

fn amend_digital(person: &mut DigitalPersonalInfo, patch: Option<DigitalPatch>) {
    let patch = patch.unwrap_or_default();
    set(&mut person.name, patch.name);
    patch.first_surname.apply(&mut person.first_surname);
    patch.second_surname.apply(&mut person.second_surname);
    set(&mut person.email, patch.email);
    patch.mobile_phone_number.apply(&mut person.mobile_phone_number);
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::{date, datetime};
    use uuid::Uuid;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-14 10:30 UTC);
    const LATER: OffsetDateTime = datetime!(2026-03-15 10:30 UTC);
    const NIF: &str = "00000001R";
    const NIE: &str = "X0000001R";
    const CIF: &str = "B00000018";

    fn text<const MIN: usize, const MAX: usize>(raw: &str) -> Text<MIN, MAX> {
        raw.parse().unwrap()
    }

    fn phone(number: &str) -> PhoneNumber {
        PhoneNumber::new("+34", number).unwrap()
    }

    fn phones(number: &str) -> ContactList<Phone> {
        let phone =
            Phone { number: phone(number), kind: crate::contact::PhoneType::Mobile, is_default: true };
        ContactList::new(vec![phone]).unwrap()
    }

    fn emails(email: &str) -> ContactList<EmailEntry> {
        ContactList::new(vec![EmailEntry { email: email.parse().unwrap(), is_default: true }]).unwrap()
    }

    fn address(locality: &str) -> Address {
        Address {
            address_line: "Calle Mayor 2".parse().unwrap(),
            postal_code: "28013".parse().unwrap(),
            locality: text(locality),
            administrative_area: text("Madrid"),
            region_code: "ES".parse().unwrap(),
        }
    }

    fn contact_info() -> ContactInfo {
        ContactInfo {
            phone_numbers: phones("615667898"),
            emails: emails("ana@example.com"),
            postal_address: address("Madrid"),
        }
    }

    fn user(name: &str) -> AssociatedUser {
        AssociatedUser {
            identity_document: IdentityDocument::of_person(DocumentType::Nif, NIF).unwrap(),
            role: Role::AuthorizedRepresentative,
            name: text(name),
            first_surname: text("Pérez"),
            second_surname: None,
            nationality: "ES".parse().unwrap(),
        }
    }

    fn live(profile: Profile) -> Customer {
        let new = NewCustomer { preferred_language: Language::Spanish, profile };
        Customer::register(CustomerId(Uuid::from_u128(1)), new, NOW)
    }

    fn ended(profile: Profile) -> Customer {
        let mut customer = live(profile);
        customer.end(false, NOW).unwrap();
        customer
    }

    fn private(kind: DocumentType, number: &str) -> Profile {
        let personal_info = PersonalInfo {
            identity_document: IdentityDocument::of_person(kind, number).unwrap(),
            name: text("Ana"),
            first_surname: text("García"),
            second_surname: Some(text("Núñez")),
            gender: Some(Gender::Female),
            nationality: "ES".parse().unwrap(),
            birthdate: Birthdate::restore(date!(1984 - 02 - 29)),
        };
        Profile::Private { contact_info: contact_info(), personal_info }
    }

    fn corporate(segment: CorporateSegment, kind: DocumentType, number: &str) -> Profile {
        let company_info = CompanyInfo {
            identity_document: IdentityDocument::of_company(segment, kind, number).unwrap(),
            legal_name: text("Ferretería, S.L."),
            founding_date: Some(FoundingDate::restore(date!(2001 - 05 - 09))),
            representative: None,
        };
        Profile::Corporate { segment, contact_info: contact_info(), company_info }
    }

    fn sme() -> Profile {
        corporate(CorporateSegment::Sme, DocumentType::Cif, CIF)
    }

    fn digital() -> Profile {
        let digital_personal_info = DigitalPersonalInfo {
            name: text("Eva"),
            first_surname: Some(text("Ruiz")),
            second_surname: Some(text("Soto")),
            email: "eva@example.com".parse().unwrap(),
            mobile_phone_number: Some(phone("615667898")),
        };
        Profile::Digital { digital_personal_info }
    }

    fn person_patch(patch: PersonalPatch) -> CustomerPatch {
        CustomerPatch { personal_info: Some(patch), ..CustomerPatch::default() }
    }

    fn company_patch(patch: CompanyPatch) -> CustomerPatch {
        CustomerPatch { company_info: Some(patch), ..CustomerPatch::default() }
    }

    fn digital_patch(patch: DigitalPatch) -> CustomerPatch {
        CustomerPatch { digital_personal_info: Some(patch), ..CustomerPatch::default() }
    }

    fn contact_patch(patch: ContactPatch) -> CustomerPatch {
        CustomerPatch { contact_info: Some(patch), ..CustomerPatch::default() }
    }

    #[test]
    fn a_company_has_one_representative() {
        use Representative::{AtMostOne, ExactlyOne};
        for (rule, users, expected) in [
            (AtMostOne, vec![], Ok(None)),
            (AtMostOne, vec!["Luis"], Ok(Some("Luis"))),
            (AtMostOne, vec!["Luis", "Eva"], Err(CustomerError::Representatives(AtMostOne))),
            (ExactlyOne, vec![], Err(CustomerError::Representatives(ExactlyOne))),
            (ExactlyOne, vec!["Luis"], Ok(Some("Luis"))),
            (ExactlyOne, vec!["Luis", "Eva"], Err(CustomerError::Representatives(ExactlyOne))),
        ] {
            assert_eq!(rule.among(users.clone()), expected, "{rule:?} {users:?}");
        }
        assert_eq!(CustomerError::Representatives(ExactlyOne).to_string(), "must have exactly one element");
    }

    #[test]
    fn the_representative_is_replaced_and_kept() {
        let mut company = live(sme());
        company.replace_representative(user("Luis"), LATER).unwrap();
        assert_eq!(company.events(), [], "there was none before");
        company.replace_representative(user("Luis"), LATER + Duration::DAY).unwrap();
        assert_eq!((company.events(), company.data().updated_at), (&[][..], LATER));
        company.replace_representative(user("Eva"), LATER).unwrap();
        assert_eq!(company.events(), [CustomerEvent::RepresentativeReplaced(user("Luis"))]);
        let Profile::Corporate { company_info, .. } = &company.data().profile else { unreachable!() };
        assert_eq!(company_info.representative, Some(user("Eva")));
    }

    #[test]
    fn only_live_companies_have_representatives() {
        for profile in [private(DocumentType::Nif, NIF), digital()] {
            for mut customer in [live(profile.clone()), ended(profile)] {
                let before = customer.clone();
                assert_eq!(
                    customer.replace_representative(user("Luis"), LATER),
                    Err(CustomerError::NotCorporate)
                );
                assert_eq!(customer, before);
            }
        }
        let (mut company, before) = (ended(sme()), ended(sme()));
        assert_eq!(company.replace_representative(user("Luis"), LATER), Err(CustomerError::Ended));
        assert_eq!(company, before);
    }

    #[test]
    fn a_nie_is_converted_and_nothing_else() {
        let self_employed = |kind, number| corporate(CorporateSegment::SelfEmployee, kind, number);
        for (profile, is_nie) in [
            (private(DocumentType::Nie, NIE), true),
            (private(DocumentType::Nif, NIF), false),
            (private(DocumentType::Passport, "PAB123"), false),
            (self_employed(DocumentType::Nie, NIE), true),
            (self_employed(DocumentType::Nif, NIF), false),
            (sme(), false),
            (digital(), false),
        ] {
            let mut customer = live(profile.clone());
            let result = customer.convert_nie_to_nif(NIF.parse().unwrap(), LATER);
            if is_nie {
                let document = |kind, number| IdentityDocument::of_person(kind, number).unwrap();
                assert_eq!(result, Ok(()));
                let nif = document(DocumentType::Nif, NIF);
                assert_eq!(customer.data().profile.identity_document(), Some(&nif));
                let nie = document(DocumentType::Nie, NIE);
                assert_eq!(customer.events(), [CustomerEvent::DocumentReplaced(nie)]);
                assert_eq!(customer.data().updated_at, LATER);
            } else {
                assert_eq!(result, Err(CustomerError::NotANie), "{profile:?}");
                assert_eq!(customer, live(profile.clone()));
            }
            let mut customer = ended(profile.clone());
            let result = customer.convert_nie_to_nif(NIF.parse().unwrap(), LATER);
            assert_eq!(result, Err(CustomerError::Ended));
            assert_eq!(customer, ended(profile));
        }
        assert!(NIE.parse::<Nif>().is_err());
    }

    #[test]
    fn a_block_fits_its_types_only() {
        use CustomerType::{Corporate, Digital, Private};
        let blocks: [(&str, CustomerPatch, &[CustomerType]); 5] = [
            ("", CustomerPatch::default(), &[Private, Corporate, Digital]),
            ("contact_info", contact_patch(ContactPatch::default()), &[Private, Corporate]),
            ("personal_info", person_patch(PersonalPatch::default()), &[Private]),
            ("company_info", company_patch(CompanyPatch::default()), &[Corporate]),
            ("digital_personal_info", digital_patch(DigitalPatch::default()), &[Digital]),
        ];
        for profile in [private(DocumentType::Nif, NIF), sme(), digital()] {
            let kind = profile.kind();
            for (block, patch, fitting) in &blocks {
                let patch = CustomerPatch { preferred_language: Some(Language::Basque), ..patch.clone() };
                let fits = fitting.contains(&kind);
                let refusal = CustomerError::Block { block, kind };

                let mut customer = live(profile.clone());
                let result = customer.amend(patch.clone(), LATER);
                assert_eq!(result, if fits { Ok(()) } else { Err(refusal) }, "{block} {kind}");
                assert_eq!(customer == live(profile.clone()), !fits, "nothing is changed on refusal");

                let mut customer = ended(profile.clone());
                let result = customer.amend(patch, LATER);
                assert_eq!(result, Err(if fits { CustomerError::Ended } else { refusal }), "{block} {kind}");
                assert_eq!(customer, ended(profile.clone()));
            }
        }
    }

    #[test]
    fn an_empty_patch_changes_the_stamp_only() {
        for (profile, patch) in [
            (private(DocumentType::Nif, NIF), person_patch(PersonalPatch::default())),
            (sme(), company_patch(CompanyPatch::default())),
            (digital(), digital_patch(DigitalPatch::default())),
        ] {
            let mut customer = live(profile.clone());
            customer.amend(patch, LATER).unwrap();
            let before = live(profile).data().clone();
            assert_eq!(customer.data(), &CustomerData { updated_at: LATER, ..before });
        }
    }

    #[test]
    fn contact_information_is_amended() {
        for profile in [private(DocumentType::Nif, NIF), sme()] {
            let whole = ContactInfo {
                phone_numbers: phones("699667898"),
                emails: emails("eva@example.org"),
                postal_address: address("Getafe"),
            };
            let (phone_numbers, emails, postal_address) =
                (whole.phone_numbers.clone(), whole.emails.clone(), whole.postal_address.clone());
            let old = contact_info();
            for (patch, expected) in [
                (
                    ContactPatch { phone_numbers: Some(phone_numbers.clone()), ..ContactPatch::default() },
                    ContactInfo { phone_numbers: phone_numbers.clone(), ..old.clone() },
                ),
                (
                    ContactPatch { emails: Some(emails.clone()), ..ContactPatch::default() },
                    ContactInfo { emails: emails.clone(), ..old.clone() },
                ),
                (
                    ContactPatch { postal_address: Some(postal_address.clone()), ..ContactPatch::default() },
                    ContactInfo { postal_address: postal_address.clone(), ..old.clone() },
                ),
                (
                    ContactPatch {
                        phone_numbers: Some(phone_numbers),
                        emails: Some(emails),
                        postal_address: Some(postal_address),
                    },
                    whole,
                ),
            ] {
                let mut customer = live(profile.clone());
                customer.amend(contact_patch(patch), LATER).unwrap();
                assert_eq!(customer.data().profile.contact_info(), Some(&expected));
                assert_eq!(customer.data().updated_at, LATER);
            }
        }
    }

    #[test]
    fn a_person_is_amended() {
        let amended = |patch| {
            let mut customer = live(private(DocumentType::Nif, NIF));
            customer.amend(person_patch(patch), LATER).unwrap();
            match customer.data.profile {
                Profile::Private { personal_info, .. } => personal_info,
                _ => unreachable!(),
            }
        };
        let old = amended(PersonalPatch::default());
        let birthdate = Birthdate::restore(date!(1990 - 01 - 01));
        let all = PersonalPatch {
            name: Some(text("Eva")),
            first_surname: Some(text("Ruiz")),
            second_surname: Change::Set(text("Soto")),
            gender: Change::Set(Gender::Other),
            birthdate: Some(birthdate),
            nationality: Some("PT".parse().unwrap()),
        };
        let expected = PersonalInfo {
            identity_document: old.identity_document.clone(),
            name: text("Eva"),
            first_surname: text("Ruiz"),
            second_surname: Some(text("Soto")),
            gender: Some(Gender::Other),
            nationality: "PT".parse().unwrap(),
            birthdate,
        };
        assert_eq!(amended(all), expected);
        let cleared = PersonalPatch { second_surname: Change::Clear, ..PersonalPatch::default() };
        assert_eq!(amended(cleared), PersonalInfo { second_surname: None, ..old.clone() });
        let cleared = PersonalPatch { gender: Change::Clear, ..PersonalPatch::default() };
        assert_eq!(amended(cleared), PersonalInfo { gender: None, ..old });
    }

    #[test]
    fn a_company_is_amended() {
        let new = FoundingDate::restore(date!(2020 - 02 - 02));
        let old = FoundingDate::restore(date!(2001 - 05 - 09));
        for (founding_date, expected) in
            [(Change::Keep, Some(old)), (Change::Clear, None), (Change::Set(new), Some(new))]
        {
            let mut customer = live(sme());
            let patch = CompanyPatch { legal_name: Some(text("Otra, S.A.")), founding_date };
            customer.amend(company_patch(patch), LATER).unwrap();
            let Profile::Corporate { company_info, .. } = &customer.data().profile else { unreachable!() };
            assert_eq!(
                (company_info.legal_name.as_str(), company_info.founding_date),
                ("Otra, S.A.", expected)
            );
        }
    }

    #[test]
    fn a_digital_customer_is_amended() {
        let amended = |patch| {
            let mut customer = live(digital());
            customer.amend(digital_patch(patch), LATER).unwrap();
            match customer.data.profile {
                Profile::Digital { digital_personal_info } => digital_personal_info,
                _ => unreachable!(),
            }
        };
        let old = amended(DigitalPatch::default());
        let all = DigitalPatch {
            name: Some(text("Ana")),
            first_surname: Change::Set(text("García")),
            second_surname: Change::Set(text("Núñez")),
            email: Some("ana@example.com".parse().unwrap()),
            mobile_phone_number: Change::Set(phone("699667898")),
        };
        let expected = DigitalPersonalInfo {
            name: text("Ana"),
            first_surname: Some(text("García")),
            second_surname: Some(text("Núñez")),
            email: "ana@example.com".parse().unwrap(),
            mobile_phone_number: Some(phone("699667898")),
        };
        assert_eq!(amended(all), expected);
        let cleared = DigitalPatch { first_surname: Change::Clear, ..DigitalPatch::default() };
        assert_eq!(amended(cleared), DigitalPersonalInfo { first_surname: None, ..old.clone() });
        let cleared = DigitalPatch { second_surname: Change::Clear, ..DigitalPatch::default() };
        assert_eq!(amended(cleared), DigitalPersonalInfo { second_surname: None, ..old.clone() });
        let cleared = DigitalPatch { mobile_phone_number: Change::Clear, ..DigitalPatch::default() };
        assert_eq!(amended(cleared), DigitalPersonalInfo { mobile_phone_number: None, ..old });
    }

    #[test]
    fn a_patch_without_changes_is_empty() {
        for empty in [
            CustomerPatch::default(),
            contact_patch(ContactPatch::default()),
            person_patch(PersonalPatch::default()),
            company_patch(CompanyPatch::default()),
            digital_patch(DigitalPatch::default()),
        ] {
            assert!(empty.is_empty(), "{empty:?}");
        }
        for change in [
            CustomerPatch { preferred_language: Some(Language::Basque), ..CustomerPatch::default() },
            contact_patch(ContactPatch { emails: Some(emails("a@b.es")), ..ContactPatch::default() }),
            person_patch(PersonalPatch { gender: Change::Clear, ..PersonalPatch::default() }),
            company_patch(CompanyPatch { founding_date: Change::Clear, ..CompanyPatch::default() }),
            digital_patch(DigitalPatch { name: Some(text("Eva")), ..DigitalPatch::default() }),
        ] {
            assert!(!change.is_empty(), "{change:?}");
        }
    }

    #[test]
    fn a_customer_ends_once_and_without_live_accounts() {
        let mut customer = live(digital());
        assert_eq!(customer.end(true, LATER), Err(CustomerError::LiveAccounts));
        assert_eq!(customer, live(digital()));
        assert_eq!(customer.end(false, LATER), Ok(true));
        assert_eq!((customer.data().ended_at, customer.data().updated_at), (Some(LATER), LATER));
        let before = customer.clone();
        for has_live_accounts in [false, true] {
            assert_eq!(customer.end(has_live_accounts, LATER + Duration::DAY), Ok(false));
            assert_eq!(customer, before);
        }
    }

    #[test]
    fn names_on_invoices() {
        let bare = |mut profile: Profile| {
            match &mut profile {
                Profile::Private { personal_info: person, .. } => person.second_surname = None,
                Profile::Digital { digital_personal_info: person } => person.first_surname = None,
                Profile::Corporate { .. } => {}
            }
            profile
        };
        for (profile, name) in [
            (private(DocumentType::Nif, NIF), "Ana García Núñez"),
            (bare(private(DocumentType::Nif, NIF)), "Ana García"),
            (sme(), "Ferretería, S.L."),
            (digital(), "Eva Ruiz Soto"),
            (bare(digital()), "Eva Soto"),
        ] {
            assert_eq!(profile.full_name(), name);
        }
    }
}
