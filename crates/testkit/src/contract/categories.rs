//! What the store promises of categories and of those that customers have.

use std::collections::BTreeSet;

use application::Scope;
use application::ports::{CategoryHistory, Constraint, Store, StoreError};
use domain::{
    Category, CategoryAssignment, CategoryAssignmentData, CategoryAssignmentPatch, CategoryData,
    CategoryError, CategoryId, CategoryPatch, Change, Customer, CustomerId, NewCategory, ValueSet,
};
use futures_util::future::{join, join_all};
use time::Duration;

use super::org::Org;
use crate::fixtures::{
    NOW, catalogue_value, catalogue_values, customer_id, new_category, new_category_assignment, text,
};

const UNKNOWN: CategoryId = CategoryId(9999);

async fn define(org: &Org<'_>, new: Vec<NewCategory>) -> Result<Vec<Category>, StoreError> {
    let mut work = org.begin().await;
    let categories = work.categories().insert(new, NOW).await?;
    work.commit(NOW, &[]).await?;
    Ok(categories)
}

async fn define_one(org: &Org<'_>, name: &str) -> Category {
    define(org, vec![new_category(name, &[])]).await.unwrap().remove(0)
}

async fn update(org: &Org<'_>, category: &Category) -> Result<(), StoreError> {
    let mut work = org.begin().await;
    work.categories().update(category).await?;
    work.commit(NOW, &[]).await
}

async fn remove(org: &Org<'_>, category: &Category) {
    let mut category = category.clone();
    category.remove(false, NOW + Duration::MINUTE).unwrap();
    update(org, &category).await.unwrap();
}

fn assignment(customer: &Customer, category: &Category, value: Option<&str>) -> CategoryAssignment {
    CategoryAssignment::assign(customer, category, new_category_assignment(value), NOW).unwrap()
}

async fn insert(org: &Org<'_>, assignment: &CategoryAssignment) -> Result<(), StoreError> {
    let mut work = org.begin().await;
    work.category_assignments().insert(assignment).await?;
    work.commit(NOW, &[]).await
}

async fn assign(org: &Org<'_>, customer: &Customer, category: &Category, value: Option<&str>) {
    insert(org, &assignment(customer, category, value)).await.unwrap();
}

/// Changes an assignment that has not ended.
async fn change(
    org: &Org<'_>,
    customer: &Customer,
    category: &Category,
    change: impl FnOnce(&mut CategoryAssignment),
) -> CategoryAssignment {
    let mut work = org.begin().await;
    let found = work.category_assignments().find(customer.data().id, category.data().id).await;
    let mut assignment = found.unwrap().unwrap();
    change(&mut assignment);
    work.category_assignments().update(&assignment).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
    let data = assignment.data().clone();
    CategoryAssignment::restore(CategoryAssignmentData { version: data.version + 1, ..data })
}

fn to_value(value: Option<&str>) -> CategoryAssignmentPatch {
    let value = value.map_or(Change::Clear, |value| Change::Set(catalogue_value(value)));
    CategoryAssignmentPatch { value, ..CategoryAssignmentPatch::default() }
}

async fn history(org: &Org<'_>, customer: CustomerId) -> Vec<CategoryHistory> {
    org.store.category_history(&org.id, customer).await.unwrap().unwrap()
}

/// Values and the minutes in which they ended.
fn values(history: &CategoryHistory) -> Vec<(Option<&str>, Option<i64>)> {
    let value =
        |value: &application::ports::HistoricalValue| value.end_date.map(|end| (end - NOW).whole_minutes());
    history
        .values
        .iter()
        .map(|entry| (entry.value.as_ref().map(domain::CatalogueValue::as_str), value(entry)))
        .collect()
}

async fn shown(org: &Org<'_>, customer: CustomerId) -> Vec<CategoryAssignment> {
    let assigned = org.store.categories_of(&org.id, customer).await.unwrap().unwrap();
    assigned.into_iter().map(|assigned| assigned.assignment).collect()
}

