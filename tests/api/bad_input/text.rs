//! Text that has broken other programs.

use serde_json::{Value, json};
use testkit::fixtures::nif;

use super::{Place, World, places};
use crate::test_app::on_every_engine;

/// Trimmed and composed already, so that it comes back as it was sent.
const ODD: [&str; 48] = [
    "'; DROP TABLE customers; --",
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "1; SELECT pg_sleep(10)",
    "') UNION SELECT null--",
    "Robert'); --",
    "x' AND 1=CAST((SELECT version()) AS int)--",
    "$1 ?1 :name @p1",
    "%s%s%s%n%x",
    "%27%20OR%201",
    "${jndi:ldap://x/a}",
    "#{7*7} {{7*7}}",
    "$(reboot) `reboot`",
    "../../../../etc/passwd",
    "C:\\Windows\\System32",
    "<script>alert(1)</script>",
    "<!--#exec cmd=\"ls\"-->",
    "&amp;&lt;&#0;",
    "\\u0000 \\0 \\n",
    "\\",
    "\"",
    "''''",
    "NULL",
    "null",
    "undefine",
    "NaN",
    "true",
    "[object Object]",
    "0x1F",
    "1e999",
    "__proto__",
    "constructor",
    "=1+1",
    "@SUM(A1)",
    "Ω≈ç√∫˜µ≤≥",
    "田中さんにあげて下さい",
    "찦차를 타고 온",
    "הָיְתָה",
    "مرحبا بالعالم",
    "\u{202e}oloiC\u{202c}",
    "zero\u{200b}width\u{feff}x",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦 🇪🇸",
    "𝕿𝖍𝖊 𝖖𝖚𝖎𝖈𝖐",
    "ﷺﷺﷺﷺ",
    "\u{10ffff}\u{e000}\u{fffd}x",
    "İstanbul ǅ ß ﬁ",
    "L·l d'Espanya ñÑçÇ",
    "O’Neill–Müller",
];

/// What is sent, and how it comes back.
const NORMALISED: [(&str, &str); 6] = [
    ("  Ana  ", "Ana"),
    ("\tAna\n", "Ana"),
    ("\u{3000}Ana\u{a0}", "Ana"),
    ("Jose\u{301} Nun\u{303}ez", "José Nuñez"),
    ("\u{212b}ngstro\u{308}m", "Ångström"),
    ("\u{1100}\u{1161}\u{11a8}x", "각x"),
];

/// Free text, customer by customer.
fn free_texts(world: &World) -> [(&str, Value, &'static [&'static str]); 3] {
    let address = crate::test_app::address();
    [
        (
            &world.private,
            json!({
                "personal_info": { "name": "x", "first_surname": "x", "second_surname": "x" },
                "contact_info": { "postal_address": address },
            }),
            &[
                "name",
                "first_surname",
                "second_surname",
                "address_lines[0]",
                "locality",
                "administrative_area",
            ],
        ),
        (&world.company, json!({ "company_info": { "legal_name": "x" } }), &["legal_name"]),
        (
            &world.digital,
            json!({ "digital_personal_info": { "name": "x", "first_surname": "x", "second_surname": "x" } }),
            &["name", "first_surname", "second_surname"],
        ),
    ]
}

fn fields(world: &World) -> Vec<(String, Value, Place)> {
    let mut fields = Vec::new();
    for (id, body, names) in free_texts(world) {
        for (place, _) in places(&body) {
            if names.iter().any(|name| place.path.ends_with(&format!(".{name}"))) {
                fields.push((id.to_owned(), body.clone(), place));
            }
        }
    }
    fields
}

on_every_engine! {
    async fn odd_text_is_kept_as_it_is(app: TestApp) {
        let world = World::create(&app).await;
        let plain = ODD.into_iter().map(|text| (text, text)).chain(NORMALISED);
        let (mut stored, fields) = (0, fields(&world));
        assert_eq!(fields.len(), 10);
        for (sent, kept) in plain {
            for (id, body, place) in &fields {
                let path = format!("/customers/{id}");
                let answer = app.patch(&path, &place.set(body, json!(sent))).await;
                if kept.chars().count() >= 4 || !place.path.ends_with("area") && kept.chars().count() >= 2 {
                    assert_eq!(answer.status, 204, "{sent} {} {}", place.path, String::from_utf8_lossy(&answer.bytes));
                }
                if answer.status == 204 {
                    assert_eq!(*place.of(&mut app.get(&path).await.json()), json!(kept), "{}", place.path);
                    stored += 1;
                } else {
                    assert!(answer.refusals()[0].starts_with(&format!("{}: ", place.path)));
                }
            }
        }
        assert!(stored > 500, "{stored}");
        assert_eq!(app.get(&format!("/customers/search?identity_document={}", nif(1))).await.status, 200);
    }

    async fn lengths_count_characters_after_composition(app: TestApp) {
        let id = app.private_customer(&nif(1)).await;
        let path = format!("/customers/{id}");
        for (name, status) in [
            ("ñ".repeat(100), 204), ("ñ".repeat(101), 400), ("n\u{303}".repeat(100), 204), ("n\u{303}".repeat(101), 400),
            ("😀".repeat(100), 204), ("😀".repeat(101), 400), (format!(" {} ", "x".repeat(100)), 204),
            (format!("Z{}", "\u{335}".repeat(99)), 204), (format!("Z{}", "\u{335}".repeat(20_000)), 400),
            (" ".repeat(200_000), 400), ("ﷺ".repeat(100), 204),
        ] {
            let answer = app.patch(&path, &json!({ "personal_info": { "name": name } })).await;
            assert_eq!(answer.status, status, "{} characters", name.chars().count());
        }
    }

    async fn odd_text_finds_nothing(app: TestApp) {
        app.private_customer(&nif(1)).await;
        for text in ODD {
            for name in ["identity_document", "email"] {
                let mut url = reqwest::Url::parse(&format!("{}/v4/orgs/telco/customers/search", app.url)).unwrap();
                url.query_pairs_mut().append_pair(name, text);
                let status = app.client.get(url).bearer_auth(&app.token).send().await.unwrap().status().as_u16();
                assert!(matches!(status, 400 | 404), "{text} {status}");
            }
            let mut url = reqwest::Url::parse(&app.url).unwrap();
            url.path_segments_mut().unwrap().extend(["v4", "orgs", "telco", "external-customers", text]);
            let status = app.client.get(url).bearer_auth(&app.token).send().await.unwrap().status().as_u16();
            assert!(matches!(status, 400 | 404), "{text} {status}");
        }
    }
}
