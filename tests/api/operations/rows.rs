//! The rows of the table, in the published order.

use serde_json::{Value, json};
use testkit::fixtures::nif;

use super::{Given, Operation, Way};
use crate::test_app::{address, direct_debit, new_account, private_customer, representative};

pub(super) fn all() -> Vec<Operation> {
    [
        customers(),
        accounts(),
        payment(),
        external_accounts(),
        promotions(),
        categories(),
        assignments(),
        special_treatment(),
        credentials(),
        credential_names(),
        additions(),
    ]
    .concat()
}

fn by_reference(reference: &str) -> Value {
    json!({ "type": "CREDIT_CARD", "details": { "reference_id": reference } })
}

fn by_token(token: &str) -> Value {
    json!({ "type": "CREDIT_CARD", "details": { "token_id": token } })
}

fn opened_with(payment_method: &Value) -> Value {
    json!({ "modality": "POSTPAID", "payment_method": payment_method })
}

fn named(username: &str) -> Value {
    json!({ "username": username })
}

/// The customer without accounts ends before.
fn childless_ended() -> Way {
    Way::after(vec![Given::Request("DELETE", "/customers/{childless}", None)])
}

fn owner_ended() -> Way {
    Way::after(vec![Given::OwnerEnded])
}

fn account_ended() -> Way {
    Way::after(vec![Given::Request("DELETE", "/customers/{owner}/accounts/{account_id}", None)])
}

fn customers() -> Vec<Operation> {
    let same_number = json!({ "number": "{document}", "type": "PASSPORT" });
    let mut namesake = private_customer("");
    namesake["personal_info"]["identity_document"] = same_number;
    let users = json!({ "associated_users": [representative(&nif(77))] });
    let of_private_customer =
        Way::after(vec![Given::AccountOfDigitalCustomer]).but_at("/customers/{owner}/associated_users");
    vec![
        Operation::change(1, "createCustomer", "POST", "/customers", 201)
            .with_body(private_customer("14861628V"))
            .when(409, Way::again()),
        Operation::get(2, "searchCustomer", "/customers/search")
            .with_query("?identity_document={document}")
            .when(400, Way::at("/customers/search"))
            .when(400, Way::at("/customers/search?identity_document_type=NIF"))
            .when(409, Way::after(vec![Given::Request("POST", "/customers", Some(namesake))])),
        Operation::get(3, "getCustomer", "/customers/{customer_id}"),
        Operation::change(4, "patchCustomer", "PATCH", "/customers/{customer_id}", 204)
            .with_body(json!({ "preferred_language": "gl" }))
            .when(400, Way::sending(json!({})))
            .when(409, childless_ended()),
        Operation::change(5, "deleteCustomer", "DELETE", "/customers/{customer_id}", 204)
            .when(204, Way::again())
            .when(409, Way::at("/customers/{owner}")),
        Operation::change(6, "putAssociatedUsers", "PUT", "/customers/{customer_id}/associated_users", 204)
            .with_body(users)
            .when(400, of_private_customer)
            .when(409, childless_ended()),
        Operation::get(7, "getAvailableCreditCards", "/customers/{customer_id}/available-credit-cards"),
        Operation::change(8, "convertNieToNif", "PATCH", "/customers/{customer_id}/convert-nie-to-nif", 204)
            .with_body(json!({ "nif": nif(88) }))
            .when(400, Way::sending(json!({ "nif": "12345678A" })))
            .when(409, Way::again())
            .when(409, childless_ended()),
        Operation::get(9, "getCustomerIdByCustomerExternalId", "/external-customers/{customer_external_id}")
            .when(409, Way::after(vec![Given::SecondCustomer])),
    ]
}

