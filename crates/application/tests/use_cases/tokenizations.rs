use std::sync::Arc;

use application::ports::{
    AuditReads, Clock, Neighbour, NeighbourError, OutboxQueue, PaymentGateway, TokenizationReads,
    TokenizationRequest,
};
use application::{
    Acceptance, Accounts, Error, NewAccountRequest, OutboxPolicy, OutboxWorker, Resource, TokenizationPolicy,
    Tokenizations,
};
use async_trait::async_trait;
use domain::{
    AccountError, FailureMessage, NewAccountModality, PaymentMethod, PaymentMethodChoice, Tokenization,
    TokenizationAnswer, TokenizedCard,
};
use testkit::UtcCalendar;
use testkit::fixtures::{account_id, card, customer, customer_id, nif, org, private_customer, scope, token};
use time::Duration;

use crate::{MockGateway, World, assert_refused, stranger};

const GATEWAY: Neighbour = Neighbour::PaymentGateway;

fn pending(reference: &str) -> PaymentMethodChoice {
    PaymentMethodChoice::PendingCard(token(reference))
}

fn success(token_id: &str) -> TokenizationAnswer {
    TokenizationAnswer::Completed(TokenizedCard {
        token_id: token(token_id),
        last_four: "5100".into(),
        expiration: "05/2029".parse().unwrap(),
    })
}

fn failure() -> TokenizationAnswer {
    TokenizationAnswer::Failed(FailureMessage::of_gateway("refused"))
}

type Answer = Result<Option<TokenizationAnswer>, NeighbourError>;

/// A gateway that gives this answer whenever it is asked, at least once.
fn answering(answer: Answer) -> MockGateway {
    let mut gateway = MockGateway::new();
    gateway.expect_tokenize().times(1..).return_const(answer);
    gateway
}

fn out_of_order() -> Answer {
    Err(NeighbourError::Unavailable("out of order".into()))
}

impl World {
    fn tokenizations(&self, gateway: MockGateway) -> Tokenizations {
        let (expires_after, ask_again_after) = (Duration::minutes(15), Duration::SECOND);
        Tokenizations {
            store: Arc::new(self.store.clone()),
            gateway: Arc::new(gateway),
            clock: self.clock.clone(),
            calendar: Arc::new(UtcCalendar),
            policy: TokenizationPolicy { expires_after, ask_again_after },
        }
    }

    pub(crate) fn outbox(&self, gateway: MockGateway) -> OutboxWorker {
        OutboxWorker {
            store: Arc::new(self.store.clone()),
            clock: self.clock.clone(),
            tokenizations: Arc::new(self.tokenizations(gateway)),
            credentials: Arc::new(self.credentials()),
            policy: OutboxPolicy {
                lease: Duration::MINUTE,
                first_retry_after: Duration::SECOND,
                longest_retry_after: Duration::minutes(5),
                most_failures: 3,
                concurrency: 16,
            },
        }
    }

    /// With customer 1 and its account 1, which awaits the card `ref-1`.
    async fn of_one_request() -> Self {
        let world = Self::default();
        world.bring(&customer(1, private_customer(&nif(1)))).await;
        let request = NewAccountRequest {
            modality: NewAccountModality::Postpaid,
            billing_address: None,
            payment_method: pending("ref-1"),
        };
        let opened = world.accounts().open(&scope(), customer_id(1), request).await.unwrap();
        assert_eq!((opened.0.id, opened.1), (account_id(1), Acceptance::Pending));
        world
    }

    async fn change(&self, choice: PaymentMethodChoice) -> Result<Acceptance, Error> {
        self.tick();
        self.accounts().change_payment_method(&scope(), account_id(1), choice).await
    }

    /// Lets the worker look into the outbox once.
    async fn run(&self, answer: Answer) -> usize {
        self.outbox(answering(answer)).run_due(GATEWAY).await.unwrap()
    }

    /// Lets the worker look into the outbox and find nothing to ask the gateway for.
    async fn idle(&self) -> usize {
        self.outbox(MockGateway::new()).run_due(GATEWAY).await.unwrap()
    }

    async fn requests(&self) -> Vec<Tokenization> {
        self.tokenizations(MockGateway::new()).of_account(&org(), account_id(1)).await.unwrap()
    }

    /// Newest first: the status, or why it has failed.
    async fn statuses(&self) -> Vec<String> {
        let shown = |request: Tokenization| match &request.data().status {
            domain::TokenizationStatus::Failed(message) => message.as_str().to_owned(),
            status => status.code().to_owned(),
        };
        self.requests().await.into_iter().map(shown).collect()
    }

    async fn waiting(&self) -> usize {
        self.store.entries(false, 1000).await.unwrap().len()
    }

