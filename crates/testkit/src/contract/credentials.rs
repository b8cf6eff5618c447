//! What the store promises of credentials.

use application::ports::{Constraint, CredentialRef, CustomerRef, Store, StoreError};
use domain::{
    Credential, CredentialData, CredentialId, CredentialState, Customer, CustomerId, DocumentType,
    ExpirationDate,
};
use futures_util::future::{join, join_all};
use time::macros::date;
use time::{Date, Duration};

use super::org::Org;
use crate::fixtures::{
    NOW, cif, company, credential, credential_id, customer_id, digital_customer, login, nif, text,
};

const TODAY: Date = date!(2026 - 03 - 14);
const TOMORROW: Date = date!(2026 - 03 - 15);

/// A credential in any state.
fn in_state(n: u32, customer: &Customer, state: CredentialState) -> Credential {
    let data = credential(n, customer, &format!("User.{n}@example.com")).data().clone();
    Credential::restore(CredentialData { state, ..data })
}

/// A credential whose last day is [`TODAY`].
fn expiring(credential: &Credential) -> Credential {
    let mut credential = credential.clone();
    credential.expire_on(Some(ExpirationDate::parse("2026-03-14", TODAY).unwrap()), TODAY, NOW).unwrap();
    credential
}

/// What an accepted update leaves in the store.
fn updated(credential: &Credential) -> Credential {
    let data = credential.data().clone();
    Credential::restore(CredentialData { version: data.version + 1, ..data })
}

async fn insert(org: &Org<'_>, credential: &Credential) -> Result<(), StoreError> {
    let mut work = org.begin().await;
    work.credentials().insert(credential).await?;
    work.commit(NOW, &[]).await
}

async fn update(org: &Org<'_>, credential: &Credential) -> Result<(), StoreError> {
    let mut work = org.begin().await;
    work.credentials().update(credential).await?;
    work.commit(NOW, &[]).await
}

async fn find(org: &Org<'_>, id: CredentialId) -> Option<Credential> {
    org.begin().await.credentials().find(id).await.unwrap()
}

async fn list(org: &Org<'_>, customer: CustomerId, today: Date) -> Option<Vec<CredentialRef>> {
    org.store.credentials_of(&org.id, customer, today).await.unwrap()
}

async fn search(
    org: &Org<'_>,
    username: &str,
    document: Option<(&str, Option<DocumentType>)>,
    today: Date,
) -> Vec<CustomerRef> {
    org.store.customers_by_username(&org.id, &login(username), document, today).await.unwrap()
}

fn reference(customer: &Customer) -> CustomerRef {
    CustomerRef { id: customer.data().id, external_id: customer.data().external_id.clone() }
}

fn assert_duplicate(result: &Result<(), StoreError>, constraint: Constraint) {
    assert!(matches!(result, Err(StoreError::Duplicate(broken)) if *broken == constraint), "{result:?}");
}

/// Credentials in every state come back equal.
pub async fn every_credential_comes_back_as_it_was(store: &dyn Store) {
    let org = Org::new(store);
    for (state, n) in [
        CredentialState::Reserved { activation_requested: false },
        CredentialState::Reserved { activation_requested: true },
        CredentialState::Active,
    ]
    .into_iter()
    .zip(1..)
    {
        let given = in_state(n, &org.add_person(n).await, state);
        let given = Credential::restore(CredentialData {
            expiration_date: (n == 2).then_some(date!(9999 - 12 - 31)),
            ..given.data().clone()
        });
        insert(&org, &given).await.unwrap();
        assert_eq!(find(&org, credential_id(n)).await, Some(given));
    }
    assert_eq!(find(&org, credential_id(4)).await, None);
}

/// Everything that a verb can change is written.
pub async fn an_update_writes_all_that_can_change(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    insert(&org, &credential(1, &owner, "ada@example.com")).await.unwrap();
    for (version, step) in (1..).zip(0..6) {
        let mut changed = find(&org, credential_id(1)).await.unwrap();
        assert_eq!(changed.data().version, version);
        let now = NOW + Duration::microseconds(version);
        let did_change = match step {
            0 => changed.rename(login("Eva@example.com"), TODAY, now).unwrap(),
            1 => changed.request_activation(TODAY, now).unwrap(),
            2 => changed.confirm_activation(now),
            3 => changed
                .expire_on(Some(ExpirationDate::parse("2026-03-14", TODAY).unwrap()), TODAY, now)
                .unwrap(),
            4 => changed.expire_on(None, TODAY, now).unwrap(),
            _ => changed.end(now),
        };
        assert!(did_change);
        update(&org, &changed).await.unwrap();
        assert_eq!(find(&org, credential_id(1)).await, Some(updated(&changed)));
    }
}

