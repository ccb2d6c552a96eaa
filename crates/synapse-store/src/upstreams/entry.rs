//! Parses one entry of `mcp-servers.json` as an upstream.

use std::str::FromStr as _;

use synapse_core::credential::CredentialRef;
use synapse_core::ports::StoredUpstream;
use synapse_core::redact::{holds_token, is_opaque, printable_line};
use synapse_core::upstream::expand::secret_in_argv;
use synapse_core::upstream::{
    Piece, Template, Upstream, UpstreamName, UpstreamTransport, is_variable,
};
use synapse_core::{Code, Failure, Remedy};

use super::reader::MemberReader;
use super::source::UpstreamsText;
use super::tree::{Member, Node, Value};
use super::{forms, keys, oauth, settings};

/// Reads one entry. An invalid value fails only this entry.
pub(super) fn read(source: &UpstreamsText, member: &Member) -> StoredUpstream {
    let mut warnings = Vec::new();
    let upstream = upstream(source, member, &mut warnings).map_err(|failure| {
        let name = printable_line(&member.key);
        let message = failure.message();
        let failure = if message.contains(&format!("`{name}`")) {
            failure
        } else {
            let message = format!("`{name}`: {message}");
            failure.with_message(message)
        };
        failure.of_server(&name)
    });
    StoredUpstream {
        name: member.key.clone(),
        upstream,
        warnings,
    }
}

fn upstream(
    source: &UpstreamsText,
    member: &Member,
    warnings: &mut Vec<Failure>,
) -> Result<Upstream, Failure> {
    let name =
        UpstreamName::from_str(&member.key).map_err(|failure| source.locate(failure, member.at))?;
    let Value::Object(members) = &member.value.value else {
        let failure = Failure::new(
            Code::ConfigInvalidValue,
            format!("`{name}` is {}, not an object", member.value.kind()),
        );
        return Err(source.locate(failure, member.value.at));
    };
    if let Some((key, at)) = member.value.doubled() {
        let failure = Failure::new(
            Code::ConfigSyntax,
            format!("`{}` of `{name}` occurs twice", printable_line(key)),
        )
        .hint("keep one of them");
        return Err(source.locate(failure, at));
    }
    let mut reader = MemberReader::new(source, name.as_str(), "", members);
    let read = entry(&mut reader, &name);
    match read {
        Ok(mut upstream) => {
            let (ignored, found) = reader.finish(&keys::KNOWN, &keys::FOREIGN, &keys::SAFETY)?;
            upstream.ignored = ignored;
            warnings.extend(found);
            Ok(upstream)
        }
        Err(failure) => {
            warnings.append(&mut reader.warnings);
            Err(failure)
        }
    }
}

fn entry(reader: &mut MemberReader<'_>, name: &UpstreamName) -> Result<Upstream, Failure> {
    let kind = kind(reader)?;
    let transport = match kind {
        EntryTransport::Stdio => stdio(reader)?,
        EntryTransport::Http => http(reader)?,
    };
    if let UpstreamTransport::Stdio {
        command, arguments, ..
    } = &transport
        && let Some(warning) = unversioned(name, command, arguments)
    {
        reader.warn(warning);
    }
    let mut upstream = settings::read(reader, name, transport)?;
    upstream.oauth = oauth::read(reader, &upstream.transport)?;
    Ok(upstream)
}

/// The transport of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EntryTransport {
    Stdio,
    Http,
}

