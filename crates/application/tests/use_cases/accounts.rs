use application::ports::PaymentMethodEntry;
use application::{Acceptance, AccountPolicy, Error, NewAccountRequest, OrgPolicy, Resource};
use domain::{
    Account, AccountData, AccountError, Address, CustomerError, Modality, NewAccountModality, NewCustomer,
    PaymentMethod, PaymentMethodChoice, PaymentMethodType, PaymentPolicy, Restriction, Segment,
};
use testkit::fixtures::{
    NOW, account, account_id, address, billing_address, card, cif, company, customer, customer_id,
    digital_customer, iban, invoice, nif, org, other_iban, prepaid_account, private_customer, scope, token,
};
use time::Duration;
use time::macros::{date, datetime};

use crate::{World, assert_refused, stranger};

const POSTPAID: NewAccountModality = NewAccountModality::Postpaid;

fn paid_by(payment_method: PaymentMethodChoice) -> NewAccountRequest {
    NewAccountRequest { modality: POSTPAID, billing_address: None, payment_method }
}

fn by_card(raw: &str) -> PaymentMethodChoice {
    PaymentMethodChoice::Card(token(raw))
}

fn by_pending_card() -> PaymentMethodChoice {
    PaymentMethodChoice::PendingCard(token("ref-1"))
}

/// Leaves nothing but direct debit to everyone.
fn direct_debit_only() -> AccountPolicy {
    let allowed = vec![PaymentMethodType::DirectDebit];
    let payment = PaymentPolicy {
        teci: false,
        restrictions: vec![Restriction { segment: None, modality: None, allowed }],
    };
    AccountPolicy { default: OrgPolicy { payment, invoice: None }, ..AccountPolicy::default() }
}

impl World {
    /// With customers 1, 2 and so on.
    pub(crate) async fn of<const N: usize>(customers: [NewCustomer; N]) -> Self {
        let world = Self::default();
        for (new, n) in customers.into_iter().zip(1..) {
            world.bring(&customer(n, new)).await;
        }
        world
    }

    /// With private customer 1 and its account 1, which has no payment method.
    pub(crate) async fn of_one_account() -> Self {
        let world = Self::of([private_customer(&nif(1))]).await;
        world.bring_account(&account(1, &world.customer(customer_id(1)).await)).await;
        world
    }

    /// Customer 1 gets a good card and an expired one, customer 2 a good one.
    async fn bring_cards(&self) {
        self.bring_card(&card("good", customer_id(1))).await;
        let expired =
            domain::Card { expiration: "02/2026".parse().unwrap(), ..card("expired", customer_id(1)) };
        self.bring_card(&expired).await;
        self.bring(&customer(2, private_customer(&nif(2)))).await;
        self.bring_card(&card("foreign", customer_id(2))).await;
    }

    async fn end_customer_1(&self) {
        self.customers().end(&scope(), customer_id(1)).await.unwrap();
    }

    pub(crate) async fn end_account_1(&self) {
        self.accounts().end(&scope(), customer_id(1), account_id(1)).await.unwrap();
    }

    async fn count_accounts(&self) -> usize {
        self.accounts().of_customer(&org(), customer_id(1)).await.unwrap().len()
    }
}

