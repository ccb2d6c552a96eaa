//! A headless client: opens the URL once, keeps the cookie and submits forms.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::ops::Deref;

use serde_json::Value;
use synapse_tests::Home;
use synapse_tests::process::{Reading, Run};

/// A running dashboard and a tab of it.
pub(super) struct Client {
    pub(super) dashboard: Reading,
    pub(super) tab: Tab,
}

/// A tab of a browser in a session.
#[derive(Clone)]
pub(super) struct Tab {
    pub(super) host: String,
    pub(super) base: String,
    cookie: String,
    csrf: String,
}

impl Deref for Client {
    type Target = Tab;

    fn deref(&self) -> &Tab {
        &self.tab
    }
}

/// A response.
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }
}

impl Client {
    /// Starts a dashboard over `home` and signs in.
    pub(super) fn enter(home: &Home) -> Self {
        Self::enter_with(home, &[])
    }

    /// The same with further flags.
    pub(super) fn enter_with(home: &Home, flags: &[&str]) -> Self {
        Self::opened(home.twin([&["dashboard"], flags].concat()))
    }

    /// The same with a prepared program.
    pub(super) fn opened(dashboard: Run) -> Self {
        let mut dashboard = dashboard.start_to_read();
        let address = super::first_line(&mut dashboard);
        let rest = address.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let mut tab = Tab {
            host: host.to_owned(),
            base: String::new(),
            cookie: String::new(),
            csrf: String::new(),
        };
        let entered = tab.ask("GET", &format!("/{path}"), None);
        assert_eq!(entered.status, 303, "{}", entered.body);
        let cookie = entered.header("set-cookie").split(';').next().unwrap();
        tab.cookie = cookie.to_owned();
        tab.base = entered.header("location").to_owned();
        let page = tab.get("secrets").body;
        let field = page.split("name=\"csrf\" value=\"").nth(1).unwrap();
        tab.csrf = field.split('"').next().unwrap().to_owned();
        Self { dashboard, tab }
    }
}

impl Tab {
    pub(super) fn get(&self, page: &str) -> Answer {
        self.ask("GET", &format!("{}{page}", self.base), None)
    }

    /// The JSON document of a page.
    pub(super) fn document(&self, page: &str) -> Value {
        serde_json::from_str(&self.get(&format!("{page}?format=json")).body).unwrap()
    }

    /// Submits a form and follows the redirect.
    pub(super) fn submit(&self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("csrf", &self.csrf).extend_pairs(fields);
        let path = format!("{}{action}", self.base);
        let answer = self.ask("POST", &path, Some(&body.finish()));
        match answer.status {
            303 => self.ask("GET", answer.header("location"), None),
            _ => answer,
        }
    }

    fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let Self { host, cookie, .. } = self;
        let body = body.unwrap_or_default();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\n\
             cookie: {cookie}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }
}
