mod bulk;
mod category;
mod contract;
mod credential;
mod identification_process;
mod promotion;
mod special_treatment;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use application::Scope;
use application::ports::{
    AccountReads, AccountView, Accounts, AuditReads, BillingAddressEntry, BillingAddressHistory, Bulk, Cards,
    Categories, CategoryAssignments, Constraint, Contracts, Credentials, CustomerReads, CustomerRef,
    Customers, Effect, IdentificationProcesses, ImportedLine, Neighbour, Outbox, OutboxEntry, OutboxQueue,
    PaymentMethodEntry, Promotions, SpecialTreatments, Store, StoreError, TimelineEntry, TimelinePage,
    TokenizationReads, Tokenizations, UnitOfWork,
};
use async_trait::async_trait;
use domain::{
    Account, AccountData, AccountEvent, AccountId, Actor, AuditEntry, Card, CategoryData, CategoryId,
    Contract, ContractId, CredentialData, CredentialId, Customer, CustomerData, CustomerEvent, CustomerId,
    DocumentType, ExternalId, GatewayToken, IdentificationProcess, IdentificationProcessId, OrgId,
    PromotionData, PromotionEvent, PromotionId, SpecialTreatment, SpecialTreatmentList, Tokenization,
    TokenizationData,
};
use time::{Date, OffsetDateTime, UtcOffset};
use tokio::sync::{Mutex as AsyncMutex, Notify, OwnedMutexGuard};

/// A store in memory that keeps every promise of the port but survival. Clones share what they hold.
///
/// Units of work exclude each other, whatever their organisation: a second one begins when the first has ended.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Shared>);

#[derive(Default)]
struct Shared {
    committed: Mutex<HashMap<OrgId, Arc<Organisation>>>,
    writer: Arc<AsyncMutex<()>>,
    customer_numbers: Numbers,
    account_numbers: Numbers,
    audit_numbers: AtomicI64,
    outbox: Mutex<Vec<OutboxEntry>>,
    outbox_numbers: AtomicI64,
    outbox_added: Notify,
}

/// Hands out external ids; not rolled back, so that none is given twice.
struct Numbers(AtomicU64);

impl Default for Numbers {
    fn default() -> Self {
        Self(AtomicU64::new(1_000_000_000))
    }
}

impl Numbers {
    fn next(&self) -> ExternalId {
        ExternalId::restore(self.0.fetch_add(1, Ordering::Relaxed).to_string())
    }
}

/// Everything of one organisation. Nothing in it can see another's.
#[derive(Clone, Default)]
struct Organisation {
    customers: BTreeMap<CustomerId, CustomerRow>,
    accounts: BTreeMap<AccountId, AccountRow>,
    cards: HashMap<GatewayToken, Card>,
    tokenizations: Vec<TokenizationData>,
    promotions: BTreeMap<PromotionId, PromotionData>,
    /// Oldest first.
    promotion_history: Vec<(AccountId, PromotionEvent)>,
    last_category_id: i32,
    categories: BTreeMap<CategoryId, CategoryData>,
    /// Oldest first.
    assignments: Vec<category::AssignmentRow>,
    special_treatment_list: SpecialTreatmentList,
    /// The current ones.
    special_treatments: HashMap<CustomerId, SpecialTreatment>,
    contracts: BTreeMap<ContractId, Contract>,
    identification_processes: BTreeMap<IdentificationProcessId, IdentificationProcess>,
    credentials: BTreeMap<CredentialId, CredentialData>,
    audit: Vec<AuditRow>,
    imported_lines: Vec<ImportedLine>,
}

#[derive(Clone)]
struct AuditRow {
    id: i64,
    customer_id: Option<CustomerId>,
    entry: TimelineEntry,
}

#[derive(Clone)]
struct CustomerRow {
    data: CustomerData,
    history: Vec<RecordedEvent>,
}

/// A customer's event as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// What happened.
    pub event: CustomerEvent,
    /// Who did it.
    pub actor: Actor,
    /// When.
    pub at: OffsetDateTime,
}

/// Histories stand oldest first.
#[derive(Clone)]
struct AccountRow {
    data: AccountData,
    payment_methods: Vec<PaymentMethodEntry>,
    billing_addresses: Vec<BillingAddressEntry>,
}

