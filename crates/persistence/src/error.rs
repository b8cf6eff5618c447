//! What the drivers' errors mean to the use cases.

use application::ports::{Constraint, StoreError};
use sea_orm::sqlx::error::{DatabaseError, Error as SqlxError};
use sea_orm::sqlx::sqlite::SqliteError;
use sea_orm::{DbErr, RuntimeErr};

/// The uniqueness rules: PostgreSQL names the constraint that a write breaks, SQLite its columns.
const CONSTRAINTS: &[(Constraint, &str, &str)] = &[
    (
        Constraint::LiveDocument,
        "customers_live_document",
        "customers.org_id, customers.document_number, customers.document_type",
    ),
    (
        Constraint::LiveDigitalEmail,
        "customers_live_digital_email",
        "customers.org_id, customers.digital_email",
    ),
    (
        Constraint::TokenizationAttempt,
        "tokenizations_pkey",
        "tokenizations.org_id, tokenizations.reference_id, tokenizations.attempt",
    ),
    (Constraint::LiveCategoryName, "categories_live_name", "categories.org_id, categories.name"),
    (
        Constraint::LiveCategoryAssignment,
        "category_assignments_live",
        "category_assignments.org_id, category_assignments.customer_id, category_assignments.category_id",
    ),
    (
        Constraint::LiveUsername,
        "credentials_live_username",
        "credentials.org_id, credentials.username_folded",
    ),
    (
        Constraint::LiveCredential,
        "credentials_live_of_customer",
        "credentials.org_id, credentials.customer_id",
    ),
    (Constraint::Id, "customers_pkey", "customers.org_id, customers.id"),
    (Constraint::Id, "accounts_pkey", "accounts.org_id, accounts.id"),
    (Constraint::Id, "cards_pkey", "cards.org_id, cards.token_id"),
    (Constraint::Id, "contracts_pkey", "contracts.org_id, contracts.id"),
    (
        Constraint::Id,
        "identification_processes_pkey",
        "identification_processes.org_id, identification_processes.id",
    ),
    (Constraint::Id, "promotions_pkey", "promotions.org_id, promotions.id"),
    (Constraint::Id, "categories_pkey", "categories.org_id, categories.id"),
    (Constraint::Id, "credentials_pkey", "credentials.org_id, credentials.id"),
];

pub(crate) fn store_error(error: DbErr) -> StoreError {
    match &error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => StoreError::Unavailable(error.into()),
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            match &**cause {
                SqlxError::Database(database) => {
                    database_error(&**database).unwrap_or_else(|| StoreError::Unexpected(error.into()))
                }
                SqlxError::Io(_)
                | SqlxError::Tls(_)
                | SqlxError::Protocol(_)
                | SqlxError::PoolTimedOut
                | SqlxError::PoolClosed
                | SqlxError::WorkerCrashed => StoreError::Unavailable(error.into()),
                SqlxError::ColumnDecode { .. } | SqlxError::Decode(_) => unreadable(),
                _ => StoreError::Unexpected(error.into()),
            }
        }
        DbErr::Json(_) | DbErr::Type(_) | DbErr::TryIntoErr { .. } => unreadable(),
        _ => StoreError::Unexpected(error.into()),
    }
}

/// Without the driver's words, which may quote the value.
fn unreadable() -> StoreError {
    StoreError::Unexpected("a stored value cannot be read".into())
}

/// What a code of the database means: SQLSTATE of PostgreSQL, extended result code of SQLite.
fn database_error(error: &dyn DatabaseError) -> Option<StoreError> {
    if error.is_unique_violation() {
        return CONSTRAINTS.iter().find_map(|&(constraint, name, columns)| {
            let hit = error.constraint() == Some(name) || error.message().ends_with(columns);
            hit.then_some(StoreError::Duplicate(constraint))
        });
    }
    let code = error.code()?;
    let unavailable = || Some(StoreError::Unavailable(error.message().to_owned().into()));
    if error.try_downcast_ref::<SqliteError>().is_some() {
        // The primary code is the lowest byte.
        return match code.parse::<u32>().ok()? & 0xff {
            // BUSY: another process writes for longer than the busy timeout.
            5 => Some(StoreError::Timeout),
            // LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN.
            6 | 7 | 8 | 10 | 13 | 14 => unavailable(),
            _ => None,
        };
    }
    match &*code {
        // Cancelled by statement_timeout or lock_timeout.
        "57014" | "55P03" => Some(StoreError::Timeout),
        // Serialization failure, deadlock, and a primary that has become a standby.
        "40001" | "40P01" | "25006" => unavailable(),
        // Connection, resources, shutdown, disk.
        code if ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class)) => unavailable(),
        _ => None,
    }
}
