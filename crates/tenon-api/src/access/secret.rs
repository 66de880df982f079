//! Random secrets that callers show, and what is kept of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tenon_core::Failure;
use tenon_store::SecretDigest;

/// A new secret of 256 random bits, to be shown once.
pub(crate) struct OneTime {
    /// What is given out.
    pub(crate) text: String,
    /// What is kept.
    pub(crate) digest: SecretDigest,
}

impl OneTime {
    /// Draws one; `prefix` tells people and scanners what it is.
    pub(crate) fn draw(prefix: &str) -> Result<Self, Failure> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)
            .map_err(|error| Failure::bug("random", format!("no random numbers: {error}")))?;
        let text = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random));
        Ok(Self {
            digest: digest(&text),
            text,
        })
    }
}

/// What is kept of a secret. The secrets are random and long: no salt is needed, and a look-up by
/// digest tells nothing of the secret by its time.
pub(crate) fn digest(secret: &str) -> SecretDigest {
    Sha256::digest(secret).into()
}
