//! The operations of identification processes, and their documents.

use application::ports::{DocumentStore, Store};
use domain::{IdentificationProcess, StoredDocument};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::contract::document_store::{self, Fetched};
use testkit::fixtures::{
    NOW, identification_process, identification_process_id, nif, org, scope, stored_document, text,
};
use time::Duration;

use crate::test_app::{Answer, PUBLIC_URL, TestApp, on_every_engine, send};

/// A UUID that nothing has.
const UNKNOWN_ID: &str = "01950000-0000-7fff-8000-00000000ffff";
const UNKNOWN: &str = "MCUS.999.997";
const FORBIDDEN: &str = "MCUS.999.995";
const PDF: &[u8] = b"%PDF-1.7 \x00\xff\r\n";

/// Brings a process, as an import would.
pub(crate) async fn import(app: &TestApp, process: &IdentificationProcess) {
    let store = app.store().await;
    let mut work = store.begin(&scope()).await.unwrap();
    work.identification_processes().insert(process).await.unwrap();
    work.commit(NOW, &[]).await.unwrap();
}

/// A customer with the process `n` and its document.
async fn identified(app: &TestApp, n: u32) -> String {
    let customer = app.private_customer(&nif(n)).await;
    let process = identification_process(n, customer.parse().unwrap());
    app.put_document(&org(), process.document.key.as_str(), PDF).await;
    import(app, &process).await;
    customer
}

async fn process(app: &TestApp, customer: &str, n: u32) -> Answer {
    let id = identification_process_id(n);
    app.get(&format!("/customers/{customer}/identification-processes/{id}")).await
}

/// The URL of a document, without where the service is reached.
async fn url(app: &TestApp, customer: &str, n: u32) -> String {
    let answer = process(app, customer, n).await.json();
    let url = answer["document"]["public_url"].as_str().unwrap();
    url.strip_prefix(PUBLIC_URL).unwrap().to_owned()
}

/// Asks for a document without a token.
async fn fetch(app: &TestApp, url: &str) -> Answer {
    send(app.client.get(format!("{}{url}", app.url))).await
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.messages(403, FORBIDDEN), ["The URL is not valid, or has expired"]);
}

/// The three parts of a URL.
fn parts(url: &str) -> [String; 3] {
    let (token, query) = url.strip_prefix("/v4/documents/").unwrap().split_once("?expires=").unwrap();
    let (expires, signature) = query.split_once("&signature=").unwrap();
    [token, expires, signature].map(ToOwned::to_owned)
}

fn joined([token, expires, signature]: &[String; 3]) -> String {
    format!("/v4/documents/{token}?expires={expires}&signature={signature}")
}

