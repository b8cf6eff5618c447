//! Categories: what an organisation sorts its customers by, and the values that its customers have of them.

use std::str::FromStr;

use thiserror::Error;
use time::OffsetDateTime;

use crate::catalogue_value::{CatalogueValue, CatalogueValues};
use crate::customer::{Change, Customer, CustomerError};
use crate::id::{CategoryId, CustomerId};
use crate::text::Text;

/// The name of a category: `^[A-Za-z0-9_]{1,50}$`. Upper and lower case make different names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategoryName(String);

/// The text is no name of a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to 50 of A-Z, a-z, 0-9 and _")]
pub struct CategoryNameError;

impl CategoryName {
    /// Takes back what an earlier [`FromStr`] accepted, from storage.
    #[must_use]
    pub fn restore(name: String) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CategoryName {
    type Err = CategoryNameError;

    fn from_str(raw: &str) -> Result<Self, CategoryNameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if (1..=50).contains(&raw.len()) && raw.bytes().all(allowed) {
            Ok(Self(raw.to_owned()))
        } else {
            Err(CategoryNameError)
        }
    }
}

/// What a category, the value that a customer has of it, or the reason for that is described by.
pub type CategoryText = Text<1, 200>;

/// Everything that is known of a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryData {
    /// Identity within the organisation, never given to another category.
    pub id: CategoryId,
    /// What it is called; no other live category of the organisation is called the same.
    pub name: CategoryName,
    /// What it is about.
    pub description: Option<CategoryText>,
    /// The values that it can have; any value if there are none.
    pub valid_values: CatalogueValues,
    /// When it was defined.
    pub created_at: OffsetDateTime,
    /// When it was removed.
    pub ended_at: Option<OffsetDateTime>,
    /// When anything last changed.
    pub updated_at: OffsetDateTime,
    /// Counts the changes; the store uses it to notice that somebody else was faster.
    pub version: i64,
}

/// What a category is defined with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCategory {
    /// What it is called.
    pub name: CategoryName,
    /// What it is about.
    pub description: Option<CategoryText>,
    /// The values that it can have; any value if there are none.
    pub valid_values: CatalogueValues,
}

/// Changes of a category. What is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CategoryPatch {
    /// Change of the description.
    pub description: Change<CategoryText>,
    /// The whole new list; none to let it have any value.
    pub valid_values: Option<CatalogueValues>,
}

/// Why a category refuses something.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CategoryError {
    /// The category cannot have this value.
    #[error("must be one of the valid values of the category")]
    Value,
    /// Live customers have values that would no longer be valid.
    #[error("Customers have a value that would no longer be valid")]
    ValueInUse,
    /// Live customers have a value of it.
    #[error("The category is in use")]
    InUse,
    /// The customer is not live.
    #[error(transparent)]
    Customer(#[from] CustomerError),
}

/// Some of the values that a category can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSet {
    /// Any value.
    Any,
    /// One of these values.
    OneOf(CatalogueValues),
    /// Any value but these.
    NoneOf(CatalogueValues),
}

impl ValueSet {
    /// Whether it has this value.
    #[must_use]
    pub fn contains(&self, value: &CatalogueValue) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(values) => values.contains(value),
            Self::NoneOf(values) => !values.contains(value),
        }
    }
}

/// A category. Read it through [`Category::data`]; only its verbs change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    data: CategoryData,
    changed: Vec<&'static str>,
}

impl Category {
    /// Most categories that can be defined at once.
    pub const MOST_AT_ONCE: usize = 100;
    /// Most values to which a category can be restricted.
    pub const MOST_VALUES: usize = 1000;

