use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use application::ports::{OutboxEntry, OutboxQueue};
use clap::{Args, Parser, Subcommand};
use domain::{Actor, OrgId};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use tokio::signal::unix::{SignalKind, signal};

use crate::application::{Application, configured_keys, connect};
use crate::development_key::{Bearer, DevelopmentKey};
use crate::import::import;
use crate::settings::{Environment, Settings};
use crate::telemetry;
use crate::world::World;

/// The customer master of a telecom operator.
#[derive(Parser)]
#[command(name = "mascustomers", version)]
struct Cli {
    /// Folder of default.toml and {environment}.toml [default: config, if there is one].
    #[arg(long, global = true, value_name = "DIR")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Answer requests until SIGTERM or SIGINT (the default).
    Serve,
    /// Change or show the schema of the database.
    #[command(subcommand)]
    Migrate(Migrate),
    /// Show or retry what has yet to happen in other systems.
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Take in what other systems own. Exit codes: 0 all lines imported or skipped, 1 some rejected, 2 wrong usage.
    Import(ImportArgs),
    /// Print an access token signed by the development key.
    Token(TokenArgs),
    /// Read the configuration and tell whether it is valid.
    CheckConfig,
}

#[derive(Subcommand)]
enum Migrate {
    /// Apply what is pending.
    Up,
    /// Take back the newest migration, with the data that only it can hold.
    Down,
    /// List the migrations.
    Status,
}

#[derive(Subcommand)]
enum OutboxCommand {
    /// List entries, oldest first: id, organisation, neighbour, effect, customer, failures, state, reason of the last failure.
    List {
        /// Only those that were given up.
        #[arg(long)]
        parked: bool,
        /// Most entries to show.
        #[arg(long, default_value = "100", value_parser = clap::value_parser!(u16).range(1..))]
        limit: u16,
    },
    /// Try again what was given up.
    Retry {
        /// Which entry.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<i64>,
        /// All that were given up.
        #[arg(long)]
        all: bool,
    },
}

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// Files of one JSON object a line; the lines that are rejected are named in FILE.rejects.ndjson.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Check everything and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Who the audit says has imported it.
    #[arg(long, default_value = "import", value_name = "NAME")]
    pub(crate) actor: Actor,
}

#[derive(Args)]
struct TokenArgs {
    /// Organisation that the bearer belongs to, or * for all; may be given more than once.
    #[arg(long, required = true)]
    org: Vec<String>,
    /// Role of the bearer; may be given more than once.
    #[arg(long, required = true)]
    role: Vec<String>,
    /// Who the bearer is.
    #[arg(long, default_value = "me")]
    sub: String,
    /// How long the token is valid, for example 30m or 1h.
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    ttl: std::time::Duration,
}

/// Runs the binary with the arguments of the process. Exit codes: 0 done, 1 failed, 2 wrong usage.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the way a command line tells what went wrong")]
fn complain(error: &anyhow::Error) {
    // Some errors already end with the words of their cause.
    let mut message = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !message.ends_with(&cause) {
            message = if message.is_empty() { cause } else { format!("{message}: {cause}") };
        }
    }
    eprintln!("mascustomers: {message}");
}

#[expect(clippy::print_stdout, reason = "what the command was asked for")]
pub(crate) fn answer(line: impl std::fmt::Display) {
    println!("{line}");
}

fn execute(cli: Cli) -> Result<()> {
    if let Some(folder) = cli.config.as_ref().filter(|folder| !folder.is_dir()) {
        bail!("--config: there is no folder {}", folder.display());
    }
    let settings = Settings::load(cli.config.as_deref().unwrap_or(Path::new("config")))?;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(&settings),
        Command::Migrate(command) => runtime()?.block_on(migrate(&settings, &command)),
        Command::Outbox(command) => runtime()?.block_on(outbox(&settings, &command)),
        Command::Import(args) => {
            telemetry::start(settings.log);
            runtime()?.block_on(import(&settings, &args))
        }
        Command::Token(args) => token(&settings, args),
        Command::CheckConfig => {
            configured_keys(&settings)?;
            answer("The configuration is valid.");
            Ok(())
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

fn serve(settings: &Settings) -> Result<()> {
    telemetry::start(settings.log);
    runtime()?.block_on(async {
        let application = Application::build(settings, World::real()).await?;
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let handle = application.handle();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
            handle.stop(true).await;
        });
        tracing::info!(address = %application.address(), "listening");
        application.run_until_stopped().await?;
        tracing::info!("stopped");
        Ok(())
    })
}

async fn migrate(settings: &Settings, command: &Migrate) -> Result<()> {
    let store = connect(settings).await?;
    match command {
        Migrate::Up => store.migrate_up().await.context("cannot migrate the database")?,
        Migrate::Down => store.migrate_down().await.context("cannot take back a migration")?,
        Migrate::Status => {}
    }
    for (name, applied) in store.migrations().await? {
        answer(format_args!("{name} {}", if applied { "applied" } else { "pending" }));
    }
    Ok(store.close().await?)
}

async fn outbox(settings: &Settings, command: &OutboxCommand) -> Result<()> {
    let store = connect(settings).await?;
    match *command {
        OutboxCommand::List { parked, limit } => {
            for entry in store.entries(parked, limit).await? {
                answer(outbox_line(&entry));
            }
        }
        OutboxCommand::Retry { id, .. } => {
            let retried = store.retry(id, OffsetDateTime::now_utc()).await?;
            if let Some(id) = id {
                ensure!(retried > 0, "no entry {id} was given up");
            }
            answer(format_args!("{retried} to be tried again"));
        }
    }
    Ok(store.close().await?)
}

/// Without the effect's content, which may be personal.
fn outbox_line(entry: &OutboxEntry) -> String {
    let instant = |instant: OffsetDateTime| instant.format(&Rfc3339).unwrap_or_default();
    let state = match entry.parked_at {
        Some(parked_at) => format!("parked since {}", instant(parked_at)),
        None => format!("due {}", instant(entry.due_at)),
    };
    let OutboxEntry { id, org, customer_id, effect, failures, last_error, .. } = entry;
    let (neighbour, effect) = (effect.neighbour().name(), effect.name());
    let reason = last_error.as_deref().unwrap_or("-");
    format!("{id}\t{org}\t{neighbour}\t{effect}\t{customer_id}\t{failures}\t{state}\t{reason}")
}

fn token(settings: &Settings, args: TokenArgs) -> Result<()> {
    ensure!(settings.environment != Environment::Production, "there is no development key in production");
    ensure!(settings.auth.jwks.is_empty(), "auth.jwks is set: tokens come from the identity provider");
    for org in args.org.iter().filter(|org| *org != "*") {
        org.parse::<OrgId>().with_context(|| format!("--org {org}"))?;
    }
    args.sub.parse::<Actor>().context("--sub")?;
    let now = OffsetDateTime::now_utc();
    let lifetime = Duration::try_from(args.ttl).ok().filter(|ttl| ttl.is_positive());
    let expires = lifetime
        .and_then(|ttl| now.checked_add(ttl))
        .context("--ttl: is no time that a token can be valid")?;
    let bearer = Bearer { subject: args.sub, organisations: args.org, roles: args.role, expires };
    let key = DevelopmentKey::load_or_create(&settings.data_dir)?;
    answer(key.sign(settings, &bearer, now)?);
    Ok(())
}