#[tokio::test]
async fn opens_an_account_paid_by_anything_but_teci() {
    let mut world = World::of([private_customer(&nif(1))]).await;
    world.bring_cards().await;
    world.policy.default.invoice = Some(invoice());
    let own = || Some(billing_address(1));
    for ((modality, choice, method, billing_address), n) in [
        (POSTPAID, PaymentMethodChoice::BankTransfer, PaymentMethod::BankTransfer, None),
        (
            NewAccountModality::RecurringPrepaid,
            PaymentMethodChoice::DirectDebit(iban()),
            PaymentMethod::DirectDebit(iban()),
            own(),
        ),
        (POSTPAID, by_card("good"), PaymentMethod::CreditCard(token("good")), own()),
    ]
    .into_iter()
    .zip(1..)
    {
        let request =
            NewAccountRequest { modality, billing_address: billing_address.clone(), payment_method: choice };
        let now = world.tick();
        let (opened, acceptance) = world.accounts().open(&scope(), customer_id(1), request).await.unwrap();
        assert_eq!((opened.id, acceptance), (account_id(n), Acceptance::Completed));
        assert!(opened.external_id.is_some());
        let expected = AccountData {
            id: account_id(n),
            external_id: opened.external_id,
            customer_id: customer_id(1),
            contract_reference: None,
            modality: modality.into(),
            billing_address: billing_address.clone(),
            payment_method: Some(method.clone()),
            awaited_reference: None,
            invoice: Some(invoice()),
            created_at: now,
            ended_at: None,
            updated_at: now,
            version: 1,
        };
        assert_eq!(world.account(account_id(n)).await, Account::restore(expected));
        let methods = world.accounts().payment_method_history(&org(), account_id(n)).await.unwrap();
        assert_eq!(methods, [PaymentMethodEntry { method, created_at: now }]);
        let addresses = world.accounts().billing_address_history(&org(), account_id(n), None, None).await;
        assert_eq!(addresses.is_ok(), billing_address.is_some());
    }
    assert_eq!(world.count_accounts().await, 3);
}

#[tokio::test]
async fn an_organisation_settles_how_its_accounts_are_invoiced() {
    let mut world = World::of([private_customer(&nif(1))]).await;
    world.policy.default.invoice = Some(invoice());
    world.policy.organisations.insert(org(), OrgPolicy::default());
    let request = paid_by(PaymentMethodChoice::BankTransfer);
    world.accounts().open(&scope(), customer_id(1), request).await.unwrap();
    assert_eq!(world.account(account_id(1)).await.data().invoice, None);
}

#[tokio::test]
async fn opens_no_account_that_could_not_be_paid_so() {
    let mut world = World::of([private_customer(&nif(1))]).await;
    world.bring_cards().await;
    let open =
        async |world: &World, choice| world.accounts().open(&scope(), customer_id(1), paid_by(choice)).await;
    // The second time the customer has ended, which is the lesser evil.
    for ended in [false, true] {
        for token in ["unknown", "expired", "foreign"] {
            assert_refused!(open(&world, by_card(token)).await, Error::Card);
        }
        let usual = std::mem::replace(&mut world.policy, direct_debit_only());
        for choice in [PaymentMethodChoice::BankTransfer, by_card("good"), by_pending_card()] {
            let kind = choice.kind();
            let result = open(&world, choice).await;
            let expected = AccountError::PaymentMethod { kind, modality: Modality::Postpaid };
            assert!(matches!(&result, Err(Error::Account(error)) if *error == expected), "{result:?}");
        }
        world.policy = usual;
        assert_eq!(world.count_accounts().await, 0);
        if !ended {
            world.end_customer_1().await;
        }
    }
    for choice in [
        PaymentMethodChoice::BankTransfer,
        PaymentMethodChoice::DirectDebit(iban()),
        by_card("good"),
        by_pending_card(),
    ] {
        assert_refused!(
            open(&world, choice).await,
            Error::Account(AccountError::Customer(CustomerError::Ended))
        );
    }
    assert_eq!(world.count_accounts().await, 0);
}

#[tokio::test]
async fn a_card_is_good_through_the_last_day_of_its_month() {
    let world = World::of_one_account().await;
    world.bring_card(&card("good", customer_id(1))).await;
    let pay = async || world.accounts().change_payment_method(&scope(), account_id(1), by_card("good")).await;
    world.clock.set(datetime!(2029-06-01 00:00 UTC));
    assert_refused!(pay().await, Error::Card);
    world.clock.set(datetime!(2029-05-31 23:59:59.999999 UTC));
    pay().await.unwrap();
}