impl AccountRow {
    fn append(&mut self, events: &[AccountEvent]) {
        let now = self.data.updated_at;
        for event in events {
            match event.clone() {
                AccountEvent::PaymentMethodSet(method) => {
                    self.payment_methods.push(PaymentMethodEntry { method, created_at: now });
                }
                AccountEvent::BillingAddressSet(address) => {
                    if let Some(former) = self.billing_addresses.last_mut() {
                        former.end_date = Some(now);
                    }
                    self.billing_addresses.push(BillingAddressEntry {
                        address,
                        init_date: now,
                        end_date: None,
                    });
                }
            }
        }
    }
}

impl Organisation {
    fn check_unique(&self, new: &CustomerData) -> Result<(), StoreError> {
        if new.ended_at.is_some() {
            return Ok(());
        }
        let document = new.profile.identity_document();
        let email = new.profile.digital_email().map(|email| email.folded());
        for other in self.live_customers().filter(|other| other.id != new.id) {
            if document.is_some() && other.profile.identity_document() == document {
                return Err(StoreError::Duplicate(Constraint::LiveDocument));
            }
            if email.is_some() && other.profile.digital_email().map(|email| email.folded()) == email {
                return Err(StoreError::Duplicate(Constraint::LiveDigitalEmail));
            }
        }
        Ok(())
    }

    fn check_customer(&self, id: CustomerId) -> Result<(), StoreError> {
        if self.customers.contains_key(&id) { Ok(()) } else { Err(unexpected("unknown customer")) }
    }

    fn live_customers(&self) -> impl Iterator<Item = &CustomerData> {
        self.customers.values().map(|row| &row.data).filter(|data| data.ended_at.is_none())
    }

    fn live_accounts(&self) -> impl Iterator<Item = &AccountData> {
        self.accounts.values().map(|row| &row.data).filter(|data| data.ended_at.is_none())
    }
}

/// What a database answers to the violation of a key that is no rule of the port.
fn unexpected(fault: &'static str) -> StoreError {
    StoreError::Unexpected(fault.into())
}

impl MemoryStore {
    /// What has happened to a customer that its present state no longer shows, oldest first.
    #[must_use]
    pub fn customer_history(&self, org: &OrgId, id: CustomerId) -> Vec<RecordedEvent> {
        self.0.organisation(org).customers.get(&id).map(|row| row.history.clone()).unwrap_or_default()
    }
}

impl Shared {
    fn organisation(&self, org: &OrgId) -> Arc<Organisation> {
        self.committed.lock().unwrap_or_else(PoisonError::into_inner).get(org).cloned().unwrap_or_default()
    }

    fn outbox(&self) -> MutexGuard<'_, Vec<OutboxEntry>> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self, scope: &Scope) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let exclusive = Arc::clone(&self.0.writer).lock_owned().await;
        Ok(Box::new(Unit {
            organisation: self.0.organisation(&scope.org),
            scope: scope.clone(),
            added: Vec::new(),
            finished: Vec::new(),
            mark: None,
            shared: Arc::clone(&self.0),
            _exclusive: exclusive,
        }))
    }

    async fn check_ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Works on a copy of its organisation, made at the first write, which takes the place of the committed one.
struct Unit {
    organisation: Arc<Organisation>,
    scope: Scope,
    added: Vec<OutboxEntry>,
    finished: Vec<i64>,
    mark: Option<Arc<Organisation>>,
    shared: Arc<Shared>,
    _exclusive: OwnedMutexGuard<()>,
}

impl Unit {
    fn writable(&mut self) -> &mut Organisation {
        Arc::make_mut(&mut self.organisation)
    }

    fn append_audit(&mut self, at: OffsetDateTime, changes: &[AuditEntry]) {
        let (scope, shared) = (self.scope.clone(), Arc::clone(&self.shared));
        self.writable().audit.extend(changes.iter().map(|change| AuditRow {
            id: shared.audit_numbers.fetch_add(1, Ordering::Relaxed),
            customer_id: change.customer_id,
            entry: TimelineEntry {
                at,
                actor: scope.actor.clone(),
                request_id: scope.request_id.clone(),
                operation: scope.operation.to_owned(),
                entity: change.entity,
                entity_id: change.entity_id.clone(),
                fields: change.fields.iter().map(ToString::to_string).collect(),
            },
        }));
    }
}

#[async_trait]
impl UnitOfWork for Unit {
    fn customers(&mut self) -> &mut dyn Customers {
        self
    }

    fn accounts(&mut self) -> &mut dyn Accounts {
        self
    }

    fn cards(&mut self) -> &mut dyn Cards {
        self
    }