/// User names are compared without regard to case, at inserts and at updates.
pub async fn one_unended_credential_per_username(store: &dyn Store) {
    let org = Org::new(store);
    let (first, second) = (org.add_person(1).await, org.add_person(2).await);
    insert(&org, &credential(1, &first, "Ada@example.com")).await.unwrap();
    let taken = insert(&org, &credential(2, &second, "ADA@EXAMPLE.com")).await;
    assert_duplicate(&taken, Constraint::LiveUsername);
    assert_eq!(find(&org, credential_id(2)).await, None);

    let mut other = credential(2, &second, "eva@example.com");
    insert(&org, &other).await.unwrap();
    other.rename(login("ada@EXAMPLE.com"), TODAY, NOW).unwrap();
    assert_duplicate(&update(&org, &other).await, Constraint::LiveUsername);
    assert_eq!(find(&org, credential_id(2)).await.unwrap().data().username, login("eva@example.com"));

    let mut own = find(&org, credential_id(1)).await.unwrap();
    own.rename(login("aDA@example.com"), TODAY, NOW).unwrap();
    update(&org, &own).await.unwrap();
}

/// A second credential is refused, whatever its name.
pub async fn one_unended_credential_per_customer(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    insert(&org, &credential(1, &owner, "ada@example.com")).await.unwrap();
    let second = insert(&org, &credential(2, &owner, "eva@example.com")).await;
    assert_duplicate(&second, Constraint::LiveCredential);
}

/// The rules do not look at ended credentials, but at expired ones they do.
pub async fn an_ended_credential_frees_what_was_its_own(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let mut first = expiring(&credential(1, &owner, "ada@example.com"));
    insert(&org, &first).await.unwrap();
    let again = credential(2, &owner, "ada@example.com");
    assert!(matches!(insert(&org, &again).await, Err(StoreError::Duplicate(_))));

    first.end(NOW);
    let mut work = org.begin().await;
    work.credentials().update(&first).await.unwrap();
    work.credentials().insert(&again).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
    assert_eq!(list(&org, customer_id(1), TODAY).await.unwrap()[0].id, credential_id(2));
    assert_eq!(find(&org, credential_id(1)).await, Some(updated(&first)), "it stays readable");
}

