//! A user with an empty home, project and journal, all temporary.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use synapse_core::Failure;
use synapse_core::time::Timestamp;
use synapse_ide::{
    Applied, CLIENTS, Client, Entry, FileChange, Journal, Keep, Machine, PlaceState, Replace,
    Scope, System, install, remove, states,
};
use tempfile::TempDir;

pub(crate) const BOTH: [Scope; 2] = [Scope::User, Scope::Project];

pub(crate) struct Desk {
    directory: TempDir,
    system: System,
    variables: BTreeMap<&'static str, OsString>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::of(System::Linux)
    }

    pub(crate) fn of(system: System) -> Self {
        let directory = TempDir::new().unwrap();
        for name in ["home", "project"] {
            std::fs::create_dir(directory.path().join(name)).unwrap();
        }
        Self {
            directory,
            system,
            variables: BTreeMap::new(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn machine(&self) -> Machine {
        let variables = self.variables.clone();
        Machine::new(
            self.system,
            self.path("home"),
            self.path("project"),
            Arc::new(move |name| variables.get(name).cloned()),
        )
    }

    /// The same with another project.
    pub(crate) fn machine_in(&self, project: &Path) -> Machine {
        let variables = self.variables.clone();
        let home = self.path("home");
        let lookup = Arc::new(move |name: &str| variables.get(name).cloned());
        Machine::new(self.system, home, project.to_owned(), lookup)
    }

    pub(crate) fn plan_removals_in(
        &self,
        client: &'static Client,
        project: &Path,
    ) -> Result<Vec<FileChange>, Failure> {
        let machine = self.machine_in(project);
        remove(client, &machine, Scope::Project, &entry(), &self.journal())
    }

    /// Installs although another place has an entry of our name.
    pub(crate) fn install_anyway(&self, client: &'static Client, scope: Scope) {
        let file = self.file(client, scope);
        put(&file, synapse_ide::snippet(client, &entry()).unwrap());
    }

    pub(crate) fn journal(&self) -> Journal {
        Journal::new(self.path("journal"))
    }

    /// The file of a client, with its parent directories created.
    pub(crate) fn file(&self, client: &Client, scope: Scope) -> PathBuf {
        let file = client.file(&self.machine(), scope).unwrap();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        file
    }

    pub(crate) fn plan(
        &self,
        client: &'static Client,
        scope: Scope,
    ) -> Result<FileChange, Failure> {
        self.plan_with(client, scope, Replace::OwnOnly)
    }

    pub(crate) fn plan_with(
        &self,
        client: &'static Client,
        scope: Scope,
        replace: Replace,
    ) -> Result<FileChange, Failure> {
        let keep = Keep::Settings;
        install(client, &self.machine(), scope, &entry(), replace, keep)
    }

    /// Plans an installation of a customised entry.
    pub(crate) fn plan_of(
        &self,
        client: &'static Client,
        scope: Scope,
        entry: &Entry,
        keep: Keep,
    ) -> Result<FileChange, Failure> {
        let machine = self.machine();
        install(client, &machine, scope, entry, Replace::OwnOnly, keep)
    }

    pub(crate) fn install(&self, client: &'static Client, scope: Scope) -> Applied {
        self.make(&self.plan(client, scope).unwrap())
    }

    pub(crate) fn plan_removal(
        &self,
        client: &'static Client,
        scope: Scope,
    ) -> Result<FileChange, Failure> {
        let mut changes = self.plan_removals(client, scope)?;
        assert_eq!(changes.len(), 1, "{client}");
        Ok(changes.remove(0))
    }

    pub(crate) fn plan_removals(
        &self,
        client: &'static Client,
        scope: Scope,
    ) -> Result<Vec<FileChange>, Failure> {
        remove(client, &self.machine(), scope, &entry(), &self.journal())
    }

    /// Every place of `client`, as shown by `ide list`.
    pub(crate) fn states(&self, client: &Client) -> Vec<PlaceState> {
        states(client, &self.machine(), &entry())
    }

    pub(crate) fn make(&self, change: &FileChange) -> Applied {
        self.journal().apply(change, now()).unwrap()
    }

    pub(crate) fn state(&self, client: &Client, scope: Scope) -> String {
        let states = states(client, &self.machine(), &entry());
        let place = states.iter().find(|place| place.scope == scope).unwrap();
        place.state.as_str().to_owned()
    }
}

pub(crate) fn entry() -> Entry {
    Entry::new(Path::new("/usr/local/bin/synapse")).unwrap()
}

pub(crate) fn client(id: &str) -> &'static Client {
    Client::named(id).unwrap()
}

/// The warnings of a change, one per line.
pub(crate) fn warnings(change: &FileChange) -> String {
    let texts = change.warnings().iter().map(|hint| hint.text.as_str());
    texts.collect::<Vec<_>>().join("\n")
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(1_795_176_000_123)
}

/// Writes a file of the user.
pub(crate) fn put(path: &Path, content: impl AsRef<[u8]>) {
    use std::io::Write as _;

    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(content.as_ref()).unwrap();
}

/// The content of a file; `None` if it does not exist.
pub(crate) fn content(path: &Path) -> Option<String> {
    std::fs::read(path)
        .ok()
        .map(|bytes| String::from_utf8(bytes).unwrap())
}

/// The key of the entries of `client`.
pub(crate) fn key(client: &Client) -> &'static str {
    match client.id() {
        "vscode" | "vscode-insiders" | "vscodium" | "visual-studio" => "servers",
        "zed" => "context_servers",
        "opencode" | "crush" => "mcp",
        "codex" => "mcp_servers",
        "goose" => "extensions",
        _ => "mcpServers",
    }
}