#[tokio::test]
async fn changes_the_payment_method() {
    let world = World::of_one_account().await;
    world.bring_cards().await;
    let mut expected = Vec::new();
    for (choice, method) in [
        (PaymentMethodChoice::DirectDebit(iban()), PaymentMethod::DirectDebit(iban())),
        (PaymentMethodChoice::DirectDebit(other_iban()), PaymentMethod::DirectDebit(other_iban())),
        (PaymentMethodChoice::BankTransfer, PaymentMethod::BankTransfer),
        (by_card("good"), PaymentMethod::CreditCard(token("good"))),
    ] {
        let now = world.tick();
        let change = || world.accounts();
        let accepted = change().change_payment_method(&scope(), account_id(1), choice.clone()).await.unwrap();
        assert_eq!(accepted, Acceptance::Completed);
        let changed = world.account(account_id(1)).await;
        assert_eq!((&changed.data().payment_method, changed.data().updated_at), (&Some(method.clone()), now));
        expected.insert(0, PaymentMethodEntry { method, created_at: now });

        world.tick();
        let again = change().change_payment_method(&scope(), account_id(1), choice).await.unwrap();
        assert_eq!(again, Acceptance::Completed);
        assert_eq!(world.account(account_id(1)).await, changed);
    }
    let history = world.accounts().payment_method_history(&org(), account_id(1)).await.unwrap();
    assert_eq!(history, expected);
}

#[tokio::test]
async fn changes_to_no_method_that_it_may_not() {
    let mut world = World::of_one_account().await;
    world.bring_cards().await;
    let change = async |world: &World, choice| {
        world.accounts().change_payment_method(&scope(), account_id(1), choice).await
    };
    // The second time the account has ended, which is the lesser evil.
    for ended in [false, true] {
        let before = world.account(account_id(1)).await;
        for token in ["unknown", "expired", "foreign"] {
            assert_refused!(change(&world, by_card(token)).await, Error::Card);
        }
        let usual = std::mem::replace(&mut world.policy, direct_debit_only());
        for choice in
            [PaymentMethodChoice::BankTransfer, by_card("good"), by_card("unknown"), by_pending_card()]
        {
            assert_refused!(
                change(&world, choice).await,
                Error::Account(AccountError::PaymentMethod { modality: Modality::Postpaid, .. })
            );
        }
        world.policy = usual;
        assert_eq!(world.account(account_id(1)).await, before);
        if !ended {
            world.end_account_1().await;
        }
    }
    for choice in [PaymentMethodChoice::BankTransfer, by_card("good"), by_pending_card()] {
        assert_refused!(change(&world, choice).await, Error::Account(AccountError::Ended));
    }
    assert_eq!(world.methods(account_id(1)).await, []);
}

#[tokio::test]
async fn a_prepaid_account_has_no_payment_method() {
    let world = World::of([private_customer(&nif(1))]).await;
    world.bring_account(&prepaid_account(1, &world.customer(customer_id(1)).await)).await;
    for choice in [PaymentMethodChoice::BankTransfer, by_card("unknown"), by_pending_card()] {
        assert_refused!(
            world.accounts().change_payment_method(&scope(), account_id(1), choice).await,
            Error::Account(AccountError::PaymentMethod { modality: Modality::Prepaid, .. })
        );
    }
    assert_refused!(
        world.accounts().available_payment_methods(&org(), customer_id(1), account_id(1)).await,
        Error::NotFound(Resource::PaymentMethods)
    );
}

#[tokio::test]
async fn changes_the_billing_address() {
    let world = World::of_one_account().await;
    let change =
        async |n| world.accounts().change_billing_address(&scope(), account_id(1), billing_address(n)).await;
    let history =
        async |from, to| world.accounts().billing_address_history(&org(), account_id(1), from, to).await;
    assert_refused!(history(None, None).await, Error::NotFound(Resource::BillingAddresses));
    for n in [1, 1, 2, 2] {
        world.clock.advance(Duration::HOUR);
        change(n).await.unwrap();
    }
    let entries = history(None, None).await.unwrap().entries;
    let began = [NOW + Duration::HOUR, NOW + Duration::HOUR * 3];
    let shown: Vec<_> = entries.iter().map(|it| (it.address.clone(), it.init_date, it.end_date)).collect();
    assert_eq!(shown, [(billing_address(2), began[1], None), (billing_address(1), began[0], Some(began[1]))]);
    let changed = world.account(account_id(1)).await;
    assert_eq!((changed.data().updated_at, changed.data().version), (began[1], 3));

    let (today, tomorrow) = (Some(date!(2026 - 03 - 14)), Some(date!(2026 - 03 - 15)));
    assert_eq!(history(today, today).await.unwrap().entries, entries);
    assert_refused!(history(tomorrow, None).await, Error::NotFound(Resource::BillingAddresses));

    world.end_account_1().await;
    assert_refused!(change(3).await, Error::Account(AccountError::Ended));
    assert_eq!(history(None, None).await.unwrap().entries, entries);
}

