//! Accounts: what their requests must look like, what their answers do look like, and the handlers.

use actix_web::HttpResponse;
use application::ports::{AccountView, BillingAddressHistory};
use application::{Acceptance, AccountRef, InvoiceRecipient, NewAccountRequest};
use domain::{
    AccountId, AccountTerms, AccountTermsError, BillingAddressEntry, DateError, ExternalId, Iban, Invoice,
    InvoiceCycle, NewPaymentMethodType, PaymentMethod, PaymentMethodChoice, PaymentMethodEntry,
    PaymentMethodType, Text, parse_date, parse_instant,
};
use serde::Serialize;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::access::{Reading, WritingCustomers};
use crate::address::{AddressView, billing_address};
use crate::body::Object;
use crate::call::{Call, Input};
use crate::customer::customer_id;
use crate::error::ApiError;
use crate::import::lifetime;
use crate::view::{Id, IdAndExternalId, date, date_time};

// Requests

fn bank_transfer(object: &mut Object<'_>) {
    if let Some(details) = object.optional_object("details") {
        // Older published examples send one; it is not stored.
        details.exempt(&["iban"]).optional::<String>("iban");
    }
}

fn direct_debit(object: &mut Object<'_>) -> Option<Iban> {
    object.required_object("details")?.exempt(&["iban"]).required("iban")
}

fn payment_method(mut object: Object<'_>) -> Option<PaymentMethodChoice> {
    match object.required("type") {
        Some(NewPaymentMethodType::BankTransfer) => {
            bank_transfer(&mut object);
            Some(PaymentMethodChoice::BankTransfer)
        }
        Some(NewPaymentMethodType::DirectDebit) => {
            direct_debit(&mut object).map(PaymentMethodChoice::DirectDebit)
        }
        Some(NewPaymentMethodType::CreditCard) => object.required_object("details").and_then(card),
        None => {
            object.ignore("details");
            None
        }
    }
}

fn card(mut details: Object<'_>) -> Option<PaymentMethodChoice> {
    let has = (details.has("token_id"), details.has("reference_id"));
    let token = details.optional("token_id").map(PaymentMethodChoice::Card);
    let reference = details.optional("reference_id").map(PaymentMethodChoice::PendingCard);
    match has {
        (true, false) => token,
        (false, true) => reference,
        _ => {
            details.fail("token_id", "exactly one of token_id and reference_id is required");
            None
        }
    }
}

fn new_account(mut object: Object<'_>) -> Option<NewAccountRequest> {
    let modality = object.required("modality");
    let billing_address = object.optional_object("billing_address").and_then(billing_address);
    let payment_method = object.required_object("payment_method").and_then(payment_method);
    Some(NewAccountRequest { modality: modality?, billing_address, payment_method: payment_method? })
}

/// The payment method of an account of another system.
fn imported_payment_method(mut object: Object<'_>) -> Option<PaymentMethod> {
    match object.required("type") {
        Some(PaymentMethodType::BankTransfer) => {
            bank_transfer(&mut object);
            Some(PaymentMethod::BankTransfer)
        }
        Some(PaymentMethodType::DirectDebit) => direct_debit(&mut object).map(PaymentMethod::DirectDebit),
        Some(PaymentMethodType::CreditCard) => {
            object.required_object("details")?.required("token_id").map(PaymentMethod::CreditCard)
        }
        Some(PaymentMethodType::Teci) => {
            object.required_object("details")?.required("token_teci").map(PaymentMethod::Teci)
        }
        None => {
            object.ignore("details");
            None
        }
    }
}

/// As in the answer to operation 16.
fn payment_method_entry(mut object: Object<'_>) -> Option<PaymentMethodEntry> {
    let kind = object.required("payment_method_type");
    let created_at = object.required_with("created_at", parse_instant);
    let method = match kind {
        Some(PaymentMethodType::BankTransfer) => {
            let nothing = object.optional_with("details", |raw| match raw {
                "" => Ok(()),
                _ => Err("must be empty for BANK_TRANSFER"),
            });
            nothing.or(Some(())).map(|()| PaymentMethod::BankTransfer)
        }
        Some(PaymentMethodType::DirectDebit) => {
            object = object.exempt(&["details"]);
            object.required("details").map(PaymentMethod::DirectDebit)
        }
        Some(PaymentMethodType::CreditCard) => object.required("details").map(PaymentMethod::CreditCard),
        Some(PaymentMethodType::Teci) => object.required("details").map(PaymentMethod::Teci),
        None => {
            object.ignore("details");
            None
        }
    };
    Some(PaymentMethodEntry { method: method?, created_at: created_at? })
}

