//! The subcommand `import`.

mod lines;
mod rejects;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context, Result, bail, ensure};
use application::{Import, ImportLine, ImportRun, Scope, Verdict};
use domain::{ImportKind, OrgId};
use http_api::import::{LineReader, RefusedLine};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use persistence::SqlStore;
use tokio::sync::mpsc::{Receiver, channel};
use uuid::Uuid;

use self::lines::{Batch, Lines};
use self::rejects::Rejects;
use crate::application::{connect, prepare_schema};
use crate::cli::{ImportArgs, answer};
use crate::documents::document_store;
use crate::settings::Settings;
use crate::world::World;

/// Batches that are read while others are written.
const READ_AHEAD: usize = 2;

/// How many lines of a kind have gone which way.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    imported: u64,
    skipped: u64,
    rejected: u64,
}

/// How many lines have gone which way: those of each kind, and those whose kind cannot be told.
#[derive(Default)]
struct Counts {
    kinds: [Count; ImportKind::ALL.len()],
    unknown: Count,
}

impl Counts {
    fn add(&mut self, kind: Option<ImportKind>, verdict: &Verdict) {
        let place = kind.and_then(|kind| ImportKind::ALL.iter().position(|known| *known == kind));
        let count = place.and_then(|place| self.kinds.get_mut(place)).unwrap_or(&mut self.unknown);
        match verdict {
            Verdict::Imported => count.imported += 1,
            Verdict::Skipped => count.skipped += 1,
            Verdict::Rejected(_) => count.rejected += 1,
        }
    }

    fn tell(&self) {
        let kinds = ImportKind::ALL.iter().map(|kind| kind.code()).zip(self.kinds);
        for (name, count) in kinds.chain([("unknown", self.unknown)]) {
            let Count { imported, skipped, rejected } = count;
            if imported + skipped + rejected > 0 {
                answer(format_args!("{name}: {imported} imported, {skipped} skipped, {rejected} rejected"));
            }
        }
        let total = |part: fn(&Count) -> u64| self.kinds.iter().chain([&self.unknown]).map(part).sum::<u64>();
        let (imported, skipped) = (total(|count| count.imported), total(|count| count.skipped));
        answer(format_args!("total: {imported} imported, {skipped} skipped, {} rejected", self.rejected()));
    }

    fn rejected(&self) -> u64 {
        self.kinds.iter().chain([&self.unknown]).map(|count| count.rejected).sum()
    }
}

/// Imports files, one after the other.
pub(crate) async fn import(settings: &Settings, args: &ImportArgs) -> Result<()> {
    for file in &args.files {
        // Before anything is written.
        let metadata = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
        ensure!(metadata.is_file(), "{} is not a file", file.display());
    }
    let store = Arc::new(connect(settings).await?);
    prepare_schema(settings, &store).await?;
    let mut importer = Importer::new(settings, args, Arc::clone(&store))?;
    for file in &args.files {
        importer.import_file(file).await.with_context(|| format!("{}", file.display()))?;
    }
    if args.dry_run {
        answer("This was a dry run: nothing was written.");
    }
    importer.counts.tell();
    store.close().await?;
    match importer.counts.rejected() {
        0 => Ok(()),
        rejected => bail!("{rejected} lines were rejected; FILE.rejects.ndjson says which and why"),
    }
}

struct Importer<'a> {
    import: Arc<Import>,
    args: &'a ImportArgs,
    request_id: String,
    counts: Counts,
}

/// Which part of a file is looked at.
struct Pass {
    /// Only the lines of this organisation; in the first pass, of the first that is found.
    org: Option<OrgId>,
    /// Whether lines that are wrong by themselves count.
    is_first: bool,
    /// Organisations whose lines were left to another pass.
    others: BTreeSet<OrgId>,
}

impl<'a> Importer<'a> {
    fn new(settings: &Settings, args: &'a ImportArgs, store: Arc<SqlStore>) -> Result<Self> {
        let World { clock, .. } = World::real();
        let import = Import {
            store,
            // Nobody is given a URL here.
            documents: Arc::new(document_store(settings, "")?),
            clock,
            calendar: Arc::new(settings.calendar()?),
        };
        let import = Arc::new(import);
        Ok(Self { import, args, request_id: Uuid::now_v7().to_string(), counts: Counts::default() })
    }

    fn scope(&self, org: OrgId) -> Scope {
        Scope {
            org,
            actor: self.args.actor.clone(),
            operation: "import",
            request_id: self.request_id.clone(),
        }
    }

    /// Batches of a file, read by a thread of its own.
    fn read(&self, path: &Path) -> Result<Reading> {
        let file = File::open(path).context("cannot be read")?;
        let bar = progress_bar(file.metadata()?.len());
        let now = self.import.clock.now();
        let reader = LineReader { now, today: self.import.calendar.day_of(now), sha256: lines::sha256 };
        let mut lines = Lines::new(file, path, reader)?;
        let (sender, batches) = channel(READ_AHEAD);
        let thread = std::thread::spawn(move || {
            while let Some(batch) = lines.next_batch().transpose() {
                let is_last = batch.is_err();
                if sender.blocking_send(batch).is_err() || is_last {
                    break;
                }
            }
        });
        Ok(Reading { batches, thread, bar })
    }

