//! The user of a login: confirms, receives progress, and has a browser.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use synapse_core::Failure;
use synapse_core::ports::BrowserOpener;
use synapse_oauth::{Decision, Dialogue, LoginProgress, Proposal};
use url::Url;

use super::Authority;

/// The user at the terminal.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) decision: Mutex<Decision>,
    pub(crate) proposals: Mutex<Vec<Proposal>>,
    news: Mutex<Vec<String>>,
    /// The authority for a pasted login.
    pub(crate) at: Mutex<Option<Arc<Authority>>>,
    /// A replacement applied to the URL before pasting.
    pub(crate) forging: Mutex<Option<(String, String)>>,
    visited: Mutex<Option<Url>>,
}

impl Default for User {
    fn default() -> Self {
        Self {
            decision: Mutex::new(Decision::Agreed),
            proposals: Mutex::default(),
            news: Mutex::default(),
            at: Mutex::default(),
            forging: Mutex::default(),
            visited: Mutex::default(),
        }
    }
}

impl User {
    pub(crate) fn news(&self) -> String {
        self.news.lock().unwrap().join("\n")
    }
}

#[async_trait]
impl Dialogue for User {
    fn tell(&self, news: &LoginProgress<'_>) {
        if let LoginProgress::Visit { address, .. } = news {
            *self.visited.lock().unwrap() = Some((*address).clone());
        }
        if let LoginProgress::Device { code, .. } = news
            && let Some(authority) = self.at.lock().unwrap().as_ref()
        {
            authority.confirm_device(code);
        }
        self.news.lock().unwrap().push(format!("{news:?}"));
    }

    async fn confirm(&self, proposal: &Proposal) -> Result<Decision, Failure> {
        self.proposals.lock().unwrap().push(proposal.clone());
        Ok(*self.decision.lock().unwrap())
    }

    async fn paste(&self) -> Result<SecretString, Failure> {
        let visited = self.visited.lock().unwrap().clone().unwrap();
        let authority = self.at.lock().unwrap().clone().unwrap();
        let mut end = authority.logged_in(&visited).to_string();
        if let Some((from, to)) = self.forging.lock().unwrap().as_ref() {
            end = end.replace(from, to);
        }
        Ok(SecretString::from(end))
    }
}

/// A browser whose user logs in at once.
#[derive(Debug)]
pub(crate) struct Browser {
    authority: Arc<Authority>,
    /// The requests to the redirect URI, derived from the correct one.
    pub(crate) visits: fn(&Url) -> Vec<String>,
    pub(crate) opened: Mutex<Vec<Url>>,
    /// The answers to the visits.
    pub(crate) answers: Arc<Mutex<Vec<String>>>,
    visiting: Mutex<Vec<JoinHandle<()>>>,
}

/// Fails the test when a visit failed.
impl Drop for Browser {
    fn drop(&mut self) {
        let visiting = self.visiting.get_mut().unwrap();
        let failed = visiting.drain(..).any(|visits| visits.join().is_err());
        assert!(!failed || std::thread::panicking(), "a visit failed");
    }
}

impl Browser {
    pub(crate) fn of(authority: &Arc<Authority>) -> Self {
        Self::visiting(authority, |end| vec![end.to_string()])
    }

    pub(crate) fn visiting(authority: &Arc<Authority>, visits: fn(&Url) -> Vec<String>) -> Self {
        Self {
            authority: authority.clone(),
            visits,
            opened: Mutex::default(),
            answers: Arc::default(),
            visiting: Mutex::default(),
        }
    }

    pub(crate) fn times_opened(&self) -> usize {
        self.opened.lock().unwrap().len()
    }
}

#[async_trait]
impl BrowserOpener for Browser {
    async fn open(&self, url: &Url) -> Result<(), Failure> {
        self.opened.lock().unwrap().push(url.clone());
        let end = self.authority.logged_in(url);
        let (visits, answers) = (self.visits, self.answers.clone());
        let visiting = std::thread::spawn(move || {
            for visit in visits(&end) {
                let url: Url = visit.parse().unwrap();
                let answer = callback(&url);
                answers.lock().unwrap().push(answer);
            }
        });
        self.visiting.lock().unwrap().push(visiting);
        Ok(())
    }
}

/// The callback's answer to a GET of `url`.
fn callback(url: &Url) -> String {
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    get(
        &host,
        &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    )
}

/// The answer of `host` to these bytes; empty if it is unreachable.
pub(crate) fn get(host: &str, request: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(host) else {
        return String::new();
    };
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    // It may answer before a long request is fully written.
    drop(stream.write_all(request.as_bytes()));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}
