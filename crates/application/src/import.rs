use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use domain::{
    AccountId, AccountTerms, AuditEntry, Card, CardExpiry, Category, CategoryId, Contract, Credential,
    CredentialId, CredentialState, Customer, CustomerError, CustomerId, DocumentKey, ExternalId,
    GatewayToken, IdentificationProcess, IdentificationProcessId, ImportKind, ImportedAccount, Lifetime,
    LoginEmail, MediaType, NewCategory, NewCustomer, NewPromotion, PaymentMethod, Promotion, PromotionId,
    StoredDocument, Text,
};
use time::{Date, OffsetDateTime};

use crate::ports::{
    Bulk, Calendar, Clock, Constraint, DocumentStore, ImportedLine, KnownAccount, KnownCustomer, Store,
    StoreError, UnitOfWork,
};
use crate::{Error, Scope};

/// How a line names a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerKey {
    /// By its id.
    Id(CustomerId),
    /// By its id in older systems.
    ExternalId(ExternalId),
}

/// How a line names an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountKey {
    /// By its id.
    Id(AccountId),
    /// By its id in older systems.
    ExternalId(ExternalId),
}

/// What a line brings.
#[derive(Debug, Clone)]
pub enum ImportRecord {
    /// A customer.
    Customer {
        /// Id, given or derived from the line.
        id: CustomerId,
        /// Id in older systems.
        external_id: Option<ExternalId>,
        /// Who it is.
        new: Box<NewCustomer>,
        /// Since when, and until when.
        lifetime: Lifetime,
    },
    /// An account.
    Account {
        /// Id, given or derived from the line.
        id: AccountId,
        /// Whose it is.
        customer: CustomerKey,
        /// The rest.
        terms: Box<AccountTerms>,
    },
    /// A tokenized card.
    Card {
        /// What stands for it at the gateway.
        token_id: GatewayToken,
        /// Whose it is.
        customer: CustomerKey,
        /// The last four digits of its number.
        last_four: String,
        /// Until when it is good.
        expiration: CardExpiry,
        /// When it was tokenized.
        created_at: OffsetDateTime,
    },
    /// A contract.
    Contract(Contract),
    /// An identification process.
    IdentificationProcess {
        /// Id.
        id: IdentificationProcessId,
        /// Who was identified.
        customer: CustomerKey,
        /// When.
        process_date: OffsetDateTime,
        /// The name of the document.
        name: Text<1, 255>,
        /// What kind of document it is.
        kind: Text<1, 100>,
        /// What its bytes are.
        media_type: MediaType,
        /// The document itself.
        document: SourceDocument,
    },
    /// A promotion.
    Promotion {
        /// Id, given or derived from the line.
        id: PromotionId,
        /// Of which account.
        account: AccountKey,
        /// Which one.
        new: NewPromotion,
    },
    /// A category.
    Category {
        /// Id; without one it gets the next.
        id: Option<CategoryId>,
        /// The rest.
        new: NewCategory,
    },
    /// A credential.
    Credential {
        /// Id, derived from the line.
        id: CredentialId,
        /// Whose it is.
        customer: CustomerKey,
        /// What the customer logs in by.
        username: LoginEmail,
        /// How far it has come.
        state: CredentialState,
        /// Its last day.
        expiration_date: Option<Date>,
    },
}

/// A document before it is in the document store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceDocument {
    /// Where it is.
    pub path: PathBuf,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// How many bytes it has.
    pub size_bytes: u64,
}

/// A line, understood.
#[derive(Debug, Clone)]
pub struct ImportLine {
    /// What it brings.
    pub record: ImportRecord,
    /// Stands for all that it says: equal for lines with the same content only.
    pub digest: String,
}

impl ImportRecord {
    /// What kind of thing it is.
    #[must_use]
    pub const fn kind(&self) -> ImportKind {
        match self {
            Self::Customer { .. } => ImportKind::Customer,
            Self::Account { .. } => ImportKind::Account,
            Self::Card { .. } => ImportKind::Card,
            Self::Contract(_) => ImportKind::Contract,
            Self::IdentificationProcess { .. } => ImportKind::IdentificationProcess,
            Self::Promotion { .. } => ImportKind::Promotion,
            Self::Category { .. } => ImportKind::Category,
            Self::Credential { .. } => ImportKind::Credential,
        }
    }

