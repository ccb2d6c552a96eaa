//! `mcp-servers.json`: read leniently where other programs differ, strictly where security is at
//! stake, and edited without touching the user's formatting.
//!
//! A change is made under a lock, verified by reading its result, and replaces the file only if it
//! is still unchanged; any failure leaves the file as it was.

mod edit;
mod entry;
mod env_file;
mod forms;
mod keys;
mod oauth;
mod place;
mod reader;
mod settings;
mod source;
mod tree;

use std::io::Write as _;
use std::time::Duration;

use serde_json::{Map, Value as Json};
use synapse_core::nearest::nearest;
use synapse_core::ports::{StoredUpstream, UpstreamStore};
use synapse_core::redact::printable_line;
use synapse_core::upstream::UpstreamName;
use synapse_core::{Code, Failure, Remedy};
use synapse_files::{Rights, examine};

pub use self::env_file::read_env_file;
pub use self::place::HubPlace;
use self::source::UpstreamsText;
use self::tree::{Member, Node, Value};
use synapse_home::atomic::{Lock, stamp};
use synapse_home::failure::{of_file, refuse, rely_on, shown};

/// The upstream servers of a [`HubPlace`]. Every call reads the file, so that edits take effect at
/// once.
#[derive(Debug, Clone)]
pub struct JsonUpstreams {
    place: HubPlace,
    patience: Duration,
}

/// Whether a tool is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offering {
    /// It is.
    Allowed,
    /// It is not.
    Denied,
}

/// The content of the file.
#[derive(Debug)]
pub struct UpstreamsFile {
    /// The servers, in file order.
    pub servers: Vec<StoredUpstream>,
    /// Warnings about the file as a whole.
    pub warnings: Vec<Failure>,
}

impl JsonUpstreams {
    /// The upstreams of `place`. Touches nothing.
    #[must_use]
    pub const fn new(place: HubPlace) -> Self {
        Self {
            place,
            patience: PATIENCE,
        }
    }

    /// Reads the file; a missing one has no servers. Changes nothing on disk.
    ///
    /// # Errors
    /// `config.syntax`, `config.unknown-field`, `config.not-found` for a missing file that was
    /// named explicitly, `storage.*`.
    pub fn read(&self) -> Result<UpstreamsFile, Failure> {
        let source = self.source()?;
        let shape = ServersLocation::of(&source)?;
        Ok(shape.file(&source))
    }

    /// Allows or denies a tool of a server by changing only `tools.deny` of the entry.
    ///
    /// # Errors
    /// `config.not-found`, `config.syntax` if the entry's form does not allow it, or as
    /// [`Self::read`]; the file is left unchanged.
    pub fn offer(
        &self,
        name: &UpstreamName,
        tool: &str,
        offering: Offering,
    ) -> Result<(), Failure> {
        self.change(
            |source, shape| {
                if shape.has(name.as_str()) {
                    edit::offer(source, shape.wrapper, name.as_str(), tool, offering)
                } else {
                    Err(not_found(name.as_str(), shape.names()))
                }
            },
            |before, after| {
                let is_other = |each: &&StoredUpstream| each.name != name.as_str();
                let others = |all: &[StoredUpstream]| -> Vec<StoredUpstream> {
                    all.iter().filter(is_other).cloned().collect()
                };
                let permits = after
                    .iter()
                    .find(|each| each.name == name.as_str())
                    .and_then(|each| each.upstream.as_ref().ok())
                    .map(|upstream| upstream.tools.permits(tool));
                same(&others(before), &others(after))
                    && permits == Some(offering == Offering::Allowed)
            },
        )
    }

    fn source(&self) -> Result<UpstreamsText, Failure> {
        let path = self.place.file();
        if self.place.is_home() {
            rely_on(self.place.home(), path)?;
        } else {
            refuse(examine(path))?;
        }
        let source = UpstreamsText::read(path)?;
        if source.bytes.is_none() && !self.place.is_home() {
            return Err(Failure::new(
                Code::ConfigNotFound,
                format!("{} is not there", shown(path)),
            )
            .with("file", shown(path)));
        }
        Ok(source)
    }

