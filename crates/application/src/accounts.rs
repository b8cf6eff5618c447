use std::collections::HashMap;
use std::sync::Arc;

use domain::{
    Account, AccountId, Address, AuditEntry, BillingAddress, CustomerId, ExternalId, GatewayToken, Invoice,
    NewAccount, NewAccountModality, OrgId, PaymentMethod, PaymentMethodChoice, PaymentMethodType,
    PaymentPolicy, Tokenization, TokenizationData,
};
use time::{Date, OffsetDateTime};

use crate::customers::{load, only};
use crate::ports::{
    AccountView, BillingAddressHistory, Calendar, Clock, Effect, Ids, PaymentMethodEntry, Store, UnitOfWork,
};
use crate::promotions::end_promotions;
use crate::{Error, Resource, Scope};

/// What organisations settle about their accounts.
#[derive(Debug, Clone, Default)]
pub struct AccountPolicy {
    /// What holds for an organisation that settles nothing itself.
    pub default: OrgPolicy,
    /// What single organisations have settled.
    pub organisations: HashMap<OrgId, OrgPolicy>,
}

/// What one organisation settles about its accounts.
#[derive(Debug, Clone, Default)]
pub struct OrgPolicy {
    /// What they can be paid with.
    pub payment: PaymentPolicy,
    /// How new ones are invoiced.
    pub invoice: Option<Invoice>,
}

impl AccountPolicy {
    fn of(&self, org: &OrgId) -> &OrgPolicy {
        self.organisations.get(org).unwrap_or(&self.default)
    }
}

/// What a caller opens an account with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccountRequest {
    /// When it is paid.
    pub modality: NewAccountModality,
    /// Where invoices go, unless to the customer's postal address.
    pub billing_address: Option<BillingAddress>,
    /// How it is paid.
    pub payment_method: PaymentMethodChoice,
}

/// Whether what was asked for is done, or is still under way at the payment gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// Done.
    Completed,
    /// A card is being tokenized.
    Pending,
}

/// The use cases of accounts.
pub struct Accounts {
    /// Where accounts are kept.
    pub store: Arc<dyn Store>,
    /// Tells when a change is made.
    pub clock: Arc<dyn Clock>,
    /// Tells on what day a card is no longer good, and promotions end with their account.
    pub calendar: Arc<dyn Calendar>,
    /// Gives new accounts their ids.
    pub ids: Arc<dyn Ids>,
    /// What organisations settle.
    pub policy: AccountPolicy,
}

/// An account by its two ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRef {
    /// Id.
    pub id: AccountId,
    /// Id in older systems.
    pub external_id: Option<ExternalId>,
}

/// Where an invoice goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceRecipient {
    /// Name on the invoice.
    pub name: String,
    /// Address on the invoice.
    pub address: Address,
}

impl Accounts {
    /// Opens an account of a customer.
    ///
    /// # Errors
    /// Not found, a payment method or card that cannot be had, a customer that has ended, or a reference in use.
    pub async fn open(
        &self,
        scope: &Scope,
        customer_id: CustomerId,
        request: NewAccountRequest,
    ) -> Result<(AccountRef, Acceptance), Error> {
        let (now, policy, choice) = (self.clock.now(), self.policy.of(&scope.org), request.payment_method);
        let terms = NewAccount {
            modality: request.modality,
            billing_address: request.billing_address,
            invoice: policy.invoice.clone(),
        };
        let id = self.ids.account_id();
        let (mut work, customer) = load(&*self.store, scope, customer_id).await?;
        let method = self.method(&mut *work, customer_id, &choice).await?;
        let mut account = Account::open(id, &customer, terms, choice.kind(), &policy.payment, now)?;
        let request = match method {
            Chosen::Method(method) => {
                account.change_payment_method(method, now)?;
                None
            }
            Chosen::Awaited(reference) => {
                request_tokenization(&mut *work, reference, &mut account, now).await?
            }
        };
        let stored = work.accounts().insert(&account).await?;
        let mut changes = vec![(&account).into()];
        let acceptance = if request.is_some() { Acceptance::Pending } else { Acceptance::Completed };
        if let Some(request) = request {
            add_request(&mut *work, &request, now, &mut changes).await?;
        }
        work.commit(now, &changes).await?;
        Ok((AccountRef { id, external_id: stored.data().external_id.clone() }, acceptance))
    }

