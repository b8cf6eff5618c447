//! Customers, accounts and their parts, as tests want them: valid, and with everything optional given.

use application::Scope;
use domain::{
    Account, AccountData, AccountId, Address, AssociatedUser, BillingAddress, Birthdate, Card,
    CatalogueValue, CatalogueValues, CompanyInfo, ContactInfo, ContactList, Contract, ContractId,
    ContractRequest, CorporateSegment, Credential, CredentialId, Customer, CustomerId, DeliveryMode,
    DigitalPersonalInfo, DocumentType, EmailEntry, FoundingDate, GatewayToken, Gender, Iban,
    IdentificationProcess, IdentificationProcessId, IdentityDocument, Invoice, InvoiceCycle, Language,
    LoginEmail, Modality, NewAccount, NewAccountModality, NewCategory, NewCategoryAssignment, NewCustomer,
    NewPaymentMethodType, NewPromotion, OrgId, PaymentMethod, PaymentPolicy, Period, PersonalInfo, Phone,
    PhoneNumber, PhoneType, Profile, Promotion, PromotionId, Role, StoredDocument, Text,
};
use time::OffsetDateTime;
use time::macros::{date, datetime};
use uuid::Uuid;

/// When tests happen.
pub const NOW: OffsetDateTime = datetime!(2026-03-14 10:30:00.123456 UTC);

/// The `n`th customer id: `01950000-0000-7c00-8000-` and `n` in hexadecimal.
#[must_use]
pub const fn customer_id(n: u32) -> CustomerId {
    CustomerId(uuid(0xc00, n))
}

/// The `n`th account id: `01950000-0000-7a00-8000-` and `n` in hexadecimal.
#[must_use]
pub const fn account_id(n: u32) -> AccountId {
    AccountId(uuid(0xa00, n))
}

/// The `n`th promotion id: `01950000-0000-7b00-8000-` and `n` in hexadecimal.
#[must_use]
pub const fn promotion_id(n: u32) -> PromotionId {
    PromotionId(uuid(0xb00, n))
}

/// The `n`th credential id: `01950000-0000-7d00-8000-` and `n` in hexadecimal.
#[must_use]
pub const fn credential_id(n: u32) -> CredentialId {
    CredentialId(uuid(0xd00, n))
}

/// The `n`th contract id: `01950000-0000-7e00-8000-` and `n` in hexadecimal.
#[must_use]
pub const fn contract_id(n: u32) -> ContractId {
    ContractId(uuid(0xe00, n))
}

/// The `n`th identification process id: `01950000-0000-7f00-8000-` and `n` in hexadecimal.
#[must_use]
pub const fn identification_process_id(n: u32) -> IdentificationProcessId {
    IdentificationProcessId(uuid(0xf00, n))
}

/// Laid out like version 7 (RFC 9562, section 5.7): time, version, `kind` for 12 random bits, variant, `n` for the other ones.
const fn uuid(kind: u128, n: u32) -> Uuid {
    Uuid::from_u128(0x0195_0000_0000 << 80 | 0x7 << 76 | kind << 64 | 0b10 << 62 | n as u128)
}

/// The organisation of most tests.
#[must_use]
pub fn org() -> OrgId {
    "telco".parse().unwrap()
}

/// Somebody acting in [`org`].
#[must_use]
pub fn scope() -> Scope {
    Scope { org: org(), actor: text("tester"), operation: "test", request_id: "request-1".to_owned() }
}

/// Text that fits.
#[must_use]
pub fn text<const MIN: usize, const MAX: usize>(raw: &str) -> Text<MIN, MAX> {
    raw.parse().unwrap()
}

/// A login.
#[must_use]
pub fn login(raw: &str) -> LoginEmail {
    raw.parse().unwrap()
}

/// A token or reference of the payment gateway.
#[must_use]
pub fn token(raw: &str) -> GatewayToken {
    raw.parse().unwrap()
}

