use application::ports::{
    AssignedCategory, Categories, CategoryAssignments, CategoryHistory, CategoryReads, Constraint,
    HistoricalValue, StoreError,
};
use async_trait::async_trait;
use domain::{
    Actor, Category, CategoryAssignment, CategoryAssignmentData, CategoryData, CategoryId, CustomerId,
    NewCategory, OrgId, ValueSet,
};
use time::OffsetDateTime;

use super::{MemoryStore, Organisation, Unit, unexpected};

/// A value that a customer has, or has had.
#[derive(Clone)]
pub(super) struct AssignmentRow {
    data: CategoryAssignmentData,
    /// Who has set the value.
    actor: Actor,
}

impl Organisation {
    fn live_category(&self, id: CategoryId) -> Option<Category> {
        let data = self.categories.get(&id).filter(|data| data.ended_at.is_none());
        data.map(|data| Category::restore(data.clone()))
    }

    fn live_assignments(&self) -> impl Iterator<Item = &CategoryAssignmentData> {
        self.assignments.iter().map(|row| &row.data).filter(|data| data.ended_at.is_none())
    }

    fn assigned(&self, data: &CategoryAssignmentData) -> Option<AssignedCategory> {
        let name = self.categories.get(&data.category_id)?.name.clone();
        Some(AssignedCategory { name, assignment: CategoryAssignment::restore(data.clone()) })
    }

    fn historical(&self, row: &AssignmentRow) -> HistoricalValue {
        let (data, category) = (&row.data, self.categories.get(&row.data.category_id));
        let ends = [data.ended_at, category.and_then(|category| category.ended_at)];
        HistoricalValue {
            value: data.value.clone(),
            description: data.description.clone(),
            reason: data.reason.clone(),
            create_date: data.value_since,
            end_date: ends.into_iter().flatten().min(),
            last_modified_date: data.updated_at,
            modified_by: row.actor.clone(),
        }
    }
}

#[async_trait]
impl Categories for Unit {
    async fn insert(
        &mut self,
        new: Vec<NewCategory>,
        now: OffsetDateTime,
    ) -> Result<Vec<Category>, StoreError> {
        let organisation = self.writable();
        let mut categories = Vec::new();
        for new in new {
            let is_taken = |data: &CategoryData| data.ended_at.is_none() && data.name == new.name;
            if organisation.categories.values().any(is_taken) {
                return Err(StoreError::Duplicate(Constraint::LiveCategoryName));
            }
            organisation.last_category_id += 1;
            let category = Category::define(CategoryId(organisation.last_category_id), new, now);
            organisation.categories.insert(category.data().id, category.data().clone());
            categories.push(category);
        }
        Ok(categories)
    }

    async fn find(&mut self, id: CategoryId) -> Result<Option<Category>, StoreError> {
        Ok(self.organisation.live_category(id))
    }

    async fn find_to_use(&mut self, id: CategoryId) -> Result<Option<Category>, StoreError> {
        Ok(self.organisation.live_category(id))
    }

    async fn update(&mut self, category: &Category) -> Result<(), StoreError> {
        let data = category.data();
        let current = self.writable().categories.get_mut(&data.id);
        let row = current.filter(|row| row.version == data.version).ok_or(StoreError::Stale)?;
        *row = CategoryData { version: data.version + 1, ..data.clone() };
        Ok(())
    }
}

#[async_trait]
impl CategoryAssignments for Unit {
    async fn insert(&mut self, assignment: &CategoryAssignment) -> Result<(), StoreError> {
        let (data, actor) = (assignment.data(), self.scope.actor.clone());
        self.organisation.check_customer(data.customer_id)?;
        if !self.organisation.categories.contains_key(&data.category_id) {
            return Err(unexpected("unknown category"));
        }
        let is_same = |own: &CategoryAssignmentData| {
            (own.customer_id, own.category_id) == (data.customer_id, data.category_id)
        };
        if self.organisation.live_assignments().any(is_same) {
            return Err(StoreError::Duplicate(Constraint::LiveCategoryAssignment));
        }
        self.writable().assignments.push(AssignmentRow { data: data.clone(), actor });
        Ok(())
    }

