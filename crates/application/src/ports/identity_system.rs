use async_trait::async_trait;
use domain::{CredentialId, LoginEmail, OrgId};

use super::NeighbourError;

/// A login of the identity system (+CRED).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The credential that it belongs to. The login of a migrated credential may be known by its user name only.
    pub credential_id: CredentialId,
    /// What is typed in to log in.
    pub username: LoginEmail,
}

/// What shall become of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginChange {
    /// It is made.
    Provision(Login),
    /// It gets another user name.
    Rename {
        /// As it is until then.
        login: Login,
        /// Its new user name.
        to: LoginEmail,
    },
    /// Nobody can log in by it any more.
    Disable(Login),
}

/// The system that lets customers log in. Everything may be told it more than once, and late: what has happened already, or
/// happened after it, must neither fail nor be undone by a repetition.
#[async_trait]
pub trait IdentitySystem: Send + Sync {
    /// Makes a login, unless the credential already has one, whatever its user name, disabled or not.
    async fn provision(&self, org: &OrgId, login: &Login) -> Result<(), NeighbourError>;
    /// Gives a login another user name. Succeeds without a login of this user name.
    async fn rename(&self, org: &OrgId, login: &Login, to: &LoginEmail) -> Result<(), NeighbourError>;
    /// Disables a login. Succeeds without one.
    async fn disable(&self, org: &OrgId, login: &Login) -> Result<(), NeighbourError>;
}
