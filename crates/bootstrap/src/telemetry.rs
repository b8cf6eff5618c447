use std::io::{IsTerminal, stderr};

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::settings::{Log, LogFormat, LogLevel};

/// Sends the log to standard error: text for people on a terminal, JSON for machines elsewhere.
pub(crate) fn start(log: Log) {
    let level = match log.level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    // Drivers and protocol libraries would show statements and requests, and with them personal data.
    let ours = [
        "application",
        "bootstrap",
        "documents",
        "http_api",
        "identity",
        "notifications",
        "payments",
        "persistence",
    ];
    let filter = Targets::new().with_targets(ours.map(|target| (target, level)));
    let text = match log.format {
        LogFormat::Auto => stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let layer = if text {
        fmt::layer().with_writer(stderr).with_target(false).boxed()
    } else {
        fmt::layer()
            .with_writer(stderr)
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed()
    };
    // A second start in one process keeps the first subscriber.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}
