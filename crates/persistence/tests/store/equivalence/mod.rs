//! The stores are interchangeable: whatever is done, they answer the same and show the same in the end.
//!
//! Random sequences of commands go through the use cases, on the store in memory, on SQLite and on PostgreSQL. After each
//! step their answers are compared, after each sequence everything that can be read. `MASCUSTOMERS_SEED=$RANDOM` plays
//! others, `MASCUSTOMERS_SEQUENCES` fewer or more.

mod command;
mod neighbours;
mod side;
mod state;

use std::collections::BTreeMap;
use std::env;
use std::fmt::{self, Display};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use application::ports::{Calendar, Clock, Store};
use testkit::{Engine, MemoryStore, TestDatabase};

use self::command::{Chooser, Command, Known, Random, Step};
use self::side::{Answers, CentralEuropeanTime, Side};
use crate::{Fixture, fixture};

const LENGTH: usize = 40;
/// Unless the environment says otherwise.
const SEQUENCES: u32 = 1000;
/// More than processors: they wait for databases.
const WORKERS: u32 = 4;

/// A database of each engine.
struct Databases {
    sqlite: Arc<dyn Store>,
    postgres: Arc<dyn Store>,
    _until_dropped: [TestDatabase; 2],
}

impl Databases {
    async fn create() -> Self {
        let (sqlite, postgres) = tokio::join!(fixture(Engine::Sqlite), fixture(Engine::Postgres));
        let (Fixture { store: sqlite, database: one }, Fixture { store: postgres, database: two }) =
            (sqlite, postgres);
        Self { sqlite: Arc::new(sqlite), postgres: Arc::new(postgres), _until_dropped: [one, two] }
    }

    /// Everything as it is before a sequence, whose organisations nobody else has used.
    fn sides(&self, sequence: u32) -> [Side; 3] {
        let names = [format!("one-{sequence}"), format!("two-{sequence}")];
        let names = [&*names[0], &*names[1]];
        [
            Side::new("memory", Arc::new(MemoryStore::default()), names),
            Side::new("SQLite", self.sqlite.clone(), names),
            Side::new("PostgreSQL", self.postgres.clone(), names),
        ]
    }
}

/// Where the stores part.
struct Divergence {
    steps: Vec<Step>,
    differences: Vec<String>,
}

impl Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {number}: {step:?}")?;
        }
        writeln!(f, "then the store in memory and another one answer (Debug may hide what is different):")?;
        self.differences.iter().try_for_each(|difference| writeln!(f, "  {difference}"))
    }
}

/// How often commands were done, and refused.
type Tally = BTreeMap<String, (u32, u32)>;

fn count(tally: &mut Tally, step: &Step, answers: &Answers) {
    let command = format!("{:?}", step.command);
    let name = command.split('(').take(2).collect::<Vec<_>>().join("::");
    let is_refused = answers.0.first().is_some_and(|(_, answer)| format!("{answer:?}").starts_with("Err("));
    let counts = tally.entry(name).or_default();
    if is_refused { counts.1 += 1 } else { counts.0 += 1 }
}

fn differences(sides: &[Side; 3], answers: &[Answers; 3]) -> Vec<String> {
    let mut all = Vec::new();
    for (side, others) in sides.iter().zip(answers).skip(1) {
        let different = answers[0].differences(others);
        all.extend(different.into_iter().map(|difference| format!("{}: {difference}", side.name)));
    }
    all
}

/// Does what `next` chooses, until it chooses nothing.
async fn play(
    sides: &[Side; 3],
    tally: &mut Tally,
    mut next: impl FnMut(&Side, &[Known; 2]) -> Option<Step>,
) -> Result<(), Divergence> {
    let [memory, sqlite, postgres] = sides;
    let (mut known, mut steps) = (<[Known; 2]>::default(), Vec::new());
    while let Some(step) = next(memory, &known) {
        let (number, mut others) = (steps.len(), <[Known; 2]>::default());
        let [of_sqlite, of_postgres] = &mut others;
        let of_memory = memory.run(number, &step, &mut known[step.org]).await;
        let (on_sqlite, on_postgres) =
            tokio::join!(sqlite.run(number, &step, of_sqlite), postgres.run(number, &step, of_postgres));
        count(tally, &step, &of_memory);
        let is_outside = matches!(step.command, Command::World(_));
        steps.push(step);
        let differences = differences(sides, &[of_memory, on_sqlite, on_postgres]);
        if !differences.is_empty() {
            return Err(Divergence { steps, differences });
        }
        if is_outside {
            learn_of_cards(memory, &mut known).await;
        }
    }
    let (mut of_memory, mut on_sqlite, mut on_postgres) =
        tokio::join!(memory.state(&known), sqlite.state(&known), postgres.state(&known));
    tokio::join!(
        memory.settle(&mut of_memory),
        sqlite.settle(&mut on_sqlite),
        postgres.settle(&mut on_postgres)
    );
    let differences = differences(sides, &[of_memory, on_sqlite, on_postgres]);
    if differences.is_empty() { Ok(()) } else { Err(Divergence { steps, differences }) }
}

