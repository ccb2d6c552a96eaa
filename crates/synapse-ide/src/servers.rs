//! The servers declared in a client's files by anybody. Read only.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use synapse_core::{Code, Failure};

use crate::client::{Client, FileFormat, Passing, Scope, Site};
use crate::entry::NAME;
use crate::failure::invalid;
use crate::file;
use crate::format::{self, Text};
use crate::machine::Machine;

/// A server in another program's file.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its entry, verbatim.
    pub entry: Map<String, Value>,
    /// The file.
    pub file: PathBuf,
}

/// The servers of `client` on `machine`, by precedence of its files; excludes Synapse itself, and
/// lower-precedence duplicates. Of a file with settings of many projects, only those of this one
/// count.
///
/// # Errors
/// `ide.not-supported` for a client without files, other `ide.*` when an existing file cannot be
/// read.
pub fn servers(client: &Client, machine: &Machine) -> Result<Vec<Declared>, Failure> {
    if !client.has_files() {
        let message = format!("{} keeps its servers in no file", client.title());
        return Err(Failure::new(Code::IdeNotSupported, message)
            .hint("add each by its URL or its command")
            .with("client", client.id()));
    }
    let mut found: Vec<Declared> = Vec::new();
    for site in client.sites(machine) {
        if site.reader.is_some() {
            continue;
        }
        if let Some(root) = root(client.format, &site.file)? {
            let sections = match site.scope {
                Scope::Local => of_this_project(&root, client, machine),
                Scope::User | Scope::Project => root.get(client.key).into_iter().collect(),
            };
            for section in sections {
                collect(&mut found, section, &site.file);
            }
        }
        for (file, format) in siblings(&site) {
            if let Some(root) = root(format, &file)?
                && let Some(section) = root.get(client.key)
            {
                collect(&mut found, section, &file);
            }
        }
    }
    Ok(found)
}

impl Client {
    /// Whether it replaces `$NAME` in an entry. To the others, that is text.
    #[must_use]
    pub fn expands_bare_names(&self) -> bool {
        self.passing == Some(Passing::Between("$", ""))
    }
}

fn root(format: FileFormat, file: &Path) -> Result<Option<Value>, Failure> {
    let Some(bytes) = file::read(file)? else {
        return Ok(None);
    };
    let text = Text::of(&bytes).map_err(|why| invalid(file, why))?;
    let root = format::read(format, text.as_str()).map_err(|why| invalid(file, why))?;
    Ok(Some(root))
}

/// The entries of Claude Code's local scope, which is its usual one.
fn of_this_project<'a>(root: &'a Value, client: &Client, machine: &Machine) -> Vec<&'a Value> {
    let projects = root.get("projects").and_then(Value::as_object);
    let here = projects.into_iter().flatten();
    here.filter(|(project, _)| machine.is_project(project))
        .filter_map(|(_, settings)| settings.get(client.key))
        .collect()
}

/// A client whose place for our entry is a file of its own, which is Continue, keeps other servers
/// in the files beside it, and in a list in its settings above.
fn siblings(site: &Site) -> Vec<(PathBuf, FileFormat)> {
    let is_own = site.file.file_stem().is_some_and(|stem| stem == NAME);
    let Some(directory) = site.file.parent().filter(|_| is_own) else {
        return Vec::new();
    };
    let listed = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = listed
        .map(|entry| entry.path())
        .filter(|file| *file != site.file)
        .collect();
    files.sort();
    files.truncate(MOST_SIBLINGS);
    files.extend(directory.parent().map(|above| above.join("config.yaml")));
    let with_format = files.into_iter().filter_map(|file| {
        let format = match file.extension()?.to_str()? {
            "json" => FileFormat::Jsonc,
            "yaml" | "yml" => FileFormat::Yaml,
            _ => return None,
        };
        Some((file, format))
    });
    with_format.collect()
}

/// Adds the servers of `section`, a map by name or a list with names.
fn collect(found: &mut Vec<Declared>, section: &Value, file: &Path) {
    let mut add = |name: &str, entry: Map<String, Value>| {
        let is_known = name == NAME || found.iter().any(|each| each.name == *name);
        if !is_known {
            found.push(Declared {
                name: name.to_owned(),
                entry,
                file: file.to_owned(),
            });
        }
    };
    match section {
        Value::Object(entries) => {
            for (name, entry) in entries {
                if let Value::Object(entry) = entry {
                    add(name, entry.clone());
                }
            }
        }
        Value::Array(entries) => {
            for entry in entries.iter().filter_map(Value::as_object) {
                let mut entry = entry.clone();
                if let Some(Value::String(name)) = entry.remove("name") {
                    add(&name, entry);
                }
            }
        }
        _ => {}
    }
}

const MOST_SIBLINGS: usize = 256;
