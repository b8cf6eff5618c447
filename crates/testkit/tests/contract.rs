//! The store contract, kept by the store in memory.

use testkit::MemoryStore;

async fn memory_store() -> Box<MemoryStore> {
    Box::default()
}

testkit::store_contract!(memory_store);

/// A case that the macro does not name would never run.
#[test]
fn the_macro_names_every_case() {
    let sources = [
        include_str!("../src/contract/accounts.rs"),
        include_str!("../src/contract/audit.rs"),
        include_str!("../src/contract/categories.rs"),
        include_str!("../src/contract/contracts.rs"),
        include_str!("../src/contract/credentials.rs"),
        include_str!("../src/contract/customers.rs"),
        include_str!("../src/contract/identification_processes.rs"),
        include_str!("../src/contract/outbox.rs"),
        include_str!("../src/contract/tokenizations.rs"),
        include_str!("../src/contract/promotions.rs"),
        include_str!("../src/contract/special_treatment.rs"),
        include_str!("../src/contract/units.rs"),
    ];
    let named: Vec<_> = include_str!("../src/contract/mod.rs").split_whitespace().collect();
    for source in sources {
        for case in source.split("\npub async fn ").skip(1) {
            let case = case.split('(').next().unwrap();
            let declared =
                sources.iter().filter(|it| it.contains(&format!("\npub async fn {case}("))).count();
            assert_eq!(named.iter().filter(|name| **name == case).count(), declared, "{case}");
        }
    }
}
