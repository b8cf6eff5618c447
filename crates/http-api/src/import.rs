//! What the lines of an import must look like. The bodies of requests are read by the same functions as those of requests.

use application::{AccountKey, CustomerKey, ImportLine, ImportRecord, SourceDocument};
use domain::{
    AccountId, CategoryId, Contract, ContractRequest, CredentialId, CredentialState, CustomerId, GivenDates,
    ImportKind, Lifetime, LifetimeError, OrgId, PromotionId, parse_date, parse_instant, parse_last_four,
};
use time::{Date, OffsetDateTime};
use uuid::{Builder, Uuid};

use crate::account::account_terms;
use crate::body::{Fields, Object, Value};
use crate::category::new_category;
use crate::customer::new_customer;
use crate::json::{self, Json};
use crate::promotion::new_promotion;

/// Reads the lines of an import.
#[derive(Clone, Copy)]
pub struct LineReader {
    /// The present instant.
    pub now: OffsetDateTime,
    /// The present day where the customers live.
    pub today: Date,
    /// SHA-256, by which lines are told apart.
    pub sha256: fn(&[u8]) -> [u8; 32],
}

/// A line that can be understood.
#[derive(Debug, Clone)]
pub struct UnderstoodLine {
    /// Whose it is.
    pub org: OrgId,
    /// What it says. A document has neither path nor digest yet.
    pub line: ImportLine,
    /// The file of its document, as the line names it.
    pub file: Option<String>,
}

/// A line that is wrong by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// What kind it is of, if that can be said.
    pub kind: Option<ImportKind>,
    /// Why, each beginning with the path of a field. They hold nothing of what the line says.
    pub reasons: Vec<String>,
}

impl LineReader {
    /// Reads a line, without the end of it.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self, line: &[u8]) -> Result<UnderstoodLine, RefusedLine> {
        let refuse = |reason: String| RefusedLine { kind: None, reasons: vec![reason] };
        let json = json::parse(line).map_err(|error| refuse(format!("The line {error}")))?;
        let mut content = Vec::new();
        canonical(&json, &mut content);
        let fields = Fields::default();
        let (mut kind, mut understood) = (None, None);
        if let Some(object) = Value::new(&fields, "", json).object() {
            understood = self.record(object, &content, &mut kind);
        }
        let errors = fields.into_errors();
        match understood {
            Some((org, record, file)) if errors.is_empty() => {
                let line = ImportLine { record, digest: hexadecimal(&(self.sha256)(&content)) };
                Ok(UnderstoodLine { org, line, file })
            }
            _ => Err(RefusedLine { kind, reasons: errors.iter().map(ToString::to_string).collect() }),
        }
    }

    fn record(
        &self,
        object: Object<'_>,
        content: &[u8],
        seen: &mut Option<ImportKind>,
    ) -> Option<(OrgId, ImportRecord, Option<String>)> {
        let mut object = object.exempt(&["id", "customer_id", "account_id", "process_id"]);
        *seen = object.required("kind");
        let org = object.required::<OrgId>("org");
        let Some(kind) = *seen else {
            object.ignore_rest();
            return None;
        };
        // What a line that brings no id is recognised by; an id that is derived from little could be traced back to it.
        let derive = |identity: &[u8]| {
            let org = org.as_ref().map(OrgId::as_str).unwrap_or_default();
            let text = [org.as_bytes(), kind.code().as_bytes(), identity].join(&0);
            let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = (self.sha256)(&text);
            Builder::from_custom_bytes(bytes).into_uuid()
        };
        let mut file = None;
        let record = match kind {
            ImportKind::Customer => self.customer(object, || derive(content)),
            ImportKind::Account => self.account(object, content, derive),
            ImportKind::Card => self.card(object),
            ImportKind::Contract => contract(object),
            ImportKind::IdentificationProcess => identification_process(object).map(|(record, named)| {
                file = Some(named);
                record
            }),
            ImportKind::Promotion => self.promotion(object, derive),
            ImportKind::Category => category(object),
            ImportKind::Credential => credential(object, || derive(content)),
        };
        Some((org?, record?, file))
    }

    fn customer(&self, mut object: Object<'_>, derive: impl Fn() -> Uuid) -> Option<ImportRecord> {
        let id = given(&mut object, "id", |object, name| object.optional(name));
        let external_id = given(&mut object, "external_id", |object, name| object.optional(name));
        let lifetime = lifetime(&mut object, self.now);
        let new = new_customer(object, self.now);
        Some(ImportRecord::Customer {
            id: id?.unwrap_or_else(|| CustomerId(derive())),
            external_id: external_id?,
            new: Box::new(new?),
            lifetime: lifetime?,
        })
    }

    fn account(
        &self,
        mut object: Object<'_>,
        content: &[u8],
        derive: impl Fn(&[u8]) -> Uuid,
    ) -> Option<ImportRecord> {
        let id = given(&mut object, "id", |object, name| object.optional(name));
        let customer = customer_key(&mut object);
        let terms = account_terms(object, self.now);
        let (customer, terms) = (customer?, terms?);
        let derived = || {
            let owner = match &customer {
                CustomerKey::Id(id) => id.to_string(),
                CustomerKey::ExternalId(id) => format!("external {}", id.as_str()),
            };
            let external_id = terms.external_id.as_ref();
            let identity = external_id.map(|id| [owner.as_bytes(), id.as_str().as_bytes()].join(&0));
            AccountId(derive(identity.as_deref().unwrap_or(content)))
        };
        let id = id?.unwrap_or_else(derived);
        Some(ImportRecord::Account { id, customer, terms: Box::new(terms) })
    }

    fn card(&self, mut object: Object<'_>) -> Option<ImportRecord> {
        let token_id = object.required("token_id");
        let customer = customer_key(&mut object);
        let last_four = object.required_with("last_four", parse_last_four);
        let expiration = object.required("expiration_date");
        let created_at =
            given(&mut object, "created_at", |object, name| object.optional_with(name, parse_instant));
        let dates = GivenDates { created_at: created_at?, ..GivenDates::default() };
        let dates = object.check_all(Lifetime::new(dates, self.now), LifetimeError::field);
        Some(ImportRecord::Card {
            token_id: token_id?,
            customer: customer?,
            last_four: last_four?,
            expiration: expiration?,
            created_at: dates?.created_at,
        })
    }

    fn promotion(&self, mut object: Object<'_>, derive: impl Fn(&[u8]) -> Uuid) -> Option<ImportRecord> {
        let id = given(&mut object, "id", |object, name| object.optional(name));
        let account = account_key(&mut object);
        let is_dated = object.has("start_date");
        let new = new_promotion(object, self.today)?;
        let account = account?;
        let derived = || {
            let owner = match &account {
                AccountKey::Id(id) => id.to_string(),
                AccountKey::ExternalId(id) => format!("external {}", id.as_str()),
            };
            let start = if is_dated { new.period.start_date().to_string() } else { String::new() };
            PromotionId(derive(format!("{owner}\0{}\0{start}", new.promotion_id).as_bytes()))
        };
        Some(ImportRecord::Promotion { id: id?.unwrap_or_else(derived), account, new })
    }
}

