use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use application::{AccountPolicy, OrgPolicy, OutboxPolicy, TokenizationPolicy};
use config::{Config, ConfigError, Environment as EnvironmentVariables, File, FileFormat};
use domain::{Invoice, InvoiceCycle, OrgId, PaymentPolicy, Restriction};
use http_api::{Permission, RoleTable};
use serde::Deserialize;

use crate::world::ZonedCalendar;

/// How the service is set up: `config/default.toml`, then `config/{environment}.toml`, then environment variables such as
/// `MASCUSTOMERS__SERVER__PORT`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where this process stands.
    pub environment: Environment,
    /// Folder of the SQLite file, the documents and the keys that are made at the first start.
    pub data_dir: PathBuf,
    /// Where the customers live; a name of the IANA time zone database.
    pub time_zone: String,
    /// How it is reached.
    pub server: Server,
    /// Where it keeps its data.
    pub database: Database,
    /// Who may call it.
    pub auth: Auth,
    /// How it hands out documents.
    pub documents: Documents,
    /// What it tells the operator.
    pub log: Log,
    /// How cards are tokenized.
    pub payments: Payments,
    /// How hard it is tried to make happen what concerns other systems.
    pub outbox: OutboxSettings,
    organisation_defaults: Organisation,
    #[serde(default)]
    organisations: BTreeMap<String, Organisation>,
}

/// Where a process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// On a developer's machine.
    Development,
    /// In automatic tests.
    Test,
    /// Before production.
    Staging,
    /// With real customers: no development key, no migration unasked for.
    Production,
}

/// How the service is reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address to listen on.
    pub host: String,
    /// Port to listen on; 0 for any that is free.
    pub port: u16,
    /// Where callers reach it; empty for `http://host:port`.
    pub public_url: String,
    /// Threads that answer requests; 0 for one per core.
    pub workers: usize,
}

/// Where the data are kept.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite://path?mode=rwc` or `postgres://…`; empty for an SQLite file in `data_dir`. May hold a password.
    pub url: String,
    /// Most connections at a time.
    pub max_connections: u32,
    /// Longest a statement may run.
    pub statement_timeout_ms: u64,
    /// Longest to wait for a connection.
    pub acquire_timeout_ms: u64,
    /// Whether `serve` migrates PostgreSQL; unless set, everywhere but in production.
    pub auto_migrate: Option<bool>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

/// Who may call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// JWKS file; empty for the development key.
    pub jwks: String,
    /// Required `iss`; empty for any.
    pub issuer: String,
    /// Required `aud`; empty for any.
    pub audience: String,
    roles: HashMap<String, Vec<Permission>>,
}

/// How documents are handed out.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// How many seconds the URL of a document works.
    pub url_ttl_s: u32,
    /// What signs the URLs; empty for a key in `data_dir` that is made at the first start. A secret.
    pub signing_key: String,
}

impl std::fmt::Debug for Documents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Documents").field("url_ttl_s", &self.url_ttl_s).finish_non_exhaustive()
    }
}

/// What the operator is told.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// From which level on.
    pub level: LogLevel,
    /// In which form.
    pub format: LogFormat,
}

/// How cards are tokenized.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payments {
    /// Which gateway is asked.
    pub gateway: Gateway,
    /// How long it may take, in seconds.
    pub tokenization_expires_after_s: u32,
}

/// The payment gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gateway {
    /// Within the process; invents cards.
    Sandbox,
}

/// How hard it is tried to make happen what concerns other systems.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboxSettings {
    /// Whether this process sees to it.
    pub enabled: bool,
    /// How often it is looked for new entries.
    pub poll_ms: u32,
    /// When the first retry comes.
    pub first_retry_ms: u32,
    /// The longest that a retry is waited for.
    pub longest_retry_ms: u32,
    /// After how many failures an entry is parked.
    pub most_failures: i32,
    /// How long an effect may take before it is begun again.
    pub lease_ms: u32,
    /// How many happen at the same time, for each system outside.
    pub concurrency: u16,
}

/// Levels of the log.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Failures.
    Error,
    /// And what may become one.
    Warn,
    /// And one line per request.
    Info,
    /// And details.
    Debug,
    /// And everything.
    Trace,
}