    fn tokenizations(&mut self) -> &mut dyn Tokenizations {
        self
    }
    fn promotions(&mut self) -> &mut dyn Promotions {
        self
    }
    fn categories(&mut self) -> &mut dyn Categories {
        self
    }

    fn category_assignments(&mut self) -> &mut dyn CategoryAssignments {
        self
    }

    fn special_treatments(&mut self) -> &mut dyn SpecialTreatments {
        self
    }
    fn contracts(&mut self) -> &mut dyn Contracts {
        self
    }

    fn identification_processes(&mut self) -> &mut dyn IdentificationProcesses {
        self
    }
    fn credentials(&mut self) -> &mut dyn Credentials {
        self
    }

    fn bulk(&mut self) -> &mut dyn Bulk {
        self
    }

    fn outbox(&mut self) -> &mut dyn Outbox {
        self
    }

    async fn commit(
        mut self: Box<Self>,
        at: OffsetDateTime,
        changes: &[AuditEntry],
    ) -> Result<(), StoreError> {
        self.append_audit(at, changes);
        self.shared.outbox().retain(|entry| !self.finished.contains(&entry.id));
        if !self.added.is_empty() {
            self.shared.outbox().append(&mut self.added);
            self.shared.outbox_added.notify_one();
        }
        let mut committed = self.shared.committed.lock().unwrap_or_else(PoisonError::into_inner);
        committed.insert(self.scope.org.clone(), Arc::clone(&self.organisation));
        Ok(())
    }
}

#[async_trait]
impl Customers for Unit {
    async fn find(&mut self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        Ok(self.organisation.customers.get(&id).map(|row| Customer::restore(row.data.clone())))
    }

    async fn insert(&mut self, customer: &Customer) -> Result<Customer, StoreError> {
        let mut data = customer.data().clone();
        self.organisation.check_unique(&data)?;
        if self.organisation.customers.contains_key(&data.id) {
            return Err(StoreError::Duplicate(Constraint::Id));
        }
        if data.external_id.is_none() && data.profile.digital_email().is_none() {
            data.external_id = Some(self.shared.customer_numbers.next());
        }
        let row = CustomerRow { data: data.clone(), history: Vec::new() };
        self.writable().customers.insert(data.id, row);
        Ok(Customer::restore(data))
    }

    async fn update(&mut self, customer: &Customer) -> Result<(), StoreError> {
        let (data, actor) = (customer.data(), self.scope.actor.clone());
        let current = self.organisation.customers.get(&data.id);
        current.filter(|row| row.data.version == data.version).ok_or(StoreError::Stale)?;
        self.organisation.check_unique(data)?;
        let row = self.writable().customers.get_mut(&data.id).ok_or(StoreError::Stale)?;
        row.data = CustomerData { version: data.version + 1, ..data.clone() };
        row.history.extend(customer.events().iter().map(|event| RecordedEvent {
            event: event.clone(),
            actor: actor.clone(),
            at: data.updated_at,
        }));
        Ok(())
    }
}

#[async_trait]
impl Accounts for Unit {
    async fn find(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.organisation.accounts.get(&id).map(|row| Account::restore(row.data.clone())))
    }

    async fn insert(&mut self, account: &Account) -> Result<Account, StoreError> {
        let mut data = account.data().clone();
        self.organisation.check_customer(data.customer_id)?;
        if self.organisation.accounts.contains_key(&data.id) {
            return Err(StoreError::Duplicate(Constraint::Id));
        }
        data.external_id.get_or_insert_with(|| self.shared.account_numbers.next());
        let mut row =
            AccountRow { data: data.clone(), payment_methods: Vec::new(), billing_addresses: Vec::new() };
        row.append(account.events());
        self.writable().accounts.insert(data.id, row);
        Ok(Account::restore(data))
    }

    async fn update(&mut self, account: &Account) -> Result<(), StoreError> {
        let data = account.data();
        let current = self.writable().accounts.get_mut(&data.id);
        let row = current.filter(|row| row.data.version == data.version).ok_or(StoreError::Stale)?;
        row.data = AccountData { version: data.version + 1, ..data.clone() };
        row.append(account.events());
        Ok(())
    }

    async fn any_live(&mut self, customer: CustomerId) -> Result<bool, StoreError> {
        Ok(self.organisation.live_accounts().any(|account| account.customer_id == customer))
    }
}