/// An optional property, unless it is there and wrong.
fn given<'f, T>(
    object: &mut Object<'f>,
    name: &str,
    read: impl FnOnce(&mut Object<'f>, &str) -> Option<T>,
) -> Option<Option<T>> {
    let is_given = object.has(name);
    let value = read(object, name);
    (value.is_some() == is_given).then_some(value)
}

pub(crate) fn lifetime(object: &mut Object<'_>, now: OffsetDateTime) -> Option<Lifetime> {
    let mut date = |name| given(object, name, |object, name| object.optional_with(name, parse_instant));
    let (created_at, ended_at, updated_at) = (date("created_at"), date("ended_at"), date("updated_at"));
    let given = GivenDates { created_at: created_at?, ended_at: ended_at?, updated_at: updated_at? };
    object.check_all(Lifetime::new(given, now), LifetimeError::field)
}

/// Exactly one of two ways to name something.
fn one_of<'f, A, B>(
    object: &mut Object<'f>,
    (by_id, by_external_id): (&str, &str),
    id: impl FnOnce(&mut Object<'f>, &str) -> Option<A>,
    external_id: impl FnOnce(&mut Object<'f>, &str) -> Option<B>,
) -> Option<Result<A, B>> {
    let has = (object.has(by_id), object.has(by_external_id));
    let (id, external_id) = (id(object, by_id), external_id(object, by_external_id));
    match has {
        (true, false) => id.map(Ok),
        (false, true) => external_id.map(Err),
        _ => {
            object.fail(by_id, format_args!("exactly one of {by_id} and {by_external_id} is required"));
            None
        }
    }
}

fn customer_key(object: &mut Object<'_>) -> Option<CustomerKey> {
    let names = ("customer_id", "customer_external_id");
    let key =
        one_of(object, names, |object, name| object.optional(name), |object, name| object.optional(name));
    key.map(|key| key.map_or_else(CustomerKey::ExternalId, CustomerKey::Id))
}

fn account_key(object: &mut Object<'_>) -> Option<AccountKey> {
    let names = ("account_id", "account_external_id");
    let key =
        one_of(object, names, |object, name| object.optional(name), |object, name| object.optional(name));
    key.map(|key| key.map_or_else(AccountKey::ExternalId, AccountKey::Id))
}

/// Most requests of a contract.
const MOST_REQUESTS: usize = 1000;

fn contract(mut object: Object<'_>) -> Option<ImportRecord> {
    let id = object.required("id");
    let account_external_id = object.required("account_external_id");
    let start_date = object.required_with("start_date", parse_instant);
    let end_date = given(&mut object, "end_date", |object, name| object.optional_with(name, parse_instant));
    let requests = object.optional_value("requests");
    let requests = requests.map_or(Some(Vec::new()), |requests| {
        requests.array(MOST_REQUESTS, |request| contract_request(request.object()?))
    });
    let (start_date, end_date) = (start_date?, end_date?);
    if end_date.is_some_and(|end| end < start_date) {
        object.fail("end_date", "must not be before start_date");
    }
    Some(ImportRecord::Contract(Contract {
        id: id?,
        account_external_id: account_external_id?,
        start_date,
        end_date,
        requests: requests?,
    }))
}

fn contract_request(mut object: Object<'_>) -> Option<ContractRequest> {
    let request_external_id = object.required("request_external_id");
    let create_date = object.required_with("create_date", parse_instant);
    let contract_reference_id = object.required("contract_reference_id");
    let kind = object.required("type");
    let origin_user = object.required("origin_user");
    Some(ContractRequest {
        request_external_id: request_external_id?,
        create_date: create_date?,
        contract_reference_id: contract_reference_id?,
        kind: kind?,
        origin_user: origin_user?,
    })
}

/// Also returns what the line calls the file.
fn identification_process(mut object: Object<'_>) -> Option<(ImportRecord, String)> {
    let id = object.required("process_id");
    let customer = customer_key(&mut object);
    let process_date = object.required_with("process_date", parse_instant);
    let document = object.required_object("document").and_then(|mut document| {
        let name = document.required("name");
        let kind = document.required("type");
        let media_type = document.required("media_type");
        let file = document.required::<String>("file");
        Some((name?, kind?, media_type?, file?))
    });
    let (name, kind, media_type, file) = document?;
    let record = ImportRecord::IdentificationProcess {
        id: id?,
        customer: customer?,
        process_date: process_date?,
        name,
        kind,
        media_type,
        document: SourceDocument::default(),
    };
    Some((record, file))
}

fn category(mut object: Object<'_>) -> Option<ImportRecord> {
    let id = object.has("id").then(|| object.required_integer("id", CategoryId::IMPORTABLE).map(CategoryId));
    let id = match id {
        Some(None) => None,
        Some(id) => Some(id),
        None => {
            object.ignore("id");
            Some(None)
        }
    };
    let new = new_category(object);
    Some(ImportRecord::Category { id: id?, new: new? })
}

fn credential(mut object: Object<'_>, derive: impl Fn() -> Uuid) -> Option<ImportRecord> {
    let username = object.required("username");
    let customer = customer_key(&mut object);
    let state = object.required_with("state", |raw| match raw {
        "RESERVED" => Ok(CredentialState::Reserved { activation_requested: false }),
        "ACTIVE" => Ok(CredentialState::Active),
        _ => Err("must be one of RESERVED, ACTIVE"),
    });
    let expiration_date =
        given(&mut object, "expiration_date", |object, name| object.optional_with(name, parse_date));
    Some(ImportRecord::Credential {
        id: CredentialId(derive()),
        customer: customer?,
        username: username?,
        state: state?,
        expiration_date: expiration_date?,
    })
}

/// What is equal for equal content: names in order, nothing for what is null, no spaces.
fn canonical(json: &Json, out: &mut Vec<u8>) {
    match json {
        Json::Null | Json::Number => out.push(b'n'),
        Json::Bool(value) => out.push(if *value { b't' } else { b'f' }),
        Json::Integer(value) => out.extend(format!("i{value};").bytes()),
        Json::String(text) => push_text(text, out),
        Json::Array(elements) => {
            out.push(b'[');
            elements.iter().for_each(|element| canonical(element, out));
            out.push(b']');
        }
        Json::Object(members) => {
            let mut members: Vec<_> = members.iter().filter(|(_, json)| *json != Json::Null).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            out.push(b'{');
            for (name, json) in members {
                push_text(name, out);
                canonical(json, out);
            }
            out.push(b'}');
        }
    }
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    out.extend(format!("s{}:", text.len()).bytes());
    out.extend(text.bytes());
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
