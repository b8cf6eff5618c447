//! One of the stores with everything that works on it.

use std::any::Any;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use application::ports::{Calendar, Clock, Constraint, Neighbour, Store, StoreError, UnitOfWork};
use application::{
    AccountPolicy, Accounts, Categories, Contracts, Credentials, Customers, Error, IdentificationProcesses,
    OrgPolicy, OutboxPolicy, OutboxWorker, Promotions, Scope, Search, SpecialTreatments, TokenizationPolicy,
    Tokenizations,
};
use domain::{
    AccountId, Contract, Customer, CustomerData, CustomerId, ExternalId, Language, PaymentMethodType,
    PaymentPolicy, Restriction,
};
use testkit::fixtures::{invoice, text};
use testkit::{FixedClock, SequentialIds};
use time::{Date, Duration, OffsetDateTime, UtcOffset};

use super::command::{
    AccountCommand, CategoryCommand, Command, CredentialCommand, CustomerCommand, Known, Mood, Step,
    WorldCommand,
};
use super::neighbours::Neighbours;

/// Days that differ from those in UTC, so that nobody can take one for the other.
pub(super) struct CentralEuropeanTime;

impl Calendar for CentralEuropeanTime {
    fn day_of(&self, instant: OffsetDateTime) -> Date {
        instant.to_offset(UtcOffset::from_hms(1, 0, 0).unwrap()).date()
    }
}

/// What a store has answered. Compared as it is: `Debug` leaves out what is personal.
pub(super) trait Answer: Debug + Send + Any {
    fn is_same(&self, other: &dyn Answer) -> bool;
}

impl<T: Debug + Send + Any + PartialEq> Answer for T {
    fn is_same(&self, other: &dyn Answer) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref::<T>() == Some(self)
    }
}

/// The answers to some questions.
#[derive(Debug, Default)]
pub(super) struct Answers(pub(super) Vec<(String, Box<dyn Answer>)>);

impl Answers {
    pub(super) fn add(&mut self, question: impl Into<String>, answer: impl Answer) {
        self.0.push((question.into(), Box::new(answer)));
    }

    pub(super) fn add_result<T: Debug + Send + PartialEq + 'static>(
        &mut self,
        question: impl Into<String>,
        result: Result<T, Error>,
    ) {
        self.add(question, result.map_err(|error| format!("{error:?}")));
    }

    /// The questions to which others have answered otherwise.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let mut different: Vec<_> = self
            .0
            .iter()
            .zip(&other.0)
            .filter(|((a, own), (b, others))| a != b || !own.is_same(&**others))
            .map(|((question, own), (_, others))| format!("{question}:\n    {own:?}\n    {others:?}"))
            .collect();
        if self.0.len() != other.0.len() {
            different.push(format!("{} answers instead of {}", self.0.len(), other.0.len()));
        }
        different
    }
}

/// The use cases of an organisation. Both organisations hand out the same ids.
pub(super) struct Organisation {
    pub(super) scope: Scope,
    pub(super) customers: Customers,
    pub(super) accounts: Accounts,
    pub(super) promotions: Promotions,
    pub(super) categories: Categories,
    pub(super) special_treatments: SpecialTreatments,
    pub(super) credentials: Arc<Credentials>,
    pub(super) contracts: Contracts,
    pub(super) identification: IdentificationProcesses,
    pub(super) tokenizations: Arc<Tokenizations>,
}

pub(super) struct Side {
    pub(super) name: &'static str,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<FixedClock>,
    pub(super) neighbours: Arc<Neighbours>,
    pub(super) organisations: [Organisation; 2],
    pub(super) outbox: OutboxWorker,
    pub(super) of_customers: ExternalIds,
    pub(super) of_accounts: ExternalIds,
}

/// A store may leave out external ids: they are compared by the order in which they appear.
#[derive(Default)]
pub(super) struct ExternalIds(Mutex<HashMap<ExternalId, usize>>);

impl ExternalIds {
    pub(super) fn comparable(&self, id: Option<&ExternalId>) -> Option<ExternalId> {
        let mut known = self.0.lock().unwrap();
        let next = known.len();
        id.map(|id| text(&known.entry(id.clone()).or_insert(next).to_string()))
    }
}

