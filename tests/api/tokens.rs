//! What makes a token valid, and everything that must not.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use http_api::{Jwks, JwksError};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::Engine;

use crate::test_app::{
    AUDIENCE, ISSUER, RSA, TestApp, claims, jwks_document, on_every_engine, send, sign, token,
};

/// Answered with 404 to everybody who may read there, and with 401 to those whose token is no good.
const PATH: &str = "/customers/0196ffff-0000-7000-8000-000000000001";

static ES256: LazyLock<EncodingKey> = LazyLock::new(|| {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EncodingKey::from_ec_der(key.as_ref())
});

static ED25519: LazyLock<EncodingKey> = LazyLock::new(|| {
    // Version 1, without the public key: what the maker of the JWK takes.
    EncodingKey::from_ed_der(Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap().as_ref())
});

const URL_SAFE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 without padding (RFC 4648, section 5).
fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
        for at in 0..=chunk.len() {
            text.push(char::from(URL_SAFE[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
    text
}

/// A token with any header; its algorithm is what `signer` signs with, whatever the header says.
fn forge(header: &Value, claims: &Value, signer: Option<(&EncodingKey, Algorithm)>) -> String {
    let message = [header, claims].map(|part| base64url(part.to_string().as_bytes())).join(".");
    let signature = signer.map(|(key, algorithm)| crypto::sign(message.as_bytes(), key, algorithm).unwrap());
    format!("{message}.{}", signature.unwrap_or_default())
}

fn header(algorithm: &str) -> Value {
    json!({ "alg": algorithm, "kid": "test", "typ": "JWT" })
}

fn good() -> Value {
    claims(&["telco"], &["API_KEY"])
}

/// The usual claims but for one; `null` leaves it out.
fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    if claims[name].is_null() {
        claims.as_object_mut().unwrap().remove(name);
    }
    claims
}

async fn status(app: &TestApp, token: &str) -> u16 {
    send(app.request_as(token, Method::GET, &format!("/v4/orgs/telco{PATH}"))).await.status
}

async fn refused(app: &TestApp, name: &str, token: &str) {
    let answer = send(app.request_as(token, Method::GET, &format!("/v4/orgs/telco{PATH}"))).await;
    assert_eq!(answer.status, 401, "{name}");
    answer.messages(401, "MCUS.999.996");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{name}");
}

fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

/// The RSA public key in every form in which a careless library could take it for a secret.
fn public_key_forms() -> Vec<Vec<u8>> {
    let pair = RsaKeyPair::from_der(RSA.as_bytes()).unwrap();
    let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap().as_ref().to_vec();
    let pkcs1 = pair.public_key().as_ref().to_vec();
    let pem = |label: &str, der: &[u8]| {
        let padding = "=".repeat((3 - der.len() % 3) % 3);
        let text = base64url(der).replace('-', "+").replace('_', "/") + &padding;
        let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
    };
    let jwk = &jwks_document()["keys"][0];
    let mut forms = vec![
        pem("PUBLIC KEY", &spki),
        pem("RSA PUBLIC KEY", &pkcs1),
        jwk.to_string().into_bytes(),
        jwks_document().to_string().into_bytes(),
        jwk["n"].as_str().unwrap().as_bytes().to_vec(),
    ];
    forms.push(forms[0].trim_ascii_end().to_vec());
    forms.extend([spki, pkcs1, Vec::new()]);
    forms
}

/// A key set of these keys, each with its id and algorithm.
fn key_set(keys: &[(Option<&str>, &EncodingKey, Algorithm)]) -> Value {
    let jwk = |(kid, key, algorithm): &(Option<&str>, &EncodingKey, Algorithm)| {
        let mut jwk = Jwk::from_encoding_key(key, *algorithm).unwrap();
        jwk.common.key_id = kid.map(ToOwned::to_owned);
        serde_json::to_value(jwk).unwrap()
    };
    json!({ "keys": keys.iter().map(jwk).collect::<Vec<_>>() })
}

on_every_engine! {
    async fn a_signed_token_is_accepted(app: TestApp) {
        assert_eq!(status(&app, &sign(&good())).await, 404);
        assert_eq!(status(&app, &forge(&header("RS256"), &good(), Some((&RSA, Algorithm::RS256)))).await, 404);
    }

    async fn unsigned_tokens_are_refused(app: TestApp) {
        for algorithm in ["none", "None", "NONE", "nOnE", ""] {
            let token = forge(&header(algorithm), &good(), None);
            refused(&app, algorithm, &token).await;
            refused(&app, algorithm, token.trim_end_matches('.')).await;
            refused(&app, algorithm, &forge(&header(algorithm), &good(), Some((&RSA, Algorithm::RS256)))).await;
        }
        for header in [json!({}), json!({ "kid": "test" }), json!({ "alg": null, "kid": "test" }), json!([]), json!("RS256")] {
            refused(&app, "no algorithm", &forge(&header, &good(), None)).await;
        }
    }

    async fn a_public_key_is_no_secret(app: TestApp) {
        for secret in public_key_forms() {
            let key = EncodingKey::from_secret(&secret);
            for (name, algorithm) in [("HS256", Algorithm::HS256), ("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)] {
                refused(&app, name, &forge(&header(name), &good(), Some((&key, algorithm)))).await;
            }
            refused(&app, "HMAC as RS256", &forge(&header("RS256"), &good(), Some((&key, Algorithm::HS256)))).await;
        }
    }

    async fn the_algorithm_is_the_keys(app: TestApp) {
        for name in ["ES256", "EdDSA", "PS256", "RS384", "RS512", "rs256", "Ed25519", "HS256"] {
            refused(&app, name, &forge(&header(name), &good(), Some((&RSA, Algorithm::RS256)))).await;
        }
        for (name, algorithm) in [("RS512", Algorithm::RS512), ("PS256", Algorithm::PS256)] {
            refused(&app, name, &forge(&header(name), &good(), Some((&RSA, algorithm)))).await;
        }
        refused(&app, "ES256", &forge(&header("ES256"), &good(), Some((&ES256, Algorithm::ES256)))).await;
        refused(&app, "ES256 as RS256", &forge(&header("RS256"), &good(), Some((&ES256, Algorithm::ES256)))).await;
        refused(&app, "EdDSA", &forge(&header("EdDSA"), &good(), Some((&ED25519, Algorithm::EdDSA)))).await;
    }

    async fn a_token_is_valid_for_its_time_and_a_minute(app: TestApp) {
        for (claim, offset, is_valid) in [
            ("exp", 600, true), ("exp", -30, true), ("exp", -120, false), ("exp", -86_400, false),
            ("nbf", -600, true), ("nbf", 30, true), ("nbf", 120, false), ("nbf", 86_400, false), ("iat", 600, true),
        ] {
            let token = sign(&with(claim, json!(now() + offset)));
            assert_eq!(status(&app, &token).await, if is_valid { 404 } else { 401 }, "{claim} {offset}");
        }
        for (claim, value) in [
            ("exp", json!("2099-01-01")), ("exp", json!((now() + 600).to_string())), ("exp", json!(-1)), ("exp", json!(0)),
            ("exp", json!(true)), ("exp", json!([now() + 600])), ("exp", json!({})), ("nbf", json!("0")), ("nbf", json!([0])),
        ] {
            refused(&app, &format!("{claim} {value}"), &sign(&with(claim, value))).await;
        }
    }

    async fn issuer_and_audience_must_be_ours(app: TestApp) {
        for value in [json!([AUDIENCE]), json!(["other", AUDIENCE])] {
            assert_eq!(status(&app, &sign(&with("aud", value))).await, 404);
        }
        for (claim, value) in [
            ("iss", json!(null)), ("iss", json!("https://evil.example")), ("iss", json!(format!("{ISSUER}/"))),
            ("iss", json!("")), ("iss", json!(ISSUER.to_uppercase())), ("iss", json!(1)), ("iss", json!({ "0": ISSUER })),
            ("iss", json!([])), ("iss", json!(["https://evil.example", ISSUER])),
            ("aud", json!(null)), ("aud", json!("other")), ("aud", json!([])), ("aud", json!(["other"])), ("aud", json!("")),
            ("aud", json!("customers2")), ("aud", json!(true)), ("aud", json!({ "0": AUDIENCE })), ("aud", json!([[AUDIENCE]])),
        ] {
            refused(&app, &format!("{claim} {value}"), &sign(&with(claim, value))).await;
        }
    }

    async fn expiry_and_subject_are_required(app: TestApp) {
        for (claim, value) in [
            ("exp", json!(null)), ("sub", json!(null)), ("sub", json!("")), ("sub", json!("  ")), ("sub", json!(7)),
            ("sub", json!(["tester"])), ("sub", json!({})), ("sub", json!(true)), ("sub", json!("a\u{0}b")),
            ("sub", json!("a\nb")), ("sub", json!("a\u{1b}[2Jb")), ("sub", json!("a\u{85}b")), ("sub", json!("x".repeat(10_000))),
        ] {
            refused(&app, &format!("{claim} {}", value.to_string().len()), &sign(&with(claim, value))).await;
        }
        let twice = format!(r#"{{"sub":"other",{}"#, &good().to_string()[1..]);
        let message = format!("{}.{}", base64url(header("RS256").to_string().as_bytes()), base64url(twice.as_bytes()));
        let signature = crypto::sign(message.as_bytes(), &RSA, Algorithm::RS256).unwrap();
        refused(&app, "two subjects", &format!("{message}.{signature}")).await;
    }

    async fn roles_are_a_text_or_a_list(app: TestApp) {
        for (roles, expected) in [
            (json!("CUSTOMER_READ"), 404), (json!("ADMIN  CUSTOMER_READ"), 404), (json!(["ADMIN", "CUSTOMER_READ"]), 404),
            (json!("CUSTOMER_READ,CUSTOMER_WRITE"), 403), (json!([]), 403), (json!(""), 403), (json!(null), 403),
            (json!(["API_KEY "]), 403), (json!("api_key"), 403), (json!(7), 401), (json!([7]), 401), (json!({ "API_KEY": true }), 401),
        ] {
            assert_eq!(status(&app, &sign(&with("roles", roles.clone()))).await, expected, "{roles}");
        }
        let mut scoped = with("roles", json!(null));
        scoped["scope"] = json!("API_KEY");
        assert_eq!(status(&app, &sign(&scoped)).await, 403, "a scope is no role");
    }

    async fn organisations_come_from_any_of_three_claims(app: TestApp) {
        for (claim, value, expected) in [
            ("tenants_translation", json!([{ "org": "telco" }]), 404),
            ("tenants_translation", json!([{ "org": "a", "tenant": "b" }, { "org": "telco" }]), 404),
            ("tenants_translation", json!([{ "org": "*" }]), 404),
            ("tenants_translation", json!([]), 403), ("tenants_translation", json!([{ "org": "other" }]), 403),
            ("tenants_translation", json!("telco"), 401), ("tenants_translation", json!([{}]), 403),
            ("tenants_translation", json!([{}, { "org": "telco" }]), 404), ("org", json!("acme *"), 403),
            ("org", json!("telco"), 404), ("org", json!(["other", "telco"]), 404), ("org", json!("*"), 404),
            ("org", json!("other"), 403), ("org", json!(""), 403), ("org", json!("tel*"), 403), ("org", json!("TELCO"), 403),
            ("org", json!(1), 401), ("orgs", json!(["telco"]), 404), ("orgs", json!("telco"), 404), ("orgs", json!(["*"]), 404),
            ("orgs", json!([]), 403), ("orgs", json!(["**", "telco2", "telc"]), 403),
        ] {
            let mut claims = with("tenants_translation", json!(null));
            claims[claim] = value.clone();
            assert_eq!(status(&app, &sign(&claims)).await, expected, "{claim} {value}");
        }
    }

    async fn only_the_key_sets_keys_count(app: TestApp) {
        let other = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8 = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&other).unwrap();
        let other = EncodingKey::from_rsa_der(&pkcs8.as_ref()[26..]);
        refused(&app, "another key", &forge(&header("RS256"), &good(), Some((&other, Algorithm::RS256)))).await;

        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let sink = format!("http://{}/keys", listener.local_addr().unwrap());
        let jwk = Jwk::from_encoding_key(&other, Algorithm::RS256).unwrap();
        for (name, value) in [("jwk", json!(jwk)), ("jku", json!(sink)), ("x5u", json!(sink)), ("x5c", json!(["AAAA"]))] {
            for kid in ["test", "other"] {
                let mut header = header("RS256");
                (header["kid"], header[name]) = (json!(kid), value.clone());
                refused(&app, name, &forge(&header, &good(), Some((&other, Algorithm::RS256)))).await;
            }
        }
        assert!(listener.accept().is_err(), "somebody has called");
    }

    async fn a_key_id_must_be_known(app: TestApp) {
        let long = "k".repeat(10_000);
        for kid in ["other", "", "TEST", "test ", "../../etc/passwd", "/dev/null", "' OR '1'='1", "test' UNION SELECT 'x", "test\0", &long] {
            let header = json!({ "alg": "RS256", "kid": kid });
            refused(&app, kid, &forge(&header, &good(), Some((&RSA, Algorithm::RS256)))).await;
        }
        for kid in [json!(1), json!(["test"]), json!({})] {
            let header = json!({ "alg": "RS256", "kid": kid });
            refused(&app, "not a string", &forge(&header, &good(), Some((&RSA, Algorithm::RS256)))).await;
        }
        let without = forge(&json!({ "alg": "RS256" }), &good(), Some((&RSA, Algorithm::RS256)));
        assert_eq!(status(&app, &without).await, 404, "the only key");
    }

    async fn critical_extensions_are_refused(app: TestApp) {
        for crit in [json!(["exp"]), json!(["b64"]), json!([]), json!("exp"), json!(["urn:example"])] {
            let mut header = header("RS256");
            (header["crit"], header["b64"]) = (crit.clone(), json!(true));
            refused(&app, &crit.to_string(), &forge(&header, &good(), Some((&RSA, Algorithm::RS256)))).await;
        }
    }

    async fn every_part_is_signed(app: TestApp) {
        let (small, large) = (token(&["telco"], &["CUSTOMER_READ"]), token(&["*"], &["API_KEY"]));
        let (small, large): (Vec<_>, Vec<_>) = (small.split('.').collect(), large.split('.').collect());
        let flipped = |text: &str| format!("{}{}", if &text[..1] == "A" { "B" } else { "A" }, &text[1..]);
        let own = base64url(json!({ "alg": "RS256", "kid": "test" }).to_string().as_bytes());
        for (name, parts) in [
            ("payload swapped", vec![small[0], large[1], small[2]]), ("header swapped", vec![&own, small[1], small[2]]),
            ("signature stripped", vec![small[0], small[1], ""]), ("no signature", vec![small[0], small[1]]),
            ("signature altered", vec![small[0], small[1], &flipped(small[2])]), ("signature cut", vec![small[0], small[1], &small[2][..40]]),
            ("signature longer", vec![small[0], small[1], &(small[2].to_owned() + "AAAA")]),
            ("padded", vec![small[0], small[1], &(small[2].to_owned() + "==")]), ("four parts", vec![small[0], small[1], small[2], ""]),
            ("five parts", vec![small[0], small[1], small[2], small[1], small[2]]), ("only dots", vec!["", "", ""]), ("one part", vec![small[1]]),
        ] {
            refused(&app, name, &parts.join(".")).await;
        }
        let garbled = forge(&header("RS256"), &json!("claims"), Some((&RSA, Algorithm::RS256)));
        refused(&app, "claims that are no object", &garbled).await;
    }

    async fn the_scheme_is_bearer_and_there_is_one_header(app: TestApp) {
        let token = &app.token;
        let get = format!("GET /v4/orgs/telco{PATH} HTTP/1.1\r\n");
        for (head, expected) in [
            (format!("Authorization: Bearer {token}"), 404), (format!("authorization: bearer {token}"), 404),
            (format!("Authorization: BEARER {token}"), 404), (format!("Authorization: Basic {token}"), 401),
            (format!("Authorization: {token}"), 401), (format!("Authorization: Bearer{token}"), 401), ("Authorization: Bearer".into(), 401),
            ("Authorization:".into(), 401), (format!("Authorization: Bearer {token} x"), 401), (format!("Authorization: Bearer {token},"), 401),
            (format!("Authorization: Bearer \"{token}\""), 401), (format!("Authorization: Bearer {token}, Bearer {token}"), 401),
            (format!("Authorization: Bearer {token}\r\nAuthorization: Bearer {token}"), 401),
            (format!("Authorization: Basic eDp5\r\nAuthorization: Bearer {token}"), 401),
            (format!("X-Authorization: Bearer {token}"), 401), (format!("Cookie: access_token={token}"), 401),
            (format!("Authorization: Bearer ñ{token}"), 401),
        ] {
            let answer = app.raw(&format!("{get}{head}"), b"").await;
            assert_eq!(answer.status, expected, "{}", &head[..head.len().min(40)]);
        }
        let query = format!("GET /v4/orgs/telco{PATH}?access_token={token} HTTP/1.1");
        assert_eq!(app.raw(&query, b"").await.status, 401, "a token in the query");
    }
}

#[tokio::test]
async fn all_three_kinds_of_key_are_accepted_and_each_only_as_what_it_is() {
    let kinds: [(&str, &EncodingKey, Algorithm); 3] = [
        ("RS256", &RSA, Algorithm::RS256),
        ("ES256", &ES256, Algorithm::ES256),
        ("EdDSA", &ED25519, Algorithm::EdDSA),
    ];
    let keys = key_set(&kinds.map(|(kid, key, algorithm)| (Some(kid), key, algorithm)));
    let app = TestApp::start_with_keys(Engine::Sqlite, "", &keys).await;
    for (name, key, algorithm) in kinds {
        for (kid, _, _) in kinds {
            let token = forge(&json!({ "alg": name, "kid": kid }), &good(), Some((key, algorithm)));
            assert_eq!(status(&app, &token).await, if kid == name { 404 } else { 401 }, "{name} {kid}");
        }
        let without = forge(&json!({ "alg": name }), &good(), Some((key, algorithm)));
        refused(&app, "no key id among several keys", &without).await;
    }
}

#[test]
fn a_key_set_needs_a_usable_key() {
    let rsa = &key_set(&[(Some("a"), &RSA, Algorithm::RS256)])["keys"][0];
    let other = |name: &str, value: Value| {
        let mut key = rsa.clone();
        key[name] = value;
        key
    };
    let oct = json!({ "kty": "oct", "kid": "a", "alg": "HS256", "k": "c2VjcmV0" });
    for useless in [
        vec![],
        vec![oct.clone()],
        vec![other("use", json!("enc"))],
        vec![other("alg", json!("RS512"))],
        vec![other("alg", json!("PS256"))],
        vec![other("alg", json!("ES256"))],
        vec![other("kty", json!("EC"))],
        vec![other("alg", json!("RSA-OAEP"))],
        vec![other("n", json!("?"))],
        vec![json!(null)],
        vec![json!("key")],
        vec![json!({})],
    ] {
        let document = json!({ "keys": useless }).to_string();
        assert!(matches!(Jwks::parse(document.as_bytes()), Err(JwksError::NoKey)), "{document}");
        let mut keys = useless;
        keys.push(rsa.clone());
        assert!(
            Jwks::parse(json!({ "keys": keys }).to_string().as_bytes()).is_ok(),
            "passed over: {document}"
        );
    }
    let twice = json!({ "keys": [rsa, rsa] }).to_string();
    assert!(matches!(Jwks::parse(twice.as_bytes()), Err(JwksError::SameKid(kid)) if kid == "a"));
    for wrong in ["", "{}", "[]", "null", "{\"keys\":{}}", "{\"keys\":[}", "keys", "{\"keys\":null}"] {
        assert!(matches!(Jwks::parse(wrong.as_bytes()), Err(JwksError::Format(_))), "{wrong}");
    }
}

#[tokio::test]
async fn keys_for_other_things_open_nothing() {
    let mut keys = key_set(&[(Some("a"), &RSA, Algorithm::RS256), (Some("enc"), &ES256, Algorithm::ES256)]);
    keys["keys"][1]["use"] = json!("enc");
    let secret = EncodingKey::from_secret(b"secret");
    keys["keys"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "kty": "oct", "kid": "oct", "alg": "HS256", "k": "c2VjcmV0" }));
    let app = TestApp::start_with_keys(Engine::Sqlite, "", &keys).await;
    for (kid, name, key, algorithm) in
        [("oct", "HS256", &secret, Algorithm::HS256), ("enc", "ES256", &ES256, Algorithm::ES256)]
    {
        refused(&app, kid, &forge(&json!({ "alg": name, "kid": kid }), &good(), Some((key, algorithm))))
            .await;
    }
    let right = forge(&json!({ "alg": "RS256", "kid": "a" }), &good(), Some((&RSA, Algorithm::RS256)));
    assert_eq!(status(&app, &right).await, 404);
}
