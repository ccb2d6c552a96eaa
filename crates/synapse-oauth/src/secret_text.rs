//! Random values of a login, and constant-time comparison.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use synapse_core::{Code, Failure};

/// 256 random bits in base64url: a state, or a PKCE verifier (RFC 7636, section 4.1).
pub(crate) fn random() -> Result<SecretString, Failure> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    SystemRandom::new()
        .fill(bytes.as_mut_slice())
        .map_err(|_| {
            Failure::new(
                Code::InternalInvariant,
                "the operating system gave no random bytes",
            )
        })?;
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

/// The challenge of a verifier: S256 (RFC 7636, section 4.2).
pub(crate) fn challenge(verifier: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret().as_bytes()))
}

/// Compares in constant time.
pub(crate) fn is_same(expected: &SecretString, given: &str) -> bool {
    // Compares digests, whose timing reveals nothing useful.
    Sha256::digest(expected.expose_secret().as_bytes()) == Sha256::digest(given.as_bytes())
}

/// A unique id of a server's URL for its callback path.
pub(crate) fn id_of(url: &str) -> String {
    let digest = Sha256::digest(url.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.get(..9).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        let verifier = SecretString::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(
            challenge(&verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn two_texts_are_not_the_same() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_eq!(one.expose_secret().len(), 43);
        assert!(!is_same(&one, other.expose_secret()));
        assert!(is_same(&one, one.expose_secret()));
    }
}
