//! Customers: what their requests must look like, what their answers do look like, and the handlers.

use actix_web::HttpResponse;
use application::ports::CustomerRef;
use application::{Search, SearchError};
use domain::{
    AssociatedUser, Birthdate, CompanyInfo, CompanyPatch, ContactInfo, ContactList, ContactPatch,
    ContactPoint, CorporateSegment, Customer, CustomerId, CustomerPatch, CustomerType, DigitalPatch,
    DigitalPersonalInfo, DocumentType, EmailEntry, ExternalId, FoundingDate, IdentityDocument,
    IdentityDocumentError, NewCustomer, Nif, PersonalInfo, PersonalPatch, Phone, PhoneNumber,
    PhoneNumberError, Profile, Representative, Role, Segment, Text,
};
use serde::Serialize;
use time::OffsetDateTime;

use crate::access::{Reading, WritingCustomers};
use crate::address::{AddressView, address};
use crate::body::{Object, Value};
use crate::call::{Call, Input};
use crate::error::ApiError;
use crate::view::{Id, IdAndExternalId, date, date_time};

// Requests

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

fn representative<'f>(
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

fn new_customer(mut object: Object<'_>, now: OffsetDateTime) -> Option<NewCustomer> {
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

fn customer_patch(mut object: Object<'_>, now: OffsetDateTime) -> Option<CustomerPatch> {
    let patch = CustomerPatch {
        preferred_language: object.replacing("preferred_language"),
        contact_info: object.replacing_object("contact_info").map(contact_patch),
        personal_info: object.replacing_object("personal_info").map(|it| personal_patch(it, now)),
        company_info: object.replacing_object("company_info").map(|it| company_patch(it, now)),
        digital_personal_info: object.replacing_object("digital_personal_info").map(digital_patch),
    };
    Some(patch)
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

const AT_LEAST_ONE_FIELD: &str = "At least one field must be present";

fn search_criteria(input: &mut Input<'_>) -> Option<Search> {
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

// Answers

#[derive(Serialize)]
struct CustomerView<'a> {
    id: uuid::Uuid,
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

impl From<CustomerRef> for IdAndExternalId {
    fn from(customer: CustomerRef) -> Self {
        Self::new(customer.id.0, customer.external_id)
    }
}

// Handlers

pub(crate) async fn create(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let now = call.now;
    let new = call.read(|input| new_customer(input.body()?, now))?;
    let customer = call.state.customers.register(&call.scope, new).await?;
    let location = format!("/v4/orgs/{}/customers/{}", call.org(), customer.id);
    Ok(HttpResponse::Created().insert_header(("Location", location)).json(IdAndExternalId::from(customer)))
}

pub(crate) async fn search(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    #[derive(Serialize)]
    struct CustomerSearchResponse {
        customer: IdAndExternalId,
    }
    let criteria = call.read(search_criteria)?;
    let customer = call.state.customers.search(call.org(), &criteria).await?.into();
    Ok(HttpResponse::Ok().json(CustomerSearchResponse { customer }))
}

pub(crate) async fn get(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let id = call.read(customer_id)?;
    let customer = call.state.customers.get(call.org(), id).await?;
    Ok(HttpResponse::Ok().json(CustomerView::from(&customer)))
}

pub(crate) async fn patch(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let now = call.now;
    let (id, patch) = call.read(|input| {
        let (id, patch) = (customer_id(input), input.body().and_then(|body| customer_patch(body, now)));
        Some((id?, patch?))
    })?;
    if patch.is_empty() {
        return Err(ApiError::bad_request("", AT_LEAST_ONE_FIELD));
    }
    call.state.customers.amend(&call.scope, id, patch).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn delete(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let id = call.read(customer_id)?;
    call.state.customers.end(&call.scope, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn put_associated_users(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (id, user) = call.read(|input| {
        let id = customer_id(input);
        let user = input.body().and_then(|mut body| {
            let users = body.required_value("associated_users")?;
            representative(&body, users, Representative::ExactlyOne)?
        });
        Some((id?, user?))
    })?;
    call.state.customers.replace_representative(&call.scope, id, user).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn convert_nie_to_nif(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (id, nif) = call.read(|input| {
        let id = customer_id(input);
        let nif = input.body().and_then(|body| body.exempt(&["nif"]).required::<Nif>("nif"));
        Some((id?, nif?))
    })?;
    call.state.customers.convert_nie_to_nif(&call.scope, id, nif).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn by_external_id(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let external_id = call.read(|input| input.path.required::<ExternalId>("customer_external_id"))?;
    let id = call.state.customers.by_external_id(call.org(), &external_id).await?;
    Ok(HttpResponse::Ok().json(Id { id: id.0 }))
}

pub(crate) fn customer_id(input: &mut Input<'_>) -> Option<CustomerId> {
    input.path.required("customer_id")
}
