use async_trait::async_trait;
use domain::{
    Actor, CatalogueValue, Category, CategoryAssignment, CategoryId, CategoryName, CategoryText, CustomerId,
    NewCategory, OrgId, ValueSet,
};
use time::OffsetDateTime;

use super::StoreError;

/// Categories within a unit of work.
#[async_trait]
pub trait Categories: Send {
    /// Adds categories, defined at `now`, each under the next id of the organisation: 1, 2, 3 and so on. An id is never given
    /// again, except when the unit that it was given in is not committed.
    async fn insert(
        &mut self,
        new: Vec<NewCategory>,
        now: OffsetDateTime,
    ) -> Result<Vec<Category>, StoreError>;
    /// Reads a category that was not removed and keeps others from changing it and from using it until the unit ends.
    async fn find(&mut self, id: CategoryId) -> Result<Option<Category>, StoreError>;
    /// Reads a category that was not removed and keeps others from changing it until the unit ends; they may use it too.
    async fn find_to_use(&mut self, id: CategoryId) -> Result<Option<Category>, StoreError>;
    /// Writes the category; [`StoreError::Stale`] if it was changed since it was read.
    async fn update(&mut self, category: &Category) -> Result<(), StoreError>;
}

/// The categories that customers have, within a unit of work. Whoever changes them has the customer before, then the category.
#[async_trait]
pub trait CategoryAssignments: Send {
    /// Adds an assignment, with which its history begins.
    async fn insert(&mut self, assignment: &CategoryAssignment) -> Result<(), StoreError>;
    /// Reads an assignment that has not ended, whether it has a value or not.
    async fn find(
        &mut self,
        customer: CustomerId,
        category: CategoryId,
    ) -> Result<Option<CategoryAssignment>, StoreError>;
    /// Reads all assignments of a customer that have not ended, whether they have a value or not.
    async fn of_customer(&mut self, customer: CustomerId) -> Result<Vec<CategoryAssignment>, StoreError>;
    /// Writes the assignment and appends a new value to its history; [`StoreError::Stale`] if it was changed since it was read.
    async fn update(&mut self, assignment: &CategoryAssignment) -> Result<(), StoreError>;
    /// Whether an assignment of the category that has not ended has one of these values.
    async fn any_live(&mut self, category: CategoryId, values: &ValueSet) -> Result<bool, StoreError>;
}

/// A category that a customer has, with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignedCategory {
    /// What the category is called.
    pub name: CategoryName,
    /// What the customer has of it.
    pub assignment: CategoryAssignment,
}

/// The values of a category that a customer has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryHistory {
    /// The category, removed or not.
    pub id: CategoryId,
    /// What it is or was called.
    pub name: CategoryName,
    /// Newest first.
    pub values: Vec<HistoricalValue>,
}

/// A value that a customer has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoricalValue {
    /// The value; nothing while the customer did not seem to have the category.
    pub value: Option<CatalogueValue>,
    /// What it was about, as last written.
    pub description: Option<CategoryText>,
    /// Why it was set, as last written.
    pub reason: Option<CategoryText>,
    /// Since when.
    pub create_date: OffsetDateTime,
    /// Until when, the end of the category at the latest; nothing for a current one.
    pub end_date: Option<OffsetDateTime>,
    /// When the value was set, or its description or reason last changed.
    pub last_modified_date: OffsetDateTime,
    /// Who set the value.
    pub modified_by: Actor,
}

/// Look-ups of categories and of those that customers have: one statement each, outside any unit of work.
#[async_trait]
pub trait CategoryReads: Send + Sync {
    /// The categories that were not removed, by their ids.
    async fn categories(&self, org: &OrgId) -> Result<Vec<Category>, StoreError>;
    /// A category that was not removed.
    async fn category(&self, org: &OrgId, id: CategoryId) -> Result<Option<Category>, StoreError>;
    /// What a customer has now, leaving out what has no value, by the ids of the categories; nothing when there is no such
    /// customer.
    async fn categories_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Vec<AssignedCategory>>, StoreError>;
    /// What a customer has now of a category, unless it has no value.
    async fn category_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
        category: CategoryId,
    ) -> Result<Option<AssignedCategory>, StoreError>;
    /// All that a customer has ever had, by the ids of the categories; nothing when there is no such customer.
    async fn category_history(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Vec<CategoryHistory>>, StoreError>;
}
