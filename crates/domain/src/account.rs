//! Accounts: what a customer is invoiced for, where the invoice goes and how it is paid.

use thiserror::Error;
use time::OffsetDateTime;

use crate::address::BillingAddress;
use crate::customer::{Customer, CustomerError, Segment};
use crate::id::{AccountId, CustomerId, ExternalId};
use crate::payment_method::{PaymentMethod, PaymentMethodType, PaymentPolicy};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AccountError {
    /// The account has ended.
    #[error("The account has ended")]
    Ended,
    /// The customer is not live.
    #[error(transparent)]
    Customer(#[from] CustomerError),
    /// The payment-method matrix, or the organisation, excludes the method.
    #[error("{kind} is not available for a {modality} account of this customer")]
    PaymentMethod {
        /// The method asked for.
        kind: PaymentMethodType,
        /// The account's modality.
        modality: Modality,
    },
}

/// An account. Read it through [`Account::data`]; only its verbs change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    data: AccountData,
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
        kind: PaymentMethodType,
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
            invoice: new.invoice,
            created_at: now,
            ended_at: None,
            updated_at: now,
            version: 1,
        });
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
        Self { data, events: Vec::new() }
    }

    /// Its present state.
    #[must_use]
    pub const fn data(&self) -> &AccountData {
        &self.data
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
        kind: PaymentMethodType,
        segment: Option<Segment>,
        policy: &PaymentPolicy,
    ) -> Result<(), AccountError> {
        let modality = self.data.modality;
        if policy.is_settable(kind, segment, modality) {
            Ok(())
        } else {
            Err(AccountError::PaymentMethod { kind, modality })
        }
    }

    /// Makes `method` the current one at `now`. Returns whether that changed anything.
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
        if self.data.payment_method.as_ref() == Some(&method) {
            return Ok(false);
        }
        self.data.payment_method = Some(method.clone());
        self.data.updated_at = now;
        self.events.push(AccountEvent::PaymentMethodSet(method));
        Ok(true)
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
    pub const fn end(&mut self, now: OffsetDateTime) -> bool {
        if self.data.ended_at.is_some() {
            return false;
        }
        self.data.ended_at = Some(now);
        self.data.updated_at = now;
        true
    }

    /// Refuses every change of an account that has ended.
    ///
    /// # Errors
    /// [`AccountError::Ended`].
    pub const fn check_live(&self) -> Result<(), AccountError> {
        if self.data.ended_at.is_some() { Err(AccountError::Ended) } else { Ok(()) }
    }

    fn set_billing_address(&mut self, address: BillingAddress, now: OffsetDateTime) {
        self.data.billing_address = Some(address.clone());
        self.data.updated_at = now;
        self.events.push(AccountEvent::BillingAddressSet(address));
    }
}
