//! Who may do what.

use std::collections::HashMap;

use serde::Deserialize;

/// What a role allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Every GET.
    Read,
    /// Changes under customers and accounts.
    WriteCustomers,
    /// Changes of categories and special-treatment values.
    WriteCatalogue,
    /// Sees IBANs in full. Opens no operation by itself.
    ReadPii,
}

/// The role that counts as every role.
const EVERY_ROLE: &str = "API_KEY";

/// What each role allows. A role that is not here allows nothing.
#[derive(Debug, Clone)]
pub struct RoleTable(
    /// Permissions by the name of the role.
    pub HashMap<String, Vec<Permission>>,
);

impl RoleTable {
    /// The permissions that a call has: those of the token's roles, of which a header may name fewer. A header can take
    /// away, never add.
    pub(crate) fn permissions(&self, token: &[String], header: Option<&[&str]>) -> Vec<Permission> {
        let has_every = |roles: &[String]| roles.iter().any(|role| role == EVERY_ROLE);
        let narrowed = header.filter(|header| !header.contains(&EVERY_ROLE));
        let roles: Vec<&str> = match narrowed {
            None => token.iter().map(String::as_str).collect(),
            Some(header) => header
                .iter()
                .copied()
                .filter(|role| has_every(token) || token.iter().any(|own| own == role))
                .collect(),
        };
        roles.into_iter().filter_map(|role| self.0.get(role)).flatten().copied().collect()
    }
}

/// A permission as it stands in the signature of a handler.
pub(crate) trait Requires {
    const PERMISSION: Permission;
}

/// Any role that reads.
pub(crate) struct Reading;

impl Requires for Reading {
    const PERMISSION: Permission = Permission::Read;
}

/// Any role that changes customers and accounts.
pub(crate) struct WritingCustomers;

impl Requires for WritingCustomers {
    const PERMISSION: Permission = Permission::WriteCustomers;
}

/// Any role that changes categories and special-treatment values.
pub(crate) struct WritingCatalogue;

impl Requires for WritingCatalogue {
    const PERMISSION: Permission = Permission::WriteCatalogue;
}

#[cfg(test)]
mod tests {
    use Permission::{Read, ReadPii, WriteCatalogue, WriteCustomers};

    use super::*;

    const ALL: &[Permission] = &[Read, WriteCustomers, WriteCatalogue, ReadPii];
    type Case = (&'static [&'static str], Option<&'static [&'static str]>, &'static [Permission]);

    #[test]
    fn a_header_narrows_and_never_widens() {
        let table = RoleTable(HashMap::from([
            ("API_KEY".to_owned(), ALL.to_vec()),
            ("CUSTOMER_READ".to_owned(), vec![Read]),
            ("CUSTOMER_WRITE".to_owned(), vec![Read, WriteCustomers]),
            ("PII_READ".to_owned(), vec![ReadPii]),
        ]));
        let cases: [Case; 12] = [
            (&["API_KEY"], None, ALL),
            (&["API_KEY"], Some(&["API_KEY"]), ALL),
            (&["API_KEY"], Some(&["CUSTOMER_READ"]), &[Read]),
            (&["API_KEY"], Some(&["CUSTOMER_READ", "API_KEY"]), ALL),
            (&["API_KEY"], Some(&["UNKNOWN"]), &[]),
            (&["CUSTOMER_READ"], Some(&["API_KEY"]), &[Read]),
            (&["CUSTOMER_READ"], Some(&["CUSTOMER_WRITE"]), &[]),
            (&["CUSTOMER_READ", "PII_READ"], Some(&["PII_READ"]), &[ReadPii]),
            (&["CUSTOMER_READ", "PII_READ"], None, &[Read, ReadPii]),
            (&["UNKNOWN"], None, &[]),
            (&["UNKNOWN"], Some(&["UNKNOWN"]), &[]),
            (&[], Some(&["API_KEY"]), &[]),
        ];
        for (token, header, expected) in cases {
            let token: Vec<String> = token.iter().map(ToString::to_string).collect();
            assert_eq!(table.permissions(&token, header), expected, "{token:?} {header:?}");
        }
    }
}