/// One of those who want the same user name, or the same customer, at the same time gets it.
pub async fn one_of_many_simultaneous_inserts_wins(store: &dyn Store) {
    let org = &Org::new(store);
    let owners = join_all((1..=8).map(|n| org.add_person(n))).await;
    let named = (1..).zip(&owners).map(|(n, owner)| credential(n, owner, "ada@example.com"));
    let named: Vec<_> = named.collect();
    let results = join_all(named.iter().map(|credential| insert(org, credential))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for result in results.iter().filter(|result| result.is_err()) {
        assert_duplicate(result, Constraint::LiveUsername);
    }
    let owner = org.add_person(9).await;
    let of_one: Vec<_> = (9..=16).map(|n| credential(n, &owner, &format!("user{n}@example.com"))).collect();
    let results = join_all(of_one.iter().map(|credential| insert(org, credential))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for result in results.iter().filter(|result| result.is_err()) {
        assert_duplicate(result, Constraint::LiveCredential);
    }
}

/// The customer's own and whoever has the name, expired or not, but no ended one and nobody else.
pub async fn the_unended_ones_in_the_way_are_found(store: &dyn Store) {
    let org = Org::new(store);
    let mut owners = Vec::new();
    for n in 1..=3 {
        owners.push(org.add_person(n).await);
    }
    let mut former = credential(9, &owners[0], "eva@example.com");
    former.end(NOW);
    for one in [
        former,
        credential(1, &owners[0], "ada@example.com"),
        expiring(&credential(2, &owners[1], "Eva@example.com")),
        credential(3, &owners[2], "ida@example.com"),
    ] {
        insert(&org, &one).await.unwrap();
    }
    let mut work = org.begin().await;
    let mut found = async |username: Option<&str>| {
        let username = username.map(login);
        let found = work.credentials().unended(customer_id(1), username.as_ref()).await.unwrap();
        let mut ids: Vec<_> = found.iter().map(|credential| credential.data().id).collect();
        ids.sort();
        ids
    };
    assert_eq!(found(None).await, [credential_id(1)]);
    assert_eq!(found(Some("ADA@example.com")).await, [credential_id(1)]);
    assert_eq!(found(Some("eva@EXAMPLE.com")).await, [credential_id(1), credential_id(2)]);
    assert_eq!(found(Some("nobody@example.com")).await, [credential_id(1)]);
    let nobody = work.credentials().unended(customer_id(4), None).await.unwrap();
    assert_eq!(nobody, []);
}

/// Two that want each other's names, and end what is in their way, come one after the other and do not block each other.
pub async fn who_takes_what_others_have_waits_for_them(store: &dyn Store) {
    let org = &Org::new(store);
    for n in 0..10 {
        let owners = [org.add_person(2 * n + 1).await, org.add_person(2 * n + 2).await];
        let names = [format!("ada.{n}@example.com"), format!("eva.{n}@example.com")];
        for (owner, name, id) in [(0, 0, 4 * n + 1), (1, 1, 4 * n + 2)] {
            insert(org, &expiring(&credential(id, &owners[owner], &names[name]))).await.unwrap();
        }
        let take = async |owner: usize, name: usize, id: u32| {
            let new = credential(id, &owners[owner], &names[name]);
            let mut work = org.begin().await;
            let data = new.data();
            let unended = work.credentials().unended(data.customer_id, Some(&data.username)).await?;
            for mut credential in unended {
                tokio::task::yield_now().await;
                if credential.end_if_expired(TOMORROW, NOW) {
                    work.credentials().update(&credential).await?;
                }
            }
            work.credentials().insert(&new).await?;
            work.commit(NOW, &[]).await
        };
        let (first, second) = join(take(0, 1, 4 * n + 3), take(1, 0, 4 * n + 4)).await;
        first.unwrap();
        second.unwrap();
    }
}

/// At most one: neither ended nor expired; nothing of an unknown customer.
pub async fn lists_show_the_live_one_of_a_customer(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    org.add_person(2).await;
    assert_eq!(list(&org, customer_id(1), TODAY).await, Some(vec![]));
    let mut credential = credential(1, &owner, "Ada@example.com");
    insert(&org, &credential).await.unwrap();
    let shown = vec![CredentialRef { id: credential_id(1), username: login("Ada@example.com") }];
    assert_eq!(list(&org, customer_id(1), Date::MAX).await.as_ref(), Some(&shown));
    assert_eq!(list(&org, customer_id(2), TODAY).await, Some(vec![]));
    assert_eq!(list(&org, customer_id(3), TODAY).await, None);

    credential = expiring(&credential);
    update(&org, &credential).await.unwrap();
    assert_eq!(list(&org, customer_id(1), TODAY).await, Some(shown));
    assert_eq!(list(&org, customer_id(1), TOMORROW).await, Some(vec![]));
    let mut credential = updated(&credential);
    credential.end(NOW);
    update(&org, &credential).await.unwrap();
    assert_eq!(list(&org, customer_id(1), TODAY).await, Some(vec![]));
}

/// Whatever the case, through the last day, and not after the end of the credential or of the customer.
pub async fn customers_are_found_by_a_live_username(store: &dyn Store) {
    let org = Org::new(store);
    let person = org.add_person(1).await;
    let eva = org.add(2, digital_customer("eva@example.com")).await;
    let ada = expiring(&credential(1, &person, "Ada@example.com"));
    insert(&org, &ada).await.unwrap();
    insert(&org, &credential(2, &eva, "ida@example.com")).await.unwrap();

    assert_eq!(search(&org, "aDA@example.COM", None, TODAY).await, [reference(&person)]);
    assert_eq!(search(&org, "ada@example.com", None, TOMORROW).await, []);
    assert_eq!(search(&org, "ida@example.com", None, Date::MAX).await, [reference(&eva)]);
    assert_eq!(search(&org, "eva@example.com", None, TODAY).await, [], "an address is no user name");

    let mut ended = ada.clone();
    ended.end(NOW);
    update(&org, &ended).await.unwrap();
    assert_eq!(search(&org, "ada@example.com", None, TODAY).await, []);
    org.end(&eva).await;
    assert_eq!(search(&org, "ida@example.com", None, TODAY).await, []);
}

/// All criteria must fit.
pub async fn customers_are_found_by_username_and_document(store: &dyn Store) {
    let org = Org::new(store);
    let person = org.add_person(1).await;
    let company = org.add(2, company(&cif(2))).await;
    insert(&org, &credential(1, &person, "ada@example.com")).await.unwrap();
    insert(&org, &credential(2, &company, "sl@example.com")).await.unwrap();
    let (nif, cif) = (nif(1), cif(2));
    for (username, number, kind, found) in [
        ("ADA@example.com", &nif, None, vec![&person]),
        ("ada@example.com", &nif, Some(DocumentType::Nif), vec![&person]),
        ("ada@example.com", &nif, Some(DocumentType::Passport), vec![]),
        ("ada@example.com", &cif, None, vec![]),
        ("sl@example.com", &cif, Some(DocumentType::Cif), vec![&company]),
        ("sl@example.com", &nif, None, vec![]),
    ] {
        let expected: Vec<_> = found.into_iter().map(reference).collect();
        assert_eq!(
            search(&org, username, Some((number, kind)), TODAY).await,
            expected,
            "{username} {kind:?}"
        );
    }
}

/// Who has read it before somebody else changed it cannot write it.
pub async fn an_old_copy_is_stale(store: &dyn Store) {
    let org = Org::new(store);
    let owner = org.add_person(1).await;
    let mut first = credential(1, &owner, "ada@example.com");
    insert(&org, &first).await.unwrap();
    let mut second = first.clone();
    first.rename(login("eva@example.com"), TODAY, NOW).unwrap();
    update(&org, &first).await.unwrap();
    second.end(NOW);
    assert!(matches!(update(&org, &second).await, Err(StoreError::Stale)));
    assert_eq!(find(&org, credential_id(1)).await, Some(updated(&first)));
}

/// Organisations share neither user names nor ids, and do not see each other's credentials.
pub async fn the_same_in_two_organisations(store: &dyn Store) {
    let orgs = [Org::new(store), Org::new(store)];
    for org in &orgs {
        let owner = org.add_person(1).await;
        insert(org, &credential(1, &owner, "ada@example.com")).await.unwrap();
    }
    let mut ended = find(&orgs[0], credential_id(1)).await.unwrap();
    ended.end(NOW);
    update(&orgs[0], &ended).await.unwrap();
    let mut work = orgs[0].begin().await;
    assert_eq!(
        work.credentials().unended(customer_id(1), Some(&login("ada@example.com"))).await.unwrap(),
        []
    );
    drop(work);
    assert_eq!(list(&orgs[0], customer_id(1), TODAY).await, Some(vec![]));
    assert_eq!(search(&orgs[0], "ada@example.com", None, TODAY).await, []);
    assert_eq!(list(&orgs[1], customer_id(1), TODAY).await.unwrap().len(), 1);
    assert_eq!(search(&orgs[1], "ada@example.com", None, TODAY).await.len(), 1);
    let stranger = Org::new(store);
    assert_eq!(find(&stranger, credential_id(1)).await, None);
    assert_eq!(list(&stranger, customer_id(1), TODAY).await, None);
}

/// Without its customer in the organisation it is a fault.
pub async fn a_credential_needs_its_customer(store: &dyn Store) {
    let (org, other) = (Org::new(store), Org::new(store));
    let owner = other.add_person(1).await;
    let result = insert(&org, &credential(1, &owner, "ada@example.com")).await;
    assert!(matches!(result, Err(StoreError::Unexpected(_))), "{result:?}");
    let scope = application::Scope { actor: text("another"), ..other.scope.clone() };
    let mut work = store.begin(&scope).await.unwrap();
    work.credentials().insert(&credential(1, &owner, "ada@example.com")).await.unwrap();
    assert!(work.credentials().insert(&credential(1, &owner, "eva@example.com")).await.is_err());
}