fn accounts() -> Vec<Operation> {
    let of_customer = "/customers/{customer_id}/accounts";
    let pending =
        Given::Request("PATCH", "/accounts/{account_id}/payment-method", Some(by_reference("slow-1")));
    let available = "/customers/{customer_id}/accounts/{account_id}/available-payment-methods";
    let prepaid = json!({ "modality": "PREPAID", "payment_method": direct_debit() });
    vec![
        Operation::change(10, "createAccount", "POST", of_customer, 200)
            .with_body(new_account())
            .when(202, Way::sending(opened_with(&by_reference("slow-1"))))
            .when(400, Way::sending(prepaid))
            .when(400, Way::sending(opened_with(&by_token("unknown"))))
            .when(409, childless_ended())
            .when(409, Way::after(vec![pending.clone()]).but_sending(opened_with(&by_reference("slow-1")))),
        Operation::get(11, "getCustomerAccounts", of_customer),
        Operation::change(
            12,
            "deleteAccount",
            "DELETE",
            "/customers/{customer_id}/accounts/{account_id}",
            204,
        )
        .when(204, Way::again())
        .when(404, Way::at("/customers/{childless}/accounts/{account_id}"))
        .when(409, Way::after(vec![pending])),
        Operation::get(13, "getAvailablePaymentMethods", available)
            .when(404, Way::at("/customers/{childless}/accounts/{account_id}/available-payment-methods"))
            .when(404, Way::after(vec![Given::PrepaidAccount])),
    ]
}

fn payment() -> Vec<Operation> {
    let pending =
        Given::Request("POST", "/customers/{owner}/accounts", Some(opened_with(&by_reference("slow-1"))));
    let billing_address = "/accounts/{account_id}/billing-address";
    let digital = || Way::after(vec![Given::AccountOfDigitalCustomer]);
    vec![
        Operation::get(14, "getAccount", "/accounts/{account_id}"),
        Operation::change(15, "patchPaymentMethod", "PATCH", "/accounts/{account_id}/payment-method", 204)
            .with_body(direct_debit())
            .when(202, Way::sending(by_reference("slow-1")))
            .when(400, Way::sending(by_token("unknown")))
            .when(409, account_ended())
            .when(409, Way::after(vec![pending]).but_sending(by_reference("slow-1"))),
        Operation::get(
            16,
            "getPaymentMethodsHistorical",
            "/accounts/{account_id}/payment-methods/historical",
        ),
        Operation::get(17, "getBillingAddressHistory", billing_address)
            .when(400, Way::at("/accounts/{account_id}/billing-address?from=2026-01-02&to=2026-01-01"))
            .when(404, Way::at("/accounts/{account_id}/billing-address?to=2000-01-01"))
            .when(404, digital()),
        Operation::change(0, "putBillingAddress", "PUT", billing_address, 204)
            .addition()
            .with_body(address())
            .when(409, account_ended()),
        Operation::get(18, "getInvoiceRecipient", "/accounts/{account_id}/invoice-recipient")
            .when(404, digital()),
        Operation::get(19, "getTokenizationRequests", "/accounts/{account_id}/tokenization-requests"),
    ]
}

fn external_accounts() -> Vec<Operation> {
    let twice = || Way::after(vec![Given::SecondAccount]);
    let active = "/external-accounts/{account_external_id}/contracts/active";
    vec![
        Operation::get(20, "getAccountIdByAccountExternalId", "/external-accounts/{account_external_id}")
            .when(404, account_ended())
            .when(409, twice()),
        Operation::get(
            21,
            "getContractsByAccountExternalId",
            "/external-accounts/{account_external_id}/contracts",
        )
        .when(200, Way::after(vec![Given::AccountOfDigitalCustomer]))
        .when(404, account_ended())
        .when(409, twice()),
        Operation::get(22, "getActiveContractByAccountExternalId", active)
            .when(404, Way::after(vec![Given::AccountOfDigitalCustomer]))
            .when(404, account_ended())
            .when(409, twice()),
    ]
}

