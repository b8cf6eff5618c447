use application::{Error, Resource};
use domain::{CustomerError, CustomerId, SpecialTreatmentError};
use testkit::fixtures::{
    catalogue_value, catalogue_values, customer, customer_id, nif, org, private_customer, scope,
};

use crate::{World, assert_refused, stranger};

const ID: CustomerId = customer_id(1);

/// A world with a customer and an organisation that offers `gold` and `vip`.
async fn world() -> World {
    let world = World::default();
    world.bring(&customer(1, private_customer(&nif(1)))).await;
    world.special_treatments().offer(&scope(), catalogue_values(&["gold", "vip"])).await.unwrap();
    world
}

async fn given(world: &World) -> Option<domain::CatalogueValue> {
    world.special_treatments().of_customer(&org(), ID).await.unwrap()
}

#[tokio::test]
async fn what_is_offered_is_given_and_taken_away() {
    let world = world().await;
    let treatments = world.special_treatments();
    for value in ["gold", "gold", "vip"] {
        treatments.give(&scope(), ID, catalogue_value(value)).await.unwrap();
        assert_eq!(given(&world).await, Some(catalogue_value(value)));
    }
    for _ in 0..2 {
        treatments.take_away(&scope(), ID).await.unwrap();
        assert_eq!(given(&world).await, None);
    }
    let timeline = world.customers().timeline(&org(), ID, None, 10).await.unwrap();
    assert_eq!(timeline.entries.len(), 3, "changes of nothing are not audited");
}

#[tokio::test]
async fn what_is_not_offered_is_refused() {
    let world = world().await;
    let treatments = world.special_treatments();
    for is_live in [true, false] {
        if !is_live {
            world.customers().end(&scope(), ID).await.unwrap();
        }
        assert_refused!(
            treatments.give(&scope(), ID, catalogue_value("silver")).await,
            Error::SpecialTreatment(SpecialTreatmentError::NotOffered)
        );
    }
    assert_refused!(
        treatments.give(&scope(), ID, catalogue_value("vip")).await,
        Error::SpecialTreatment(SpecialTreatmentError::Customer(CustomerError::Ended))
    );
    assert_refused!(treatments.take_away(&scope(), ID).await, Error::Customer(CustomerError::Ended));
    let missing = treatments.give(&scope(), customer_id(2), catalogue_value("silver")).await;
    assert_refused!(missing, Error::NotFound(Resource::Customer));
    assert_refused!(treatments.take_away(&stranger(), ID).await, Error::NotFound(Resource::Customer));
    assert_refused!(treatments.of_customer(&stranger().org, ID).await, Error::NotFound(Resource::Customer));
}

#[tokio::test]
async fn what_is_in_use_is_not_dropped() {
    let world = world().await;
    let treatments = world.special_treatments();
    treatments.give(&scope(), ID, catalogue_value("vip")).await.unwrap();
    assert_refused!(
        treatments.offer(&scope(), catalogue_values(&["gold"])).await,
        Error::SpecialTreatment(SpecialTreatmentError::InUse)
    );
    treatments.offer(&scope(), catalogue_values(&["vip"])).await.unwrap();
    assert_eq!(treatments.offered(&org()).await.unwrap(), catalogue_values(&["vip"]));
    world.customers().end(&scope(), ID).await.unwrap();
    assert_eq!(given(&world).await, None);
    treatments.offer(&scope(), catalogue_values(&[])).await.unwrap();
}
