//! Payment methods, and which of them an account may have.

use crate::account::Modality;
use crate::customer::Segment;
use crate::iban::Iban;
use crate::id::GatewayToken;

code_enum! {
    /// The kinds of payment method.
    PaymentMethodType {
        /// The customer pays the invoice by transfer.
        BankTransfer = "BANK_TRANSFER",
        /// The operator collects from the customer's bank account (SEPA).
        DirectDebit = "DIRECT_DEBIT",
        /// A tokenized payment card.
        CreditCard = "CREDIT_CARD",
        /// The card of El Corte Inglés.
        Teci = "TECI",
    }
}

/// How the invoices of an account are paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentMethod {
    /// By transfer.
    BankTransfer,
    /// Collected from this bank account.
    DirectDebit(Iban),
    /// Charged to the card behind this token.
    CreditCard(GatewayToken),
    /// Charged to the TECI card behind this token; only imported accounts have it.
    Teci(GatewayToken),
}

impl PaymentMethod {
    /// The kind of method.
    #[must_use]
    pub const fn kind(&self) -> PaymentMethodType {
        match self {
            Self::BankTransfer => PaymentMethodType::BankTransfer,
            Self::DirectDebit(_) => PaymentMethodType::DirectDebit,
            Self::CreditCard(_) => PaymentMethodType::CreditCard,
            Self::Teci(_) => PaymentMethodType::Teci,
        }
    }
}

/// What a caller asks an account to be paid with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentMethodChoice {
    /// By transfer.
    BankTransfer,
    /// Collected from this bank account.
    DirectDebit(Iban),
    /// A card that the customer already has.
    Card(GatewayToken),
    /// The card that the payment gateway is tokenizing under this reference.
    PendingCard(GatewayToken),
}

impl PaymentMethodChoice {
    /// The kind of method that is chosen.
    #[must_use]
    pub const fn kind(&self) -> PaymentMethodType {
        match self {
            Self::BankTransfer => PaymentMethodType::BankTransfer,
            Self::DirectDebit(_) => PaymentMethodType::DirectDebit,
            Self::Card(_) | Self::PendingCard(_) => PaymentMethodType::CreditCard,
        }
    }
}

/// What an organisation lets its accounts be paid with. It can narrow the payment-method matrix, never widen it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentPolicy {
    /// Whether TECI is shown for POSTPAID accounts.
    pub teci: bool,
    /// What is narrowed, for whom.
    pub restrictions: Vec<Restriction>,
}

/// One narrowing of the payment-method matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// Whom it concerns; nothing means every segment.
    pub segment: Option<Segment>,
    /// Which accounts it concerns; nothing means every modality.
    pub modality: Option<Modality>,
    /// What is left.
    pub allowed: Vec<PaymentMethodType>,
}

impl Restriction {
    fn concerns(&self, segment: Option<Segment>, modality: Modality) -> bool {
        self.segment.is_none_or(|own| Some(own) == segment) && self.modality.is_none_or(|own| own == modality)
    }
}

/// The payment-method matrix: what each modality may be paid with at the most.
const fn matrix(modality: Modality) -> &'static [PaymentMethodType] {
    use PaymentMethodType::{BankTransfer, CreditCard, DirectDebit, Teci};
    match modality {
        Modality::Prepaid => &[],
        Modality::RecurringPrepaid => &[BankTransfer, DirectDebit, CreditCard],
        Modality::Postpaid => &[BankTransfer, DirectDebit, CreditCard, Teci],
    }
}

impl PaymentPolicy {
    /// What an account can be paid with, in the published order. TECI is shown here though it cannot be chosen.
    #[must_use]
    pub fn available(&self, segment: Option<Segment>, modality: Modality) -> Vec<PaymentMethodType> {
        matrix(modality).iter().copied().filter(|&kind| self.admits(kind, segment, modality)).collect()
    }

    /// Whether a caller may choose `kind` for an account.
    #[must_use]
    pub fn is_settable(&self, kind: PaymentMethodType, segment: Option<Segment>, modality: Modality) -> bool {
        kind != PaymentMethodType::Teci
            && matrix(modality).contains(&kind)
            && self.admits(kind, segment, modality)
    }

    fn admits(&self, kind: PaymentMethodType, segment: Option<Segment>, modality: Modality) -> bool {
        let enabled = kind != PaymentMethodType::Teci || self.teci;
        let narrowed = self
            .restrictions
            .iter()
            .filter(|it| it.concerns(segment, modality))
            .all(|it| it.allowed.contains(&kind));
        enabled && narrowed
    }
}

#[cfg(test)]
mod tests {
    use PaymentMethodType::{BankTransfer, CreditCard, DirectDebit, Teci};

    use super::*;

    const ALL: [PaymentMethodType; 4] = [BankTransfer, DirectDebit, CreditCard, Teci];
    const MODALITIES: [Modality; 3] = [Modality::Prepaid, Modality::RecurringPrepaid, Modality::Postpaid];

    #[test]
    fn the_matrix() {
        let plain = PaymentPolicy::default();
        let teci = PaymentPolicy { teci: true, ..PaymentPolicy::default() };
        let three = vec![BankTransfer, DirectDebit, CreditCard];
        for (policy, modality, available) in [
            (&plain, Modality::Prepaid, vec![]),
            (&plain, Modality::RecurringPrepaid, three.clone()),
            (&plain, Modality::Postpaid, three.clone()),
            (&teci, Modality::Prepaid, vec![]),
            (&teci, Modality::RecurringPrepaid, three.clone()),
            (&teci, Modality::Postpaid, ALL.to_vec()),
        ] {
            assert_eq!(policy.available(Some(Segment::Consumer), modality), available, "{modality}");
            let settable: Vec<_> = ALL
                .into_iter()
                .filter(|&kind| policy.is_settable(kind, Some(Segment::Consumer), modality))
                .collect();
            let without_teci: Vec<_> = available.into_iter().filter(|&kind| kind != Teci).collect();
            assert_eq!(settable, without_teci, "TECI is shown, never settable");
        }
    }

    #[test]
    fn restrictions_narrow_where_they_apply() {
        let policy = PaymentPolicy {
            teci: false,
            restrictions: vec![
                Restriction {
                    segment: Some(Segment::Sme),
                    modality: None,
                    allowed: vec![BankTransfer, DirectDebit],
                },
                Restriction {
                    segment: None,
                    modality: Some(Modality::Postpaid),
                    allowed: vec![DirectDebit, CreditCard],
                },
            ],
        };
        for (segment, modality, available) in [
            (Some(Segment::Sme), Modality::RecurringPrepaid, vec![BankTransfer, DirectDebit]),
            (Some(Segment::Sme), Modality::Postpaid, vec![DirectDebit]),
            (Some(Segment::Consumer), Modality::Postpaid, vec![DirectDebit, CreditCard]),
            (
                Some(Segment::Consumer),
                Modality::RecurringPrepaid,
                vec![BankTransfer, DirectDebit, CreditCard],
            ),
            (None, Modality::Postpaid, vec![DirectDebit, CreditCard]),
        ] {
            assert_eq!(policy.available(segment, modality), available, "{segment:?} {modality}");
        }
    }

    #[test]
    fn no_restriction_widens_the_matrix() {
        let everything = Restriction { segment: None, modality: None, allowed: ALL.to_vec() };
        let policy = PaymentPolicy { teci: true, restrictions: vec![everything] };
        for modality in MODALITIES {
            assert_eq!(policy.available(None, modality), matrix(modality));
        }
    }
}
