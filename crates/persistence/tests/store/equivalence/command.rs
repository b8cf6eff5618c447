//! What is done in a sequence, and how it is chosen.

use application::NewAccountRequest;
use application::ports::Neighbour;
use domain::{
    Account, AccountData, AccountId, AssociatedUser, BillingAddress, Cancellation, CatalogueValue,
    CatalogueValues, CategoryAssignmentPatch, CategoryId, CategoryPatch, Change, ContactPatch, Contract,
    Customer, CustomerData, CustomerId, CustomerPatch, DigitalPatch, DocumentType, ExpirationDate,
    GatewayToken, IdentificationProcess, Language, LoginEmail, NewAccountModality, NewCategory,
    NewCategoryAssignment, NewCustomer, NewPromotion, Nif, PaymentMethodChoice, Period, PersonalPatch,
    PromotionId,
};
use testkit::fixtures::{
    account_id, address, billing_address, catalogue_value, catalogue_values, cif, company, contract,
    credential_id, customer_id, digital_customer, document, iban, identification_process, login,
    new_category, new_category_assignment, nie, nif, other_iban, person, private_customer, promotion_id,
    representative, self_employed, sparse, text, token,
};
use time::{Date, Duration, OffsetDateTime};

/// One step of a sequence.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// Which of the two organisations acts.
    pub(super) org: usize,
    pub(super) command: Command,
}

#[derive(Debug, Clone)]
pub(super) enum Command {
    Customer(CustomerCommand),
    Account(AccountCommand),
    Category(CategoryCommand),
    Credential(CredentialCommand),
    World(WorldCommand),
}

#[derive(Debug, Clone)]
pub(super) enum CustomerCommand {
    Register(NewCustomer),
    /// Brings one with an external id of its own, as an import does.
    Bring(Box<Customer>),
    Amend(CustomerId, Box<CustomerPatch>),
    ReplaceRepresentative(CustomerId, Box<AssociatedUser>),
    ConvertNie(CustomerId, Nif),
    End(CustomerId),
    /// Writes a copy that is one version too old.
    WriteOldCopy(CustomerId),
    /// Drops a unit of work that has added one.
    Abandon(NewCustomer),
    Search(Option<String>, Option<DocumentType>, Option<LoginEmail>),
    Read(CustomerId),
    Identify(IdentificationProcess),
}

#[derive(Debug, Clone)]
pub(super) enum AccountCommand {
    Open(CustomerId, NewAccountRequest),
    /// Brings one with an external id of its own, as an import does.
    Bring(Box<Account>),
    ChangeMethod(AccountId, PaymentMethodChoice),
    ChangeAddress(AccountId, BillingAddress),
    End(CustomerId, AccountId),
    Read(AccountId),
    /// A contract under the external id that this account was given.
    Contract(AccountId, Contract),
    Promote(AccountId, NewPromotion),
    CancelPromotion(AccountId, PromotionId, Cancellation),
}

#[derive(Debug, Clone)]
pub(super) enum CategoryCommand {
    Define(Vec<NewCategory>),
    Amend(CategoryId, CategoryPatch),
    Remove(CategoryId),
    Assign(CustomerId, CategoryId, NewCategoryAssignment),
    AmendAssignment(CustomerId, CategoryId, CategoryAssignmentPatch),
    EndAssignment(CustomerId, CategoryId),
    Offer(CatalogueValues),
    Treat(CustomerId, CatalogueValue),
    TreatLikeOthers(CustomerId),
}

#[derive(Debug, Clone)]
pub(super) enum CredentialCommand {
    Reserve(CustomerId, LoginEmail),
    Migrate(CustomerId, LoginEmail),
    Rename(CustomerId, LoginEmail),
    Activate(CustomerId),
    Expire(CustomerId, Option<ExpirationDate>),
    End(CustomerId, domain::CredentialId),
}

