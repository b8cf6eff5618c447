//! Adapters of the document store port. Must not know HTTP routes or the database.

mod local_folder;
mod signature;

pub use local_folder::LocalFolder;
pub use signature::SigningKey;
