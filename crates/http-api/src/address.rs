//! Addresses in requests and answers.

use domain::{Address, BillingAddress};
use serde::Serialize;

use crate::body::Object;

fn read_address(object: &mut Object<'_>) -> Option<Address> {
    let lines = object
        .required_value("address_lines")
        .and_then(|lines| lines.array(1, |line| line.parse(str::parse)));
    if lines.as_ref().is_some_and(Vec::is_empty) {
        object.fail("address_lines", "must have exactly one element");
    }
    let postal_code = object.required("postal_code");
    let locality = object.required("locality");
    let administrative_area = object.required("administrative_area");
    let region_code = object.required("region_code");
    Some(Address {
        address_line: lines?.pop()?,
        postal_code: postal_code?,
        locality: locality?,
        administrative_area: administrative_area?,
        region_code: region_code?,
    })
}

pub(crate) fn address(mut object: Object<'_>) -> Option<Address> {
    read_address(&mut object)
}

pub(crate) fn billing_address(mut object: Object<'_>) -> Option<BillingAddress> {
    let address = read_address(&mut object);
    let state_id = object.optional("state_id");
    Some(BillingAddress { address: address?, state_id })
}

/// `Address` and `BillingAddress` in answers.
#[derive(Serialize)]
pub(crate) struct AddressView<'a> {
    address_lines: [&'a str; 1],
    postal_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_id: Option<&'a str>,
    locality: &'a str,
    administrative_area: &'a str,
    region_code: &'a str,
}

impl<'a> From<&'a Address> for AddressView<'a> {
    fn from(address: &'a Address) -> Self {
        Self {
            address_lines: [address.address_line.as_str()],
            postal_code: address.postal_code.as_str(),
            state_id: None,
            locality: address.locality.as_str(),
            administrative_area: address.administrative_area.as_str(),
            region_code: address.region_code.code(),
        }
    }
}

impl<'a> From<&'a BillingAddress> for AddressView<'a> {
    fn from(billing: &'a BillingAddress) -> Self {
        let state_id = billing.state_id.as_ref().map(domain::StateId::as_str);
        Self { state_id, ..(&billing.address).into() }
    }
}
