//! A running service on a database of its own, and a client that may do everything.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use application::ports::DocumentStore;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use bootstrap::{Application, Settings, StopHandle, World};
use documents::{LocalFolder, SigningKey};
use domain::OrgId;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use persistence::SqlStore;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Engine, FixedClock, SequentialIds, TestDatabase};
use time::OffsetDateTime;

/// Runs each test on every engine, `with` further settings if some are given. The service's tasks have a thread of their own:
/// PostgreSQL drops no database while somebody logs in, and who is at it when the test ends must be able to go on.
macro_rules! on_every_engine {
    ($(async fn $name:ident($app:ident: TestApp) $body:block)+) => {
        crate::test_app::on_every_engine! { with ""; $(async fn $name($app: TestApp) $body)+ }
    };
    (with $settings:expr; $(async fn $name:ident($app:ident: TestApp) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn case($app: crate::test_app::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn sqlite() {
                case(crate::test_app::TestApp::start_with(testkit::Engine::Sqlite, $settings).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn postgres() {
                case(crate::test_app::TestApp::start_with(testkit::Engine::Postgres, $settings).await).await;
            }
        }
    )+};
}
pub(crate) use on_every_engine;

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "customers";
/// Where callers are told that they reach the service.
pub(crate) const PUBLIC_URL: &str = "https://customers.example";

/// The key of the identity provider; making one takes a while.
pub(crate) static RSA: LazyLock<EncodingKey> = LazyLock::new(|| {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    // jsonwebtoken takes PKCS #1, which PKCS #8 holds behind 26 bytes when the key has 2048 bits.
    EncodingKey::from_rsa_der(&pkcs8.as_ref()[26..])
});

pub(crate) struct TestApp {
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) token: String,
    handle: StopHandle,
    pub(crate) database: TestDatabase,
    folder: TempDir,
}

/// What came back.
#[derive(Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.bytes))
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// What a server has sent before it hung up.
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|end| end == b"\r\n\r\n").expect("a head");
        let head = str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap())
        };
        Self { status, headers: lines.map(header).collect(), bytes: bytes[end + 4..].to_vec() }
    }

    /// The messages of an error, after a check that all items have the same code.
    pub(crate) fn messages(&self, status: u16, code: &str) -> Vec<String> {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        let errors = self.json()["errors"].as_array().expect("errors").clone();
        assert!(!errors.is_empty());
        let message = |item: &Value| {
            assert_eq!(item["error"]["code"], code);
            item["error"]["message"].as_str().expect("a message").to_owned()
        };
        errors.iter().map(message).collect()
    }

    /// The messages of a 400.
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.messages(400, "MCUS.999.998")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The `id` of something that was created.
    pub(crate) fn id(&self) -> String {
        assert!(matches!(self.status, 200 | 201), "{self:?}");
        self.json()["id"].as_str().unwrap().to_owned()
    }
}

impl TestApp {
    /// A service with further settings, as they would stand in `default.toml`: keys of `database` like
    /// `database.max_connections = 1`, and whole tables, none of them `[server]`, `[database]` or `[auth]`.
    pub(crate) async fn start_with(engine: Engine, settings: &str) -> Self {
        Self::start_with_keys(engine, settings, &jwks_document()).await
    }