    /// A new category, defined at `now`.
    #[must_use]
    pub fn define(id: CategoryId, new: NewCategory, now: OffsetDateTime) -> Self {
        let mut changed = vec!["name"];
        changed.extend(new.description.is_some().then_some("description"));
        changed.extend((!new.valid_values.is_empty()).then_some("valid_values"));
        let data = CategoryData {
            id,
            name: new.name,
            description: new.description,
            valid_values: new.valid_values,
            created_at: now,
            ended_at: None,
            updated_at: now,
            version: 1,
        };
        Self { data, changed }
    }

    /// A category as it was stored.
    #[must_use]
    pub const fn restore(data: CategoryData) -> Self {
        Self { data, changed: Vec::new() }
    }

    /// Its present state.
    #[must_use]
    pub const fn data(&self) -> &CategoryData {
        &self.data
    }

    /// The names of the fields that have changed since it was read, for the audit; all that were given, if it is new.
    #[must_use]
    pub fn changed(&self) -> &[&'static str] {
        &self.changed
    }

    /// The values that customers may have now and could not have after `patch`; nothing if there are none.
    #[must_use]
    pub fn excluded_by(&self, patch: &CategoryPatch) -> Option<ValueSet> {
        let (old, new) = (&self.data.valid_values, patch.valid_values.as_ref()?);
        if new.is_empty() {
            return None;
        }
        if old.is_empty() {
            return Some(ValueSet::NoneOf(new.clone()));
        }
        let dropped = old.without(new);
        (!dropped.is_empty()).then_some(ValueSet::OneOf(dropped))
    }

    /// Applies changes at `now`. Returns whether that changed anything.
    ///
    /// # Errors
    /// [`CategoryError::ValueInUse`] when a live customer has a value that is [excluded](Self::excluded_by).
    pub fn amend(
        &mut self,
        patch: CategoryPatch,
        excludes_held_values: bool,
        now: OffsetDateTime,
    ) -> Result<bool, CategoryError> {
        if excludes_held_values {
            return Err(CategoryError::ValueInUse);
        }
        patch.description.apply(&mut self.data.description, "description", &mut self.changed);
        if let Some(values) = patch.valid_values
            && values != self.data.valid_values
        {
            self.data.valid_values = values;
            self.changed.push("valid_values");
        }
        let has_changed = !self.changed.is_empty();
        if has_changed {
            self.data.updated_at = now;
        }
        Ok(has_changed)
    }

    /// Removes the category at `now`. Its history stays.
    ///
    /// # Errors
    /// [`CategoryError::InUse`] when a live customer has a value of it.
    pub fn remove(&mut self, is_in_use: bool, now: OffsetDateTime) -> Result<(), CategoryError> {
        if is_in_use {
            return Err(CategoryError::InUse);
        }
        self.data.ended_at = Some(now);
        self.data.updated_at = now;
        self.changed.push("ended_at");
        Ok(())
    }

    /// Refuses a value that the category cannot have, then every change of a customer that has ended.
    ///
    /// # Errors
    /// [`CategoryError::Value`], then [`CategoryError::Customer`].
    pub fn check_assignable(
        &self,
        value: Option<&CatalogueValue>,
        customer: &Customer,
    ) -> Result<(), CategoryError> {
        let valid = &self.data.valid_values;
        if value.is_some_and(|value| !valid.is_empty() && !valid.contains(value)) {
            return Err(CategoryError::Value);
        }
        Ok(customer.check_live()?)
    }
}

/// Everything that is known of a category that a customer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryAssignmentData {
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Of which category.
    pub category_id: CategoryId,
    /// The customer's value of it. Without one the customer does not seem to have the category.
    pub value: Option<CatalogueValue>,
    /// What the value is about.
    pub description: Option<CategoryText>,
    /// Why it was set.
    pub reason: Option<CategoryText>,
    /// When the customer was given the category.
    pub created_at: OffsetDateTime,
    /// Since when it has this value.
    pub value_since: OffsetDateTime,
    /// When the value, the description or the reason last changed.
    pub updated_at: OffsetDateTime,
    /// When it was taken away.
    pub ended_at: Option<OffsetDateTime>,
    /// Counts the changes; the store uses it to notice that somebody else was faster.
    pub version: i64,
}

