//! Expands an entry to the target to start or contact: resolves variables, finds the program, makes
//! the directory absolute. Secret references stay references, and nothing is read.

use std::collections::BTreeMap;
use std::fmt;

use url::Url;

use super::fingerprint::{self, HashInput};
use super::template::VariableValue;
use super::{Fingerprint, Piece, Target, Template, Upstream, UpstreamTransport};
use crate::error::{Code, Failure, Remedy};
use crate::redact::holds_token;
use crate::secure_url::SecureUrl;

/// The environment for expanding an entry.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Variable files, highest precedence first: the entry's `envFile`, then those on the command
    /// line.
    pub env_files: &'a [EnvFile],
    /// The environment of the shell, or of the IDE that started Synapse.
    pub environment: &'a (dyn Fn(&str) -> Option<String> + Send + Sync),
    /// The search path for programs: the approved `PATH`, else that of the environment.
    pub search_path: Option<&'a str>,
    /// The home directory, for `~/` and as the default working directory.
    pub home_directory: Option<&'a str>,
    /// The IDE's working directory.
    pub workspace: Option<&'a str>,
    /// The file system.
    pub places: &'a dyn Places,
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Variables may contain tokens.
        formatter
            .debug_struct("Surroundings")
            .field("search_path", &self.search_path)
            .field("home_directory", &self.home_directory)
            .field("workspace", &self.workspace)
            .finish_non_exhaustive()
    }
}

/// The parsed content of a variable file.
#[derive(Clone)]
pub struct EnvFile {
    /// Its displayed path.
    pub path: String,
    /// Its variables.
    pub variables: BTreeMap<String, String>,
}

impl fmt::Debug for EnvFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EnvFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Accesses programs and directories.
pub trait Places: Send + Sync + fmt::Debug {
    /// The absolute path of the program `name`, searched on `search_path` unless it is a path.
    fn program(&self, name: &str, search_path: Option<&str>) -> Option<String>;

    /// The canonical path of the directory at `path`.
    ///
    /// # Errors
    /// The reason in words.
    fn directory(&self, path: &str) -> Result<String, String>;
}

/// An expanded upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// The target to start or contact.
    pub target: Target,
    /// Its fingerprint, to be compared with the approved one.
    pub fingerprint: Fingerprint,
    /// The resolved variables and their sources, sorted by name.
    pub variables: BTreeMap<String, VariableSource>,
}

/// The source of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableSource {
    /// The entry's own `env`.
    Entry,
    /// A variable file.
    File,
    /// The environment. An IDE may not pass it on.
    Environment,
    /// The default.
    Default,
}

/// Expands `upstream`. Pure, apart from accesses through `surroundings`.
///
/// # Errors
/// `config.unresolved-variable` with the variable and the searched places, `config.secret-in-argv`
/// if a secret would become part of a command line or URL, `endpoint.invalid-url`,
/// `config.invalid-value`, `upstream.start-failed` if the program or directory is missing.
pub fn expand(upstream: &Upstream, surroundings: &Surroundings<'_>) -> Result<Expanded, Failure> {
    let mut scope = Scope::new(upstream, surroundings);
    let (target, fingerprint) = match &upstream.transport {
        UpstreamTransport::Stdio {
            command,
            arguments,
            environment,
            directory,
        } => program(
            &mut scope,
            command,
            arguments,
            environment,
            directory.as_ref(),
        )?,
        UpstreamTransport::Http { url, headers, .. } => address(&mut scope, url, headers)?,
    };
    Ok(Expanded {
        target,
        fingerprint,
        variables: scope.found,
    })
}

/// Expands one text of `upstream`, such as an OAuth client setting.
///
/// # Errors
/// `config.unresolved-variable`.
pub fn expand_text(
    upstream: &Upstream,
    template: &Template,
    surroundings: &Surroundings<'_>,
) -> Result<Template, Failure> {
    let mut scope = Scope::new(upstream, surroundings);
    scope.expand(template)
}

fn program(
    scope: &mut Scope<'_>,
    command: &Template,
    arguments: &[Template],
    environment: &[(String, Template)],
    directory: Option<&Template>,
) -> Result<(Target, Fingerprint), Failure> {
    let (name, _) = scope.clear(command, "command")?;
    let name = scope.at_home(name)?;
    let places = scope.surroundings.places;
    let program = places
        .program(&name, scope.surroundings.search_path)
        .ok_or_else(|| scope.no_program(&name))?;
    let mut parts = vec![
        HashInput::Text("program"),
        HashInput::Owned(program.clone()),
    ];
    let mut clear = Vec::new();
    parts.push(HashInput::Count(arguments.len()));
    for argument in arguments {
        let (text, marked) = scope.clear(argument, "args")?;
        clear.push(text);
        parts.push(HashInput::Owned(marked));
    }
    let (path, marked) = match directory {
        Some(directory) => {
            let (path, marked) = scope.clear(directory, "cwd")?;
            (scope.at_home(path)?, Some(marked))
        }
        None => {
            let home = scope.surroundings.home_directory.ok_or_else(|| {
                scope.failure(
                    Code::UpstreamStartFailed,
                    "there is no home directory to start in",
                )
            })?;
            (home.to_owned(), None)
        }
    };
    let directory = places
        .directory(&path)
        .map_err(|why| scope.no_directory(&path, why))?;
    parts.push(HashInput::Owned(match marked {
        Some(marked) if marked.contains(fingerprint::WORKSPACE) => marked,
        _ => directory.clone(),
    }));
    let mut variables = Vec::new();
    for (name, template) in environment {
        variables.push((name.clone(), scope.expand_own(name, template)?));
    }
    parts.extend(fingerprint::pairs(&variables));
    let target = Target::Program {
        program,
        arguments: clear,
        directory,
        environment: variables,
    };
    Ok((target, fingerprint::of(&parts)))
}