/// Forms of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text on a terminal, else JSON.
    Auto,
    /// For people.
    Text,
    /// For machines.
    Json,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Organisation {
    teci: Option<bool>,
    payment_methods: Option<Vec<Narrowing>>,
    invoice: Option<InvoiceSettings>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Narrowing {
    segment: Option<String>,
    modality: Option<String>,
    allowed: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct InvoiceSettings {
    cycle: CycleSettings,
    due_date_id: i32,
    due_days_id: i32,
    delivery_mode: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CycleSettings {
    name: String,
    day: i32,
    r#type: String,
    frequency: i32,
}

const DEFAULTS: &str = include_str!("../../../config/default.toml");

impl Settings {
    /// Reads the settings. The defaults are part of the binary; the folder `config`, if there is one, overrides them.
    ///
    /// # Errors
    /// An unknown key or an impossible value, told in one line that names it.
    pub fn load(config: &Path) -> Result<Self> {
        let variables =
            || EnvironmentVariables::with_prefix("MASCUSTOMERS").prefix_separator("__").separator("__");
        let defaults = Config::builder()
            .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
            .add_source(File::from(config.join("default.toml")).required(false));
        let first = defaults.clone().add_source(variables()).build().map_err(readable)?;
        let name = first.get_string("environment").map_err(readable)?;
        let environment = first
            .get::<Environment>("environment")
            .map_err(|_| anyhow!("environment: must be development, test, staging or production"))?;
        let settings: Self = defaults
            .add_source(File::from(config.join(format!("{name}.toml"))).required(false))
            .add_source(variables())
            .build()
            .and_then(Config::try_deserialize)
            .map_err(readable)?;
        ensure!(settings.environment == environment, "environment: cannot be changed by {name}.toml");
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<()> {
        let url = &self.server.public_url;
        ensure!(
            url.is_empty() || ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)),
            "server.public_url: must begin with http:// or https://"
        );
        ensure!(!self.data_dir.as_os_str().is_empty(), "data_dir: must not be empty");
        ensure!(!self.server.host.is_empty(), "server.host: must not be empty");
        ensure!(self.server.workers <= 1024, "server.workers: must be at most 1024");
        let database = &self.database;
        ensure!(
            (1..=1000).contains(&database.max_connections),
            "database.max_connections: must be 1 to 1000"
        );
        for (key, value) in
            [("statement", database.statement_timeout_ms), ("acquire", database.acquire_timeout_ms)]
        {
            ensure!((1..=600_000).contains(&value), "database.{key}_timeout_ms: must be 1 to 600000");
        }
        let scheme = self.database_url().split(':').next().map(ToOwned::to_owned).unwrap_or_default();
        ensure!(
            ["sqlite", "postgres", "postgresql"].contains(&&*scheme),
            "database.url: must begin with sqlite:// or postgres://"
        );
        self.calendar()?;
        self.check_outbox()?;
        self.check_documents()?;
        self.check_auth()?;
        self.account_policy().map(drop)
    }

    fn check_outbox(&self) -> Result<()> {
        let outbox = &self.outbox;
        for (key, value) in [
            ("outbox.poll_ms", outbox.poll_ms),
            ("outbox.first_retry_ms", outbox.first_retry_ms),
            ("outbox.longest_retry_ms", outbox.longest_retry_ms),
            ("outbox.lease_ms", outbox.lease_ms),
        ] {
            ensure!((1..=86_400_000).contains(&value), "{key}: must be 1 to 86400000");
        }
        ensure!(outbox.most_failures >= 1, "outbox.most_failures: must be at least 1");
        ensure!((1..=1000).contains(&outbox.concurrency), "outbox.concurrency: must be 1 to 1000");
        let expires = self.payments.tokenization_expires_after_s;
        ensure!(
            (1..=2_592_000).contains(&expires),
            "payments.tokenization_expires_after_s: must be 1 to 2592000"
        );
        Ok(())
    }
    fn check_documents(&self) -> Result<()> {
        let documents = &self.documents;
        ensure!((5..=604_800).contains(&documents.url_ttl_s), "documents.url_ttl_s: must be 5 to 604800");
        ensure!(
            documents.signing_key.is_empty() || documents.signing_key.len() >= 32,
            "documents.signing_key: must have at least 32 characters"
        );
        Ok(())
    }

    pub(crate) fn outbox_policy(&self) -> OutboxPolicy {
        let milliseconds = |value: u32| time::Duration::milliseconds(value.into());
        OutboxPolicy {
            lease: milliseconds(self.outbox.lease_ms),
            first_retry_after: milliseconds(self.outbox.first_retry_ms),
            longest_retry_after: milliseconds(self.outbox.longest_retry_ms),
            most_failures: self.outbox.most_failures,
            concurrency: self.outbox.concurrency,
        }
    }

    pub(crate) fn tokenization_policy(&self) -> TokenizationPolicy {
        TokenizationPolicy {
            expires_after: time::Duration::seconds(self.payments.tokenization_expires_after_s.into()),
            ask_again_after: time::Duration::SECOND,
        }
    }

    fn check_auth(&self) -> Result<()> {
        let auth = &self.auth;
        if auth.jwks.starts_with("http://") || auth.jwks.starts_with("https://") {
            bail!("auth.jwks: keys over http are not supported yet; give the path of a JWKS file");
        }
        if self.environment == Environment::Production {
            ensure!(
                !auth.jwks.is_empty(),
                "auth.jwks: is required in production; the development key is refused there"
            );
            ensure!(!auth.issuer.is_empty(), "auth.issuer: is required in production");
            ensure!(!auth.audience.is_empty(), "auth.audience: is required in production");
        }
        Ok(())
    }

    /// Where the data are kept.
    #[must_use]
    pub fn database_url(&self) -> String {
        match &*self.database.url {
            "" => format!("sqlite://{}?mode=rwc", self.data_dir.join("mascustomers.db").display()),
            url => url.to_owned(),
        }
    }

    pub(crate) fn is_embedded(&self) -> bool {
        self.database_url().starts_with("sqlite:")
    }

    /// Whether `serve` may change the schema.
    pub(crate) fn auto_migrate(&self) -> bool {
        self.is_embedded()
            || self.database.auto_migrate.unwrap_or(self.environment != Environment::Production)
    }

    pub(crate) fn store_options(&self) -> persistence::Options {
        persistence::Options {
            url: self.database_url(),
            max_connections: self.database.max_connections,
            statement_timeout: Duration::from_millis(self.database.statement_timeout_ms),
            acquire_timeout: Duration::from_millis(self.database.acquire_timeout_ms),
        }
    }

    pub(crate) fn document_url_lifetime(&self) -> time::Duration {
        time::Duration::seconds(self.documents.url_ttl_s.into())
    }

    pub(crate) fn calendar(&self) -> Result<ZonedCalendar> {
        let zone = jiff::tz::db().get(&self.time_zone);
        zone.map(ZonedCalendar)
            .map_err(|_| anyhow!("time_zone: must be a name of the IANA time zone database"))
    }

    pub(crate) fn role_table(&self) -> RoleTable {
        RoleTable(self.auth.roles.clone())
    }

    pub(crate) fn account_policy(&self) -> Result<AccountPolicy> {
        let default = org_policy(&self.organisation_defaults, &OrgPolicy::default())
            .context("organisation_defaults")?;
        let mut organisations = HashMap::new();
        for (name, organisation) in &self.organisations {
            let key = || format!("organisations.{name}");
            let org: OrgId = name.parse().with_context(key)?;
            organisations.insert(org, org_policy(organisation, &default).with_context(key)?);
        }
        Ok(AccountPolicy { default, organisations })
    }
}

/// One line that names the key, or the place in the file. It shows no value, because each may be a password that has gone
/// astray.
fn readable(error: ConfigError) -> Error {
    let place = |origin: Option<String>| origin.map(|origin| format!(" in {origin}")).unwrap_or_default();
    match error {
        ConfigError::FileParse { uri, cause } => {
            // The other lines quote the file.
            let message = cause.to_string();
            anyhow!("{}{}", message.lines().next().unwrap_or_default(), place(uri))
        }
        ConfigError::Type { key, expected, origin, .. } => {
            anyhow!("{}: must be {expected}{}", key.unwrap_or_default(), place(origin))
        }
        ConfigError::At { error, key, origin } => {
            let message = error.to_string();
            let message = match message.rsplit_once(", expected ") {
                Some((found, expected)) if found.starts_with("invalid ") => format!("must be {expected}"),
                _ if message.starts_with("enum ") => "is not a value that it can have".to_owned(),
                _ => message,
            };
            anyhow!("{}: {message}{}", key.unwrap_or_default(), place(origin))
        }
        other => anyhow!("{other}"),
    }
}

/// What an organisation settles; what it leaves open is as in `default`.
fn org_policy(organisation: &Organisation, default: &OrgPolicy) -> Result<OrgPolicy> {
    let restrictions = match &organisation.payment_methods {
        None => default.payment.restrictions.clone(),
        Some(narrowings) => {
            narrowings.iter().map(restriction).collect::<Result<_>>().context("payment_methods")?
        }
    };
    let invoice = match &organisation.invoice {
        None => default.invoice.clone(),
        Some(settings) => Some(invoice(settings).context("invoice")?),
    };
    let teci = organisation.teci.unwrap_or(default.payment.teci);
    Ok(OrgPolicy { payment: PaymentPolicy { teci, restrictions }, invoice })
}

fn restriction(narrowing: &Narrowing) -> Result<Restriction> {
    Ok(Restriction {
        segment: narrowing.segment.as_deref().map(str::parse).transpose().context("segment")?,
        modality: narrowing.modality.as_deref().map(str::parse).transpose().context("modality")?,
        allowed: narrowing
            .allowed
            .iter()
            .map(|kind| kind.parse())
            .collect::<Result<_, _>>()
            .context("allowed")?,
    })
}

fn invoice(settings: &InvoiceSettings) -> Result<Invoice> {
    let cycle = &settings.cycle;
    ensure!(InvoiceCycle::DAYS.contains(&cycle.day), "cycle.day: must be 1 to 31");
    ensure!(InvoiceCycle::FREQUENCIES.contains(&cycle.frequency), "cycle.frequency: must be at least 1");
    Ok(Invoice {
        cycle: InvoiceCycle {
            name: cycle.name.clone(),
            day: cycle.day,
            kind: cycle.r#type.clone(),
            frequency: cycle.frequency,
        },
        due_date_id: settings.due_date_id,
        due_days_id: settings.due_days_id,
        delivery_mode: settings.delivery_mode.parse().context("delivery_mode")?,
    })
}