on_every_engine! {
    async fn processes_look_as_published(app: TestApp) {
        let customer = identified(&app, 1).await;
        let answer = process(&app, &customer, 1).await.json();
        let public_url = answer["document"]["public_url"].as_str().unwrap();
        assert!(public_url.starts_with(&format!("{PUBLIC_URL}/v4/documents/")), "{public_url}");
        assert_eq!(answer, json!({
            "process_id": identification_process_id(1).to_string(),
            "process_date": "2026-03-14T10:30:00.123Z",
            "document": {
                "url_expiration_date": "2026-03-14T10:35:00Z",
                "public_url": public_url,
                "media_type": "application/pdf",
                "name": "my_id_document.pdf",
                "type": "NIF",
                "size_bytes": 123_456
            }
        }));
    }

    async fn processes_are_listed_newest_first(app: TestApp) {
        let (customer, other) = (app.private_customer(&nif(1)).await, app.private_customer(&nif(2)).await);
        let path = format!("/customers/{customer}/identification-processes");
        assert_eq!(app.get(&path).await.json(), json!({ "processes": [] }));
        for (n, step) in [(1, 0), (2, 2), (3, 1), (4, 2)] {
            let process_date = NOW.truncate_to_second() + Duration::seconds(step);
            let process = identification_process(n, customer.parse().unwrap());
            import(&app, &IdentificationProcess { process_date, ..process }).await;
        }
        import(&app, &identification_process(9, other.parse().unwrap())).await;
        let entry = |n, date: &str| json!({
            "process_id": identification_process_id(n).to_string(), "process_date": date
        });
        let expected = json!({ "processes": [
            entry(4, "2026-03-14T10:30:02Z"), entry(2, "2026-03-14T10:30:02Z"),
            entry(3, "2026-03-14T10:30:01Z"), entry(1, "2026-03-14T10:30:00Z"),
        ] });
        assert_eq!(app.get(&path).await.json(), expected);
        assert_eq!(app.delete(&format!("/customers/{customer}")).await.status, 204);
        assert_eq!(app.get(&path).await.json(), expected, "of an ended customer");
    }

    async fn what_is_not_there_is_unknown(app: TestApp) {
        let (customer, other) = (identified(&app, 1).await, identified(&app, 2).await);
        process(&app, &customer, 2).await.messages(404, UNKNOWN);
        process(&app, &other, 1).await.messages(404, UNKNOWN);
        process(&app, UNKNOWN_ID, 1).await.messages(404, UNKNOWN);
        process(&app, &customer, 3).await.messages(404, UNKNOWN);
        app.get(&format!("/customers/{UNKNOWN_ID}/identification-processes")).await.messages(404, UNKNOWN);
        for (path, wrong) in [
            ("/customers/1/identification-processes/x".to_owned(), &["customer_id", "identification_process_id"][..]),
            ("/customers/x/identification-processes".to_owned(), &["customer_id"]),
            (format!("/customers/{customer}/identification-processes?page=1"), &["page"]),
        ] {
            let messages = app.get(&path).await.refusals();
            let paths: Vec<_> = messages.iter().map(|message| message.split(": ").next().unwrap()).collect();
            assert_eq!(paths, wrong);
        }
        assert_eq!(app.delete(&format!("/customers/{customer}")).await.status, 204);
        assert_eq!(process(&app, &customer, 1).await.status, 200, "of an ended customer");
    }

    async fn the_url_gives_the_document(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        let own = identification_process(1, customer.parse().unwrap());
        let name = text("Carné \"de\" Ñuño; a=b/..\\日本.pdf");
        let document = StoredDocument { name, media_type: "text/html".parse().unwrap(), ..own.document.clone() };
        app.put_document(&org(), document.key.as_str(), PDF).await;
        import(&app, &IdentificationProcess { document, ..own }).await;
        let url = url(&app, &customer, 1).await;
        let answer = fetch(&app, &url).await;
        assert_eq!((answer.status, &*answer.bytes), (200, PDF));
        for (name, value) in [
            ("content-type", "text/html"),
            ("content-length", "13"),
            ("content-disposition", "attachment; filename*=UTF-8''Carn%C3%A9%20%22de%22%20%C3%91u%C3%B1o%3B%20a%3Db%2F..%5C%E6%97%A5%E6%9C%AC.pdf"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value));
        }
        assert!(answer.header("x-request-id").is_some() && answer.header("transfer-encoding").is_none());

        let head = send(app.client.request(Method::HEAD, format!("{}{url}", app.url))).await;
        assert_eq!((head.status, &*head.bytes), (200, b"" as &[u8]));
        for name in ["content-type", "content-length", "content-disposition"] {
            assert_eq!(head.header(name), answer.header(name), "{name}");
        }
        // No more than the head, and not a connection that has lost its place.
        let raw = app.raw(&format!("HEAD {url} HTTP/1.1"), b"").await;
        assert_eq!((raw.status, &*raw.bytes), (200, b"" as &[u8]));
    }

    async fn a_url_works_until_it_expires(app: TestApp) {
        let customer = identified(&app, 1).await;
        let url = url(&app, &customer, 1).await;
        let expires_at = NOW.truncate_to_second() + Duration::minutes(5);
        for (now, status) in [
            (NOW, 200),
            (expires_at - Duration::MICROSECOND, 200),
            (expires_at, 403),
            (expires_at + Duration::DAY, 403),
        ] {
            app.clock.set(now);
            assert_eq!(fetch(&app, &url).await.status, status, "{now}");
        }
        assert_refused(&fetch(&app, &url).await);
        let again = process(&app, &customer, 1).await.json();
        assert_eq!(again["document"]["url_expiration_date"], "2026-03-15T10:40:00Z");
        let fresh = again["document"]["public_url"].as_str().unwrap().strip_prefix(PUBLIC_URL).unwrap();
        assert_eq!(fetch(&app, fresh).await.bytes, PDF);
    }

    async fn a_url_that_was_tampered_with_is_refused(app: TestApp) {
        let customer = identified(&app, 1).await;
        let own = parts(&url(&app, &customer, 1).await);
        for part in 0..3 {
            for at in 0..own[part].len() {
                let mut changed = own.clone();
                let other = if &own[part][at..=at] == "1" { "0" } else { "1" };
                changed[part].replace_range(at..=at, other);
                assert_refused(&fetch(&app, &joined(&changed)).await);
            }
            let mut empty = own.clone();
            empty[part].clear();
            let answer = fetch(&app, &joined(&empty)).await;
            assert_eq!(answer.status, if part == 0 { 404 } else { 403 });
        }
        let [token, expires, signature] = &own;
        let later = expires.parse::<i64>().unwrap() + 86_400;
        for query in [
            String::new(),
            format!("?expires={expires}"),
            format!("?signature={signature}"),
            format!("?expires={later}&signature={signature}"),
            format!("?expires=0{expires}&signature={signature}"),
            format!("?expires=%2B{expires}&signature={signature}"),
            format!("?expires={expires}&signature={}", signature.to_uppercase()),
            format!("?expires={expires}&signature={}", &signature[..62]),
            format!("?expires={expires}&expires={later}&signature={signature}"),
            format!("?expires={expires}&signature={signature}&name=x"),
            format!("?expires={expires}&signature=%ff"),
        ] {
            assert_refused(&fetch(&app, &format!("/v4/documents/{token}{query}")).await);
        }
        let turned = format!("/v4/documents/{token}?signature={signature}&expires={expires}");
        assert_eq!(fetch(&app, &turned).await.bytes, PDF);
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let answer = send(app.client.request(method, format!("{}{}", app.url, joined(&own)))).await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
        }
    }

    async fn a_url_is_good_for_its_own_document_only(app: TestApp) {
        let (first, second) = (identified(&app, 1).await, identified(&app, 2).await);
        let (own, other) = (parts(&url(&app, &first, 1).await), parts(&url(&app, &second, 2).await));
        for part in [0, 2] {
            let mut mixed = own.clone();
            mixed[part].clone_from(&other[part]);
            assert_refused(&fetch(&app, &joined(&mixed)).await);
        }
        // The same document of another organisation, signed with a key that is not this service's.
        let key = stored_document(&identification_process_id(1).to_string());
        let foreign = app.documents().signed_url(&org(), &key, NOW + Duration::HOUR).await.unwrap();
        assert_refused(&fetch(&app, foreign.strip_prefix(PUBLIC_URL).unwrap()).await);
    }

    async fn no_path_leads_out_of_the_folder(app: TestApp) {
        let customer = identified(&app, 1).await;
        let [_, expires, signature] = parts(&url(&app, &customer, 1).await);
        for token in [
            "..", ".", "%2e%2e", "%2E%2E%2F%2E%2E", "..%2f..%2fjwks.json", "..%5c..%5cjwks.json", "%252e%252e%252f",
            "%2fetc%2fpasswd", "/etc/passwd", "telco", "telco/../../jwks.json", "%00", "%c0%ae%c0%ae", "%u002e", "~",
        ] {
            let path = format!("/v4/documents/{token}?expires={expires}&signature={signature}");
            let answer = app.raw(&format!("GET {path} HTTP/1.1"), b"").await;
            assert!(matches!(answer.status, 400 | 403 | 404), "{token} {answer:?}");
            assert!(!String::from_utf8_lossy(&answer.bytes).contains("keys"), "{token}");
        }
    }

    async fn a_document_that_is_gone_is_unknown(app: TestApp) {
        let customer = app.private_customer(&nif(1)).await;
        import(&app, &identification_process(1, customer.parse().unwrap())).await;
        fetch(&app, &url(&app, &customer, 1).await).await.messages(404, UNKNOWN);
        let path = url(&app, &customer, 1).await;
        let head = send(app.client.request(Method::HEAD, format!("{}{path}", app.url))).await;
        assert_eq!(head.status, 404);
    }

    async fn the_document_store_keeps_its_promises(app: TestApp) {
        let fetch = async |url: String| {
            let answer = fetch(&app, url.strip_prefix(PUBLIC_URL).unwrap()).await;
            Fetched {
                is_refused: answer.status == 403,
                media_type: answer.header("content-type").map(ToOwned::to_owned),
                bytes: (answer.status == 200).then_some(answer.bytes),
            }
        };
        let documents = app.own_documents();
        document_store::documents_come_back_byte_for_byte(&documents, NOW, fetch).await;
        document_store::a_document_is_replaced(&documents, NOW, fetch).await;
        document_store::organisations_do_not_share_documents(&documents, NOW, fetch).await;
        document_store::a_url_that_has_expired_is_refused(&documents, NOW, fetch).await;
    }
}