/// What a customer is given a category with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCategoryAssignment {
    /// The value.
    pub value: Option<CatalogueValue>,
    /// What the value is about.
    pub description: Option<CategoryText>,
    /// Why it is set.
    pub reason: Option<CategoryText>,
}

/// Changes of a category that a customer has. What is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CategoryAssignmentPatch {
    /// Change of the value.
    pub value: Change<CatalogueValue>,
    /// Change of the description.
    pub description: Change<CategoryText>,
    /// Change of the reason.
    pub reason: Change<CategoryText>,
}

impl CategoryAssignmentPatch {
    /// The value that it sets, if any.
    #[must_use]
    pub const fn new_value(&self) -> Option<&CatalogueValue> {
        match &self.value {
            Change::Set(value) => Some(value),
            Change::Keep | Change::Clear => None,
        }
    }
}

/// A category that a customer has. Read it through [`CategoryAssignment::data`]; only its verbs change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryAssignment {
    data: CategoryAssignmentData,
    changed: Vec<&'static str>,
}

impl CategoryAssignment {
    /// Gives `customer` a category at `now`.
    ///
    /// # Errors
    /// What [`Category::check_assignable`] refuses.
    pub fn assign(
        customer: &Customer,
        category: &Category,
        new: NewCategoryAssignment,
        now: OffsetDateTime,
    ) -> Result<Self, CategoryError> {
        category.check_assignable(new.value.as_ref(), customer)?;
        let mut changed = vec!["value"];
        changed.extend(new.description.is_some().then_some("description"));
        changed.extend(new.reason.is_some().then_some("reason"));
        let data = CategoryAssignmentData {
            customer_id: customer.data().id,
            category_id: category.data().id,
            value: new.value,
            description: new.description,
            reason: new.reason,
            created_at: now,
            value_since: now,
            updated_at: now,
            ended_at: None,
            version: 1,
        };
        Ok(Self { data, changed })
    }

    /// An assignment as it was stored.
    #[must_use]
    pub const fn restore(data: CategoryAssignmentData) -> Self {
        Self { data, changed: Vec::new() }
    }

    /// Its present state.
    #[must_use]
    pub const fn data(&self) -> &CategoryAssignmentData {
        &self.data
    }

    /// The names of the fields that have changed since it was read, for the audit; all that were given, if it is new.
    #[must_use]
    pub fn changed(&self) -> &[&'static str] {
        &self.changed
    }

    /// Whether it has another value than when it was read, with which an entry of its history begins.
    #[must_use]
    pub fn has_new_value(&self) -> bool {
        self.changed.contains(&"value")
    }

    /// Applies changes at `now`. Returns whether that changed anything.
    ///
    /// The caller has asked [`Category::check_assignable`] before, because a wrong value is worse than a wrong state.
    pub fn amend(&mut self, patch: CategoryAssignmentPatch, now: OffsetDateTime) -> bool {
        patch.value.apply(&mut self.data.value, "value", &mut self.changed);
        patch.description.apply(&mut self.data.description, "description", &mut self.changed);
        patch.reason.apply(&mut self.data.reason, "reason", &mut self.changed);
        if self.has_new_value() {
            self.data.value_since = now;
        }
        let has_changed = !self.changed.is_empty();
        if has_changed {
            self.data.updated_at = now;
        }
        has_changed
    }