    async fn cards(&self) -> usize {
        self.store.cards_of(&org(), customer_id(1)).await.unwrap().unwrap().len()
    }
}

fn by_card(token_id: &str) -> Option<PaymentMethod> {
    Some(PaymentMethod::CreditCard(token(token_id)))
}

#[tokio::test]
async fn a_success_becomes_the_payment_method() {
    let world = World::of_one_request().await;
    assert_eq!(world.account(account_id(1)).await.data().payment_method, None);
    assert_eq!((world.statuses().await, world.waiting().await), (vec!["PENDING".to_owned()], 1));

    assert_eq!(world.run(Ok(Some(success("card-1")))).await, 1);
    assert_eq!(world.account(account_id(1)).await.data().payment_method, by_card("card-1"));
    assert_eq!(world.methods(account_id(1)).await.len(), 1);
    assert_eq!((world.statuses().await, world.waiting().await), (vec!["COMPLETED".to_owned()], 0));
    assert_eq!(world.cards().await, 1);

    let timeline = world.store.timeline(&org(), customer_id(1), None, 10).await.unwrap().unwrap();
    let entries: Vec<_> = timeline
        .entries
        .iter()
        .map(|entry| (entry.entity.code(), &*entry.operation, entry.actor.as_str(), &*entry.request_id))
        .collect();
    assert_eq!(
        entries,
        [
            ("ACCOUNT", "tokenize", "mascustomers", "request-1"),
            ("TOKENIZATION_REQUEST", "tokenize", "mascustomers", "request-1"),
            ("CARD", "tokenize", "mascustomers", "request-1"),
            ("TOKENIZATION_REQUEST", "test", "tester", "request-1"),
            ("ACCOUNT", "test", "tester", "request-1"),
        ]
    );
}

#[tokio::test]
async fn a_failure_leaves_the_payment_method() {
    let world = World::of_one_request().await;
    world.change(PaymentMethodChoice::BankTransfer).await.unwrap();
    world.change(pending("ref-2")).await.unwrap();
    assert_eq!(world.statuses().await, ["PENDING", "superseded by a later update"]);
    assert_eq!(world.run(Ok(Some(failure()))).await, 2, "one does not wait for the other");
    assert_eq!(world.statuses().await, ["refused", "superseded by a later update"]);
    assert_eq!(world.account(account_id(1)).await.data().payment_method, Some(PaymentMethod::BankTransfer));
    assert_eq!(world.cards().await, 0);
}

#[tokio::test]
async fn a_late_success_leaves_a_card_and_no_more() {
    let world = World::of_one_request().await;
    assert_eq!(world.change(PaymentMethodChoice::BankTransfer).await.unwrap(), Acceptance::Completed);
    world.run(Ok(Some(success("card-1")))).await;
    assert_eq!(world.statuses().await, ["superseded by a later update"]);
    assert_eq!(world.account(account_id(1)).await.data().payment_method, Some(PaymentMethod::BankTransfer));
    assert_eq!((world.cards().await, world.waiting().await), (1, 0));
}

#[tokio::test]
async fn the_same_reference_is_requested_once() {
    let world = World::of_one_request().await;
    assert_eq!(world.change(pending("ref-1")).await.unwrap(), Acceptance::Pending);
    assert_eq!((world.requests().await.len(), world.waiting().await), (1, 1));
    world.run(Ok(Some(failure()))).await;

    assert_eq!(world.change(pending("ref-1")).await.unwrap(), Acceptance::Pending);
    assert_eq!(world.statuses().await, ["PENDING", "refused"]);
    world.run(Ok(Some(success("card-1")))).await;
    assert_eq!(world.statuses().await, ["COMPLETED", "refused"]);
    assert_refused!(world.change(pending("ref-1")).await, Error::Account(AccountError::ReferenceInUse));
}

#[tokio::test]
async fn a_reference_belongs_to_one_account() {
    let world = World::of_one_request().await;
    let request = NewAccountRequest {
        modality: NewAccountModality::Postpaid,
        billing_address: None,
        payment_method: pending("ref-1"),
    };
    let again = async |answer: Option<Answer>| {
        if let Some(answer) = answer {
            world.run(answer).await;
        }
        world.accounts().open(&scope(), customer_id(1), request.clone()).await
    };
    for answer in [None, Some(Ok(Some(failure())))] {
        assert_refused!(again(answer).await, Error::Account(AccountError::ReferenceInUse));
    }
    let accounts = world.accounts().of_customer(&org(), customer_id(1)).await.unwrap();
    assert_eq!(accounts, [account_id(1)]);
}

