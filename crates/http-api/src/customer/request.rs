//! What requests about customers must look like.

use application::{Search, SearchError};
use domain::{
    AssociatedUser, Birthdate, CompanyInfo, CompanyPatch, ContactInfo, ContactList, ContactPatch,
    ContactPoint, CorporateSegment, CustomerPatch, CustomerType, DigitalPatch, DigitalPersonalInfo,
    DocumentType, EmailEntry, FoundingDate, IdentityDocument, IdentityDocumentError, NewCustomer,
    PersonalInfo, PersonalPatch, Phone, PhoneNumber, PhoneNumberError, Profile, Representative, Role,
    Segment, Text,
};
use time::OffsetDateTime;

use crate::address::address;
use crate::body::{Object, Value};
use crate::call::Input;

fn document(
    object: Object<'_>,
    build: impl FnOnce(DocumentType, &str) -> Result<IdentityDocument, IdentityDocumentError>,
) -> Option<IdentityDocument> {
    let mut object = object.exempt(&["number"]);
    let number = object.required::<String>("number");
    let kind = object.required("type");
    let result = build(kind?, &number?);
    let field = if matches!(result, Err(IdentityDocumentError::Type(_))) { "type" } else { "number" };
    object.check(field, result)
}

fn phone_number(object: &mut Object<'_>) -> Option<PhoneNumber> {
    let country_code = object.required::<String>("country_code");
    let number = object.required::<String>("number");
    object.check_all(PhoneNumber::new(&country_code?, &number?), |error| match error {
        PhoneNumberError::CountryCode => "country_code",
        PhoneNumberError::Number | PhoneNumberError::Invalid => "number",
    })
}

fn phone(object: Object<'_>) -> Option<Phone> {
    let mut object = object.exempt(&["number"]);
    let number = phone_number(&mut object);
    let kind = object.required("type");
    let is_default = object.optional_flag("is_default").unwrap_or_default();
    Some(Phone { number: number?, kind: kind?, is_default })
}

fn mobile_phone_number(object: Object<'_>) -> Option<PhoneNumber> {
    phone_number(&mut object.exempt(&["number"]))
}

fn email(mut object: Object<'_>) -> Option<EmailEntry> {
    let email = object.required("email");
    let is_default = object.optional_flag("is_default").unwrap_or_default();
    Some(EmailEntry { email: email?, is_default })
}

/// The contact points of a property, whose value is given as it was found.
fn contact_list<'f, T: ContactPoint>(
    object: &Object<'f>,
    name: &str,
    value: Option<Value<'f>>,
    point: impl Fn(Object<'f>) -> Option<T>,
) -> Option<ContactList<T>> {
    let points = value?.array(ContactList::<T>::MAX, |element| point(element.object()?))?;
    object.check_all(ContactList::new(points), |_| name)
}

fn contact_info(mut object: Object<'_>) -> Option<ContactInfo> {
    let phones = object.required_value("phone_numbers");
    let phone_numbers = contact_list(&object, "phone_numbers", phones, phone);
    let emails = object.required_value("emails");
    let emails = contact_list(&object, "emails", emails, email);
    let postal_address = object.required_object("postal_address").and_then(address);
    Some(ContactInfo { phone_numbers: phone_numbers?, emails: emails?, postal_address: postal_address? })
}

fn personal_info(mut object: Object<'_>, now: OffsetDateTime) -> Option<PersonalInfo> {
    let identity_document =
        object.required_object("identity_document").and_then(|it| document(it, IdentityDocument::of_person));
    let name = object.required("name");
    let first_surname = object.required("first_surname");
    let second_surname = object.optional("second_surname");
    let gender = object.optional("gender");
    let nationality = object.required("nationality");
    let birthdate = object.required_with("birthdate", |raw| Birthdate::parse(raw, now));
    Some(PersonalInfo {
        identity_document: identity_document?,
        name: name?,
        first_surname: first_surname?,
        second_surname,
        gender,
        nationality: nationality?,
        birthdate: birthdate?,
    })
}

fn company_info(
    mut object: Object<'_>,
    segment: Option<CorporateSegment>,
    now: OffsetDateTime,
) -> Option<CompanyInfo> {
    // Without a segment nothing can be said of the document; the segment is an error of its own.
    let identity_document = match segment {
        Some(segment) => object
            .required_object("identity_document")
            .and_then(|it| document(it, |kind, number| IdentityDocument::of_company(segment, kind, number))),
        None => {
            object.ignore("identity_document");
            None
        }
    };
    let legal_name = object.required("legal_name");
    let founding_date = object.optional_with("founding_date", |raw| FoundingDate::parse(raw, now));
    let users = object.optional_value("associated_users");
    let representative = users.and_then(|users| representative(&object, users, Representative::AtMostOne));
    Some(CompanyInfo {
        identity_document: identity_document?,
        legal_name: legal_name?,
        founding_date,
        representative: representative.flatten(),
    })
}

pub(super) fn representative<'f>(
    object: &Object<'f>,
    users: Value<'f>,
    rule: Representative,
) -> Option<Option<AssociatedUser>> {
    let users = users.array(MOST_USERS_READ, |user| Some(user.object().and_then(associated_user)))?;
    let user = object.check("associated_users", rule.among(users))?;
    user.map_or(Some(None), |user| user.map(Some))
}

/// Enough to see that there are too many.
const MOST_USERS_READ: usize = 10;

fn associated_user(mut object: Object<'_>) -> Option<AssociatedUser> {
    let identity_document =
        object.required_object("identity_document").and_then(|it| document(it, IdentityDocument::of_person));
    let role = object.optional("role").unwrap_or(Role::AuthorizedRepresentative);
    let name = object.required("name");
    let first_surname = object.required("first_surname");
    let second_surname = object.optional("second_surname");
    let nationality = object.required("nationality");
    Some(AssociatedUser {
        identity_document: identity_document?,
        role,
        name: name?,
        first_surname: first_surname?,
        second_surname,
        nationality: nationality?,
    })
}

