use time::Duration;
use time::macros::{date, datetime};
use uuid::Uuid;

use super::*;
use crate::address::Address;
use crate::contact::{ContactInfo, ContactList, EmailEntry, Phone, PhoneNumber};
use crate::date::{Birthdate, FoundingDate};
use crate::text::Text;

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
    let phone = Phone { number: phone(number), kind: crate::contact::PhoneType::Mobile, is_default: true };
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
            let refusal = || CustomerError::Blocks { blocks: vec![*block], kind };

            let mut customer = live(profile.clone());
            let result = customer.amend(patch.clone(), LATER);
            assert_eq!(result, if fits { Ok(()) } else { Err(refusal()) }, "{block} {kind}");
            assert_eq!(customer == live(profile.clone()), !fits, "nothing is changed on refusal");

            let mut customer = ended(profile.clone());
            let result = customer.amend(patch, LATER);
            assert_eq!(result, Err(if fits { CustomerError::Ended } else { refusal() }), "{block} {kind}");
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
        assert_eq!((company_info.legal_name.as_str(), company_info.founding_date), ("Otra, S.A.", expected));
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

#[test]
fn every_block_that_does_not_fit_is_named() {
    let patch = CustomerPatch {
        company_info: Some(CompanyPatch::default()),
        digital_personal_info: Some(DigitalPatch::default()),
        ..CustomerPatch::default()
    };
    let refused = live(private(DocumentType::Nif, NIF)).amend(patch, LATER);
    let blocks = vec!["company_info", "digital_personal_info"];
    assert_eq!(refused, Err(CustomerError::Blocks { blocks, kind: CustomerType::Private }));
}