/// Categories come back as they were defined and as they were changed, from a unit and outside, by their ids.
pub async fn every_category_comes_back_as_it_was(store: &dyn Store) {
    let org = Org::new(store);
    assert_eq!(store.categories(&org.id).await.unwrap(), []);
    let plain = NewCategory { description: None, ..new_category("Plain_1", &[]) };
    let mut defined = define(&org, vec![new_category("risk", &["high", "low"]), plain]).await.unwrap();
    let as_stored = |category: &Category| Category::restore(category.data().clone());
    let mut expected: Vec<Category> = defined.iter().map(as_stored).collect();
    assert_eq!(store.categories(&org.id).await.unwrap(), expected);

    let patch = CategoryPatch {
        description: Change::Set(text("Otra descripción")),
        valid_values: Some(catalogue_values(&["z", "a"])),
    };
    defined[1].amend(patch, false, NOW + Duration::MINUTE).unwrap();
    update(&org, &defined[1]).await.unwrap();
    let data = CategoryData { version: 2, ..defined[1].data().clone() };
    expected[1] = Category::restore(data);
    for category in expected {
        let id = category.data().id;
        assert_eq!(store.category(&org.id, id).await.unwrap().as_ref(), Some(&category));
        let mut work = org.begin().await;
        assert_eq!(work.categories().find(id).await.unwrap().as_ref(), Some(&category));
        assert_eq!(work.categories().find_to_use(id).await.unwrap(), Some(category));
    }
}

/// The ids of an organisation are 1, 2, 3 and so on; that of a removed category is not given again.
pub async fn category_ids_are_numbers_never_given_twice(store: &dyn Store) {
    for _ in 0..2 {
        let org = Org::new(store);
        let batch = vec![new_category("a", &[]), new_category("b", &[]), new_category("c", &[])];
        let categories = define(&org, batch).await.unwrap();
        let ids: Vec<_> = categories.iter().map(|category| category.data().id.0).collect();
        assert_eq!(ids, [1, 2, 3]);
        remove(&org, &categories[2]).await;
        assert_eq!(define_one(&org, "d").await.data().id, CategoryId(4));
        assert_eq!(define(&org, Vec::new()).await.unwrap(), []);
        assert_eq!(define_one(&org, "c").await.data().id, CategoryId(5));
    }
}

/// Categories that are defined at the same time get different ids.
pub async fn simultaneous_categories_have_different_ids(store: &dyn Store) {
    let org = &Org::new(store);
    let define = |n: u32| async move {
        let batch = vec![new_category(&format!("a{n}"), &[]), new_category(&format!("b{n}"), &[])];
        define(org, batch).await.unwrap()
    };
    let categories = join_all((0..10).map(define)).await.concat();
    let ids: BTreeSet<_> = categories.iter().map(|category| category.data().id.0).collect();
    assert_eq!(ids, (1..=20).collect());
}

/// No two live categories have the same name, in one batch or in two; a batch is added whole or not at all.
pub async fn one_live_category_per_name(store: &dyn Store) {
    let org = Org::new(store);
    let risk = define_one(&org, "risk").await;
    for batch in [
        vec![new_category("risk", &[])],
        vec![new_category("new", &[]), new_category("risk", &["a"])],
        vec![new_category("new", &[]), new_category("new", &[])],
    ] {
        let refused = define(&org, batch).await;
        assert!(matches!(refused, Err(StoreError::Duplicate(Constraint::LiveCategoryName))), "{refused:?}");
    }
    assert_eq!(store.categories(&org.id).await.unwrap().len(), 1);
    define_one(&org, "Risk").await;
    define_one(&Org::new(store), "risk").await;
    remove(&org, &risk).await;
    define_one(&org, "risk").await;
}

/// A removed category is neither read nor found.
pub async fn removed_categories_are_gone(store: &dyn Store) {
    let org = Org::new(store);
    let category = define_one(&org, "risk").await;
    let id = category.data().id;
    remove(&org, &category).await;
    assert_eq!(store.categories(&org.id).await.unwrap(), []);
    for id in [id, UNKNOWN] {
        assert_eq!(store.category(&org.id, id).await.unwrap(), None);
        let mut work = org.begin().await;
        assert_eq!(work.categories().find(id).await.unwrap(), None);
        assert_eq!(work.categories().find_to_use(id).await.unwrap(), None);
    }
}

