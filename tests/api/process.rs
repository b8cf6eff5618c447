//! The binary as a process: it is killed, stopped and listened to.

mod outbox;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use application::ports::{DocumentStore, Store};
use documents::{LocalFolder, SigningKey};
use futures_util::future::join_all;
use persistence::SqlStore;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::fixtures::{NOW, identification_process, nif, org, scope};
use testkit::{Engine, TestDatabase};
use tokio::task::JoinHandle;

use crate::test_app::{Answer, direct_debit, private_customer, send};

/// An installation: its settings and data, of which the process is only a guest.
pub(crate) struct Installation {
    folder: TempDir,
    pub(crate) database: TestDatabase,
}

/// A running process, killed when it is dropped.
pub(crate) struct Process {
    pub(crate) child: Child,
    url: String,
    pub(crate) log: Receiver<String>,
}

impl Installation {
    pub(crate) async fn new(engine: Engine) -> Self {
        Self { folder: TempDir::new().unwrap(), database: TestDatabase::create(engine).await }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mascustomers"));
        command.args(arguments);
        self.settle(command)
    }

    fn settle(&self, mut command: Command) -> Command {
        command
            .current_dir(self.folder.path())
            .env("MASCUSTOMERS__DATABASE__URL", self.database.url())
            .env("MASCUSTOMERS__SERVER__PORT", "0")
            .env("MASCUSTOMERS__LOG__LEVEL", "trace");
        command
    }

    fn token(&self) -> String {
        let Output { status, stdout, stderr } =
            self.command(&["token", "--org", "telco", "--role", "API_KEY"]).output().unwrap();
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap().trim().to_owned()
    }

    fn start(&self) -> Process {
        Self::run(self.command(&[]))
    }

    /// A process that can write no file beyond a megabyte.
    fn start_with_little_room(&self) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\"", env!("CARGO_BIN_EXE_mascustomers")]);
        Self::run(self.settle(command))
    }

    pub(crate) fn run(mut command: Command) -> Process {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (sender, log) = channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let listening = log.iter().find(|line| line.contains("\"listening\"")).expect("the process listens");
        let event: Value = serde_json::from_str(&listening).unwrap();
        Process { child, url: format!("http://{}", event["address"].as_str().unwrap()), log }
    }
}