/// As in the answer to operation 17.
fn billing_address_entry(mut object: Object<'_>) -> Option<BillingAddressEntry> {
    let address = object.required_object("billing_address").and_then(billing_address);
    let init_date = object.required_with("init_date", parse_instant);
    let end_date = object.optional_with("end_date", parse_instant);
    Some(BillingAddressEntry { address: address?, init_date: init_date?, end_date })
}

/// As in the answer to operation 14.
fn invoice(mut object: Object<'_>) -> Option<Invoice> {
    let cycle = object.required_object("cycle").and_then(|mut cycle| {
        let name = cycle.required::<Text<1, 100>>("name");
        let day = cycle.required_integer("day", InvoiceCycle::DAYS);
        let kind = cycle.required::<Text<1, 100>>("type");
        let frequency = cycle.required_integer("frequency", InvoiceCycle::FREQUENCIES);
        Some(InvoiceCycle {
            name: name?.as_str().to_owned(),
            day: day?,
            kind: kind?.as_str().to_owned(),
            frequency: frequency?,
        })
    });
    let due_date_id = object.required_integer("due_date_id", i32::MIN..=i32::MAX);
    let due_days_id = object.required_integer("due_days_id", i32::MIN..=i32::MAX);
    let delivery_mode = object.required("delivery_mode");
    Some(Invoice {
        cycle: cycle?,
        due_date_id: due_date_id?,
        due_days_id: due_days_id?,
        delivery_mode: delivery_mode?,
    })
}

/// Most entries of a history of an account.
const MOST_ENTRIES: usize = 1000;

/// What an import says of an account, but for its ids.
pub(crate) fn account_terms(mut object: Object<'_>, now: OffsetDateTime) -> Option<AccountTerms> {
    let external_id = object.optional("external_id");
    let contract_reference = object.optional("contract_reference");
    let modality = object.required("modality");
    let billing_address = object.optional_object("billing_address").map(billing_address);
    let payment_method = object.optional_object("payment_method").map(imported_payment_method);
    let invoice = object.optional_object("invoice").map(invoice);
    let methods = object.optional_value("payment_method_history");
    let methods = methods.map(|list| list.array(MOST_ENTRIES, |entry| payment_method_entry(entry.object()?)));
    let addresses = object.optional_value("billing_address_history");
    let addresses =
        addresses.map(|list| list.array(MOST_ENTRIES, |entry| billing_address_entry(entry.object()?)));
    let lifetime = lifetime(&mut object, now);
    let terms = AccountTerms {
        external_id,
        contract_reference,
        modality: modality?,
        billing_address: read(billing_address)?,
        payment_method: read(payment_method)?,
        invoice: read(invoice)?,
        lifetime: lifetime?,
        payment_methods: read(methods)?,
        billing_addresses: read(addresses)?,
    };
    object.check_all(terms.check(), AccountTermsError::field)
}

/// Something optional, unless it is there and wrong.
fn read<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    value.map_or(Some(None), |value| value.map(Some))
}

pub(crate) fn account_id(input: &mut Input<'_>) -> Option<AccountId> {
    input.path.required("account_id")
}

/// A range of days, both ends included.
type Days = (Option<Date>, Option<Date>);

fn days(input: &mut Input<'_>) -> Option<Days> {
    let day = |raw: &str| -> Result<Date, DateError> { parse_date(raw) };
    let from = input.query.optional_with("from", day);
    let to = input.query.optional_with("to", day);
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        input.query.fail("from", "must not be after to");
    }
    Some((from, to))
}

// Answers

#[derive(Serialize)]
struct AccountResponse<'a> {
    id: Uuid,
    external_id: Option<&'a str>,
    customer_id: Uuid,
    customer_external_id: Option<&'a str>,
    contract_reference: Option<&'a str>,
    modality: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_address: Option<AddressView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_method: Option<PaymentMethodView<'a>>,
    invoice: Option<InvoiceView<'a>>,
    created_at: String,
    ended_at: Option<String>,
    updated_at: String,
}

#[derive(Serialize)]
struct PaymentMethodView<'a> {
    r#type: &'static str,
    details: DetailsView<'a>,
}

#[derive(Serialize, Default)]
struct DetailsView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    iban: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_teci: Option<&'a str>,
}

fn shown(iban: &Iban, in_full: bool) -> String {
    if in_full { iban.as_str().to_owned() } else { iban.masked() }
}

