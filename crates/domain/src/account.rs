//! Accounts: what a customer is invoiced for, where the invoice goes and how it is paid.

use std::ops::RangeInclusive;

use thiserror::Error;
use time::OffsetDateTime;

use crate::address::BillingAddress;
use crate::customer::{Customer, CustomerError, Segment};
use crate::id::{AccountId, CustomerId, ExternalId, GatewayToken};
use crate::import::Lifetime;
use crate::payment_method::{NewPaymentMethodType, PaymentMethod, PaymentPolicy};
use crate::text::Text;

code_enum! {
    /// When an account is paid.
    Modality {
        /// Before use, by top-up; has no payment method. Only imported accounts are prepaid.
        Prepaid = "PREPAID",
        /// Before each period.
        RecurringPrepaid = "RECURRING_PREPAID",
        /// After each period.
        Postpaid = "POSTPAID",
    }
}

code_enum! {
    /// The modalities in which an account can be opened.
    NewAccountModality {
        /// Before each period.
        RecurringPrepaid = "RECURRING_PREPAID",
        /// After each period.
        Postpaid = "POSTPAID",
    }
}

impl From<NewAccountModality> for Modality {
    fn from(modality: NewAccountModality) -> Self {
        match modality {
            NewAccountModality::RecurringPrepaid => Self::RecurringPrepaid,
            NewAccountModality::Postpaid => Self::Postpaid,
        }
    }
}

code_enum! {
    /// How an invoice reaches the customer.
    DeliveryMode {
        /// By e-mail.
        Email = "EMAIL",
        /// On paper.
        Paper = "PAPER",
        /// In the customer's application.
        Application = "APPLICATION",
    }
}

/// How an account is invoiced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// When invoices are made.
    pub cycle: InvoiceCycle,
    /// The billing system's id of the due date.
    pub due_date_id: i32,
    /// The billing system's id of the days until payment is due.
    pub due_days_id: i32,
    /// How it reaches the customer.
    pub delivery_mode: DeliveryMode,
}

/// When the invoices of an account are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceCycle {
    /// The billing system's name of the cycle.
    pub name: String,
    /// Day of the month.
    pub day: i32,
    /// The billing system's type of period, for example `M` for months.
    pub kind: String,
    /// Number of periods between invoices.
    pub frequency: i32,
}

impl InvoiceCycle {
    /// The days of a month.
    pub const DAYS: RangeInclusive<i32> = 1..=31;
    /// How many periods there may be between invoices.
    pub const FREQUENCIES: RangeInclusive<i32> = 1..=i32::MAX;
}

/// Everything that is known of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountData {
    /// Identity within the organisation.
    pub id: AccountId,
    /// The id in older systems; given by the store.
    pub external_id: Option<ExternalId>,
    /// Whose account it is.
    pub customer_id: CustomerId,
    /// The contract it stems from; only imported accounts have one.
    pub contract_reference: Option<Text<1, 100>>,
    /// When it is paid.
    pub modality: Modality,
    /// Where invoices go, unless to the customer's postal address.
    pub billing_address: Option<BillingAddress>,
    /// How it is paid; none for PREPAID and while a first tokenization is pending.
    pub payment_method: Option<PaymentMethod>,
    /// The reference of the card that is to become the payment method, if the last that was asked for was one.
    pub awaited_reference: Option<GatewayToken>,
    /// How it is invoiced.
    pub invoice: Option<Invoice>,
    /// When it was opened.
    pub created_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
    /// When anything last changed.
    pub updated_at: OffsetDateTime,
    /// Counts the changes; the store uses it to notice that somebody else was faster.
    pub version: i64,
}

/// What an account is opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// When it is paid.
    pub modality: NewAccountModality,
    /// Where invoices go, unless to the customer's postal address.
    pub billing_address: Option<BillingAddress>,
    /// How it is invoiced.
    pub invoice: Option<Invoice>,
}

/// What happened to an account, for the store to append to its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountEvent {
    /// This payment method became the current one.
    PaymentMethodSet(PaymentMethod),
    /// This billing address became the current one.
    BillingAddressSet(BillingAddress),
}

