//! Where settings come from and what is wrong with them; the command line.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use bootstrap::Settings;
use tempfile::TempDir;
use testkit::fixtures::nif;

use crate::test_app::{TestApp, on_every_engine, send, token};

/// A password that must not be seen.
const SECRET: &str = "s3cr3t";

/// A folder of settings with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn load(default: &str) -> Result<Settings, String> {
    let folder = folder(&[("default.toml", default)]);
    Settings::load(folder.path()).map_err(|error| format!("{error:#}"))
}

/// What is told about these settings: one line without secrets.
fn complaint(default: &str) -> String {
    let message = load(default).expect_err(default);
    assert!(!message.contains('\n') && !message.contains(SECRET), "{default}\n{message}");
    message
}

/// Runs the binary with these settings in its environment and nothing else.
fn run(config: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mascustomers"));
    command.env_clear().current_dir(config).arg("--config").arg(config).args(arguments);
    for (name, value) in variables {
        command.env(format!("MASCUSTOMERS__{name}"), value);
    }
    command.output().unwrap()
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

/// The one line on standard error.
fn stderr(output: &Output) -> &str {
    let text = str::from_utf8(&output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains(SECRET), "{text}");
    text
}

#[test]
fn everything_has_a_default() {
    let settings = Settings::load(Path::new("no-such-folder")).unwrap();
    assert_eq!((&*settings.server.host, settings.server.port), ("127.0.0.1", 8080));
    assert_eq!(settings.data_dir, Path::new("./data"));
    assert_eq!(settings.database_url(), "sqlite://./data/mascustomers.db?mode=rwc");
    assert_eq!((&*settings.auth.jwks, &*settings.auth.issuer, &*settings.auth.audience), ("", "", ""));
    assert_eq!(format!("{:?}", settings.environment), "Development");
    assert_eq!(load("").unwrap().server.port, 8080);
}

#[test]
fn the_environments_file_overrides_the_default_one_key_by_key() {
    let folder = folder(&[
        ("default.toml", "environment = \"staging\"\n[server]\nport = 1\nhost = \"0.0.0.0\""),
        ("staging.toml", "[server]\nport = 2"),
        ("test.toml", "[server]\nport = 3"),
    ]);
    let settings = Settings::load(folder.path()).unwrap();
    assert_eq!((&*settings.server.host, settings.server.port), ("0.0.0.0", 2));
    assert_eq!(settings.server.workers, 0);
}

#[test]
fn a_wrong_key_or_value_is_named() {
    for (default, key) in [
        ("colour = \"red\"", "colour"),
        ("[server]\nportt = 1", "portt"),
        ("[colour]\nred = 1", "colour"),
        ("[server]\nport = \"x\"", "server.port"),
        ("[server]\nport = 65536", "server.port"),
        ("[server]\nport = -1", "server.port"),
        ("[server]\nhost = [1]", "server.host"),
        ("[server]\nworkers = 1025", "server.workers"),
        ("[server]\npublic_url = \"ftp://example.com\"", "server.public_url"),
        ("[database]\nmax_connections = 0", "database.max_connections"),
        ("[database]\nmax_connections = 1001", "database.max_connections"),
        ("[database]\nstatement_timeout_ms = 0", "database.statement_timeout_ms"),
        ("[database]\nacquire_timeout_ms = 600001", "database.acquire_timeout_ms"),
        ("[database]\nauto_migrate = \"perhaps\"", "database.auto_migrate"),
        ("environment = \"prod\"", "environment"),
        ("environment = \"../secrets\"", "environment"),
        ("environment = \"\"", "environment"),
        ("environment = 7", "environment"),
        ("[documents]\nurl_ttl_s = 4", "documents.url_ttl_s"),
        ("[documents]\nurl_ttl_s = 604801", "documents.url_ttl_s"),
        ("[documents]\nsigning_key = \"s3cr3t but only 31 characters..\"", "documents.signing_key"),
        ("[log]\nlevel = \"loud\"", "log.level"),
        ("[log]\nformat = \"xml\"", "log.format"),
        ("[auth]\njwks = \"http://example.com/jwks\"", "auth.jwks"),
        ("[auth]\njwks = \"https://example.com/jwks\"", "auth.jwks"),
        ("[auth.roles]\nReader = [\"fly\"]", "auth.roles.Reader"),
        ("[auth.roles]\nReader = \"read\"", "auth.roles.Reader"),
    ] {
        let message = complaint(default);
        assert!(message.contains(key), "{default}\n{message}");
    }
}

#[test]
fn wrong_organisations_are_named_by_their_path() {
    let telco = |text: &str| format!("[organisations.telco]\n{text}");
    let cycle = |day, frequency| {
        format!(
            "[organisation_defaults.invoice]\n\
             cycle = {{ name = \"x\", day = {day}, type = \"M\", frequency = {frequency} }}"
        )
    };
    for (default, path) in [
        ("[organisations.Telco]\nteci = true".to_owned(), &["organisations.Telco"][..]),
        ("[organisations.\"a.b\"]\nteci = true".to_owned(), &["organisations.a.b"]),
        (format!("[organisations.{}]", "a".repeat(64)), &["organisations.aaa"]),
        (telco("tecci = true"), &["tecci", "organisations.telco"]),
        (telco("teci = \"perhaps\""), &["organisations.telco.teci"]),
        (
            telco("payment_methods = [{ segment = \"PRIVATE\", allowed = [] }]"),
            &["organisations.telco", "payment_methods", "segment"],
        ),
        (
            telco("payment_methods = [{ modality = \"postpaid\", allowed = [] }]"),
            &["organisations.telco", "payment_methods", "modality"],
        ),
        (
            telco("payment_methods = [{ allowed = [\"CASH\"] }]"),
            &["organisations.telco", "payment_methods", "allowed"],
        ),
        (
            telco("payment_methods = [{ segment = \"SME\" }]"),
            &["organisations.telco.payment_methods", "allowed"],
        ),
        (telco("payment_methods = [{ alowed = [] }]"), &["organisations.telco.payment_methods", "alowed"]),
        (telco("invoice = { due_date_id = 1 }"), &["organisations.telco.invoice"]),
        (
            "[organisation_defaults.invoice]\ndelivery_mode = \"FAX\"".to_owned(),
            &["organisation_defaults", "invoice", "delivery_mode"],
        ),
        (cycle(0, 1), &["organisation_defaults", "invoice", "cycle.day"]),
        (cycle(32, 1), &["organisation_defaults", "invoice", "cycle.day"]),
        (cycle(31, 0), &["organisation_defaults", "invoice", "cycle.frequency"]),
    ] {
        let message = complaint(&default);
        assert!(path.iter().all(|part| message.contains(part)), "{default}\n{message}");
    }
    assert!(load(&cycle(31, 1)).is_ok());
}

#[test]
fn no_complaint_shows_a_secret() {
    let url = format!("postgres://user:{SECRET}@db/customers");
    for (default, named) in [
        (format!("[database]\nurl = \"{url}"), "line 2"),
        (format!("[database]\nurl = \"{url}\"\nurl = \"{url}\""), "line 3"),
        (format!("[database]\nurl = [\"{url}\"]"), "database.url"),
        (format!("[database]\nurl = \"my{url}\""), "database.url"),
        (format!("[database]\nurll = \"{url}\""), "urll"),
        (format!("[database]\nmax_connections = \"{url}\""), "database.max_connections"),
        (format!("database = \"{url}\""), "database"),
        (format!("database = [\"{url}\"]"), "database"),
    ] {
        let message = complaint(&default);
        assert!(message.contains(named), "{default}\n{message}");
    }
    let settings = load(&format!("[database]\nurl = \"{url}\"")).unwrap();
    assert_eq!(settings.database_url(), url);
    assert!(!format!("{settings:?}").contains(SECRET));
    let key = SECRET.repeat(6);
    let settings = load(&format!("[documents]\nsigning_key = \"{key}\"")).unwrap();
    assert_eq!(settings.documents.signing_key, key);
    assert!(!format!("{settings:?}").contains(SECRET));
}

#[test]
fn production_requires_an_identity_provider() {
    let auth = ["jwks = \"jwks.json\"", "issuer = \"https://issuer.example\"", "audience = \"customers\""];
    let production = |auth: &[&str]| format!("environment = \"production\"\n[auth]\n{}", auth.join("\n"));
    for (missing, key) in ["auth.jwks", "auth.issuer", "auth.audience"].into_iter().enumerate() {
        let mut given = auth.to_vec();
        given.remove(missing);
        let message = complaint(&production(&given));
        assert!(message.starts_with(key), "{message}");
    }
    assert!(load(&production(&auth)).is_ok());
}

#[test]
fn environment_variables_override_both_files() {
    let config = folder(&[
        ("default.toml", "[server]\nport = 1"),
        ("staging.toml", "[server]\npublic_url = \"ftp://example.com\""),
    ]);
    let url = format!("mysql://user:{SECRET}@db/customers");
    for (variables, complaint) in [
        (&[][..], None),
        (&[("SERVER__PORT", "8081"), ("SERVER__WORKERS", "2")], None),
        (&[("DATABASE__AUTO_MIGRATE", "true")], None),
        (&[("ENVIRONMENT", "staging")], Some("server.public_url")),
        (&[("ENVIRONMENT", "staging"), ("SERVER__PUBLIC_URL", "http://example.com")], None),
        (&[("ENVIRONMENT", "production")], Some("auth.jwks")),
        (&[("SERVER__PORT", "http")], Some("server.port")),
        (&[("SERVER__PORTT", "1")], Some("portt")),
        (&[("COLOUR", "red")], Some("colour")),
        (&[("DATABASE__URL", &url)], Some("database.url")),
        (&[("DATABASE", &url)], Some("database")),
        (&[("AUTH__JWKS", "https://example.com/jwks")], Some("auth.jwks")),
    ] {
        let output = run(config.path(), variables, &["check-config"]);
        match complaint {
            None => assert!(output.status.success(), "{variables:?} {output:?}"),
            Some(key) => {
                assert_eq!(output.status.code(), Some(1), "{variables:?}");
                assert!(stderr(&output).contains(key), "{variables:?} {output:?}");
                assert_eq!(stdout(&output), "");
            }
        }
    }
    let files: Vec<_> = fs::read_dir(config.path()).unwrap().collect();
    assert_eq!(files.len(), 2, "a check makes no files");
}

#[test]
fn wrong_settings_stop_every_command() {
    let config = folder(&[("default.toml", "[server]\nport = \"x\"")]);
    for arguments in
        [&[][..], &["serve"], &["migrate", "status"], &["token", "--org", "telco", "--role", "API_KEY"]]
    {
        let output = run(config.path(), &[], arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains("server.port"), "{arguments:?}");
    }
}

#[test]
fn help_is_everywhere_and_wrong_usage_is_2() {
    let config = folder(&[]);
    let helped: [&[&str]; 8] = [
        &["--help"],
        &["serve", "--help"],
        &["migrate", "--help"],
        &["migrate", "up", "--help"],
        &["migrate", "down", "--help"],
        &["migrate", "status", "--help"],
        &["token", "--help"],
        &["check-config", "--help"],
    ];
    for arguments in helped {
        let output = run(config.path(), &[], arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(stdout(&output).contains("Usage: mascustomers"), "{arguments:?}");
    }
    let misused: [&[&str]; 9] = [
        &["no-such-command"],
        &["--no-such-flag"],
        &["serve", "now"],
        &["migrate"],
        &["migrate", "sideways"],
        &["token"],
        &["token", "--org", "telco"],
        &["token", "--org", "telco", "--role", "API_KEY", "--ttl", "soon"],
        &["check-config", "--no-such-flag"],
    ];
    for arguments in misused {
        let output = run(config.path(), &[], arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_token_is_made_by_the_development_key_only() {
    let config = folder(&[]);
    let token = ["token", "--org", "telco", "--role", "API_KEY"];
    let production = [
        ("ENVIRONMENT", "production"),
        ("AUTH__JWKS", "jwks.json"),
        ("AUTH__ISSUER", "https://issuer.example"),
        ("AUTH__AUDIENCE", "customers"),
    ];
    for (variables, arguments, complaint) in [
        (&production[..], &token[..], "production"),
        (&[("AUTH__JWKS", "jwks.json")], &token, "auth.jwks"),
        (&[], &["token", "--org", "Telco", "--role", "API_KEY"], "Telco"),
    ] {
        let output = run(config.path(), variables, arguments);
        assert_eq!(output.status.code(), Some(1), "{variables:?} {arguments:?}");
        assert!(stderr(&output).contains(complaint), "{output:?}");
        assert_eq!(fs::read_dir(config.path()).unwrap().count(), 0, "no key is made");
    }
    let output = run(config.path(), &[], &token);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(stdout(&output).trim().split('.').count(), 3);
}

#[test]
fn migrations_go_up_and_down() {
    let config = folder(&[]);
    let data = config.path().join("data");
    let variables = [("DATA_DIR", data.to_str().unwrap())];
    for (command, state) in [
        ("status", "pending"),
        ("down", "pending"),
        ("up", "applied"),
        ("up", "applied"),
        ("status", "applied"),
        ("down", "pending"),
        ("status", "pending"),
        ("up", "applied"),
    ] {
        let output = run(config.path(), &variables, &["migrate", command]);
        assert!(output.status.success(), "{command} {output:?}");
        let lines: Vec<_> = stdout(&output).lines().collect();
        // Only the newest is taken back.
        assert!(lines.last().is_some_and(|newest| newest.ends_with(state)), "{command} {lines:?}");
    }
    assert!(data.join("mascustomers.db").exists());
}

#[test]
fn a_database_out_of_reach_is_told_without_its_url() {
    let config = folder(&[]);
    let unparsable = format!("postgres://user:{SECRET}@127.0.0.1:port/customers");
    let dead = format!("postgres://user:{SECRET}@127.0.0.1:1/customers");
    for url in [&*unparsable, &dead, "sqlite:///no/such/folder/test.db?mode=rwc"] {
        let variables = [("DATABASE__URL", url), ("DATABASE__ACQUIRE_TIMEOUT_MS", "200")];
        let output = run(config.path(), &variables, &["migrate", "status"]);
        assert_eq!(output.status.code(), Some(1), "{url}");
        assert!(stderr(&output).contains("cannot connect to the database"), "{output:?}");
    }
}

async fn status_as(app: &TestApp, role: &str, path: &str) -> u16 {
    let token = token(&["telco"], &[role]);
    send(app.request_as(&token, reqwest::Method::GET, &format!("/v4/orgs/telco{path}"))).await.status
}

on_every_engine! {
    with "[auth.roles]\nReader = [\"read\"]\nCUSTOMER_READ = []";

    async fn roles_keep_their_case_and_can_be_changed(app: TestApp) {
        let path = format!("/customers/{}", app.private_customer(&nif(1)).await);
        for (role, status) in [
            ("Reader", 200),
            ("reader", 403),
            ("READER", 403),
            ("CUSTOMER_READ", 403),
            ("CUSTOMER_WRITE", 200),
        ] {
            assert_eq!(status_as(&app, role, &path).await, status, "{role}");
        }
    }
}
