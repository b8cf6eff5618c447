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

impl<T: PartialEq> Change<T> {
    /// Changes `value`, the field of this name; one that has changed by it is added to `changed`.
    pub(crate) fn apply(self, value: &mut Option<T>, name: &'static str, changed: &mut Vec<&'static str>) {
        let new = match self {
            Self::Keep => return,
            Self::Clear => None,
            Self::Set(new) => Some(new),
        };
        set(value, Some(new), name, changed);
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
    pub(super) fn apply(self, contact: &mut ContactInfo, changed: &mut Vec<&'static str>) {
        set(&mut contact.phone_numbers, self.phone_numbers, "contact_info.phone_numbers", changed);
        set(&mut contact.emails, self.emails, "contact_info.emails", changed);
        set(&mut contact.postal_address, self.postal_address, "contact_info.postal_address", changed);
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
    pub(super) fn apply(self, person: &mut PersonalInfo, changed: &mut Vec<&'static str>) {
        set(&mut person.name, self.name, "personal_info.name", changed);
        set(&mut person.first_surname, self.first_surname, "personal_info.first_surname", changed);
        self.second_surname.apply(&mut person.second_surname, "personal_info.second_surname", changed);
        self.gender.apply(&mut person.gender, "personal_info.gender", changed);
        set(&mut person.birthdate, self.birthdate, "personal_info.birthdate", changed);
        set(&mut person.nationality, self.nationality, "personal_info.nationality", changed);
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
    pub(super) fn apply(self, company: &mut CompanyInfo, changed: &mut Vec<&'static str>) {
        set(&mut company.legal_name, self.legal_name, "company_info.legal_name", changed);
        self.founding_date.apply(&mut company.founding_date, "company_info.founding_date", changed);
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
    pub(super) fn apply(self, person: &mut DigitalPersonalInfo, changed: &mut Vec<&'static str>) {
        set(&mut person.name, self.name, "digital_personal_info.name", changed);
        self.first_surname.apply(&mut person.first_surname, "digital_personal_info.first_surname", changed);
        self.second_surname.apply(
            &mut person.second_surname,
            "digital_personal_info.second_surname",
            changed,
        );
        set(&mut person.email, self.email, "digital_personal_info.email", changed);
        self.mobile_phone_number.apply(
            &mut person.mobile_phone_number,
            "digital_personal_info.mobile_phone_number",
            changed,
        );
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

/// Replaces `value`, the field of this name, by a new one if there is one; a field that has changed by it is added to `changed`.
pub(super) fn set<T: PartialEq>(
    value: &mut T,
    new: Option<T>,
    name: &'static str,
    changed: &mut Vec<&'static str>,
) {
    if let Some(new) = new.filter(|new| new != value) {
        *value = new;
        changed.push(name);
    }
}