    /// By what it is recognised when it comes again.
    fn key(&self) -> String {
        match self {
            Self::Customer { id, .. } => id.to_string(),
            Self::Account { id, .. } => id.to_string(),
            Self::Card { token_id, .. } => token_id.as_str().to_owned(),
            Self::Contract(contract) => contract.id.to_string(),
            Self::IdentificationProcess { id, .. } => id.to_string(),
            Self::Promotion { id, .. } => id.to_string(),
            Self::Category { new, .. } => new.name.as_str().to_owned(),
            Self::Credential { id, .. } => id.to_string(),
        }
    }

    /// The field that holds the key.
    const fn key_field(&self) -> &'static str {
        match self {
            Self::Card { .. } => "token_id",
            Self::IdentificationProcess { .. } => "process_id",
            Self::Category { .. } => "name",
            Self::Credential { .. } => "username",
            Self::Customer { .. } | Self::Account { .. } | Self::Contract(_) | Self::Promotion { .. } => "id",
        }
    }

    const fn customer(&self) -> Option<&CustomerKey> {
        match self {
            Self::Account { customer, .. }
            | Self::Card { customer, .. }
            | Self::IdentificationProcess { customer, .. }
            | Self::Credential { customer, .. } => Some(customer),
            Self::Customer { .. } | Self::Contract(_) | Self::Promotion { .. } | Self::Category { .. } => {
                None
            }
        }
    }

    fn card(&self) -> Option<&GatewayToken> {
        match self {
            Self::Account { terms, .. } => match &terms.payment_method {
                Some(PaymentMethod::CreditCard(token)) => Some(token),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What has become of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is imported.
    Imported,
    /// It was imported before.
    Skipped,
    /// It is not imported, for these reasons, each of which begins with the path of a field. They hold nothing of the line.
    Rejected(Vec<String>),
}

/// Takes in what other systems own.
pub struct Import {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Where documents are kept.
    pub documents: Arc<dyn DocumentStore>,
    /// Tells when it is imported.
    pub clock: Arc<dyn Clock>,
    /// Tells on which day.
    pub calendar: Arc<dyn Calendar>,
}

/// A part of an import: everything in it is kept together or not at all.
pub struct ImportRun<'a> {
    import: &'a Import,
    scope: Scope,
    work: Box<dyn UnitOfWork>,
    is_rehearsal: bool,
    now: OffsetDateTime,
    changes: Vec<AuditEntry>,
}

impl Import {
    /// Begins a part. A rehearsal puts no documents into the document store; it is dropped in the end.
    ///
    /// # Errors
    /// The store fails.
    pub async fn begin(&self, scope: &Scope, is_rehearsal: bool) -> Result<ImportRun<'_>, Error> {
        let work = self.store.begin(scope).await?;
        let now = self.clock.now();
        Ok(ImportRun { import: self, scope: scope.clone(), work, is_rehearsal, now, changes: Vec::new() })
    }
}

