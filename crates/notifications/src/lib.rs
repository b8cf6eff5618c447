//! Adapters of the notifier port. Must not know HTTP routes or the database.

use application::ports::{NeighbourError, Notice, Notifier};
use async_trait::async_trait;

/// Writes to the log instead of to the customer, for an installation that cannot send anything.
pub struct LogNotifier;

#[async_trait]
impl Notifier for LogNotifier {
    async fn notify(&self, notice: &Notice) -> Result<(), NeighbourError> {
        let (kind, language) = (notice.kind.name(), notice.language.code());
        tracing::info!(to = notice.to.masked(), kind, language, "notice");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Result, Write};
    use std::sync::{Arc, Mutex};

    use application::ports::NoticeKind;
    use domain::Language;
    use testkit::fixtures::login;

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn the_log_has_no_address_in_full() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        let _logging = tracing::subscriber::set_default(subscriber);
        let (to, language, kind) = (login("ada@example.com"), Language::Galician, NoticeKind::FormerUsername);
        LogNotifier.notify(&Notice { to, language, kind }).await.unwrap();
        let written = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        for expected in ["INFO", "notice", "a***@example.com", "former_username", "gl"] {
            assert!(written.contains(expected), "{written}");
        }
        assert!(!written.contains("ada"), "{written}");
    }
}