fn policy() -> AccountPolicy {
    let restriction = Restriction {
        segment: Some(domain::Segment::Sme),
        modality: None,
        allowed: vec![PaymentMethodType::BankTransfer, PaymentMethodType::CreditCard],
    };
    let payment = PaymentPolicy { teci: true, restrictions: vec![restriction] };
    AccountPolicy {
        default: OrgPolicy { payment, invoice: Some(invoice()) },
        organisations: HashMap::default(),
    }
}

fn organisation(
    name: &str,
    store: &Arc<dyn Store>,
    clock: &Arc<FixedClock>,
    neighbours: &Arc<Neighbours>,
) -> Organisation {
    let ids = Arc::new(SequentialIds::default());
    let (store, clock, calendar) = (|| store.clone(), || clock.clone(), || Arc::new(CentralEuropeanTime));
    Organisation {
        scope: Scope {
            org: name.parse().unwrap(),
            actor: text("tester"),
            operation: "test",
            request_id: String::new(),
        },
        customers: Customers { store: store(), clock: clock(), calendar: calendar(), ids: ids.clone() },
        accounts: Accounts {
            store: store(),
            clock: clock(),
            calendar: calendar(),
            ids: ids.clone(),
            policy: policy(),
        },
        promotions: Promotions { store: store(), clock: clock(), calendar: calendar(), ids: ids.clone() },
        categories: Categories { store: store(), clock: clock() },
        special_treatments: SpecialTreatments { store: store(), clock: clock() },
        credentials: Arc::new(Credentials {
            store: store(),
            identity_system: neighbours.clone(),
            notifier: neighbours.clone(),
            clock: clock(),
            calendar: calendar(),
            ids,
        }),
        contracts: Contracts { store: store(), clock: clock() },
        identification: IdentificationProcesses {
            store: store(),
            documents: neighbours.clone(),
            clock: clock(),
            url_lifetime: Duration::minutes(5),
        },
        tokenizations: Arc::new(Tokenizations {
            store: store(),
            gateway: neighbours.clone(),
            clock: clock(),
            calendar: calendar(),
            policy: TokenizationPolicy {
                expires_after: Duration::minutes(10),
                ask_again_after: Duration::seconds(2),
            },
        }),
    }
}

/// Retries are due at once: how long they wait depends on the numbers of the entries, which are each store's own affair.
const PATIENCE: OutboxPolicy = OutboxPolicy {
    lease: Duration::minutes(1),
    first_retry_after: Duration::ZERO,
    longest_retry_after: Duration::ZERO,
    most_failures: 3,
    // What is claimed together happens in any order.
    concurrency: 1,
};

fn shown(error: StoreError) -> String {
    match error {
        // What is wrong is each database's own to say.
        StoreError::Unexpected(_) => "Unexpected".to_owned(),
        error => format!("{error:?}"),
    }
}

impl Side {
    pub(super) fn new(name: &'static str, store: Arc<dyn Store>, organisations: [&str; 2]) -> Self {
        let clock = Arc::new(FixedClock::default());
        let neighbours =
            Arc::new(Neighbours { clock: clock.clone(), mood: Mutex::default(), calls: Mutex::default() });
        let organisations = organisations.map(|name| organisation(name, &store, &clock, &neighbours));
        let outbox = OutboxWorker {
            store: store.clone(),
            clock: clock.clone(),
            tokenizations: organisations[0].tokenizations.clone(),
            credentials: organisations[0].credentials.clone(),
            policy: PATIENCE,
        };
        let (of_customers, of_accounts) = Default::default();
        Self { name, store, clock, neighbours, organisations, outbox, of_customers, of_accounts }
    }

    /// Does one step, and tells what has come of it. Adds to `known` what it has made.
    pub(super) async fn run(&self, number: usize, step: &Step, known: &mut Known) -> Answers {
        let organisation = &self.organisations[step.org];
        let scope = Scope { request_id: format!("step {number}"), ..organisation.scope.clone() };
        let mut answers = match &step.command {
            Command::Customer(command) => self.run_customer(organisation, &scope, command, known).await,
            Command::Account(command) => self.run_account(organisation, &scope, command, known).await,
            Command::Category(command) => run_category(organisation, &scope, command, known).await,
            Command::Credential(command) => run_credential(organisation, &scope, command, known).await,
            Command::World(command) => self.run_world(command).await,
        };
        answers.add("told outside", self.neighbours.told());
        answers
    }

