//! Scans the configuration files into which people paste tokens: those of IDEs, `mcp-servers.json`,
//! and `.env` next to them.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use synapse_core::credential::CredentialRef;
use synapse_core::redact::holds_token;
use synapse_core::{Code, Failure, Remedy};
use synapse_files::{self as file, Found};
use synapse_home::failure::shown;

use super::super::Secrets;
use super::git;

/// The result of scanning the configuration files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scanned {
    /// The files that exist and could be read.
    pub read: Vec<PathBuf>,
    /// A failure for each exposed file with a token, worst first: git tracks it, or it is
    /// Synapse's.
    pub broken: Vec<Failure>,
    /// A failure for each other file with a token.
    pub questionable: Vec<Failure>,
}

/// Scans every existing file.
pub(super) async fn scan(secrets: &Secrets, project: Option<&Path>) -> Scanned {
    let mut scanned = Scanned::default();
    for path in candidates(secrets, project) {
        let Some(text) = read(&path) else {
            continue;
        };
        scanned.read.push(path.clone());
        let lines: Vec<String> = text
            .lines()
            .enumerate()
            .filter(|(_, line)| holds_token(line))
            .map(|(index, _)| (index + 1).to_string())
            .collect();
        if lines.is_empty() {
            continue;
        }
        let failure = token_in(&path, &in_short(lines));
        let tracked = git::standing(secrets, &path).await == git::GitStatus::Tracked;
        let own = path.file_name().is_some_and(|name| name == SERVERS);
        if tracked {
            let worse = "git tracks the file: anyone with the repository has the token";
            scanned.broken.insert(0, failure.cause(worse));
        } else if own {
            scanned.broken.push(failure);
        } else {
            scanned.questionable.push(failure);
        }
    }
    scanned
}

/// A failure if the IDE does not pass the variable `name`, as far as its configuration shows.
pub(super) fn not_passed_on(secrets: &Secrets, name: &str) -> Option<Failure> {
    let passed = candidates(secrets, None).iter().any(|path| {
        read(path).is_some_and(|text| text.contains("synapse") && names_variable(&text, name))
    });
    (!passed).then(|| {
        Failure::new(
            Code::CredentialNotPassedOn,
            format!("an IDE will not pass the variable {name} on"),
        )
        .cause("it starts Synapse with almost no environment, and no known configuration passes it")
        .remedy(
            "keep the secret where Synapse finds it from everywhere",
            &Remedy::StoreSecret {
                reference: CredentialRef::File("~/.synapse/provider.token".to_owned()),
            },
        )
        .hint("or name the variable in the `env` of the IDE's entry for Synapse")
        .with("variable", name)
    })
}

fn names_variable(text: &str, name: &str) -> bool {
    let word = |each: char| each.is_ascii_alphanumeric() || each == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let behind = text
            .get(at + name.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(word) && !behind.is_some_and(word)
    })
}

/// The first lines, and the number of the others: a file may have millions.
fn in_short(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        lines.truncate(MOST_LINES);
        lines.push(format!("and {more} more"));
    }
    lines
}

fn token_in(path: &Path, lines: &[String]) -> Failure {
    let (word, list) = match lines {
        [line] => ("line", line.clone()),
        lines => ("lines", lines.join(", ")),
    };
    Failure::new(
        Code::CredentialTokenInFile,
        format!("there is a token in {}", shown(path)),
    )
    .cause(format!("{word} {list}; not shown here"))
    .hint("put it into a place of its own, name that in the file, and rotate the token")
    .with("file", shown(path))
    .with("lines", list)
}