    /// Changes how an account is paid. Setting the method it already has changes nothing.
    ///
    /// # Errors
    /// Not found, a payment method or card that cannot be had, an account that has ended, or a reference in use.
    pub async fn change_payment_method(
        &self,
        scope: &Scope,
        id: AccountId,
        choice: PaymentMethodChoice,
    ) -> Result<Acceptance, Error> {
        // The modality and the segment never change, so that what is available can be told before the unit of work.
        let AccountView { account, customer_profile, .. } = self.get(&scope.org, id).await?;
        let policy = &self.policy.of(&scope.org).payment;
        account.check_payment_method(choice.kind(), customer_profile.segment(), policy)?;
        let mut work = self.store.begin(scope).await?;
        let method = self.method(&mut *work, account.data().customer_id, &choice).await?;
        let (mut account, now) = (find(&mut *work, id).await?, self.clock.now());
        let (changed, request, acceptance) = match method {
            Chosen::Method(method) => {
                (account.change_payment_method(method, now)?, None, Acceptance::Completed)
            }
            Chosen::Awaited(reference) => {
                let request = request_tokenization(&mut *work, reference, &mut account, now).await?;
                (request.is_some(), request, Acceptance::Pending)
            }
        };
        if changed {
            let mut changes = supersede_pending(&mut *work, id, now).await?;
            work.accounts().update(&account).await?;
            changes.extend(visible_change(&account));
            if let Some(request) = request {
                add_request(&mut *work, &request, now, &mut changes).await?;
            }
            work.commit(now, &changes).await?;
        }
        Ok(acceptance)
    }

    /// Changes where the invoices of an account go. Setting the address it already has changes nothing.
    ///
    /// # Errors
    /// Not found, or an account that has ended.
    pub async fn change_billing_address(
        &self,
        scope: &Scope,
        id: AccountId,
        address: BillingAddress,
    ) -> Result<(), Error> {
        let mut work = self.store.begin(scope).await?;
        let (mut account, now) = (find(&mut *work, id).await?, self.clock.now());
        if account.change_billing_address(address, now)? {
            work.accounts().update(&account).await?;
            work.commit(now, &[(&account).into()]).await?;
        }
        Ok(())
    }

    /// Ends an account of a customer, and its live promotions with it. Ending it again changes nothing.
    ///
    /// # Errors
    /// Not found, also when it is another customer's; or a tokenization is pending.
    pub async fn end(&self, scope: &Scope, customer: CustomerId, id: AccountId) -> Result<(), Error> {
        let mut work = self.store.begin(scope).await?;
        let (mut account, now) = (find(&mut *work, id).await?, self.clock.now());
        if account.data().customer_id != customer {
            return Err(Error::NotFound(Resource::Account));
        }
        let has_pending = work.tokenizations().pending_of(id).await?.is_some();
        if account.end(has_pending, now)? {
            work.accounts().update(&account).await?;
            let mut changes = vec![(&account).into()];
            changes.extend(end_promotions(&mut *work, &account, self.calendar.day_of(now), now).await?);
            work.commit(now, &changes).await?;
        }
        Ok(())
    }

    /// Reads an account, live or ended.
    ///
    /// # Errors
    /// Not found.
    pub async fn get(&self, org: &OrgId, id: AccountId) -> Result<AccountView, Error> {
        self.store.account(org, id).await?.ok_or(Error::NotFound(Resource::Account))
    }

    /// The live accounts of a customer, oldest first.
    ///
    /// # Errors
    /// Not found.
    pub async fn of_customer(&self, org: &OrgId, customer: CustomerId) -> Result<Vec<AccountId>, Error> {
        self.store.accounts_of(org, customer).await?.ok_or(Error::NotFound(Resource::Customer))
    }

    /// Finds a live account by its external id.
    ///
    /// # Errors
    /// Not found, or ambiguous: imported accounts may share an external id.
    pub async fn by_external_id(&self, org: &OrgId, external_id: &ExternalId) -> Result<AccountId, Error> {
        only(self.store.accounts_by_external_id(org, external_id).await?, Resource::Account)
    }

    /// What an account of a customer can be paid with; never nothing.
    ///
    /// # Errors
    /// Not found, also when it is another customer's or when nothing is available.
    pub async fn available_payment_methods(
        &self,
        org: &OrgId,
        customer: CustomerId,
        id: AccountId,
    ) -> Result<Vec<PaymentMethodType>, Error> {
        let AccountView { account, customer_profile, .. } = self.get(org, id).await?;
        if account.data().customer_id != customer {
            return Err(Error::NotFound(Resource::Account));
        }
        let payment = &self.policy.of(org).payment;
        let available = payment.available(customer_profile.segment(), account.data().modality);
        if available.is_empty() { Err(Error::NotFound(Resource::PaymentMethods)) } else { Ok(available) }
    }

