//! The settings of an entry other than its transport.

use synapse_core::redact::printable_line;
use synapse_core::upstream::{
    Consent, Pin, Protocol, Relay, ToolFilter, Upstream, UpstreamName, UpstreamTimes,
    UpstreamTransport,
};
use synapse_core::{Code, ConnectionName, Failure};

use super::keys;
use super::reader::MemberReader;
use super::tree::{Node, Value};

/// Reads all except the OAuth settings.
pub(super) fn read(
    reader: &mut MemberReader<'_>,
    name: &UpstreamName,
    transport: UpstreamTransport,
) -> Result<Upstream, Failure> {
    let note = match reader.take_any("note", &keys::NOTE)? {
        Some(node) => Some(reader.text("note", node)?.to_owned()),
        None => None,
    };
    let env_file = match reader.take_any("envFile", &["env_file"])? {
        Some(node) => Some(env_file(reader, node)?),
        None => None,
    };
    Ok(Upstream {
        name: name.clone(),
        transport,
        disabled: disabled(reader)?,
        note,
        groups: groups(reader)?,
        tools: tools(reader)?,
        relay: relay(reader)?,
        pin: pin(reader)?,
        protocol: protocol(reader)?,
        times: times(reader)?,
        sampling_connection: sampling_connection(reader)?,
        env_file,
        oauth: None,
        ignored: Vec::new(),
    })
}

fn env_file(reader: &MemberReader<'_>, node: &Node) -> Result<String, Failure> {
    let path = reader.text("envFile", node)?;
    let refused = |why: &str| {
        reader
            .at(node, Code::ConfigInvalidValue, format!("`envFile` {why}"))
            .hint("write the path of a file, absolute or relative to this file")
    };
    match path {
        _ if path.trim().is_empty() => Err(refused("is empty")),
        _ if path.contains("${") => Err(refused("has a variable, which is not allowed here")),
        _ => Ok(path.to_owned()),
    }
}

fn disabled(reader: &mut MemberReader<'_>) -> Result<bool, Failure> {
    let disabled = match reader.take("disabled") {
        Some(node) => Some(reader.flag("disabled", node)?),
        None => None,
    };
    let Some(node) = reader.take("enabled") else {
        return Ok(disabled.unwrap_or_default());
    };
    let is_off = !reader.flag("enabled", node)?;
    reader.spelled("enabled", "disabled");
    match disabled {
        Some(stated) if stated != is_off => Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            "`enabled` and `disabled` contradict each other",
        )),
        _ => Ok(is_off),
    }
}

fn groups(reader: &mut MemberReader<'_>) -> Result<Vec<String>, Failure> {
    let Some(node) = reader.take("groups") else {
        return Ok(Vec::new());
    };
    let groups = reader.texts("groups", node)?;
    let fits = |group: &String| {
        (1..=64).contains(&group.len())
            && group
                .chars()
                .all(|each| each.is_ascii_alphanumeric() || "._-".contains(each))
    };
    match groups.iter().find(|group| !fits(group)) {
        Some(group) => Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            format!("`{}` is not the name of a group", printable_line(group)),
        )),
        None => Ok(groups),
    }
}

fn tools(reader: &mut MemberReader<'_>) -> Result<ToolFilter, Failure> {
    let mut filter = ToolFilter::default();
    if let Some(node) = reader.take("tools") {
        match &node.value {
            // GitHub Copilot lists the allowed ones, with `*` for all.
            Value::List(_) => {
                filter.allow = allowed(reader.texts("tools", node)?);
                reader.spelled("tools: […]", "tools.allow");
            }
            _ => {
                let members = reader.object("tools", node)?;
                let mut below = reader.below("tools.", members);
                if let Some(node) = below.take("allow") {
                    filter.allow = allowed(below.texts("allow", node)?);
                }
                if let Some(node) = below.take("deny") {
                    filter.deny = below.texts("deny", node)?;
                }
                // Every member of it is about permissions.
                below.finish_none()?;
            }
        }
    }
    if let Some(node) = reader.take_any("tools.allow", &keys::ALLOWED)? {
        let more = reader.texts("tools.allow", node)?;
        if filter.allow.replace(more).is_some() {
            return Err(reader.at(
                node,
                Code::ConfigInvalidValue,
                "the allowed tools are set twice",
            ));
        }
    }
    if let Some(node) = reader.take(keys::AVAILABLE) {
        reader.spelled(keys::AVAILABLE, "tools.allow");
        let more = reader.texts(keys::AVAILABLE, node)?;
        if !more.is_empty() && filter.allow.replace(more).is_some() {
            return Err(reader.at(
                node,
                Code::ConfigInvalidValue,
                "the allowed tools are set twice",
            ));
        }
    }
    if let Some(node) = reader.take_any("tools.deny", &keys::DENIED)? {
        filter.deny.extend(reader.texts("tools.deny", node)?);
    }
    Ok(filter)
}

