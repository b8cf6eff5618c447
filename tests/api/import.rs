//! The subcommand `import`: files that a process takes in, and what the service shows of them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::fixtures::nif;

use crate::test_app::{TestApp, digital_customer, direct_debit, on_every_engine, private_customer, send};

const CUSTOMER: &str = "01950000-0000-7000-8000-000000000001";
const ACCOUNT: &str = "01950000-0000-7000-8000-000000000002";
const PROCESS: &str = "01950000-0000-7000-8000-000000000004";
const PDF: &[u8] = b"%PDF-1.7 \x00\xff\r\n";

/// What an import has said.
#[derive(Debug, PartialEq)]
struct Result {
    code: Option<i32>,
    /// Standard output, line by line.
    said: Vec<String>,
    /// The rejects, line by line.
    rejects: Vec<Value>,
}

fn path(app: &TestApp) -> PathBuf {
    app.folder().join("import.ndjson")
}

fn command(app: &TestApp, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mascustomers"));
    command.args(["--config", app.folder().to_str().unwrap(), "import"]).arg(path(app)).args(options);
    command
}

/// Imports a file of these bytes.
fn import_bytes(app: &TestApp, bytes: &[u8], options: &[&str]) -> Result {
    fs::write(path(app), bytes).unwrap();
    let Output { status, stdout, stderr } = command(app, options).output().unwrap();
    assert!(status.code().is_some(), "{}", String::from_utf8_lossy(&stderr));
    let said: Vec<String> = String::from_utf8(stdout).unwrap().lines().map(ToOwned::to_owned).collect();
    let rejects = fs::read_to_string(app.folder().join("import.ndjson.rejects.ndjson")).unwrap_or_default();
    let rejects = rejects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Result { code: status.code(), said, rejects }
}

fn import(app: &TestApp, lines: &[Value]) -> Result {
    import_bytes(app, ndjson(lines).as_bytes(), &[])
}