    async fn find(
        &mut self,
        customer: CustomerId,
        category: CategoryId,
    ) -> Result<Option<CategoryAssignment>, StoreError> {
        let mut live = self.organisation.live_assignments();
        let found = live.find(|data| (data.customer_id, data.category_id) == (customer, category));
        Ok(found.cloned().map(CategoryAssignment::restore))
    }

    async fn of_customer(&mut self, customer: CustomerId) -> Result<Vec<CategoryAssignment>, StoreError> {
        let mut own: Vec<_> =
            self.organisation.live_assignments().filter(|data| data.customer_id == customer).collect();
        own.sort_by_key(|data| data.category_id);
        Ok(own.into_iter().cloned().map(CategoryAssignment::restore).collect())
    }

    async fn update(&mut self, assignment: &CategoryAssignment) -> Result<(), StoreError> {
        let (data, actor) = (assignment.data(), self.scope.actor.clone());
        let is_current = |row: &&mut AssignmentRow| {
            let own = &row.data;
            own.ended_at.is_none()
                && (own.customer_id, own.category_id, own.version)
                    == (data.customer_id, data.category_id, data.version)
        };
        let assignments = &mut self.writable().assignments;
        let current = assignments.iter_mut().find(is_current).ok_or(StoreError::Stale)?;
        let data = CategoryAssignmentData { version: data.version + 1, ..data.clone() };
        if assignment.has_new_value() {
            current.data.ended_at = Some(data.value_since);
            assignments.push(AssignmentRow { data, actor });
        } else {
            current.data = data;
        }
        Ok(())
    }

    async fn any_live(&mut self, category: CategoryId, values: &ValueSet) -> Result<bool, StoreError> {
        let mut live = self.organisation.live_assignments().filter(|data| data.category_id == category);
        Ok(live.any(|data| data.value.as_ref().is_some_and(|value| values.contains(value))))
    }
}

#[async_trait]
impl CategoryReads for MemoryStore {
    async fn categories(&self, org: &OrgId) -> Result<Vec<Category>, StoreError> {
        let organisation = self.0.organisation(org);
        let live = organisation.categories.values().filter(|data| data.ended_at.is_none());
        Ok(live.cloned().map(Category::restore).collect())
    }

    async fn category(&self, org: &OrgId, id: CategoryId) -> Result<Option<Category>, StoreError> {
        Ok(self.0.organisation(org).live_category(id))
    }

    async fn categories_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Vec<AssignedCategory>>, StoreError> {
        let organisation = self.0.organisation(org);
        if !organisation.customers.contains_key(&customer) {
            return Ok(None);
        }
        let own = organisation
            .live_assignments()
            .filter(|data| data.customer_id == customer && data.value.is_some());
        let mut assigned: Vec<_> = own.filter_map(|data| organisation.assigned(data)).collect();
        assigned.sort_by_key(|assigned| assigned.assignment.data().category_id);
        Ok(Some(assigned))
    }

    async fn category_of(
        &self,
        org: &OrgId,
        customer: CustomerId,
        category: CategoryId,
    ) -> Result<Option<AssignedCategory>, StoreError> {
        let assigned = self.categories_of(org, customer).await?.unwrap_or_default();
        Ok(assigned.into_iter().find(|assigned| assigned.assignment.data().category_id == category))
    }

    async fn category_history(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Option<Vec<CategoryHistory>>, StoreError> {
        let organisation = self.0.organisation(org);
        if !organisation.customers.contains_key(&customer) {
            return Ok(None);
        }
        let history = |category: &CategoryData| {
            let own = organisation
                .assignments
                .iter()
                .rev()
                .filter(|row| (row.data.customer_id, row.data.category_id) == (customer, category.id));
            let values = own.map(|row| organisation.historical(row)).collect();
            CategoryHistory { id: category.id, name: category.name.clone(), values }
        };
        let categories = organisation.categories.values().map(history);
        Ok(Some(categories.filter(|history| !history.values.is_empty()).collect()))
    }
}