    /// Applies a change. First tries it without the lock, so that a refused one leaves no trace,
    /// not even a directory.
    fn change(
        &self,
        plan: impl Fn(&UpstreamsText, &ServersLocation) -> Result<String, Failure>,
        holds: impl Fn(&[StoredUpstream], &[StoredUpstream]) -> bool,
    ) -> Result<(), Failure> {
        let source = self.source()?;
        plan(&source, &ServersLocation::of(&source)?)?;
        self.place.home().create().map_err(of_file)?;
        let _lock = Lock::acquire(&self.place.lock(), self.patience)?;
        let source = self.source()?;
        let shape = ServersLocation::of(&source)?;
        let text = plan(&source, &shape)?;
        let result = source.with_text(text);
        let before = shape.file(&source).servers;
        let after = ServersLocation::of(&result)?.file(&result).servers;
        if !holds(&before, &after) {
            return Err(Failure::new(
                Code::ConfigSyntax,
                format!("{} cannot be changed safely", shown(&source.path)),
            )
            .cause("the change would have altered more than it should; the file was left as it was")
            .hint("make the change by hand")
            .with("file", shown(&source.path)));
        }
        let mut content = Vec::new();
        if source.has_mark {
            content.extend_from_slice(b"\xef\xbb\xbf");
        }
        content.extend_from_slice(result.text.as_bytes());
        let mut replacement =
            synapse_files::Replacement::begin(&source.path, Rights::Kept).map_err(of_file)?;
        replacement
            .write_all(&content)
            .map_err(|error| of_file(replacement.failed(error)))?;
        let prepared = replacement.prepare().map_err(of_file)?;
        prepared
            .take_place_of(source.bytes.as_deref())
            .map_err(|error| match error {
                synapse_files::FileError::Changed { .. } => changed_meanwhile(&source),
                error => of_file(error),
            })
    }
}

impl UpstreamStore for JsonUpstreams {
    fn load(&self) -> Result<Vec<StoredUpstream>, Failure> {
        self.read().map(|file| file.servers)
    }

    fn stamp(&self) -> Option<u64> {
        Some(stamp(self.place.file()))
    }

    fn is_large(&self) -> bool {
        std::fs::metadata(self.place.file()).is_ok_and(|file| file.len() > LARGE)
    }

    fn is_declared(&self) -> bool {
        self.place.file().exists()
    }

    fn insert(&self, name: &UpstreamName, entry: &Map<String, Json>) -> Result<(), Failure> {
        self.change(
            |source, shape| {
                let text = edit::insert(source, shape.wrapper, name, entry)?;
                // Reports an invalid entry before writing.
                let result = source.with_text(text);
                let file = ServersLocation::of(&result)?.file(&result);
                let added = file
                    .servers
                    .into_iter()
                    .find(|each| each.name == name.as_str());
                if let Some(Err(failure)) = added.map(|added| added.upstream) {
                    return Err(failure);
                }
                Ok(result.text)
            },
            |before, after| {
                let Some((last, rest)) = after.split_last() else {
                    return false;
                };
                same(before, rest) && last.name == name.as_str()
            },
        )
    }

    fn remove(&self, name: &UpstreamName) -> Result<(), Failure> {
        self.change(
            |source, shape| {
                if shape.has(name.as_str()) {
                    edit::remove(source, shape.wrapper, name.as_str())
                } else {
                    Err(not_found(name.as_str(), shape.names()))
                }
            },
            |before, after| {
                let left: Vec<StoredUpstream> = before
                    .iter()
                    .filter(|each| each.name != name.as_str())
                    .cloned()
                    .collect();
                same(&left, after)
            },
        )
    }
}

/// The failure of an unknown name.
pub fn not_found<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Failure {
    let known: Vec<&str> = known.into_iter().collect();
    let failure = Failure::new(
        Code::ConfigNotFound,
        format!("no server is called `{}`", printable_line(name)),
    );
    let failure = match nearest(name, known.iter().copied()) {
        Some(near) => failure.did_you_mean(name, near),
        None => failure,
    };
    failure
        .remedy("see all of them", &Remedy::ListUpstreams)
        .of_server(printable_line(name))
}

/// Whether these have the same meaning, ignoring positions.
fn same(one: &[StoredUpstream], other: &[StoredUpstream]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            one.name == other.name
                && match (&one.upstream, &other.upstream) {
                    (Ok(one), Ok(other)) => one == other,
                    (Err(one), Err(other)) => one.code() == other.code(),
                    _ => false,
                }
        })
}

/// The location of the servers in the file.
struct ServersLocation {
    wrapper: Option<&'static str>,
    servers: Vec<Member>,
    /// Members besides the wrapper.
    beside: Vec<Member>,
}