#[derive(Debug, Clone)]
pub(super) enum WorldCommand {
    Pass(Duration),
    Turn(Mood),
    Work(Neighbour),
    /// Claims entries and is never heard of again.
    ClaimAndVanish(Neighbour),
    RetryParked,
}

/// How the neighbours answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mood {
    #[default]
    Well,
    Down,
    Refusing,
}

/// What a sequence has made so far in an organisation, so that most commands find something to work on.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) customers: Vec<CustomerId>,
    /// Of their documents.
    pub(super) numbers: Vec<String>,
    pub(super) accounts: Vec<(CustomerId, AccountId)>,
    pub(super) promotions: Vec<(AccountId, PromotionId)>,
    pub(super) categories: Vec<CategoryId>,
    /// Whether special treatments are offered.
    pub(super) is_offering: bool,
    pub(super) assignments: Vec<(CustomerId, CategoryId)>,
    pub(super) credentials: Vec<(CustomerId, domain::CredentialId)>,
    pub(super) cards: Vec<GatewayToken>,
    pub(super) contracts: u32,
    pub(super) processes: Vec<(CustomerId, domain::IdentificationProcessId)>,
}

/// SplitMix64: the same sequences for a seed, whatever the platform and the versions of other crates.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn of_sequence(seed: u64, sequence: u32) -> Self {
        Self(Self(seed.wrapping_add(u64::from(sequence))).next())
    }

    /// Mostly the first one.
    pub(super) fn organisation(&mut self) -> usize {
        usize::from(self.percent(15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end)).unwrap()
    }

    fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.below(u32::try_from(among.len()).unwrap()) as usize].clone()
    }

    /// Mostly one that is known.
    fn known<T: Clone>(&mut self, among: &[T], other: T) -> T {
        if among.is_empty() || self.percent(6) { other } else { self.pick(among) }
    }
}

/// What a choice depends on.
pub(super) struct Chooser<'a> {
    pub(super) random: &'a mut Random,
    pub(super) known: &'a Known,
    pub(super) now: OffsetDateTime,
    pub(super) today: Date,
}