fn ndjson(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A line of a kind, with these properties.
fn line(kind: &str, properties: &Value) -> Value {
    let mut line = json!({ "kind": kind, "org": "telco" });
    line.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    line
}

fn with(line: &Value, more: &Value) -> Value {
    let mut line = line.clone();
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

fn customer(n: u32, more: &Value) -> Value {
    with(&line("customer", &private_customer(&nif(n))), more)
}

fn id(n: u32) -> String {
    format!("01950000-0000-7000-8000-{n:012x}")
}

fn account(properties: &Value) -> Value {
    let body = json!({ "modality": "POSTPAID", "payment_method": { "type": "BANK_TRANSFER" } });
    with(&line("account", &body), properties)
}

/// The examples of the documentation, in their order.
fn examples() -> Vec<Value> {
    let documentation = include_str!("../../docs/import.md");
    let blocks = documentation.split("```json\n").skip(1);
    blocks.map(|block| serde_json::from_str(block.split("```").next().unwrap()).unwrap()).collect()
}

fn put_example_document(app: &TestApp) {
    fs::create_dir_all(app.folder().join("documents")).unwrap();
    fs::create_dir_all(app.folder().join("import")).unwrap();
    fs::write(app.folder().join("documents/nif.pdf"), PDF).unwrap();
}

fn reasons(result: &Result) -> Vec<(u64, String)> {
    let reason = |reject: &Value| {
        let reasons = reject["reasons"].as_array().unwrap();
        let reasons: Vec<&str> = reasons.iter().map(|reason| reason.as_str().unwrap()).collect();
        (reject["line"].as_u64().unwrap(), reasons.join("; "))
    };
    result.rejects.iter().map(reason).collect()
}

async fn rows(app: &TestApp, table: &str) -> String {
    app.database.texts(&format!("SELECT CAST(count(*) AS text) FROM {table}")).await.remove(0)
}

on_every_engine! {
    async fn the_documented_examples_are_imported_and_read_back(app: TestApp) {
        put_example_document(&app);
        let examples = examples();
        assert_eq!(examples.len(), 8, "one of each kind");
        let result = import(&app, &examples);
        assert_eq!((result.code, &*result.rejects), (Some(0), &[][..]), "{result:?}");
        assert_eq!(result.said.last().unwrap(), "total: 8 imported, 0 skipped, 0 rejected");
        let again = import(&app, &examples);
        assert_eq!(again.said.last().unwrap(), "total: 0 imported, 8 skipped, 0 rejected");
        assert_eq!(again.code, Some(0));

        let read = app.get(&format!("/customers/{CUSTOMER}")).await.json();
        assert_eq!(read["created_at"], "2019-05-06T07:08:09Z");
        assert_eq!(read["updated_at"], "2019-05-06T07:08:09Z");
        assert_eq!(app.get("/external-customers/C-1").await.json(), json!({ "id": CUSTOMER }));

        let given = examples.iter().find(|line| line["kind"] == "account").unwrap();
        let read = app.get(&format!("/accounts/{ACCOUNT}")).await.json();
        for field in ["external_id", "contract_reference", "modality", "billing_address", "payment_method", "invoice",
            "created_at"]
        {
            assert_eq!(read[field], given[field], "{field}");
        }
        assert_eq!(read["customer_external_id"], "C-1");
        let methods = app.get(&format!("/accounts/{ACCOUNT}/payment-methods/historical")).await.json();
        assert_eq!(methods["payment_methods"], given["payment_method_history"]);
        let addresses = app.get(&format!("/accounts/{ACCOUNT}/billing-address")).await.json();
        assert_eq!(addresses["history"], given["billing_address_history"]);

        let contracts = app.get("/external-accounts/A-1/contracts").await.json();
        assert_eq!(contracts["contracts"][0]["requests"], examples[3]["requests"]);
        let process = app.get(&format!("/customers/{CUSTOMER}/identification-processes/{PROCESS}")).await.json();
        assert_eq!(process["document"]["size_bytes"], PDF.len());
        let url = process["document"]["public_url"].as_str().unwrap();
        let url = format!("{}{}", app.url, &url[url.find("/v4").unwrap()..]);
        assert_eq!(send(app.client.get(url)).await.bytes, PDF);

        let promotions = app.get(&format!("/accounts/{ACCOUNT}/promotions")).await.json();
        assert_eq!((&promotions[0]["promotion_id"], &promotions[0]["status"]), (&json!(2064), &json!("ACTIVE")));
        assert_eq!(app.get("/categories/17").await.json()["valid_values"], json!(["low", "high"]));
        let credentials = app.get(&format!("/customers/{CUSTOMER}/credentials")).await.json();
        assert_eq!(credentials["username"], "antonio@example.com");
        assert_eq!(rows(&app, "outbox").await, "0", "+CRED is told nothing");
        let defined = app.post("/categories", &json!({ "categories": [{ "name": "next" }] })).await.json();
        assert_eq!(defined["categories"][0]["id"], 18);
        let timeline = app.get(&format!("/customers/{CUSTOMER}/timeline")).await;
        if timeline.status == 200 {
            assert!(String::from_utf8_lossy(&timeline.bytes).contains("import"));
        }
    }

    async fn what_is_there_is_skipped_and_other_content_is_rejected(app: TestApp) {
        put_example_document(&app);
        let examples = examples();
        assert_eq!(import(&app, &examples).code, Some(0));
        // Changes through the API do not matter.
        app.patch(&format!("/customers/{CUSTOMER}"), &json!({ "preferred_language": "en" })).await;
        assert_eq!(import(&app, &examples).code, Some(0));
        let others = [
            with(&examples[0], &json!({ "preferred_language": "ca" })),
            with(&examples[1], &json!({ "last_four": "5101" })),
            with(&examples[2], &json!({ "contract_reference": null })),
            with(&examples[3], &json!({ "requests": [] })),
            with(&examples[4], &json!({ "process_date": "2019-05-06T07:00:01Z" })),
            with(&examples[5], &json!({ "end_date": "2030-01-01" })),
            with(&examples[6], &json!({ "valid_values": ["low"] })),
            with(&examples[7], &json!({ "state": "RESERVED" })),
            examples[0].clone(),
        ];
        let result = import(&app, &others);
        assert_eq!(result.code, Some(1));
        const OTHER: &str = "was imported before with other content";
        let reasons_given = reasons(&result);
        assert_eq!(reasons_given[..7], [
            (1, format!("id: {OTHER}")),
            (2, format!("token_id: {OTHER}")),
            (3, format!("id: {OTHER}")),
            (4, format!("id: {OTHER}")),
            (5, format!("process_id: {OTHER}")),
            (6, format!("id: {OTHER}")),
            (7, format!("name: {OTHER}")),
        ]);
        // Of two rules, the database names the one that it looks at first.
        assert_eq!((reasons_given.len(), reasons_given[7].0), (8, 8), "{reasons_given:?}");
        fs::write(app.folder().join("documents/nif.pdf"), b"other").unwrap();
        assert_eq!(reasons(&import(&app, &examples)), [(5, format!("process_id: {OTHER}"))]);
        assert_eq!(rows(&app, "customers").await, "1");
    }

    async fn lines_without_ids_are_recognised(app: TestApp) {
        let lines = [
            customer(1, &json!({ "external_id": "1" })),
            account(&json!({ "customer_external_id": "1", "external_id": "10" })),
            account(&json!({ "customer_external_id": "1" })),
            line("promotion", &json!({ "account_external_id": "10", "promotion_id": 1 })),
            line("customer", &digital_customer("ada@example.com")),
            line("category", &json!({ "name": "one" })),
            line("credential", &json!({ "customer_external_id": "1", "username": "a@example.com", "state": "RESERVED" })),
            customer(2, &json!({})),
        ];
        assert_eq!(import(&app, &lines).said.last().unwrap(), "total: 8 imported, 0 skipped, 0 rejected");
        let mut twice = lines.to_vec();
        twice.extend(lines.clone());
        assert_eq!(import(&app, &twice).said.last().unwrap(), "total: 0 imported, 16 skipped, 0 rejected");
        let other = account(&json!({ "customer_external_id": "1", "external_id": "10", "contract_reference": "K" }));
        assert_eq!(reasons(&import(&app, &[other])), [(1, "id: was imported before with other content".to_owned())]);
        let found = app.get(&format!("/customers/search?identity_document={}", nif(2))).await.json();
        assert_eq!(found["customer"]["external_id"], "1000000000", "those who bring none are given one");
        assert_eq!(rows(&app, "accounts").await, "2");
    }

    async fn one_wrong_line_hinders_no_other(app: TestApp) {
        let existing = app.private_customer(&nif(7)).await;
        let mut lines: Vec<Value> = (1..=12).map(|n| customer(n, &json!({ "id": id(n) }))).collect();
        lines.push(customer(3, &json!({ "id": id(100) })));
        lines.push(customer(50, &json!({ "id": existing })));
        lines.push(account(&json!({ "id": id(200), "customer_id": id(7) })));
        lines.push(account(&json!({ "id": id(201), "customer_id": id(8) })));
        let result = import(&app, &lines);
        assert_eq!(result.said, [
            "customer: 11 imported, 0 skipped, 3 rejected",
            "account: 1 imported, 0 skipped, 1 rejected",
            "total: 12 imported, 0 skipped, 4 rejected",
        ]);
        assert_eq!(result.rejects, [
            json!({ "line": 7, "kind": "customer",
                "reasons": ["personal_info.identity_document: belongs to another live customer"] }),
            json!({ "line": 13, "kind": "customer",
                "reasons": ["personal_info.identity_document: belongs to another live customer"] }),
            json!({ "line": 14, "kind": "customer", "reasons": ["id: is already there, but not from an import"] }),
            json!({ "line": 15, "kind": "account", "reasons": ["customer_id: no such customer"] }),
        ]);
        assert_eq!(rows(&app, "audit").await, "13");
    }

    async fn references_are_checked(app: TestApp) {
        let end = json!({ "created_at": "2010-01-01T00:00:00Z", "ended_at": "2020-01-01T00:00:00+01:00" });
        let lines = [
            customer(1, &json!({ "id": id(1), "external_id": "twin" })),
            customer(2, &json!({ "id": id(2), "external_id": "twin" })),
            customer(3, &with(&end, &json!({ "id": id(3), "external_id": "gone" }))),
            customer(3, &json!({ "id": id(4), "external_id": "back" })),
            account(&json!({ "customer_external_id": "twin" })),
            account(&json!({ "customer_external_id": "gone" })),
            account(&with(&end, &json!({ "id": id(10), "customer_external_id": "gone", "external_id": "old" }))),
            account(&json!({ "customer_id": id(1), "customer_external_id": "twin" })),
            account(&json!({})),
            line("card", &json!({ "token_id": "t-1", "customer_id": id(1), "last_four": "5100",
                "expiration_date": "01/2020" })),
            account(&json!({ "customer_id": id(2), "payment_method": { "type": "CREDIT_CARD", "details": { "token_id": "t-1" } } })),
            account(&json!({ "customer_id": id(1), "id": id(11), "payment_method": { "type": "CREDIT_CARD", "details": { "token_id": "t-1" } } })),
            line("promotion", &json!({ "account_external_id": "old", "promotion_id": 1, "start_date": "2015-01-01" })),
            line("promotion", &json!({ "account_external_id": "old", "promotion_id": 1, "start_date": "2015-01-01",
                "end_date": "2016-01-01" })),
            line("promotion", &json!({ "account_id": id(11), "promotion_id": 1, "start_date": "2015-01-01" })),
            line("promotion", &json!({ "account_id": id(11), "promotion_id": 1, "start_date": "2016-01-01" })),
            line("credential", &json!({ "customer_id": id(3), "username": "a@example.com", "state": "ACTIVE" })),
            line("credential", &json!({ "customer_id": id(4), "username": "a@example.com", "state": "ACTIVE",
                "expiration_date": "2020-01-01" })),
            line("credential", &json!({ "customer_id": id(4), "username": "A@example.com", "state": "ACTIVE" })),
            line("identification_process", &json!({ "process_id": id(5), "customer_id": id(4),
                "process_date": "2020-01-01T00:00:00Z",
                "document": { "name": "a", "type": "b", "media_type": "c/d", "file": "import.ndjson" } })),
            account(&json!({ "customer_id": id(1), "id": id(12), "modality": "PREPAID", "payment_method": null })),
            account(&json!({ "customer_id": id(1), "id": id(13), "modality": "PREPAID" })),
        ];
        let result = import(&app, &lines);
        const ONE: &str = "exactly one of customer_id and customer_external_id is required";
        assert_eq!(reasons(&result), [
            (5, "customer_external_id: more than one live customer has it".to_owned()),
            (6, "customer_external_id: The customer has ended".to_owned()),
            (8, format!("customer_id: {ONE}")),
            (9, format!("customer_id: {ONE}")),
            (11, "payment_method.details.token_id: no card of this customer".to_owned()),
            (13, "account_external_id: The account has ended".to_owned()),
            (16, "promotion_id: the account already has this promotion on some of these days".to_owned()),
            (17, "customer_id: The customer has ended".to_owned()),
            (22, "payment_method: a PREPAID account has no payment method".to_owned()),
        ]);
        let gone = app.get(&format!("/customers/{}", id(3))).await.json();
        assert_eq!(gone["ended_at"], "2019-12-31T23:00:00Z");
        assert_eq!(gone["updated_at"], "2019-12-31T23:00:00Z");
        let prepaid = app.get(&format!("/accounts/{}", id(12))).await.json();
        assert_eq!((&prepaid["modality"], prepaid.get("payment_method")), (&json!("PREPAID"), None));
        assert_eq!(app.get(&format!("/customers/{}/credentials", id(4))).await.json()["username"], "A@example.com");
        let changed = app.patch(&format!("/accounts/{}/payment-method", id(11)), &direct_debit()).await;
        assert_eq!(changed.status, 204, "imported accounts are accounts like others");
    }

    async fn garbage_is_rejected_with_reasons(app: TestApp) {
        let good = customer(1, &json!({ "id": id(1) })).to_string();
        let mut bytes = "\u{feff}".as_bytes().to_vec();
        bytes.extend_from_slice(format!("{good}\r\n\r\n   \n").as_bytes());
        bytes.extend_from_slice(b"\x00\x01\xff\xfe binary\n{\"kind\":\"customer\"\n[]\n{}\n");
        bytes.extend_from_slice(b"{\"kind\":\"spaceship\",\"org\":\"telco\",\"iban\":\"ES7921000813610123456789\"}\n");
        bytes.extend_from_slice(b"{\"kind\":\"category\",\"org\":\"Not One\",\"name\":\"a\",\"name\":\"b\"}\n");
        bytes.extend_from_slice(&vec![b'x'; 3 * 1024 * 1024]);
        bytes.extend_from_slice(b"\n");
        let wrong = line("account", &json!({ "customer_external_id": "4111 1111 1111 1111", "modality": "POSTPAID",
            "payment_method": { "type": "DIRECT_DEBIT", "details": { "iban": "ES7921000813610123456780" } },
            "created_at": "2999-01-01T00:00:00Z", "ended_at": "yesterday", "surprise": 1 }));
        bytes.extend_from_slice(format!("{wrong}\n").as_bytes());
        bytes.extend_from_slice(customer(2, &json!({ "id": id(2) })).to_string().as_bytes());
        let result = import_bytes(&app, &bytes, &[]);
        assert_eq!(result.said, [
            "customer: 2 imported, 0 skipped, 0 rejected",
            "account: 0 imported, 0 skipped, 1 rejected",
            "category: 0 imported, 0 skipped, 1 rejected",
            "unknown: 0 imported, 0 skipped, 6 rejected",
            "total: 2 imported, 0 skipped, 8 rejected",
        ]);
        let reasons = reasons(&result);
        let kinds = "customer, account, card, contract, identification_process, promotion, category, credential";
        assert_eq!(reasons[..7], [
            (4, "The line is not valid UTF-8".to_owned()),
            (5, "The line is not valid JSON at line 1 column 18".to_owned()),
            (6, "must be an object".to_owned()),
            (7, "kind: is required; org: is required".to_owned()),
            (8, format!("kind: must be one of {kinds}")),
            (9, "name: is given more than once; org: must be 1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit".to_owned()),
            (10, "The line has more than 1048576 bytes".to_owned()),
        ]);
        assert!(reasons[7].1.contains("customer_external_id: must not contain a card number"), "{reasons:?}");
        for path in ["payment_method.details.iban: ", "created_at: ", "ended_at: ", "surprise: "] {
            assert!(path == "created_at: " || reasons[7].1.contains(path), "{path} {reasons:?}");
        }
        let told = format!("{result:?}");
        assert!(!told.contains("ES79") && !told.contains("4111"), "{told}");
    }

    async fn documents_stay_in_their_folder(app: TestApp) {
        let outside = tempfile::TempDir::new().unwrap();
        fs::write(outside.path().join("secret"), b"secret").unwrap();
        symlink(outside.path().join("secret"), app.folder().join("link")).unwrap();
        let secret = outside.path().join("secret");
        let files = ["../secret", "/etc/passwd", "link", secret.to_str().unwrap(), "no-such-file", ".", ""];
        let process = |(n, file): (u32, &&str)| line("identification_process", &json!({
            "process_id": id(n), "customer_id": id(1), "process_date": "2020-01-01T00:00:00Z",
            "document": { "name": "a", "type": "b", "media_type": "c/d", "file": file } }));
        let mut lines = vec![customer(1, &json!({ "id": id(1) }))];
        lines.extend((10..).zip(&files).map(process));
        let result = import(&app, &lines);
        let reasons = reasons(&result);
        assert_eq!(reasons.len(), files.len(), "{reasons:?}");
        assert!(reasons.iter().all(|(_, reason)| reason.starts_with("document.file: ")), "{reasons:?}");
        assert_eq!(reasons[2].1, "document.file: must lie in the folder of the import, or below");
        assert_eq!(rows(&app, "identification_processes").await, "0");
    }

    async fn a_dry_run_checks_everything_and_writes_nothing(app: TestApp) {
        put_example_document(&app);
        let mut lines = examples();
        lines.push(account(&json!({ "customer_id": id(77) })));
        lines.push(customer(9, &json!({ "org": "other", "id": id(9) })));
        lines.push(account(&json!({ "org": "other", "customer_id": id(9) })));
        // More than one batch: what is referred to stands in the first.
        lines.extend((10..1200).map(|n| customer(n, &json!({ "id": id(n), "external_id": n.to_string() }))));
        lines.push(account(&json!({ "customer_external_id": "11" })));
        lines.push(customer(10, &json!({ "id": id(5000) })));
        lines.push(customer(10, &json!({ "id": id(10), "external_id": "10" })));
        let dry = import_bytes(&app, ndjson(&lines).as_bytes(), &["--dry-run"]);
        assert_eq!(dry.said[0], "This was a dry run: nothing was written.");
        for table in ["customers", "accounts", "audit", "imported_lines", "identification_processes", "categories"] {
            assert_eq!(rows(&app, table).await, "0", "{table}");
        }
        let wet = import(&app, &lines);
        assert_eq!(dry.said[1..], wet.said);
        assert_eq!(wet.said.last().unwrap(), "total: 1201 imported, 1 skipped, 2 rejected");
        assert_eq!(dry.rejects, wet.rejects);
    }

    async fn killed_and_run_again_it_imports_the_rest(app: TestApp) {
        const CUSTOMERS: u32 = 6000;
        let lines: Vec<Value> = (1..=CUSTOMERS).flat_map(|n| [
            customer(n, &json!({ "external_id": format!("C{n}") })),
            account(&json!({ "customer_external_id": format!("C{n}") })),
        ]).collect();
        fs::write(path(&app), ndjson(&lines)).unwrap();
        let mut cut_short = 0;
        for pause in [400, 700, 900, 1100, 1300] {
            let mut child = command(&app, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            thread::sleep(Duration::from_millis(pause));
            cut_short += u32::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
            assert_eq!(rows(&app, "imported_lines").await, rows(&app, "audit").await);
        }
        assert!(cut_short > 1, "it was interrupted");
        let result = import_bytes(&app, ndjson(&lines).as_bytes(), &["--actor", "migration"]);
        assert_eq!((result.code, &*result.rejects), (Some(0), &[][..]), "{:?}", result.said);
        for table in ["customers", "accounts", "payment_method_history"] {
            assert_eq!(rows(&app, table).await, CUSTOMERS.to_string(), "{table}");
        }
        assert_eq!(rows(&app, "audit").await, (2 * CUSTOMERS).to_string());
        let again = import(&app, &lines);
        assert_eq!(again.said.last().unwrap(), "total: 0 imported, 12000 skipped, 0 rejected");
    }

    async fn usage_is_told_by_the_exit_code(app: TestApp) {
        let run = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_mascustomers"));
            command.args(["--config", app.folder().to_str().unwrap(), "import"]).args(arguments);
            command.output().unwrap().status.code()
        };
        assert_eq!(run(&[]), Some(2));
        assert_eq!(run(&["--no-such-option", "x"]), Some(2));
        assert_eq!(run(&["no-such-file"]), Some(1));
        assert_eq!(import_bytes(&app, b"", &[]).said, ["total: 0 imported, 0 skipped, 0 rejected"]);
    }
}
