//! Wires the adapters to the use cases and runs them. The only crate that knows all others, and that reads the environment.

mod application;
mod cli;
mod development_key;
mod documents;
mod import;
mod private_file;
mod settings;
mod telemetry;
mod worker;
mod world;

pub use self::application::{Application, StopHandle};
pub use self::cli::run;
pub use self::settings::Settings;
pub use self::world::World;
