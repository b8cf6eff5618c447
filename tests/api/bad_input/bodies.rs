//! Whole bodies, content types, queries and ids in paths.

use reqwest::Method;
use serde_json::json;
use testkit::fixtures::nif;

use super::World;
use crate::test_app::{Answer, TestApp, on_every_engine, send, token};

const LIMIT: usize = 256 * 1024;
const BAD: &str = "MCUS.999.998";
const TOO_LARGE: &str = "MCUS.999.992";
const NOT_JSON: &str = "MCUS.999.991";

async fn patch(
    app: &TestApp,
    id: &str,
    content_type: Option<&str>,
    body: impl Into<reqwest::Body>,
) -> Answer {
    let request = app.request(Method::PATCH, &format!("/customers/{id}")).body(body);
    send(match content_type {
        Some(content_type) => request.header("content-type", content_type),
        None => request,
    })
    .await
}

/// The same without a `Content-Length`.
async fn patch_in_chunks(app: &TestApp, id: &str, body: &[u8]) -> Answer {
    let head = format!(
        "PATCH /v4/orgs/telco/customers/{id} HTTP/1.1\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked",
        app.token
    );
    let mut chunks = Vec::new();
    for chunk in body.chunks(40_000) {
        chunks.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        chunks.extend_from_slice(chunk);
        chunks.extend_from_slice(b"\r\n");
    }
    chunks.extend_from_slice(b"0\r\n\r\n");
    app.raw(&head, &chunks).await
}

/// An object of that many bytes, right but for an unknown property.
fn of_size(bytes: usize) -> Vec<u8> {
    let start = br#"{"unknown":1"#;
    [start, &*vec![b' '; bytes - start.len() - 1], b"}"].concat()
}