/// Why an account refuses a change, or to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccountError {
    /// The account has ended.
    #[error("The account has ended")]
    Ended,
    /// The gateway has yet to answer a tokenization for it.
    #[error("The account has a pending tokenization")]
    TokenizationPending,
    /// The reference of a tokenization belongs to another account, or has led to a card already.
    #[error("The reference_id is already in use")]
    ReferenceInUse,
    /// The customer is not live.
    #[error(transparent)]
    Customer(#[from] CustomerError),
    /// The payment-method matrix, or the organisation, excludes the method.
    #[error("{kind} is not available for a {modality} account of this customer")]
    PaymentMethod {
        /// The method asked for.
        kind: NewPaymentMethodType,
        /// The account's modality.
        modality: Modality,
    },
}

/// One entry of the history of payment methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMethodEntry {
    /// The method.
    pub method: PaymentMethod,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// One entry of the history of billing addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingAddressEntry {
    /// The address.
    pub address: BillingAddress,
    /// Since when.
    pub init_date: OffsetDateTime,
    /// Until when; nothing for the current one.
    pub end_date: Option<OffsetDateTime>,
}

/// What another system says of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTerms {
    /// The id in that system.
    pub external_id: Option<ExternalId>,
    /// The contract it stems from.
    pub contract_reference: Option<Text<1, 100>>,
    /// When it is paid.
    pub modality: Modality,
    /// Where invoices go, unless to the customer's postal address.
    pub billing_address: Option<BillingAddress>,
    /// How it is paid.
    pub payment_method: Option<PaymentMethod>,
    /// How it is invoiced.
    pub invoice: Option<Invoice>,
    /// When it was opened, changed and ended.
    pub lifetime: Lifetime,
    /// How it was paid, the present method included; nothing if only that is known.
    pub payment_methods: Option<Vec<PaymentMethodEntry>>,
    /// Where invoices went, the present address included; nothing if only that is known.
    pub billing_addresses: Option<Vec<BillingAddressEntry>>,
}

/// Why an account of another system cannot be as it is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AccountTermsError {
    /// Every account but a PREPAID one has a payment method.
    #[error("is required")]
    MethodMissing,
    /// A PREPAID account has none.
    #[error("a PREPAID account has no payment method")]
    MethodOfPrepaid,
    /// The newest method of the history is not the present one.
    #[error("the newest entry must be the payment_method")]
    MethodNotInHistory,
    /// The current address of the history is not the present one.
    #[error("the newest entry, and only it, must be the billing_address and have no end_date")]
    AddressNotInHistory,
    /// Without a billing address, those of the history have ended.
    #[error("without a billing_address every entry must have an end_date")]
    UnendedAddress,
    /// An address ended before it began, or after the next one began.
    #[error("an entry must not end before it begins nor after the next one begins")]
    OverlappingAddresses,
}

impl AccountTermsError {
    /// The field that is wrong.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::MethodMissing | Self::MethodOfPrepaid => "payment_method",
            Self::MethodNotInHistory => "payment_method_history",
            Self::AddressNotInHistory | Self::UnendedAddress | Self::OverlappingAddresses => {
                "billing_address_history"
            }
        }
    }
}

