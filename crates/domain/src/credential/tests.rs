use std::collections::VecDeque;

use proptest::prelude::*;
use time::macros::{date, datetime};
use uuid::Uuid;

use super::*;
use crate::customer::{DigitalPersonalInfo, Language, NewCustomer, Profile};

const NOW: OffsetDateTime = datetime!(2026-03-14 10:30 UTC);
const LATER: OffsetDateTime = datetime!(2026-03-15 10:30 UTC);
const TODAY: Date = date!(2026 - 03 - 14);
const ID: CredentialId = CredentialId(Uuid::from_u128(3));
const RESERVED: CredentialState = CredentialState::Reserved { activation_requested: false };
const REQUESTED: CredentialState = CredentialState::Reserved { activation_requested: true };

fn login(raw: &str) -> LoginEmail {
    raw.parse().unwrap()
}

fn customer(is_live: bool) -> Customer {
    let digital_personal_info = DigitalPersonalInfo {
        name: "Eva".parse().unwrap(),
        first_surname: None,
        second_surname: None,
        email: login("eva@example.com"),
        mobile_phone_number: None,
    };
    let new = NewCustomer {
        preferred_language: Language::Spanish,
        profile: Profile::Digital { digital_personal_info },
    };
    let mut customer = Customer::register(CustomerId(Uuid::from_u128(1)), new, NOW);
    if !is_live {
        customer.end(false, NOW).unwrap();
    }
    customer
}

fn credential(state: CredentialState) -> Credential {
    let reserved = Credential::reserve(ID, &customer(true), login("a@example.com"), NOW).unwrap();
    Credential::restore(CredentialData { state, ..reserved.data })
}

fn expiring(state: CredentialState, last_day: Date) -> Credential {
    Credential::restore(CredentialData { expiration_date: Some(last_day), ..credential(state).data })
}

fn renamed() -> CredentialEvent {
    CredentialEvent::LoginRenamed { from: login("a@example.com") }
}

#[test]
fn is_created_for_live_customers_only() {
    for (create, state) in [
        (Credential::reserve as fn(_, &_, _, _) -> _, RESERVED),
        (Credential::migrate, CredentialState::Active),
    ] {
        let credential: Credential = create(ID, &customer(true), login("A@example.com"), NOW).unwrap();
        let expected = CredentialData {
            id: ID,
            customer_id: customer(true).data().id,
            username: login("A@example.com"),
            state,
            expiration_date: None,
            created_at: NOW,
            ended_at: None,
            updated_at: NOW,
            version: 1,
        };
        assert_eq!(credential.data(), &expected);
        assert_eq!(credential.events(), [], "nobody has to be told");
        let refused = create(ID, &customer(false), login("a@example.com"), NOW);
        assert_eq!(refused, Err(CredentialError::Customer(CustomerError::Ended)));
    }
}

#[test]
fn a_new_name_is_told_where_the_old_one_is_known() {
    let told = CredentialEvent::UsernameChanged { from: login("a@example.com") };
    for (state, events) in
        [(RESERVED, vec![]), (REQUESTED, vec![renamed()]), (CredentialState::Active, vec![renamed(), told])]
    {
        for name in ["b@example.com", "A@example.com"] {
            let mut credential = credential(state);
            assert_eq!(credential.rename(login(name), TODAY, LATER), Ok(true));
            assert_eq!(credential.data().username.as_str(), name);
            assert_eq!((credential.data().state, credential.data().updated_at), (state, LATER));
            assert_eq!(credential.events(), events);
            assert_eq!(credential.changed(), ["username"]);
        }
    }
}

#[test]
fn the_same_name_changes_nothing() {
    let mut credential = credential(CredentialState::Active);
    assert_eq!(credential.rename(login("a@example.com"), TODAY, LATER), Ok(false));
    assert_eq!((credential.events(), credential.changed()), (&[][..], &[][..]));
    assert_eq!(credential.data().updated_at, NOW);
}

#[test]
fn a_login_is_asked_for_once() {
    let mut credential = credential(RESERVED);
    assert_eq!(credential.request_activation(TODAY, LATER), Ok(true));
    assert_eq!(credential.data().state, REQUESTED);
    assert_eq!(credential.request_activation(TODAY, LATER), Ok(false));
    assert!(credential.confirm_activation(LATER));
    assert_eq!(credential.data().state, CredentialState::Active);
    assert_eq!(credential.request_activation(TODAY, LATER), Ok(false));
    assert!(!credential.confirm_activation(LATER));
    assert_eq!(credential.events(), [CredentialEvent::ActivationRequested]);
    assert_eq!(credential.changed(), ["state", "state"]);
}

#[test]
fn only_what_was_asked_for_is_confirmed() {
    let mut ended = credential(REQUESTED);
    ended.end(NOW);
    for mut credential in [credential(RESERVED), credential(CredentialState::Active), ended] {
        let before = credential.data().clone();
        assert!(!credential.confirm_activation(LATER));
        assert_eq!(credential.data(), &before);
    }
}

#[test]
fn the_end_disables_a_login_that_is_there_or_will_be() {
    let disabled = vec![CredentialEvent::LoginDisabled];
    for (state, events) in
        [(RESERVED, vec![]), (REQUESTED, disabled.clone()), (CredentialState::Active, disabled)]
    {
        let mut credential = credential(state);
        assert!(credential.end(LATER));
        assert_eq!(credential.data().ended_at, Some(LATER));
        assert!(!credential.end(LATER));
        assert_eq!(credential.events(), events);
        let ended = Err(CredentialError::Ended);
        assert_eq!(credential.rename(login("b@example.com"), TODAY, LATER), ended);
        assert_eq!(credential.expire_on(None, TODAY, LATER), ended);
        assert_eq!(credential.request_activation(TODAY, LATER), ended);
    }
}