impl ImportRun<'_> {
    /// Takes in lines of one organisation as if one after the other, and says what has become of each.
    ///
    /// # Errors
    /// The store or the document store fails. Nothing of this part is kept then.
    pub async fn take(&mut self, lines: &[ImportLine]) -> Result<Vec<Verdict>, Error> {
        let mut verdicts = Vec::with_capacity(lines.len());
        let mut ranges: Vec<Range<usize>> = std::iter::once(0..lines.len()).collect();
        while let Some(range) = ranges.pop() {
            let Some(part) = lines.get(range.clone()) else { continue };
            self.work.bulk().mark().await?;
            match self.take_together(part).await {
                Ok(more) => verdicts.extend(more),
                Err(Error::Store(StoreError::Duplicate(constraint))) => {
                    self.work.bulk().back_to_mark().await?;
                    if let [line] = part {
                        verdicts.push(Verdict::Rejected(vec![duplicate(&line.record, constraint)]));
                    } else {
                        // One of them is at fault: the halves are tried one after the other.
                        let middle = range.start + part.len() / 2;
                        ranges.push(middle..range.end);
                        ranges.push(range.start..middle);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(verdicts)
    }

    /// Keeps what was taken in.
    ///
    /// # Errors
    /// The store fails.
    pub async fn commit(self) -> Result<(), Error> {
        Ok(self.work.commit(self.now, &self.changes).await?)
    }

    async fn take_together(&mut self, lines: &[ImportLine]) -> Result<Vec<Verdict>, Error> {
        let today = self.import.calendar.day_of(self.now);
        let known = Known::look_up(self.work.bulk(), lines, today).await?;
        let mut plan = Plan::new(known, self.now, today);
        let verdicts: Vec<Verdict> = lines.iter().map(|line| plan.add(line)).collect();
        if !self.is_rehearsal {
            for (key, path) in &plan.documents {
                self.import.documents.put(&self.scope.org, key, path).await?;
            }
        }
        let categories = std::mem::take(&mut plan.numberless_categories);
        plan.write(self.work.bulk()).await?;
        let categories = self.work.categories().insert(categories, self.now).await?;
        self.changes.extend(plan.changes);
        self.changes.extend(categories.iter().map(Into::into));
        Ok(verdicts)
    }
}

fn duplicate(record: &ImportRecord, constraint: Constraint) -> String {
    match (constraint, record) {
        (Constraint::LiveDocument, ImportRecord::Customer { new, .. }) => {
            let block = match new.profile.kind() {
                domain::CustomerType::Corporate => "company_info",
                domain::CustomerType::Private | domain::CustomerType::Digital => "personal_info",
            };
            format!("{block}.identity_document: belongs to another live customer")
        }
        (Constraint::LiveDigitalEmail, _) => {
            "digital_personal_info.email: belongs to another live customer".to_owned()
        }
        (Constraint::LiveUsername, _) => "username: belongs to another credential".to_owned(),
        (Constraint::LiveCredential, record) => {
            format!("{}: the customer has a credential already", record.customer().map_or("", customer_field))
        }
        (Constraint::LiveCategoryName, _) => "name: belongs to another category".to_owned(),
        (Constraint::Id, ImportRecord::Category { .. }) => "id: belongs to another category".to_owned(),
        (
            Constraint::Id
            | Constraint::LiveDocument
            | Constraint::TokenizationAttempt
            | Constraint::LiveCategoryAssignment,
            record,
        ) => format!("{}: is already there, but not from an import", record.key_field()),
    }
}

const fn customer_field(key: &CustomerKey) -> &'static str {
    match key {
        CustomerKey::Id(_) => "customer_id",
        CustomerKey::ExternalId(_) => "customer_external_id",
    }
}

const fn account_field(key: &AccountKey) -> &'static str {
    match key {
        AccountKey::Id(_) => "account_id",
        AccountKey::ExternalId(_) => "account_external_id",
    }
}

/// What the store knows of what lines refer to, and what earlier lines have added to that.
#[derive(Default)]
struct Known {
    lines: HashMap<(ImportKind, String), String>,
    customers: HashMap<CustomerId, KnownCustomer>,
    customers_by_external_id: HashMap<ExternalId, Vec<CustomerId>>,
    accounts: HashMap<AccountId, KnownAccount>,
    accounts_by_external_id: HashMap<ExternalId, Vec<AccountId>>,
    cards: HashMap<GatewayToken, CustomerId>,
    promotions: HashMap<AccountId, Vec<Promotion>>,
}

fn distinct<T: Clone + Eq + Hash>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.collect::<HashSet<T>>().into_iter().collect()
}

impl Known {
    async fn look_up(bulk: &mut dyn Bulk, lines: &[ImportLine], today: Date) -> Result<Self, StoreError> {
        let mut known = Self::default();
        let keys: Vec<(ImportKind, String)> =
            lines.iter().map(|line| (line.record.kind(), line.record.key())).collect();
        let keys: Vec<(ImportKind, &str)> = keys.iter().map(|(kind, key)| (*kind, &**key)).collect();
        for line in bulk.imported(&keys).await? {
            known.lines.insert((line.kind, line.key), line.digest);
        }
        known.look_up_customers(bulk, lines).await?;
        known.look_up_accounts(bulk, lines).await?;
        let cards = distinct(lines.iter().filter_map(|line| line.record.card()).cloned());
        known.cards = bulk.cards(&cards).await?.into_iter().collect();
        if lines.iter().any(|line| matches!(line.record, ImportRecord::Promotion { .. })) {
            let accounts: Vec<AccountId> = known.accounts.keys().copied().collect();
            for promotion in bulk.live_promotions(&accounts, today).await? {
                known.promotions.entry(promotion.data().account_id).or_default().push(promotion);
            }
        }
        Ok(known)
    }