fn digital_personal_info(mut object: Object<'_>) -> Option<DigitalPersonalInfo> {
    let name = object.required("name");
    let first_surname = object.optional("first_surname");
    let second_surname = object.optional("second_surname");
    let email = object.required("email");
    let mobile_phone_number = object.optional_object("mobile_phone_number").and_then(mobile_phone_number);
    Some(DigitalPersonalInfo {
        name: name?,
        first_surname,
        second_surname,
        email: email?,
        mobile_phone_number,
    })
}

pub(crate) fn new_customer(mut object: Object<'_>, now: OffsetDateTime) -> Option<NewCustomer> {
    let kind = object.required::<CustomerType>("type");
    let preferred_language = object.required("preferred_language");
    let Some(kind) = kind else {
        // What else must be there depends on the type; it is known, though.
        for name in ["segment", "contact_info", "personal_info", "company_info", "digital_personal_info"] {
            object.ignore(name);
        }
        return None;
    };
    let profile = match kind {
        CustomerType::Private => private(&mut object, now),
        CustomerType::Corporate => corporate(&mut object, now),
        CustomerType::Digital => object
            .required_object("digital_personal_info")
            .and_then(digital_personal_info)
            .map(|digital_personal_info| Profile::Digital { digital_personal_info }),
    };
    Some(NewCustomer { preferred_language: preferred_language?, profile: profile? })
}

fn private(object: &mut Object<'_>, now: OffsetDateTime) -> Option<Profile> {
    let segment = object.required_with("segment", |raw| match raw.parse() {
        Ok(Segment::Consumer) => Ok(()),
        _ => Err("must be CONSUMER for a PRIVATE_CUSTOMER"),
    });
    let contact_info = object.required_object("contact_info").and_then(contact_info);
    let personal_info = object.required_object("personal_info").and_then(|it| personal_info(it, now));
    segment?;
    Some(Profile::Private { contact_info: contact_info?, personal_info: personal_info? })
}

fn corporate(object: &mut Object<'_>, now: OffsetDateTime) -> Option<Profile> {
    let segment = object.required("segment");
    let contact_info = object.required_object("contact_info").and_then(contact_info);
    let company_info = object.required_object("company_info").and_then(|it| company_info(it, segment, now));
    Some(Profile::Corporate { segment: segment?, contact_info: contact_info?, company_info: company_info? })
}

pub(super) fn customer_patch(mut object: Object<'_>, now: OffsetDateTime) -> CustomerPatch {
    CustomerPatch {
        preferred_language: object.replacing("preferred_language"),
        contact_info: object.replacing_object("contact_info").map(contact_patch),
        personal_info: object.replacing_object("personal_info").map(|it| personal_patch(it, now)),
        company_info: object.replacing_object("company_info").map(|it| company_patch(it, now)),
        digital_personal_info: object.replacing_object("digital_personal_info").map(digital_patch),
    }
}

fn contact_patch(mut object: Object<'_>) -> ContactPatch {
    let phones = object.replacing_value("phone_numbers");
    let emails = object.replacing_value("emails");
    ContactPatch {
        phone_numbers: contact_list(&object, "phone_numbers", phones, phone),
        emails: contact_list(&object, "emails", emails, email),
        postal_address: object.replacing_object("postal_address").and_then(address),
    }
}

fn personal_patch(mut object: Object<'_>, now: OffsetDateTime) -> PersonalPatch {
    PersonalPatch {
        name: object.replacing("name"),
        first_surname: object.replacing("first_surname"),
        second_surname: object.change("second_surname"),
        gender: object.change("gender"),
        birthdate: object.replacing_with("birthdate", |raw| Birthdate::parse(raw, now)),
        nationality: object.replacing("nationality"),
    }
}

/// Representatives beside another field pass unread, as published since 4.57.0; alone they are no change.
fn company_patch(mut object: Object<'_>, now: OffsetDateTime) -> CompanyPatch {
    let names_users = object.ignore("associated_users");
    let has_more = !object.is_empty();
    let patch = CompanyPatch {
        legal_name: object.replacing("legal_name"),
        founding_date: object.change_with("founding_date", |raw| FoundingDate::parse(raw, now)),
    };
    if names_users && !has_more {
        object.fail("associated_users", AT_LEAST_ONE_FIELD);
    }
    patch
}

fn digital_patch(mut object: Object<'_>) -> DigitalPatch {
    DigitalPatch {
        name: object.replacing("name"),
        first_surname: object.change("first_surname"),
        second_surname: object.change("second_surname"),
        email: object.replacing("email"),
        mobile_phone_number: object
            .change_value("mobile_phone_number", |value| mobile_phone_number(value.object()?)),
    }
}

pub(crate) const AT_LEAST_ONE_FIELD: &str = "At least one field must be present";

pub(super) fn search_criteria(input: &mut Input<'_>) -> Option<Search> {
    let query = &mut input.query;
    let given = (query.has("identity_document"), query.has("email"));
    let number = query.optional::<Text<1, 100>>("identity_document");
    let kind = query.optional("identity_document_type");
    let email = query.optional("email");
    if given != (number.is_some(), email.is_some()) {
        // A criterion that is wrong is not one that is missing.
        return None;
    }
    let result = Search::new(number.as_ref().map(Text::as_str), kind, email);
    let alone = result == Err(SearchError::TypeAlone);
    query.check(if alone { "identity_document_type" } else { "identity_document" }, result)
}
