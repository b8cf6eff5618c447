use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use time::{Duration, OffsetDateTime};
use tracing::{Instrument, error, info, info_span, warn};

use crate::error::with_causes;
use crate::ports::{Clock, Effect, Neighbour, NeighbourError, OutboxEntry, Store, StoreError};
use crate::{Credentials, Scope, Tokenizations};

/// How hard it is tried to make effects happen.
#[derive(Debug, Clone)]
pub struct OutboxPolicy {
    /// How long a claimed entry is left to whoever has claimed it.
    pub lease: Duration,
    /// How long the first retry is waited for; twice as long each time after.
    pub first_retry_after: Duration,
    /// The longest that a retry is waited for.
    pub longest_retry_after: Duration,
    /// After how many failures an entry is parked.
    pub most_failures: i32,
    /// How many effects of a neighbour happen at the same time.
    pub concurrency: u16,
}

/// Makes happen what the outbox holds.
pub struct OutboxWorker {
    /// Where the outbox is kept.
    pub store: Arc<dyn Store>,
    /// Tells when an entry is due.
    pub clock: Arc<dyn Clock>,
    /// Carries out what concerns the payment gateway.
    pub tokenizations: Arc<Tokenizations>,
    /// Carries out what concerns logins and notices.
    pub credentials: Arc<Credentials>,
    /// How hard it is tried.
    pub policy: OutboxPolicy,
}

/// How far an effect is.
pub(crate) enum Step {
    /// It has happened, and its entry is gone.
    Finished,
    /// It is under way; to be looked after from this time on.
    Again(OffsetDateTime),
}

/// Removes an entry of which nothing is left but to know that it has happened.
pub(crate) async fn finish(
    store: &dyn Store,
    entry: &OutboxEntry,
    now: OffsetDateTime,
) -> Result<Step, EffectError> {
    let mut work = store.begin(&Scope::of_entry(entry)).await?;
    work.outbox().finish(entry).await?;
    work.commit(now, &[]).await?;
    Ok(Step::Finished)
}

/// Why an effect did not happen.
#[derive(Debug, thiserror::Error)]
pub enum EffectError {
    /// The neighbour did not do it.
    #[error(transparent)]
    Neighbour(#[from] NeighbourError),
    /// The neighbour did not do it, and from this time on it need not be asked any more.
    #[error("{0}")]
    NeighbourUntil(NeighbourError, OffsetDateTime),
    /// The store failed.
    #[error("{}", with_causes(.0))]
    Store(#[from] StoreError),
    /// A fault of this program.
    #[error("this program has panicked")]
    Panic,
}

impl OutboxWorker {
    /// Claims effects of a neighbour that are due and tries to make them happen. Returns how many were claimed.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn run_due(&self, neighbour: Neighbour) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let until = now + self.policy.lease;
        let entries = self.store.claim(neighbour, now, until, self.policy.concurrency).await?;
        join_all(entries.iter().map(|entry| self.run(entry))).await;
        Ok(entries.len())
    }

    /// How long it takes until the next effect of a neighbour is due, if any waits.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn until_due(&self, neighbour: Neighbour) -> Result<Option<StdDuration>, StoreError> {
        let due_at = self.store.next_due(neighbour).await?;
        Ok(due_at.map(|due_at| (due_at - self.clock.now()).try_into().unwrap_or_default()))
    }

    async fn run(&self, entry: &OutboxEntry) {
        let span = info_span!(
            "effect",
            id = entry.id,
            org = entry.org.as_str(),
            customer_id = %entry.customer_id,
            effect = entry.effect.name(),
            request_id = entry.request_id,
            attempts = entry.attempts,
        );
        // Nothing of an attempt that has panicked is used again.
        let result = AssertUnwindSafe(self.perform(entry)).catch_unwind().instrument(span.clone()).await;
        let result = result.unwrap_or(Err(EffectError::Panic));
        if let Err(failure) = self.keep(entry, result).instrument(span.clone()).await {
            // It is due again when the lease is over.
            let _entered = span.enter();
            error!(reason = with_causes(&failure), "the outbox cannot be written");
        }
    }

    /// Keeps how an attempt has ended.
    async fn keep(&self, entry: &OutboxEntry, result: Result<Step, EffectError>) -> Result<(), StoreError> {
        match result {
            Ok(Step::Finished) => {
                info!("done outside");
                Ok(())
            }
            Ok(Step::Again(due_at)) => self.store.postpone(entry, due_at, None).await,
            // Somebody else has claimed it meanwhile and sees to it.
            Err(EffectError::Store(StoreError::Stale)) => Ok(()),
            Err(failure) => {
                let reason = failure.to_string();
                warn!(reason, "not done outside");
                self.put_off(entry, &failure, &reason).await
            }
        }
    }

    async fn perform(&self, entry: &OutboxEntry) -> Result<Step, EffectError> {
        match &entry.effect {
            Effect::Tokenize { reference_id, attempt } => {
                self.tokenizations.tokenize(entry, reference_id, *attempt).await
            }
            Effect::Login(change) => {
                self.credentials.change_login(entry, change).await.map(|()| Step::Finished)
            }
            Effect::Notify(notice) => self.credentials.notify(entry, notice).await.map(|()| Step::Finished),
        }
    }

    async fn put_off(
        &self,
        entry: &OutboxEntry,
        failure: &EffectError,
        reason: &str,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let retry_at = now + self.policy.retry_after(entry);
        let is_last = match failure {
            EffectError::NeighbourUntil(_, deadline) => {
                return self.store.postpone(entry, retry_at.min((*deadline).max(now)), Some(reason)).await;
            }
            EffectError::Neighbour(NeighbourError::Refused(_)) => true,
            EffectError::Neighbour(NeighbourError::Unavailable(_))
            | EffectError::Store(_)
            | EffectError::Panic => {
                // As long as a tokenization is pending, its account cannot end.
                let ends_by_itself = matches!(entry.effect, Effect::Tokenize { .. });
                entry.failures + 1 >= self.policy.most_failures && !ends_by_itself
            }
        };
        if is_last {
            error!(reason, "given up until an operator retries it");
            self.store.park(entry, now, reason).await
        } else {
            self.store.postpone(entry, retry_at, Some(reason)).await
        }
    }
}

impl OutboxPolicy {
    /// How long to wait after another failure: twice as long each time, and of that between half and all, so that what has
    /// failed together is not tried together again.
    fn retry_after(&self, entry: &OutboxEntry) -> Duration {
        let doublings = u32::try_from(entry.failures).unwrap_or_default().min(30);
        let longest = self.longest_retry_after.as_seconds_f64();
        let wait = (self.first_retry_after.as_seconds_f64() * f64::from(1_u32 << doublings)).min(longest);
        // Multiples of the golden ratio lie evenly between whole numbers.
        let spread =
            ((entry.id % 1_000_003) as f64 * 0.618_033_988_75 + f64::from(entry.failures) * 0.37).fract();
        // Whole microseconds: no store keeps more.
        Duration::microseconds((wait * (0.5 + spread / 2.0) * 1e6) as i64)
    }
}
