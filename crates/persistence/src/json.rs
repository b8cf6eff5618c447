//! How the parts of customers and accounts that are never searched are kept: as JSON documents.

use application::ports::{Effect, Login, LoginChange, Notice, NoticeKind};
use domain::{
    Address, AddressLine, AssociatedUser, BillingAddress, Birthdate, CatalogueValue, CatalogueValues,
    CompanyInfo, ContactInfo, ContactList, CorporateSegment, CredentialId, DigitalPersonalInfo, EmailAddress,
    EmailEntry, FoundingDate, GatewayToken, IdentityDocument, Invoice, InvoiceCycle, LoginEmail,
    PersonalInfo, Phone, PhoneNumber, PostalCode, Profile, StateId, Text, parse_date,
};
use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What cannot be read back; its place is told by whoever knows the row.
#[derive(Debug)]
pub(crate) struct Unreadable;

/// Reads a code that an enumeration of the domain has written.
pub(crate) fn code<T: std::str::FromStr>(code: &str) -> Result<T, Unreadable> {
    code.parse().map_err(|_| Unreadable)
}

fn text<const MIN: usize, const MAX: usize>(text: &Text<MIN, MAX>) -> String {
    text.as_str().to_owned()
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct CatalogueValuesJson(Vec<String>);

impl From<&CatalogueValues> for CatalogueValuesJson {
    fn from(values: &CatalogueValues) -> Self {
        Self(values.as_slice().iter().map(ToString::to_string).collect())
    }
}

impl From<CatalogueValuesJson> for CatalogueValues {
    fn from(json: CatalogueValuesJson) -> Self {
        Self::restore(json.0.into_iter().map(CatalogueValue::restore).collect())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AddressJson {
    address_line: String,
    postal_code: String,
    locality: String,
    administrative_area: String,
    region_code: String,
}

impl From<&Address> for AddressJson {
    fn from(address: &Address) -> Self {
        Self {
            address_line: address.address_line.as_str().to_owned(),
            postal_code: address.postal_code.as_str().to_owned(),
            locality: text(&address.locality),
            administrative_area: text(&address.administrative_area),
            region_code: address.region_code.code().to_owned(),
        }
    }
}

impl TryFrom<AddressJson> for Address {
    type Error = Unreadable;

    fn try_from(json: AddressJson) -> Result<Self, Unreadable> {
        Ok(Self {
            address_line: AddressLine::restore(json.address_line),
            postal_code: PostalCode::restore(json.postal_code),
            locality: Text::restore(json.locality),
            administrative_area: Text::restore(json.administrative_area),
            region_code: code(&json.region_code)?,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct BillingAddressJson {
    #[serde(flatten)]
    address: AddressJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_id: Option<String>,
}

impl From<&BillingAddress> for BillingAddressJson {
    fn from(billing: &BillingAddress) -> Self {
        Self {
            address: (&billing.address).into(),
            state_id: billing.state_id.as_ref().map(|state_id| state_id.as_str().to_owned()),
        }
    }
}

impl TryFrom<BillingAddressJson> for BillingAddress {
    type Error = Unreadable;

    fn try_from(json: BillingAddressJson) -> Result<Self, Unreadable> {
        Ok(Self { address: json.address.try_into()?, state_id: json.state_id.map(StateId::restore) })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PhoneNumberJson {
    country_code: String,
    number: String,
}

impl From<&PhoneNumber> for PhoneNumberJson {
    fn from(phone: &PhoneNumber) -> Self {
        Self { country_code: phone.country_code().to_owned(), number: phone.number().to_owned() }
    }
}

impl From<PhoneNumberJson> for PhoneNumber {
    fn from(json: PhoneNumberJson) -> Self {
        Self::restore(json.country_code, json.number)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PhoneJson {
    #[serde(flatten)]
    number: PhoneNumberJson,
    #[serde(rename = "type")]
    kind: String,
    is_default: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct EmailJson {
    email: String,
    is_default: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ContactJson {
    phone_numbers: Vec<PhoneJson>,
    emails: Vec<EmailJson>,
    postal_address: AddressJson,
}

impl From<&ContactInfo> for ContactJson {
    fn from(contact: &ContactInfo) -> Self {
        let phone = |phone: &Phone| PhoneJson {
            number: (&phone.number).into(),
            kind: phone.kind.code().to_owned(),
            is_default: phone.is_default,
        };
        let email = |entry: &EmailEntry| EmailJson {
            email: entry.email.as_str().to_owned(),
            is_default: entry.is_default,
        };
        Self {
            phone_numbers: contact.phone_numbers.as_slice().iter().map(phone).collect(),
            emails: contact.emails.as_slice().iter().map(email).collect(),
            postal_address: (&contact.postal_address).into(),
        }
    }
}

impl TryFrom<ContactJson> for ContactInfo {
    type Error = Unreadable;

    fn try_from(json: ContactJson) -> Result<Self, Unreadable> {
        let phone = |json: PhoneJson| {
            Ok(Phone { number: json.number.into(), kind: code(&json.kind)?, is_default: json.is_default })
        };
        let email = |json: EmailJson| EmailEntry {
            email: EmailAddress::restore(json.email),
            is_default: json.is_default,
        };
        Ok(Self {
            phone_numbers: ContactList::restore(
                json.phone_numbers.into_iter().map(phone).collect::<Result<_, _>>()?,
            ),
            emails: ContactList::restore(json.emails.into_iter().map(email).collect()),
            postal_address: json.postal_address.try_into()?,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PersonJson {
    name: String,
    first_surname: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<String>,
    nationality: String,
    birthdate: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CompanyJson {
    legal_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    founding_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    representative: Option<AssociatedUserJson>,
}

/// A person who acts for a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct AssociatedUserJson {
    document_type: String,
    document_number: String,
    role: String,
    name: String,
    first_surname: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_surname: Option<String>,
    nationality: String,
}

impl From<&AssociatedUser> for AssociatedUserJson {
    fn from(user: &AssociatedUser) -> Self {
        Self {
            document_type: user.identity_document.kind().code().to_owned(),
            document_number: user.identity_document.number().to_owned(),
            role: user.role.code().to_owned(),
            name: text(&user.name),
            first_surname: text(&user.first_surname),
            second_surname: user.second_surname.as_ref().map(text),
            nationality: user.nationality.code().to_owned(),
        }
    }
}

impl TryFrom<AssociatedUserJson> for AssociatedUser {
    type Error = Unreadable;

    fn try_from(json: AssociatedUserJson) -> Result<Self, Unreadable> {
        Ok(Self {
            identity_document: IdentityDocument::restore(code(&json.document_type)?, json.document_number),
            role: code(&json.role)?,
            name: Text::restore(json.name),
            first_surname: Text::restore(json.first_surname),
            second_surname: json.second_surname.map(Text::restore),
            nationality: code(&json.nationality)?,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct DigitalJson {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_surname: Option<String>,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile_phone_number: Option<PhoneNumberJson>,
}

/// A profile without what has a column of its own: type, segment and identity document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct ProfileJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_info: Option<ContactJson>,
    #[serde(flatten)]
    info: InfoJson,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum InfoJson {
    #[serde(rename = "personal_info")]
    Personal(PersonJson),
    #[serde(rename = "company_info")]
    Company(CompanyJson),
    #[serde(rename = "digital_personal_info")]
    Digital(DigitalJson),
}

impl From<&Profile> for ProfileJson {
    fn from(profile: &Profile) -> Self {
        let info = match profile {
            Profile::Private { personal_info: person, .. } => InfoJson::Personal(PersonJson {
                name: text(&person.name),
                first_surname: text(&person.first_surname),
                second_surname: person.second_surname.as_ref().map(text),
                gender: person.gender.map(|gender| gender.code().to_owned()),
                nationality: person.nationality.code().to_owned(),
                birthdate: person.birthdate.date().to_string(),
            }),
            Profile::Corporate { company_info: company, .. } => InfoJson::Company(CompanyJson {
                legal_name: text(&company.legal_name),
                founding_date: company.founding_date.map(|date| date.date().to_string()),
                representative: company.representative.as_ref().map(Into::into),
            }),
            Profile::Digital { digital_personal_info: person } => InfoJson::Digital(DigitalJson {
                name: text(&person.name),
                first_surname: person.first_surname.as_ref().map(text),
                second_surname: person.second_surname.as_ref().map(text),
                email: person.email.as_str().to_owned(),
                mobile_phone_number: person.mobile_phone_number.as_ref().map(Into::into),
            }),
        };
        Self { contact_info: profile.contact_info().map(Into::into), info }
    }
}

impl ProfileJson {
    /// The profile, with what stands in columns of its own.
    pub(crate) fn restore(
        self,
        segment: Option<CorporateSegment>,
        identity_document: Option<IdentityDocument>,
    ) -> Result<Profile, Unreadable> {
        let date = |date: String| parse_date(&date).map_err(|_| Unreadable);
        let contact_info = self.contact_info.map(ContactInfo::try_from).transpose()?.ok_or(Unreadable);
        let identity_document = identity_document.ok_or(Unreadable);
        Ok(match self.info {
            InfoJson::Personal(json) => Profile::Private {
                contact_info: contact_info?,
                personal_info: PersonalInfo {
                    identity_document: identity_document?,
                    name: Text::restore(json.name),
                    first_surname: Text::restore(json.first_surname),
                    second_surname: json.second_surname.map(Text::restore),
                    gender: json.gender.as_deref().map(code).transpose()?,
                    nationality: code(&json.nationality)?,
                    birthdate: Birthdate::restore(date(json.birthdate)?),
                },
            },
            InfoJson::Company(json) => Profile::Corporate {
                segment: segment.ok_or(Unreadable)?,
                contact_info: contact_info?,
                company_info: CompanyInfo {
                    identity_document: identity_document?,
                    legal_name: Text::restore(json.legal_name),
                    founding_date: json.founding_date.map(date).transpose()?.map(FoundingDate::restore),
                    representative: json.representative.map(TryInto::try_into).transpose()?,
                },
            },
            InfoJson::Digital(json) => Profile::Digital {
                digital_personal_info: DigitalPersonalInfo {
                    name: Text::restore(json.name),
                    first_surname: json.first_surname.map(Text::restore),
                    second_surname: json.second_surname.map(Text::restore),
                    email: EmailAddress::restore(json.email),
                    mobile_phone_number: json.mobile_phone_number.map(Into::into),
                },
            },
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct InvoiceJson {
    cycle: CycleJson,
    due_date_id: i32,
    due_days_id: i32,
    delivery_mode: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CycleJson {
    name: String,
    day: i32,
    #[serde(rename = "type")]
    kind: String,
    frequency: i32,
}

impl From<&Invoice> for InvoiceJson {
    fn from(invoice: &Invoice) -> Self {
        let InvoiceCycle { name, day, kind, frequency } = invoice.cycle.clone();
        Self {
            cycle: CycleJson { name, day, kind, frequency },
            due_date_id: invoice.due_date_id,
            due_days_id: invoice.due_days_id,
            delivery_mode: invoice.delivery_mode.code().to_owned(),
        }
    }
}

impl TryFrom<InvoiceJson> for Invoice {
    type Error = Unreadable;

    fn try_from(json: InvoiceJson) -> Result<Self, Unreadable> {
        let CycleJson { name, day, kind, frequency } = json.cycle;
        Ok(Self {
            cycle: InvoiceCycle { name, day, kind, frequency },
            due_date_id: json.due_date_id,
            due_days_id: json.due_days_id,
            delivery_mode: code(&json.delivery_mode)?,
        })
    }
}

/// What has to happen outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub(crate) enum EffectJson {
    Tokenize { reference_id: String, attempt: i32 },
    ProvisionLogin { credential_id: Uuid, username: String },
    RenameLogin { credential_id: Uuid, from: String, to: String },
    DisableLogin { credential_id: Uuid, username: String },
    Notify { to: String, language: String, kind: NoticeKindJson },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoticeKindJson {
    FormerUsername,
    NewUsername,
}

impl From<&Effect> for EffectJson {
    fn from(effect: &Effect) -> Self {
        match effect {
            Effect::Tokenize { reference_id, attempt } => {
                Self::Tokenize { reference_id: reference_id.as_str().to_owned(), attempt: *attempt }
            }
            Effect::Login(change) => change.into(),
            Effect::Notify(notice) => Self::Notify {
                to: notice.to.as_str().to_owned(),
                language: notice.language.code().to_owned(),
                kind: match notice.kind {
                    NoticeKind::FormerUsername => NoticeKindJson::FormerUsername,
                    NoticeKind::NewUsername => NoticeKindJson::NewUsername,
                },
            },
        }
    }
}

impl From<&LoginChange> for EffectJson {
    fn from(change: &LoginChange) -> Self {
        let username = |username: &LoginEmail| username.as_str().to_owned();
        match change {
            LoginChange::Provision(login) => Self::ProvisionLogin {
                credential_id: login.credential_id.0,
                username: username(&login.username),
            },
            LoginChange::Rename { login, to } => Self::RenameLogin {
                credential_id: login.credential_id.0,
                from: username(&login.username),
                to: username(to),
            },
            LoginChange::Disable(login) => Self::DisableLogin {
                credential_id: login.credential_id.0,
                username: username(&login.username),
            },
        }
    }
}

impl TryFrom<EffectJson> for Effect {
    type Error = Unreadable;

    fn try_from(json: EffectJson) -> Result<Self, Unreadable> {
        let login =
            |id, username| Login { credential_id: CredentialId(id), username: LoginEmail::restore(username) };
        Ok(match json {
            EffectJson::Tokenize { reference_id, attempt } => {
                Self::Tokenize { reference_id: GatewayToken::restore(reference_id), attempt }
            }
            EffectJson::ProvisionLogin { credential_id, username } => {
                Self::Login(LoginChange::Provision(login(credential_id, username)))
            }
            EffectJson::RenameLogin { credential_id, from, to } => Self::Login(LoginChange::Rename {
                login: login(credential_id, from),
                to: LoginEmail::restore(to),
            }),
            EffectJson::DisableLogin { credential_id, username } => {
                Self::Login(LoginChange::Disable(login(credential_id, username)))
            }
            EffectJson::Notify { to, language, kind } => Self::Notify(Notice {
                to: LoginEmail::restore(to),
                language: code(&language)?,
                kind: match kind {
                    NoticeKindJson::FormerUsername => NoticeKind::FormerUsername,
                    NoticeKindJson::NewUsername => NoticeKind::NewUsername,
                },
            }),
        })
    }
}