fn allowed(names: Vec<String>) -> Option<Vec<String>> {
    (!names.iter().any(|name| name == "*")).then_some(names)
}

fn relay(reader: &mut MemberReader<'_>) -> Result<Relay, Failure> {
    let Some(node) = reader.take("relay") else {
        return Ok(Relay::default());
    };
    let mut relay = Relay {
        elicitation: Consent::Withheld,
        ..Relay::default()
    };
    let words = match &node.value {
        Value::Text(word) if word == "off" => Vec::new(),
        _ => reader.texts("relay", node)?,
    };
    for word in words {
        match word.as_str() {
            "elicitation" => relay.elicitation = Consent::Given,
            "elicitation-url" => relay.elicitation_url = Consent::Given,
            "sampling" => relay.sampling = Consent::Given,
            "roots" => relay.roots = Consent::Given,
            other => {
                return Err(unknown(
                    reader,
                    node,
                    "relay",
                    other,
                    "`elicitation`, `elicitation-url`, `sampling`, `roots`",
                ));
            }
        }
    }
    Ok(relay)
}

fn pin(reader: &mut MemberReader<'_>) -> Result<Pin, Failure> {
    let Some(node) = reader.take("pin") else {
        return Ok(Pin::default());
    };
    match reader.text("pin", node)? {
        "tools" => Ok(Pin::Tools),
        "off" => Ok(Pin::Off),
        other => Err(unknown(reader, node, "pin", other, "`tools` or `off`")),
    }
}

fn protocol(reader: &mut MemberReader<'_>) -> Result<Protocol, Failure> {
    let Some(node) = reader.take("protocol") else {
        return Ok(Protocol::default());
    };
    match reader.text("protocol", node)? {
        "auto" => Ok(Protocol::Negotiated),
        "legacy" | "2025-11-25" => Ok(Protocol::Legacy),
        "modern" | "2026-07-28" => Ok(Protocol::Modern),
        other => Err(unknown(
            reader,
            node,
            "protocol",
            other,
            "`auto`, `legacy` or `modern`",
        )),
    }
}

fn times(reader: &mut MemberReader<'_>) -> Result<UpstreamTimes, Failure> {
    let mut times = UpstreamTimes::default();
    let Some(node) = reader.take("timeouts") else {
        return Ok(times);
    };
    let members = reader.object("timeouts", node)?;
    let mut below = reader.below("timeouts.", members);
    if let Some(node) = below.take("start") {
        times.start = below.seconds("start", node)?;
    }
    if let Some(node) = below.take("call") {
        times.call = below.seconds("call", node)?;
        times.longest_call = times.longest_call.max(times.call);
    }
    if let Some(node) = below.take("longestCall") {
        times.longest_call = below.seconds("longestCall", node)?;
        if times.longest_call < times.call {
            return Err(below.at(
                node,
                Code::ConfigInvalidValue,
                "`timeouts.longestCall` is shorter than `timeouts.call`",
            ));
        }
    }
    if let Some(node) = below.take("idleStop") {
        times.idle_stop = Some(below.seconds("idleStop", node)?);
    }
    let words = ["start", "call", "longestCall", "idleStop"];
    let (_, warnings) = below.finish(&words, &[], &words)?;
    reader.warnings.extend(warnings);
    Ok(times)
}

fn sampling_connection(reader: &mut MemberReader<'_>) -> Result<Option<String>, Failure> {
    let Some(node) = reader.take("samplingConnection") else {
        return Ok(None);
    };
    let name = reader.text("samplingConnection", node)?;
    let parsed: Result<ConnectionName, _> = name.parse();
    match parsed {
        Ok(_) => Ok(Some(name.to_owned())),
        Err(_) => Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            "`samplingConnection` is not the name of a connection",
        )),
    }
}

fn unknown(reader: &MemberReader<'_>, node: &Node, key: &str, word: &str, known: &str) -> Failure {
    reader
        .at(
            node,
            Code::ConfigInvalidValue,
            format!("`{key}` does not take `{}`", printable_line(word)),
        )
        .hint(format!("it takes {known}"))
}
