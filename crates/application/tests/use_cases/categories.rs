use application::Error;
use application::Resource::{Category as CategoryOf, CategoryAssignment as Assigned, Customer};
use application::ports::{Constraint, StoreError};
use domain::{
    CategoryAssignmentPatch, CategoryError, CategoryId, CategoryPatch, Change, CustomerError, CustomerId,
};
use testkit::fixtures::{
    NOW, catalogue_value, catalogue_values, customer, customer_id, new_category, new_category_assignment,
    nif, org, private_customer, scope,
};

use crate::{World, assert_refused, stranger};

const ID: CustomerId = customer_id(1);
const RISK: CategoryId = CategoryId(1);
const UNKNOWN: CategoryId = CategoryId(9);

/// A world with a customer and a category that can have the values `a` and `b`.
async fn world() -> World {
    let world = World::default();
    world.bring(&customer(1, private_customer(&nif(1)))).await;
    world.categories().define(&scope(), vec![new_category("risk", &["a", "b"])]).await.unwrap();
    world
}

async fn assign(world: &World, value: Option<&str>) -> Result<(), Error> {
    world.categories().assign(&scope(), ID, RISK, new_category_assignment(value)).await
}

fn to_value(value: Option<&str>) -> CategoryAssignmentPatch {
    let value = value.map_or(Change::Clear, |value| Change::Set(catalogue_value(value)));
    CategoryAssignmentPatch { value, ..CategoryAssignmentPatch::default() }
}

fn to_values(values: &[&str]) -> CategoryPatch {
    CategoryPatch { valid_values: Some(catalogue_values(values)), ..CategoryPatch::default() }
}

#[tokio::test]
async fn a_batch_is_defined_or_none_of_it() {
    let world = world().await;
    let batch = vec![new_category("new", &[]), new_category("risk", &[])];
    assert_refused!(
        world.categories().define(&scope(), batch).await,
        Error::Store(StoreError::Duplicate(Constraint::LiveCategoryName))
    );
    assert_eq!(world.categories().all(&org()).await.unwrap().len(), 1);
    let defined = world.categories().define(&scope(), vec![new_category("new", &[])]).await.unwrap();
    assert_eq!(world.categories().get(&org(), CategoryId(2)).await.unwrap().data(), defined[0].data());
    assert_refused!(world.categories().get(&stranger().org, RISK).await, Error::NotFound(CategoryOf));
}

#[tokio::test]
async fn held_values_keep_a_category_as_it_is() {
    let world = world().await;
    let categories = world.categories();
    assign(&world, Some("a")).await.unwrap();
    let later = world.tick();
    assert_refused!(
        categories.amend(&scope(), RISK, to_values(&["b"])).await,
        Error::Category(CategoryError::ValueInUse)
    );
    assert_refused!(categories.remove(&scope(), RISK).await, Error::Category(CategoryError::InUse));
    assert_eq!(categories.get(&org(), RISK).await.unwrap().data().version, 1);
    categories.amend(&scope(), RISK, to_values(&["a"])).await.unwrap();
    categories.amend(&scope(), RISK, to_values(&["a"])).await.unwrap();
    let data = categories.get(&org(), RISK).await.unwrap().data().clone();
    assert_eq!((data.version, data.updated_at), (2, later), "the second change was none");
    categories.amend_assignment(&scope(), ID, RISK, to_value(None)).await.unwrap();
    categories.remove(&scope(), RISK).await.unwrap();
    assert_refused!(categories.remove(&scope(), RISK).await, Error::NotFound(CategoryOf));
    assert_refused!(categories.amend(&scope(), RISK, to_values(&[])).await, Error::NotFound(CategoryOf));
}