    /// A service whose identity provider has other keys.
    pub(crate) async fn start_with_keys(engine: Engine, settings: &str, keys: &Value) -> Self {
        let database = TestDatabase::create(engine).await;
        let folder = TempDir::new().unwrap();
        let jwks = folder.path().join("jwks.json");
        fs::write(&jwks, keys.to_string()).unwrap();
        let outbox = if settings.contains("[outbox]") { "" } else { "outbox.poll_ms = 50\n" };
        let own = format!(
            "data_dir = {:?}\n\
             server = {{ port = 0, workers = 1, public_url = {PUBLIC_URL:?} }}\n\
             database.url = {:?}\n\
             {outbox}\
             auth.jwks = {jwks:?}\nauth.issuer = {ISSUER:?}\nauth.audience = {AUDIENCE:?}\n{settings}",
            folder.path(),
            database.url(),
        );
        fs::write(folder.path().join("default.toml"), own).unwrap();

        let clock = Arc::new(FixedClock::default());
        let world = World { clock: clock.clone(), ids: Arc::new(SequentialIds::default()) };
        let settings = Settings::load(folder.path()).unwrap();
        assert_eq!(
            settings.database_url(),
            database.url(),
            "the environment must not lead to another database"
        );
        let application = Application::build(&settings, world).await.unwrap();
        let (url, handle) = (format!("http://{}", application.address()), application.handle());
        tokio::spawn(application.run_until_stopped());
        let token = token(&["telco"], &["API_KEY"]);
        let client = Client::builder().no_proxy().build().unwrap();
        Self { url, client, clock, token, handle, database, folder }
    }

    /// A request to the organisation `telco` by someone who may do everything.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_as(&self.token, method, &format!("/v4/orgs/telco{path}"))
    }

    /// A request to any path with any token.
    pub(crate) fn request_as(&self, token: &str, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(token)
    }

    /// A second way to the same database, for what only an import can bring.
    pub(crate) async fn store(&self) -> SqlStore {
        let timeout = Duration::from_secs(5);
        let options = persistence::Options {
            url: self.database.url().to_owned(),
            max_connections: 1,
            statement_timeout: timeout,
            acquire_timeout: timeout,
        };
        SqlStore::connect(&options).await.unwrap()
    }

    /// The folder of its settings.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The documents of the service, for what only an import can bring. The key that signs URLs is another one.
    pub(crate) fn documents(&self) -> LocalFolder {
        self.documents_signed_by(b"of a stranger")
    }

    /// The documents of the service, with its own key.
    pub(crate) fn own_documents(&self) -> LocalFolder {
        self.documents_signed_by(&fs::read(self.folder.path().join("document-signing-key")).unwrap())
    }

    fn documents_signed_by(&self, key: &[u8]) -> LocalFolder {
        let base_url = format!("{PUBLIC_URL}/v4/documents");
        LocalFolder::new(self.folder.path().join("documents"), base_url, SigningKey::new(key))
    }

    /// Brings a document, as an import would.
    pub(crate) async fn put_document(&self, org: &OrgId, key: &str, bytes: &[u8]) {
        let source = self.folder.path().join("source");
        fs::write(&source, bytes).unwrap();
        self.documents().put(org, &key.parse().unwrap(), &source).await.unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// Sends bytes as they are, and hangs up after the answer; for what a client library would put right or refuse.
    pub(crate) async fn raw(&self, head: &str, body: &[u8]) -> Answer {
        let address = self.url.trim_start_matches("http://").to_owned();
        let mut request = format!("{head}\r\nHost: {address}\r\nConnection: close\r\n\r\n").into_bytes();
        request.extend_from_slice(body);
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.write_all(&request).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            Answer::read(&answer)
        })
        .await
        .unwrap()
    }

    /// What a GET shows once it is as wanted; the workers of the service are at it meanwhile.
    pub(crate) async fn eventually(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..500 {
            last = self.get(path).await.json();
            if wanted(&last) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} never came to be as wanted: {last}")
    }

    /// Registers a private customer with this NIF and returns its id.
    pub(crate) async fn private_customer(&self, nif: &str) -> String {
        self.post("/customers", &private_customer(nif)).await.id()
    }

    /// Opens an account of a customer, paid by bank transfer, and returns its id.
    pub(crate) async fn account(&self, customer: &str) -> String {
        self.post(&format!("/customers/{customer}/accounts"), &new_account()).await.id()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // The command is sent at once; nobody waits for it to be carried out.
        drop(self.handle.stop(false));
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
}

