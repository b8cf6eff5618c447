//! What the audit says of a change.

use crate::account::Account;
use crate::card::Card;
use crate::category::{Category, CategoryAssignment};
use crate::contract::Contract;
use crate::credential::Credential;
use crate::customer::Customer;
use crate::id::CustomerId;
use crate::identification_process::IdentificationProcess;
use crate::promotion::Promotion;
use crate::tokenization::Tokenization;

code_enum! {
    /// The kinds of thing that change.
    EntityKind {
        /// A customer.
        Customer = "CUSTOMER",
        /// An account.
        Account = "ACCOUNT",
        /// A card.
        Card = "CARD",
        /// The tokenization of a card.
        TokenizationRequest = "TOKENIZATION_REQUEST",
        /// A promotion of an account.
        Promotion = "PROMOTION",
        /// A category of the organisation.
        Category = "CATEGORY",
        /// A customer's value of a category.
        CategoryAssignment = "CATEGORY_ASSIGNMENT",
        /// The special treatment of a customer, or what the organisation offers.
        SpecialTreatment = "SPECIAL_TREATMENT",
        /// A customer's credential.
        Credential = "CREDENTIAL",
        /// A contract.
        Contract = "CONTRACT",
        /// An identification process.
        IdentificationProcess = "IDENTIFICATION_PROCESS",
    }
}

/// A change of one thing, without its values: they may be personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// On whose timeline it stands; nothing when it concerns the organisation.
    pub customer_id: Option<CustomerId>,
    /// What kind of thing has changed.
    pub entity: EntityKind,
    /// Which one.
    pub entity_id: String,
    /// The paths of the fields that have changed.
    pub fields: Vec<&'static str>,
}

impl From<&Customer> for AuditEntry {
    fn from(customer: &Customer) -> Self {
        let id = customer.data().id;
        Self {
            customer_id: Some(id),
            entity: EntityKind::Customer,
            entity_id: id.to_string(),
            fields: customer.changed().to_vec(),
        }
    }
}

impl From<&Account> for AuditEntry {
    fn from(account: &Account) -> Self {
        Self {
            customer_id: Some(account.data().customer_id),
            entity: EntityKind::Account,
            entity_id: account.data().id.to_string(),
            fields: account.changed().to_vec(),
        }
    }
}

impl From<&Tokenization> for AuditEntry {
    fn from(tokenization: &Tokenization) -> Self {
        Self {
            customer_id: Some(tokenization.data().customer_id),
            entity: EntityKind::TokenizationRequest,
            entity_id: tokenization.data().reference_id.as_str().to_owned(),
            fields: vec!["status"],
        }
    }
}

impl From<&Category> for AuditEntry {
    fn from(category: &Category) -> Self {
        Self {
            customer_id: None,
            entity: EntityKind::Category,
            entity_id: category.data().id.to_string(),
            fields: category.changed().to_vec(),
        }
    }
}

impl From<&Card> for AuditEntry {
    fn from(card: &Card) -> Self {
        Self {
            customer_id: Some(card.customer_id),
            entity: EntityKind::Card,
            entity_id: card.token_id.as_str().to_owned(),
            fields: vec!["summary", "expiration_date"],
        }
    }
}

/// Its id is that of the category.
impl From<&CategoryAssignment> for AuditEntry {
    fn from(assignment: &CategoryAssignment) -> Self {
        Self {
            customer_id: Some(assignment.data().customer_id),
            entity: EntityKind::CategoryAssignment,
            entity_id: assignment.data().category_id.to_string(),
            fields: assignment.changed().to_vec(),
        }
    }
}

impl From<&IdentificationProcess> for AuditEntry {
    fn from(process: &IdentificationProcess) -> Self {
        Self {
            customer_id: Some(process.customer_id),
            entity: EntityKind::IdentificationProcess,
            entity_id: process.id.to_string(),
            fields: IdentificationProcess::FIELDS.to_vec(),
        }
    }
}

impl AuditEntry {
    /// A change of a promotion of an account of this customer.
    #[must_use]
    pub fn of_promotion(customer_id: CustomerId, promotion: &Promotion) -> Self {
        Self {
            customer_id: Some(customer_id),
            entity: EntityKind::Promotion,
            entity_id: promotion.data().id.to_string(),
            fields: promotion.changed().to_vec(),
        }
    }
    /// That a customer's special treatment has begun, changed or ended.
    #[must_use]
    pub fn special_treatment_of(customer: CustomerId) -> Self {
        Self {
            customer_id: Some(customer),
            entity: EntityKind::SpecialTreatment,
            entity_id: customer.to_string(),
            fields: vec!["values"],
        }
    }

    /// That the organisation offers other special treatments than before.
    #[must_use]
    pub fn special_treatment_list() -> Self {
        Self {
            customer_id: None,
            entity: EntityKind::SpecialTreatment,
            entity_id: "organisation".to_owned(),
            fields: vec!["values"],
        }
    }
    /// A new contract of an account of `customer`, as far as that is known: a contract names an account by its external id.
    #[must_use]
    pub fn of_contract(contract: &Contract, customer: Option<CustomerId>) -> Self {
        Self {
            customer_id: customer,
            entity: EntityKind::Contract,
            entity_id: contract.id.to_string(),
            fields: contract.given().to_vec(),
        }
    }
}

impl From<&Credential> for AuditEntry {
    fn from(credential: &Credential) -> Self {
        Self {
            customer_id: Some(credential.data().customer_id),
            entity: EntityKind::Credential,
            entity_id: credential.data().id.to_string(),
            fields: credential.changed().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::id::ContractId;

    #[test]
    fn a_contract_stands_on_the_timeline_of_its_customer_if_that_is_known() {
        let contract = Contract {
            id: ContractId(Uuid::from_u128(7)),
            account_external_id: "1".parse().unwrap(),
            start_date: datetime!(2026-03-14 10:30 UTC),
            end_date: None,
            requests: Vec::new(),
        };
        for customer in [None, Some(CustomerId(Uuid::from_u128(1)))] {
            let entry = AuditEntry::of_contract(&contract, customer);
            assert_eq!((entry.customer_id, entry.entity), (customer, EntityKind::Contract));
            assert_eq!(entry.entity_id, contract.id.to_string());
            assert_eq!(entry.fields, ["account_external_id", "start_date", "requests"]);
        }
    }
}
