//! Dependencies point inwards: bootstrap -> adapters -> application -> domain.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Each crate, and which crates of the workspace it may know.
const EDGES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("application", &["domain"]),
    ("documents", &["application", "domain"]),
    ("identity", &["application", "domain"]),
    ("notifications", &["application"]),
    ("payments", &["application", "domain"]),
    ("persistence", &["application", "domain"]),
    ("http-api", &["application", "domain"]),
    ("testkit", &["application", "domain"]),
    (
        "bootstrap",
        &[
            "application",
            "documents",
            "domain",
            "http-api",
            "identity",
            "notifications",
            "payments",
            "persistence",
        ],
    ),
];

/// What must not stand behind the domain and the use cases, however far away.
const FRAMEWORKS: &[&str] = &["actix-web", "reqwest", "sea-orm", "serde", "sqlx", "tokio"];

fn cargo(arguments: &[&str]) -> String {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--manifest-path", manifest, "--locked", "--offline"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn crates_know_only_what_lies_further_inside() {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps"])).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let names: BTreeSet<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        EDGES.iter().map(|(name, _)| *name).collect(),
        "every crate has its place in the table"
    );
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let (_, allowed) = EDGES.iter().find(|(known, _)| *known == name).unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let inner = dependency["name"].as_str().unwrap();
            let is_for_tests = dependency["kind"] == "dev";
            if names.contains(inner) && !is_for_tests {
                assert!(allowed.contains(&inner), "{name} must not know {inner}");
            }
        }
    }
}

#[test]
fn domain_and_use_cases_stand_on_no_framework() {
    for package in ["domain", "application"] {
        let tree =
            cargo(&["tree", "--package", package, "--edges", "normal,no-proc-macro", "--prefix", "none"]);
        let crates: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(crates.contains(&"time"), "{tree}");
        for framework in FRAMEWORKS {
            assert!(!crates.contains(framework), "{package} stands on {framework}");
        }
    }
}