#[tokio::test]
async fn ends_once_and_for_its_customer_only() {
    let world = World::of_one_account().await;
    world.bring(&customer(2, private_customer(&nif(2)))).await;
    assert_refused!(
        world.accounts().end(&scope(), customer_id(2), account_id(1)).await,
        Error::NotFound(Resource::Account)
    );
    let now = world.tick();
    world.end_account_1().await;
    let ended = world.account(account_id(1)).await;
    assert_eq!((ended.data().ended_at, ended.data().updated_at), (Some(now), now));
    assert_eq!(world.count_accounts().await, 0);
    world.tick();
    world.end_account_1().await;
    assert_eq!(world.account(account_id(1)).await, ended);
    assert_refused!(
        world.accounts().end(&scope(), customer_id(2), account_id(1)).await,
        Error::NotFound(Resource::Account)
    );
}

#[tokio::test]
async fn lists_and_finds_accounts() {
    let world = World::of_one_account().await;
    let first = world.account(account_id(1)).await;
    let external_id = first.data().external_id.clone().unwrap();
    assert_eq!(world.accounts().by_external_id(&org(), &external_id).await.unwrap(), account_id(1));

    let older = AccountData { id: account_id(2), created_at: NOW - Duration::SECOND, ..first.data().clone() };
    world.bring_account(&Account::restore(older)).await;
    assert_refused!(world.accounts().by_external_id(&org(), &external_id).await, Error::Ambiguous);
    let list = world.accounts().of_customer(&org(), customer_id(1)).await.unwrap();
    assert_eq!(list, [account_id(2), account_id(1)]);

    world.end_account_1().await;
    assert_eq!(world.accounts().by_external_id(&org(), &external_id).await.unwrap(), account_id(2));
    assert_eq!(world.accounts().of_customer(&org(), customer_id(1)).await.unwrap(), [account_id(2)]);
}

#[tokio::test]
async fn shows_an_account_with_its_customer() {
    let world = World::of_one_account().await;
    let view = world.accounts().get(&org(), account_id(1)).await.unwrap();
    let owner = world.customer(customer_id(1)).await;
    assert_eq!(view.customer_external_id, owner.data().external_id);
    assert_eq!(view.customer_profile, owner.data().profile);
    assert_eq!(view.billing_address(), Some(address().into()));
    world.accounts().change_billing_address(&scope(), account_id(1), billing_address(2)).await.unwrap();
    let view = world.accounts().get(&org(), account_id(1)).await.unwrap();
    assert_eq!(view.billing_address(), Some(billing_address(2)));
}

#[tokio::test]
async fn tells_what_an_account_can_be_paid_with() {
    use PaymentMethodType::{BankTransfer, CreditCard, DirectDebit, Teci};

    let mut world = World::of([private_customer(&nif(1)), company(&cif(2))]).await;
    for n in 1..=2 {
        world.bring_account(&account(n, &world.customer(customer_id(n)).await)).await;
    }
    let available = async |world: &World, n| {
        world.accounts().available_payment_methods(&org(), customer_id(n), account_id(n)).await
    };
    assert_eq!(available(&world, 1).await.unwrap(), [BankTransfer, DirectDebit, CreditCard]);
    world.policy.default.payment.teci = true;
    assert_eq!(available(&world, 1).await.unwrap(), [BankTransfer, DirectDebit, CreditCard, Teci]);

    let restriction = |allowed| Restriction { segment: Some(Segment::Sme), modality: None, allowed };
    world.policy.default.payment.restrictions = vec![restriction(vec![DirectDebit, Teci])];
    assert_eq!(available(&world, 1).await.unwrap(), [BankTransfer, DirectDebit, CreditCard, Teci]);
    assert_eq!(available(&world, 2).await.unwrap(), [DirectDebit, Teci]);
    world.policy.default.payment.restrictions = vec![restriction(vec![])];
    assert_refused!(available(&world, 2).await, Error::NotFound(Resource::PaymentMethods));

    // What the organisation settles itself takes the place of the default.
    world.policy.organisations.insert(org(), OrgPolicy::default());
    assert_eq!(available(&world, 2).await.unwrap(), [BankTransfer, DirectDebit, CreditCard]);
    assert_refused!(
        world.accounts().available_payment_methods(&org(), customer_id(1), account_id(2)).await,
        Error::NotFound(Resource::Account)
    );
}

