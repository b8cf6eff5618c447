use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::*;
use crate::account::{AccountData, Modality};

const NOW: OffsetDateTime = datetime!(2026-03-14 10:30:00 UTC);

fn account() -> Account {
    Account::restore(AccountData {
        id: AccountId(Uuid::from_u128(1)),
        external_id: None,
        customer_id: CustomerId(Uuid::from_u128(2)),
        contract_reference: None,
        modality: Modality::Postpaid,
        billing_address: None,
        payment_method: Some(PaymentMethod::BankTransfer),
        awaited_reference: None,
        invoice: None,
        created_at: NOW,
        ended_at: None,
        updated_at: NOW,
        version: 1,
    })
}

fn reference(n: usize) -> GatewayToken {
    GatewayToken::restore(format!("ref-{n}"))
}

fn success(n: usize) -> TokenizationAnswer {
    TokenizationAnswer::Completed(TokenizedCard {
        token_id: GatewayToken::restore(format!("token-{n}")),
        last_four: "5100".to_owned(),
        expiration: "05/2029".parse().unwrap(),
    })
}

fn failure(n: usize) -> TokenizationAnswer {
    TokenizationAnswer::Failed(FailureMessage::of_gateway(&format!("refused {n}")))
}

/// Direct debits that differ.
fn debit(n: usize) -> PaymentMethod {
    let iban = ["ES7921000813610123456789", "DE89370400440532013000"][n % 2];
    PaymentMethod::DirectDebit(iban.parse().unwrap())
}

/// What the use cases do with an account, its tokenizations and its cards.
#[derive(Debug, Clone, PartialEq)]
struct Model {
    account: Account,
    requests: Vec<Tokenization>,
    cards: Vec<GatewayToken>,
}

#[derive(Debug, Clone)]
enum Step {
    Request(usize),
    Change(usize),
    Expire(usize),
    Answer(usize, bool),
    End,
}

impl Model {
    fn new() -> Self {
        Self { account: account(), requests: Vec::new(), cards: Vec::new() }
    }

    fn newest(&mut self, n: usize) -> Option<&mut Tokenization> {
        self.requests.iter_mut().rfind(|request| request.data.reference_id == reference(n))
    }

    fn supersede_pending(&mut self) {
        for request in &mut self.requests {
            request.supersede(NOW);
        }
    }

    fn step(&mut self, step: &Step) {
        let mut account = self.account.clone();
        match *step {
            Step::Request(n) => {
                let known = self.newest(n).cloned();
                let request = Tokenization::request(reference(n), known.as_ref(), &mut account, NOW);
                if let Ok(Some(request)) = request {
                    self.supersede_pending();
                    self.requests.push(request);
                }
            }
            Step::Change(n) => {
                if account.change_payment_method(debit(n), NOW).is_ok() {
                    self.supersede_pending();
                }
            }
            Step::Expire(n) => {
                let now = account.data().updated_at;
                if let Some(request) = self.newest(n) {
                    request.expire(&mut account, now);
                }
            }
            Step::Answer(n, is_success) => {
                let answer = if is_success { success(n) } else { failure(n) };
                let card = self.newest(n).and_then(|request| request.take(&answer, &mut account, NOW));
                self.cards.extend(card.map(|card| card.token_id));
                self.cards.sort_by_key(|token| token.as_str().to_owned());
                self.cards.dedup();
            }
            Step::End => {
                let pending = self.requests.iter().any(Tokenization::is_pending);
                let _ = account.end(pending, NOW);
            }
        }
        self.account = account;
        self.check();
    }

    /// What holds after every step.
    fn check(&self) {
        let data = self.account.data();
        let pending: Vec<_> = self.requests.iter().filter(|request| request.is_pending()).collect();
        assert!(pending.len() <= 1, "one is awaited at a time");
        for request in pending {
            assert_eq!(data.awaited_reference.as_ref(), Some(&request.data.reference_id));
            assert_eq!(data.ended_at, None);
        }
        for request in &self.requests {
            if let TokenizationStatus::Completed(token) = &request.data.status {
                assert!(self.cards.contains(token));
            }
        }
    }

    /// All but the histories, whose order is that in which things came.
    fn state(&self) -> (AccountData, Vec<TokenizationData>, Vec<GatewayToken>) {
        let requests = self.requests.iter().map(|request| request.data.clone()).collect();
        (self.account.data().clone(), requests, self.cards.clone())
    }
}

fn local() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_usize).prop_map(Step::Request),
        2 => (0..2_usize).prop_map(Step::Change),
        1 => (0..3_usize).prop_map(Step::Expire),
        1 => Just(Step::End),
    ]
}