#[async_trait]
impl Cards for Unit {
    async fn find(&mut self, token: &GatewayToken) -> Result<Option<Card>, StoreError> {
        Ok(self.organisation.cards.get(token).cloned())
    }

    async fn insert(&mut self, card: &Card) -> Result<(), StoreError> {
        self.organisation.check_customer(card.customer_id)?;
        if self.organisation.cards.contains_key(&card.token_id) {
            return Err(StoreError::Duplicate(Constraint::Id));
        }
        self.writable().cards.insert(card.token_id.clone(), card.clone());
        Ok(())
    }
}

#[async_trait]
impl CustomerReads for MemoryStore {
    async fn customer(&self, org: &OrgId, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        let organisation = self.0.organisation(org);
        Ok(organisation.customers.get(&id).map(|row| Customer::restore(row.data.clone())))
    }

    async fn customers_by_document(
        &self,
        org: &OrgId,
        number: &str,
        kind: Option<DocumentType>,
    ) -> Result<Vec<CustomerRef>, StoreError> {
        let organisation = self.0.organisation(org);
        let has_document = |data: &&CustomerData| {
            data.profile.identity_document().is_some_and(|document| {
                document.number() == number && kind.is_none_or(|kind| kind == document.kind())
            })
        };
        let matches = organisation.live_customers().filter(has_document).take(2);
        Ok(matches.map(|data| CustomerRef { id: data.id, external_id: data.external_id.clone() }).collect())
    }

    async fn customers_by_external_id(
        &self,
        org: &OrgId,
        external_id: &ExternalId,
    ) -> Result<Vec<CustomerId>, StoreError> {
        let organisation = self.0.organisation(org);
        let matches =
            organisation.live_customers().filter(|data| data.external_id.as_ref() == Some(external_id));
        Ok(matches.map(|data| data.id).take(2).collect())
    }
}

#[async_trait]
impl AccountReads for MemoryStore {
    async fn account(&self, org: &OrgId, id: AccountId) -> Result<Option<AccountView>, StoreError> {
        let organisation = self.0.organisation(org);
        let Some(row) = organisation.accounts.get(&id) else { return Ok(None) };
        let customer = organisation.customers.get(&row.data.customer_id);
        let customer = customer.ok_or_else(|| unexpected("account without customer"))?;
        Ok(Some(AccountView {
            account: Account::restore(row.data.clone()),
            customer_external_id: customer.data.external_id.clone(),
            customer_profile: customer.data.profile.clone(),
        }))
    }

    async fn accounts_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Vec<AccountId>>, StoreError> {
        let organisation = self.0.organisation(org);
        if !organisation.customers.contains_key(&customer) {
            return Ok(None);
        }
        let mut accounts: Vec<_> =
            organisation.live_accounts().filter(|account| account.customer_id == customer).collect();
        accounts.sort_by_key(|account| (account.created_at, account.id));
        Ok(Some(accounts.into_iter().map(|account| account.id).collect()))
    }

    async fn accounts_by_external_id(
        &self,
        org: &OrgId,
        external_id: &ExternalId,
    ) -> Result<Vec<AccountId>, StoreError> {
        let organisation = self.0.organisation(org);
        let matches =
            organisation.live_accounts().filter(|data| data.external_id.as_ref() == Some(external_id));
        Ok(matches.map(|data| data.id).take(2).collect())
    }

    async fn payment_method_history(
        &self,
        org: &OrgId,
        id: AccountId,
    ) -> Result<Option<Vec<PaymentMethodEntry>>, StoreError> {
        let organisation = self.0.organisation(org);
        Ok(organisation.accounts.get(&id).map(|row| row.payment_methods.iter().rev().cloned().collect()))
    }