async fn learn_of_cards(memory: &Side, known: &mut [Known; 2]) {
    for (organisation, known) in memory.organisations.iter().zip(known) {
        known.cards.clear();
        for customer in known.customers.clone() {
            let cards = memory.store.cards_of(&organisation.scope.org, customer).await.unwrap();
            known.cards.extend(cards.into_iter().flatten().map(|card| card.token_id));
        }
    }
}

fn choose(random: &mut Random, memory: &Side, known: &[Known; 2]) -> Step {
    let org = random.organisation();
    let now = memory.clock.now();
    let today = CentralEuropeanTime.day_of(now);
    Step { org, command: Chooser { random, known: &known[org], now, today }.command() }
}

/// Leaves out what is not needed for the stores to part.
async fn shrink(mut divergence: Divergence) -> Divergence {
    for at in (0..divergence.steps.len()).rev() {
        let mut steps = divergence.steps.clone();
        steps.remove(at);
        let mut left = steps.into_iter();
        let databases = Databases::create().await;
        if let Err(smaller) = play(&databases.sides(0), &mut Tally::new(), |_, _| left.next()).await {
            divergence = smaller;
        }
    }
    divergence
}

fn number<T: std::str::FromStr>(variable: &str) -> Option<T> {
    env::var(variable).ok().map(|value| value.parse().ok().unwrap_or_else(|| panic!("{variable}: {value}")))
}

/// The same in every run, so that a change alone makes the test fail, unless the environment says otherwise.
fn seed() -> u64 {
    number("MASCUSTOMERS_SEED").unwrap_or(612_862_365)
}

/// Plays sequences until none is left, each chosen by the seed and its number alone.
async fn work(seed: u64, sequences: u32, next: Arc<AtomicU32>) -> (Tally, Option<(u32, Divergence)>) {
    let (databases, mut tally) = (Databases::create().await, Tally::new());
    loop {
        let sequence = next.fetch_add(1, Ordering::Relaxed);
        if sequence >= sequences {
            return (tally, None);
        }
        let mut random = Random::of_sequence(seed, sequence);
        let mut left = LENGTH;
        let chosen = |memory: &Side, known: &[Known; 2]| {
            left = left.checked_sub(1)?;
            Some(choose(&mut random, memory, known))
        };
        if let Err(divergence) = play(&databases.sides(sequence), &mut tally, chosen).await {
            next.store(sequences, Ordering::Relaxed);
            return (tally, Some((sequence, divergence)));
        }
    }
}

/// Runs in a thread of its own what need not be able to change threads.
fn spawn<T: Send + 'static>(work: impl AsyncFnOnce() -> T + Send + 'static) -> std::thread::JoinHandle<T> {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(work())
    })
}

#[test]
#[expect(clippy::print_stdout, reason = "whoever repeats the run needs the seed")]
fn every_sequence_ends_the_same_on_every_store() {
    let (seed, sequences) = (seed(), number("MASCUSTOMERS_SEQUENCES").unwrap_or(SEQUENCES));
    println!("MASCUSTOMERS_SEED={seed} MASCUSTOMERS_SEQUENCES={sequences}");
    let (begun, next) = (Instant::now(), Arc::new(AtomicU32::new(0)));
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let next = Arc::clone(&next);
            spawn(async move || work(seed, sequences, next).await)
        })
        .collect();
    let mut total = Tally::new();
    for worker in workers {
        let (tally, divergence) = worker.join().unwrap();
        if let Some((sequence, divergence)) = divergence {
            let smaller = spawn(async move || shrink(divergence).await).join().unwrap();
            panic!("seed {seed}, sequence {sequence}, cut down to {} steps:\n{smaller}", smaller.steps.len());
        }
        for (name, (done, refused)) in tally {
            let counts = total.entry(name).or_default();
            *counts = (counts.0 + done, counts.1 + refused);
        }
    }
    for (name, (done, refused)) in &total {
        println!("{name:<45} {done:>6} done {refused:>6} refused");
    }
    println!("{sequences} sequences of {LENGTH} steps in {:.1} s", begun.elapsed().as_secs_f64());
}