    async fn look_up_customers(
        &mut self,
        bulk: &mut dyn Bulk,
        lines: &[ImportLine],
    ) -> Result<(), StoreError> {
        let keys = || lines.iter().filter_map(|line| line.record.customer());
        let ids = distinct(keys().filter_map(|key| match key {
            CustomerKey::Id(id) => Some(*id),
            CustomerKey::ExternalId(_) => None,
        }));
        let mut external_ids = distinct(keys().filter_map(|key| match key {
            CustomerKey::Id(_) => None,
            CustomerKey::ExternalId(id) => Some(id.clone()),
        }));
        bulk.customers(&ids).await?.into_iter().for_each(|customer| self.add_customer(customer));
        for live in [true, false] {
            let found = bulk.customers_by_external_id(&external_ids, live).await?;
            found.into_iter().for_each(|customer| self.add_customer(customer));
            external_ids.retain(|id| !self.customers_by_external_id.contains_key(id));
        }
        Ok(())
    }

    async fn look_up_accounts(
        &mut self,
        bulk: &mut dyn Bulk,
        lines: &[ImportLine],
    ) -> Result<(), StoreError> {
        let (mut ids, mut external_ids) = (Vec::new(), Vec::new());
        for line in lines {
            match &line.record {
                ImportRecord::Promotion { account: AccountKey::Id(id), .. } => ids.push(*id),
                ImportRecord::Promotion { account: AccountKey::ExternalId(id), .. } => {
                    external_ids.push(id.clone());
                }
                ImportRecord::Contract(contract) => external_ids.push(contract.account_external_id.clone()),
                _ => {}
            }
        }
        let (ids, mut external_ids) = (distinct(ids.into_iter()), distinct(external_ids.into_iter()));
        bulk.accounts(&ids).await?.into_iter().for_each(|account| self.add_account(account));
        for live in [true, false] {
            let found = bulk.accounts_by_external_id(&external_ids, live).await?;
            found.into_iter().for_each(|account| self.add_account(account));
            external_ids.retain(|id| !self.accounts_by_external_id.contains_key(id));
        }
        Ok(())
    }

    fn add_customer(&mut self, customer: KnownCustomer) {
        let id = customer.id;
        if let Some(external_id) = &customer.external_id
            && !self.customers.contains_key(&id)
        {
            self.customers_by_external_id.entry(external_id.clone()).or_default().push(id);
        }
        self.customers.insert(id, customer);
    }

    fn add_account(&mut self, account: KnownAccount) {
        let id = account.id;
        if let Some(external_id) = &account.external_id
            && !self.accounts.contains_key(&id)
        {
            self.accounts_by_external_id.entry(external_id.clone()).or_default().push(id);
        }
        self.accounts.insert(id, account);
    }

    /// The customer that a line means: one that has this external id and has not ended comes before all that have.
    fn customer(&self, key: &CustomerKey) -> Result<&KnownCustomer, String> {
        let candidates: Vec<&KnownCustomer> = match key {
            CustomerKey::Id(id) => self.customers.get(id).into_iter().collect(),
            CustomerKey::ExternalId(id) => {
                let ids = self.customers_by_external_id.get(id).into_iter().flatten();
                ids.filter_map(|id| self.customers.get(id)).collect()
            }
        };
        only(&candidates, |customer| customer.is_live, customer_field(key), "customer")
    }

    fn account(&self, key: &AccountKey) -> Result<&KnownAccount, String> {
        let candidates: Vec<&KnownAccount> = match key {
            AccountKey::Id(id) => self.accounts.get(id).into_iter().collect(),
            AccountKey::ExternalId(id) => {
                let ids = self.accounts_by_external_id.get(id).into_iter().flatten();
                ids.filter_map(|id| self.accounts.get(id)).collect()
            }
        };
        only(&candidates, |account| account.is_live, account_field(key), "account")
    }
}