    async fn run_customer(
        &self,
        organisation: &Organisation,
        scope: &Scope,
        command: &CustomerCommand,
        known: &mut Known,
    ) -> Answers {
        let (customers, mut answers) = (&organisation.customers, Answers::default());
        match command.clone() {
            CustomerCommand::Register(new) => {
                let number = new.profile.identity_document().map(|document| document.number().to_owned());
                let made = customers.register(scope, new).await;
                known.numbers.extend(number.filter(|_| made.is_ok()));
                known.customers.extend(made.as_ref().map(|made| made.id));
                let made =
                    made.map(|made| (made.id, self.of_customers.comparable(made.external_id.as_ref())));
                answers.add_result("registered", made);
            }
            CustomerCommand::Bring(customer) => {
                let brought =
                    self.bring(scope, async |work| work.customers().insert(&customer).await.map(|_| ()));
                let brought = brought.await;
                known.customers.extend(brought.as_ref().map(|()| customer.data().id));
                // Its id may be used as well as its document, and each database names what it has looked at first.
                answers.add("brought", brought.is_ok());
            }
            CustomerCommand::Amend(id, patch) => {
                answers.add_result("amended", customers.amend(scope, id, *patch).await);
            }
            CustomerCommand::ReplaceRepresentative(id, user) => {
                let replaced = customers.replace_representative(scope, id, *user).await;
                answers.add_result("replaced", replaced);
            }
            CustomerCommand::ConvertNie(id, nif) => {
                answers.add_result("converted", customers.convert_nie_to_nif(scope, id, nif).await);
            }
            CustomerCommand::End(id) => answers.add_result("ended", customers.end(scope, id).await),
            CustomerCommand::WriteOldCopy(id) => {
                answers.add("written", self.bring(scope, async |work| write_old_copy(work, id).await).await);
            }
            CustomerCommand::Abandon(new) => {
                let mut work = self.store.begin(scope).await.unwrap();
                let customer = Customer::register(testkit::fixtures::customer_id(90), new, self.clock.now());
                let added = work.customers().insert(&customer).await.map(|_| ()).map_err(shown);
                answers.add("added", added);
            }
            CustomerCommand::Search(number, kind, email) => {
                let found = match Search::new(number.as_deref(), kind, email) {
                    Ok(search) => customers.search(&scope.org, &search).await,
                    Err(_) => return answers,
                };
                let found =
                    found.map(|found| (found.id, self.of_customers.comparable(found.external_id.as_ref())));
                answers.add_result("found", found);
            }
            CustomerCommand::Read(id) => self.read_customer(organisation, id, &mut answers).await,
            CustomerCommand::Identify(process) => {
                let brought =
                    self.bring(scope, async |work| work.identification_processes().insert(&process).await);
                let brought = brought.await;
                known.processes.extend(brought.as_ref().map(|()| (process.customer_id, process.id)));
                answers.add("brought", brought.is_ok());
            }
        }
        answers
    }