fn kind(reader: &mut MemberReader<'_>) -> Result<EntryTransport, Failure> {
    let stated = match reader.take("type") {
        None => match reader.take("transport") {
            Some(node) => {
                reader.spelled("transport", "type");
                Some(stated(reader, node)?)
            }
            None => None,
        },
        Some(node) => Some(stated(reader, node)?),
    };
    let has = |keys: &[&str]| keys.iter().any(|key| reader.has(key));
    let starts = has(&["command"]) || has(&keys::COMMAND);
    let connects = has(&["url"]) || has(&keys::ADDRESS);
    match (stated, starts, connects) {
        (_, true, true) => Err(Failure::new(
            Code::ConfigInvalidValue,
            "the entry has both a `command` and a `url`",
        )
        .hint("keep one of them")),
        (Some(EntryTransport::Stdio) | None, true, false) => Ok(EntryTransport::Stdio),
        (Some(EntryTransport::Http) | None, false, true) => Ok(EntryTransport::Http),
        (Some(EntryTransport::Http), true, false) => Err(Failure::new(
            Code::ConfigInvalidValue,
            "the entry is of type `streamable-http` and has a `command`",
        )
        .hint("remove `type`, or write `url` in place of `command`")),
        (Some(EntryTransport::Stdio), false, true) => Err(Failure::new(
            Code::ConfigInvalidValue,
            "the entry is of type `stdio` and has a `url`",
        )
        .hint("remove `type`, or write `command` in place of `url`")),
        (Some(EntryTransport::Stdio), false, false) => Err(missing("command")),
        (Some(EntryTransport::Http), false, false) => Err(missing("url")),
        (None, false, false) => Err(Failure::new(
            Code::ConfigInvalidValue,
            "the entry has neither a `command` nor a `url`",
        )),
    }
}

fn missing(key: &str) -> Failure {
    Failure::new(
        Code::ConfigInvalidValue,
        format!("the entry has no `{key}`"),
    )
}

fn stated(reader: &mut MemberReader<'_>, node: &Node) -> Result<EntryTransport, Failure> {
    let Value::Text(word) = &node.value else {
        return Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            format!("`type` is {}, not a text", node.kind()),
        ));
    };
    if word == keys::STDIO {
        return Ok(EntryTransport::Stdio);
    }
    if word == keys::HTTP {
        return Ok(EntryTransport::Http);
    }
    let is = |spellings: &[&str]| spellings.iter().any(|each| each.eq_ignore_ascii_case(word));
    if is(&keys::SSE_SPELLINGS) {
        return Err(reader
            .at(
                node,
                Code::UpstreamUnsupported,
                "the transport HTTP+SSE is not supported",
            )
            .cause("revision 2025-03-26 of the protocol replaced it")
            .hint("give the server's streamable HTTP URL, with type `streamable-http`"));
    }
    let (kind, ours) = match word {
        _ if is(&keys::STDIO_SPELLINGS) || word.eq_ignore_ascii_case(keys::STDIO) => {
            (EntryTransport::Stdio, keys::STDIO)
        }
        _ if is(&keys::HTTP_SPELLINGS) || word.eq_ignore_ascii_case(keys::HTTP) => {
            (EntryTransport::Http, keys::HTTP)
        }
        _ => {
            return Err(reader
                .at(
                    node,
                    Code::ConfigInvalidValue,
                    format!("the type `{}` is not known", printable_line(word)),
                )
                .hint("write `stdio` or `streamable-http`"));
        }
    };
    reader.spelled(&format!("type: {word}"), &format!("type: {ours}"));
    Ok(kind)
}

fn stdio(reader: &mut MemberReader<'_>) -> Result<UpstreamTransport, Failure> {
    let command = reader
        .take_any("command", &keys::COMMAND)?
        .ok_or_else(|| missing("command"))?;
    let mut arguments = Vec::new();
    let mut more = Vec::new();
    let command = match &command.value {
        // Zed used one object for the program, its arguments and its variables.
        Value::Object(members) => {
            let mut below = reader.below("command.", members);
            let path = below.take("path").ok_or_else(|| missing("command.path"))?;
            let path = visible(&below, "path", path)?;
            if let Some(list) = below.take("args") {
                for item in below.list("args", list)? {
                    arguments.push(visible(&below, "args", item)?);
                }
            }
            more = variables(&mut below)?;
            let (_, warnings) = below.finish(&["path", "args", "env"], &["arguments"], &[])?;
            reader.warnings.extend(warnings);
            reader.spelled("command: {path, …}", "command`, `args` and `env");
            path
        }
        // opencode uses one list for the program and its arguments.
        Value::List(words) => {
            let (program, rest) = words.split_first().ok_or_else(|| missing("command"))?;
            for word in rest {
                arguments.push(visible(reader, "args", word)?);
            }
            reader.spelled("command: [program, …]", "command` and `args");
            visible(reader, "command", program)?
        }
        _ => visible(reader, "command", command)?,
    };
    if command.plain().is_some_and(|text| text.trim().is_empty()) {
        return Err(Failure::new(Code::ConfigInvalidValue, "`command` is empty"));
    }
    if let Some(list) = reader.take_any("args", &keys::ARGUMENTS)? {
        for item in reader.list("args", list)? {
            arguments.push(visible(reader, "args", item)?);
        }
    }
    let directory = match reader.take_any("cwd", &keys::DIRECTORY)? {
        Some(node) => Some(visible(reader, "cwd", node)?),
        None => None,
    };
    let environment = variables(reader)?;
    if !more.is_empty() && !environment.is_empty() {
        return Err(Failure::new(
            Code::ConfigInvalidValue,
            "the variables are set twice: in `env` and in `command.env`",
        ));
    }
    more.extend(environment);
    Ok(UpstreamTransport::Stdio {
        command,
        arguments,
        environment: more,
        directory,
    })
}

