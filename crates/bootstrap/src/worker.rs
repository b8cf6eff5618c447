use std::sync::Arc;
use std::time::Duration;

use application::Outbox;
use application::ports::{Neighbour, OutboxQueue, StoreError};
use persistence::SqlStore;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Longest that effects under way may take once the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Those who empty the outbox: one for each neighbour, so that none waits for another's.
pub(crate) struct Workers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Workers {
    /// Starts them. They look into the outbox when they are told of new entries, when one is due, and after `poll` anyway.
    pub(crate) fn start(outbox: &Arc<Outbox>, store: Arc<SqlStore>, poll: Duration) -> Self {
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
    outbox: Arc<Outbox>,
    neighbour: Neighbour,
    bell: Arc<Notify>,
    poll: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    while !*stopped.borrow() {
        let running = Arc::clone(&outbox);
        // On a task of its own, so that a panic ends no more than this run.
        let ran = tokio::spawn(async move { running.run_due(neighbour).await });
        let pause = match ran.await.unwrap_or_else(|panic| Err(StoreError::Unexpected(panic.into()))) {
            Ok(0) => outbox.until_due(neighbour).await.map(|due| due.unwrap_or(poll).min(poll)),
            Ok(_) => continue,
            Err(error) => Err(error),
        };
        let pause = pause.unwrap_or_else(|error| {
            tracing::error!(neighbour = neighbour.name(), reason = %error, "the outbox cannot be emptied");
            poll
        });
        tokio::select! {
            () = bell.notified() => {}
            () = sleep(pause) => {}
            _ = stopped.changed() => {}
        }
    }
}
