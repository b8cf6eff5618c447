use domain::{Actor, OrgId};

/// For which organisation something is done, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The organisation; every key and every look-up is bound to it.
    pub org: OrgId,
    /// Who acts.
    pub actor: Actor,
}