fn only<'a, T>(
    candidates: &[&'a T],
    is_live: impl Fn(&T) -> bool,
    field: &str,
    noun: &str,
) -> Result<&'a T, String> {
    let live: Vec<&'a T> = candidates.iter().copied().filter(|candidate| is_live(candidate)).collect();
    match (&*live, candidates) {
        ([one], _) | ([], [one]) => Ok(one),
        ([], []) => Err(format!("{field}: no such {noun}")),
        ([], _) => Err(format!("{field}: more than one {noun} has it")),
        _ => Err(format!("{field}: more than one live {noun} has it")),
    }
}

/// What lines add, kind by kind.
struct Plan {
    known: Known,
    now: OffsetDateTime,
    today: Date,
    lines: Vec<ImportedLine>,
    customers: Vec<Customer>,
    accounts: Vec<ImportedAccount>,
    cards: Vec<Card>,
    contracts: Vec<Contract>,
    processes: Vec<IdentificationProcess>,
    documents: Vec<(DocumentKey, PathBuf)>,
    promotions: Vec<Promotion>,
    categories: Vec<Category>,
    numberless_categories: Vec<NewCategory>,
    credentials: Vec<Credential>,
    changes: Vec<AuditEntry>,
}

impl Plan {
    const fn new(known: Known, now: OffsetDateTime, today: Date) -> Self {
        Self {
            known,
            now,
            today,
            lines: Vec::new(),
            customers: Vec::new(),
            accounts: Vec::new(),
            cards: Vec::new(),
            contracts: Vec::new(),
            processes: Vec::new(),
            documents: Vec::new(),
            promotions: Vec::new(),
            categories: Vec::new(),
            numberless_categories: Vec::new(),
            credentials: Vec::new(),
            changes: Vec::new(),
        }
    }

    async fn write(&self, bulk: &mut dyn Bulk) -> Result<(), StoreError> {
        bulk.insert_customers(&self.customers).await?;
        bulk.insert_cards(&self.cards).await?;
        bulk.insert_accounts(&self.accounts).await?;
        bulk.insert_contracts(&self.contracts).await?;
        bulk.insert_identification_processes(&self.processes).await?;
        bulk.insert_promotions(&self.promotions).await?;
        bulk.insert_categories(&self.categories).await?;
        bulk.insert_credentials(&self.credentials).await?;
        bulk.remember(&self.lines, self.now).await
    }

    fn add(&mut self, line: &ImportLine) -> Verdict {
        let key = (line.record.kind(), line.record.key());
        match self.known.lines.get(&key) {
            Some(digest) if *digest == line.digest => return Verdict::Skipped,
            Some(_) => {
                let reason = format!("{}: was imported before with other content", line.record.key_field());
                return Verdict::Rejected(vec![reason]);
            }
            None => {}
        }
        if let Err(reason) = self.add_record(&line.record) {
            return Verdict::Rejected(vec![reason]);
        }
        let (kind, text) = key.clone();
        self.lines.push(ImportedLine { kind, key: text, digest: line.digest.clone() });
        self.known.lines.insert(key, line.digest.clone());
        Verdict::Imported
    }