/// The NIF with the digits of `n`: a different one for every `n` below 100 000 000.
#[must_use]
pub fn nif(n: u32) -> String {
    with_check_character(DocumentType::Nif, &format!("{n:08}"))
}

/// The NIE with the digits of `n`: a different one for every `n` below 10 000 000.
#[must_use]
pub fn nie(n: u32) -> String {
    with_check_character(DocumentType::Nie, &format!("X{n:07}"))
}

/// The CIF with the digits of `n`: a different one for every `n` below 10 000 000.
#[must_use]
pub fn cif(n: u32) -> String {
    with_check_character(DocumentType::Cif, &format!("B{n:07}"))
}

/// Tries all of them, because the rule stands in the domain.
fn with_check_character(kind: DocumentType, number: &str) -> String {
    let mut all = ('0'..='9').chain('A'..='Z').map(|check| format!("{number}{check}"));
    all.find(|number| parse_document(kind, number).is_some()).unwrap()
}

fn parse_document(kind: DocumentType, number: &str) -> Option<IdentityDocument> {
    match kind {
        DocumentType::Cif => IdentityDocument::of_company(CorporateSegment::Sme, kind, number).ok(),
        _ => IdentityDocument::of_person(kind, number).ok(),
    }
}

/// An identity document.
#[must_use]
pub fn document(kind: DocumentType, number: &str) -> IdentityDocument {
    parse_document(kind, number).unwrap()
}

/// An address.
#[must_use]
pub fn address() -> Address {
    Address {
        address_line: "Calle Mayor 2, 3º A".parse().unwrap(),
        postal_code: "28013".parse().unwrap(),
        locality: text("Madrid"),
        administrative_area: text("Madrid"),
        region_code: "ES".parse().unwrap(),
    }
}

/// The `n`th of many different billing addresses; the even ones with a province number.
#[must_use]
pub fn billing_address(n: u32) -> BillingAddress {
    let address = Address { address_line: format!("Rúa Nova {n}").parse().unwrap(), ..address() };
    BillingAddress { address, state_id: n.is_multiple_of(2).then(|| "28".parse().unwrap()) }
}

/// A Spanish IBAN.
#[must_use]
pub fn iban() -> Iban {
    "ES7921000813610123456789".parse().unwrap()
}

/// A German IBAN.
#[must_use]
pub fn other_iban() -> Iban {
    "DE89370400440532013000".parse().unwrap()
}

/// A mobile phone number.
#[must_use]
pub fn mobile() -> PhoneNumber {
    PhoneNumber::new("+34", "615667898").unwrap()
}

/// Two phones, two e-mail addresses, and [`address`].
#[must_use]
pub fn contact_info() -> ContactInfo {
    let landline = PhoneNumber::new("+34", "913456789").unwrap();
    let email = |raw: &str, is_default| EmailEntry { email: raw.parse().unwrap(), is_default };
    ContactInfo {
        phone_numbers: ContactList::new(vec![
            Phone { number: mobile(), kind: PhoneType::Mobile, is_default: false },
            Phone { number: landline, kind: PhoneType::Landline, is_default: true },
        ])
        .unwrap(),
        emails: ContactList::new(vec![email("Ana@example.com", true), email("ana@example.org", false)])
            .unwrap(),
        postal_address: address(),
    }
}

/// A private customer with a NIF.
#[must_use]
pub fn private_customer(nif: &str) -> NewCustomer {
    person(document(DocumentType::Nif, nif))
}

/// A private customer with any document.
#[must_use]
pub fn person(identity_document: IdentityDocument) -> NewCustomer {
    let personal_info = PersonalInfo {
        identity_document,
        name: text("Ana María"),
        first_surname: text("García"),
        second_surname: Some(text("Núñez")),
        gender: Some(Gender::Female),
        nationality: "ES".parse().unwrap(),
        birthdate: Birthdate::restore(date!(1984 - 02 - 29)),
    };
    NewCustomer {
        preferred_language: Language::Spanish,
        profile: Profile::Private { contact_info: contact_info(), personal_info },
    }
}