fn address(
    scope: &mut Scope<'_>,
    url: &Template,
    headers: &[(String, Template)],
) -> Result<(Target, Fingerprint), Failure> {
    let (text, marked) = scope.clear(url, "url")?;
    let name = &scope.upstream.name;
    let url = parse_url(&text).map_err(|failure| failure.of_server(name))?;
    let mut expanded = Vec::new();
    for (header, template) in headers {
        expanded.push((header.clone(), scope.expand(template)?));
    }
    let address = if marked.contains(fingerprint::WORKSPACE) {
        marked
    } else {
        url.to_string()
    };
    let mut parts = vec![HashInput::Text("url"), HashInput::Owned(address)];
    let folded: Vec<(String, Template)> = expanded
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .collect();
    parts.extend(fingerprint::pairs(&folded));
    let target = Target::Url {
        url,
        headers: expanded,
    };
    Ok((target, fingerprint::of(&parts)))
}

/// https, or http to this machine, without user info and fragment. A query is allowed.
fn parse_url(text: &str) -> Result<Url, Failure> {
    let refused = |error: &dyn std::error::Error| {
        Failure::new(
            Code::EndpointInvalidUrl,
            "the URL of the server cannot be used",
        )
        .caused_by(error)
    };
    let url = Url::parse(text.trim()).map_err(|error| refused(&error))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::new(
            Code::ConfigSecretInArgv,
            "the URL has a user name or a password in it",
        )
        .hint("put the credential into `headers`"));
    }
    let mut without_query = url.clone();
    without_query.set_query(None);
    without_query
        .as_str()
        .parse::<SecureUrl>()
        .map_err(|error| refused(&error))?;
    Ok(url)
}

/// The entry's own variables.
fn own_variables(upstream: &Upstream) -> &[(String, Template)] {
    match &upstream.transport {
        UpstreamTransport::Stdio { environment, .. } => environment,
        UpstreamTransport::Http { variables, .. } => variables,
    }
}

/// The state of expanding one entry.
struct Scope<'a> {
    upstream: &'a Upstream,
    surroundings: &'a Surroundings<'a>,
    own: &'a [(String, Template)],
    found: BTreeMap<String, VariableSource>,
    /// The entry's own variables being expanded: they cannot refer to themselves.
    under_way: Vec<String>,
}

impl<'a> Scope<'a> {
    fn new(upstream: &'a Upstream, surroundings: &'a Surroundings<'a>) -> Self {
        Self {
            upstream,
            surroundings,
            own: own_variables(upstream),
            found: BTreeMap::new(),
            under_way: Vec::new(),
        }
    }
}

