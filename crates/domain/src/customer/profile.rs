//! What is known of a customer, by its type.

use crate::contact::{ContactInfo, LoginEmail, PhoneNumber};
use crate::country::Country;
use crate::customer::CustomerError;
use crate::date::{Birthdate, FoundingDate};
use crate::identity_document::IdentityDocument;
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