    async fn import_file(&mut self, path: &Path) -> Result<()> {
        let mut rejects = Rejects::new(path)?;
        if !self.args.dry_run {
            let mut reading = self.read(path)?;
            while let Some(batch) = reading.next().await? {
                self.import_batch(batch, &mut rejects).await?;
            }
            return reading.finish();
        }
        // Each organisation has a unit of work that is never committed, and SQLite has one at a time.
        let mut pass = Pass { org: None, is_first: true, others: BTreeSet::new() };
        let mut done = BTreeSet::new();
        loop {
            self.rehearse(path, &mut pass, &mut rejects).await?;
            done.extend(pass.org.take());
            let Some(next) = pass.others.iter().find(|org| !done.contains(*org)) else { return Ok(()) };
            pass.org = Some(next.clone());
            pass.is_first = false;
        }
    }

    /// Keeps the lines of a batch, those of each organisation together.
    async fn import_batch(&mut self, batch: Batch, rejects: &mut Rejects) -> Result<()> {
        let (orgs, mut verdicts) = sort(batch);
        for (org, lines) in orgs {
            let mut run = self.import.begin(&self.scope(org), false).await.context(INTERRUPTED)?;
            let more = take(&mut run, &lines).await?;
            run.commit().await.context(INTERRUPTED)?;
            verdicts.extend(more);
        }
        self.settle(verdicts, rejects)
    }

    /// Looks what would become of the lines of one organisation.
    async fn rehearse(&mut self, path: &Path, pass: &mut Pass, rejects: &mut Rejects) -> Result<()> {
        let mut reading = self.read(path)?;
        let import = Arc::clone(&self.import);
        let mut run: Option<ImportRun<'_>> = None;
        while let Some(batch) = reading.next().await? {
            let (orgs, refused) = sort(batch);
            let mut verdicts = if pass.is_first { refused } else { Vec::new() };
            for (org, lines) in orgs {
                if *pass.org.get_or_insert_with(|| org.clone()) != org {
                    pass.others.insert(org);
                    continue;
                }
                let run = match &mut run {
                    Some(run) => run,
                    None => run.insert(import.begin(&self.scope(org), true).await?),
                };
                verdicts.extend(take(run, &lines).await?);
            }
            self.settle(verdicts, rejects)?;
        }
        reading.finish()
    }

    fn settle(&mut self, mut verdicts: Vec<Settled>, rejects: &mut Rejects) -> Result<()> {
        verdicts.sort_by_key(|settled| settled.number);
        for Settled { number, kind, verdict } in &verdicts {
            self.counts.add(*kind, verdict);
            if let Verdict::Rejected(reasons) = verdict {
                rejects.add(*number, *kind, reasons)?;
            }
        }
        rejects.flush()
    }
}

/// A file that is being read.
struct Reading {
    batches: Receiver<Result<Batch>>,
    thread: JoinHandle<()>,
    bar: ProgressBar,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Batch>> {
        let batch = self.batches.recv().await.transpose()?;
        self.bar.inc(batch.as_ref().map_or(0, |batch| batch.bytes));
        Ok(batch)
    }

    /// Makes sure that the file was read to its end.
    fn finish(self) -> Result<()> {
        self.bar.finish_and_clear();
        ensure!(self.thread.join().is_ok(), "the file was not read to its end");
        Ok(())
    }
}

const INTERRUPTED: &str = "the import was interrupted; run it again to import the rest";

/// What has become of a line.
struct Settled {
    number: u64,
    kind: Option<ImportKind>,
    verdict: Verdict,
}

type OfOrg = (OrgId, Vec<(u64, ImportLine)>);

/// The lines of each organisation, and those that are wrong by themselves.
fn sort(batch: Batch) -> (Vec<OfOrg>, Vec<Settled>) {
    let (mut orgs, mut refused): (Vec<OfOrg>, _) = (Vec::new(), Vec::new());
    for (number, line) in batch.lines {
        match line {
            Ok((org, line)) => match orgs.iter_mut().find(|(known, _)| *known == org) {
                Some((_, lines)) => lines.push((number, line)),
                None => orgs.push((org, vec![(number, line)])),
            },
            Err(RefusedLine { kind, reasons }) => {
                refused.push(Settled { number, kind, verdict: Verdict::Rejected(reasons) });
            }
        }
    }
    (orgs, refused)
}

async fn take(run: &mut ImportRun<'_>, lines: &[(u64, ImportLine)]) -> Result<Vec<Settled>> {
    let (numbers, lines): (Vec<u64>, Vec<ImportLine>) = lines.iter().cloned().unzip();
    let verdicts = run.take(&lines).await.context(INTERRUPTED)?;
    let settled = numbers.into_iter().zip(lines).zip(verdicts);
    let settled =
        settled.map(|((number, line), verdict)| Settled { number, kind: Some(line.record.kind()), verdict });
    Ok(settled.collect())
}

/// On a terminal only.
fn progress_bar(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr()).with_style(style)
}