/// An SME with a representative.
#[must_use]
pub fn company(cif: &str) -> NewCustomer {
    corporate(CorporateSegment::Sme, document(DocumentType::Cif, cif))
}

/// A self-employed customer with a NIE and a representative.
#[must_use]
pub fn self_employed(nie: &str) -> NewCustomer {
    corporate(CorporateSegment::SelfEmployee, document(DocumentType::Nie, nie))
}

fn corporate(segment: CorporateSegment, identity_document: IdentityDocument) -> NewCustomer {
    let company_info = CompanyInfo {
        identity_document,
        legal_name: text("Ferretería Núñez, S.L."),
        founding_date: Some(FoundingDate::restore(date!(2001 - 05 - 09))),
        representative: Some(representative(&nif(1))),
    };
    NewCustomer {
        preferred_language: Language::Catalan,
        profile: Profile::Corporate { segment, contact_info: contact_info(), company_info },
    }
}

/// A representative with a NIF.
#[must_use]
pub fn representative(nif: &str) -> AssociatedUser {
    AssociatedUser {
        identity_document: document(DocumentType::Nif, nif),
        role: Role::AuthorizedRepresentative,
        name: text("Luis"),
        first_surname: text("Pérez"),
        second_surname: Some(text("Gómez")),
        nationality: "PT".parse().unwrap(),
    }
}

/// A digital customer.
#[must_use]
pub fn digital_customer(email: &str) -> NewCustomer {
    let digital_personal_info = DigitalPersonalInfo {
        name: text("Eva"),
        first_surname: Some(text("Ruiz")),
        second_surname: Some(text("Soto")),
        email: login(email),
        mobile_phone_number: Some(mobile()),
    };
    NewCustomer { preferred_language: Language::English, profile: Profile::Digital { digital_personal_info } }
}

/// The same customer with nothing optional given.
#[must_use]
pub fn sparse(mut new: NewCustomer) -> NewCustomer {
    match &mut new.profile {
        Profile::Private { personal_info: person, .. } => {
            (person.second_surname, person.gender) = (None, None)
        }
        Profile::Corporate { company_info: company, .. } => {
            (company.founding_date, company.representative) = (None, None);
        }
        Profile::Digital { digital_personal_info: person } => {
            (person.first_surname, person.second_surname) = (None, None);
            person.mobile_phone_number = None;
        }
    }
    new
}

/// The customer with [`customer_id`] `n`, registered at [`NOW`].
#[must_use]
pub fn customer(n: u32, new: NewCustomer) -> Customer {
    Customer::register(customer_id(n), new, NOW)
}

/// How an account is invoiced.
#[must_use]
pub fn invoice() -> Invoice {
    Invoice {
        cycle: InvoiceCycle { name: "MENSUAL 01".into(), day: 1, kind: "M".into(), frequency: 1 },
        due_date_id: 7,
        due_days_id: 15,
        delivery_mode: DeliveryMode::Email,
    }
}

/// The terms of a POSTPAID account with an invoice and without a billing address.
#[must_use]
pub fn new_account() -> NewAccount {
    NewAccount { modality: NewAccountModality::Postpaid, billing_address: None, invoice: Some(invoice()) }
}

/// The account with [`account_id`] `n`, opened with [`new_account`] at [`NOW`]; without a payment method.
#[must_use]
pub fn account(n: u32, customer: &Customer) -> Account {
    let (kind, policy) = (NewPaymentMethodType::BankTransfer, PaymentPolicy::default());
    Account::open(account_id(n), customer, new_account(), kind, &policy, NOW).unwrap()
}

/// The PREPAID account with [`account_id`] `n`, as an import would bring it.
#[must_use]
pub fn prepaid_account(n: u32, customer: &Customer) -> Account {
    let data = account(n, customer).data().clone();
    Account::restore(AccountData { modality: Modality::Prepaid, invoice: None, ..data })
}

