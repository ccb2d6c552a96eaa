//! Model servers of this machine. A running one is detected without a socket, where the system
//! lists its listening ports; it is contacted only when the user chooses it.

use std::net::{IpAddr, Ipv4Addr};

use synapse_core::provider::ProviderKind;
use url::Url;

use crate::environment::{Environment, OLLAMA_HOST};

/// The detected kinds of servers.
pub(super) const KINDS: [ProviderKind; 2] = [ProviderKind::Ollama, ProviderKind::LmStudio];

/// The base URL of a server that is configured with another address than the usual.
pub(super) fn base_url(kind: ProviderKind, environment: &Environment) -> Option<String> {
    if kind != ProviderKind::Ollama {
        return None;
    }
    let told = environment.variable(OLLAMA_HOST)?;
    ollama(told.to_str()?)
}

/// The address as Ollama's own client reads its variable: scheme, host and port are each optional,
/// and an address of all interfaces is reached through loopback.
fn ollama(told: &str) -> Option<String> {
    let told = told.trim();
    let with_scheme = if told.contains("://") {
        told.to_owned()
    } else {
        format!("http://{told}")
    };
    let with_host = with_scheme.replacen("://:", "://127.0.0.1:", 1);
    let has_port = !with_host.starts_with("http://") || has_port(&with_host);
    let mut url = Url::parse(&with_host).ok()?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
        return None;
    }
    if !has_port {
        url.set_port(Some(OLLAMA_PORT)).ok()?;
    }
    if url
        .host_str()
        .is_some_and(|host| matches!(host, "0.0.0.0" | "[::]"))
    {
        url.set_host(Some("127.0.0.1")).ok()?;
    }
    url.set_path("/v1");
    url.set_query(None);
    Some(url.to_string())
}

/// Whether an http URL has a port, even the default one.
fn has_port(url: &str) -> bool {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let host = rest.split('/').next().unwrap_or_default();
    let after = host.rsplit(']').next().unwrap_or_default();
    after
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty())
}

/// The host and port of a server.
pub(super) fn address(kind: ProviderKind, environment: &Environment) -> Option<String> {
    let url = url_of(kind, environment)?;
    let port = url.port_or_known_default()?;
    Some(format!("{}:{port}", url.host_str()?))
}

fn url_of(kind: ProviderKind, environment: &Environment) -> Option<Url> {
    let told = base_url(kind, environment);
    let usual = || kind.profile().base_url.map(str::to_owned);
    told.or_else(usual)?.parse().ok()
}

/// Whether a program listens on the server's port of this machine.
pub(super) fn listens(kind: ProviderKind, environment: &Environment) -> bool {
    let Some(port) = port_here(kind, environment) else {
        return false;
    };
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
        let text = std::fs::read_to_string(table).unwrap_or_default();
        has_listener(&text, port)
    })
}

/// The server's port, if its address is one of this machine.
fn port_here(kind: ProviderKind, environment: &Environment) -> Option<u16> {
    let url = url_of(kind, environment)?;
    let is_here = match url.host()? {
        url::Host::Ipv4(host) => host.is_loopback(),
        url::Host::Ipv6(host) => host.is_loopback(),
        url::Host::Domain(host) => host == "localhost",
    };
    url.port_or_known_default().filter(|_| is_here)
}

/// Whether Linux's socket table has a listener on `port`, of loopback or of all interfaces.
fn has_listener(table: &str, port: u16) -> bool {
    table.lines().skip(1).any(|line| {
        let mut cells = line.split_whitespace().skip(1);
        let (Some(local), Some(state)) = (cells.next(), cells.nth(1)) else {
            return false;
        };
        let Some((host, its_port)) = local.split_once(':') else {
            return false;
        };
        state == LISTENS && u16::from_str_radix(its_port, 16) == Ok(port) && is_reached(host)
    })
}

/// Whether an address of the table, in hexadecimal words of this machine's byte order, is reached
/// through loopback.
fn is_reached(host: &str) -> bool {
    if host.bytes().all(|digit| digit == b'0') {
        return true;
    }
    match host.len() {
        8 => u32::from_str_radix(host, 16)
            .is_ok_and(|word| IpAddr::V4(Ipv4Addr::from(word.to_ne_bytes())).is_loopback()),
        _ => matches!(host, LOOPBACK_V6 | LOOPBACK_MAPPED),
    }
}

const OLLAMA_PORT: u16 = 11_434;
const LISTENS: &str = "0A";
const LOOPBACK_V6: &str = "00000000000000000000000001000000";
const LOOPBACK_MAPPED: &str = "0000000000000000FFFF00000100007F";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_of_ollama_is_read_as_ollama_reads_it() {
        for (told, url) in [
            ("127.0.0.1:7000", Some("http://127.0.0.1:7000/v1")),
            ("0.0.0.0", Some("http://127.0.0.1:11434/v1")),
            (":7000", Some("http://127.0.0.1:7000/v1")),
            ("box.lan", Some("http://box.lan:11434/v1")),
            ("box.lan:80", Some("http://box.lan/v1")),
            ("https://box.lan/ollama?x=1", Some("https://box.lan/v1")),
            ("http://[::1]:7000", Some("http://[::1]:7000/v1")),
            ("ftp://box.lan", None),
            ("http://user@box.lan", None),
            ("::", None),
        ] {
            assert_eq!(ollama(told).as_deref(), url, "{told}");
        }
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn lm_studio_is_noticed_at_its_port_and_ollama_where_its_variable_says() {
        let told = |told: &'static str| {
            Environment::of_process().of_another(std::sync::Arc::new(move |name| {
                (name == OLLAMA_HOST).then(|| std::ffi::OsString::from(told))
            }))
        };
        let here = told("127.0.0.1:7000");
        let port = |kind| port_here(kind, &here).unwrap();
        assert_eq!(port(ProviderKind::Ollama), 7_000);
        assert_eq!(port(ProviderKind::LmStudio), 1_234);
        // A port of another machine is not looked for here.
        assert_eq!(port_here(ProviderKind::Ollama, &told("box.lan")), None);
        let table =
            "  sl  local_address rem_address   st\n   0: 0100007F:04D2 00000000:0000 0A 0\n";
        assert!(has_listener(table, port(ProviderKind::LmStudio)));
        assert!(!has_listener(table, port(ProviderKind::Ollama)));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_port_that_listens_for_this_machine_is_noticed() {
        let table = |local: &str, state: &str| {
            format!(
                "  sl  local_address rem_address   st tx_queue\n   0: {local} 00000000:0000 {state} 0\n"
            )
        };
        assert!(has_listener(&table("0100007F:2CAA", "0A"), 11_434));
        assert!(has_listener(&table("00000000:2CAA", "0A"), 11_434));
        assert!(has_listener(
            &table("00000000000000000000000001000000:2CAA", "0A"),
            11_434
        ));
        // Another address, a connection, another port.
        assert!(!has_listener(&table("0101A8C0:2CAA", "0A"), 11_434));
        assert!(!has_listener(&table("0100007F:2CAA", "01"), 11_434));
        assert!(!has_listener(&table("0100007F:2CAB", "0A"), 11_434));
        assert!(!has_listener("no table", 11_434));
    }
}
