# Start the service
run *args:
    cargo run --release {{ args }}

# Run all tests; starts a PostgreSQL for them
test *args:
    tests/run {{ args }}

# Format, clippy, documentation, licences
lint:
    tests/lint

# All checks of the dependencies, known vulnerabilities too: needs cargo-deny and the network
deny:
    cargo deny check

# All that CI runs
ci:
    .ci/run