impl Chooser<'_> {
    pub(super) fn command(mut self) -> Command {
        if self.known.customers.is_empty() && self.random.percent(70) {
            return Command::Customer(CustomerCommand::Register(self.new_customer()));
        }
        match self.random.below(100) {
            0..26 => Command::Customer(self.of_customer()),
            26..50 => Command::Account(self.of_account()),
            50..68 => Command::Category(self.of_category()),
            68..81 => Command::Credential(self.of_credential()),
            _ => Command::World(self.of_world()),
        }
    }

    fn of_customer(&mut self) -> CustomerCommand {
        let id = self.customer();
        match self.random.below(100) {
            0..24 => CustomerCommand::Register(self.new_customer()),
            24..28 => {
                let n = 100 + self.random.below(20);
                let new = Customer::register(customer_id(n), self.new_customer(), self.now);
                let external_id = Some(text(self.random.pick(&["legacy-1", "legacy-2"])));
                let brought = CustomerData { external_id, ..new.data().clone() };
                CustomerCommand::Bring(Box::new(Customer::restore(brought)))
            }
            28..49 => CustomerCommand::Amend(id, Box::new(self.customer_patch())),
            49..55 => {
                let user = representative(&nif(self.random.below(3) + 1));
                CustomerCommand::ReplaceRepresentative(id, Box::new(user))
            }
            55..64 => CustomerCommand::ConvertNie(id, nif(self.random.below(5) + 1).parse().unwrap()),
            64..73 => CustomerCommand::End(id),
            73..76 => CustomerCommand::WriteOldCopy(id),
            76..79 => CustomerCommand::Abandon(self.new_customer()),
            79..90 => self.search(),
            90..94 => CustomerCommand::Read(id),
            _ => {
                let n = self.random.below(8) + 1;
                let process_date = self.now - Duration::days(self.random.below(2).into());
                let process = identification_process(n, id);
                CustomerCommand::Identify(IdentificationProcess { process_date, ..process })
            }
        }
    }

    fn of_account(&mut self) -> AccountCommand {
        let (owner, id) = self.account();
        if self.lacks(self.known.accounts.is_empty()) {
            return AccountCommand::Open(self.customer(), self.new_account());
        }
        match self.random.below(100) {
            0..24 => AccountCommand::Open(self.customer(), self.new_account()),
            24..27 => {
                let customer = Customer::register(self.customer(), private_customer(&nif(9)), self.now);
                let account = testkit::fixtures::account(100 + self.random.below(20), &customer);
                let external_id = Some(text(self.random.pick(&["legacy-1", "legacy-2"])));
                let data = AccountData { external_id, created_at: self.now, ..account.data().clone() };
                AccountCommand::Bring(Box::new(Account::restore(data)))
            }
            27..54 => AccountCommand::ChangeMethod(id, self.payment_method()),
            54..63 => AccountCommand::ChangeAddress(id, billing_address(self.random.below(4))),
            63..68 => {
                let customer = if self.random.percent(85) { owner } else { self.customer() };
                AccountCommand::End(customer, id)
            }
            68..71 => AccountCommand::Read(id),
            71..76 => AccountCommand::Contract(id, self.contract()),
            76..90 => AccountCommand::Promote(id, self.new_promotion()),
            _ if self.lacks(self.known.promotions.is_empty()) => {
                AccountCommand::Promote(id, self.new_promotion())
            }
            _ => {
                let known = self.known.promotions.clone();
                let (of, promotion) = self.random.known(&known, (id, promotion_id(99)));
                let account = if self.random.percent(90) { of } else { id };
                let date = self.today + Duration::days(self.random.pick(&[0, 0, 1, 3]));
                AccountCommand::CancelPromotion(
                    account,
                    promotion,
                    Cancellation::new(date, self.today).unwrap(),
                )
            }
        }
    }

    fn of_category(&mut self) -> CategoryCommand {
        let (customer, known) = (self.customer(), self.known.categories.clone());
        let category = self.random.known(&known, CategoryId(77));
        if self.lacks(self.known.categories.is_empty()) {
            return CategoryCommand::Define(vec![self.new_category()]);
        }
        let (holder, held) = self.random.known(&self.known.assignments, (customer, category));
        match self.random.below(100) {
            0..14 => {
                let count = self.random.below(2) + 1;
                CategoryCommand::Define((0..count).map(|_| self.new_category()).collect())
            }
            14..24 => CategoryCommand::Amend(category, self.category_patch()),
            24..29 => CategoryCommand::Remove(category),
            29..50 => {
                let value = self.value();
                let assignment = new_category_assignment(value.as_ref().map(CatalogueValue::as_str));
                CategoryCommand::Assign(customer, category, assignment)
            }
            50..76 if self.lacks(self.known.assignments.is_empty()) => {
                CategoryCommand::Assign(customer, category, new_category_assignment(Some("gold")))
            }
            50..68 => CategoryCommand::AmendAssignment(holder, held, self.assignment_patch()),
            68..76 => CategoryCommand::EndAssignment(holder, held),
            76..84 => CategoryCommand::Offer(self.values()),
            84..96 if self.lacks(!self.known.is_offering) => CategoryCommand::Offer(self.values()),
            84..96 => {
                let value = self.random.pick(&["gold", "gold", "silver", "g_ld"]);
                CategoryCommand::Treat(customer, catalogue_value(value))
            }
            _ => CategoryCommand::TreatLikeOthers(customer),
        }
    }

    fn of_credential(&mut self) -> CredentialCommand {
        let customer = self.customer();
        if self.lacks(self.known.credentials.is_empty()) {
            return CredentialCommand::Reserve(customer, self.email());
        }
        let (holder, _) = self.random.known(&self.known.credentials, (customer, credential_id(99)));
        match self.random.below(100) {
            0..28 => CredentialCommand::Reserve(customer, self.email()),
            28..38 => CredentialCommand::Migrate(customer, self.email()),
            38..58 => CredentialCommand::Rename(holder, self.email()),
            58..76 => CredentialCommand::Activate(holder),
            76..90 => {
                let day = self.today + Duration::days(self.random.below(3).into());
                let expiration = ExpirationDate::parse(&day.to_string(), self.today).unwrap();
                let is_set = self.random.percent(75);
                CredentialCommand::Expire(holder, is_set.then_some(expiration))
            }
            _ => {
                let known = self.known.credentials.clone();
                let (owner, id) = self.random.known(&known, (customer, credential_id(99)));
                CredentialCommand::End(if self.random.percent(90) { owner } else { customer }, id)
            }
        }
    }

    fn of_world(&mut self) -> WorldCommand {
        let neighbour = self.random.pick(Neighbour::ALL);
        match self.random.below(100) {
            0..35 => WorldCommand::Pass(self.random.pick(&[
                Duration::MICROSECOND,
                Duration::SECOND,
                Duration::seconds(4),
                Duration::minutes(5),
                Duration::hours(7),
                Duration::days(1),
                Duration::days(40),
            ])),
            35..43 => {
                WorldCommand::Turn(self.random.pick(&[Mood::Well, Mood::Well, Mood::Down, Mood::Refusing]))
            }
            43..88 => WorldCommand::Work(neighbour),
            88..94 => WorldCommand::ClaimAndVanish(neighbour),
            _ => WorldCommand::RetryParked,
        }
    }

    /// Mostly whether something is missing that has to be there first.
    fn lacks(&mut self, is_missing: bool) -> bool {
        is_missing && self.random.percent(85)
    }

    fn customer(&mut self) -> CustomerId {
        let unknown = customer_id(self.random.below(12) + 1);
        self.random.known(&self.known.customers, unknown)
    }

    fn account(&mut self) -> (CustomerId, AccountId) {
        let unknown = account_id(self.random.below(12) + 1);
        let customer = self.customer();
        self.random.known(&self.known.accounts, (customer, unknown))
    }

    fn email(&mut self) -> LoginEmail {
        login(self.random.pick(&["ana@x.es", "Ana@X.es", "eva@x.es", "EVA@x.es", "luz@x.es", "_a@x.es"]))
    }

    fn new_customer(&mut self) -> NewCustomer {
        let n = self.random.below(4) + 1;
        let new = match self.random.below(10) {
            0..3 => private_customer(&nif(n)),
            3..5 => person(document(DocumentType::Nie, &nie(n))),
            // The same number as another type of document.
            5 => person(document(DocumentType::Passport, &nif(n))),
            6 => company(&cif(n)),
            7 => self_employed(&nie(n)),
            _ => digital_customer(self.email().as_str()),
        };
        if self.random.percent(30) { sparse(new) } else { new }
    }

    fn customer_patch(&mut self) -> CustomerPatch {
        let mut patch = CustomerPatch::default();
        match self.random.below(10) {
            0..2 => patch.preferred_language = Some(Language::Galician),
            2..5 => {
                let postal_address = Some(billing_address(self.random.below(3)).address);
                patch.contact_info = Some(ContactPatch { postal_address, ..ContactPatch::default() });
            }
            5..7 => {
                let gender = self.random.pick(&[Change::Clear, Change::Set(domain::Gender::Female)]);
                let second_surname = self.random.pick(&[Change::Keep, Change::Clear, Change::Set(text("Ñ"))]);
                patch.personal_info = Some(PersonalPatch { gender, second_surname, ..Default::default() });
            }
            7 => {
                let contact = ContactPatch { postal_address: Some(address()), ..ContactPatch::default() };
                patch.contact_info = Some(contact);
            }
            _ => {
                let email = Some(self.email());
                patch.digital_personal_info = Some(DigitalPatch { email, ..DigitalPatch::default() });
            }
        }
        patch
    }

    fn search(&mut self) -> CustomerCommand {
        let n = self.random.below(4) + 1;
        let other = self.random.pick(&[nif(n), nie(n), cif(n)]);
        let number = self.random.known(&self.known.numbers, other);
        let kind =
            self.random.pick(&[None, None, None, Some(DocumentType::Nif), Some(DocumentType::Passport)]);
        match self.random.below(3) {
            0 => CustomerCommand::Search(Some(number), kind, None),
            1 => CustomerCommand::Search(None, None, Some(self.email())),
            _ => CustomerCommand::Search(Some(number), kind, Some(self.email())),
        }
    }

    fn new_account(&mut self) -> NewAccountRequest {
        let has_address = self.random.percent(40);
        NewAccountRequest {
            modality: self.random.pick(&[NewAccountModality::Postpaid, NewAccountModality::RecurringPrepaid]),
            billing_address: has_address.then(|| billing_address(self.random.below(4))),
            payment_method: self.payment_method(),
        }
    }

    fn payment_method(&mut self) -> PaymentMethodChoice {
        match self.random.below(10) {
            0 => PaymentMethodChoice::BankTransfer,
            1..3 => PaymentMethodChoice::DirectDebit(self.random.pick(&[iban(), other_iban()])),
            3..5 if !self.lacks(self.known.cards.is_empty()) => {
                PaymentMethodChoice::Card(self.random.known(&self.known.cards, token("card-none")))
            }
            _ => {
                let outcome = self.random.pick(&["ok", "ok", "fail", "slow", "never", "second", "late"]);
                let n = self.random.below(4);
                PaymentMethodChoice::PendingCard(token(&format!("{outcome}-{n}")))
            }
        }
    }

    fn contract(&mut self) -> Contract {
        let start_date = self.now - Duration::days(self.random.below(3).into());
        let end_date = self.random.percent(50).then(|| self.now + Duration::days(1));
        let contract = contract(self.known.contracts + self.random.below(2), "replaced");
        Contract { start_date, end_date, ..contract }
    }

    fn new_promotion(&mut self) -> NewPromotion {
        let start = self.today + Duration::days(self.random.below(4).into());
        let length = Duration::days(self.random.below(4).into());
        let end = self.random.percent(80).then_some(start + length);
        let number = i64::from(self.random.below(3)) + 1;
        NewPromotion { promotion_id: number.try_into().unwrap(), period: Period::new(start, end).unwrap() }
    }

    fn new_category(&mut self) -> NewCategory {
        let name = self.random.pick(&["RIESGO", "Riesgo", "VALOR", "CANAL"]);
        let valid_values: &[&str] = self.random.pick(&[&[][..], &["gold", "silver"], &["gold", "g_ld"]]);
        new_category(name, valid_values)
    }

    fn category_patch(&mut self) -> CategoryPatch {
        let description = self.random.pick(&[Change::Keep, Change::Clear, Change::Set(text("otra"))]);
        let has_values = self.random.percent(60);
        CategoryPatch { description, valid_values: has_values.then(|| self.values()) }
    }

    fn values(&mut self) -> CatalogueValues {
        let lists: [&[&str]; 5] =
            [&[], &["gold"], &["silver", "gold"], &["gold", "silver"], &["g_ld", "gold", "silver"]];
        catalogue_values(self.random.pick(&lists))
    }

    fn value(&mut self) -> Option<CatalogueValue> {
        self.random.pick(&[None, Some("gold"), Some("silver"), Some("g_ld")]).map(catalogue_value)
    }

    fn assignment_patch(&mut self) -> CategoryAssignmentPatch {
        let value = match self.random.below(4) {
            0 => Change::Keep,
            1 => Change::Clear,
            _ => self.value().map_or(Change::Keep, Change::Set),
        };
        let reason = self.random.pick(&[Change::Keep, Change::Clear, Change::Set(text("motivo"))]);
        CategoryAssignmentPatch { value, reason, ..CategoryAssignmentPatch::default() }
    }
}
