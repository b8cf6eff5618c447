//! What an organisation's categories and special treatments can be set to.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A value of a category or a special treatment: `^[a-z0-9_]{1,50}$`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CatalogueValue(String);

/// The text is no value of a category or a special treatment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to 50 of a-z, 0-9 and _")]
pub struct CatalogueValueError;

impl CatalogueValue {
    /// Takes back what an earlier [`FromStr`] accepted, from storage.
    #[must_use]
    pub fn restore(value: String) -> Self {
        Self(value)
    }

    /// The value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CatalogueValue {
    type Err = CatalogueValueError;

    fn from_str(raw: &str) -> Result<Self, CatalogueValueError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if (1..=50).contains(&raw.len()) && raw.bytes().all(allowed) {
            Ok(Self(raw.to_owned()))
        } else {
            Err(CatalogueValueError)
        }
    }
}

impl fmt::Display for CatalogueValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Values of which none is there twice, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogueValues(Vec<CatalogueValue>);

/// A value is there more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must not have an element more than once")]
pub struct RepeatedValue;

impl CatalogueValues {
    /// Takes values of which none is there twice.
    ///
    /// # Errors
    /// [`RepeatedValue`].
    pub fn new(values: Vec<CatalogueValue>) -> Result<Self, RepeatedValue> {
        let mut sorted: Vec<_> = values.iter().collect();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) { Err(RepeatedValue) } else { Ok(Self(values)) }
    }

    /// Takes back what was accepted earlier, from storage.
    #[must_use]
    pub const fn restore(values: Vec<CatalogueValue>) -> Self {
        Self(values)
    }

    /// The values.
    #[must_use]
    pub fn as_slice(&self) -> &[CatalogueValue] {
        &self.0
    }

    /// Whether there is no value.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this value is there.
    #[must_use]
    pub fn contains(&self, value: &CatalogueValue) -> bool {
        self.0.contains(value)
    }

    /// The values that `others` lack, in this order.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        Self(self.0.iter().filter(|value| !others.contains(value)).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(raw: &[&str]) -> Vec<CatalogueValue> {
        raw.iter().map(|raw| raw.parse().unwrap()).collect()
    }

    #[test]
    fn values_are_lower_case_words() {
        for right in ["a", "0", "_", "high_risk_2", &"x".repeat(50)] {
            assert_eq!(right.parse::<CatalogueValue>().unwrap().to_string(), right);
        }
        for wrong in ["", "A", "high risk", "high-risk", " a", "a\n", "ñ", "a\0", &"x".repeat(51)] {
            assert_eq!(wrong.parse::<CatalogueValue>(), Err(CatalogueValueError), "{wrong}");
        }
    }

    #[test]
    fn no_value_is_there_twice() {
        let list = CatalogueValues::new(values(&["b", "a", "c"])).unwrap();
        assert_eq!(list.as_slice(), values(&["b", "a", "c"]), "the order is kept");
        assert_eq!(CatalogueValues::new(values(&["b", "a", "b"])), Err(RepeatedValue));
        assert!(CatalogueValues::new(Vec::new()).unwrap().is_empty());
        let others = CatalogueValues::new(values(&["a", "d"])).unwrap();
        assert_eq!(list.without(&others).as_slice(), values(&["b", "c"]));
        assert!(list.without(&list).is_empty());
    }
}