/// The files to scan, each once, with the `.env` next to each.
fn candidates(secrets: &Secrets, project: Option<&Path>) -> BTreeSet<PathBuf> {
    let below = |directory: Option<&Path>, names: &[&str]| {
        let directory = directory.map(Path::to_owned);
        let paths = directory.into_iter().flat_map(|directory| {
            names
                .iter()
                .map(|name| directory.join(name))
                .collect::<Vec<_>>()
        });
        paths.collect::<Vec<_>>()
    };
    let home = secrets
        .home
        .as_ref()
        .map(|home| home.directory().to_owned());
    let mut paths: BTreeSet<PathBuf> = [
        below(secrets.user_home.as_deref(), &OF_THE_USER),
        below(project, &OF_A_PROJECT),
        below(home.as_deref(), &[SERVERS, ".env"]),
    ]
    .concat()
    .into_iter()
    .collect();
    let beside: Vec<PathBuf> = paths
        .iter()
        .filter(|path| path.is_file())
        .filter_map(|path| Some(path.parent()?.join(".env")))
        .collect();
    paths.extend(beside);
    paths
}

/// The text of an existing file of at most the size of a configuration.
fn read(path: &Path) -> Option<Zeroizing<String>> {
    let Ok(Found::Regular(file, _)) = file::open(path) else {
        return None;
    };
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

const SERVERS: &str = "mcp-servers.json";
const MOST_LINES: usize = 20;

/// The configuration files of MCP clients on all systems; missing ones are skipped.
const OF_THE_USER: [&str; 31] = [
    ".claude.json",
    ".claude/settings.json",
    ".config/Claude/claude_desktop_config.json",
    "Library/Application Support/Claude/claude_desktop_config.json",
    "AppData/Roaming/Claude/claude_desktop_config.json",
    ".config/Code/User/mcp.json",
    ".config/Code - Insiders/User/mcp.json",
    "Library/Application Support/Code/User/mcp.json",
    "AppData/Roaming/Code/User/mcp.json",
    ".cursor/mcp.json",
    ".codeium/windsurf/mcp_config.json",
    ".codeium/mcp_config.json",
    ".config/zed/settings.json",
    "AppData/Roaming/Zed/settings.json",
    ".codex/config.toml",
    ".gemini/settings.json",
    ".gemini/antigravity/mcp_config.json",
    ".cline/data/settings/cline_mcp_settings.json",
    ".continue/config.yaml",
    ".lmstudio/mcp.json",
    ".config/goose/config.yaml",
    "AppData/Roaming/Block/goose/config/config.yaml",
    ".config/opencode/opencode.json",
    ".config/opencode/opencode.jsonc",
    ".kiro/settings/mcp.json",
    ".copilot/mcp-config.json",
    ".config/crush/crush.json",
    ".junie/mcp/mcp.json",
    ".mcp.json",
    SERVERS,
    ".env",
];

const OF_A_PROJECT: [&str; 17] = [
    ".mcp.json",
    ".claude/settings.json",
    ".cursor/mcp.json",
    ".vscode/mcp.json",
    ".vs/mcp.json",
    ".zed/settings.json",
    ".codex/config.toml",
    ".gemini/settings.json",
    ".roo/mcp.json",
    ".junie/mcp/mcp.json",
    ".kiro/settings/mcp.json",
    ".github/mcp.json",
    "opencode.json",
    ".crush.json",
    SERVERS,
    ".env",
    ".env.local",
];

/// Some editors keep everything in one file; none of them needs more.
const LARGEST: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_lines_are_named_than_anybody_reads() {
        let lines = |count: usize| (1..=count).map(|line| line.to_string()).collect::<Vec<_>>();
        assert_eq!(in_short(lines(MOST_LINES)), lines(MOST_LINES));
        let short = in_short(lines(1000));
        assert_eq!(
            (short.len(), short.last().unwrap().as_str()),
            (21, "and 980 more")
        );
    }

    #[test]
    fn a_variable_is_named_as_a_whole_word() {
        assert!(names_variable("\"env\": {\"KEY\": \"x\"}", "KEY"));
        assert!(names_variable("env_vars = [\"KEY\"]", "KEY"));
        assert!(!names_variable("OTHER_KEY KEYS", "KEY"));
        assert!(!names_variable("", "KEY"));
    }
}