/// Who writes an old copy of a category, or of an assignment, is told so.
pub async fn an_old_copy_is_stale(store: &dyn Store) {
    let org = Org::new(store);
    let customer = org.add_person(1).await;
    let mut category = define_one(&org, "risk").await;
    let patch = CategoryPatch { description: Change::Clear, valid_values: None };
    category.amend(patch, false, NOW).unwrap();
    update(&org, &category).await.unwrap();
    assert!(matches!(update(&org, &category).await, Err(StoreError::Stale)));

    let first = assignment(&customer, &category, Some("a"));
    insert(&org, &first).await.unwrap();
    change(&org, &customer, &category, |own| assert!(own.amend(to_value(Some("b")), NOW))).await;
    for is_value_new in [true, false] {
        let mut old = CategoryAssignment::restore(first.data().clone());
        if is_value_new {
            old.amend(to_value(Some("c")), NOW);
        } else {
            old.end(NOW);
        }
        let mut work = org.begin().await;
        let stale = work.category_assignments().update(&old).await;
        assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    }
    assert_eq!(values(&history(&org, customer_id(1)).await[0]), [(Some("b"), None), (Some("a"), Some(0))]);
}

/// Assignments come back as they were made and as they were changed, from a unit and outside, by the ids of the categories.
pub async fn every_assignment_comes_back_as_it_was(store: &dyn Store) {
    let org = Org::new(store);
    let customer = org.add_person(1).await;
    let id = customer.data().id;
    let categories = [define_one(&org, "a").await, define_one(&org, "b").await];
    assert_eq!(shown(&org, id).await, []);
    assign(&org, &customer, &categories[1], Some("high")).await;
    let data = assignment(&customer, &categories[0], Some("low")).data().clone();
    let sparse =
        CategoryAssignment::restore(CategoryAssignmentData { description: None, reason: None, ..data });
    insert(&org, &sparse).await.unwrap();
    let second = assignment(&customer, &categories[1], Some("high"));
    let second = CategoryAssignment::restore(second.data().clone());
    assert_eq!(shown(&org, id).await, [sparse.clone(), second]);

    let later = NOW + Duration::MINUTE;
    let patch = CategoryAssignmentPatch { reason: Change::Clear, ..to_value(Some("low")) };
    let second = change(&org, &customer, &categories[1], |own| assert!(own.amend(patch, later))).await;
    let described = CategoryAssignmentPatch {
        description: Change::Set(text("Descripción")),
        ..CategoryAssignmentPatch::default()
    };
    let first = change(&org, &customer, &categories[0], |own| assert!(own.amend(described, later))).await;
    let expected = [first, second];
    assert_eq!(shown(&org, id).await, expected);
    let mut work = org.begin().await;
    assert_eq!(work.category_assignments().of_customer(id).await.unwrap(), expected);
    for (own, category) in expected.into_iter().zip(&categories) {
        let found = work.category_assignments().find(id, category.data().id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&own));
        let assigned = store.category_of(&org.id, id, category.data().id).await.unwrap().unwrap();
        assert_eq!((assigned.name, assigned.assignment), (category.data().name.clone(), own));
    }
}

/// A customer has a category once at a time, with a value or without; again when it was taken away.
pub async fn a_customer_has_a_category_once(store: &dyn Store) {
    let org = Org::new(store);
    let (customer, category) = (org.add_person(1).await, define_one(&org, "risk").await);
    for value in [Some("a"), None] {
        assign(&org, &customer, &category, value).await;
        let twice = insert(&org, &assignment(&customer, &category, Some("b"))).await;
        assert!(matches!(twice, Err(StoreError::Duplicate(Constraint::LiveCategoryAssignment))), "{twice:?}");
        change(&org, &customer, &category, |own| own.end(NOW)).await;
    }
    let unknown = Category::restore(CategoryData { id: UNKNOWN, ..category.data().clone() });
    let mut work = org.begin().await;
    assert!(
        work.category_assignments().insert(&assignment(&customer, &unknown, Some("a"))).await.is_err(),
        "an assignment needs its category"
    );
}

/// What has no value is not read, but found in a unit.
pub async fn assignments_without_value_are_hidden(store: &dyn Store) {
    let org = Org::new(store);
    let (customer, category) = (org.add_person(1).await, define_one(&org, "risk").await);
    let (customer_id, id) = (customer.data().id, category.data().id);
    assign(&org, &customer, &category, None).await;
    for value in [None, Some("a"), None] {
        if value != shown(&org, customer_id).await.first().and(Some("a")) {
            change(&org, &customer, &category, |own| assert!(own.amend(to_value(value), NOW))).await;
        }
        let count = usize::from(value.is_some());
        assert_eq!(shown(&org, customer_id).await.len(), count);
        let read = store.category_of(&org.id, customer_id, id).await.unwrap();
        assert_eq!(read.is_some(), value.is_some());
        let mut work = org.begin().await;
        assert!(work.category_assignments().find(customer_id, id).await.unwrap().is_some());
        assert_eq!(work.category_assignments().of_customer(customer_id).await.unwrap().len(), 1);
        assert_eq!(work.category_assignments().any_live(id, &ValueSet::Any).await.unwrap(), value.is_some());
    }
    assert_eq!(
        values(&history(&org, customer_id).await[0]),
        [(None, None), (Some("a"), Some(0)), (None, Some(0))]
    );
}