/// Every client with a file here, with each of its scopes.
pub(crate) fn places(desk: &Desk) -> Vec<(&'static Client, Scope)> {
    CLIENTS
        .iter()
        .flat_map(|client| BOTH.map(|scope| (client, scope)))
        .filter(|(client, scope)| client.file(&desk.machine(), *scope).is_some())
        .collect()
}

/// A file of `client` with comments and trailing commas where the format allows.
pub(crate) fn commented(client: &Client) -> String {
    let key = key(client);
    match client.id() {
        "codex" => format!(
            "# one\n[{key}.other] # two\n  # three\n\tcommand = \"x\"\nargs = [\"y\",] # four\n# five\n"
        ),
        "goose" => format!(
            "# one\n{key}: # two\n    # three\n    other: {{a: [1,], }} # four\n    # five\n# six\n"
        ),
        _ => format!(
            "// one\n{{ // two\n  /* three */ \"{key}\": {{\n    // four\n    \"other\": {{}}, // five\n  \
             }}, // six\n}} // seven\n"
        ),
    }
}

/// A realistic file of `client`, with other servers and comments where allowed.
pub(crate) fn in_use(client: &Client) -> String {
    match client.id() {
        "codex" => {
            "# mine\nmodel = 'x'   # why\n\n[mcp_servers.other]\ncommand = \"npx\"\nargs = [\n  \
                    \"-y\", # yes\n]\n\n[tui]\ntheme = \"dark\"\n"
                .to_owned()
        }
        "goose" => "# mine\nGOOSE_MODEL: x  # why\nextensions:\n  other:\n    enabled: true\n    \
                    type: builtin\n    name: other\nlast: 'one'\n"
            .to_owned(),
        id => {
            let key = key(client);
            let comment = match id {
                "vscode" | "zed" | "opencode" => "\t// mine\n",
                _ => "",
            };
            format!(
                "{{\n{comment}\t\"first\":  [1,2.50],\n\t\"{key}\": {{\n\t\t\"other\": {{\n\t\t\t\
                 \"command\": \"npx\",\n\t\t\t\"env\": {{ \"TOKEN\": \"not-for-show\" }}\n\t\t}}\n\t}},\n\t\
                 \"last\": \"\\u00e4\"\n}}\n"
            )
        }
    }
}