#[tokio::test]
async fn an_account_with_a_pending_tokenization_does_not_end() {
    let world = World::of_one_request().await;
    let end = async || world.accounts().end(&scope(), customer_id(1), account_id(1)).await;
    assert_refused!(end().await, Error::Account(AccountError::TokenizationPending));
    world.run(Ok(Some(failure()))).await;
    end().await.unwrap();
    assert_refused!(world.change(pending("ref-1")).await, Error::Account(AccountError::Ended));
}

#[tokio::test]
async fn the_gateway_is_asked_until_it_answers_or_time_is_over() {
    let world = World::of_one_request().await;
    assert_eq!(world.run(Ok(None)).await, 1);
    assert_eq!(world.idle().await, 0, "not before a second has passed");
    world.tick();
    assert_eq!(world.run(Ok(None)).await, 1);
    world.clock.advance(Duration::minutes(15));
    assert_eq!(world.idle().await, 1);
    assert_eq!((world.statuses().await, world.waiting().await), (vec!["expired".to_owned()], 0));
    world.accounts().end(&scope(), customer_id(1), account_id(1)).await.unwrap();
}

#[tokio::test]
async fn a_dead_gateway_is_asked_again_and_again_until_time_is_over() {
    let world = World::of_one_request().await;
    let mut asked = 0;
    // More often than other entries are tried before they are parked.
    while let Some(due) = world.outbox(MockGateway::new()).until_due(GATEWAY).await.unwrap() {
        world.clock.advance(due.try_into().unwrap());
        let is_over = world.clock.now() >= testkit::fixtures::NOW + Duration::minutes(15);
        asked += if is_over { world.idle().await } else { world.run(out_of_order()).await };
        assert_eq!(world.store.entries(true, 10).await.unwrap(), []);
    }
    assert_eq!(world.statuses().await, ["expired"]);
    assert!((8..20).contains(&asked), "{asked}");
    assert_eq!(world.clock.advance(Duration::ZERO), testkit::fixtures::NOW + Duration::minutes(15));
}

#[tokio::test]
async fn whoever_comes_too_late_does_not_ask_any_more() {
    let world = World::of_one_request().await;
    world.clock.advance(Duration::hours(5));
    assert_eq!(world.idle().await, 1);
    assert_eq!((world.statuses().await, world.waiting().await), (vec!["expired".to_owned()], 0));
}

/// A gateway that refuses, and while it is asked for the first time the same is requested again.
struct Slow(Accounts);

#[async_trait]
impl PaymentGateway for Slow {
    async fn tokenize(&self, request: &TokenizationRequest) -> Answer {
        if request.attempt == 1 {
            self.0.change_payment_method(&scope(), account_id(1), pending("ref-1")).await.unwrap();
        }
        Ok(Some(failure()))
    }
}

#[tokio::test]
async fn the_end_of_an_attempt_is_not_that_of_the_next() {
    let world = World::of_one_request().await;
    world.change(PaymentMethodChoice::BankTransfer).await.unwrap();
    world.clock.advance(Duration::minutes(14));
    let gateway = Arc::new(Slow(world.accounts()));
    let tokenizations = Arc::new(Tokenizations { gateway, ..world.tokenizations(MockGateway::new()) });
    let worker = OutboxWorker { tokenizations, ..world.outbox(MockGateway::new()) };
    assert_eq!(worker.run_due(GATEWAY).await.unwrap(), 1);
    assert_eq!(world.statuses().await, ["PENDING", "superseded by a later update"]);
}

#[tokio::test]
async fn the_card_of_another_customer_is_not_taken() {
    let world = World::of_one_request().await;
    world.bring(&customer(2, private_customer(&nif(2)))).await;
    world.bring_card(&card("card-1", customer_id(2))).await;
    world.run(Ok(Some(success("card-1")))).await;
    assert_eq!(world.statuses().await, ["the card is another customer's"]);
    assert_eq!(world.account(account_id(1)).await.data().payment_method, None);
}

#[tokio::test]
async fn shows_cards_that_are_good_today_newest_first() {
    let world = World::of_one_request().await;
    for (name, expiration) in [("a", "02/2026"), ("b", "03/2026"), ("c", "01/2030")] {
        let expiration = expiration.parse().unwrap();
        world.bring_card(&domain::Card { expiration, ..card(name, customer_id(1)) }).await;
    }
    let cards = world.tokenizations(MockGateway::new());
    let names: Vec<_> = cards
        .available_cards(&org(), customer_id(1))
        .await
        .unwrap()
        .into_iter()
        .map(|card| card.token_id.as_str().to_owned())
        .collect();
    assert_eq!(names, ["c", "b"]);
    assert_refused!(
        cards.available_cards(&stranger().org, customer_id(1)).await,
        Error::NotFound(Resource::Customer)
    );
    assert_refused!(
        cards.of_account(&stranger().org, account_id(1)).await,
        Error::NotFound(Resource::Account)
    );
}
