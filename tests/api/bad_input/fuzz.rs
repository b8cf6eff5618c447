//! Valid bodies, damaged at random.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use testkit::Engine;

use super::{Place, World, places, targets, undo};
use crate::test_app::TestApp;

const ROUNDS: usize = 2000;

/// Numbers that look random and are the same for the same seed (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn text(&mut self) -> String {
        let length = self.below(12);
        let letters = [
            'a', 'Z', '0', ' ', '\u{0}', '\n', '"', '\\', '\'', '%', 'ñ', '\u{301}', '😀', '\u{202e}', '-',
            '.',
        ];
        (0..length).map(|_| letters[self.below(letters.len())]).collect()
    }

    fn value(&mut self, others: &[(Place, Value)]) -> Value {
        match self.below(8) {
            0 => json!(null),
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(100_000)),
            3 => json!([self.text()]),
            4 => json!({ self.text(): self.text() }),
            5 => others[self.below(others.len())].1.clone(),
            _ => json!(self.text()),
        }
    }

    /// Another value in some places.
    fn edited(&mut self, body: &Value) -> Value {
        let mut body = body.clone();
        for _ in 0..=self.below(3) {
            let places = places(&body);
            let value = self.value(&places);
            let (place, old) = &places[self.below(places.len())];
            let target = place.of(&mut body);
            match (self.below(3), old, target) {
                (0, Value::Object(_), Value::Object(members)) => drop(members.insert(self.text(), value)),
                (1, Value::Object(members), Value::Object(target)) if !members.is_empty() => {
                    target.remove(members.keys().nth(self.below(members.len())).unwrap());
                }
                (_, _, target) => *target = value,
            }
        }
        body
    }

    /// Some bytes changed, left out or doubled.
    fn damaged(&mut self, body: &Value) -> Vec<u8> {
        let mut bytes = body.to_string().into_bytes();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(4) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, bytes[at]),
                2 => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                _ => bytes[at] ^= 1 << self.below(8),
            }
        }
        bytes
    }
}

#[tokio::test]
async fn no_damage_breaks_the_service() {
    let seed = std::env::var("FUZZ_SEED").map_or_else(
        |_| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros(),
        |seed| seed.parse().unwrap(),
    );
    let mut random = Random(u64::try_from(seed).unwrap() | 1);
    let app = TestApp::start_with(Engine::Sqlite, "").await;
    let world = World::create(&app).await;
    let targets = targets(&world);
    for round in 0..ROUNDS {
        let target = &targets[random.below(targets.len())];
        let body = match random.below(2) {
            0 => random.edited(&target.body).to_string().into_bytes(),
            _ => random.damaged(&target.body),
        };
        let answer = target.send(&app, body.clone()).await;
        let shown = String::from_utf8_lossy(&body);
        assert!(
            matches!(answer.status, 200 | 201 | 204 | 400 | 404 | 409),
            "FUZZ_SEED={seed} round {round}: {} {} {shown} {answer:?}",
            target.method,
            target.path
        );
        undo(&app, &answer).await;
    }
    assert!(world.read(&app).await.iter().all(|(status, _)| matches!(status, 200 | 404)), "FUZZ_SEED={seed}");
}
