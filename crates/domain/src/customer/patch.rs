//! Changes of a customer.

use crate::address::Address;
use crate::contact::{ContactInfo, ContactList, EmailEntry, LoginEmail, Phone, PhoneNumber};
use crate::country::Country;
use crate::customer::{CompanyInfo, DigitalPersonalInfo, Gender, Language, PersonalInfo};
use crate::date::{Birthdate, FoundingDate};
use crate::text::Text;

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

impl ContactPatch {
    pub(super) fn apply(self, contact: &mut ContactInfo) {
        set(&mut contact.phone_numbers, self.phone_numbers);
        set(&mut contact.emails, self.emails);
        set(&mut contact.postal_address, self.postal_address);
    }
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

impl PersonalPatch {
    pub(super) fn apply(self, person: &mut PersonalInfo) {
        set(&mut person.name, self.name);
        set(&mut person.first_surname, self.first_surname);
        self.second_surname.apply(&mut person.second_surname);
        self.gender.apply(&mut person.gender);
        set(&mut person.birthdate, self.birthdate);
        set(&mut person.nationality, self.nationality);
    }
}

/// Changes of a company; never the document or the representative.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompanyPatch {
    /// New registered name.
    pub legal_name: Option<Text<1, 255>>,
    /// Change of the founding date.
    pub founding_date: Change<FoundingDate>,
}

impl CompanyPatch {
    pub(super) fn apply(self, company: &mut CompanyInfo) {
        set(&mut company.legal_name, self.legal_name);
        self.founding_date.apply(&mut company.founding_date);
    }
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

impl DigitalPatch {
    pub(super) fn apply(self, person: &mut DigitalPersonalInfo) {
        set(&mut person.name, self.name);
        self.first_surname.apply(&mut person.first_surname);
        self.second_surname.apply(&mut person.second_surname);
        set(&mut person.email, self.email);
        self.mobile_phone_number.apply(&mut person.mobile_phone_number);
    }
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
fn set<T>(value: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *value = new;
    }
}