/// Every value is kept, newest first, with who has set it; a change of the words around it makes no other entry.
pub async fn values_are_kept_newest_first(store: &dyn Store) {
    let org = Org::new(store);
    let customer = org.add_person(1).await;
    let categories = [define_one(&org, "a").await, define_one(&org, "b").await];
    assert_eq!(history(&org, customer.data().id).await, []);
    assign(&org, &customer, &categories[1], Some("other")).await;
    assign(&org, &customer, &categories[0], Some("v1")).await;
    let at = |minutes| NOW + Duration::minutes(minutes);
    change(&org, &customer, &categories[0], |own| assert!(own.amend(to_value(Some("v2")), at(1)))).await;

    let other = Scope { actor: text("somebody else"), ..org.scope.clone() };
    let mut work = store.begin(&other).await.unwrap();
    let id = categories[0].data().id;
    let mut own = work.category_assignments().find(customer.data().id, id).await.unwrap().unwrap();
    let reason = CategoryAssignmentPatch { reason: Change::Set(text("Otra")), ..Default::default() };
    own.amend(reason, at(2));
    work.category_assignments().update(&own).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();

    let both = history(&org, customer.data().id).await;
    assert_eq!(both.iter().map(|it| it.id).collect::<Vec<_>>(), [id, categories[1].data().id]);
    assert_eq!(both[0].name, categories[0].data().name);
    assert_eq!(values(&both[0]), [(Some("v2"), None), (Some("v1"), Some(1))]);
    let [new, old] = &both[0].values[..] else { panic!("two values") };
    assert_eq!((new.create_date, new.last_modified_date), (at(1), at(2)));
    assert_eq!((new.reason.clone(), &new.modified_by), (Some(text("Otra")), &org.scope.actor));
    assert_eq!((old.create_date, old.last_modified_date), (NOW, NOW));
    assert_eq!(old.reason, new_category_assignment(None).reason);
    assert_eq!(old.description, new_category_assignment(None).description);

    change(&org, &customer, &categories[0], |own| own.end(at(3))).await;
    assign(&org, &customer, &categories[0], Some("v2")).await;
    let again = history(&org, customer.data().id).await;
    assert_eq!(values(&again[0]), [(Some("v2"), None), (Some("v2"), Some(3)), (Some("v1"), Some(1))]);
    assert_eq!(again[0].values[1].last_modified_date, at(2), "an end is no change of the value");
}

/// The history outlives the category, whose end ends what has no value, and the customer.
pub async fn the_history_outlives_its_category_and_customer(store: &dyn Store) {
    let org = Org::new(store);
    let (customer, category) = (org.add_person(1).await, define_one(&org, "risk").await);
    assign(&org, &customer, &category, Some("a")).await;
    change(&org, &customer, &category, |own| assert!(own.amend(to_value(None), NOW))).await;
    remove(&org, &category).await;
    let expected = [(None, Some(1)), (Some("a"), Some(0))];
    assert_eq!(values(&history(&org, customer.data().id).await[0]), expected);
    change(&org, &customer, &category, |own| own.end(NOW + Duration::HOUR)).await;
    org.end(&customer).await;
    let history = history(&org, customer.data().id).await;
    assert_eq!((values(&history[0]), &history[0].name), (expected.to_vec(), &category.data().name));
}

