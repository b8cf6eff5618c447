use std::sync::Arc;

use domain::{
    AuditEntry, Category, CategoryAssignment, CategoryAssignmentPatch, CategoryId, CategoryPatch, Customer,
    CustomerId, NewCategory, NewCategoryAssignment, OrgId, ValueSet,
};
use time::OffsetDateTime;

use crate::customers::load;
use crate::ports::{AssignedCategory, CategoryHistory, Clock, Store, UnitOfWork};
use crate::{Error, Resource, Scope};

/// The use cases of categories and of those that customers have.
pub struct Categories {
    /// Where categories are kept.
    pub store: Arc<dyn Store>,
    /// Tells when a change is made.
    pub clock: Arc<dyn Clock>,
}

impl Categories {
    /// Defines categories, all of them or none.
    ///
    /// # Errors
    /// A name that a live category, or another one of them, has.
    pub async fn define(&self, scope: &Scope, new: Vec<NewCategory>) -> Result<Vec<Category>, Error> {
        let now = self.clock.now();
        let mut work = self.store.begin(scope).await?;
        let defined = work.categories().insert(new, now).await?;
        let changes: Vec<AuditEntry> = defined.iter().map(Into::into).collect();
        work.commit(now, &changes).await?;
        Ok(defined)
    }

    /// The categories of the organisation.
    ///
    /// # Errors
    /// The store fails.
    pub async fn all(&self, org: &OrgId) -> Result<Vec<Category>, Error> {
        Ok(self.store.categories(org).await?)
    }

    /// Reads a category.
    ///
    /// # Errors
    /// Not found.
    pub async fn get(&self, org: &OrgId, id: CategoryId) -> Result<Category, Error> {
        self.store.category(org, id).await?.ok_or(Error::NotFound(Resource::Category))
    }

    /// Changes what the patch names.
    ///
    /// # Errors
    /// Not found, or what [`Category::amend`] refuses.
    pub async fn amend(&self, scope: &Scope, id: CategoryId, patch: CategoryPatch) -> Result<(), Error> {
        let mut work = self.store.begin(scope).await?;
        let (mut category, now) = (find(&mut *work, id).await?, self.clock.now());
        let excludes_held_values = match category.excluded_by(&patch) {
            Some(excluded) => work.category_assignments().any_live(id, &excluded).await?,
            None => false,
        };
        if category.amend(patch, excludes_held_values, now)? {
            work.categories().update(&category).await?;
            work.commit(now, &[(&category).into()]).await?;
        }
        Ok(())
    }

    /// Removes a category.
    ///
    /// # Errors
    /// Not found, or what [`Category::remove`] refuses.
    pub async fn remove(&self, scope: &Scope, id: CategoryId) -> Result<(), Error> {
        let mut work = self.store.begin(scope).await?;
        let (mut category, now) = (find(&mut *work, id).await?, self.clock.now());
        let is_in_use = work.category_assignments().any_live(id, &ValueSet::Any).await?;
        category.remove(is_in_use, now)?;
        work.categories().update(&category).await?;
        Ok(work.commit(now, &[(&category).into()]).await?)
    }