/// Reads an answer without keeping it.
async fn count(app: &TestApp, url: &str) -> u64 {
    let mut response = app.client.get(format!("{}{url}", app.url)).send().await.unwrap();
    let mut count = 0;
    while let Some(chunk) = response.chunk().await.unwrap() {
        count += chunk.len() as u64;
    }
    count
}

#[tokio::test]
async fn a_large_document_comes_whole_and_others_are_served_meanwhile() {
    const SIZE: u64 = 50 * 1024 * 1024;
    let app = TestApp::start_with(testkit::Engine::Sqlite, "").await;
    let customer = identified(&app, 1).await;
    let url = url(&app, &customer, 1).await;
    let folder = tempfile::TempDir::new().unwrap();
    let source = folder.path().join("large");
    std::fs::File::create(&source).unwrap().set_len(SIZE).unwrap();
    let key = identification_process_id(1).to_string().parse().unwrap();
    app.documents().put(&org(), &key, &source).await.unwrap();
    // Its reader has paused: the one worker of the service has others to answer.
    let mut paused = app.client.get(format!("{}{url}", app.url)).send().await.unwrap();
    assert!(paused.chunk().await.unwrap().is_some());
    for _ in 0..20 {
        assert_eq!(process(&app, &customer, 1).await.status, 200);
    }
    assert_eq!(count(&app, &url).await, SIZE);
}

#[tokio::test]
async fn the_lifetime_of_urls_is_a_setting() {
    let app = TestApp::start_with(testkit::Engine::Sqlite, "[documents]\nurl_ttl_s = 10").await;
    let customer = identified(&app, 1).await;
    let answer: Value = process(&app, &customer, 1).await.json();
    assert_eq!(answer["document"]["url_expiration_date"], "2026-03-14T10:30:10Z");
}
