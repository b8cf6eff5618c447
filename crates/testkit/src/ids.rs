use std::sync::atomic::{AtomicU32, Ordering};

use application::ports::Ids;
use domain::{AccountId, CredentialId, CustomerId, PromotionId};

use crate::fixtures::{account_id, credential_id, customer_id, promotion_id};

/// Hands out [`customer_id`]s, [`account_id`]s and so on, each kind numbered 1, 2, 3 by itself.
#[derive(Debug, Default)]
pub struct SequentialIds {
    customers: AtomicU32,
    accounts: AtomicU32,
    promotions: AtomicU32,
    credentials: AtomicU32,
}

fn next(counter: &AtomicU32) -> u32 {
    counter.fetch_add(1, Ordering::Relaxed) + 1
}

impl Ids for SequentialIds {
    fn customer_id(&self) -> CustomerId {
        customer_id(next(&self.customers))
    }

    fn account_id(&self) -> AccountId {
        account_id(next(&self.accounts))
    }

    fn promotion_id(&self) -> PromotionId {
        promotion_id(next(&self.promotions))
    }

    fn credential_id(&self) -> CredentialId {
        credential_id(next(&self.credentials))
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