    /// All payment methods that an account has had, newest first.
    ///
    /// # Errors
    /// Not found.
    pub async fn payment_method_history(
        &self,
        org: &OrgId,
        id: AccountId,
    ) -> Result<Vec<PaymentMethodEntry>, Error> {
        self.store.payment_method_history(org, id).await?.ok_or(Error::NotFound(Resource::Account))
    }

    /// The billing addresses of its own that an account was given on the days (UTC) `from` to `to`; never nothing.
    ///
    /// # Errors
    /// Not found, also when there are none in that time.
    pub async fn billing_address_history(
        &self,
        org: &OrgId,
        id: AccountId,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<BillingAddressHistory, Error> {
        let history = self.store.billing_address_history(org, id, from, to).await?;
        let history = history.ok_or(Error::NotFound(Resource::Account))?;
        if history.entries.is_empty() {
            Err(Error::NotFound(Resource::BillingAddresses))
        } else {
            Ok(history)
        }
    }

    /// Whom and where the invoices of an account are sent to.
    ///
    /// # Errors
    /// Not found, also when neither the account nor its customer has an address.
    pub async fn invoice_recipient(&self, org: &OrgId, id: AccountId) -> Result<InvoiceRecipient, Error> {
        let view = self.get(org, id).await?;
        let address = view.billing_address().ok_or(Error::NotFound(Resource::InvoiceRecipient))?.address;
        Ok(InvoiceRecipient { name: view.customer_profile.full_name(), address })
    }

    /// The payment method that a choice stands for, if it is known already.
    async fn method(
        &self,
        work: &mut dyn UnitOfWork,
        customer: CustomerId,
        choice: &PaymentMethodChoice,
    ) -> Result<Chosen, Error> {
        Ok(Chosen::Method(match choice {
            PaymentMethodChoice::BankTransfer => PaymentMethod::BankTransfer,
            PaymentMethodChoice::DirectDebit(iban) => PaymentMethod::DirectDebit(iban.clone()),
            PaymentMethodChoice::PendingCard(reference) => return Ok(Chosen::Awaited(reference.clone())),
            PaymentMethodChoice::Card(token) => {
                let card = work.cards().find(token).await?;
                let today = self.calendar.day_of(self.clock.now());
                card.filter(|card| card.is_usable_by(customer, today)).ok_or(Error::Card)?;
                PaymentMethod::CreditCard(token.clone())
            }
        }))
    }
}

/// What a choice of payment method stands for.
enum Chosen {
    Method(PaymentMethod),
    Awaited(GatewayToken),
}

/// The tokenization that the account asks for; nothing while the same is under way already.
async fn request_tokenization(
    work: &mut dyn UnitOfWork,
    reference: GatewayToken,
    account: &mut Account,
    now: OffsetDateTime,
) -> Result<Option<Tokenization>, Error> {
    let known = work.tokenizations().newest(&reference).await?;
    Ok(Tokenization::request(reference, known.as_ref(), account, now)?)
}

/// Adds a tokenization of a stored account, and has the gateway asked for it after the commit.
async fn add_request(
    work: &mut dyn UnitOfWork,
    request: &Tokenization,
    now: OffsetDateTime,
    changes: &mut Vec<AuditEntry>,
) -> Result<(), Error> {
    work.tokenizations().insert(request).await?;
    let TokenizationData { customer_id, attempt, .. } = *request.data();
    let reference_id = request.data().reference_id.clone();
    work.outbox().add(customer_id, &Effect::Tokenize { reference_id, attempt }, now).await?;
    changes.push(request.into());
    Ok(())
}

/// A change of an account for the audit; none if only the card that it awaits has changed.
pub(crate) fn visible_change(account: &Account) -> Option<AuditEntry> {
    (!account.changed().is_empty()).then(|| account.into())
}

/// What happens to the tokenization that is pending when the account's payment method is changed.
async fn supersede_pending(
    work: &mut dyn UnitOfWork,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Vec<AuditEntry>, Error> {
    let mut changes = Vec::new();
    if let Some(mut pending) = work.tokenizations().pending_of(account).await?
        && pending.supersede(now)
    {
        work.tokenizations().update(&pending).await?;
        changes.push((&pending).into());
    }
    Ok(changes)
}

pub(crate) async fn find(work: &mut dyn UnitOfWork, id: AccountId) -> Result<Account, Error> {
    work.accounts().find(id).await?.ok_or(Error::NotFound(Resource::Account))
}
