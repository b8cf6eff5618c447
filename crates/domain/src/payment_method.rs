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

code_enum! {
    /// The kinds of payment method that can be chosen. TECI cannot: it comes with imported accounts only.
    NewPaymentMethodType {
        /// The customer pays the invoice by transfer.
        BankTransfer = "BANK_TRANSFER",
        /// The operator collects from the customer's bank account (SEPA).
        DirectDebit = "DIRECT_DEBIT",
        /// A tokenized payment card.
        CreditCard = "CREDIT_CARD",
    }
}

impl From<NewPaymentMethodType> for PaymentMethodType {
    fn from(kind: NewPaymentMethodType) -> Self {
        match kind {
            NewPaymentMethodType::BankTransfer => Self::BankTransfer,
            NewPaymentMethodType::DirectDebit => Self::DirectDebit,
            NewPaymentMethodType::CreditCard => Self::CreditCard,
        }
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
    pub const fn kind(&self) -> NewPaymentMethodType {
        match self {
            Self::BankTransfer => NewPaymentMethodType::BankTransfer,
            Self::DirectDebit(_) => NewPaymentMethodType::DirectDebit,
            Self::Card(_) | Self::PendingCard(_) => NewPaymentMethodType::CreditCard,
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
        let restrictions: Vec<_> =
            self.restrictions.iter().filter(|it| it.concerns(segment, modality)).collect();
        let admits = |kind: &PaymentMethodType| {
            let enabled = *kind != PaymentMethodType::Teci || self.teci;
            enabled && restrictions.iter().all(|it| it.allowed.contains(kind))
        };
        matrix(modality).iter().copied().filter(admits).collect()
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
        }
    }

    #[test]
    fn everything_but_teci_can_be_chosen() {
        let chosen = |code: &str| code.parse::<NewPaymentMethodType>().ok().map(PaymentMethodType::from);
        assert_eq!(
            ALL.map(|kind| chosen(kind.code())),
            [Some(BankTransfer), Some(DirectDebit), Some(CreditCard), None]
        );
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
