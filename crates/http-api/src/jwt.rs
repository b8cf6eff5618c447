//! Access tokens: JWTs (RFC 7519) signed by a key of a JWKS document (RFC 7517).

use domain::Actor;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use thiserror::Error;

/// Seconds by which the issuer's clock may differ.
const LEEWAY: u64 = 60;

/// The keys that tokens may be signed with.
#[derive(Default)]
pub struct Jwks(Vec<Key>);

struct Key {
    kid: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Why a JWKS document is of no use.
#[derive(Debug, Error)]
pub enum JwksError {
    /// It is no JWKS document.
    #[error("not a JWKS document: {0}")]
    Format(serde_json::Error),
    /// None of its keys is for RS256, ES256 or EdDSA.
    #[error("no key for RS256, ES256 or EdDSA")]
    NoKey,
    /// Two keys have the same id.
    #[error("two keys have the kid {0:?}")]
    SameKid(String),
}

impl Jwks {
    /// Reads a JWKS document. Keys for anything but RS256, ES256 and EdDSA signatures are passed over.
    ///
    /// # Errors
    /// Any [`JwksError`].
    pub fn parse(document: &[u8]) -> Result<Self, JwksError> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<serde_json::Value>,
        }
        let document: Document = serde_json::from_slice(document).map_err(JwksError::Format)?;
        let usable = |value| serde_json::from_value::<Jwk>(value).ok().and_then(|jwk| Key::of(&jwk));
        let keys: Vec<Key> = document.keys.into_iter().filter_map(usable).collect();
        for (index, key) in keys.iter().enumerate() {
            if let Some(kid) = &key.kid
                && keys[..index].iter().any(|earlier| earlier.kid.as_ref() == Some(kid))
            {
                return Err(JwksError::SameKid(kid.clone()));
            }
        }
        if keys.is_empty() { Err(JwksError::NoKey) } else { Ok(Self(keys)) }
    }

    /// One Ed25519 key, by its raw public key.
    #[must_use]
    pub fn ed25519(kid: &str, public_key: &[u8]) -> Self {
        let key = DecodingKey::from_ed_der(public_key);
        Self(vec![Key { kid: Some(kid.to_owned()), algorithm: Algorithm::EdDSA, key }])
    }

    fn find(&self, kid: Option<&str>) -> Option<&Key> {
        match (kid, &*self.0) {
            (Some(kid), keys) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

impl Key {
    /// The algorithm is the key's, never what a token says.
    fn of(jwk: &Jwk) -> Option<Self> {
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
            _ => return None,
        };
        let common = &jwk.common;
        let for_signatures = common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
        let fits = common.key_algorithm.is_none_or(|it| it == KeyAlgorithm::from(algorithm));
        let key = DecodingKey::from_jwk(jwk).ok()?;
        (for_signatures && fits).then(|| Self { kid: common.key_id.clone(), algorithm, key })
    }
}

/// What a valid token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) actor: Actor,
    pub(crate) roles: Vec<String>,
    organisations: Vec<String>,
}

impl Identity {
    pub(crate) fn belongs_to(&self, org: &str) -> bool {
        self.organisations.iter().any(|own| own == org || own == "*")
    }
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// One text (RFC 7519, section 4.1.1); the library alone would take a list that names the right issuer among others.
    #[serde(rename = "iss")]
    _iss: Option<String>,
    roles: Option<Names>,
    org: Option<Names>,
    orgs: Option<Names>,
    tenants_translation: Option<Vec<Tenant>>,
}

#[derive(Deserialize)]
struct Tenant {
    org: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

impl Names {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name],
            Self::Several(names) => names,
        }
    }
}

/// Checks tokens.
pub struct Verifier {
    keys: Jwks,
    issuer: Option<String>,
    audience: Option<String>,
}

impl Verifier {
    /// Checks tokens against these keys and, if given, who must have issued them and for whom they must be meant.
    #[must_use]
    pub const fn new(keys: Jwks, issuer: Option<String>, audience: Option<String>) -> Self {
        Self { keys, issuer, audience }
    }

    /// Who presents the token; nothing unless everything about it is right.
    pub(crate) fn verify(&self, token: &str) -> Option<Identity> {
        let header = decode_header(token).ok()?;
        // RFC 7515, section 4.1.11: extensions that must be understood, and none is.
        if header.crit.is_some() {
            return None;
        }
        let key = self.keys.find(header.kid.as_deref())?;
        let claims = decode::<Claims>(token, &key.key, &self.validation(key.algorithm)).ok()?.claims;
        let named = [claims.org, claims.orgs].into_iter().flatten().flat_map(Names::list);
        let tenants = claims.tenants_translation.into_iter().flatten().filter_map(|tenant| tenant.org);
        let roles = match claims.roles {
            // As a string, roles are a list separated by spaces; an organisation is one name.
            Some(Names::One(roles)) => roles.split_whitespace().map(ToOwned::to_owned).collect(),
            Some(Names::Several(roles)) => roles,
            None => Vec::new(),
        };
        Some(Identity {
            actor: claims.sub.parse().ok()?,
            roles,
            organisations: named.chain(tenants).collect(),
        })
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        let mut required = vec!["exp", "sub"];
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        match &self.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                required.push("aud");
            }
            None => validation.validate_aud = false,
        }
        validation.set_required_spec_claims(&required);
        validation
    }
}