impl Process {
    fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    fn terminate(&self) {
        let killed =
            Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status().unwrap();
        assert!(killed.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Api {
    client: Client,
    url: String,
    token: String,
}

impl Api {
    fn new(process: &Process, token: &str) -> Self {
        let client = Client::builder().no_proxy().build().unwrap();
        Self { client, url: process.url.clone(), token: token.to_owned() }
    }

    /// The answer; nothing when the connection breaks.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Answer> {
        let request =
            self.client.request(method, format!("{}/v4/orgs/telco{path}", self.url)).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Some(Answer { status, headers, bytes: response.bytes().await.ok()?.to_vec() })
    }

    /// Registers customers with an account until the connection breaks; returns what was acknowledged.
    async fn write_until_broken(&self, next: &AtomicU32, acknowledged: &AtomicU32) -> Acknowledged {
        let mut done = Acknowledged::default();
        loop {
            let body = private_customer(&nif(next.fetch_add(1, Ordering::Relaxed)));
            let Some(created) = self.call(Method::POST, "/customers", Some(&body)).await else { return done };
            let customer = created.id();
            acknowledged.fetch_add(1, Ordering::Relaxed);
            done.customers.push(customer.clone());
            let body = json!({ "modality": "POSTPAID", "payment_method": direct_debit() });
            let path = format!("/customers/{customer}/accounts");
            let Some(opened) = self.call(Method::POST, &path, Some(&body)).await else { return done };
            acknowledged.fetch_add(1, Ordering::Relaxed);
            done.accounts.push(opened.id());
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await.expect("an answer")
    }
}

#[derive(Default)]
struct Acknowledged {
    customers: Vec<String>,
    accounts: Vec<String>,
}

impl Acknowledged {
    fn add(&mut self, other: Self) {
        self.customers.extend(other.customers);
        self.accounts.extend(other.accounts);
    }

    fn len(&self) -> usize {
        self.customers.len() + self.accounts.len()
    }
}

#[expect(clippy::print_stderr, reason = "the figures that `tests/kill-9` is run for")]
fn report(engine: Engine, kills: u32, all: &Acknowledged) {
    let (customers, accounts) = (all.customers.len(), all.accounts.len());
    eprintln!(
        "kill -9 on {engine:?}: {kills} kills, {customers} customers and {accounts} accounts acknowledged, \
         none lost, none half-written"
    );
}

/// Writes, kills the process in the middle of it, starts it again, and so on until 1,000 writes were acknowledged.
async fn kill_9_loses_nothing(engine: Engine) {
    const WRITERS: usize = 8;
    const WRITES: usize = 1000;
    const KILL_AFTER: u32 = 120;
    let installation = Installation::new(engine).await;
    let (token, next) = (installation.token(), Arc::new(AtomicU32::new(1)));
    let (mut all, mut kills) = (Acknowledged::default(), 0);
    while all.len() < WRITES {
        let mut process = installation.start();
        let api = Arc::new(Api::new(&process, &token));
        let acknowledged = Arc::new(AtomicU32::new(0));
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (api, next, acknowledged) =
                    (Arc::clone(&api), Arc::clone(&next), Arc::clone(&acknowledged));
                tokio::spawn(async move { api.write_until_broken(&next, &acknowledged).await })
            })
            .collect();
        while acknowledged.load(Ordering::Relaxed) < KILL_AFTER {
            assert!(!writers.iter().all(JoinHandle::is_finished), "the process was not killed yet");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        process.child.kill().unwrap();
        kills += 1;
        for writer in join_all(writers).await {
            all.add(writer.unwrap());
        }
    }
    let process = installation.start();
    let api = Api::new(&process, &token);
    for customer in &all.customers {
        assert_eq!(
            api.get(&format!("/customers/{customer}")).await.status,
            200,
            "customer {customer} is lost"
        );
    }
    for account in &all.accounts {
        assert_eq!(api.get(&format!("/accounts/{account}")).await.status, 200, "account {account} is lost");
    }
    let accounts = whole_accounts(&api, &all.customers).await;
    assert!(accounts >= all.accounts.len());
    report(engine, kills, &all);
}

/// Checks that each account of these customers, acknowledged or not, has its history, and counts them.
async fn whole_accounts(api: &Api, customers: &[String]) -> usize {
    let mut count = 0;
    for customer in customers {
        let listed = api.get(&format!("/customers/{customer}/accounts")).await.json();
        for account in listed["accounts"].as_array().unwrap() {
            let id = account["id"].as_str().unwrap();
            let history = api.get(&format!("/accounts/{id}/payment-methods/historical")).await.json();
            assert_eq!(
                history["payment_methods"].as_array().map(Vec::len),
                Some(1),
                "account {id} is half-written"
            );
            count += 1;
        }
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_nothing_on_sqlite() {
    kill_9_loses_nothing(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_nothing_on_postgres() {
    kill_9_loses_nothing(Engine::Postgres).await;
}

/// SQLite rolls back by itself then, which must not make it seem that later writes are kept.
#[tokio::test]
async fn without_room_nothing_is_acknowledged_that_is_not_kept() {
    let installation = Installation::new(Engine::Sqlite).await;
    let token = installation.token();
    let process = installation.start_with_little_room();
    let api = Api::new(&process, &token);
    let (mut acknowledged, mut refused, mut n) = (Vec::new(), 0, 0);
    while refused < 40 {
        n += 1;
        assert!(n < 2000, "there is room");
        let answer = api.call(Method::POST, "/customers", Some(&private_customer(&nif(n)))).await.unwrap();
        match answer.status {
            201 => acknowledged.push(answer.id()),
            _ => {
                answer.messages(503, "MCUS.001.005");
                refused += 1;
            }
        }
    }
    drop(process);
    let process = installation.start();
    let api = Api::new(&process, &token);
    for customer in &acknowledged {
        assert_eq!(
            api.get(&format!("/customers/{customer}")).await.status,
            200,
            "customer {customer} is lost"
        );
    }
    let answer = api.call(Method::POST, "/customers", Some(&private_customer(&nif(n)))).await.unwrap();
    assert_eq!(answer.status, 201, "what was refused can be written now");
}

#[tokio::test]
async fn sigterm_finishes_what_is_under_way_and_exits_0() {
    let installation = Installation::new(Engine::Sqlite).await;
    let token = installation.token();
    let mut process = installation.start();
    let body = private_customer(&nif(1)).to_string();
    let mut connection = TcpStream::connect(process.address()).unwrap();
    write!(
        connection,
        "POST /v4/orgs/telco/customers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    )
    .unwrap();
    // The interim answer tells that the request is under way.
    let mut interim = [0; 25];
    connection.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");

    process.terminate();
    assert!(process.log.iter().any(|line| line.contains("\"stopping\"")));
    connection.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert_eq!(process.child.wait().unwrap().code(), Some(0));

    let process = installation.start();
    let search = format!("/customers/search?identity_document={}", nif(1));
    assert_eq!(Api::new(&process, &token).get(&search).await.status, 200);
}

/// Stops the process in the middle of reads and writes on several threads. Connections may break, but whatever is answered
/// is answered well.
async fn sigterm_under_load_spoils_no_answer(engine: Engine) {
    let installation = Installation::new(engine).await;
    let token = installation.token();
    let mut process = installation.start();
    let api = Arc::new(Api::new(&process, &token));
    let customers = join_all((0..4).map(|n| {
        let (api, body) = (Arc::clone(&api), private_customer(&nif(n)));
        async move { api.call(Method::POST, "/customers", Some(&body)).await.unwrap().id() }
    }));
    let answered = Arc::new(AtomicU32::new(0));
    let callers: Vec<_> = customers
        .await
        .into_iter()
        .cycle()
        .take(12)
        .enumerate()
        .map(|(n, customer)| {
            let (api, answered, path) =
                (Arc::clone(&api), Arc::clone(&answered), format!("/customers/{customer}"));
            let change = json!({ "preferred_language": if n % 2 == 0 { "ca" } else { "eu" } });
            tokio::spawn(async move {
                let mut statuses = Vec::new();
                loop {
                    for (method, body) in [(Method::PATCH, Some(&change)), (Method::GET, None)] {
                        let Some(answer) = api.call(method, &path, body).await else { return statuses };
                        answered.fetch_add(1, Ordering::Relaxed);
                        statuses.push(answer.status);
                    }
                }
            })
        })
        .collect();
    while answered.load(Ordering::Relaxed) < 300 {
        assert!(!callers.iter().all(JoinHandle::is_finished), "the process was not stopped yet");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    process.terminate();
    for statuses in join_all(callers).await {
        assert!(statuses.unwrap().iter().all(|status| matches!(status, 200 | 204)));
    }
    assert_eq!(process.child.wait().unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_spoils_no_answer_on_sqlite() {
    sigterm_under_load_spoils_no_answer(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_spoils_no_answer_on_postgres() {
    sigterm_under_load_spoils_no_answer(Engine::Postgres).await;
}

#[tokio::test]
async fn the_log_holds_no_personal_data() {
    let installation = Installation::new(Engine::Sqlite).await;
    let token = installation.token();
    let process = installation.start();
    let api = Api::new(&process, &token);
    let document = nif(7_654_321);
    let customer =
        api.call(Method::POST, "/customers", Some(&private_customer(&document))).await.unwrap().id();
    let open = json!({ "modality": "POSTPAID", "payment_method": direct_debit() });
    let account =
        api.call(Method::POST, &format!("/customers/{customer}/accounts"), Some(&open)).await.unwrap().id();
    let wrong = json!({ "type": "CREDIT_CARD", "details": { "token_id": "4111111111111111", "reference_id": document } });
    for (method, path, body) in [
        (Method::GET, format!("/customers/search?identity_document={document}&email=ana@example.com"), None),
        (Method::GET, format!("/customers/{document}"), None),
        (Method::GET, "/external-customers/4111111111111111".to_owned(), None),
        (Method::POST, "/customers".to_owned(), Some(&private_customer(&document))),
        (Method::PATCH, format!("/accounts/{account}/payment-method"), Some(&wrong)),
    ] {
        api.call(method, &path, body).await.expect("an answer");
    }
    process.terminate();
    let log: Vec<String> = process.log.iter().collect();
    assert!(log.iter().filter(|line| line.contains("\"request\"")).count() >= 7, "{log:?}");
    let secrets = [
        &*document,
        "Benavente",
        "615667898",
        "email@example.com",
        "ana@example.com",
        "Mayor",
        "0813610123456789",
        "4111111111111111",
        &token,
    ];
    for line in &log {
        assert!(secrets.iter().all(|secret| !line.contains(secret)), "{line}");
    }
}

#[tokio::test]
async fn requests_without_a_token_are_answered_by_the_health_routes_only() {
    let installation = Installation::new(Engine::Sqlite).await;
    let process = installation.start();
    let client = Client::builder().no_proxy().build().unwrap();
    for (path, status) in
        [("/health/live", 200), ("/health/ready", 200), ("/v4/orgs/telco/customers/search", 401)]
    {
        assert_eq!(send(client.get(format!("{}{path}", process.url))).await.status, status, "{path}");
    }
}

/// The URL of a document of this many bytes that an import has brought, behind where the service is reached.
async fn signed_url(installation: &Installation, process: &Process, size: u64) -> String {
    let api = Api::new(process, &installation.token());
    let customer = api.call(Method::POST, "/customers", Some(&private_customer(&nif(1)))).await.unwrap().id();
    let brought = identification_process(1, customer.parse().unwrap());
    let source = installation.folder.path().join("source");
    File::create(&source).unwrap().set_len(size).unwrap();
    let folder = installation.folder.path().join("data/documents");
    let documents = LocalFolder::new(folder, String::new(), SigningKey::new(b""));
    documents.put(&org(), &brought.document.key, &source).await.unwrap();
    let timeout = Duration::from_secs(5);
    let options = persistence::Options {
        url: installation.database.url().to_owned(),
        max_connections: 1,
        statement_timeout: timeout,
        acquire_timeout: timeout,
    };
    let store = SqlStore::connect(&options).await.unwrap();
    let mut work = store.begin(&scope()).await.unwrap();
    work.identification_processes().insert(&brought).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
    let path = format!("/customers/{customer}/identification-processes/{}", brought.id);
    let answer = api.call(Method::GET, &path, None).await.unwrap().json();
    let url = answer["document"]["public_url"].as_str().unwrap();
    url.strip_prefix(&process.url).unwrap().to_owned()
}

#[tokio::test]
async fn the_url_of_a_document_survives_a_restart_and_stays_out_of_the_log() {
    let installation = Installation::new(Engine::Sqlite).await;
    let mut process = installation.start();
    let url = signed_url(&installation, &process, 3).await;
    let client = Client::builder().no_proxy().build().unwrap();
    let forged = url.replace("expires=", "expires=9");
    let mut log = Vec::new();
    for _ in 0..2 {
        let answer = send(client.get(format!("{}{url}", process.url))).await;
        assert_eq!((answer.status, answer.bytes), (200, vec![0; 3]));
        assert_eq!(send(client.get(format!("{}{forged}", process.url))).await.status, 403);
        process.terminate();
        assert_eq!(process.child.wait().unwrap().code(), Some(0));
        log.extend(process.log.iter());
        process = installation.start();
    }
    let key = installation.folder.path().join("data/document-signing-key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read(&key).unwrap().len(), 32);

    let (token, query) = url.strip_prefix("/v4/documents/").unwrap().split_once('?').unwrap();
    let signature = query.split_once("&signature=").unwrap().1;
    let secrets = [token, signature, "my_id_document"];
    assert_eq!(
        log.iter().filter(|line| line.contains("/v4/documents/{document_token}")).count(),
        4,
        "{log:?}"
    );
    for line in &log {
        assert!(secrets.iter().all(|secret| !line.contains(secret)), "{line}");
    }
}

#[tokio::test]
async fn processes_with_one_key_take_each_others_urls() {
    let installation = Installation::new(Engine::Sqlite).await;
    let start = |key: &str| {
        let mut command = installation.command(&[]);
        command.env("MASCUSTOMERS__DOCUMENTS__SIGNING_KEY", key);
        Installation::run(command)
    };
    let first = start(&"k".repeat(32));
    let url = signed_url(&installation, &first, 1).await;
    let client = Client::builder().no_proxy().build().unwrap();
    for (key, status) in [("k".repeat(32), 200), ("l".repeat(32), 403)] {
        let second = start(&key);
        assert_eq!(send(client.get(format!("{}{url}", second.url))).await.status, status);
    }
    assert!(!installation.folder.path().join("data/document-signing-key").exists(), "no key is made");
}

#[tokio::test]
async fn a_large_document_is_never_in_memory() {
    const SIZE: u64 = 100 * 1024 * 1024;
    let installation = Installation::new(Engine::Sqlite).await;
    let process = installation.start();
    let url = signed_url(&installation, &process, SIZE).await;
    let status = format!("/proc/{}/status", process.child.id());
    let peak_kb = || {
        let status = fs::read_to_string(&status).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let before = peak_kb();
    let client = Client::builder().no_proxy().build().unwrap();
    let mut response = client.get(format!("{}{url}", process.url)).send().await.unwrap();
    let mut received = 0;
    while let Some(chunk) = response.chunk().await.unwrap() {
        received += chunk.len() as u64;
    }
    assert_eq!(received, SIZE);
    let grown = peak_kb() - before;
    assert!(grown < 16 * 1024, "{grown} kB more");
}