/// Whether values are in use is told of each category by itself, and of what has not ended.
pub async fn values_in_use_are_found(store: &dyn Store) {
    let org = Org::new(store);
    let (customer, risk, other) =
        (org.add_person(1).await, define_one(&org, "risk").await, define_one(&org, "other").await);
    let in_use = async |category: &Category, values: ValueSet| {
        let mut work = org.begin().await;
        work.category_assignments().any_live(category.data().id, &values).await.unwrap()
    };
    let list = catalogue_values;
    assert!(!in_use(&risk, ValueSet::Any).await);
    assign(&org, &customer, &risk, Some("b")).await;
    assign(&org, &customer, &other, Some("z")).await;
    for (values, expected) in [
        (ValueSet::Any, true),
        (ValueSet::OneOf(list(&["b"])), true),
        (ValueSet::OneOf(list(&["a", "b", "c"])), true),
        (ValueSet::OneOf(list(&["a", "z"])), false),
        (ValueSet::NoneOf(list(&["a", "z"])), true),
        (ValueSet::NoneOf(list(&["a", "b"])), false),
    ] {
        assert_eq!(in_use(&risk, values.clone()).await, expected, "{values:?}");
    }
    change(&org, &customer, &risk, |own| assert!(own.amend(to_value(Some("c")), NOW))).await;
    assert!(!in_use(&risk, ValueSet::OneOf(list(&["b"]))).await, "a former value");
    change(&org, &customer, &risk, |own| own.end(NOW)).await;
    assert!(!in_use(&risk, ValueSet::Any).await);
    assert!(in_use(&other, ValueSet::Any).await);
}

/// What one organisation has is not there for another.
pub async fn categories_of_other_organisations_are_unknown(store: &dyn Store) {
    let (own, other) = (Org::new(store), Org::new(store));
    let (customer, category) = (own.add_person(1).await, define_one(&own, "risk").await);
    let (customer_id, id) = (customer.data().id, category.data().id);
    assign(&own, &customer, &category, Some("a")).await;
    assert_eq!(store.categories(&other.id).await.unwrap(), []);
    assert_eq!(store.category(&other.id, id).await.unwrap(), None);
    assert_eq!(store.categories_of(&other.id, customer_id).await.unwrap(), None);
    assert_eq!(store.category_of(&other.id, customer_id, id).await.unwrap(), None);
    assert_eq!(store.category_history(&other.id, customer_id).await.unwrap(), None);
    let mut work = other.begin().await;
    assert_eq!(work.categories().find(id).await.unwrap(), None);
    assert_eq!(work.categories().find_to_use(id).await.unwrap(), None);
    assert_eq!(work.category_assignments().find(customer_id, id).await.unwrap(), None);
    assert_eq!(work.category_assignments().of_customer(customer_id).await.unwrap(), []);
    assert!(!work.category_assignments().any_live(id, &ValueSet::Any).await.unwrap());
    let changed = assignment(&customer, &category, Some("a"));
    assert!(matches!(work.category_assignments().update(&changed).await, Err(StoreError::Stale)));
}

/// Who gives a value and who makes it invalid wait for each other: no customer is left with an invalid value.
pub async fn no_value_is_dropped_while_it_is_given(store: &dyn Store) {
    let org = &Org::new(store);
    for n in 1..=10 {
        let customer = &org.add_person(n).await;
        let batch = vec![new_category(&format!("risk{n}"), &["a", "b"])];
        let id = define(org, batch).await.unwrap()[0].data().id;
        let give = async {
            let mut work = org.begin().await;
            let customer = work.customers().find(customer.data().id).await.unwrap().unwrap();
            let category = work.categories().find_to_use(id).await.unwrap().unwrap();
            tokio::task::yield_now().await;
            let new = new_category_assignment(Some("a"));
            let assignment = CategoryAssignment::assign(&customer, &category, new, NOW)?;
            work.category_assignments().insert(&assignment).await.unwrap();
            work.commit(NOW, &[]).await.unwrap();
            Ok::<_, CategoryError>(())
        };
        let drop = async {
            let mut work = org.begin().await;
            let mut category = work.categories().find(id).await.unwrap().unwrap();
            tokio::task::yield_now().await;
            let patch = CategoryPatch { valid_values: Some(catalogue_values(&["b"])), ..Default::default() };
            let excluded = category.excluded_by(&patch).unwrap();
            let is_held = work.category_assignments().any_live(id, &excluded).await.unwrap();
            category.amend(patch, is_held, NOW)?;
            work.categories().update(&category).await.unwrap();
            work.commit(NOW, &[]).await.unwrap();
            Ok::<_, CategoryError>(())
        };
        let (given, dropped) = join(give, drop).await;
        assert!(given.is_ok() != dropped.is_ok(), "{given:?} {dropped:?}");
    }
}