#[tokio::test]
async fn the_unknown_is_not_found() {
    let world = world().await;
    let categories = world.categories();
    assign(&world, None).await.unwrap();
    for (scope, customer, category, missing) in [
        (scope(), customer_id(2), RISK, Customer),
        (scope(), ID, UNKNOWN, CategoryOf),
        (stranger(), ID, RISK, Customer),
    ] {
        for result in [
            categories.assign(&scope, customer, category, new_category_assignment(Some("a"))).await,
            categories.amend_assignment(&scope, customer, category, to_value(Some("a"))).await,
            categories.end_assignment(&scope, customer, category).await,
        ] {
            assert!(matches!(result, Err(Error::NotFound(what)) if what == missing), "{result:?}");
        }
        assert_refused!(categories.assigned(&scope.org, customer, category).await, Error::NotFound(Assigned));
    }
    assert_refused!(categories.assigned(&org(), ID, RISK).await, Error::NotFound(Assigned));
    assert_refused!(categories.of_customer(&org(), customer_id(2)).await, Error::NotFound(Customer));
    assert_refused!(categories.history(&org(), customer_id(2)).await, Error::NotFound(Customer));
    categories.end_assignment(&scope(), ID, RISK).await.unwrap();
    assert_refused!(categories.end_assignment(&scope(), ID, RISK).await, Error::NotFound(Assigned));
    let patched = categories.amend_assignment(&scope(), ID, RISK, to_value(Some("a"))).await;
    assert_refused!(patched, Error::NotFound(Assigned));
}

#[tokio::test]
async fn a_wrong_value_is_refused_before_a_wrong_state() {
    let world = world().await;
    assign(&world, Some("a")).await.unwrap();
    assert_refused!(
        assign(&world, Some("b")).await,
        Error::Store(StoreError::Duplicate(Constraint::LiveCategoryAssignment))
    );
    for is_live in [true, false] {
        if !is_live {
            world.customers().end(&scope(), ID).await.unwrap();
        }
        assert_refused!(assign(&world, Some("c")).await, Error::Category(CategoryError::Value));
        let patched = world.categories().amend_assignment(&scope(), ID, RISK, to_value(Some("c"))).await;
        assert_refused!(patched, Error::Category(CategoryError::Value));
    }
    let ended = CustomerError::Ended;
    for result in [
        assign(&world, Some("a")).await,
        world.categories().amend_assignment(&scope(), ID, RISK, to_value(Some("b"))).await,
    ] {
        assert!(
            matches!(&result, Err(Error::Category(CategoryError::Customer(error))) if *error == ended),
            "{result:?}"
        );
    }
    assert_refused!(
        world.categories().end_assignment(&scope(), ID, RISK).await,
        Error::Customer(CustomerError::Ended)
    );
}

#[tokio::test]
async fn everything_ends_with_the_customer() {
    let world = world().await;
    world.categories().define(&scope(), vec![new_category("hidden", &[])]).await.unwrap();
    assign(&world, Some("a")).await.unwrap();
    let hidden = new_category_assignment(None);
    world.categories().assign(&scope(), ID, CategoryId(2), hidden).await.unwrap();
    let later = world.tick();
    world.customers().end(&scope(), ID).await.unwrap();
    assert_eq!(world.categories().of_customer(&org(), ID).await.unwrap(), []);
    let history = world.categories().history(&org(), ID).await.unwrap();
    assert_eq!(history.len(), 2);
    for category in history {
        assert_eq!((category.values[0].create_date, category.values[0].end_date), (NOW, Some(later)));
    }
    let timeline = world.customers().timeline(&org(), ID, None, 3).await.unwrap();
    assert!(timeline.entries.iter().all(|entry| entry.fields == ["ended_at"]), "{timeline:?}");
    world.categories().remove(&scope(), RISK).await.unwrap();
}

#[tokio::test]
async fn what_changes_nothing_is_not_audited() {
    let world = world().await;
    assign(&world, Some("a")).await.unwrap();
    world.categories().amend_assignment(&scope(), ID, RISK, to_value(Some("a"))).await.unwrap();
    let timeline = world.customers().timeline(&org(), ID, None, 10).await.unwrap();
    assert_eq!(timeline.entries.len(), 1);
    assert_eq!(timeline.entries[0].fields, ["value", "description", "reason"]);
}