    /// What a customer has, leaving out what has no value.
    ///
    /// # Errors
    /// Not found.
    pub async fn of_customer(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Vec<AssignedCategory>, Error> {
        self.store.categories_of(org, customer).await?.ok_or(Error::NotFound(Resource::Customer))
    }

    /// What a customer has of a category.
    ///
    /// # Errors
    /// Not found, also when it has no value.
    pub async fn assigned(
        &self,
        org: &OrgId,
        customer: CustomerId,
        id: CategoryId,
    ) -> Result<AssignedCategory, Error> {
        let assigned = self.store.category_of(org, customer, id).await?;
        assigned.ok_or(Error::NotFound(Resource::CategoryAssignment))
    }

    /// All that a customer has ever had.
    ///
    /// # Errors
    /// Not found.
    pub async fn history(&self, org: &OrgId, customer: CustomerId) -> Result<Vec<CategoryHistory>, Error> {
        self.store.category_history(org, customer).await?.ok_or(Error::NotFound(Resource::Customer))
    }

    /// Gives a customer a category.
    ///
    /// # Errors
    /// Not found, what [`CategoryAssignment::assign`] refuses, or the customer has the category, with a value or without.
    pub async fn assign(
        &self,
        scope: &Scope,
        customer: CustomerId,
        id: CategoryId,
        new: NewCategoryAssignment,
    ) -> Result<(), Error> {
        let (mut work, customer, category) = self.load(scope, customer, id).await?;
        let now = self.clock.now();
        let assignment = CategoryAssignment::assign(&customer, &category, new, now)?;
        work.category_assignments().insert(&assignment).await?;
        Ok(work.commit(now, &[(&assignment).into()]).await?)
    }

    /// Changes what a customer has of a category, with a value or without.
    ///
    /// # Errors
    /// Not found, or what [`Category::check_assignable`] refuses.
    pub async fn amend_assignment(
        &self,
        scope: &Scope,
        customer: CustomerId,
        id: CategoryId,
        patch: CategoryAssignmentPatch,
    ) -> Result<(), Error> {
        let (mut work, customer, category) = self.load(scope, customer, id).await?;
        category.check_assignable(patch.new_value(), &customer)?;
        let (mut assignment, now) = (find_assignment(&mut *work, &customer, id).await?, self.clock.now());
        if assignment.amend(patch, now) {
            work.category_assignments().update(&assignment).await?;
            work.commit(now, &[(&assignment).into()]).await?;
        }
        Ok(())
    }

    /// Takes a category away from a customer, whether it has a value or not.
    ///
    /// # Errors
    /// Not found, or the customer has ended.
    pub async fn end_assignment(
        &self,
        scope: &Scope,
        customer: CustomerId,
        id: CategoryId,
    ) -> Result<(), Error> {
        let (mut work, customer, _) = self.load(scope, customer, id).await?;
        customer.check_live()?;
        let (mut assignment, now) = (find_assignment(&mut *work, &customer, id).await?, self.clock.now());
        assignment.end(now);
        work.category_assignments().update(&assignment).await?;
        Ok(work.commit(now, &[(&assignment).into()]).await?)
    }

    /// A customer and a category that cannot be changed by others; always in this order, so that no two units wait for each
    /// other.
    async fn load(
        &self,
        scope: &Scope,
        customer: CustomerId,
        id: CategoryId,
    ) -> Result<(Box<dyn UnitOfWork>, Customer, Category), Error> {
        let (mut work, customer) = load(&*self.store, scope, customer).await?;
        let category = work.categories().find_to_use(id).await?.ok_or(Error::NotFound(Resource::Category))?;
        Ok((work, customer, category))
    }
}

/// Takes all categories away from a customer that ends.
pub(crate) async fn end_assignments_of(
    work: &mut dyn UnitOfWork,
    customer: CustomerId,
    now: OffsetDateTime,
) -> Result<Vec<AuditEntry>, Error> {
    let mut changes = Vec::new();
    for mut assignment in work.category_assignments().of_customer(customer).await? {
        assignment.end(now);
        work.category_assignments().update(&assignment).await?;
        changes.push((&assignment).into());
    }
    Ok(changes)
}

async fn find(work: &mut dyn UnitOfWork, id: CategoryId) -> Result<Category, Error> {
    work.categories().find(id).await?.ok_or(Error::NotFound(Resource::Category))
}

async fn find_assignment(
    work: &mut dyn UnitOfWork,
    customer: &Customer,
    id: CategoryId,
) -> Result<CategoryAssignment, Error> {
    let assignment = work.category_assignments().find(customer.data().id, id).await?;
    assignment.ok_or(Error::NotFound(Resource::CategoryAssignment))
}
