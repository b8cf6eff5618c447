//! Categories, and those that customers have: what their requests must look like, what their answers do look like, and the
//! handlers.

use actix_web::HttpResponse;
use application::ports::{AssignedCategory, CategoryHistory, HistoricalValue};
use domain::{
    CatalogueValue, CatalogueValues, Category, CategoryAssignmentPatch, CategoryId, CategoryPatch,
    CategoryText, Change, CustomerId, NewCategory, NewCategoryAssignment,
};
use serde::Serialize;
use uuid::Uuid;

use crate::access::{Reading, WritingCatalogue, WritingCustomers};
use crate::body::{Object, Value};
use crate::call::{Call, Input};
use crate::customer::{AT_LEAST_ONE_FIELD, customer_id};
use crate::error::ApiError;
use crate::view::date_time;

// Requests

/// At most so many values, none of them twice.
pub(crate) fn catalogue_values(value: Value<'_>, most: usize) -> Option<CatalogueValues> {
    value.list(most, |value| value.parse(str::parse), CatalogueValues::new)
}

fn valid_values(value: Value<'_>) -> Option<CatalogueValues> {
    catalogue_values(value, Category::MOST_VALUES)
}

pub(crate) fn new_category(mut object: Object<'_>) -> Option<NewCategory> {
    let name = object.required("name");
    let description = object.optional("description");
    let valid_values = object.optional_value("valid_values").and_then(valid_values).unwrap_or_default();
    Some(NewCategory { name: name?, description, valid_values })
}

fn new_categories(mut body: Object<'_>) -> Option<Vec<NewCategory>> {
    let categories = body.required_value("categories")?;
    let categories = categories.array(Category::MOST_AT_ONCE, |category| new_category(category.object()?))?;
    if categories.is_empty() {
        body.fail("categories", "must not be empty");
    }
    Some(categories)
}

fn category_patch(mut body: Object<'_>) -> CategoryPatch {
    let description = body.change("description");
    let valid_values = match body.change_value("valid_values", valid_values) {
        Change::Keep => None,
        Change::Clear => Some(CatalogueValues::default()),
        Change::Set(values) => Some(values),
    };
    CategoryPatch { description, valid_values }
}

fn new_assignment(mut body: Object<'_>) -> Option<(CategoryId, NewCategoryAssignment)> {
    let id = body.required_integer("id", i32::MIN..=i32::MAX).map(CategoryId);
    let value = body.nullable("value");
    let (description, reason) = (body.optional("description"), body.optional("reason"));
    Some((id?, NewCategoryAssignment { value: value?, description, reason }))
}

fn assignment_patch(mut body: Object<'_>) -> CategoryAssignmentPatch {
    CategoryAssignmentPatch {
        value: body.change("value"),
        description: body.change("description"),
        reason: body.change("reason"),
    }
}

fn category_id(input: &mut Input<'_>) -> Option<CategoryId> {
    input.path.required("category_id")
}

fn customer_and_category(input: &mut Input<'_>) -> Option<(CustomerId, CategoryId)> {
    let (customer, category) = (customer_id(input), category_id(input));
    Some((customer?, category?))
}

// Answers

#[derive(Serialize)]
struct CategoryView<'a> {
    id: i32,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    valid_values: Vec<&'a str>,
}

impl<'a> From<&'a Category> for CategoryView<'a> {
    fn from(category: &'a Category) -> Self {
        let data = category.data();
        Self {
            id: data.id.0,
            name: data.name.as_str(),
            description: data.description.as_ref().map(CategoryText::as_str),
            valid_values: data.valid_values.as_slice().iter().map(CatalogueValue::as_str).collect(),
        }
    }
}

#[derive(Serialize)]
struct CategoriesResponse<'a> {
    categories: Vec<CategoryView<'a>>,
}

impl<'a> From<&'a [Category]> for CategoriesResponse<'a> {
    fn from(categories: &'a [Category]) -> Self {
        Self { categories: categories.iter().map(Into::into).collect() }
    }
}

#[derive(Serialize)]
struct AssignmentView<'a> {
    id: i32,
    name: &'a str,
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    create_date_time: String,
    last_modified_date_time: String,
}

impl<'a> From<&'a AssignedCategory> for AssignmentView<'a> {
    fn from(assigned: &'a AssignedCategory) -> Self {
        let data = assigned.assignment.data();
        Self {
            id: data.category_id.0,
            name: assigned.name.as_str(),
            value: data.value.as_ref().map(CatalogueValue::as_str),
            description: data.description.as_ref().map(CategoryText::as_str),
            reason: data.reason.as_ref().map(CategoryText::as_str),
            create_date_time: date_time(data.created_at),
            last_modified_date_time: date_time(data.updated_at),
        }
    }
}

