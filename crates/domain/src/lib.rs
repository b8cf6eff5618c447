//! The customer master's entities and the rules that hold for them.
//!
//! Pure and synchronous: no I/O, no clock, no random numbers, no serialisation. Time and ids enter as arguments.

#[macro_use]
mod code;

mod account;
mod address;
mod audit;
mod card;
mod card_number;
mod catalogue_value;
mod category;
mod contact;
mod contract;
mod country;
mod credential;
mod customer;
mod date;
mod iban;
mod id;
mod identification_process;
mod identity_document;
mod import;
mod payment_method;
mod promotion;
mod special_treatment;
mod text;
mod tokenization;

pub use account::{
    Account, AccountData, AccountError, AccountEvent, AccountTerms, AccountTermsError, BillingAddressEntry,
    DeliveryMode, ImportedAccount, Invoice, InvoiceCycle, Modality, NewAccount, NewAccountModality,
    PaymentMethodEntry,
};
pub use address::{
    Address, AddressLine, AddressLineError, BillingAddress, PostalCode, PostalCodeError, StateId,
    StateIdError,
};
pub use audit::{AuditEntry, EntityKind};
pub use card::{Card, CardExpiry, CardExpiryError, LastFourError, parse_last_four};
pub use card_number::contains_card_number;
pub use catalogue_value::{CatalogueValue, CatalogueValueError, CatalogueValues, RepeatedValue};
pub use category::{
    Category, CategoryAssignment, CategoryAssignmentData, CategoryAssignmentPatch, CategoryData,
    CategoryError, CategoryName, CategoryNameError, CategoryPatch, CategoryText, NewCategory,
    NewCategoryAssignment, ValueSet,
};
pub use code::UnknownCode;
pub use contact::{
    ContactInfo, ContactList, ContactListError, ContactPoint, Email, EmailAddress, EmailEntry, EmailError,
    LoginEmail, Phone, PhoneNumber, PhoneNumberError, PhoneType,
};
pub use contract::{Contract, ContractRequest};
pub use country::{Country, CountryError};
pub use credential::{
    Credential, CredentialData, CredentialError, CredentialEvent, CredentialState, ExpirationDate,
    ExpirationDateError,
};
pub use customer::{
    AssociatedUser, Change, CompanyInfo, CompanyPatch, ContactPatch, CorporateSegment, Customer,
    CustomerData, CustomerError, CustomerEvent, CustomerPatch, CustomerType, DigitalPatch,
    DigitalPersonalInfo, Gender, Language, NewCustomer, Nif, PersonalInfo, PersonalPatch, Profile,
    Representative, Role, Segment,
};
pub use date::{Birthdate, DateError, FoundingDate, InstantError, parse_date, parse_instant};
pub use iban::{Iban, IbanError};
pub use id::{
    AccountId, Actor, CategoryId, ContractId, CredentialId, CustomerId, ExternalId, GatewayToken,
    GatewayTokenError, IdentificationProcessId, NotAUuid, NotAnInteger, OrgId, OrgIdError, PromotionId,
};
pub use identification_process::{
    DocumentKey, DocumentKeyError, IdentificationProcess, MediaType, MediaTypeError, StoredDocument,
};
pub use identity_document::{DocumentType, IdentityDocument, IdentityDocumentError};
pub use import::{GivenDates, ImportKind, Lifetime, LifetimeError};
pub use payment_method::{
    NewPaymentMethodType, PaymentMethod, PaymentMethodChoice, PaymentMethodType, PaymentPolicy, Restriction,
};
pub use promotion::{
    AccountPromotionType, Cancellation, CancellationError, NewPromotion, Period, PeriodError, Promotion,
    PromotionData, PromotionError, PromotionEvent, PromotionNumber, PromotionNumberError, PromotionOperation,
    PromotionStatus,
};
pub use special_treatment::{SpecialTreatment, SpecialTreatmentError, SpecialTreatmentList};
pub use text::{Text, TextError};
pub use tokenization::{
    FailureMessage, Tokenization, TokenizationAnswer, TokenizationData, TokenizationStatus, TokenizedCard,
};