fn http(reader: &mut MemberReader<'_>) -> Result<UpstreamTransport, Failure> {
    let url = reader
        .take_any("url", &keys::ADDRESS)?
        .ok_or_else(|| missing("url"))?;
    let url = visible(reader, "url", url)?;
    if let Some(plain) = url.plain() {
        // A URL without variables is validated at once; others after expansion.
        let parsed = url::Url::parse(plain.trim()).map_err(|error| {
            Failure::new(Code::EndpointInvalidUrl, "the URL cannot be read").caused_by(&error)
        })?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(secret_in_argv("url", "a user name or a password"));
        }
    }
    let mut headers: Vec<(String, Template)> = Vec::new();
    if let Some(node) = reader.take_any("headers", &keys::HEADERS)? {
        for member in reader.object("headers", node)? {
            let value = reader.template(&member.key, &member.value)?;
            if let Some(warning) = forms::warning(reader.server(), &member.key, &value) {
                reader.warn(warning);
            }
            add_header(reader, &mut headers, &member.key, value, &member.value)?;
        }
    }
    // Codex names the variables instead of the values.
    if let Some(node) = reader.take("bearer_token_env_var") {
        let name = reader.text("bearer_token_env_var", node)?;
        reader.spelled("bearer_token_env_var", "headers.Authorization");
        let value = Template::parse(&format!("Bearer ${{{name}}}"))?;
        add_header(reader, &mut headers, "Authorization", value, node)?;
    }
    if let Some(node) = reader.take("env_http_headers") {
        reader.spelled("env_http_headers", "headers");
        for member in reader.object("env_http_headers", node)? {
            let name = reader.text(&member.key, &member.value)?;
            let value = Template::parse(&format!("${{{name}}}"))?;
            add_header(reader, &mut headers, &member.key, value, &member.value)?;
        }
    }
    Ok(UpstreamTransport::Http {
        url,
        headers,
        variables: variables(reader)?,
    })
}

fn add_header(
    reader: &MemberReader<'_>,
    headers: &mut Vec<(String, Template)>,
    name: &str,
    value: Template,
    node: &Node,
) -> Result<(), Failure> {
    let is_token = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    if !is_token {
        return Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            format!("`{}` is not the name of a header", printable_line(name)),
        ));
    }
    let own = [
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "accept",
        "mcp-session-id",
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
        "last-event-id",
    ];
    if own.iter().any(|each| name.eq_ignore_ascii_case(each)) {
        return Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            format!("the header `{name}` is set by Synapse"),
        ));
    }
    if headers
        .iter()
        .any(|(each, _)| each.eq_ignore_ascii_case(name))
    {
        return Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            format!("the header `{name}` is set twice"),
        ));
    }
    if value.texts().any(|text| text.chars().any(char::is_control)) {
        return Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            format!("the header `{name}` has a control character in it"),
        ));
    }
    literal(&value, name).map_err(|failure| reader.locate(failure, node))?;
    headers.push((name.to_owned(), value));
    Ok(())
}