impl AccountTerms {
    /// Puts the histories, which may stand in any order, into the order of time.
    ///
    /// # Errors
    /// Each [`AccountTermsError`] that applies.
    pub fn check(mut self) -> Result<Self, Vec<AccountTermsError>> {
        let mut errors = Vec::new();
        match (self.modality, &self.payment_method) {
            (Modality::Prepaid, Some(_)) => errors.push(AccountTermsError::MethodOfPrepaid),
            (Modality::RecurringPrepaid | Modality::Postpaid, None) => {
                errors.push(AccountTermsError::MethodMissing);
            }
            (Modality::Prepaid, None) | (_, Some(_)) => {}
        }
        if let Some(history) = &mut self.payment_methods {
            history.sort_by_key(|entry| entry.created_at);
            let newest = history.last().map(|entry| &entry.method);
            if self.payment_method.is_some() && newest != self.payment_method.as_ref() {
                errors.push(AccountTermsError::MethodNotInHistory);
            }
        }
        if let Some(history) = &mut self.billing_addresses {
            history.sort_by_key(|entry| (entry.init_date, entry.end_date.is_none(), entry.end_date));
            errors.extend(check_addresses(history, self.billing_address.as_ref()).err());
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

fn check_addresses(
    history: &[BillingAddressEntry],
    current: Option<&BillingAddress>,
) -> Result<(), AccountTermsError> {
    let unended: Vec<_> = history.iter().filter(|entry| entry.end_date.is_none()).collect();
    match (current, history.last()) {
        (None, _) if unended.is_empty() => {}
        (None, _) => return Err(AccountTermsError::UnendedAddress),
        (Some(current), Some(last))
            if last.address == *current && last.end_date.is_none() && unended.len() == 1 => {}
        (Some(_), _) => return Err(AccountTermsError::AddressNotInHistory),
    }
    let nexts = history.iter().skip(1).map(|entry| Some(entry.init_date)).chain([None]);
    let fits = |(entry, next): (&BillingAddressEntry, Option<OffsetDateTime>)| {
        entry.end_date.is_none_or(|end| entry.init_date <= end && next.is_none_or(|next| end <= next))
    };
    if history.iter().zip(nexts).all(fits) { Ok(()) } else { Err(AccountTermsError::OverlappingAddresses) }
}

/// An account of another system, with its histories in the order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedAccount {
    /// The account.
    pub account: Account,
    /// How it was paid.
    pub payment_methods: Vec<PaymentMethodEntry>,
    /// Where invoices went.
    pub billing_addresses: Vec<BillingAddressEntry>,
}

impl ImportedAccount {
    /// The account of a customer on terms that were [checked](AccountTerms::check). A history that is not known begins with
    /// the account.
    #[must_use]
    pub fn new(id: AccountId, customer_id: CustomerId, terms: AccountTerms) -> Self {
        let (since, changed) = (terms.lifetime.created_at, terms.given());
        let methods = terms.payment_methods.unwrap_or_else(|| {
            let method = terms.payment_method.clone();
            method.map(|method| PaymentMethodEntry { method, created_at: since }).into_iter().collect()
        });
        let addresses = terms.billing_addresses.unwrap_or_else(|| {
            let entry = |address| BillingAddressEntry { address, init_date: since, end_date: None };
            terms.billing_address.clone().map(entry).into_iter().collect()
        });
        let account = Account::restore(AccountData {
            id,
            external_id: terms.external_id,
            customer_id,
            contract_reference: terms.contract_reference,
            modality: terms.modality,
            billing_address: terms.billing_address,
            payment_method: terms.payment_method,
            awaited_reference: None,
            invoice: terms.invoice,
            created_at: terms.lifetime.created_at,
            ended_at: terms.lifetime.ended_at,
            updated_at: terms.lifetime.updated_at,
            version: 1,
        });
        let account = Account { changed, ..account };
        Self { account, payment_methods: methods, billing_addresses: addresses }
    }
}

impl AccountTerms {
    fn given(&self) -> Vec<&'static str> {
        let optional = [
            ("external_id", self.external_id.is_some()),
            ("contract_reference", self.contract_reference.is_some()),
            ("billing_address", self.billing_address.is_some()),
            ("payment_method", self.payment_method.is_some()),
            ("invoice", self.invoice.is_some()),
            ("ended_at", self.lifetime.ended_at.is_some()),
        ];
        let given = optional.into_iter().filter(|(_, is_given)| *is_given).map(|(field, _)| field);
        ["modality"].into_iter().chain(given).collect()
    }
}

/// An account. Read it through [`Account::data`]; only its verbs change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    data: AccountData,
    changed: Vec<&'static str>,
    events: Vec<AccountEvent>,
}

impl Account {
    /// Opens an account of `customer` at `now`, without a payment method yet.
    ///
    /// # Errors
    /// [`AccountError::PaymentMethod`] when the account could not be paid by `kind`, then [`AccountError::Customer`] when the
    /// customer has ended.
    pub fn open(
        id: AccountId,
        customer: &Customer,
        new: NewAccount,
        kind: NewPaymentMethodType,
        policy: &PaymentPolicy,
        now: OffsetDateTime,
    ) -> Result<Self, AccountError> {
        let mut account = Self::restore(AccountData {
            id,
            external_id: None,
            customer_id: customer.data().id,
            contract_reference: None,
            modality: new.modality.into(),
            billing_address: None,
            payment_method: None,
            awaited_reference: None,
            invoice: new.invoice,
            created_at: now,
            ended_at: None,
            updated_at: now,
            version: 1,
        });
        account.changed.push("modality");
        account.check_payment_method(kind, customer.data().profile.segment(), policy)?;
        customer.check_live()?;
        if let Some(address) = new.billing_address {
            account.set_billing_address(address, now);
        }
        Ok(account)
    }

