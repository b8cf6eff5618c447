//! Effects survive the processes that carry them out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use application::ports::{Effect, Notice, NoticeKind, OutboxQueue, Store};
use domain::{CustomerId, Language};
use persistence::{Options, SqlStore};
use serde_json::Value;
use testkit::Engine;
use testkit::fixtures::{NOW, customer_id, login, scope};

use crate::process::{Installation, Process};

const CUSTOMERS: u32 = 250;
const EACH: u32 = 20;

async fn store(installation: &Installation) -> SqlStore {
    let timeout = Duration::from_secs(20);
    let options = Options {
        url: installation.database.url().to_owned(),
        max_connections: 2,
        statement_timeout: timeout,
        acquire_timeout: timeout,
    };
    SqlStore::connect(&options).await.unwrap()
}

/// Puts 5,000 notices into the outbox, those of each customer scattered over it; returns them by their ids.
async fn fill(store: &SqlStore) -> BTreeMap<i64, CustomerId> {
    store.migrate_up().await.unwrap();
    let mut work = store.begin(&scope()).await.unwrap();
    for _ in 0..EACH {
        for n in 1..=CUSTOMERS {
            let notice = Notice {
                to: login("ada@example.com"),
                language: Language::Spanish,
                kind: NoticeKind::NewUsername,
            };
            work.outbox().add(customer_id(n), &Effect::Notify(notice), NOW).await.unwrap();
        }
    }
    work.commit(NOW, &[]).await.unwrap();
    let entries = store.entries(false, u16::MAX).await.unwrap();
    entries.into_iter().map(|entry| (entry.id, entry.customer_id)).collect()
}

fn start(installation: &Installation) -> Process {
    let mut command = installation.command(&[]);
    // What a killed process has claimed is free again soon.
    command.env("MASCUSTOMERS__OUTBOX__LEASE_MS", "1500").env("MASCUSTOMERS__OUTBOX__POLL_MS", "100");
    Installation::run(command)
}

/// The notices that a log line tells of: when it was, and which entry.
fn noticed(line: &str) -> Option<(String, i64)> {
    let event: Value = serde_json::from_str(line).ok()?;
    (event["message"] == "notice")
        .then(|| Some((event["timestamp"].as_str()?.to_owned(), event["span"]["id"].as_i64()?)))
        .flatten()
}

/// Kills processes, which all empty one outbox, one after the other until it is empty. Returns what they have logged in the
/// order of time, and how many were killed.
async fn until_empty(installation: &Installation, store: &SqlStore, processes: usize) -> (Vec<i64>, u32) {
    let (mut noted, mut kills) = (Vec::new(), 0);
    let mut running: Vec<_> = (0..processes).map(|_| start(installation)).collect();
    while !store.entries(false, 1).await.unwrap().is_empty() {
        let mut process = running.remove(0);
        // It dies in the middle of its work: hundreds of effects after it has begun, in a moment that nobody chooses.
        let quota = 200 + 97 * (kills as usize % 5);
        let mut own = Vec::new();
        while own.len() < quota
            && let Ok(line) = process.log.recv_timeout(Duration::from_secs(2))
        {
            own.extend(noticed(&line));
        }
        process.child.kill().unwrap();
        process.child.wait().unwrap();
        own.extend(process.log.iter().filter_map(|line| noticed(&line)));
        noted.append(&mut own);
        kills += 1;
        running.push(start(installation));
    }
    for mut process in running {
        process.child.kill().unwrap();
        noted.extend(process.log.iter().filter_map(|line| noticed(&line)));
    }
    noted.sort();
    (noted.into_iter().map(|(_, id)| id).collect(), kills)
}

#[expect(clippy::print_stderr, reason = "what was measured")]
async fn kill_9_loses_no_effect(engine: Engine, processes: usize) {
    let installation = Installation::new(engine).await;
    let store = store(&installation).await;
    let all = fill(&store).await;
    assert_eq!(all.len(), (CUSTOMERS * EACH) as usize);
    let (noted, kills) = until_empty(&installation, &store, processes).await;

    let happened: BTreeSet<i64> = noted.iter().copied().collect();
    assert!(happened.iter().eq(all.keys()), "{} of {} happened", happened.len(), all.len());
    let mut newest: BTreeMap<CustomerId, i64> = BTreeMap::new();
    for id in &noted {
        let before = newest.insert(all[id], *id);
        assert!(before.is_none_or(|before| before <= *id), "{id} after {before:?}");
    }
    assert!(kills >= 3, "{kills} kills");
    let repeated = noted.len() - happened.len();
    eprintln!(
        "{engine:?}, {processes} processes: {kills} kills, {} effects, {repeated} repeated",
        happened.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_no_effect_on_sqlite() {
    kill_9_loses_no_effect(Engine::Sqlite, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_no_effect_on_postgres() {
    kill_9_loses_no_effect(Engine::Postgres, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_one_of_two_loses_no_effect_on_postgres() {
    kill_9_loses_no_effect(Engine::Postgres, 2).await;
}
