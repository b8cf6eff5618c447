//! What answers about customers look like.

use domain::{
    AssociatedUser, ContactInfo, Customer, EmailEntry, IdentityDocument, Phone, PhoneNumber, Profile,
    Segment, Text,
};
use serde::Serialize;
use uuid::Uuid;

use crate::address::AddressView;
use crate::view::{date, date_time};

#[derive(Serialize)]
pub(super) struct CustomerView<'a> {
    id: Uuid,
    r#type: &'static str,
    preferred_language: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_info: Option<ContactInfoView<'a>>,
    #[serde(flatten)]
    info: InfoView<'a>,
    created_at: String,
    ended_at: Option<String>,
    updated_at: String,
}

#[derive(Serialize)]
struct ContactInfoView<'a> {
    phone_numbers: Vec<PhoneView<'a>>,
    emails: Vec<EmailView<'a>>,
    postal_address: AddressView<'a>,
}

#[derive(Serialize)]
struct PhoneView<'a> {
    #[serde(flatten)]
    number: PhoneNumberView<'a>,
    r#type: &'static str,
    is_default: bool,
}

#[derive(Serialize)]
struct PhoneNumberView<'a> {
    country_code: &'a str,
    number: &'a str,
}

#[derive(Serialize)]
struct EmailView<'a> {
    email: &'a str,
    is_default: bool,
}

#[derive(Serialize)]
enum InfoView<'a> {
    #[serde(rename = "personal_info")]
    Personal(PersonalInfoView<'a>),
    #[serde(rename = "company_info")]
    Company(CompanyInfoView<'a>),
    #[serde(rename = "digital_personal_info")]
    Digital(DigitalPersonalInfoView<'a>),
}

#[derive(Serialize)]
struct DocumentView<'a> {
    number: &'a str,
    r#type: &'static str,
}

#[derive(Serialize)]
struct PersonalInfoView<'a> {
    identity_document: DocumentView<'a>,
    name: &'a str,
    first_surname: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_surname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<&'static str>,
    nationality: &'a str,
    birthdate: String,
}

#[derive(Serialize)]
struct CompanyInfoView<'a> {
    identity_document: DocumentView<'a>,
    legal_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    founding_date: Option<String>,
    associated_users: Vec<AssociatedUserView<'a>>,
}

#[derive(Serialize)]
struct AssociatedUserView<'a> {
    identity_document: DocumentView<'a>,
    role: &'static str,
    name: &'a str,
    first_surname: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_surname: Option<&'a str>,
    nationality: &'a str,
}

#[derive(Serialize)]
struct DigitalPersonalInfoView<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_surname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_surname: Option<&'a str>,
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile_phone_number: Option<PhoneNumberView<'a>>,
}

impl<'a> From<&'a Customer> for CustomerView<'a> {
    fn from(customer: &'a Customer) -> Self {
        let data = customer.data();
        Self {
            id: data.id.0,
            r#type: data.profile.kind().code(),
            preferred_language: data.preferred_language.code(),
            segment: data.profile.segment().map(Segment::code),
            contact_info: data.profile.contact_info().map(Into::into),
            info: (&data.profile).into(),
            created_at: date_time(data.created_at),
            ended_at: data.ended_at.map(date_time),
            updated_at: date_time(data.updated_at),
        }
    }
}

impl<'a> From<&'a ContactInfo> for ContactInfoView<'a> {
    fn from(contact: &'a ContactInfo) -> Self {
        let phone = |phone: &'a Phone| PhoneView {
            number: (&phone.number).into(),
            r#type: phone.kind.code(),
            is_default: phone.is_default,
        };
        let email =
            |entry: &'a EmailEntry| EmailView { email: entry.email.as_str(), is_default: entry.is_default };
        Self {
            phone_numbers: contact.phone_numbers.as_slice().iter().map(phone).collect(),
            emails: contact.emails.as_slice().iter().map(email).collect(),
            postal_address: (&contact.postal_address).into(),
        }
    }
}

impl<'a> From<&'a PhoneNumber> for PhoneNumberView<'a> {
    fn from(phone: &'a PhoneNumber) -> Self {
        Self { country_code: phone.country_code(), number: phone.number() }
    }
}

impl<'a> From<&'a IdentityDocument> for DocumentView<'a> {
    fn from(document: &'a IdentityDocument) -> Self {
        Self { number: document.number(), r#type: document.kind().code() }
    }
}

impl<'a> From<&'a AssociatedUser> for AssociatedUserView<'a> {
    fn from(user: &'a AssociatedUser) -> Self {
        Self {
            identity_document: (&user.identity_document).into(),
            role: user.role.code(),
            name: user.name.as_str(),
            first_surname: user.first_surname.as_str(),
            second_surname: user.second_surname.as_ref().map(Text::as_str),
            nationality: user.nationality.code(),
        }
    }
}

impl<'a> From<&'a Profile> for InfoView<'a> {
    fn from(profile: &'a Profile) -> Self {
        match profile {
            Profile::Private { personal_info: person, .. } => Self::Personal(PersonalInfoView {
                identity_document: (&person.identity_document).into(),
                name: person.name.as_str(),
                first_surname: person.first_surname.as_str(),
                second_surname: person.second_surname.as_ref().map(Text::as_str),
                gender: person.gender.map(domain::Gender::code),
                nationality: person.nationality.code(),
                birthdate: date(person.birthdate.date()),
            }),
            Profile::Corporate { company_info: company, .. } => Self::Company(CompanyInfoView {
                identity_document: (&company.identity_document).into(),
                legal_name: company.legal_name.as_str(),
                founding_date: company.founding_date.map(|founded| date(founded.date())),
                associated_users: company.representative.iter().map(Into::into).collect(),
            }),
            Profile::Digital { digital_personal_info: person } => Self::Digital(DigitalPersonalInfoView {
                name: person.name.as_str(),
                first_surname: person.first_surname.as_ref().map(Text::as_str),
                second_surname: person.second_surname.as_ref().map(Text::as_str),
                email: person.email.as_str(),
                mobile_phone_number: person.mobile_phone_number.as_ref().map(Into::into),
            }),
        }
    }
}