    /// An account as it was stored.
    #[must_use]
    pub const fn restore(data: AccountData) -> Self {
        Self { data, changed: Vec::new(), events: Vec::new() }
    }

    /// Its present state.
    #[must_use]
    pub const fn data(&self) -> &AccountData {
        &self.data
    }

    /// The names of the fields that have changed since it was read, for the audit; all that were given, if it is new.
    #[must_use]
    pub fn changed(&self) -> &[&'static str] {
        &self.changed
    }

    /// What has happened to it since it was read, to be stored with it.
    #[must_use]
    pub fn events(&self) -> &[AccountEvent] {
        &self.events
    }

    /// Refuses a payment method that is not available for this account of a customer in `segment`.
    ///
    /// # Errors
    /// [`AccountError::PaymentMethod`].
    pub fn check_payment_method(
        &self,
        kind: NewPaymentMethodType,
        segment: Option<Segment>,
        policy: &PaymentPolicy,
    ) -> Result<(), AccountError> {
        let modality = self.data.modality;
        if policy.available(segment, modality).contains(&kind.into()) {
            Ok(())
        } else {
            Err(AccountError::PaymentMethod { kind, modality })
        }
    }

    /// Makes `method` the current one at `now`; a card that is awaited comes too late then. Returns whether that changed
    /// anything.
    ///
    /// The caller has asked [`Account::check_payment_method`] before, because a wrong method is worse than a wrong state.
    ///
    /// # Errors
    /// [`AccountError::Ended`].
    pub fn change_payment_method(
        &mut self,
        method: PaymentMethod,
        now: OffsetDateTime,
    ) -> Result<bool, AccountError> {
        self.check_live()?;
        let awaited = self.data.awaited_reference.take();
        Ok(self.set_payment_method(method, now) || awaited.is_some())
    }

    /// Makes `address` the current one at `now`. Returns whether that changed anything.
    ///
    /// # Errors
    /// [`AccountError::Ended`].
    pub fn change_billing_address(
        &mut self,
        address: BillingAddress,
        now: OffsetDateTime,
    ) -> Result<bool, AccountError> {
        self.check_live()?;
        if self.data.billing_address.as_ref() == Some(&address) {
            return Ok(false);
        }
        self.set_billing_address(address, now);
        Ok(true)
    }

    /// Ends the account at `now`. Returns whether that changed anything: an ended one stays as it is.
    ///
    /// # Errors
    /// [`AccountError::TokenizationPending`] when it `has_pending_tokenization`.
    pub fn end(&mut self, has_pending_tokenization: bool, now: OffsetDateTime) -> Result<bool, AccountError> {
        if self.data.ended_at.is_some() {
            return Ok(false);
        }
        if has_pending_tokenization {
            return Err(AccountError::TokenizationPending);
        }
        self.data.ended_at = Some(now);
        self.touch("ended_at", now);
        Ok(true)
    }

    /// Refuses every change of an account that has ended.
    ///
    /// # Errors
    /// [`AccountError::Ended`].
    pub const fn check_live(&self) -> Result<(), AccountError> {
        if self.data.ended_at.is_some() { Err(AccountError::Ended) } else { Ok(()) }
    }

    /// From now on, the card under this reference is to become the payment method.
    pub(crate) fn await_card(&mut self, reference: GatewayToken) {
        self.data.awaited_reference = Some(reference);
    }

    /// The card under this reference is not awaited any more.
    pub(crate) fn await_no_card(&mut self, reference: &GatewayToken) {
        self.data.awaited_reference.take_if(|awaited| awaited == reference);
    }

    /// Makes the card under this reference the payment method at `now`, unless it is not awaited any more or the account has
    /// ended; returns whether it was.
    pub(crate) fn take_awaited_card(
        &mut self,
        reference: &GatewayToken,
        card: PaymentMethod,
        now: OffsetDateTime,
    ) -> bool {
        let takes = self.data.ended_at.is_none() && self.data.awaited_reference.as_ref() == Some(reference);
        if takes {
            self.data.awaited_reference = None;
            self.set_payment_method(card, now);
        }
        takes
    }

