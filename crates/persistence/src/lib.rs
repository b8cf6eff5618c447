//! The store on SQLite and PostgreSQL, by sea-orm. Knows the ports and the domain; must not know HTTP or any other adapter.

mod account;
mod audit;
mod bulk;
mod card;
mod category;
mod category_assignment;
mod column;
mod contract;
mod credential;
mod customer;
mod error;
mod identification_process;
mod json;
mod migration;
mod outbox;
mod promotion;
mod special_treatment;
mod store;
mod tokenization;

pub use store::{Options, SqlStore};
