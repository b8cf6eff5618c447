//! What the store promises of special treatment.

use application::ports::{Store, StoreError};
use domain::{CatalogueValues, CustomerId, SpecialTreatment, SpecialTreatmentError, SpecialTreatmentList};
use futures_util::future::join;
use time::Duration;

use super::org::Org;
use crate::fixtures::{NOW, catalogue_value, catalogue_values};

async fn offer(org: &Org<'_>, values: &[&str]) {
    let mut work = org.begin().await;
    let mut list = work.special_treatments().offered().await.unwrap();
    list.values = catalogue_values(values);
    work.special_treatments().offer(&list, NOW).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
}

fn treatment(customer_id: CustomerId, value: &str) -> SpecialTreatment {
    SpecialTreatment { customer_id, value: catalogue_value(value), created_at: NOW }
}

async fn give(org: &Org<'_>, treatment: &SpecialTreatment) -> Result<(), StoreError> {
    let mut work = org.begin().await;
    work.special_treatments().insert(treatment).await?;
    work.commit(NOW, &[]).await
}

async fn end(org: &Org<'_>, customer: CustomerId) {
    let mut work = org.begin().await;
    work.special_treatments().end(customer, NOW + Duration::MINUTE).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
}

/// What is offered comes back in its order, from a unit and outside; nothing before it was written.
pub async fn what_is_offered_comes_back(store: &dyn Store) {
    let org = Org::new(store);
    for values in [&[] as &[&str], &["silver", "gold"], &["gold", "silver", "vip"], &[]] {
        if !values.is_empty() || !store.special_treatments(&org.id).await.unwrap().is_empty() {
            offer(&org, values).await;
        }
        let expected = catalogue_values(values);
        assert_eq!(store.special_treatments(&org.id).await.unwrap(), expected);
        let mut work = org.begin().await;
        assert_eq!(work.special_treatments().offered_to_use().await.unwrap().values, expected);
        assert_eq!(work.special_treatments().offered().await.unwrap().values, expected);
    }
    assert_eq!(store.special_treatments(&Org::new(store).id).await.unwrap(), CatalogueValues::default());
}

/// Who writes an old copy of what is offered is told so.
pub async fn an_old_list_is_stale(store: &dyn Store) {
    let org = Org::new(store);
    offer(&org, &["gold"]).await;
    let mut work = org.begin().await;
    let old = SpecialTreatmentList { version: 0, ..work.special_treatments().offered().await.unwrap() };
    assert!(matches!(work.special_treatments().offer(&old, NOW).await, Err(StoreError::Stale)));
}

/// A customer gets one special treatment at a time, or none.
pub async fn special_treatment_comes_and_goes(store: &dyn Store) {
    let org = Org::new(store);
    let id = org.add_person(1).await.data().id;
    for value in ["gold", "vip"] {
        assert_eq!(store.special_treatment_of(&org.id, id).await.unwrap(), Some(None));
        end(&org, id).await;
        give(&org, &treatment(id, value)).await.unwrap();
        assert_eq!(
            store.special_treatment_of(&org.id, id).await.unwrap(),
            Some(Some(catalogue_value(value)))
        );
        let mut work = org.begin().await;
        assert_eq!(work.special_treatments().find(id).await.unwrap(), Some(treatment(id, value)));
        drop(work);
        assert!(give(&org, &treatment(id, "second")).await.is_err());
        end(&org, id).await;
    }
    assert_eq!(org.begin().await.special_treatments().find(id).await.unwrap(), None);
}

/// Whether values are in use is told of what has not ended.
pub async fn special_treatments_in_use_are_found(store: &dyn Store) {
    let org = Org::new(store);
    let id = org.add_person(1).await.data().id;
    let in_use = async |values: &[&str]| {
        let mut work = org.begin().await;
        work.special_treatments().any_live(&catalogue_values(values)).await.unwrap()
    };
    give(&org, &treatment(id, "gold")).await.unwrap();
    assert!(in_use(&["gold"]).await);
    assert!(in_use(&["silver", "gold"]).await);
    assert!(!in_use(&["silver", "vip"]).await);
    assert!(!in_use(&[]).await);
    end(&org, id).await;
    assert!(!in_use(&["gold"]).await);
}

/// What one organisation has is not there for another.
pub async fn special_treatment_of_other_organisations_is_unknown(store: &dyn Store) {
    let (own, other) = (Org::new(store), Org::new(store));
    let id = own.add_person(1).await.data().id;
    offer(&own, &["gold"]).await;
    give(&own, &treatment(id, "gold")).await.unwrap();
    assert_eq!(store.special_treatment_of(&other.id, id).await.unwrap(), None);
    assert_eq!(store.special_treatments(&other.id).await.unwrap(), CatalogueValues::default());
    let mut work = other.begin().await;
    assert_eq!(work.special_treatments().offered().await.unwrap(), SpecialTreatmentList::default());
    assert_eq!(work.special_treatments().find(id).await.unwrap(), None);
    assert!(!work.special_treatments().any_live(&catalogue_values(&["gold"])).await.unwrap());
    work.special_treatments().end(id, NOW).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
    assert!(store.special_treatment_of(&own.id, id).await.unwrap().flatten().is_some());
    assert!(give(&other, &treatment(id, "gold")).await.is_err(), "a special treatment needs its customer");
}

/// Who gives a special treatment and who drops it wait for each other, also when nothing was offered before.
pub async fn no_special_treatment_is_dropped_while_it_is_given(store: &dyn Store) {
    for n in 1..=10 {
        let org = &Org::new(store);
        let customer = org.add_person(n).await;
        let replace = async |values: CatalogueValues| {
            let mut work = org.begin().await;
            let mut list = work.special_treatments().offered().await.unwrap();
            tokio::task::yield_now().await;
            let dropped = list.values.without(&values);
            let is_used = work.special_treatments().any_live(&dropped).await.unwrap();
            list.replace(values, is_used)?;
            work.special_treatments().offer(&list, NOW).await.unwrap();
            work.commit(NOW, &[]).await.unwrap();
            Ok::<_, SpecialTreatmentError>(())
        };
        let give = async {
            let mut work = org.begin().await;
            let customer = work.customers().find(customer.data().id).await.unwrap().unwrap();
            let offered = work.special_treatments().offered_to_use().await.unwrap();
            tokio::task::yield_now().await;
            let given = SpecialTreatment::give(&customer, catalogue_value("gold"), &offered, NOW)?;
            work.special_treatments().insert(&given).await.unwrap();
            work.commit(NOW, &[]).await.unwrap();
            Ok::<_, SpecialTreatmentError>(())
        };
        if n % 2 == 0 {
            let (first, second) =
                join(replace(catalogue_values(&["gold"])), replace(catalogue_values(&["vip"]))).await;
            assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
        }
        replace(catalogue_values(&["gold"])).await.unwrap();
        let (given, dropped) = join(give, replace(CatalogueValues::default())).await;
        assert!(given.is_ok() != dropped.is_ok(), "{given:?} {dropped:?}");
    }
}