fn promotions() -> Vec<Operation> {
    let (of_account, cancelled) =
        ("/accounts/{account_id}/promotions", "/accounts/{account_id}/promotions/{account_promotion_id}");
    vec![
        Operation::get(23, "getAccountPromotions", of_account)
            .when(400, Way::at("/accounts/{account_id}/promotions?account_promotion_type=NEW")),
        Operation::change(24, "createAccountPromotion", "POST", of_account, 200)
            .with_body(json!({ "promotion_id": 1 }))
            .when(400, Way::again())
            .when(409, account_ended()),
        Operation::change(25, "cancelAccountPromotion", "PATCH", cancelled, 204)
            .with_body(json!({ "cancellation_date": "2026-10-01" }))
            .when(400, Way::sending(json!({ "cancellation_date": "2026-03-13" })))
            .when(409, account_ended()),
        Operation::get(26, "getAccountPromotionsHistory", "/accounts/{account_id}/promotions_hist")
            .when(400, Way::at("/accounts/{account_id}/promotions_hist?start_date=x")),
    ]
}

fn categories() -> Vec<Operation> {
    let category = "/categories/{category_id}";
    let restricted = json!({ "valid_values": ["low"] });
    vec![
        Operation::get(27, "getCategories", "/categories"),
        Operation::catalogue(28, "createCategories", "POST", "/categories", 201)
            .with_body(json!({ "categories": [{ "name": "new" }] }))
            .when(409, Way::again()),
        Operation::get(29, "getCategory", category),
        Operation::catalogue(30, "patchCategory", "PATCH", category, 204)
            .with_body(restricted)
            .when(400, Way::sending(json!({})))
            .when(409, Way::at("/categories/{assigned}")),
        Operation::catalogue(31, "deleteCategory", "DELETE", category, 204)
            .when(404, Way::again())
            .when(409, Way::at("/categories/{assigned}")),
    ]
}

fn assignments() -> Vec<Operation> {
    let of_customer = "/customers/{customer_id}/categories";
    let one = "/customers/{customer_id}/categories/{category_id}";
    let cleared = Given::Request("PATCH", one, Some(json!({ "value": null })));
    vec![
        Operation::get(32, "getCustomerCategories", of_customer),
        // The id is that of a category that the customer has not.
        Operation::change(33, "createCustomerCategory", "POST", of_customer, 201)
            .with_body(json!({ "id": "{category}", "value": "low" }))
            .when(404, Way::sending(json!({ "id": 999_999, "value": "low" })))
            .when(409, Way::again())
            .when(409, childless_ended()),
        Operation::get(34, "getCustomerCategory", one).when(404, Way::after(vec![cleared])),
        Operation::change(35, "patchCustomerCategory", "PATCH", one, 204)
            .with_body(json!({ "value": "low" }))
            .when(400, Way::sending(json!({})))
            .when(409, owner_ended()),
        Operation::change(36, "deleteCustomerCategory", "DELETE", one, 204)
            .when(404, Way::again())
            .when(409, owner_ended()),
        Operation::get(
            37,
            "getCustomerCategoriesHistorical",
            "/customers/{customer_id}/categories/historical",
        ),
    ]
}

fn special_treatment() -> Vec<Operation> {
    let of_customer = "/customers/{customer_id}/special-treatment";
    let in_use =
        Given::Request("PUT", "/customers/{owner}/special-treatment", Some(json!({ "values": ["vip"] })));
    vec![
        Operation::get(38, "getSpecialTreatment", "/special-treatment"),
        Operation::catalogue(39, "patchSpecialTreatment", "PATCH", "/special-treatment", 204)
            .with_body(json!({ "values": ["silver", "vip"] }))
            .when(409, Way::after(vec![in_use]).but_sending(json!({ "values": ["silver"] }))),
        Operation::get(40, "getCustomerSpecialTreatment", of_customer),
        Operation::change(41, "putCustomerSpecialTreatment", "PUT", of_customer, 204)
            .with_body(json!({ "values": ["vip"] }))
            .when(400, Way::sending(json!({ "values": ["gold"] })))
            .when(409, childless_ended()),
        Operation::change(42, "deleteCustomerSpecialTreatment", "DELETE", of_customer, 204)
            .when(204, Way::again())
            .when(409, childless_ended()),
    ]
}

