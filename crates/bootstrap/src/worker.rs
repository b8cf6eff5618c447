use std::sync::Arc;
use std::time::Duration;

use application::ports::{Neighbour, OutboxQueue};
use application::{OutboxWorker, with_causes};
use persistence::SqlStore;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Longest that effects under way may take once all requests are answered.
const DRAIN: Duration = Duration::from_secs(4);
/// Shortest pause, if something is due that another process is at.
const BREATH: Duration = Duration::from_millis(10);

/// Those who empty the outbox: one for each neighbour, so that none waits for another's.
pub(crate) struct Workers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Workers {
    /// Starts them. They look into the outbox when they are told of new entries, when one is due, and after `poll` anyway.
    pub(crate) fn start(outbox: &Arc<OutboxWorker>, store: Arc<SqlStore>, poll: Duration) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let mut bells = Vec::new();
        for &neighbour in Neighbour::ALL {
            let bell = Arc::new(Notify::new());
            bells.push(Arc::clone(&bell));
            tasks.spawn(work(Arc::clone(outbox), neighbour, bell, poll, stopped.clone()));
        }
        let mut stopped = stopped;
        tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = store.added() => bells.iter().for_each(|bell| bell.notify_one()),
                    _ = stopped.changed() => break,
                }
            }
        });
        Self { stop, tasks }
    }

    /// What tells them to stop.
    pub(crate) fn stopper(&self) -> watch::Sender<bool> {
        self.stop.clone()
    }

    /// Lets them finish what is under way; what is not is left in the outbox.
    pub(crate) async fn stop(mut self) {
        // Nobody listens if all have ended already.
        let _ = self.stop.send(true);
        let finished = timeout(DRAIN, async { while self.tasks.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            tracing::warn!("effects under way are left to the next start");
        }
    }
}

async fn work(
    outbox: Arc<OutboxWorker>,
    neighbour: Neighbour,
    bell: Arc<Notify>,
    poll: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    while !*stopped.borrow() {
        // What a neighbour keeps waiting for longer is given up here; it is due again by then.
        let ran = timeout(outbox.policy.lease.unsigned_abs(), outbox.run_due(neighbour)).await;
        let pause = match ran {
            Ok(Ok(0)) => outbox.until_due(neighbour).await.map(|due| due.unwrap_or(poll).clamp(BREATH, poll)),
            Ok(Ok(_)) => continue,
            Ok(Err(error)) => Err(error),
            Err(_) => {
                tracing::error!(
                    neighbour = neighbour.name(),
                    "a neighbour has kept effects waiting for too long"
                );
                continue;
            }
        };
        let pause = pause.unwrap_or_else(|error| {
            let reason = with_causes(&error);
            tracing::error!(neighbour = neighbour.name(), reason, "the outbox cannot be read");
            poll
        });
        tokio::select! {
            () = bell.notified() => {}
            () = sleep(pause) => {}
            _ = stopped.changed() => {}
        }
    }
}
