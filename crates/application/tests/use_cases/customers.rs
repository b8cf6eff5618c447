use application::ports::{Constraint, CustomerRef, StoreError};
use application::{Error, Resource, Search, SearchError};
use domain::{
    Change, CompanyPatch, Customer, CustomerData, CustomerError, CustomerEvent, CustomerPatch, CustomerType,
    DigitalPatch, DocumentType, Language, NewCustomer, PersonalPatch, Profile,
};
use testkit::RecordedEvent;
use testkit::fixtures::{
    NOW, account, account_id, cif, company, customer, customer_id, digital_customer, document, login, nie,
    nif, org, person, private_customer, representative, scope, self_employed, text,
};
use time::Duration;

use crate::{World, assert_refused, stranger};

impl World {
    /// Registers customers; they get the ids 1, 2, 3 and so on.
    async fn register<const N: usize>(&self, new: [NewCustomer; N]) -> [CustomerRef; N] {
        let mut refs = Vec::new();
        for new in new {
            refs.push(self.customers().register(&scope(), new).await.unwrap());
        }
        refs.try_into().unwrap()
    }

    async fn end_customer(&self, n: u32) {
        self.customers().end(&scope(), customer_id(n)).await.unwrap();
    }
}

fn speaking(language: Language) -> CustomerPatch {
    CustomerPatch { preferred_language: Some(language), ..CustomerPatch::default() }
}

fn naming_person(name: &str) -> CustomerPatch {
    let patch = PersonalPatch { name: Some(text(name)), ..PersonalPatch::default() };
    CustomerPatch { personal_info: Some(patch), ..CustomerPatch::default() }
}

fn with_email(email: &str) -> CustomerPatch {
    let patch = DigitalPatch { email: Some(login(email)), ..DigitalPatch::default() };
    CustomerPatch { digital_personal_info: Some(patch), ..CustomerPatch::default() }
}

#[tokio::test]
async fn registers_customers_of_every_type() {
    let world = World::default();
    for (new, n) in
        [private_customer(&nif(1)), company(&cif(2)), self_employed(&nie(3)), digital_customer("e@x.es")]
            .into_iter()
            .zip(1..)
    {
        let [registered] = world.register([new.clone()]).await;
        assert_eq!(registered.id, customer_id(n));
        assert_eq!(registered.external_id.is_none(), new.profile.kind() == CustomerType::Digital);
        let expected = Customer::restore(CustomerData {
            external_id: registered.external_id,
            ..customer(n, new).data().clone()
        });
        assert_eq!(world.customer(customer_id(n)).await, expected);
    }
}

#[tokio::test]
async fn registers_no_duplicate() {
    let world = World::default();
    world.register([private_customer(&nif(1)), digital_customer("eva@example.com")]).await;
    let customers = world.customers();
    assert_refused!(
        customers.register(&scope(), private_customer(&nif(1))).await,
        Error::Store(StoreError::Duplicate(Constraint::LiveDocument))
    );
    assert_refused!(
        customers.register(&scope(), digital_customer("EVA@example.com")).await,
        Error::Store(StoreError::Duplicate(Constraint::LiveDigitalEmail))
    );
    customers.register(&stranger(), private_customer(&nif(1))).await.unwrap();
    world.end_customer(1).await;
    customers.register(&scope(), private_customer(&nif(1))).await.unwrap();
}

#[test]
fn a_search_needs_a_criterion() {
    let kind = Some(DocumentType::Nif);
    let email = || Some(login("eva@example.com"));
    assert_eq!(Search::new(None, None, None), Err(SearchError::NoCriterion));
    assert_eq!(Search::new(None, kind, None), Err(SearchError::TypeAlone));
    assert_eq!(Search::new(None, kind, email()), Err(SearchError::TypeAlone));
    for (number, kind, email) in
        [(Some("1"), None, None), (Some("1"), kind, None), (Some("1"), kind, email()), (None, None, email())]
    {
        assert!(Search::new(number, kind, email).is_ok());
    }
}