fn answer() -> impl Strategy<Value = Step> {
    (0..3_usize, any::<bool>()).prop_map(|(n, is_success)| Step::Answer(n, is_success))
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![local(), answer()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Answers may come in any order and any number of times.
    #[test]
    fn any_shuffling_of_answers_ends_in_the_same_state(
        before in vec(any_step(), 0..8),
        answers in vec(answer(), 0..6),
        repeated in vec(any::<Index>(), 0..6),
        order in any::<u64>(),
    ) {
        let mut model = Model::new();
        before.iter().for_each(|step| model.step(step));

        let mut once = model.clone();
        answers.iter().for_each(|step| once.step(step));

        let mut shuffled = answers.clone();
        if !answers.is_empty() {
            shuffled.extend(repeated.iter().map(|index| index.get(&answers).clone()));
        }
        let mut random = order | 1;
        for at in (1..shuffled.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(at, usize::try_from(random >> 33).unwrap() % (at + 1));
        }
        shuffled.iter().for_each(|step| model.step(step));
        prop_assert_eq!(once.state(), model.state());
    }

    /// However late the answers are, they do not undo what was chosen after the request.
    #[test]
    fn a_later_choice_stands(before in vec(any_step(), 0..8), n in 0..2_usize, after in vec(answer(), 0..8)) {
        let mut model = Model::new();
        before.iter().filter(|step| !matches!(step, Step::End)).for_each(|step| model.step(step));
        model.step(&Step::Change(n));
        after.iter().for_each(|step| model.step(step));
        prop_assert_eq!(model.account.data().payment_method.clone(), Some(debit(n)));
    }
}

fn after(steps: &[Step]) -> Model {
    let mut model = Model::new();
    steps.iter().for_each(|step| model.step(step));
    model
}

fn statuses(model: &Model) -> Vec<String> {
    let shown = |request: &Tokenization| match &request.data.status {
        TokenizationStatus::Failed(message) => message.as_str().to_owned(),
        status => status.code().to_owned(),
    };
    model.requests.iter().map(shown).collect()
}

#[test]
fn a_success_makes_the_card_the_payment_method() {
    let model = after(&[Step::Request(1), Step::Answer(1, true)]);
    let token = GatewayToken::restore("token-1".to_owned());
    assert_eq!(model.account.data().payment_method, Some(PaymentMethod::CreditCard(token.clone())));
    assert_eq!(model.account.data().awaited_reference, None);
    assert_eq!(model.requests[0].data.status, TokenizationStatus::Completed(token));
    assert_eq!(model.account.events().len(), 1);
}

#[test]
fn a_failure_leaves_the_payment_method() {
    let model = after(&[Step::Request(1), Step::Answer(1, false)]);
    assert_eq!(
        model.account.data(),
        &AccountData { awaited_reference: Some(reference(1)), ..account().data().clone() }
    );
    assert_eq!(statuses(&model), ["refused 1"]);
    assert!(model.cards.is_empty() && model.account.events().is_empty());
}

#[test]
fn a_superseded_success_leaves_a_card_and_no_more() {
    let model = after(&[Step::Request(1), Step::Request(2), Step::Answer(1, true), Step::Answer(2, false)]);
    assert_eq!(model.account.data().payment_method, Some(PaymentMethod::BankTransfer));
    assert_eq!(statuses(&model), ["superseded by a later update", "refused 2"]);
    assert_eq!(model.cards.len(), 1);
}

#[test]
fn choosing_the_method_that_it_has_supersedes_too() {
    let mut account = account();
    Tokenization::request(reference(1), None, &mut account, NOW).unwrap().unwrap();
    let later = NOW + Duration::SECOND;
    assert_eq!(account.change_payment_method(PaymentMethod::BankTransfer, later), Ok(true));
    assert!(account.events().is_empty());
    assert_eq!(account.change_payment_method(PaymentMethod::BankTransfer, later), Ok(false));
}

#[test]
fn an_expired_success_leaves_a_card_and_no_more() {
    let model = after(&[Step::Request(1), Step::Expire(1), Step::Answer(1, true)]);
    assert_eq!(model.account.data(), account().data());
    assert_eq!(statuses(&model), ["expired"]);
    assert_eq!(model.cards.len(), 1);
}

#[test]
fn a_reference_is_taken_again_only_after_a_failure() {
    let mut model = after(&[Step::Request(1), Step::Request(1)]);
    assert_eq!(statuses(&model), ["PENDING"], "no second request while it is pending");
    model.step(&Step::Answer(1, false));
    model.step(&Step::Request(1));
    assert_eq!(statuses(&model), ["refused 1", "PENDING"]);
    assert_eq!(model.requests[1].data.attempt, 2);
    model.step(&Step::Answer(1, true));
    let mut own = model.account.clone();
    let known = model.newest(1).cloned();
    let again = Tokenization::request(reference(1), known.as_ref(), &mut own, NOW);
    assert_eq!(again, Err(AccountError::ReferenceInUse));
    assert_eq!(own, model.account);
}

#[test]
fn a_reference_belongs_to_one_account() {
    let model = after(&[Step::Request(1), Step::Answer(1, false)]);
    let mut other =
        Account::restore(AccountData { id: AccountId(Uuid::from_u128(9)), ..account().data().clone() });
    let taken = Tokenization::request(reference(1), model.requests.last(), &mut other, NOW);
    assert_eq!(taken, Err(AccountError::ReferenceInUse));
}

#[test]
fn an_account_does_not_end_while_a_tokenization_is_pending() {
    let mut account = account();
    assert_eq!(account.end(true, NOW), Err(AccountError::TokenizationPending));
    assert_eq!(account.end(false, NOW), Ok(true));
    assert_eq!(account.end(true, NOW), Ok(false), "it has ended already");
    let request = Tokenization::request(reference(1), None, &mut account, NOW);
    assert_eq!(request, Err(AccountError::Ended));
}

#[test]
fn words_of_the_gateway_are_shown_unless_they_hold_a_card_number() {
    for (words, shown) in [
        ("do not honour", "do not honour"),
        (" do\nnot ", "do not"),
        ("card 4111 1111 1111 1111 refused", FailureMessage::REFUSED),
        ("", FailureMessage::REFUSED),
        ("\n", FailureMessage::REFUSED),
    ] {
        assert_eq!(FailureMessage::of_gateway(words).as_str(), shown);
    }
    assert_eq!(FailureMessage::of_gateway(&"x".repeat(1000)).as_str().len(), 255);
}
