use domain::{Actor, OrgId, Text};

use crate::ports::OutboxEntry;

/// For which organisation something is done, by whom, and on what occasion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The organisation; every key and every look-up is bound to it.
    pub org: OrgId,
    /// Who acts.
    pub actor: Actor,
    /// The operation that is carried out, by its published name.
    pub operation: &'static str,
    /// The request, as the caller knows it.
    pub request_id: String,
}

impl Scope {
    /// The service itself, carrying out what a request has put into the outbox.
    #[must_use]
    pub fn of_entry(entry: &OutboxEntry) -> Self {
        Self {
            org: entry.org.clone(),
            actor: Text::restore("mascustomers".to_owned()),
            operation: entry.effect.name(),
            request_id: entry.request_id.clone(),
        }
    }
}