impl ServersLocation {
    fn of(source: &UpstreamsText) -> Result<Self, Failure> {
        let file = || shown(&source.path);
        let root = tree::read(&source.text).map_err(|flaw| {
            let failure = Failure::new(Code::ConfigSyntax, format!("{} is not JSON", file()))
                .cause(flaw.what)
                .cause("no server is served from it until it is repaired");
            source.locate(failure, flaw.at)
        })?;
        let members = match root {
            // An empty or blank file has no servers.
            None if source.text.trim().is_empty() => Vec::new(),
            None => Vec::new(),
            Some(Node {
                value: Value::Object(members),
                ..
            }) => members,
            Some(other) => {
                let failure = Failure::new(
                    Code::ConfigSyntax,
                    format!("{} holds {}, not an object", file(), other.kind()),
                )
                .hint("write { \"mcpServers\": { … } }");
                return Err(source.locate(failure, other.at));
            }
        };
        let wrappers: Vec<&Member> = members
            .iter()
            .filter(|member| {
                WRAPPERS.contains(&member.key.as_str()) && is_map_of_servers(&member.value)
            })
            .collect();
        if let [_, second, ..] = wrappers[..] {
            let failure = Failure::new(
                Code::ConfigSyntax,
                format!("{} has two lists of servers", file()),
            )
            .cause("`mcpServers` and `servers` mean the same")
            .hint("move all servers into one of them");
            return Err(source.locate(failure, second.at));
        }
        if let Some(member) = members
            .iter()
            .find(|member| FOREIGN_WRAPPERS.contains(&member.key.as_str()))
            .filter(|_| wrappers.is_empty())
        {
            let failure = Failure::new(
                Code::ConfigUnknownField,
                format!("`{}` is the list of servers of another program", member.key),
            )
            .hint("call it `mcpServers`");
            return Err(source.locate(failure, member.at));
        }
        let key = wrappers.first().map(|member| member.key.clone());
        let wrapper = WRAPPERS
            .into_iter()
            .find(|word| key.as_deref() == Some(*word));
        let Some(wrapper) = wrapper else {
            let (beside, servers) = members
                .into_iter()
                .partition(|member| member.key.starts_with('$'));
            return Ok(Self {
                wrapper: None,
                servers,
                beside,
            });
        };
        let (inside, beside): (Vec<Member>, Vec<Member>) = members
            .into_iter()
            .partition(|member| member.key == wrapper);
        let mut servers = Vec::new();
        for member in inside {
            if let Value::Object(members) = member.value.value {
                servers.extend(members);
            }
        }
        Ok(Self {
            wrapper: Some(wrapper),
            servers,
            beside,
        })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.servers.iter().map(|member| member.key.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.names().any(|each| each == name)
    }

    fn file(&self, source: &UpstreamsText) -> UpstreamsFile {
        let mut servers: Vec<StoredUpstream> = Vec::new();
        for member in &self.servers {
            let read = entry::read(source, member);
            match servers.iter_mut().find(|each| each.name == member.key) {
                // Ambiguous.
                Some(first) => {
                    let name = printable_line(&member.key);
                    let failure = Failure::new(
                        Code::ConfigDuplicateName,
                        format!("two servers are called `{name}`"),
                    )
                    .hint("rename one of them")
                    .of_server(&name);
                    first.upstream = Err(source.locate(failure, member.at));
                }
                None => servers.push(read),
            }
        }
        let warnings = self
            .beside
            .iter()
            .filter(|member| member.key != "$schema")
            .map(|member| {
                let key = printable_line(&member.key);
                let failure = Failure::new(
                    Code::ConfigUnknownField,
                    format!("`{key}` next to the servers is ignored"),
                );
                source.locate(failure, member.at)
            })
            .collect();
        UpstreamsFile { servers, warnings }
    }
}

/// Whether a wrapper's value is a list of servers rather than a server of that name.
fn is_map_of_servers(node: &Node) -> bool {
    match &node.value {
        Value::Object(members) => !members.iter().any(|member| {
            ["command", "url", "type"].contains(&member.key.as_str())
                && !matches!(member.value.value, Value::Object(_))
        }),
        _ => false,
    }
}

fn changed_meanwhile(source: &UpstreamsText) -> Failure {
    Failure::new(
        Code::ConfigChanged,
        format!(
            "{} was changed by someone else meanwhile",
            shown(&source.path)
        ),
    )
    .cause("nothing was changed")
    .hint("try again")
    .with("file", shown(&source.path))
}

const WRAPPERS: [&str; 2] = ["mcpServers", "servers"];
/// The wrappers of Zed, Codex, opencode and Goose.
const FOREIGN_WRAPPERS: [&str; 6] = [
    "context_servers",
    "mcp_servers",
    "mcp",
    "mcp.servers",
    "amp.mcpServers",
    "extensions",
];
/// A smaller file is read in a fraction of a millisecond.
const LARGE: u64 = 8 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);
