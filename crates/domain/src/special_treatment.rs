//! Special treatment: what an organisation offers, and what single customers get.

use thiserror::Error;
use time::OffsetDateTime;

use crate::catalogue_value::{CatalogueValue, CatalogueValues};
use crate::customer::{Customer, CustomerError};
use crate::id::CustomerId;

/// Why special treatment is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpecialTreatmentError {
    /// The organisation does not offer it.
    #[error("must be one of the special treatments that the organisation offers")]
    NotOffered,
    /// Live customers get what would no longer be offered.
    #[error("Customers get a special treatment that would no longer be offered")]
    InUse,
    /// The customer is not live.
    #[error(transparent)]
    Customer(#[from] CustomerError),
}

/// The special treatments that an organisation offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpecialTreatmentList {
    /// What they are called; none before the organisation has named some.
    pub values: CatalogueValues,
    /// Counts the changes; the store uses it to notice that somebody else was faster.
    pub version: i64,
}

impl SpecialTreatmentList {
    /// Most special treatments that an organisation can offer.
    pub const MOST: usize = 100;

    /// Offers these `values` and no others. Returns whether that changed anything.
    ///
    /// # Errors
    /// [`SpecialTreatmentError::InUse`] when a live customer gets one that is no longer offered.
    pub fn replace(
        &mut self,
        values: CatalogueValues,
        drops_used_values: bool,
    ) -> Result<bool, SpecialTreatmentError> {
        if drops_used_values {
            return Err(SpecialTreatmentError::InUse);
        }
        if values == self.values {
            return Ok(false);
        }
        self.values = values;
        Ok(true)
    }
}

/// The special treatment that a customer gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecialTreatment {
    /// The customer.
    pub customer_id: CustomerId,
    /// What it is called.
    pub value: CatalogueValue,
    /// Since when.
    pub created_at: OffsetDateTime,
}

impl SpecialTreatment {
    /// Most special treatments of one customer.
    pub const MOST: usize = 1;

    /// Treats `customer` specially from `now` on.
    ///
    /// # Errors
    /// [`SpecialTreatmentError::NotOffered`], then [`SpecialTreatmentError::Customer`].
    pub fn give(
        customer: &Customer,
        value: CatalogueValue,
        offered: &SpecialTreatmentList,
        now: OffsetDateTime,
    ) -> Result<Self, SpecialTreatmentError> {
        if !offered.values.contains(&value) {
            return Err(SpecialTreatmentError::NotOffered);
        }
        customer.check_live()?;
        Ok(Self { customer_id: customer.data().id, value, created_at: now })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::customer::{DigitalPersonalInfo, Language, NewCustomer, Profile};

    const NOW: OffsetDateTime = datetime!(2026-03-14 10:30 UTC);

    fn values(raw: &[&str]) -> CatalogueValues {
        CatalogueValues::new(raw.iter().map(|raw| raw.parse().unwrap()).collect()).unwrap()
    }

    fn offered(raw: &[&str]) -> SpecialTreatmentList {
        SpecialTreatmentList { values: values(raw), version: 1 }
    }

    #[test]
    fn what_is_in_use_is_offered_further() {
        let mut list = offered(&["gold", "vip"]);
        assert_eq!(list.replace(values(&["vip"]), true), Err(SpecialTreatmentError::InUse));
        assert_eq!(list, offered(&["gold", "vip"]));
        assert_eq!(list.replace(values(&["gold", "vip"]), false), Ok(false));
        assert_eq!(list.replace(values(&["vip", "gold"]), false), Ok(true), "another order is another list");
        assert_eq!(list.replace(values(&[]), false), Ok(true));
        assert_eq!(list, offered(&[]));
    }

    #[test]
    fn what_is_not_offered_is_refused_before_a_wrong_state() {
        let digital_personal_info = DigitalPersonalInfo {
            name: "Eva".parse().unwrap(),
            first_surname: None,
            second_surname: None,
            email: "eva@example.com".parse().unwrap(),
            mobile_phone_number: None,
        };
        let new = NewCustomer {
            preferred_language: Language::Spanish,
            profile: Profile::Digital { digital_personal_info },
        };
        let mut customer = Customer::register(CustomerId(Uuid::from_u128(1)), new, NOW);
        let give = |customer: &Customer, value: &str| {
            SpecialTreatment::give(customer, value.parse().unwrap(), &offered(&["vip"]), NOW)
        };
        let expected = SpecialTreatment {
            customer_id: customer.data().id,
            value: "vip".parse().unwrap(),
            created_at: NOW,
        };
        assert_eq!(give(&customer, "vip"), Ok(expected));
        assert_eq!(give(&customer, "gold"), Err(SpecialTreatmentError::NotOffered));
        customer.end(false, NOW).unwrap();
        assert_eq!(give(&customer, "gold"), Err(SpecialTreatmentError::NotOffered));
        assert_eq!(give(&customer, "vip"), Err(SpecialTreatmentError::Customer(CustomerError::Ended)));
    }
}