    fn set_payment_method(&mut self, method: PaymentMethod, now: OffsetDateTime) -> bool {
        if self.data.payment_method.as_ref() == Some(&method) {
            return false;
        }
        self.data.payment_method = Some(method.clone());
        self.touch("payment_method", now);
        self.events.push(AccountEvent::PaymentMethodSet(method));
        true
    }

    fn set_billing_address(&mut self, address: BillingAddress, now: OffsetDateTime) {
        self.data.billing_address = Some(address.clone());
        self.touch("billing_address", now);
        self.events.push(AccountEvent::BillingAddressSet(address));
    }

    fn touch(&mut self, field: &'static str, now: OffsetDateTime) {
        self.changed.push(field);
        self.data.updated_at = now;
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::address::Address;
    use crate::customer::{DigitalPersonalInfo, Language, NewCustomer, Profile};
    use crate::id::GatewayToken;
    use crate::payment_method::Restriction;

    const NOW: OffsetDateTime = datetime!(2026-03-14 10:30 UTC);
    const LATER: OffsetDateTime = datetime!(2026-03-15 10:30 UTC);
    const ID: AccountId = AccountId(Uuid::from_u128(2));

    fn customer(is_live: bool) -> Customer {
        let digital_personal_info = DigitalPersonalInfo {
            name: "Eva".parse().unwrap(),
            first_surname: None,
            second_surname: None,
            email: "eva@example.com".parse().unwrap(),
            mobile_phone_number: None,
        };
        let new = NewCustomer {
            preferred_language: Language::Spanish,
            profile: Profile::Digital { digital_personal_info },
        };
        let mut customer = Customer::register(CustomerId(Uuid::from_u128(1)), new, NOW);
        if !is_live {
            customer.end(false, NOW).unwrap();
        }
        customer
    }

    fn billing_address(line: &str) -> BillingAddress {
        let address = Address {
            address_line: line.parse().unwrap(),
            postal_code: "28013".parse().unwrap(),
            locality: "Madrid".parse().unwrap(),
            administrative_area: "Madrid".parse().unwrap(),
            region_code: "ES".parse().unwrap(),
        };
        address.into()
    }

    fn terms(billing_address: Option<BillingAddress>) -> NewAccount {
        NewAccount { modality: NewAccountModality::Postpaid, billing_address, invoice: None }
    }

    fn open(customer: &Customer, kind: NewPaymentMethodType) -> Result<Account, AccountError> {
        let card_only = Restriction {
            segment: None,
            modality: None,
            allowed: vec![crate::PaymentMethodType::CreditCard],
        };
        let policy = PaymentPolicy { teci: true, restrictions: vec![card_only] };
        Account::open(ID, customer, terms(None), kind, &policy, NOW)
    }

    fn account() -> Account {
        open(&customer(true), NewPaymentMethodType::CreditCard).unwrap()
    }

    fn direct_debit(iban: &str) -> PaymentMethod {
        PaymentMethod::DirectDebit(iban.parse().unwrap())
    }

    #[test]
    fn opens_without_a_payment_method() {
        for (address, modality) in [
            (None, NewAccountModality::Postpaid),
            (Some(billing_address("Calle Mayor 2")), NewAccountModality::RecurringPrepaid),
        ] {
            let new = NewAccount { modality, ..terms(address.clone()) };
            let policy = PaymentPolicy::default();
            let kind = NewPaymentMethodType::BankTransfer;
            let account = Account::open(ID, &customer(true), new, kind, &policy, NOW).unwrap();
            let expected = AccountData {
                id: ID,
                external_id: None,
                customer_id: customer(true).data().id,
                contract_reference: None,
                modality: modality.into(),
                billing_address: address.clone(),
                payment_method: None,
                awaited_reference: None,
                invoice: None,
                created_at: NOW,
                ended_at: None,
                updated_at: NOW,
                version: 1,
            };
            assert_eq!(account.data(), &expected);
            let events: Vec<_> = address.into_iter().map(AccountEvent::BillingAddressSet).collect();
            assert_eq!(account.events(), events);
        }
    }

    #[test]
    fn a_wrong_method_is_refused_before_a_wrong_state() {
        let modality = Modality::Postpaid;
        for kind in [NewPaymentMethodType::BankTransfer, NewPaymentMethodType::DirectDebit] {
            for is_live in [true, false] {
                let result = open(&customer(is_live), kind);
                assert_eq!(result, Err(AccountError::PaymentMethod { kind, modality }));
            }
        }
        let result = open(&customer(false), NewPaymentMethodType::CreditCard);
        assert_eq!(result, Err(AccountError::Customer(CustomerError::Ended)));
        assert!(open(&customer(true), NewPaymentMethodType::CreditCard).is_ok());
        assert_eq!(
            AccountError::PaymentMethod { kind: NewPaymentMethodType::DirectDebit, modality }.to_string(),
            "DIRECT_DEBIT is not available for a POSTPAID account of this customer"
        );
    }

    #[test]
    fn a_prepaid_account_has_no_method_to_set() {
        let data = AccountData { modality: Modality::Prepaid, ..account().data().clone() };
        let account = Account::restore(data);
        let kind = NewPaymentMethodType::BankTransfer;
        assert_eq!(
            account.check_payment_method(kind, Some(Segment::Consumer), &PaymentPolicy::default()),
            Err(AccountError::PaymentMethod { kind, modality: Modality::Prepaid })
        );
    }

    #[test]
    fn payment_methods_are_changed_and_kept() {
        let mut account = account();
        let mut events = Vec::new();
        for (method, days) in [
            PaymentMethod::BankTransfer,
            direct_debit("ES7921000813610123456789"),
            direct_debit("DE89370400440532013000"),
            PaymentMethod::CreditCard(GatewayToken::restore("card".into())),
            PaymentMethod::Teci(GatewayToken::restore("card".into())),
        ]
        .into_iter()
        .zip(1..)
        {
            let at = NOW + Duration::DAY * days;
            assert_eq!(account.change_payment_method(method.clone(), at), Ok(true));
            assert_eq!(account.change_payment_method(method.clone(), at + Duration::HOUR), Ok(false));
            assert_eq!(account.data().payment_method.as_ref(), Some(&method));
            assert_eq!(account.data().updated_at, at);
            events.push(AccountEvent::PaymentMethodSet(method));
            assert_eq!(account.events(), events);
        }
    }

    #[test]
    fn billing_addresses_are_changed_and_kept() {
        let mut account = account();
        let with_state =
            BillingAddress { state_id: Some("28".parse().unwrap()), ..billing_address("Calle Mayor 2") };
        let mut events = Vec::new();
        for (address, days) in
            [billing_address("Calle Mayor 2"), with_state, billing_address("Rúa Nova 1")].into_iter().zip(1..)
        {
            let at = NOW + Duration::DAY * days;
            assert_eq!(account.change_billing_address(address.clone(), at), Ok(true));
            assert_eq!(account.change_billing_address(address.clone(), at + Duration::HOUR), Ok(false));
            assert_eq!(account.data().billing_address.as_ref(), Some(&address));
            assert_eq!(account.data().updated_at, at);
            events.push(AccountEvent::BillingAddressSet(address));
            assert_eq!(account.events(), events);
        }
    }

    #[test]
    fn an_ended_account_stays_as_it_is() {
        let mut account = account();
        account.change_payment_method(PaymentMethod::BankTransfer, NOW).unwrap();
        account.change_billing_address(billing_address("Calle Mayor 2"), NOW).unwrap();
        assert_eq!(account.end(false, LATER), Ok(true));
        assert_eq!((account.data().ended_at, account.data().updated_at), (Some(LATER), LATER));
        assert_eq!(account.check_live(), Err(AccountError::Ended));

        let before = account.clone();
        let much_later = LATER + Duration::DAY;
        assert_eq!(account.end(false, much_later), Ok(false));
        for method in [PaymentMethod::BankTransfer, direct_debit("ES7921000813610123456789")] {
            assert_eq!(account.change_payment_method(method, much_later), Err(AccountError::Ended));
        }
        for line in ["Calle Mayor 2", "Rúa Nova 1"] {
            let result = account.change_billing_address(billing_address(line), much_later);
            assert_eq!(result, Err(AccountError::Ended));
        }
        assert_eq!(account, before);
    }
}
