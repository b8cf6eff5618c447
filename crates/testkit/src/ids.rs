use std::sync::atomic::{AtomicU32, Ordering};

use application::ports::Ids;
use domain::{AccountId, CustomerId};

use crate::fixtures::{account_id, customer_id};

/// Hands out [`customer_id`]s and [`account_id`]s 1, 2, 3 and so on, each kind by itself.
#[derive(Debug, Default)]
pub struct SequentialIds {
    customers: AtomicU32,
    accounts: AtomicU32,
}

impl Ids for SequentialIds {
    fn customer_id(&self) -> CustomerId {
        customer_id(self.customers.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn account_id(&self) -> AccountId {
        account_id(self.accounts.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

#[cfg(test)]
mod tests {
    use uuid::{Variant, Version};

    use super::*;

    #[test]
    fn ids_look_like_version_7_and_increase() {
        let ids = SequentialIds::default();
        let (first, second, account) = (ids.customer_id(), ids.customer_id(), ids.account_id());
        assert_eq!((first, second, account), (customer_id(1), customer_id(2), account_id(1)));
        assert!(first < second);
        assert_ne!(first.0, account.0);
        for id in [first.0, account.0] {
            assert_eq!((id.get_version(), id.get_variant()), (Some(Version::SortRand), Variant::RFC4122));
        }
    }
}