fn nested(open: &str, close: &str, levels: usize) -> String {
    format!(r#"{{"unknown":{}1{}}}"#, open.repeat(levels - 1), close.repeat(levels - 1))
}

on_every_engine! {
    async fn a_body_is_one_json_object(app: TestApp) {
        let id = app.private_customer(&nif(1)).await;
        let before = app.get(&format!("/customers/{id}")).await.json();
        let right = r#"{"preferred_language":"gl"}"#;
        let object = "The body must be a JSON object";
        let json = "The body is not valid JSON";
        let cases: [(Vec<u8>, &str); 28] = [
            (b"".into(), json), (b" \n".into(), json), (b"{".into(), json), (b"{}{}".into(), json), (b"'{}'".into(), json),
            (b"null".into(), object), (b"[]".into(), object), (b"[{\"preferred_language\":\"gl\"}]".into(), object),
            (b"\"{}\"".into(), object), (b"7".into(), object), (b"true".into(), object),
            (format!("{right}x").into(), json), (format!("{right} {right}").into(), json), (format!("{right},").into(), json),
            (format!("{right}\0").into(), json), (format!("/* */{right}").into(), json), (format!("\u{feff}{right}").into(), json),
            (b"{\"preferred_language\":\"gl\",}".into(), json), (b"{preferred_language:\"gl\"}".into(), json),
            (b"{\"preferred_language\":\"g\xff\"}".into(), "The body is not valid UTF-8"),
            (b"{\"preferred_language\":\"\xc0\xae\"}".into(), "The body is not valid UTF-8"),
            (b"{\"preferred_language\":\"\xed\xa0\x80\"}".into(), "The body is not valid UTF-8"),
            (br#"{"preferred_language":"\ud800"}"#.into(), json), (br#"{"preferred_language":"\udc00\ud800"}"#.into(), json),
            (b"{\"preferred_language\":\"g\nl\"}".into(), json), (br#"{"preferred_language":"\x67l"}"#.into(), json),
            (right.encode_utf16().flat_map(u16::to_le_bytes).collect(), json), (b"\xff\xfe{\0}\0".into(), "The body is not valid UTF-8"),
        ];
        for (body, message) in cases {
            let answer = patch(&app, &id, Some("application/json"), body.clone()).await;
            let messages = answer.refusals();
            assert!(messages.len() == 1 && messages[0].starts_with(message), "{body:?} {messages:?}");
        }
        assert_eq!(app.get(&format!("/customers/{id}")).await.json(), before);
    }

    async fn numbers_of_any_size_are_only_numbers(app: TestApp) {
        let id = app.private_customer(&nif(1)).await;
        let digits = "9".repeat(10_000);
        for number in ["-0", "1e308", "99999999999999999999999999", "0.1e-400", "-9223372036854775809", &digits, "1e400", "-1e99999"] {
            let body = format!(r#"{{"preferred_language":{number}}}"#);
            let messages = patch(&app, &id, Some("application/json"), body).await.refusals();
            let known = ["preferred_language: must be a string", "The body is not valid JSON"];
            assert!(known.iter().any(|known| messages[0].starts_with(known)), "{messages:?}");
        }
    }

    async fn nesting_ends_at_32_levels(app: TestApp) {
        let id = app.private_customer(&nif(1)).await;
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let deep = async |levels| patch(&app, &id, Some("application/json"), nested(open, close, levels)).await;
            assert_eq!(deep(32).await.refusals(), ["unknown: is not a known property"]);
            for levels in [33, 128, 129, 1000, 20_000] {
                assert_eq!(deep(levels).await.refusals(), ["The body is nested deeper than 32 levels"]);
            }
        }
        for levels in [100_000, 250_000] {
            let answer = patch(&app, &id, Some("application/json"), "[".repeat(levels)).await;
            assert_eq!(answer.refusals(), ["The body is nested deeper than 32 levels"]);
        }
    }

    async fn a_body_has_at_most_256_kib(app: TestApp) {
        let id = app.private_customer(&nif(1)).await;
        for (size, status, code) in
            [(LIMIT - 1, 400, BAD), (LIMIT, 400, BAD), (LIMIT + 1, 413, TOO_LARGE), (257 * 1024, 413, TOO_LARGE), (1024 * 1024, 413, TOO_LARGE)]
        {
            patch(&app, &id, Some("application/json"), of_size(size)).await.messages(status, code);
            patch_in_chunks(&app, &id, &of_size(size)).await.messages(status, code);
        }
    }

    async fn only_json_is_read(app: TestApp) {
        let id = app.private_customer(&nif(1)).await;
        let body = r#"{"preferred_language":"gl"}"#;
        for right in [
            "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON",
            "application/merge-patch+json", "application/vnd.example+json; v=1",
        ] {
            assert_eq!(patch(&app, &id, Some(right), body).await.status, 204, "{right}");
        }
        for wrong in [
            None, Some(""), Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("multipart/form-data"),
            Some("application/jsonx"), Some("application/json5"), Some("application/xml"), Some("text/json"), Some("json"),
            Some("application/json-patch"), Some("application/"), Some("*/*"), Some("text/plain; x=application/json"),
        ] {
            patch(&app, &id, wrong, body).await.messages(415, NOT_JSON);
        }
    }

    async fn the_checks_have_an_order(app: TestApp) {
        let id = app.private_customer(&nif(1)).await;
        let unknown = "0196ffff-0000-7000-8000-000000000001";
        let (large, garbage) = ("x".repeat(LIMIT + 1), "x");
        let (none, poor) = (String::new(), token(&["telco"], &["CUSTOMER_READ"]));
        let (other, good) = (token(&["other"], &["API_KEY"]), app.token.clone());
        let cases = [
            (&none, &id, "text/plain", &*large, 401), (&none, &id, "application/json", garbage, 401),
            (&poor, &id, "text/plain", &*large, 403), (&other, &id, "application/json", garbage, 403),
            (&good, &id, "text/plain", &*large, 415), (&good, &id, "text/plain", garbage, 415),
            (&good, &id, "application/json", &*large, 413), (&good, &id, "application/json", garbage, 400),
            (&good, &unknown.to_owned(), "text/plain", garbage, 415), (&good, &unknown.to_owned(), "application/json", &*large, 413),
            (&good, &unknown.to_owned(), "application/json", garbage, 400), (&good, &unknown.to_owned(), "application/json", "{}", 400),
            (&good, &unknown.to_owned(), "application/json", r#"{"preferred_language":"gl"}"#, 404),
            (&good, &"1".to_owned(), "text/plain", garbage, 415), (&good, &"1".to_owned(), "application/json", "{}", 400),
        ];
        for (token, id, content_type, body, status) in cases {
            let path = format!("/v4/orgs/telco/customers/{id}");
            let request = app.request_as(token, Method::PATCH, &path).header("content-type", content_type);
            let answer = send(request.body(body.to_owned())).await;
            assert_eq!(answer.status, status, "{id} {content_type} {}", body.len());
        }
    }

    async fn queries_are_strict(app: TestApp) {
        let world = World::create(&app).await;
        let (search, garbled) = ("/customers/search", "The query cannot be understood");
        let cases = [
            (format!("{search}?identity_document=1&unknown=1"), "unknown: is not a known property"),
            (format!("{search}?email=a@example.com&email=a@example.com"), "email: is given more than once"),
            (format!("{search}?identity_document=1&identity_document=1"), "identity_document: is given more than once"),
            (format!("{search}?email=a@example.com&EMAIL=a"), "EMAIL: is not a known property"),
            (format!("{search}?email=a@example.com&=x"), "(a property): is not a known property"),
            (format!("{search}?email=%zz"), garbled), (format!("{search}?email=%"), garbled), (format!("{search}?email=%4"), garbled),
            (format!("{search}?email=%+1"), garbled), (format!("{search}?email=%ff"), garbled), (format!("{search}?email=%c3%28"), garbled),
            (format!("{search}?%ff=1"), garbled), (format!("{search}?email=%ed%a0%80"), garbled),
            (format!("{search}?identity_document=a%00b"), "identity_document: must not contain control characters"),
            (format!("{search}?identity_document=%20"), "identity_document: must not be blank"),
            (format!("{search}?email=a%00b@example.com"), "email: not an e-mail address"),
            (format!("{search}?email=&identity_document=1"), "email: not an e-mail address"),
            (format!("{search}?identity_document=1&identity_document_type=X"), "identity_document_type: must be one of"),
            (format!("/customers/{}?expand=all", world.private), "expand: is not a known property"),
            (format!("/customers/{}/accounts?limit=1", world.private), "limit: is not a known property"),
            (format!("/accounts/{}/billing-address?from=2026-1-1", world.account), "from: must be a date"),
            (format!("/accounts/{}/billing-address?to=2026-02-30", world.account), "to: must be a date"),
            (format!("/accounts/{}/billing-address?to=", world.account), "to: must be a date"),
        ];
        for (path, message) in cases {
            let head = format!("GET /v4/orgs/telco{path} HTTP/1.1\r\nAuthorization: Bearer {}", app.token);
            let messages = app.raw(&head, b"").await.refusals();
            assert!(messages[0].starts_with(message), "{path} {messages:?}");
        }
        for path in [format!("/customers/{}?", world.private), format!("/customers/{}?&", world.private)] {
            assert_eq!(app.get(&path).await.status, 200, "{path}");
        }
        let head = format!("GET /v4/orgs/telco{search}?identity%5Fdocument=%30+{} HTTP/1.1\r\nAuthorization: Bearer {}", &nif(1)[1..], app.token);
        assert_eq!(app.raw(&head, b"").await.status, 200, "escapes are read");
        let changed = send(app.request(Method::DELETE, &format!("/customers/{}?force=true", world.digital))).await;
        assert_eq!(changed.refusals(), ["force: is not a known property"]);
    }

    async fn ids_in_paths_are_uuids(app: TestApp) {
        let world = World::create(&app).await;
        let plain = world.private.replace('-', "");
        let cut = &world.private[..35];
        let (braced, urn) = (format!("%7B{}%7D", world.private), format!("urn:uuid:{}", world.private));
        let odd = format!("{}%00", world.private);
        for id in ["1", "x", "-1", "null", "%00", "%ff", "%2F", "a%2Fb", "'", "%27%20OR%201=1--", "*", &plain, cut, &braced, &urn, &odd, &"x".repeat(4000)] {
            for (path, name) in [
                (format!("/customers/{id}"), "customer_id"), (format!("/customers/{id}/accounts"), "customer_id"),
                (format!("/accounts/{id}"), "account_id"), (format!("/accounts/{id}/invoice-recipient"), "account_id"),
                (format!("/customers/{}/accounts/{id}/available-payment-methods", world.private), "account_id"),
            ] {
                let head = format!("GET /v4/orgs/telco{path} HTTP/1.1\r\nAuthorization: Bearer {}", app.token);
                let messages = app.raw(&head, b"").await.refusals();
                assert_eq!(messages, [format!("{name}: must be a UUID")], "{path}");
            }
        }
        let both = app.delete("/customers/1/accounts/2").await.refusals();
        assert_eq!(both, ["customer_id: must be a UUID", "account_id: must be a UUID"]);
        assert_eq!(app.get(&format!("/customers/{}", world.private.to_uppercase())).await.status, 200);
    }

    async fn an_id_is_not_taken_for_a_card_number(app: TestApp) {
        for id in ["0196ffff-0000-7000-8000-000000000010", "41111111-1111-7111-8111-111111111111", "0196ffff-4111-7111-8111-000000000000"] {
            for last in 0..10 {
                let id = format!("{}{last}", &id[..35]);
                for path in [format!("/customers/{id}"), format!("/accounts/{id}")] {
                    assert_eq!(app.get(&path).await.status, 404, "{path}");
                }
            }
        }
    }

    async fn bodies_of_reads_and_deletions_are_not_looked_at(app: TestApp) {
        let id = app.private_customer(&nif(1)).await;
        let request = |method| app.request(method, &format!("/customers/{id}")).json(&json!({ "unknown": 1 }));
        assert_eq!(send(request(Method::GET)).await.status, 200);
        assert_eq!(send(request(Method::DELETE)).await.status, 204);
    }
}