impl<'a> PaymentMethodView<'a> {
    fn new(method: &'a PaymentMethod, ibans_in_full: bool) -> Self {
        let details = match method {
            PaymentMethod::BankTransfer => DetailsView::default(),
            PaymentMethod::DirectDebit(iban) => {
                DetailsView { iban: Some(shown(iban, ibans_in_full)), ..DetailsView::default() }
            }
            PaymentMethod::CreditCard(token) => {
                DetailsView { token_id: Some(token.as_str()), ..DetailsView::default() }
            }
            PaymentMethod::Teci(token) => {
                DetailsView { token_teci: Some(token.as_str()), ..DetailsView::default() }
            }
        };
        Self { r#type: method.kind().code(), details }
    }
}

#[derive(Serialize)]
struct InvoiceView<'a> {
    cycle: CycleView<'a>,
    due_date_id: i32,
    due_days_id: i32,
    delivery_mode: &'static str,
}

#[derive(Serialize)]
struct CycleView<'a> {
    name: &'a str,
    day: i32,
    r#type: &'a str,
    frequency: i32,
}

impl<'a> From<&'a Invoice> for InvoiceView<'a> {
    fn from(invoice: &'a Invoice) -> Self {
        let cycle = &invoice.cycle;
        Self {
            cycle: CycleView {
                name: &cycle.name,
                day: cycle.day,
                r#type: &cycle.kind,
                frequency: cycle.frequency,
            },
            due_date_id: invoice.due_date_id,
            due_days_id: invoice.due_days_id,
            delivery_mode: invoice.delivery_mode.code(),
        }
    }
}

/// The answer to operation 14.
fn account_response(view: &AccountView, ibans_in_full: bool) -> HttpResponse {
    let data = view.account.data();
    let address = view.billing_address();
    HttpResponse::Ok().json(AccountResponse {
        id: data.id.0,
        external_id: data.external_id.as_ref().map(ExternalId::as_str),
        customer_id: data.customer_id.0,
        customer_external_id: view.customer_external_id.as_ref().map(ExternalId::as_str),
        contract_reference: data.contract_reference.as_ref().map(Text::as_str),
        modality: data.modality.code(),
        billing_address: address.as_ref().map(Into::into),
        payment_method: data
            .payment_method
            .as_ref()
            .map(|method| PaymentMethodView::new(method, ibans_in_full)),
        invoice: data.invoice.as_ref().map(Into::into),
        created_at: date_time(data.created_at),
        ended_at: data.ended_at.map(date_time),
        updated_at: date_time(data.updated_at),
    })
}

#[derive(Serialize)]
struct PaymentMethodsResponse {
    payment_methods: Vec<PaymentMethodEntryView>,
}

#[derive(Serialize)]
struct PaymentMethodEntryView {
    payment_method_type: &'static str,
    details: String,
    created_at: String,
}

impl PaymentMethodEntryView {
    fn new(entry: &PaymentMethodEntry, ibans_in_full: bool) -> Self {
        let details = match &entry.method {
            PaymentMethod::BankTransfer => String::new(),
            PaymentMethod::DirectDebit(iban) => shown(iban, ibans_in_full),
            PaymentMethod::CreditCard(token) | PaymentMethod::Teci(token) => token.as_str().to_owned(),
        };
        Self {
            payment_method_type: entry.method.kind().code(),
            details,
            created_at: date_time(entry.created_at),
        }
    }
}

#[derive(Serialize)]
struct BillingAddressesResponse<'a> {
    id: Uuid,
    external_id: Option<&'a str>,
    from: Option<String>,
    to: Option<String>,
    history: Vec<BillingAddressEntryView<'a>>,
}

#[derive(Serialize)]
struct BillingAddressEntryView<'a> {
    billing_address: AddressView<'a>,
    init_date: String,
    end_date: Option<String>,
}

/// The answer to operation 17.
fn billing_addresses_response(
    id: AccountId,
    (from, to): Days,
    history: &BillingAddressHistory,
) -> HttpResponse {
    let entries = history.entries.iter().map(|entry| BillingAddressEntryView {
        billing_address: (&entry.address).into(),
        init_date: date_time(entry.init_date),
        end_date: entry.end_date.map(date_time),
    });
    HttpResponse::Ok().json(BillingAddressesResponse {
        id: id.0,
        external_id: history.external_id.as_ref().map(ExternalId::as_str),
        from: from.map(date),
        to: to.map(date),
        history: entries.collect(),
    })
}

