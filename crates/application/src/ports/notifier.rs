use async_trait::async_trait;
use domain::{Language, LoginEmail};

use super::NeighbourError;

/// What a customer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// This address is the user name no longer.
    FormerUsername,
    /// This address is the user name from now on.
    NewUsername,
}

impl NoticeKind {
    /// How it is called in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FormerUsername => "former_username",
            Self::NewUsername => "new_username",
        }
    }
}

/// A message to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// To whom.
    pub to: LoginEmail,
    /// In which language.
    pub language: Language,
    /// What it says.
    pub kind: NoticeKind,
}

/// Writes to customers. A notice may be sent twice.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Sends a notice.
    async fn notify(&self, notice: &Notice) -> Result<(), NeighbourError>;
}