#[tokio::test]
async fn searches_by_document() {
    let world = World::default();
    let [first, _, company] = world
        .register([
            private_customer(&nif(1)),
            person(document(DocumentType::Passport, &nif(1))),
            company(&cif(3)),
        ])
        .await;
    let spelt = format!(" {}-{}. ", &nif(1)[..4], nif(1)[4..].to_lowercase());
    let search = async |number: &str, kind| {
        let search = Search::new(Some(number), kind, None).unwrap();
        world.customers().search(&org(), &search).await
    };
    assert_eq!(search(&nif(1), Some(DocumentType::Nif)).await.unwrap(), first);
    assert_eq!(search(&spelt, Some(DocumentType::Nif)).await.unwrap(), first);
    assert_eq!(search(&cif(3), None).await.unwrap(), company);
    assert_refused!(search(&nif(1), None).await, Error::Ambiguous);
    for (number, kind) in [(nif(1), Some(DocumentType::Nie)), (nif(2), None), ("no document".into(), None)] {
        assert_refused!(search(&number, kind).await, Error::NotFound(Resource::Customer));
    }
    world.end_customer(2).await;
    assert_eq!(search(&nif(1), None).await.unwrap(), first);
}

#[tokio::test]
async fn searches_by_user_name_and_document() {
    let world = World::default();
    let [person, _] = world.register([private_customer(&nif(1)), digital_customer("eva@example.com")]).await;
    for (n, username) in [(1, "Ada@example.com"), (2, "ida@example.com")] {
        world.credentials().reserve(&scope(), customer_id(n), login(username)).await.unwrap();
    }
    let search = async |email: &str, number: Option<&str>, kind| {
        let search = Search::new(number, kind, Some(login(email))).unwrap();
        world.customers().search(&org(), &search).await
    };
    let spelt = format!(" {}-{}. ", &nif(1)[..4], nif(1)[4..].to_lowercase());
    for (number, kind) in [(None, None), (Some(&*spelt), None), (Some(&*spelt), Some(DocumentType::Nif))] {
        assert_eq!(search("aDA@example.com", number, kind).await.unwrap(), person);
    }
    for (email, number, kind) in [
        ("eva@example.com", None, None),
        ("nobody@example.com", None, None),
        ("ida@example.com", Some(&*spelt), None),
        ("ada@example.com", Some("12345678Z"), None),
        ("ada@example.com", Some(&*spelt), Some(DocumentType::Nie)),
    ] {
        assert_refused!(search(email, number, kind).await, Error::NotFound(Resource::Customer));
    }
}

#[tokio::test]
async fn finds_by_external_id() {
    let world = World::default();
    let [first] = world.register([private_customer(&nif(1))]).await;
    let external_id = first.external_id.unwrap();
    let customers = world.customers();
    assert_eq!(customers.by_external_id(&org(), &external_id).await.unwrap(), customer_id(1));

    let data = customer(2, private_customer(&nif(2))).data().clone();
    world.bring(&Customer::restore(CustomerData { external_id: Some(external_id.clone()), ..data })).await;
    assert_refused!(customers.by_external_id(&org(), &external_id).await, Error::Ambiguous);
    for n in 1..=2 {
        world.end_customer(n).await;
    }
    assert_refused!(
        customers.by_external_id(&org(), &external_id).await,
        Error::NotFound(Resource::Customer)
    );
}

#[tokio::test]
async fn amends() {
    let world = World::default();
    world.register([private_customer(&nif(1))]).await;
    let mut expected = world.customer(customer_id(1)).await;
    let mut patch = naming_person("Beatriz");
    if let Some(person) = &mut patch.personal_info {
        person.second_surname = Change::Clear;
    }
    let now = world.tick();
    world.customers().amend(&scope(), customer_id(1), patch.clone()).await.unwrap();
    expected.amend(patch, now).unwrap();
    let data = CustomerData { version: 2, ..expected.data().clone() };
    assert_eq!(world.customer(customer_id(1)).await, Customer::restore(data));
}