/// What is said of a customer's categories, one way or another.
#[derive(Serialize)]
struct CustomerCategoriesResponse<T> {
    customer_id: Uuid,
    categories: Vec<T>,
}

#[derive(Serialize)]
struct CategoryHistoryView<'a> {
    id: i32,
    name: &'a str,
    historical_values: Vec<HistoricalValueView<'a>>,
}

#[derive(Serialize)]
struct HistoricalValueView<'a> {
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    create_date: String,
    end_date: Option<String>,
    last_modified_date: String,
    modified_by: &'a str,
}

impl<'a> From<&'a HistoricalValue> for HistoricalValueView<'a> {
    fn from(entry: &'a HistoricalValue) -> Self {
        Self {
            value: entry.value.as_ref().map(CatalogueValue::as_str),
            description: entry.description.as_ref().map(CategoryText::as_str),
            reason: entry.reason.as_ref().map(CategoryText::as_str),
            create_date: date_time(entry.create_date),
            end_date: entry.end_date.map(date_time),
            last_modified_date: date_time(entry.last_modified_date),
            modified_by: entry.modified_by.as_str(),
        }
    }
}

impl<'a> From<&'a CategoryHistory> for CategoryHistoryView<'a> {
    fn from(history: &'a CategoryHistory) -> Self {
        Self {
            id: history.id.0,
            name: history.name.as_str(),
            historical_values: history.values.iter().map(Into::into).collect(),
        }
    }
}

// Handlers

pub(crate) async fn list(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    call.read(|_| Some(()))?;
    let categories = call.state.categories.all(call.org()).await?;
    Ok(HttpResponse::Ok().json(CategoriesResponse::from(&*categories)))
}

pub(crate) async fn create(mut call: Call<WritingCatalogue>) -> Result<HttpResponse, ApiError> {
    let new = call.read(|input| new_categories(input.body()?))?;
    let categories = call.state.categories.define(&call.scope, new).await?;
    Ok(HttpResponse::Created().json(CategoriesResponse::from(&*categories)))
}

pub(crate) async fn get(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let id = call.read(category_id)?;
    let category = call.state.categories.get(call.org(), id).await?;
    Ok(HttpResponse::Ok().json(CategoryView::from(&category)))
}

pub(crate) async fn patch(mut call: Call<WritingCatalogue>) -> Result<HttpResponse, ApiError> {
    let (id, patch) = call.read(|input| {
        let (id, patch) = (category_id(input), input.body().map(category_patch));
        Some((id?, patch?))
    })?;
    if patch == CategoryPatch::default() {
        return Err(ApiError::bad_request("", AT_LEAST_ONE_FIELD));
    }
    call.state.categories.amend(&call.scope, id, patch).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn delete(mut call: Call<WritingCatalogue>) -> Result<HttpResponse, ApiError> {
    let id = call.read(category_id)?;
    call.state.categories.remove(&call.scope, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn of_customer(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let customer = call.read(customer_id)?;
    let assigned = call.state.categories.of_customer(call.org(), customer).await?;
    let categories: Vec<AssignmentView<'_>> = assigned.iter().map(Into::into).collect();
    Ok(HttpResponse::Ok().json(CustomerCategoriesResponse { customer_id: customer.0, categories }))
}

pub(crate) async fn assign(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (customer, (id, new)) = call.read(|input| {
        let (customer, new) = (customer_id(input), input.body().and_then(new_assignment));
        Some((customer?, new?))
    })?;
    call.state.categories.assign(&call.scope, customer, id, new).await?;
    Ok(HttpResponse::Created().finish())
}

pub(crate) async fn get_assigned(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let (customer, id) = call.read(customer_and_category)?;
    let assigned = call.state.categories.assigned(call.org(), customer, id).await?;
    Ok(HttpResponse::Ok().json(AssignmentView::from(&assigned)))
}

pub(crate) async fn patch_assigned(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let ((customer, id), patch) = call.read(|input| {
        let (ids, patch) = (customer_and_category(input), input.body().map(assignment_patch));
        Some((ids?, patch?))
    })?;
    if patch == CategoryAssignmentPatch::default() {
        return Err(ApiError::bad_request("", AT_LEAST_ONE_FIELD));
    }
    call.state.categories.amend_assignment(&call.scope, customer, id, patch).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn delete_assigned(mut call: Call<WritingCustomers>) -> Result<HttpResponse, ApiError> {
    let (customer, id) = call.read(customer_and_category)?;
    call.state.categories.end_assignment(&call.scope, customer, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn history(mut call: Call<Reading>) -> Result<HttpResponse, ApiError> {
    let customer = call.read(customer_id)?;
    let history = call.state.categories.history(call.org(), customer).await?;
    let categories: Vec<CategoryHistoryView<'_>> = history.iter().map(Into::into).collect();
    Ok(HttpResponse::Ok().json(CustomerCategoriesResponse { customer_id: customer.0, categories }))
}