impl Scope<'_> {
    fn expand(&mut self, template: &Template) -> Result<Template, Failure> {
        let mut pieces = Vec::new();
        for piece in &template.pieces {
            match piece {
                Piece::Variable { name, default } => {
                    pieces.extend(self.look_up(name, default.as_deref())?);
                }
                Piece::WorkspaceFolder => {
                    // Only known as the IDE's folder, so that it is not part of the approval.
                    self.workspace()?;
                    pieces.push(Piece::WorkspaceFolder);
                }
                other => pieces.push(other.clone()),
            }
        }
        Ok(Template { pieces })
    }

    /// Expands the entry's own variable `name`.
    fn expand_own(&mut self, name: &str, template: &Template) -> Result<Template, Failure> {
        self.under_way.push(name.to_owned());
        let expanded = self.expand(template);
        self.under_way.pop();
        expanded
    }

    fn look_up(&mut self, name: &str, default: Option<&str>) -> Result<Vec<Piece>, Failure> {
        let own = self
            .own
            .iter()
            .find(|(own, _)| own == name && !self.under_way.contains(own));
        if let Some((own, template)) = own {
            self.found
                .entry(name.to_owned())
                .or_insert(VariableSource::Entry);
            return Ok(self.expand_own(own, template)?.pieces);
        }
        let value = |value: &str| {
            vec![Piece::Value {
                name: name.to_owned(),
                value: VariableValue::new(value),
            }]
        };
        let in_file = self
            .surroundings
            .env_files
            .iter()
            .find_map(|file| file.variables.get(name));
        if let Some(text) = in_file {
            self.found.insert(name.to_owned(), VariableSource::File);
            return Ok(value(text));
        }
        if let Some(text) = (self.surroundings.environment)(name) {
            self.found
                .insert(name.to_owned(), VariableSource::Environment);
            return Ok(value(&text));
        }
        match default {
            Some(text) => {
                self.found
                    .entry(name.to_owned())
                    .or_insert(VariableSource::Default);
                Ok(vec![Piece::Text(text.to_owned())])
            }
            None => Err(self.unresolved(name)),
        }
    }

    /// The text in clear, and for the fingerprint: `${workspaceFolder}` by name.
    fn clear(&mut self, template: &Template, field: &str) -> Result<(String, String), Failure> {
        let expanded = self.expand(template)?;
        let (mut text, mut marked) = (String::new(), String::new());
        for piece in &expanded.pieces {
            match piece {
                Piece::Text(plain) => {
                    text.push_str(plain);
                    marked.push_str(plain);
                }
                Piece::Value { value, .. } => {
                    text.push_str(value.expose());
                    marked.push_str(value.expose());
                }
                Piece::WorkspaceFolder => {
                    text.push_str(self.workspace()?);
                    marked.push_str(fingerprint::WORKSPACE);
                }
                Piece::Secret(_) => {
                    return Err(
                        secret_in_argv(field, "a secret reference").of_server(&self.upstream.name)
                    );
                }
                // Expanded already.
                Piece::Variable { name, .. } => return Err(self.unresolved(name)),
            }
        }
        if holds_token(&text) {
            return Err(secret_in_argv(field, "text that looks like a token")
                .of_server(&self.upstream.name));
        }
        Ok((text, marked))
    }

    fn workspace(&self) -> Result<&str, Failure> {
        self.surroundings
            .workspace
            .ok_or_else(|| self.unresolved("workspaceFolder"))
    }

    fn at_home(&self, path: String) -> Result<String, Failure> {
        let Some(rest) = path.strip_prefix("~/") else {
            return Ok(path);
        };
        match self.surroundings.home_directory {
            Some(home) => Ok(format!("{}/{rest}", home.trim_end_matches('/'))),
            None => Err(self.unresolved("HOME")),
        }
    }

    fn unresolved(&self, name: &str) -> Failure {
        let server = &self.upstream.name;
        let failure = Failure::new(
            Code::ConfigUnresolvedVariable,
            format!("`{server}` needs the variable `{name}`, which is not set"),
        );
        let failure = match name {
            "workspaceFolder" => failure.cause("no IDE named its workspace folder"),
            _ => {
                let files = self.surroundings.env_files.iter();
                let files: Vec<&str> = files.map(|file| file.path.as_str()).collect();
                let places = if files.is_empty() {
                    "no envFile is named".to_owned()
                } else {
                    format!("in {}", files.join(", "))
                };
                failure.cause(format!(
                    "looked for in the entry's `env`, in the environment, and in files: {places}"
                ))
            }
        };
        let failure = match name {
            "userHome" => failure.hint("write `~/…`, or `${HOME}`"),
            _ => failure.hint(format!(
                "set {name}, name a file that has it with `envFile`, or write `${{{name}:-default}}`"
            )),
        };
        failure.of_server(server).with("variable", name)
    }

    fn no_program(&self, name: &str) -> Failure {
        let failure = self.failure(Code::UpstreamStartFailed, &format!("`{name}` is not found"));
        let failure = if name.contains(['/', '\\']) {
            failure.cause("it is not an executable file at an absolute path")
        } else {
            failure.cause(format!(
                "it is in no directory of PATH: {}",
                self.surroundings.search_path.unwrap_or("(not set)")
            ))
        };
        failure
            .hint("install it, or write its absolute path as `command`")
            .remedy("then check the entry", &Remedy::ValidateHub)
    }

    fn no_directory(&self, path: &str, why: String) -> Failure {
        self.failure(
            Code::UpstreamStartFailed,
            &format!("the directory `{path}` cannot be used"),
        )
        .cause(why)
    }

    fn failure(&self, code: Code, message: &str) -> Failure {
        let server = &self.upstream.name;
        Failure::new(code, format!("`{server}` cannot be started: {message}")).of_server(server)
    }
}

/// The failure of a secret in `field`, which is visible to other users.
#[must_use]
pub fn secret_in_argv(field: &str, what: &str) -> Failure {
    Failure::new(
        Code::ConfigSecretInArgv,
        format!("`{field}` has {what} in it"),
    )
    .cause("arguments and URLs are shown in process lists and logs")
    .hint(match field {
        "url" => "move it to `headers`",
        _ => "move it to `env`",
    })
}

#[cfg(test)]
mod tests;