    fn add_record(&mut self, record: &ImportRecord) -> Result<(), String> {
        match record {
            ImportRecord::Customer { id, external_id, new, lifetime } => {
                let customer = Customer::import(*id, external_id.clone(), (**new).clone(), *lifetime);
                self.changes.push((&customer).into());
                self.known.add_customer(KnownCustomer {
                    id: *id,
                    external_id: external_id.clone(),
                    is_live: lifetime.ended_at.is_none(),
                });
                self.customers.push(customer);
            }
            ImportRecord::Account { id, customer, terms } => self.add_account(*id, customer, terms)?,
            ImportRecord::Card { token_id, customer, last_four, expiration, created_at } => {
                let card = Card {
                    token_id: token_id.clone(),
                    customer_id: self.known.customer(customer)?.id,
                    last_four: last_four.clone(),
                    expiration: *expiration,
                    created_at: *created_at,
                };
                self.changes.push((&card).into());
                self.known.cards.insert(token_id.clone(), card.customer_id);
                self.cards.push(card);
            }
            ImportRecord::Contract(contract) => {
                let account =
                    self.known.account(&AccountKey::ExternalId(contract.account_external_id.clone()));
                let customer = account.ok().map(|account| account.customer_id);
                self.changes.push(AuditEntry::of_contract(contract, customer));
                self.contracts.push(contract.clone());
            }
            ImportRecord::IdentificationProcess { .. } => self.add_process(record)?,
            ImportRecord::Promotion { id, account, new } => self.add_promotion(*id, account, *new)?,
            ImportRecord::Category { id: Some(id), new } => {
                let category = Category::define(*id, new.clone(), self.now);
                self.changes.push((&category).into());
                self.categories.push(category);
            }
            ImportRecord::Category { id: None, new } => self.numberless_categories.push(new.clone()),
            ImportRecord::Credential { id, customer, username, state, expiration_date } => {
                let at = (self.today, self.now);
                let owner = self.known.customer(customer)?;
                let credential =
                    Credential::import(*id, owner.id, username.clone(), *state, *expiration_date, at);
                if !owner.is_live && credential.data().ended_at.is_none() {
                    return Err(format!("{}: {}", customer_field(customer), CustomerError::Ended));
                }
                self.changes.push((&credential).into());
                self.credentials.push(credential);
            }
        }
        Ok(())
    }

    fn add_account(
        &mut self,
        id: AccountId,
        customer: &CustomerKey,
        terms: &AccountTerms,
    ) -> Result<(), String> {
        let owner = self.known.customer(customer)?;
        let (customer_id, is_live) = (owner.id, terms.lifetime.ended_at.is_none());
        if is_live && !owner.is_live {
            return Err(format!("{}: {}", customer_field(customer), CustomerError::Ended));
        }
        if let Some(PaymentMethod::CreditCard(token)) = &terms.payment_method
            && self.known.cards.get(token) != Some(&customer_id)
        {
            return Err("payment_method.details.token_id: no card of this customer".to_owned());
        }
        let account = ImportedAccount::new(id, customer_id, terms.clone());
        self.changes.push((&account.account).into());
        self.known.add_account(KnownAccount {
            id,
            external_id: terms.external_id.clone(),
            customer_id,
            is_live,
        });
        self.accounts.push(account);
        Ok(())
    }

    fn add_process(&mut self, record: &ImportRecord) -> Result<(), String> {
        let ImportRecord::IdentificationProcess {
            id,
            customer,
            process_date,
            name,
            kind,
            media_type,
            document,
            ..
        } = record
        else {
            return Ok(());
        };
        let customer_id = self.known.customer(customer)?.id;
        // The same bytes get the same key, so that an import that is run again finds them where it has put them.
        let key: DocumentKey =
            format!("{id}-{}", document.sha256).parse().map_err(|error| format!("document.file: {error}"))?;
        let process = IdentificationProcess {
            id: *id,
            customer_id,
            process_date: *process_date,
            document: StoredDocument {
                name: name.clone(),
                kind: kind.clone(),
                media_type: media_type.clone(),
                size_bytes: document.size_bytes,
                key: key.clone(),
            },
        };
        self.documents.push((key, document.path.clone()));
        self.changes.push((&process).into());
        self.processes.push(process);
        Ok(())
    }

    fn add_promotion(
        &mut self,
        id: PromotionId,
        account: &AccountKey,
        new: NewPromotion,
    ) -> Result<(), String> {
        let owner = self.known.account(account)?;
        let (account_id, customer_id, is_live) = (owner.id, owner.customer_id, owner.is_live);
        let others = self.known.promotions.entry(account_id).or_default();
        let promotion = Promotion::grant(id, account_id, new, others, self.today, self.now)
            .map_err(|error| format!("promotion_id: {error}"))?;
        if !is_live && promotion.status(self.today).is_live() {
            return Err(format!("{}: {}", account_field(account), domain::AccountError::Ended));
        }
        others.push(promotion.clone());
        self.changes.push(AuditEntry::of_promotion(customer_id, &promotion));
        self.promotions.push(promotion);
        Ok(())
    }
}
