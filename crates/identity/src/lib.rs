//! Adapters of the identity system port (+CRED). Must not know HTTP routes or the database.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use application::ports::{IdentitySystem, Login, NeighbourError};
use async_trait::async_trait;
use domain::{CredentialId, LoginEmail, OrgId};

/// An identity system in the memory of this process, for an installation that has none. What it knows is gone when the process
/// ends; nothing fails for that.
#[derive(Default)]
pub struct InProcessIdentitySystem(Mutex<HashMap<(OrgId, CredentialId), State>>);

/// What is known of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Enabled(LoginEmail),
    /// Kept, so that a late repetition does not make it anew.
    Disabled,
}

impl InProcessIdentitySystem {
    fn logins(&self) -> MutexGuard<'_, HashMap<(OrgId, CredentialId), State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(org: &OrgId, login: &Login) -> (OrgId, CredentialId) {
    (org.clone(), login.credential_id)
}

#[async_trait]
impl IdentitySystem for InProcessIdentitySystem {
    async fn provision(&self, org: &OrgId, login: &Login) -> Result<(), NeighbourError> {
        self.logins().entry(key(org, login)).or_insert_with(|| State::Enabled(login.username.clone()));
        Ok(())
    }

    async fn rename(&self, org: &OrgId, login: &Login, to: &LoginEmail) -> Result<(), NeighbourError> {
        let mut logins = self.logins();
        // A login that is not known was migrated, or forgotten.
        let state = logins.entry(key(org, login)).or_insert_with(|| State::Enabled(login.username.clone()));
        if *state == State::Enabled(login.username.clone()) {
            *state = State::Enabled(to.clone());
        }
        Ok(())
    }

    async fn disable(&self, org: &OrgId, login: &Login) -> Result<(), NeighbourError> {
        self.logins().insert(key(org, login), State::Disabled);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use testkit::fixtures::{credential_id, login, org};

    use super::*;

    fn ada(username: &str) -> Login {
        Login { credential_id: credential_id(1), username: login(username) }
    }

    fn state(system: &InProcessIdentitySystem) -> Option<State> {
        system.logins().get(&(org(), credential_id(1))).cloned()
    }

    fn enabled(username: &str) -> Option<State> {
        Some(State::Enabled(login(username)))
    }

    #[tokio::test]
    async fn repetitions_late_ones_too_change_nothing() {
        let system = InProcessIdentitySystem::default();
        for username in ["a@x.es", "a@x.es"] {
            system.provision(&org(), &ada(username)).await.unwrap();
            assert_eq!(state(&system), enabled("a@x.es"));
        }
        for _ in 0..2 {
            system.rename(&org(), &ada("a@x.es"), &login("b@x.es")).await.unwrap();
            assert_eq!(state(&system), enabled("b@x.es"));
        }
        system.rename(&org(), &ada("b@x.es"), &login("c@x.es")).await.unwrap();
        system.rename(&org(), &ada("a@x.es"), &login("b@x.es")).await.unwrap();
        system.provision(&org(), &ada("a@x.es")).await.unwrap();
        assert_eq!(state(&system), enabled("c@x.es"));
        for _ in 0..2 {
            system.disable(&org(), &ada("c@x.es")).await.unwrap();
        }
        system.provision(&org(), &ada("a@x.es")).await.unwrap();
        system.rename(&org(), &ada("b@x.es"), &login("c@x.es")).await.unwrap();
        assert_eq!(state(&system), Some(State::Disabled));
    }

    #[tokio::test]
    async fn what_was_forgotten_is_no_fault() {
        let system = InProcessIdentitySystem::default();
        system.rename(&org(), &ada("a@x.es"), &login("b@x.es")).await.unwrap();
        assert_eq!(state(&system), enabled("b@x.es"));
        let system = InProcessIdentitySystem::default();
        system.disable(&org(), &ada("a@x.es")).await.unwrap();
        assert_eq!(state(&system), Some(State::Disabled));
    }
}
