//! Tokenizations: how a card that the customer has typed in at the payment gateway becomes the payment method of an account.

use std::str::FromStr;

use time::OffsetDateTime;

use crate::account::{Account, AccountError};
use crate::card::{Card, CardExpiry};
use crate::card_number::contains_card_number;
use crate::id::{AccountId, CustomerId, GatewayToken};
use crate::payment_method::PaymentMethod;
use crate::text::Text;

/// Everything that is known of a tokenization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizationData {
    /// Under which the gateway knows the card.
    pub reference_id: GatewayToken,
    /// Counts the requests under this reference, from 1: a failed one can be followed by another.
    pub attempt: i32,
    /// The account that is to be paid by the card.
    pub account_id: AccountId,
    /// Whose account it is.
    pub customer_id: CustomerId,
    /// How far it is.
    pub status: TokenizationStatus,
    /// When it was requested.
    pub created_at: OffsetDateTime,
    /// When its status last changed.
    pub updated_at: OffsetDateTime,
    /// Counts the changes; the store uses it to notice that somebody else was faster.
    pub version: i64,
}

/// How far a tokenization is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenizationStatus {
    /// The gateway has yet to answer.
    Pending,
    /// The card behind this token has become the payment method.
    Completed(GatewayToken),
    /// The payment method stays as it was.
    Failed(FailureMessage),
}

impl TokenizationStatus {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Completed(_) => "COMPLETED",
            Self::Failed(_) => "FAILED",
        }
    }
}

/// Why a tokenization has failed, in words for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureMessage(Text<1, 255>);

impl FailureMessage {
    /// Of a request that was overtaken by another change of the payment method.
    const SUPERSEDED: &'static str = "superseded by a later update";
    /// Of a request that the gateway did not answer in time.
    const EXPIRED: &'static str = "expired";
    /// In place of words that cannot be shown.
    const REFUSED: &'static str = "the payment gateway has refused the card";

    /// What the gateway says; words that hold a card number, or no words at all, are replaced.
    #[must_use]
    pub fn of_gateway(words: &str) -> Self {
        let shown: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(255).collect();
        let text = Text::from_str(&shown).ok().filter(|_| !contains_card_number(words));
        text.map_or_else(|| Self::restore(Self::REFUSED.to_owned()), Self)
    }

    /// Takes back what was stored.
    #[must_use]
    pub fn restore(words: String) -> Self {
        Self(Text::restore(words))
    }

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// A card as the gateway has tokenized it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizedCard {
    /// What stands for the card at the gateway.
    pub token_id: GatewayToken,
    /// The last four digits of its number.
    pub last_four: String,
    /// Until when it is good.
    pub expiration: CardExpiry,
}

/// What the gateway says in the end. It may say so more than once, late, and take back a failure, but never a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenizationAnswer {
    /// The card is tokenized.
    Completed(TokenizedCard),
    /// It cannot be.
    Failed(FailureMessage),
}

/// The tokenization of a card for an account. Read it through [`Tokenization::data`]; only its verbs change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokenization {
    data: TokenizationData,
}

impl Tokenization {
    /// A request for `account` under a reference of which `known` is the newest tokenization so far, made at `now`. From then
    /// on the account awaits this card and no other. Nothing while the same is under way already.
    ///
    /// # Errors
    /// [`AccountError::Ended`]; [`AccountError::ReferenceInUse`] when the reference belongs to another account or has led to a
    /// card already.
    pub fn request(
        reference_id: GatewayToken,
        known: Option<&Self>,
        account: &mut Account,
        now: OffsetDateTime,
    ) -> Result<Option<Self>, AccountError> {
        account.check_live()?;
        let attempt = match known.map(Self::data) {
            None => 1,
            Some(known) if known.account_id != account.data().id => return Err(AccountError::ReferenceInUse),
            Some(known) => match known.status {
                TokenizationStatus::Pending => return Ok(None),
                TokenizationStatus::Completed(_) => return Err(AccountError::ReferenceInUse),
                TokenizationStatus::Failed(_) => known.attempt + 1,
            },
        };
        account.await_card(reference_id.clone());
        Ok(Some(Self::restore(TokenizationData {
            reference_id,
            attempt,
            account_id: account.data().id,
            customer_id: account.data().customer_id,
            status: TokenizationStatus::Pending,
            created_at: now,
            updated_at: now,
            version: 1,
        })))
    }

    /// A tokenization as it was stored.
    #[must_use]
    pub const fn restore(data: TokenizationData) -> Self {
        Self { data }
    }

    /// Its present state.
    #[must_use]
    pub const fn data(&self) -> &TokenizationData {
        &self.data
    }

    /// Whether the gateway has yet to answer.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.data.status == TokenizationStatus::Pending
    }

    /// Takes what the gateway has answered for `account` at `now`. The card becomes the payment method if the account still
    /// awaits it; otherwise it is the customer's to use, and no more. Returns the card, to be stored unless it is already.
    ///
    /// In whatever order the answers come, and however often, the end is the same: a success outweighs a failure.
    pub fn take(
        &mut self,
        answer: &TokenizationAnswer,
        account: &mut Account,
        now: OffsetDateTime,
    ) -> Option<Card> {
        match answer {
            TokenizationAnswer::Completed(card) => {
                if !matches!(self.data.status, TokenizationStatus::Completed(_)) {
                    let method = PaymentMethod::CreditCard(card.token_id.clone());
                    if account.take_awaited_card(&self.data.reference_id, method, now) {
                        self.turn(TokenizationStatus::Completed(card.token_id.clone()), now);
                    } else {
                        self.fail(FailureMessage::SUPERSEDED, now);
                    }
                }
                Some(Card::new(card.clone(), self.data.customer_id, now))
            }
            TokenizationAnswer::Failed(message) => {
                self.fail(message.as_str(), now);
                None
            }
        }
    }

    /// Gives up at `now` because the account's payment method was changed in another way. Returns whether that changed anything.
    pub fn supersede(&mut self, now: OffsetDateTime) -> bool {
        self.fail(FailureMessage::SUPERSEDED, now)
    }

    /// Gives up at `now` because the gateway did not answer in time. Returns whether that changed anything.
    pub fn expire(&mut self, account: &mut Account, now: OffsetDateTime) -> bool {
        let expired = self.fail(FailureMessage::EXPIRED, now);
        if expired {
            account.await_no_card(&self.data.reference_id);
        }
        expired
    }

    fn fail(&mut self, message: &str, now: OffsetDateTime) -> bool {
        let is_pending = self.is_pending();
        if is_pending {
            self.turn(TokenizationStatus::Failed(FailureMessage::restore(message.to_owned())), now);
        }
        is_pending
    }

    fn turn(&mut self, status: TokenizationStatus, now: OffsetDateTime) {
        self.data.status = status;
        self.data.updated_at = now;
    }
}

#[cfg(test)]
mod tests;