/// The answer to operation 18.
fn recipient_response(recipient: &InvoiceRecipient) -> HttpResponse {
    #[derive(Serialize)]
    struct InvoiceRecipientResponse<'a> {
        name: &'a str,
        #[serde(flatten)]
        address: AddressView<'a>,
    }
    HttpResponse::Ok()
        .json(InvoiceRecipientResponse { name: &recipient.name, address: (&recipient.address).into() })
}

// Handlers

pub(crate) async fn create(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (customer, request) = call.read(|input| {
        let (customer, request) = (customer_id(input), input.body().and_then(new_account));
        Some((customer?, request?))
    })?;
    let opened = call.state.accounts.open(&call.scope, customer, request).await;
    let (AccountRef { id, external_id }, acceptance) =
        opened.map_err(|error| ApiError::from(error).under("payment_method"))?;
    let mut response = match acceptance {
        Acceptance::Completed => HttpResponse::Ok(),
        Acceptance::Pending => HttpResponse::Accepted(),
    };
    Ok(response.json(IdAndExternalId::new(id.0, external_id)))
}

pub(crate) async fn list(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    #[derive(Serialize)]
    struct AccountsResponse {
        accounts: Vec<Id>,
    }
    let customer = call.read(customer_id)?;
    let ids = call.state.accounts.of_customer(call.org(), customer).await?;
    Ok(HttpResponse::Ok()
        .json(AccountsResponse { accounts: ids.into_iter().map(|id| Id { id: id.0 }).collect() }))
}

pub(crate) async fn delete(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (customer, id) = call.read(customer_and_account)?;
    call.state.accounts.end(&call.scope, customer, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn available_payment_methods(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    #[derive(Serialize)]
    struct AvailablePaymentMethodsResponse {
        payment_methods: Vec<&'static str>,
    }
    let (customer, id) = call.read(customer_and_account)?;
    let available = call.state.accounts.available_payment_methods(call.org(), customer, id).await?;
    let payment_methods = available.into_iter().map(PaymentMethodType::code).collect();
    Ok(HttpResponse::Ok().json(AvailablePaymentMethodsResponse { payment_methods }))
}

pub(crate) async fn get(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let id = call.read(account_id)?;
    let view = call.state.accounts.get(call.org(), id).await?;
    Ok(account_response(&view, call.reads_pii))
}

pub(crate) async fn patch_payment_method(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (id, choice) = call.read(|input| {
        let (id, choice) = (account_id(input), input.body().and_then(payment_method));
        Some((id?, choice?))
    })?;
    Ok(match call.state.accounts.change_payment_method(&call.scope, id, choice).await? {
        Acceptance::Completed => HttpResponse::NoContent().finish(),
        Acceptance::Pending => HttpResponse::Accepted().finish(),
    })
}

pub(crate) async fn payment_method_history(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let id = call.read(account_id)?;
    let entries = call.state.accounts.payment_method_history(call.org(), id).await?;
    let payment_methods =
        entries.iter().map(|entry| PaymentMethodEntryView::new(entry, call.reads_pii)).collect();
    Ok(HttpResponse::Ok().json(PaymentMethodsResponse { payment_methods }))
}

pub(crate) async fn billing_address_history(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let (id, days) = call.read(|input| {
        let (id, days) = (account_id(input), days(input));
        Some((id?, days?))
    })?;
    let history = call.state.accounts.billing_address_history(call.org(), id, days.0, days.1).await?;
    Ok(billing_addresses_response(id, days, &history))
}

pub(crate) async fn put_billing_address(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (id, address) = call.read(|input| {
        let (id, address) = (account_id(input), input.body().and_then(billing_address));
        Some((id?, address?))
    })?;
    call.state.accounts.change_billing_address(&call.scope, id, address).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn invoice_recipient(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let id = call.read(account_id)?;
    let recipient = call.state.accounts.invoice_recipient(call.org(), id).await?;
    Ok(recipient_response(&recipient))
}

pub(crate) async fn by_external_id(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let external_id = call.read(|input| input.path.required::<ExternalId>("account_external_id"))?;
    let id = call.state.accounts.by_external_id(call.org(), &external_id).await?;
    Ok(HttpResponse::Ok().json(Id { id: id.0 }))
}

fn customer_and_account(input: &mut Input<'_>) -> Option<(domain::CustomerId, AccountId)> {
    let (customer, account) = (customer_id(input), account_id(input));
    Some((customer?, account?))
}
