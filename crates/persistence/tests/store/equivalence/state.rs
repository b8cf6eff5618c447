//! Everything that can be read of a store.

use application::ports::{AccountView, BillingAddressHistory, Clock};
use domain::{
    Account, AccountData, AccountId, AccountPromotionType, Contract, Customer, CustomerData, CustomerId,
};
use time::Duration;

use super::command::Known;
use super::side::{Answers, Organisation, Side};

impl Side {
    /// All that the use cases and the store show of what a sequence has made.
    pub(super) async fn state(&self, known: &[Known; 2]) -> Answers {
        let mut answers = Answers::default();
        for (organisation, known) in self.organisations.iter().zip(known) {
            let org = &organisation.scope.org;
            for customer in &known.customers {
                self.read_customer(organisation, *customer, &mut answers).await;
            }
            for (_, account) in &known.accounts {
                self.read_account(organisation, *account, &mut answers).await;
            }
            for id in &known.categories {
                let category = organisation.categories.get(org, *id).await;
                answers.add_result(format!("category {id:?}"), category);
            }
            for (customer, id) in &known.processes {
                let process = organisation.identification.get(org, *customer, *id).await;
                answers.add_result(format!("process {id}"), process);
            }
            answers.add_result("categories", organisation.categories.all(org).await);
            answers.add_result("offered", organisation.special_treatments.offered(org).await);
            self.read_shared_external_ids(organisation, &mut answers).await;
        }
        for only_parked in [false, true] {
            let mut entries = self.store.entries(only_parked, 1000).await.unwrap();
            // Compared by their order.
            entries.iter_mut().for_each(|entry| entry.id = 0);
            answers.add(format!("outbox, only parked: {only_parked}"), entries);
        }
        answers
    }

    async fn read_shared_external_ids(&self, organisation: &Organisation, answers: &mut Answers) {
        let org = &organisation.scope.org;
        for raw in ["legacy-1", "legacy-2"] {
            let shared = testkit::fixtures::text(raw);
            let customer = organisation.customers.by_external_id(org, &shared).await;
            answers.add_result(format!("customer {raw}"), customer);
            let account = organisation.accounts.by_external_id(org, &shared).await;
            answers.add_result(format!("account {raw}"), account);
        }
    }

    fn comparable_customer(&self, customer: &Customer) -> Customer {
        let external_id = self.of_customers.comparable(customer.data().external_id.as_ref());
        Customer::restore(CustomerData { external_id, ..customer.data().clone() })
    }

    pub(super) async fn read_customer(
        &self,
        organisation: &Organisation,
        id: CustomerId,
        answers: &mut Answers,
    ) {
        let org = &organisation.scope.org;
        let customer = organisation.customers.get(org, id).await;
        let external_id = customer.as_ref().ok().and_then(|customer| customer.data().external_id.clone());
        let customer = customer.map(|customer| self.comparable_customer(&customer));
        answers.add_result(format!("customer {id}"), customer);
        if let Some(external_id) = external_id {
            let found = organisation.customers.by_external_id(org, &external_id).await;
            answers.add_result(format!("customer {id} by external id"), found);
        }
        let (mut before, mut pages) = (None, 0);
        loop {
            let page = organisation.customers.timeline(org, id, before, 7).await;
            let next = page.as_ref().ok().and_then(|page| page.next);
            let page = page.map(|page| (page.entries, page.next.is_some()));
            answers.add_result(format!("timeline of {id}, page {pages}"), page);
            (before, pages) = (next, pages + 1);
            if before.is_none() {
                break;
            }
        }
        let question = |what: &str| format!("{what} of {id}");
        answers.add_result(question("accounts"), organisation.accounts.of_customer(org, id).await);
        answers.add_result(question("cards"), organisation.tokenizations.available_cards(org, id).await);
        let cards = self.store.cards_of(org, id).await.map_err(Into::into);
        answers.add_result(question("cards, good or not,"), cards);
        answers.add_result(question("categories"), organisation.categories.of_customer(org, id).await);
        answers.add_result(question("history"), organisation.categories.history(org, id).await);
        let treatment = organisation.special_treatments.of_customer(org, id).await;
        answers.add_result(question("special treatment"), treatment);
        answers.add_result(question("credentials"), organisation.credentials.of_customer(org, id).await);
        answers.add_result(question("processes"), organisation.identification.of_customer(org, id).await);
    }

    fn comparable_view(&self, view: AccountView) -> AccountView {
        let external_id = self.of_accounts.comparable(view.account.data().external_id.as_ref());
        AccountView {
            account: Account::restore(AccountData { external_id, ..view.account.data().clone() }),
            customer_external_id: self.of_customers.comparable(view.customer_external_id.as_ref()),
            customer_profile: view.customer_profile,
        }
    }

    fn comparable_history(&self, history: BillingAddressHistory) -> BillingAddressHistory {
        let external_id = self.of_accounts.comparable(history.external_id.as_ref());
        BillingAddressHistory { external_id, ..history }
    }

    fn comparable_contracts(&self, contracts: Vec<Contract>) -> Vec<Contract> {
        let comparable = |contract: Contract| {
            let account_external_id = self.of_accounts.comparable(Some(&contract.account_external_id));
            Contract { account_external_id: account_external_id.unwrap(), ..contract }
        };
        contracts.into_iter().map(comparable).collect()
    }

    pub(super) async fn read_account(
        &self,
        organisation: &Organisation,
        id: AccountId,
        answers: &mut Answers,
    ) {
        let (scope, accounts) = (&organisation.scope, &organisation.accounts);
        let (org, question) = (&scope.org, |what: &str| format!("{what} of {id}"));
        let view = accounts.get(org, id).await;
        let customer = view.as_ref().ok().map(|view| view.account.data().customer_id);
        answers.add_result(format!("account {id}"), view.map(|view| self.comparable_view(view)));
        if let Some(customer) = customer {
            let available = accounts.available_payment_methods(org, customer, id).await;
            answers.add_result(question("available methods"), available);
        }
        let external_id = self.external_id_of(scope, id).await;
        answers.add_result(question("external id"), accounts.by_external_id(org, &external_id).await);
        let contracts = organisation.contracts.of_account(org, &external_id).await;
        answers.add_result(question("contracts"), contracts.map(|all| self.comparable_contracts(all)));
        answers.add_result(question("methods"), accounts.payment_method_history(org, id).await);
        let yesterday = self.clock.now().date() - Duration::DAY;
        for (from, to) in [(None, None), (Some(yesterday), None), (None, Some(yesterday))] {
            let history = accounts.billing_address_history(org, id, from, to).await;
            let history = history.map(|history| self.comparable_history(history));
            answers.add_result(question(&format!("addresses {from:?} to {to:?}")), history);
        }
        answers.add_result(question("tokenizations"), organisation.tokenizations.of_account(org, id).await);
        let promotions = organisation.promotions.of_account(org, id, AccountPromotionType::All).await;
        answers.add_result(question("promotions"), promotions);
        let today = organisation.promotions.today();
        for from in [None, Some(today)] {
            let operations = organisation.promotions.history(org, id, from).await;
            answers.add_result(question(&format!("promotion history from {from:?}")), operations);
        }
    }
}