#[test]
fn counts_through_its_last_day() {
    let tomorrow = TODAY.next_day().unwrap();
    for state in [RESERVED, REQUESTED, CredentialState::Active] {
        let mut credential = expiring(state, TODAY);
        assert!(credential.is_live(TODAY));
        assert!(!credential.end_if_expired(TODAY, NOW));
        assert!(credential.rename(login("b@example.com"), TODAY, NOW).unwrap());

        assert!(!credential.is_live(tomorrow));
        let ended = Err(CredentialError::Ended);
        assert_eq!(credential.rename(login("c@example.com"), tomorrow, LATER), ended);
        assert_eq!(credential.expire_on(None, tomorrow, LATER), ended);
        assert_eq!(credential.request_activation(tomorrow, LATER), ended);
        assert!(credential.end_if_expired(tomorrow, LATER));
        let is_disabled = credential.events().last() == Some(&CredentialEvent::LoginDisabled);
        assert_eq!(is_disabled, state != RESERVED);
        assert!(!credential.end_if_expired(tomorrow, LATER));
    }
    assert!(!credential(RESERVED).end_if_expired(Date::MAX, LATER));
}

#[test]
fn the_last_day_can_be_set_moved_and_taken_back() {
    let mut credential = credential(RESERVED);
    let day = |raw| Some(ExpirationDate::parse(raw, TODAY).unwrap());
    for (expiration, changes) in [
        (None, false),
        (day("2026-03-14"), true),
        (day("2026-03-14"), false),
        (day("2030-01-01"), true),
        (None, true),
    ] {
        assert_eq!(credential.expire_on(expiration, TODAY, LATER), Ok(changes));
        assert_eq!(credential.data().expiration_date, expiration.map(ExpirationDate::date));
    }
    assert_eq!(credential.events(), []);
    assert_eq!(credential.changed(), ["expiration_date"; 3]);
}

#[test]
fn the_last_day_is_today_at_the_earliest() {
    assert_eq!(ExpirationDate::parse("2026-03-13", TODAY), Err(ExpirationDateError::Past));
    assert_eq!(ExpirationDate::parse("2026-03-14", TODAY).unwrap().date(), TODAY);
    assert!(ExpirationDate::parse("9999-12-31", TODAY).is_ok());
    for wrong in ["", "2026-02-30", "14-03-2026", "2026-03-14T00:00:00Z"] {
        let format = ExpirationDateError::Format(DateError::Format);
        assert_eq!(ExpirationDate::parse(wrong, TODAY), Err(format), "{wrong}");
    }
}

/// What the identity system has once it was told the events in their order.
#[derive(Debug, PartialEq, Eq)]
enum Login {
    None,
    Enabled(LoginEmail),
    Disabled,
}

/// A credential, and what is on its way to the identity system.
struct World {
    credential: Credential,
    told: usize,
    under_way: VecDeque<(CredentialEvent, LoginEmail)>,
    login: Login,
}

impl World {
    fn act(&mut self, verb: u8) {
        let (credential, day) = (&mut self.credential, |offset| TODAY + time::Duration::days(offset));
        let name = login(["a@example.com", "b@example.com", "A@example.com"][usize::from(verb % 3)]);
        match verb / 3 {
            0 => drop(credential.rename(name, TODAY, LATER)),
            1 => drop(credential.request_activation(TODAY, LATER)),
            2 => drop(credential.expire_on(Some(ExpirationDate(day(i64::from(verb % 3)))), TODAY, LATER)),
            3 if verb.is_multiple_of(3) => drop(credential.end(LATER)),
            3 => drop(credential.end_if_expired(day(2), LATER)),
            _ => self.deliver(),
        }
        for event in &self.credential.events()[self.told..] {
            self.under_way.push_back((event.clone(), self.credential.data().username.clone()));
        }
        self.told = self.credential.events().len();
    }

    fn deliver(&mut self) {
        match self.under_way.pop_front() {
            Some((CredentialEvent::ActivationRequested, username)) => {
                assert_eq!(self.login, Login::None, "asked for once");
                self.login = Login::Enabled(username);
                self.credential.confirm_activation(LATER);
            }
            Some((CredentialEvent::LoginRenamed { from }, to)) => {
                assert_eq!(self.login, Login::Enabled(from), "renamed from what it was");
                self.login = Login::Enabled(to);
            }
            Some((CredentialEvent::LoginDisabled, username)) => {
                assert_eq!(self.login, Login::Enabled(username));
                self.login = Login::Disabled;
            }
            Some((CredentialEvent::UsernameChanged { .. }, _)) | None => {}
        }
    }
}

proptest! {
    #[test]
    fn the_identity_system_ends_up_with_what_the_credential_says(
        is_migrated in any::<bool>(),
        verbs in prop::collection::vec(0..18_u8, 0..40),
    ) {
        let username = login("a@example.com");
        let (state, login) =
            if is_migrated { (CredentialState::Active, Login::Enabled(username)) } else { (RESERVED, Login::None) };
        let mut world = World { credential: credential(state), told: 0, under_way: VecDeque::new(), login };
        for verb in verbs {
            world.act(verb);
        }
        while !world.under_way.is_empty() {
            world.deliver();
        }
        let data = world.credential.data();
        let fits = match (&world.login, data.state, data.ended_at.is_some()) {
            (Login::None, CredentialState::Reserved { activation_requested: false }, _) => true,
            (Login::Enabled(username), CredentialState::Active, false) => *username == data.username,
            (Login::Disabled, state, true) => state != RESERVED,
            _ => false,
        };
        prop_assert!(fits, "{:?} {:?}", world.login, data);
    }
}
