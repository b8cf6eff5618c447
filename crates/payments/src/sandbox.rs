use std::sync::Arc;

use application::ports::{Clock, NeighbourError, PaymentGateway, TokenizationRequest};
use async_trait::async_trait;
use domain::{CardExpiry, FailureMessage, GatewayToken, TokenizationAnswer, TokenizedCard};
use time::{Date, Duration};

/// How long a reference that begins with `slow-` takes.
const SLOW: Duration = Duration::seconds(3);

/// A payment gateway within the process, for development and demonstrations. The form of the reference chooses the outcome:
/// `fail-…` fails, `slow-…` completes after three seconds, anything else completes at once. The card is invented from the
/// reference alone, so that the gateway needs no memory and answers the same after a restart.
pub struct Sandbox {
    /// Tells when a slow one is ready.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl PaymentGateway for Sandbox {
    async fn tokenize(
        &self,
        request: &TokenizationRequest,
    ) -> Result<Option<TokenizationAnswer>, NeighbourError> {
        let reference = request.reference_id.as_str();
        if reference.starts_with("fail-") {
            let message =
                FailureMessage::of_gateway("the sandbox refuses cards whose reference begins with fail-");
            return Ok(Some(TokenizationAnswer::Failed(message)));
        }
        if reference.starts_with("slow-") && self.clock.now() < request.requested_at + SLOW {
            return Ok(None);
        }
        Ok(Some(TokenizationAnswer::Completed(invented(reference, request.requested_at.date()))))
    }
}

fn invented(reference: &str, day: Date) -> TokenizedCard {
    let (high, low) = (fnv1a(reference, "token"), fnv1a(reference, "card"));
    // Letters only: digits could look like a card number.
    let letters = |hash: u64| (0..16).map(move |at| char::from(b'a' + (hash >> (4 * at) & 0xf) as u8));
    // A leap day has no anniversary.
    let first_of_month = day.replace_day(1).unwrap_or(day);
    let token: String = "sandbox-".chars().chain(letters(high)).chain(letters(low)).collect();
    TokenizedCard {
        token_id: GatewayToken::restore(token),
        last_four: format!("{:04}", low % 10_000),
        expiration: CardExpiry::of(first_of_month.replace_year(day.year() + 3).unwrap_or(day)),
    }
}

/// FNV-1a, 64 bits (draft-eastlake-fnv); unlike the standard library's hash it stays the same for ever.
fn fnv1a(text: &str, salt: &str) -> u64 {
    let bytes = text.bytes().chain([0]).chain(salt.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use domain::contains_card_number;
    use testkit::FixedClock;
    use testkit::fixtures::{NOW, account_id, org, token};
    use time::macros::date;

    use super::*;

    fn request(reference: &str) -> TokenizationRequest {
        TokenizationRequest {
            org: org(),
            account_id: account_id(1),
            reference_id: token(reference),
            attempt: 1,
            requested_at: NOW,
        }
    }

    async fn ask(gateway: &Sandbox, reference: &str) -> Option<TokenizationAnswer> {
        gateway.tokenize(&request(reference)).await.unwrap()
    }

    #[tokio::test]
    async fn the_reference_chooses_the_outcome() {
        let clock = Arc::new(FixedClock::default());
        let gateway = Sandbox { clock: clock.clone() };
        assert!(matches!(ask(&gateway, "fail-1").await, Some(TokenizationAnswer::Failed(_))));
        assert_eq!(ask(&gateway, "slow-1").await, None);
        let Some(TokenizationAnswer::Completed(card)) = ask(&gateway, "ok-1").await else {
            panic!("no card")
        };
        assert_eq!(card.expiration.to_string(), "03/2029");
        assert_eq!(card.last_four.len(), 4);
        assert!(!contains_card_number(card.token_id.as_str()));

        clock.advance(SLOW);
        assert!(matches!(ask(&gateway, "slow-1").await, Some(TokenizationAnswer::Completed(_))));
        assert_eq!(
            ask(&gateway, "ok-1").await,
            Some(TokenizationAnswer::Completed(card)),
            "the same each time"
        );
        assert_ne!(ask(&gateway, "ok-2").await, ask(&gateway, "ok-1").await);
    }

    #[test]
    fn a_card_from_a_leap_day_expires_in_its_month() {
        let day = date!(2028 - 02 - 29);
        assert_eq!(invented("ok-1", day).expiration.to_string(), "02/2031");
    }
}