#[tokio::test]
async fn invoices_go_to_the_customer() {
    let world =
        World::of([private_customer(&nif(1)), company(&cif(2)), digital_customer("eva@example.com")]).await;
    let names = ["Ana María García Núñez", "Ferretería Núñez, S.L.", "Eva Ruiz Soto"];
    for (name, n) in names.into_iter().zip(1..) {
        world.bring_account(&account(n, &world.customer(customer_id(n)).await)).await;
        let recipient = world.accounts().invoice_recipient(&org(), account_id(n)).await;
        if n == 3 {
            assert_refused!(recipient, Error::NotFound(Resource::InvoiceRecipient));
        } else {
            let recipient = recipient.unwrap();
            assert_eq!((recipient.name.as_str(), recipient.address), (name, address()));
        }
        world.accounts().change_billing_address(&scope(), account_id(n), billing_address(n)).await.unwrap();
        let recipient = world.accounts().invoice_recipient(&org(), account_id(n)).await.unwrap();
        let expected: Address = billing_address(n).address;
        assert_eq!((recipient.name.as_str(), recipient.address), (name, expected));
    }
}

#[tokio::test]
async fn opens_accounts_of_known_customers_only() {
    let world = World::of([private_customer(&nif(1))]).await;
    for (scope, id) in [(stranger(), customer_id(1)), (scope(), customer_id(99))] {
        for choice in [PaymentMethodChoice::BankTransfer, by_card("unknown"), by_pending_card()] {
            assert_refused!(
                world.accounts().open(&scope, id, paid_by(choice)).await,
                Error::NotFound(Resource::Customer)
            );
        }
        assert_refused!(
            world.accounts().of_customer(&scope.org, id).await,
            Error::NotFound(Resource::Customer)
        );
    }
}

#[tokio::test]
async fn accounts_of_others_are_as_unknown_as_those_of_nobody() {
    let world = World::of_one_account().await;
    let accounts = world.accounts();
    for (scope, id) in [(stranger(), account_id(1)), (scope(), account_id(99))] {
        let (org, owner) = (&scope.org, customer_id(1));
        assert_refused!(accounts.get(org, id).await, Error::NotFound(Resource::Account));
        for choice in [PaymentMethodChoice::BankTransfer, by_card("unknown"), by_pending_card()] {
            assert_refused!(
                accounts.change_payment_method(&scope, id, choice).await,
                Error::NotFound(Resource::Account)
            );
        }
        let changed = accounts.change_billing_address(&scope, id, billing_address(1)).await;
        assert_refused!(changed, Error::NotFound(Resource::Account));
        assert_refused!(accounts.end(&scope, owner, id).await, Error::NotFound(Resource::Account));
        let available = accounts.available_payment_methods(org, owner, id).await;
        assert_refused!(available, Error::NotFound(Resource::Account));
        assert_refused!(accounts.payment_method_history(org, id).await, Error::NotFound(Resource::Account));
        let addresses = accounts.billing_address_history(org, id, None, None).await;
        assert_refused!(addresses, Error::NotFound(Resource::Account));
        assert_refused!(accounts.invoice_recipient(org, id).await, Error::NotFound(Resource::Account));
    }
    let external_id = world.account(account_id(1)).await.data().external_id.clone().unwrap();
    assert_refused!(
        accounts.by_external_id(&stranger().org, &external_id).await,
        Error::NotFound(Resource::Account)
    );
}