#[tokio::test]
async fn amends_nothing_that_it_may_not() {
    let world = World::default();
    world.register([private_customer(&nif(1)), digital_customer("a@x.es"), digital_customer("b@x.es")]).await;
    let customers = world.customers();
    let before = world.customer(customer_id(1)).await;
    let company = CustomerPatch { company_info: Some(CompanyPatch::default()), ..speaking(Language::Basque) };
    assert_refused!(
        customers.amend(&scope(), customer_id(1), company.clone()).await,
        Error::Customer(CustomerError::Blocks { kind: CustomerType::Private, .. })
    );
    assert_eq!(world.customer(customer_id(1)).await, before);
    assert_refused!(
        customers.amend(&scope(), customer_id(3), with_email("A@X.ES")).await,
        Error::Store(StoreError::Duplicate(Constraint::LiveDigitalEmail))
    );

    world.end_customer(1).await;
    // A wrong block is worse than a wrong state.
    assert_refused!(
        customers.amend(&scope(), customer_id(1), company).await,
        Error::Customer(CustomerError::Blocks { .. })
    );
    assert_refused!(
        customers.amend(&scope(), customer_id(1), speaking(Language::Basque)).await,
        Error::Customer(CustomerError::Ended)
    );
    // The address is free again.
    world.end_customer(2).await;
    customers.amend(&scope(), customer_id(3), with_email("A@X.ES")).await.unwrap();
}

#[tokio::test]
async fn ends_once() {
    let world = World::default();
    world.register([private_customer(&nif(1))]).await;
    let now = world.tick();
    world.end_customer(1).await;
    let ended = world.customer(customer_id(1)).await;
    assert_eq!((ended.data().ended_at, ended.data().updated_at), (Some(now), now));
    world.tick();
    world.end_customer(1).await;
    assert_eq!(world.customer(customer_id(1)).await, ended);
}

#[tokio::test]
async fn ends_no_customer_with_live_accounts() {
    let world = World::default();
    world.register([private_customer(&nif(1))]).await;
    let owner = world.customer(customer_id(1)).await;
    for n in 1..=2 {
        world.bring_account(&account(n, &owner)).await;
    }
    for n in 1..=2 {
        assert_refused!(
            world.customers().end(&scope(), customer_id(1)).await,
            Error::Customer(CustomerError::LiveAccounts)
        );
        assert_eq!(world.customer(customer_id(1)).await, owner);
        world.accounts().end(&scope(), customer_id(1), account_id(n)).await.unwrap();
    }
    world.end_customer(1).await;
}

#[tokio::test]
async fn replaces_the_representative() {
    let world = World::default();
    world.register([company(&cif(1))]).await;
    let current = async || match world.customer(customer_id(1)).await.data().profile.clone() {
        Profile::Corporate { company_info, .. } => company_info.representative.unwrap(),
        _ => unreachable!(),
    };
    let former = current().await;
    let replace = async |user| world.customers().replace_representative(&scope(), customer_id(1), user).await;
    let now = world.tick();
    replace(representative(&nif(99))).await.unwrap();
    assert_eq!(current().await, representative(&nif(99)));
    assert_eq!(world.customer(customer_id(1)).await.data().updated_at, now);

    world.tick();
    replace(representative(&nif(99))).await.unwrap();
    assert_eq!(world.customer(customer_id(1)).await.data().updated_at, now);
    let event = CustomerEvent::RepresentativeReplaced(former);
    assert_eq!(
        world.store.customer_history(&org(), customer_id(1)),
        [RecordedEvent { event, actor: text("tester"), at: now }]
    );
}

#[tokio::test]
async fn replaces_representatives_of_live_companies_only() {
    let world = World::default();
    world.register([private_customer(&nif(1)), digital_customer("a@x.es"), company(&cif(3))]).await;
    let replace = async |n| {
        let user = representative(&nif(99));
        world.customers().replace_representative(&scope(), customer_id(n), user).await
    };
    for n in [1, 2] {
        assert_refused!(replace(n).await, Error::Customer(CustomerError::NotCorporate));
    }
    for n in 1..=3 {
        world.end_customer(n).await;
    }
    for n in [1, 2] {
        assert_refused!(replace(n).await, Error::Customer(CustomerError::NotCorporate));
    }
    assert_refused!(replace(3).await, Error::Customer(CustomerError::Ended));
    assert_eq!(world.store.customer_history(&org(), customer_id(3)), []);
}

