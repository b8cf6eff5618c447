//! Every field of every body, wrong in every way.

use serde_json::{Value, json};
use testkit::fixtures::nif;

use super::{Place, Step, Target, World, creations, others, patches, places, targets, undo};
use crate::test_app::on_every_engine;

/// A body, and where the one error must be.
type Wrong = (String, String);

/// What stands where text should not.
fn of_other_types(value: &Value) -> Vec<Value> {
    let all = [json!(7), json!(-1.5e300), json!(true), json!("text"), json!([]), json!({})];
    all.into_iter().filter(|other| std::mem::discriminant(other) != std::mem::discriminant(value)).collect()
}

fn wrong_texts(text: &str) -> Vec<String> {
    let middle = text.char_indices().nth(1).map_or(text.len(), |(at, _)| at);
    let (start, end) = text.split_at(middle);
    let inside = |character: &str| format!("{start}{character}{end}");
    let controls = ["\u{0}", "\u{7}", "\t", "\n", "\r\n", "\u{1b}", "\u{7f}", "\u{85}"];
    let blank = ["", " ", " \t\n ", "\u{a0}\u{2003}"].map(ToOwned::to_owned);
    controls.into_iter().map(inside).chain(blank).chain(["x".repeat(300), "9".repeat(300)]).collect()
}

/// The lists that may be empty.
const MAY_BE_EMPTY: [&str; 3] = ["company_info.associated_users", "valid_values", "values"];

/// The values that must be refused in a place.
fn wrong_values(place: &Place, value: &Value) -> Vec<Value> {
    let mut wrong = of_other_types(value);
    match value {
        Value::String(text) => wrong.extend(wrong_texts(text).into_iter().map(Value::from)),
        Value::Array(elements) => {
            wrong.push(elements.iter().cycle().take(11).cloned().collect());
            if !MAY_BE_EMPTY.contains(&&*place.path) {
                wrong.push(json!([]));
            }
        }
        _ => {}
    }
    wrong
}

fn without(place: &Place, body: &Value) -> Option<Value> {
    let (Step::Name(name), parents) = place.steps.split_last()? else { return None };
    let parent = Place { steps: parents.to_vec(), path: String::new() };
    let mut body = body.clone();
    parent.of(&mut body).as_object_mut()?.remove(name);
    Some(body)
}

/// Bodies in which an object has a property too many.
fn one_too_many(place: &Place, value: &Value, body: &Value) -> Vec<Wrong> {
    let Value::Object(members) = value else { return Vec::new() };
    let mut wrong = Vec::new();
    for (name, text) in
        [("unknown", json!("x")), ("unknown", json!(null)), ("Type", json!("NIF")), ("x_1", json!([{}]))]
    {
        let more = place.below(Step::Name(name.to_owned()));
        wrong.push((more.set(body, text).to_string(), more.path));
    }
    for (name, value) in members {
        for twin in [value.clone(), json!(null)] {
            let marked = place.below(Step::Name("MARK".to_owned())).set(body, twin).to_string();
            let path = place.below(Step::Name(name.clone())).path;
            wrong.push((marked.replace("\"MARK\"", &format!("\"{name}\"")), path));
        }
    }
    wrong
}

fn everything_wrong(target: &Target) -> Vec<Wrong> {
    let body = &target.body;
    let mut wrong = Vec::new();
    for (place, value) in places(body) {
        wrong.extend(one_too_many(&place, &value, body));
        if place.steps.is_empty() {
            continue;
        }
        let at = |value| (place.set(body, value).to_string(), place.path.clone());
        wrong.extend(wrong_values(&place, &value).into_iter().map(at));
        if !Target::tolerates(target.may_be_null, &place.path) {
            wrong.push(at(json!(null)));
        }
        if !Target::tolerates(target.may_be_absent, &place.path) {
            wrong.extend(without(&place, body).map(|body| (body.to_string(), place.path.clone())));
        }
    }
    wrong
}

fn everything_tolerated(target: &Target) -> Vec<Value> {
    let mut right = vec![target.body.clone()];
    for (place, _) in places(&target.body) {
        if Target::tolerates(target.may_be_null, &place.path) {
            right.push(place.set(&target.body, json!(null)));
        }
        if Target::tolerates(target.may_be_absent, &place.path) {
            right.extend(without(&place, &target.body));
        }
    }
    right
}

on_every_engine! {
    async fn every_wrong_field_is_refused_by_its_path_and_nothing_is_stored(app: TestApp) {
        let world = World::create(&app).await;
        let before = world.read(&app).await;
        let last = app.private_customer(&nif(2)).await;
        for target in targets(&world) {
            for (body, path) in everything_wrong(&target) {
                let messages = target.send(&app, body.clone()).await.refusals();
                let name = format!("{} {} {path}\n{body}\n{messages:?}", target.method, target.path);
                assert!(messages.iter().all(|message| message.starts_with(&format!("{path}: "))), "{name}");
            }
        }
        assert_eq!(world.read(&app).await, before);
        let next = app.private_customer(&nif(3)).await;
        let number = |id: &str| u32::from_str_radix(&id[id.len() - 8..], 16).unwrap();
        assert_eq!(number(&next), number(&last) + 1, "nobody was given an id");
    }

    async fn what_may_be_left_out_may(app: TestApp) {
        let world = World::create(&app).await;
        for target in [creations(), patches(&world), others(&world)].concat() {
            for body in everything_tolerated(&target) {
                let answer = target.send(&app, body.to_string()).await;
                assert!(matches!(answer.status, 200 | 201 | 204), "{} {} {body} {answer:?}", target.method, target.path);
                undo(&app, &answer).await;
            }
        }
    }

    async fn nobody_assigns_what_the_service_assigns(app: TestApp) {
        let world = World::create(&app).await;
        let before = world.read(&app).await;
        let names = [
            "id", "external_id", "org", "org_id", "created_at", "updated_at", "ended_at", "status", "version", "actor",
            "customer_id", "customer_external_id", "contract_reference", "invoice", "segment", "type", "__proto__", "_id",
            "identity_document", "payment_methods", "token_teci",
        ];
        for target in targets(&world) {
            for (place, value) in places(&target.body) {
                let Value::Object(members) = value else { continue };
                for name in names.into_iter().filter(|name| !members.contains_key(*name)) {
                    let more = place.below(Step::Name(name.to_owned()));
                    let messages = target.send(&app, more.set(&target.body, json!("x")).to_string()).await.refusals();
                    assert_eq!(messages, [format!("{}: is not a known property", more.path)], "{}", target.path);
                }
            }
        }
        assert_eq!(world.read(&app).await, before);
    }

    async fn several_errors_are_told_in_the_order_of_the_fields(app: TestApp) {
        let mut body = creations()[0].body.clone();
        body["type"] = json!("PRIVATE_CUSTOMER");
        body["preferred_language"] = json!("xx");
        body["contact_info"]["emails"][0]["email"] = json!("nobody");
        body["personal_info"]["birthdate"] = json!("2022-02-30");
        body["zzz"] = json!(1);
        let messages = app.post("/customers", &body).await.refusals();
        let paths: Vec<_> = messages.iter().map(|message| message.split(": ").next().unwrap()).collect();
        assert_eq!(paths, ["preferred_language", "contact_info.emails[0].email", "personal_info.birthdate", "zzz"]);
    }
}
