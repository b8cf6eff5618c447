use serde_json::{Value, json};

use super::{assert_each_refused, nif, pointer, read, register, with};
use crate::test_app::{TestApp, on_every_engine, private_customer};

const PHONES: &str = "contact_info.phone_numbers";
const EMAILS: &str = "contact_info.emails";

fn phones(count: usize) -> Vec<Value> {
    let phone = |n| json!({ "country_code": "+34", "number": format!("6156678{n:02}"), "type": "MOBILE" });
    (0..count).map(phone).collect()
}

fn emails(count: usize) -> Vec<Value> {
    (0..count).map(|n| json!({ "email": format!("ada{n}@example.com") })).collect()
}

/// The list with these marks of the default.
fn marked(mut list: Vec<Value>, marks: &[Value]) -> Value {
    for (element, mark) in list.iter_mut().zip(marks) {
        *element = with(element, "is_default", mark.clone());
    }
    Value::Array(list)
}

async fn assert_stored(app: &TestApp, number: usize, path: &str, sent: Value, expected: &Value) {
    let customer = read(app, &register(app, &with(&private_customer(&nif(number)), path, sent)).await).await;
    assert_eq!(customer.pointer(&pointer(path)), Some(expected));
}

on_every_engine! {
    async fn the_first_is_the_default_unless_another_is(app: TestApp) {
        let (yes, no, null) = (json!(true), json!(false), json!(null));
        let cases = [
            (vec![], [true, false, false]),
            (vec![no.clone(), no.clone(), no.clone()], [true, false, false]),
            (vec![null.clone(), null.clone(), null], [true, false, false]),
            (vec![no.clone(), yes.clone(), no.clone()], [false, true, false]),
            (vec![yes.clone()], [true, false, false]),
            (vec![no.clone(), no, yes], [false, false, true]),
        ];
        for (number, (marks, expected)) in cases.into_iter().enumerate() {
            for (offset, path, list) in [(0, PHONES, phones(3)), (100, EMAILS, emails(3))] {
                let expected = marked(list.clone(), &expected.map(Value::from));
                assert_stored(&app, offset + number, path, marked(list, &marks), &expected).await;
            }
        }
    }

    async fn a_list_has_1_to_10_elements(app: TestApp) {
        assert_each_refused(
            &app,
            &private_customer(&nif(1)),
            &[
                (PHONES, json!([]), "must have 1 to 10 elements"),
                (EMAILS, json!([]), "must have 1 to 10 elements"),
                (PHONES, json!(phones(11)), "must have at most 10 elements"),
                (EMAILS, json!(emails(11)), "must have at most 10 elements"),
                (PHONES, json!({}), "must be an array"),
                (EMAILS, json!(null), "must not be null"),
            ],
        )
        .await;
        for (number, path, list) in [(2, PHONES, phones(10)), (3, EMAILS, emails(10))] {
            let marks: Vec<Value> = (0..10).map(|index| json!(index == 9)).collect();
            let list = marked(list, &marks);
            assert_stored(&app, number, path, list.clone(), &list).await;
        }
    }

    async fn a_list_has_one_default_at_most_and_no_duplicates(app: TestApp) {
        let (twice, defaults) = ("must not hold the same element twice", "must have at most one default");
        let folded = json!([{ "email": "Ada@Example.com" }, { "email": "ada@example.COM" }]);
        let yes = [json!(true), json!(true)];
        let body = private_customer(&nif(1));
        assert_each_refused(
            &app,
            &body,
            &[
                (PHONES, marked(phones(2), &yes), defaults),
                (EMAILS, marked(emails(2), &yes), defaults),
                (PHONES, json!([phones(1)[0], phones(1)[0]]), twice),
                (EMAILS, json!([emails(1)[0], emails(2)[1], emails(1)[0]]), twice),
                (EMAILS, folded.clone(), twice),
            ],
        )
        .await;
        let both = app
            .post(
                "/customers",
                &with(&body, EMAILS, marked(vec![folded[0].clone(), folded[1].clone()], &yes)),
            )
            .await;
        assert_eq!(both.refusals(), [format!("{EMAILS}: {twice}"), format!("{EMAILS}: {defaults}")]);
    }

    async fn each_element_is_checked(app: TestApp) {
        let body =
            with(&with(&private_customer(&nif(1)), PHONES, json!(phones(2))), EMAILS, json!(emails(2)));
        assert_each_refused(
            &app,
            &body,
            &[
                ("contact_info.phone_numbers[1]", json!("615667898"), "must be an object"),
                ("contact_info.phone_numbers[1].type", json!("FAX"), "must be one of MOBILE, LANDLINE"),
                ("contact_info.phone_numbers[1].is_default", json!("true"), "must be true or false"),
                ("contact_info.phone_numbers[1].extension", json!("1"), "is not a known property"),
                ("contact_info.emails[1]", json!("a@b.es"), "must be an object"),
                ("contact_info.emails[1].email", json!("ada"), "not an e-mail address"),
                ("contact_info.emails[1].is_default", json!(1), "must be true or false"),
                ("contact_info.emails[1].type", json!("WORK"), "is not a known property"),
            ],
        )
        .await;
    }
}