#[tokio::test]
async fn converts_a_nie() {
    let world = World::default();
    world.register([person(document(DocumentType::Nie, &nie(1))), self_employed(&nie(2))]).await;
    let now = world.tick();
    for n in 1..=2 {
        world
            .customers()
            .convert_nie_to_nif(&scope(), customer_id(n), nif(n).parse().unwrap())
            .await
            .unwrap();
        let customer = world.customer(customer_id(n)).await;
        let expected = document(DocumentType::Nif, &nif(n));
        assert_eq!(customer.data().profile.identity_document(), Some(&expected));
        assert_eq!(customer.data().updated_at, now);
        let event = CustomerEvent::DocumentReplaced(document(DocumentType::Nie, &nie(n)));
        assert_eq!(
            world.store.customer_history(&org(), customer_id(n)),
            [RecordedEvent { event, actor: text("tester"), at: now }]
        );
    }
}

#[tokio::test]
async fn converts_nothing_else() {
    let world = World::default();
    world
        .register([
            private_customer(&nif(1)),
            person(document(DocumentType::Passport, "PAB123")),
            company(&cif(3)),
            digital_customer("a@x.es"),
            self_employed(&nie(5)),
        ])
        .await;
    let convert = async |n, to| {
        let nif = nif(to).parse().unwrap();
        world.customers().convert_nie_to_nif(&scope(), customer_id(n), nif).await
    };
    for n in 1..=4 {
        assert_refused!(convert(n, 9).await, Error::Customer(CustomerError::NotANie));
    }
    assert_refused!(convert(5, 1).await, Error::Store(StoreError::Duplicate(Constraint::LiveDocument)));
    assert_eq!(world.store.customer_history(&org(), customer_id(5)), []);
    convert(5, 9).await.unwrap();
    assert_refused!(convert(5, 10).await, Error::Customer(CustomerError::NotANie));
    world.end_customer(5).await;
    assert_refused!(convert(5, 10).await, Error::Customer(CustomerError::Ended));
}

#[tokio::test]
async fn an_ended_customer_stays_readable() {
    let world = World::default();
    world.register([private_customer(&nif(1))]).await;
    let now = world.clock.advance(Duration::DAY);
    world.end_customer(1).await;
    let customer = world.customer(customer_id(1)).await;
    assert_eq!((customer.data().created_at, customer.data().ended_at), (NOW, Some(now)));
}

#[tokio::test]
async fn customers_of_others_are_as_unknown_as_those_of_nobody() {
    let world = World::default();
    let [theirs] = world.register([self_employed(&nie(1))]).await;
    let customers = world.customers();
    for (scope, id) in [(stranger(), theirs.id), (scope(), customer_id(99))] {
        assert_refused!(customers.get(&scope.org, id).await, Error::NotFound(Resource::Customer));
        assert_refused!(
            customers.amend(&scope, id, naming_person("Eva")).await,
            Error::NotFound(Resource::Customer)
        );
        assert_refused!(customers.end(&scope, id).await, Error::NotFound(Resource::Customer));
        assert_refused!(
            customers.replace_representative(&scope, id, representative(&nif(9))).await,
            Error::NotFound(Resource::Customer)
        );
        assert_refused!(
            customers.convert_nie_to_nif(&scope, id, nif(9).parse().unwrap()).await,
            Error::NotFound(Resource::Customer)
        );
    }
    let external_id = theirs.external_id.unwrap();
    assert_refused!(
        customers.by_external_id(&stranger().org, &external_id).await,
        Error::NotFound(Resource::Customer)
    );
    let search = Search::new(Some(&nie(1)), None, None).unwrap();
    assert_refused!(customers.search(&stranger().org, &search).await, Error::NotFound(Resource::Customer));
}