    async fn billing_address_history(
        &self,
        org: &OrgId,
        id: AccountId,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Option<BillingAddressHistory>, StoreError> {
        let organisation = self.0.organisation(org);
        let in_range = |entry: &&BillingAddressEntry| {
            let day = entry.init_date.to_offset(UtcOffset::UTC).date();
            from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
        };
        Ok(organisation.accounts.get(&id).map(|row| BillingAddressHistory {
            external_id: row.data.external_id.clone(),
            entries: row.billing_addresses.iter().rev().filter(in_range).cloned().collect(),
        }))
    }
}

#[async_trait]
impl AuditReads for MemoryStore {
    async fn timeline(
        &self,
        org: &OrgId,
        customer: CustomerId,
        before: Option<i64>,
        limit: u16,
    ) -> Result<Option<TimelinePage>, StoreError> {
        let organisation = self.0.organisation(org);
        if !organisation.customers.contains_key(&customer) {
            return Ok(None);
        }
        let on_page = |row: &&AuditRow| {
            row.customer_id == Some(customer) && before.is_none_or(|before| row.id < before)
        };
        let limit = usize::from(limit);
        let rows: Vec<_> = organisation.audit.iter().rev().filter(on_page).take(limit + 1).collect();
        let next = if rows.len() > limit { rows.get(limit - 1).map(|row| row.id) } else { None };
        let entries = rows.into_iter().take(limit).map(|row| row.entry.clone()).collect();
        Ok(Some(TimelinePage { entries, next }))
    }
}

#[async_trait]
impl Outbox for Unit {
    async fn add(
        &mut self,
        customer: CustomerId,
        effect: &Effect,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        self.added.push(OutboxEntry {
            id: self.shared.outbox_numbers.fetch_add(1, Ordering::Relaxed) + 1,
            org: self.scope.org.clone(),
            customer_id: customer,
            effect: effect.clone(),
            request_id: self.scope.request_id.clone(),
            created_at: now,
            attempts: 0,
            failures: 0,
            due_at: now,
            parked_at: None,
            last_error: None,
        });
        Ok(())
    }

    async fn finish(&mut self, entry: &OutboxEntry) -> Result<(), StoreError> {
        let outbox = self.shared.outbox();
        let is_claimed = |own: &OutboxEntry| own.id == entry.id && own.attempts == entry.attempts;
        if !outbox.iter().any(is_claimed) {
            return Err(StoreError::Stale);
        }
        self.finished.push(entry.id);
        Ok(())
    }
}

/// Where the oldest entries of each queue of a neighbour stand.
fn heads(outbox: &[OutboxEntry], neighbour: Neighbour) -> Vec<usize> {
    let mut seen = HashSet::new();
    let mut is_head = |entry: &OutboxEntry| {
        entry.effect.neighbour() == neighbour
            && seen.insert((entry.org.clone(), entry.effect.queue(entry.customer_id)))
    };
    let heads = (0..outbox.len()).filter(|&at| is_head(&outbox[at]));
    heads.filter(|&at| outbox[at].parked_at.is_none()).collect()
}

impl MemoryStore {
    fn change_claimed(&self, entry: &OutboxEntry, change: impl FnOnce(&mut OutboxEntry)) {
        let mut outbox = self.0.outbox();
        let own = outbox.iter_mut().find(|own| own.id == entry.id && own.attempts == entry.attempts);
        if let Some(own) = own {
            change(own);
        }
    }
}

#[async_trait]
impl OutboxQueue for MemoryStore {
    async fn claim(
        &self,
        neighbour: Neighbour,
        now: OffsetDateTime,
        until: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let mut outbox = self.0.outbox();
        let mut due = heads(&outbox, neighbour);
        due.retain(|&at| outbox[at].due_at <= now);
        due.sort_by_key(|&at| (outbox[at].due_at, outbox[at].id));
        let claim = |at: usize| {
            let entry = &mut outbox[at];
            (entry.attempts, entry.due_at) = (entry.attempts + 1, until);
            entry.clone()
        };
        Ok(due.into_iter().take(usize::from(limit)).map(claim).collect())
    }

    async fn postpone(
        &self,
        entry: &OutboxEntry,
        due_at: OffsetDateTime,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        self.change_claimed(entry, |own| {
            (own.due_at, own.last_error) = (due_at, error.map(ToOwned::to_owned));
            own.failures += i32::from(error.is_some());
        });
        Ok(())
    }

    async fn park(&self, entry: &OutboxEntry, now: OffsetDateTime, error: &str) -> Result<(), StoreError> {
        self.change_claimed(entry, |own| {
            (own.parked_at, own.last_error) = (Some(now), Some(error.to_owned()));
            own.failures += 1;
        });
        Ok(())
    }

    async fn next_due(&self, neighbour: Neighbour) -> Result<Option<OffsetDateTime>, StoreError> {
        let outbox = self.0.outbox();
        Ok(heads(&outbox, neighbour).into_iter().map(|at| outbox[at].due_at).min())
    }

    async fn entries(&self, only_parked: bool, limit: u16) -> Result<Vec<OutboxEntry>, StoreError> {
        let outbox = self.0.outbox();
        let shown = outbox.iter().filter(|entry| !only_parked || entry.parked_at.is_some());
        Ok(shown.take(usize::from(limit)).cloned().collect())
    }

