//! Adapters of the payment gateway port. Must not know HTTP routes or the database.

mod sandbox;

pub use sandbox::Sandbox;
