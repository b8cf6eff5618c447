use domain::{Actor, OrgId};

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
