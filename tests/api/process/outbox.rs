//! The commands that show and retry what was given up.

use application::ports::{Effect, Login, LoginChange, Neighbour, Notice, NoticeKind, OutboxQueue};
use domain::Language;
use testkit::fixtures::{credential_id, customer_id, login};
use time::OffsetDateTime;

use super::*;

impl Installation {
    /// The exit code of a command, and what it has printed on standard output and standard error.
    fn outbox(&self, arguments: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } =
            self.command(&[&["outbox"], arguments].concat()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    /// What a command prints that succeeds, line by line and column by column.
    fn rows(&self, arguments: &[&str]) -> Vec<Vec<String>> {
        let (code, stdout, stderr) = self.outbox(arguments);
        assert_eq!((code, &*stderr), (0, ""), "{arguments:?}");
        stdout.lines().map(|line| line.split('\t').map(ToOwned::to_owned).collect()).collect()
    }

    async fn store(&self) -> SqlStore {
        let timeout = Duration::from_secs(10);
        let options = persistence::Options {
            url: self.database.url().to_owned(),
            max_connections: 1,
            statement_timeout: timeout,
            acquire_timeout: timeout,
        };
        SqlStore::connect(&options).await.unwrap()
    }
}

/// Adds a login and a notice behind it, both for one customer, and a notice for another one.
async fn fill(store: &SqlStore) {
    let now = OffsetDateTime::now_utc();
    let ada = Login { credential_id: credential_id(1), username: login("ada@example.com") };
    let notice =
        Notice { to: ada.username.clone(), language: Language::Spanish, kind: NoticeKind::NewUsername };
    let mut work = store.begin(&scope()).await.unwrap();
    for (n, effect) in [
        (1, Effect::Login(LoginChange::Provision(ada.clone()))),
        (1, Effect::Login(LoginChange::Disable(ada))),
        (2, Effect::Notify(notice)),
    ] {
        work.outbox().add(customer_id(n), &effect, now).await.unwrap();
    }
    work.commit(now, &[]).await.unwrap();
}

/// Gives up the oldest entry for the identity system; returns its id.
async fn park(store: &SqlStore) -> String {
    let now = OffsetDateTime::now_utc();
    let claimed = store.claim(Neighbour::IdentitySystem, now, now, 1).await.unwrap().remove(0);
    store.park(&claimed, now, "refused: no such tenant").await.unwrap();
    claimed.id.to_string()
}

async fn what_was_given_up_is_listed_and_retried(engine: Engine) {
    let installation = Installation::new(engine).await;
    assert!(installation.command(&["migrate", "up"]).output().unwrap().status.success());
    assert!(installation.rows(&["list"]).is_empty());
    let store = installation.store().await;
    fill(&store).await;
    let id = park(&store).await;

    let rows = installation.rows(&["list"]);
    let shown: Vec<_> = rows.iter().map(|row| (&*row[1], &*row[2], &*row[3], &*row[5], &*row[7])).collect();
    let identity_system = "identity_system";
    assert_eq!(
        shown,
        [
            ("telco", identity_system, "provision_login", "1", "refused: no such tenant"),
            ("telco", identity_system, "disable_login", "0", "-"),
            ("telco", "notifier", "notify", "0", "-"),
        ]
    );
    assert!(rows[0][6].starts_with("parked since 20") && rows[1][6].starts_with("due 20"), "{rows:?}");
    assert_eq!((&rows[0][0], &rows[0][4]), (&id, &customer_id(1).to_string()));
    assert!(rows.iter().flatten().all(|column| !column.contains("example.com")), "{rows:?}");
    assert_eq!(installation.rows(&["list", "--limit", "1"]), rows[..1]);
    assert_eq!(installation.rows(&["list", "--parked"]), rows[..1]);

    assert_eq!(installation.rows(&["retry", &id]), [["1 to be tried again"]]);
    assert!(installation.rows(&["list", "--parked"]).is_empty());
    let (code, stdout, stderr) = installation.outbox(&["retry", &id]);
    assert_eq!((code, &*stdout, &*stderr), (1, "", &*format!("mascustomers: no entry {id} was given up\n")));
    park(&store).await;
    assert_eq!(installation.rows(&["retry", "--all"]), [["1 to be tried again"]]);
    assert_eq!(installation.rows(&["retry", "--all"]), [["0 to be tried again"]]);
    for wrong in [&["retry"][..], &["retry", &id, "--all"], &["retry", "x"], &["list", "--limit", "0"], &[]] {
        assert_eq!(installation.outbox(wrong).0, 2, "{wrong:?}");
    }
}

/// A process that runs hears of a retry and goes on with what stood behind.
async fn a_retry_reaches_a_running_process(engine: Engine) {
    let installation = Installation::new(engine).await;
    assert!(installation.command(&["migrate", "up"]).output().unwrap().status.success());
    let store = installation.store().await;
    fill(&store).await;
    park(&store).await;
    let mut command = installation.command(&[]);
    command.env("MASCUSTOMERS__OUTBOX__POLL_MS", if engine == Engine::Sqlite { "100" } else { "3600000" });
    let process = Installation::run(command);
    let left = async |count: usize| {
        for _ in 0..500 {
            if store.entries(false, 10).await.unwrap().len() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("there are never {count} entries");
    };
    left(2).await;
    assert_eq!(installation.rows(&["retry", "--all"]), [["1 to be tried again"]]);
    left(0).await;
    drop(process);
}

#[tokio::test]
async fn what_was_given_up_is_listed_and_retried_on_sqlite() {
    what_was_given_up_is_listed_and_retried(Engine::Sqlite).await;
}

#[tokio::test]
async fn what_was_given_up_is_listed_and_retried_on_postgres() {
    what_was_given_up_is_listed_and_retried(Engine::Postgres).await;
}

#[tokio::test]
async fn a_retry_reaches_a_running_process_on_sqlite() {
    a_retry_reaches_a_running_process(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_retry_reaches_a_running_process_on_postgres() {
    a_retry_reaches_a_running_process(Engine::Postgres).await;
}