    /// Takes the category away at `now`. Its history stays.
    pub fn end(&mut self, now: OffsetDateTime) {
        self.data.ended_at = Some(now);
        self.changed.push("ended_at");
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::customer::{DigitalPersonalInfo, Language, NewCustomer, Profile};

    const NOW: OffsetDateTime = datetime!(2026-03-14 10:30 UTC);
    const LATER: OffsetDateTime = datetime!(2026-03-15 10:30 UTC);

    fn values(raw: &[&str]) -> CatalogueValues {
        CatalogueValues::new(raw.iter().map(|raw| raw.parse().unwrap()).collect()).unwrap()
    }

    fn category(valid_values: &[&str]) -> Category {
        let new = NewCategory {
            name: "risk".parse().unwrap(),
            description: Some("Risk category".parse().unwrap()),
            valid_values: values(valid_values),
        };
        Category::restore(Category::define(CategoryId(1), new, NOW).data().clone())
    }

    fn customer(is_live: bool) -> Customer {
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
        if !is_live {
            customer.end(false, NOW).unwrap();
        }
        customer
    }

    fn assignment(value: Option<&str>) -> CategoryAssignment {
        let new = NewCategoryAssignment {
            value: value.map(|value| value.parse().unwrap()),
            description: None,
            reason: Some("Reason".parse().unwrap()),
        };
        let assignment = CategoryAssignment::assign(&customer(true), &category(&[]), new, NOW).unwrap();
        CategoryAssignment::restore(assignment.data().clone())
    }

    fn to(values_after: Option<&[&str]>) -> CategoryPatch {
        CategoryPatch { description: Change::Keep, valid_values: values_after.map(values) }
    }

    #[test]
    fn names_are_words() {
        for right in ["a", "Risk_2", "_", &"x".repeat(50)] {
            assert_eq!(right.parse::<CategoryName>().unwrap().as_str(), right);
        }
        for wrong in ["", "a b", "a-b", " a", "ñ", "a\0", &"x".repeat(51)] {
            assert_eq!(wrong.parse::<CategoryName>(), Err(CategoryNameError), "{wrong}");
        }
    }

    #[test]
    fn what_is_given_is_told() {
        let new = |description: Option<&str>, valid_values: &[&str]| NewCategory {
            name: "risk".parse().unwrap(),
            description: description.map(|text| text.parse().unwrap()),
            valid_values: values(valid_values),
        };
        let defined = |new| Category::define(CategoryId(7), new, NOW);
        assert_eq!(defined(new(None, &[])).changed(), ["name"]);
        let full = defined(new(Some("x"), &["a"]));
        assert_eq!(full.changed(), ["name", "description", "valid_values"]);
        assert_eq!((full.data().id, full.data().version, full.data().ended_at), (CategoryId(7), 1, None));
    }

    #[test]
    fn only_fewer_values_exclude_some() {
        for (before, after, excluded) in [
            (&["a", "b"] as &[&str], None, None),
            (&["a", "b"], Some(&["b", "a", "c"] as &[&str]), None),
            (&["a", "b"], Some(&[]), None),
            (&[], Some(&[]), None),
            (&["a", "b"], Some(&["b", "c"]), Some(ValueSet::OneOf(values(&["a"])))),
            (&[], Some(&["a"]), Some(ValueSet::NoneOf(values(&["a"])))),
        ] {
            assert_eq!(category(before).excluded_by(&to(after)), excluded, "{before:?} {after:?}");
        }
        let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
        let contains = |set: &ValueSet| (set.contains(&a), set.contains(&b));
        assert_eq!(contains(&ValueSet::Any), (true, true));
        assert_eq!(contains(&ValueSet::OneOf(values(&["a"]))), (true, false));
        assert_eq!(contains(&ValueSet::NoneOf(values(&["a"]))), (false, true));
    }

    #[test]
    fn changes_are_told_unless_they_change_nothing() {
        let mut same = category(&["a"]);
        let patch = CategoryPatch {
            description: Change::Set("Risk category".parse().unwrap()),
            valid_values: Some(values(&["a"])),
        };
        assert_eq!(same.amend(patch, false, LATER), Ok(false));
        assert_eq!(same, category(&["a"]));

        let mut changed = category(&["a"]);
        let patch = CategoryPatch { description: Change::Clear, valid_values: Some(values(&[])) };
        assert_eq!(changed.amend(patch, false, LATER), Ok(true));
        let data = changed.data();
        assert_eq!((&data.description, &data.valid_values, data.updated_at), (&None, &values(&[]), LATER));
        assert_eq!(changed.changed(), ["description", "valid_values"]);
    }

    #[test]
    fn what_is_in_use_stays() {
        let mut held = category(&["a"]);
        assert_eq!(held.amend(to(Some(&["b"])), true, LATER), Err(CategoryError::ValueInUse));
        assert_eq!(held.remove(true, LATER), Err(CategoryError::InUse));
        assert_eq!(held, category(&["a"]));
        assert_eq!(held.remove(false, LATER), Ok(()));
        assert_eq!((held.data().ended_at, held.changed()), (Some(LATER), &["ended_at"] as &[_]));
    }

    #[test]
    fn a_wrong_value_is_worse_than_an_ended_customer() {
        let check = |valid_values: &[&str], value: Option<&str>, is_live| {
            let value = value.map(|value| value.parse().unwrap());
            category(valid_values).check_assignable(value.as_ref(), &customer(is_live))
        };
        let ended = Err(CategoryError::Customer(CustomerError::Ended));
        for (valid_values, value) in [(&[] as &[&str], Some("x")), (&["a", "b"], Some("b")), (&["a"], None)] {
            assert_eq!(check(valid_values, value, true), Ok(()));
            assert_eq!(check(valid_values, value, false), ended);
        }
        for is_live in [true, false] {
            assert_eq!(check(&["a", "b"], Some("c"), is_live), Err(CategoryError::Value));
        }
        let new = NewCategoryAssignment { value: None, description: None, reason: None };
        let assigned = CategoryAssignment::assign(&customer(false), &category(&[]), new, NOW);
        assert_eq!(assigned.unwrap_err(), CategoryError::Customer(CustomerError::Ended));
    }

    #[test]
    fn another_value_begins_another_entry_and_other_words_do_not() {
        let to_value =
            |value: Change<CatalogueValue>| CategoryAssignmentPatch { value, ..Default::default() };
        let b: CatalogueValue = "b".parse().unwrap();
        for (before, change, after) in [
            (Some("a"), Change::Set(b.clone()), Some(&b)),
            (Some("a"), Change::Clear, None),
            (None, Change::Set(b.clone()), Some(&b)),
        ] {
            let mut own = assignment(before);
            assert_eq!(to_value(change.clone()).new_value(), after);
            assert!(own.amend(to_value(change), LATER));
            assert!(own.has_new_value());
            let data = own.data();
            assert_eq!(data.value.as_ref(), after);
            assert_eq!((data.created_at, data.value_since, data.updated_at), (NOW, LATER, LATER));
            assert!(data.reason.is_some(), "what is absent stays");
        }
        let mut own = assignment(Some("b"));
        let same = CategoryAssignmentPatch {
            value: Change::Set(b),
            description: Change::Clear,
            reason: Change::Set("Reason".parse().unwrap()),
        };
        assert!(!own.amend(same, LATER));
        assert_eq!(own, assignment(Some("b")));
        let words = CategoryAssignmentPatch {
            value: Change::Keep,
            description: Change::Set("New".parse().unwrap()),
            reason: Change::Clear,
        };
        assert_eq!(words.new_value(), None);
        assert!(own.amend(words, LATER));
        assert!(!own.has_new_value());
        assert_eq!(own.changed(), ["description", "reason"]);
        assert_eq!((own.data().value_since, own.data().updated_at), (NOW, LATER));
    }

    #[test]
    fn an_end_is_no_change_of_the_value() {
        let mut own = assignment(Some("a"));
        own.end(LATER);
        assert_eq!((own.data().ended_at, own.data().updated_at), (Some(LATER), NOW));
        assert!(!own.has_new_value());
    }
}