/// The key set of the identity provider.
pub(crate) fn jwks_document() -> Value {
    let mut jwk = Jwk::from_encoding_key(&RSA, Algorithm::RS256).unwrap();
    jwk.common.key_id = Some("test".to_owned());
    serde_json::to_value(JwkSet { keys: vec![jwk] }).unwrap()
}

/// What a valid token says.
pub(crate) fn claims(organisations: &[&str], roles: &[&str]) -> Value {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let tenants: Vec<Value> = organisations.iter().map(|org| json!({ "org": org })).collect();
    json!({
        "sub": "tester", "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 600,
        "roles": roles.join(" "), "tenants_translation": tenants,
    })
}

/// A token signed by the identity provider.
pub(crate) fn sign(claims: &Value) -> String {
    let header = Header { kid: Some("test".to_owned()), ..Header::new(Algorithm::RS256) };
    encode(&header, claims, &RSA).unwrap()
}

pub(crate) fn token(organisations: &[&str], roles: &[&str]) -> String {
    sign(&claims(organisations, roles))
}

/// The published example of a private customer, with another NIF.
pub(crate) fn private_customer(nif: &str) -> Value {
    json!({
        "type": "PRIVATE_CUSTOMER",
        "preferred_language": "es",
        "segment": "CONSUMER",
        "contact_info": contact_info(),
        "personal_info": {
            "identity_document": { "number": nif, "type": "NIF" },
            "name": "Antonio",
            "first_surname": "Benavente",
            "second_surname": "Blanco",
            "gender": "MALE",
            "nationality": "ES",
            "birthdate": "2022-01-01"
        }
    })
}

pub(crate) fn contact_info() -> Value {
    json!({
        "phone_numbers": [{ "country_code": "+34", "number": "615667898", "type": "MOBILE", "is_default": true }],
        "emails": [{ "email": "email@example.com", "is_default": true }],
        "postal_address": address()
    })
}

pub(crate) fn address() -> Value {
    json!({
        "address_lines": ["Calle Mayor 2, 3º A"],
        "postal_code": "28039",
        "locality": "Fuenlabrada",
        "administrative_area": "Madrid",
        "region_code": "ES"
    })
}

/// A company in this segment, with a representative.
pub(crate) fn company(segment: &str, kind: &str, number: &str) -> Value {
    json!({
        "type": "CORPORATE_CUSTOMER",
        "preferred_language": "ca",
        "segment": segment,
        "contact_info": contact_info(),
        "company_info": {
            "identity_document": { "number": number, "type": kind },
            "legal_name": "Ejemplo, S.A.",
            "founding_date": "1990-01-01",
            "associated_users": [representative("12345678Z")]
        }
    })
}

pub(crate) fn representative(nif: &str) -> Value {
    json!({
        "identity_document": { "number": nif, "type": "NIF" },
        "role": "AUTHORIZED_REPRESENTATIVE",
        "name": "John",
        "first_surname": "Doe",
        "second_surname": "Smith",
        "nationality": "ES"
    })
}

pub(crate) fn digital_customer(email: &str) -> Value {
    json!({
        "type": "DIGITAL_CUSTOMER",
        "preferred_language": "en",
        "digital_personal_info": {
            "name": "Ada",
            "first_surname": "Lovelace",
            "email": email,
            "mobile_phone_number": { "country_code": "+34", "number": "615667898" }
        }
    })
}

/// A POSTPAID account paid by bank transfer, without an address of its own.
pub(crate) fn new_account() -> Value {
    json!({ "modality": "POSTPAID", "payment_method": { "type": "BANK_TRANSFER", "details": {} } })
}

/// The published example of a promotion, which is pending.
pub(crate) fn promotion() -> Value {
    json!({ "promotion_id": 2064, "start_date": "2026-09-01", "end_date": "2027-03-01" })
}

/// A direct debit from the published IBAN.
pub(crate) fn direct_debit() -> Value {
    json!({ "type": "DIRECT_DEBIT", "details": { "iban": "ES7921000813610123456789" } })
}
