//! The key that signs tokens while no identity provider is configured.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use http_api::Jwks;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use time::OffsetDateTime;

use crate::private_file::read_or_create;
use crate::settings::Settings;

const KID: &str = "development";

/// An Ed25519 key beside the database.
pub(crate) struct DevelopmentKey {
    pkcs8: Vec<u8>,
}

/// Whom a token is for.
pub(crate) struct Bearer {
    pub(crate) subject: String,
    pub(crate) organisations: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) expires: OffsetDateTime,
}

impl DevelopmentKey {
    /// Reads the key, or makes it when there is none.
    pub(crate) fn load_or_create(data_dir: &Path) -> Result<Self> {
        let pkcs8 = read_or_create(data_dir, "development-key.pkcs8", || {
            let key = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new());
            Ok(key.map_err(|_| anyhow!("no key"))?.as_ref().to_vec())
        })?;
        Ok(Self { pkcs8 })
    }

    /// The key set that verifies what this key signs.
    pub(crate) fn jwks(&self) -> Result<Jwks> {
        let pair = Ed25519KeyPair::from_pkcs8(&self.pkcs8)
            .map_err(|_| anyhow!("the development key is damaged; delete it and a new one is made"))?;
        Ok(Jwks::ed25519(KID, pair.public_key().as_ref()))
    }

    /// Signs a token.
    pub(crate) fn sign(&self, settings: &Settings, bearer: &Bearer, now: OffsetDateTime) -> Result<String> {
        let mut claims = json!({
            "sub": bearer.subject,
            "orgs": bearer.organisations,
            "roles": bearer.roles,
            "iat": now.unix_timestamp(),
            "exp": bearer.expires.unix_timestamp(),
        });
        for (claim, value) in [("iss", &settings.auth.issuer), ("aud", &settings.auth.audience)] {
            if !value.is_empty() {
                claims[claim] = json!(value);
            }
        }
        let header = Header { kid: Some(KID.to_owned()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &claims, &EncodingKey::from_ed_der(&self.pkcs8)).context("cannot sign the token")
    }
}