/// A payment method of each kind, in the published order.
#[must_use]
pub fn payment_methods() -> [PaymentMethod; 4] {
    [
        PaymentMethod::BankTransfer,
        PaymentMethod::DirectDebit(iban()),
        PaymentMethod::CreditCard(token("card-1")),
        PaymentMethod::Teci(token("teci-1")),
    ]
}

/// The promotion with [`promotion_id`] `n`, number 2064 of the catalogue, given to an account at [`NOW`].
#[must_use]
pub fn promotion(n: u32, account: &Account, period: Period) -> Promotion {
    let new = NewPromotion { promotion_id: 2064.try_into().unwrap(), period };
    Promotion::grant(promotion_id(n), account.data().id, new, &[], NOW.date(), NOW).unwrap()
}

/// A value of a category or a special treatment.
#[must_use]
pub fn catalogue_value(raw: &str) -> CatalogueValue {
    raw.parse().unwrap()
}

/// Values of a category or special treatments.
#[must_use]
pub fn catalogue_values(raw: &[&str]) -> CatalogueValues {
    CatalogueValues::new(raw.iter().map(|raw| catalogue_value(raw)).collect()).unwrap()
}

/// A category with a description; without `valid_values` it can have any value.
#[must_use]
pub fn new_category(name: &str, valid_values: &[&str]) -> NewCategory {
    NewCategory {
        name: name.parse().unwrap(),
        description: Some(text("Categoría de riesgo")),
        valid_values: catalogue_values(valid_values),
    }
}

/// A value of a category, or none, with a description and a reason.
#[must_use]
pub fn new_category_assignment(value: Option<&str>) -> NewCategoryAssignment {
    NewCategoryAssignment {
        value: value.map(catalogue_value),
        description: Some(text("Qué significa")),
        reason: Some(text("Campaña de fidelización")),
    }
}

/// A card that is good through May 2029.
#[must_use]
pub fn card(token_id: &str, customer_id: CustomerId) -> Card {
    Card {
        token_id: token(token_id),
        customer_id,
        last_four: "5100".into(),
        expiration: "05/2029".parse().unwrap(),
        created_at: NOW,
    }
}

/// The open contract with [`contract_id`] `n` of the account that has this external id; it started at [`NOW`].
#[must_use]
pub fn contract(n: u32, account_external_id: &str) -> Contract {
    let request = ContractRequest {
        request_external_id: text("214748364"),
        create_date: NOW,
        contract_reference_id: text("MMC2105077108808"),
        kind: text("SALE_MOBILE_ONLY"),
        origin_user: text("john.doe"),
    };
    Contract {
        id: contract_id(n),
        account_external_id: text(account_external_id),
        start_date: NOW,
        end_date: None,
        requests: vec![request],
    }
}

/// A PDF under this key.
#[must_use]
pub fn stored_document(key: &str) -> StoredDocument {
    StoredDocument {
        name: text("my_id_document.pdf"),
        kind: text("NIF"),
        media_type: "application/pdf".parse().unwrap(),
        size_bytes: 123_456,
        key: key.parse().unwrap(),
    }
}

/// The identification of a customer with [`identification_process_id`] `n`, which took place at [`NOW`].
#[must_use]
pub fn identification_process(n: u32, customer_id: CustomerId) -> IdentificationProcess {
    let id = identification_process_id(n);
    IdentificationProcess { id, customer_id, process_date: NOW, document: stored_document(&id.to_string()) }
}

/// The credential with [`credential_id`] `n`, reserved at [`NOW`].
#[must_use]
pub fn credential(n: u32, customer: &Customer, username: &str) -> Credential {
    Credential::reserve(credential_id(n), customer, login(username), NOW).unwrap()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn documents_are_different_and_valid() {
        for (make, kind) in [
            (nif as fn(u32) -> String, DocumentType::Nif),
            (nie, DocumentType::Nie),
            (cif, DocumentType::Cif),
        ] {
            let numbers: HashSet<_> = (0..100).map(make).collect();
            assert_eq!(numbers.len(), 100);
            assert!(numbers.iter().all(|number| document(kind, number).number() == number));
        }
    }
}