    async fn run_account(
        &self,
        organisation: &Organisation,
        scope: &Scope,
        command: &AccountCommand,
        known: &mut Known,
    ) -> Answers {
        let (accounts, mut answers) = (&organisation.accounts, Answers::default());
        match command.clone() {
            AccountCommand::Open(customer, request) => {
                let opened = accounts.open(scope, customer, request).await;
                known.accounts.extend(opened.as_ref().map(|(opened, _)| (customer, opened.id)));
                let opened = opened
                    .map(|(it, done)| (it.id, self.of_accounts.comparable(it.external_id.as_ref()), done));
                answers.add_result("opened", opened);
            }
            AccountCommand::Bring(account) => {
                let brought =
                    self.bring(scope, async |work| work.accounts().insert(&account).await.map(|_| ()));
                let (brought, data) = (brought.await, account.data());
                known.accounts.extend(brought.as_ref().map(|()| (data.customer_id, data.id)));
                answers.add("brought", brought.is_ok());
            }
            AccountCommand::ChangeMethod(id, choice) => {
                answers.add_result("changed", accounts.change_payment_method(scope, id, choice).await);
            }
            AccountCommand::ChangeAddress(id, address) => {
                answers.add_result("changed", accounts.change_billing_address(scope, id, address).await);
            }
            AccountCommand::End(customer, id) => {
                answers.add_result("ended", accounts.end(scope, customer, id).await);
            }
            AccountCommand::Read(id) => self.read_account(organisation, id, &mut answers).await,
            AccountCommand::Contract(account, contract) => {
                let account_external_id = self.external_id_of(scope, account).await;
                let contract = Contract { account_external_id, ..contract };
                let brought = self.bring(scope, async |work| work.contracts().insert(&contract).await).await;
                known.contracts += u32::from(brought.is_ok());
                answers.add("brought", brought.is_ok());
            }
            AccountCommand::Promote(account, new) => {
                let made = organisation.promotions.create(scope, account, new).await;
                known.promotions.extend(made.as_ref().map(|(made, _)| (account, made.data().id)));
                answers.add_result("promoted", made);
            }
            AccountCommand::CancelPromotion(account, id, cancellation) => {
                let cancelled = organisation.promotions.cancel(scope, account, id, cancellation).await;
                answers.add_result("cancelled", cancelled);
            }
        }
        answers
    }

    async fn run_world(&self, command: &WorldCommand) -> Answers {
        let (mut answers, now) = (Answers::default(), self.clock.now());
        match *command {
            WorldCommand::Pass(time) => {
                self.clock.advance(time);
            }
            WorldCommand::Turn(mood) => *self.neighbours.mood.lock().unwrap() = mood,
            WorldCommand::Work(neighbour) => {
                answers.add_result("claimed", self.outbox.run_due(neighbour).await.map_err(Error::from));
                let next = self.outbox.until_due(neighbour).await;
                answers.add_result("until the next is due", next.map_err(Error::from));
            }
            WorldCommand::ClaimAndVanish(neighbour) => {
                let until = now + PATIENCE.lease;
                let mut claimed = self.store.claim(neighbour, now, until, 2).await.unwrap();
                // They come in any order.
                claimed.sort_by_key(|entry| entry.id);
                claimed.iter_mut().for_each(|entry| entry.id = 0);
                answers.add("claimed", claimed);
            }
            WorldCommand::RetryParked => {
                answers.add_result("retried", self.store.retry(None, now).await.map_err(Error::from));
            }
        }
        answers
    }

    /// Writes past the use cases, as an import does.
    async fn bring(
        &self,
        scope: &Scope,
        write: impl AsyncFnOnce(&mut dyn UnitOfWork) -> Result<(), StoreError>,
    ) -> Result<(), String> {
        let mut work = self.store.begin(scope).await.map_err(shown)?;
        write(&mut *work).await.map_err(shown)?;
        work.commit(self.clock.now(), &[]).await.map_err(shown)
    }

    pub(super) async fn external_id_of(&self, scope: &Scope, account: AccountId) -> ExternalId {
        let view = self.store.account(&scope.org, account).await.unwrap();
        view.and_then(|view| view.account.data().external_id.clone()).unwrap_or_else(|| text("nobody's"))
    }

    /// Lets everything happen that is still to happen.
    pub(super) async fn settle(&self, answers: &mut Answers) {
        *self.neighbours.mood.lock().unwrap() = Mood::Well;
        let retried = self.store.retry(None, self.clock.now()).await.unwrap();
        answers.add("retried", retried);
        for round in 0..200 {
            self.clock.advance(Duration::minutes(11));
            let mut claimed = 0;
            for neighbour in Neighbour::ALL {
                claimed += self.outbox.run_due(*neighbour).await.unwrap();
            }
            answers.add(format!("claimed in round {round}"), claimed);
            let mut left = self.store.entries(false, 1000).await.unwrap();
            left.iter_mut().for_each(|entry| entry.id = 0);
            answers.add(format!("left in round {round}"), left);
            if claimed == 0 {
                break;
            }
        }
        answers.add("told outside", self.neighbours.told());
        let left = self.store.entries(false, 100).await.unwrap();
        answers.add("left in the outbox", left.len());
        assert!(left.is_empty(), "{}: {left:?}", self.name);
    }
}

