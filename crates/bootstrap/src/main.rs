//! The binary `mascustomers`.

use std::process::ExitCode;

fn main() -> ExitCode {
    bootstrap::run()
}