fn variables(reader: &mut MemberReader<'_>) -> Result<Vec<(String, Template)>, Failure> {
    let mut variables = Vec::new();
    let Some(node) = reader.take_any("env", &keys::ENVIRONMENT)? else {
        return Ok(variables);
    };
    for member in reader.object("env", node)? {
        let name = &member.key;
        if !is_variable(name) {
            return Err(reader.at(
                &member.value,
                Code::ConfigInvalidValue,
                format!("`{}` is not the name of a variable", printable_line(name)),
            ));
        }
        let value = match &member.value.value {
            // Other programs accept these in any scalar type.
            Value::Flag(flag) => Template::text(flag.to_string()),
            Value::Number(number) => Template::text(number.clone()),
            _ => reader.template(&format!("env.{name}"), &member.value)?,
        };
        literal(&value, name).map_err(|failure| reader.locate(failure, &member.value))?;
        if let Some(warning) = forms::warning(reader.server(), name, &value) {
            reader.warn(warning);
        }
        variables.push((name.clone(), value));
    }
    Ok(variables)
}

/// A text visible to other users, which must not contain a secret.
fn visible(reader: &MemberReader<'_>, key: &str, node: &Node) -> Result<Template, Failure> {
    let Value::Text(text) = &node.value else {
        return Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            format!("`{key}` has {} in the place of a text", node.kind()),
        ));
    };
    if holds_token(text) {
        let failure = secret_in_argv(key, "text that looks like a token");
        return Err(reader.locate(failure, node));
    }
    if text.contains('\0') {
        return Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            format!("`{key}` has a NUL in it"),
        ));
    }
    let template = Template::parse(text).map_err(|failure| reader.locate(failure, node))?;
    if template.secrets().next().is_some() {
        let failure = secret_in_argv(key, "a secret reference");
        return Err(reader.locate(failure, node));
    }
    Ok(template)
}

/// Refuses a literal token in place of a reference.
pub(super) fn literal(value: &Template, name: &str) -> Result<(), Failure> {
    let is_of_secret = is_name_of_secret(name);
    let holds = value.pieces.iter().any(|piece| match piece {
        Piece::Text(text)
        | Piece::Variable {
            default: Some(text),
            ..
        } => holds_token(text) || (is_of_secret && text.split_whitespace().any(is_opaque)),
        _ => false,
    });
    if !holds {
        return Ok(());
    }
    Err(Failure::new(
        Code::CredentialLiteralToken,
        format!("`{name}` has a token written out in the file"),
    )
    .cause("a token in a file ends up in backups and repositories; revoke it if it was ever shared")
    .remedy(
        "keep it in the keyring, or in a file that only you can read",
        &Remedy::StoreSecret {
            reference: CredentialRef::Keyring(name.to_ascii_lowercase()),
        },
    )
    .hint(format!(
        "then write `${{keyring:{}}}` in its place, or `${{{}}}` for a variable",
        name.to_ascii_lowercase(),
        name.to_ascii_uppercase().replace('-', "_")
    )))
}

fn is_name_of_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "authorization",
        "token",
        "secret",
        "password",
        "key",
        "cookie",
        "credential",
        "pat",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// A package that a launcher runs in its latest version.
fn unversioned(name: &UpstreamName, command: &Template, arguments: &[Template]) -> Option<Failure> {
    let command = command.plain()?;
    let program = command.rsplit(['/', '\\']).next()?.trim_end_matches(".cmd");
    let is_launcher = matches!(program, "npx" | "bunx" | "pnpx" | "uvx" | "pipx");
    if !is_launcher {
        return None;
    }
    let words: Vec<String> = arguments.iter().filter_map(Template::plain).collect();
    let package = words
        .iter()
        .find(|word| !word.starts_with('-') && *word != "run" && *word != "dlx")?;
    let behind_scope = package.strip_prefix('@').unwrap_or(package);
    let is_pinned = behind_scope
        .rsplit_once(['@', '='])
        .is_some_and(|(_, version)| version.starts_with(|first: char| first.is_ascii_digit()));
    let is_local = package.starts_with(['.', '/']);
    if is_pinned || is_local {
        return None;
    }
    let package = printable_line(package);
    Some(
        Failure::new(
            Code::ConfigInvalidValue,
            format!("`{name}` runs the newest version of `{package}`"),
        )
        .cause("the next release would run without your approval")
        .hint(format!("name a version: `{package}@1.2.3`")),
    )
}
