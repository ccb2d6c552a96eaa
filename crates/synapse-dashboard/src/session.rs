//! Sessions: a single-use token becomes a cookie below a random path. Secrets are compared by hash,
//! independent of timing.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};
use synapse_core::error::{Code, Failure};

/// Why a token opened no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It was used or has expired.
    Spent,
    /// It was not issued here.
    Unknown,
}

/// A new session.
#[derive(Debug)]
pub(crate) struct NewSession {
    /// The cookie value.
    pub(crate) cookie: String,
}

/// The sessions of one process.
pub(crate) struct Sessions {
    random: SystemRandom,
    inner: Mutex<SessionTable>,
}

#[derive(Default)]
struct SessionTable {
    /// By token hash; `None` once used.
    tokens: HashMap<[u8; 32], Option<Duration>>,
    /// By cookie hash: expiry and CSRF secret.
    sessions: HashMap<[u8; 32], (Duration, String)>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    pub(crate) fn new() -> Self {
        Self {
            random: SystemRandom::new(),
            inner: Mutex::default(),
        }
    }

    /// `bytes` random bytes in URL-safe encoding.
    ///
    /// # Errors
    /// `internal.invariant` if the system provides no randomness.
    pub(crate) fn random<const BYTES: usize>(&self) -> Result<String, Failure> {
        let mut bytes = [0_u8; BYTES];
        self.random.fill(&mut bytes).map_err(|_| {
            Failure::new(
                Code::InternalInvariant,
                "the system gives no random numbers",
            )
        })?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Issues a 256-bit token that opens one session within [`TOKEN_LIFE`] of `now`.
    ///
    /// # Errors
    /// Same as [`Sessions::random`].
    pub(crate) fn issue(&self, now: Duration) -> Result<String, Failure> {
        let token = self.random::<32>()?;
        self.lock()
            .tokens
            .insert(hash(&token), Some(now.saturating_add(TOKEN_LIFE)));
        Ok(token)
    }

    /// Exchanges a token for a session, once.
    ///
    /// # Errors
    /// The reason; a failure of the system's randomness counts as unknown.
    pub(crate) fn enter(&self, token: &str, now: Duration) -> Result<NewSession, Refused> {
        let cookie = self.random::<32>().map_err(|_| Refused::Unknown)?;
        let csrf = self.random::<32>().map_err(|_| Refused::Unknown)?;
        let mut inner = self.lock();
        let ends = inner
            .tokens
            .get_mut(&hash(token))
            .ok_or(Refused::Unknown)?
            .take()
            .ok_or(Refused::Spent)?;
        if now > ends {
            return Err(Refused::Spent);
        }
        inner
            .sessions
            .insert(hash(&cookie), (now.saturating_add(SESSION_LIFE), csrf));
        drop(inner);
        Ok(NewSession { cookie })
    }

    /// The CSRF secret of the cookie's session, unless it expired.
    pub(crate) fn find(&self, cookie: &str, now: Duration) -> Option<String> {
        let inner = self.lock();
        let (ends, csrf) = inner.sessions.get(&hash(cookie))?;
        (now <= *ends).then(|| csrf.clone())
    }

    /// Ends the cookie's session.
    pub(crate) fn leave(&self, cookie: &str) {
        self.lock().sessions.remove(&hash(cookie));
    }

    fn lock(&self) -> MutexGuard<'_, SessionTable> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Compares two secrets.
pub(crate) fn same(one: &str, other: &str) -> bool {
    hash(one) == hash(other)
}

pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Validity of a printed URL.
pub(crate) const TOKEN_LIFE: Duration = Duration::from_secs(600);
/// Lifetime of a session.
pub(crate) const SESSION_LIFE: Duration = Duration::from_secs(12 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_one_session_and_no_second() {
        let sessions = Sessions::new();
        let token = sessions.issue(Duration::ZERO).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(&token).unwrap().len(), 32);
        let opened = sessions.enter(&token, Duration::ZERO).unwrap();
        assert!(sessions.find(&opened.cookie, Duration::ZERO).is_some());
        assert_eq!(
            sessions.enter(&token, Duration::ZERO).unwrap_err(),
            Refused::Spent
        );
        assert_eq!(
            sessions.enter("guessed", Duration::ZERO).unwrap_err(),
            Refused::Unknown
        );
    }

    #[test]
    fn tokens_and_sessions_end() {
        let sessions = Sessions::new();
        let token = sessions.issue(Duration::ZERO).unwrap();
        let late = TOKEN_LIFE + Duration::from_secs(1);
        assert_eq!(sessions.enter(&token, late).unwrap_err(), Refused::Spent);
        let token = sessions.issue(Duration::ZERO).unwrap();
        let opened = sessions.enter(&token, TOKEN_LIFE).unwrap();
        let last = TOKEN_LIFE + SESSION_LIFE;
        assert!(sessions.find(&opened.cookie, last).is_some());
        let late = last + Duration::from_secs(1);
        assert!(sessions.find(&opened.cookie, late).is_none());
    }

    #[test]
    fn a_session_that_was_left_is_gone() {
        let sessions = Sessions::new();
        let token = sessions.issue(Duration::ZERO).unwrap();
        let opened = sessions.enter(&token, Duration::ZERO).unwrap();
        sessions.leave(&opened.cookie);
        assert!(sessions.find(&opened.cookie, Duration::ZERO).is_none());
    }
}