fn credentials() -> Vec<Operation> {
    let of_customer = "/customers/{customer_id}/credentials";
    let elsewhere =
        Given::Request("POST", "/customers/{childless}/credentials", Some(named("new@example.com")));
    vec![
        Operation::get(43, "getCustomerCredentials", of_customer),
        Operation::change(44, "createCustomerCredential", "POST", of_customer, 201)
            .with_body(named("new@example.com"))
            .when(400, Way::sending(named("new")))
            .when(409, Way::again())
            .when(409, childless_ended()),
        Operation::change(45, "patchCustomerCredential", "PATCH", of_customer, 204)
            .with_body(json!({ "expiration_date": "2030-01-01" }))
            .when(400, Way::sending(json!({ "expiration_date": "2026-03-13" })))
            .when(404, Way::at("/customers/{childless}/credentials"))
            .when(409, owner_ended()),
        Operation::change(
            46,
            "changeCustomerCredentialUsername",
            "POST",
            "/customers/{customer_id}/credentials/change",
            204,
        )
        .with_body(named("changed@example.com"))
        .when(400, Way::sending(named(&format!("{}@example.com", "x".repeat(80)))))
        .when(404, Way::at("/customers/{childless}/credentials/change"))
        .when(409, Way::after(vec![elsewhere]).but_sending(named("New@example.com")))
        .when(409, owner_ended()),
    ]
}

fn credential_names() -> Vec<Operation> {
    let ended = Way::at("/customers/{childless}/credentials/{credential_id}");
    vec![
        Operation::change(
            47,
            "migrateCustomerCredential",
            "POST",
            "/customers/{customer_id}/credentials/migration",
            201,
        )
        .with_body(named("migrated@example.com"))
        .when(400, Way::sending(named("migrated")))
        .when(409, Way::again())
        .when(409, childless_ended()),
        Operation::change(
            48,
            "deleteCustomerCredential",
            "DELETE",
            "/customers/{customer_id}/credentials/{credential_id}",
            204,
        )
        .when(404, Way::again())
        .when(404, ended)
        .when(409, owner_ended()),
        Operation::change(
            49,
            "activateCustomerCredential",
            "POST",
            "/customers/{customer_id}/credentials/activate",
            202,
        )
        .when(202, Way::again())
        .when(404, Way::at("/customers/{childless}/credentials/activate"))
        .when(409, owner_ended()),
        Operation::get(
            50,
            "getCustomerIdentificationProcesses",
            "/customers/{customer_id}/identification-processes",
        ),
        Operation::get(
            51,
            "getCustomerIdentificationProcess",
            "/customers/{customer_id}/identification-processes/{identification_process_id}",
        )
        .when(404, Way::at("/customers/{owner}/identification-processes/{identification_process_id}")),
    ]
}

fn additions() -> Vec<Operation> {
    let document = "/v4/documents/{document_token}";
    let refused = || Way::at("/v4/documents/x?expires=1&signature=x");
    vec![
        Operation::get(0, "getCustomerTimeline", "/customers/{customer_id}/timeline")
            .addition()
            .when(400, Way::at("/customers/{childless}/timeline?limit=101")),
        Operation::open("getDocument", document)
            .when(403, refused())
            .when(404, Way::after(vec![Given::WithoutFile])),
        Operation { method: "HEAD", ..Operation::open("headDocument", document) }
            .when(403, refused())
            .when(404, Way::after(vec![Given::WithoutFile])),
        Operation::open("getLiveness", "/health/live"),
        Operation::open("getReadiness", "/health/ready"),
    ]
}
