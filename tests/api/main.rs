//! The service over HTTP, on every engine that it claims to run on.
#![expect(clippy::unwrap_used, reason = "what a test takes for granted is checked by failing")]
mod test_app;

#[path = "../architecture.rs"]
mod architecture;

mod access;
mod accounts;
mod bad_input;
mod categories;
mod contracts;
mod credentials;
mod customers;
mod identification_processes;
mod import;
mod life;
mod operations;
mod outbox;
mod process;
mod promotions;
mod settings;
mod simultaneous;
mod special_treatment;
mod statuses;
mod timeline;
mod tokenizations;
mod tokens;