    async fn retry(&self, id: Option<i64>, now: OffsetDateTime) -> Result<u64, StoreError> {
        let mut outbox = self.0.outbox();
        let parked = outbox.iter_mut().filter(|entry| entry.parked_at.is_some());
        let retried = parked.filter(|entry| id.is_none_or(|id| entry.id == id)).map(|entry| {
            (entry.failures, entry.due_at, entry.parked_at) = (0, now, None);
        });
        let retried = retried.count() as u64;
        self.0.outbox_added.notify_one();
        Ok(retried)
    }

    async fn added(&self) {
        self.0.outbox_added.notified().await;
    }
}

impl Organisation {
    fn newest_tokenization(&self, reference: &GatewayToken) -> Option<Tokenization> {
        let of_reference = self.tokenizations.iter().filter(|data| data.reference_id == *reference);
        of_reference.max_by_key(|data| data.attempt).cloned().map(Tokenization::restore)
    }
}

#[async_trait]
impl Tokenizations for Unit {
    async fn account_of(&mut self, reference: &GatewayToken) -> Result<Option<AccountId>, StoreError> {
        Ok(self.organisation.newest_tokenization(reference).map(|newest| newest.data().account_id))
    }

    async fn newest(&mut self, reference: &GatewayToken) -> Result<Option<Tokenization>, StoreError> {
        Ok(self.organisation.newest_tokenization(reference))
    }

    async fn pending_of(&mut self, account: AccountId) -> Result<Option<Tokenization>, StoreError> {
        let all = self.organisation.tokenizations.iter().filter(|data| data.account_id == account);
        Ok(all.cloned().map(Tokenization::restore).find(Tokenization::is_pending))
    }

    async fn insert(&mut self, tokenization: &Tokenization) -> Result<(), StoreError> {
        let data = tokenization.data();
        let is_same = |other: &TokenizationData| {
            other.reference_id == data.reference_id && other.attempt == data.attempt
        };
        if self.organisation.tokenizations.iter().any(is_same) {
            return Err(StoreError::Duplicate(Constraint::TokenizationAttempt));
        }
        if !self.organisation.accounts.contains_key(&data.account_id) {
            return Err(unexpected("unknown account"));
        }
        self.writable().tokenizations.push(data.clone());
        Ok(())
    }

    async fn update(&mut self, tokenization: &Tokenization) -> Result<(), StoreError> {
        let data = tokenization.data();
        let is_same = |other: &&mut TokenizationData| {
            other.reference_id == data.reference_id
                && other.attempt == data.attempt
                && other.version == data.version
        };
        let row = self.writable().tokenizations.iter_mut().find(is_same).ok_or(StoreError::Stale)?;
        *row = TokenizationData { version: data.version + 1, ..data.clone() };
        Ok(())
    }
}

#[async_trait]
impl TokenizationReads for MemoryStore {
    async fn tokenization(
        &self,
        org: &OrgId,
        reference: &GatewayToken,
    ) -> Result<Option<Tokenization>, StoreError> {
        Ok(self.0.organisation(org).newest_tokenization(reference))
    }

    async fn tokenizations_of(
        &self,
        org: &OrgId,
        account: AccountId,
    ) -> Result<Option<Vec<Tokenization>>, StoreError> {
        let organisation = self.0.organisation(org);
        if !organisation.accounts.contains_key(&account) {
            return Ok(None);
        }
        let own = organisation.tokenizations.iter().filter(|data| data.account_id == account);
        let mut own: Vec<_> = own.cloned().collect();
        own.sort_by_key(|data| {
            std::cmp::Reverse((data.created_at, data.attempt, data.reference_id.as_str().to_owned()))
        });
        Ok(Some(own.into_iter().map(Tokenization::restore).collect()))
    }

    async fn cards_of(&self, org: &OrgId, customer: CustomerId) -> Result<Option<Vec<Card>>, StoreError> {
        let organisation = self.0.organisation(org);
        if !organisation.customers.contains_key(&customer) {
            return Ok(None);
        }
        let mut cards: Vec<_> =
            organisation.cards.values().filter(|card| card.customer_id == customer).cloned().collect();
        cards.sort_by_key(|card| std::cmp::Reverse((card.created_at, card.token_id.as_str().to_owned())));
        Ok(Some(cards))
    }
}