async fn write_old_copy(work: &mut dyn UnitOfWork, id: CustomerId) -> Result<(), StoreError> {
    let Some(customer) = work.customers().find(id).await? else { return Ok(()) };
    let data = customer.data().clone();
    let old = CustomerData { version: data.version - 1, preferred_language: Language::Basque, ..data };
    work.customers().update(&Customer::restore(old)).await
}

async fn run_category(
    organisation: &Organisation,
    scope: &Scope,
    command: &CategoryCommand,
    known: &mut Known,
) -> Answers {
    let (categories, treatments) = (&organisation.categories, &organisation.special_treatments);
    let mut answers = Answers::default();
    match command.clone() {
        CategoryCommand::Define(new) => {
            let defined = categories.define(scope, new).await;
            known.categories.extend(defined.iter().flatten().map(|category| category.data().id));
            answers.add_result("defined", defined);
        }
        CategoryCommand::Amend(id, patch) => {
            answers.add_result("amended", categories.amend(scope, id, patch).await);
        }
        CategoryCommand::Remove(id) => {
            answers.add_result("removed", categories.remove(scope, id).await);
        }
        CategoryCommand::Assign(customer, id, new) => {
            let assigned = categories.assign(scope, customer, id, new).await;
            known.assignments.extend(assigned.as_ref().map(|()| (customer, id)));
            answers.add_result("assigned", assigned);
        }
        CategoryCommand::AmendAssignment(customer, id, patch) => {
            let amended = categories.amend_assignment(scope, customer, id, patch).await;
            answers.add_result("amended", amended);
        }
        CategoryCommand::EndAssignment(customer, id) => {
            answers.add_result("ended", categories.end_assignment(scope, customer, id).await);
        }
        CategoryCommand::Offer(values) => {
            let is_empty = values.is_empty();
            let offered = treatments.offer(scope, values).await;
            known.is_offering = if offered.is_ok() { !is_empty } else { known.is_offering };
            answers.add_result("offered", offered);
        }
        CategoryCommand::Treat(customer, value) => {
            answers.add_result("given", treatments.give(scope, customer, value).await);
        }
        CategoryCommand::TreatLikeOthers(customer) => {
            answers.add_result("taken away", treatments.take_away(scope, customer).await);
        }
    }
    answers
}

/// A new one may break both rules, and each database names the one that it has looked at first.
fn refused_credential(error: Error) -> String {
    match error {
        Error::Store(StoreError::Duplicate(Constraint::LiveUsername | Constraint::LiveCredential)) => {
            "the user name is taken, or the customer has a credential".to_owned()
        }
        error => format!("{error:?}"),
    }
}

async fn run_credential(
    organisation: &Organisation,
    scope: &Scope,
    command: &CredentialCommand,
    known: &mut Known,
) -> Answers {
    let (credentials, mut answers) = (&organisation.credentials, Answers::default());
    match command.clone() {
        CredentialCommand::Reserve(customer, username) => {
            let made = credentials.reserve(scope, customer, username).await;
            known.credentials.extend(made.as_ref().map(|made| (customer, *made)));
            answers.add("reserved", made.map_err(refused_credential));
        }
        CredentialCommand::Migrate(customer, username) => {
            let made = credentials.migrate(scope, customer, username).await;
            known.credentials.extend(made.as_ref().map(|made| (customer, *made)));
            answers.add("migrated", made.map_err(refused_credential));
        }
        CredentialCommand::Rename(customer, username) => {
            answers.add_result("renamed", credentials.change_username(scope, customer, username).await);
        }
        CredentialCommand::Activate(customer) => {
            answers.add_result("activated", credentials.activate(scope, customer).await);
        }
        CredentialCommand::Expire(customer, date) => {
            answers.add_result("expires", credentials.expire_on(scope, customer, date).await);
        }
        CredentialCommand::End(customer, id) => {
            answers.add_result("ended", credentials.end(scope, customer, id).await);
        }
    }
    answers
}
