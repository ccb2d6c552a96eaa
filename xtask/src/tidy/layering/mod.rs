//! Allowed dependencies between workspace crates. The table below is the architecture: both `cargo
//! metadata` and its copy in `CONTRIBUTING.md` are compared with it.

mod reach;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use crate::failure::Failure;
use crate::repository::{Repository, TextFile};
use crate::violation::Violation;

/// A workspace crate and its allowed `[dependencies]` within the workspace.
#[derive(Debug)]
struct Layer {
    name: &'static str,
    may_use: &'static [&'static str],
}

/// Top-down. The middle row (providers, tools, store, secrets, telemetry, ide) never depends on each other;
/// only the CLI names two of them, and only the whole-product tests name the CLI. The row below it (http,
/// documents, home) is what it shares over core. `synapse-secrets` sends too, to the server that a `vault:`
/// reference names: through the one HTTP client, with its rules.
const LAYERS: &[Layer] = &[
    Layer {
        name: "synapse-tests",
        may_use: &[
            "synapse-cli",
            "synapse-core",
            "synapse-home",
            "synapse-http",
            "synapse-hub",
            "synapse-mcp",
            "synapse-oauth",
            "synapse-secrets",
            "synapse-store",
            "synapse-testkit",
        ],
    },
    Layer {
        name: "synapse-cli",
        may_use: &[
            "synapse-core",
            "synapse-documents",
            "synapse-http",
            "synapse-providers",
            "synapse-mcp",
            "synapse-secrets",
            "synapse-store",
            "synapse-export",
            "synapse-telemetry",
            "synapse-tools",
            "synapse-ide",
            "synapse-files",
            "synapse-home",
            "synapse-process",
            "synapse-hub",
            "synapse-oauth",
            "synapse-dashboard",
        ],
    },
    Layer {
        name: "synapse-hub",
        may_use: &[
            "synapse-core",
            "synapse-documents",
            "synapse-mcp",
            "synapse-http",
            "synapse-process",
        ],
    },
    Layer {
        name: "synapse-oauth",
        may_use: &["synapse-core", "synapse-http"],
    },
    Layer {
        name: "synapse-dashboard",
        may_use: &["synapse-core", "synapse-documents"],
    },
    Layer {
        name: "synapse-providers",
        may_use: &["synapse-core", "synapse-http"],
    },
    Layer {
        name: "synapse-tools",
        may_use: &["synapse-core", "synapse-documents", "synapse-mcp"],
    },
    Layer {
        name: "synapse-store",
        may_use: &["synapse-core", "synapse-files", "synapse-home"],
    },
    Layer {
        name: "synapse-secrets",
        may_use: &[
            "synapse-core",
            "synapse-http",
            "synapse-files",
            "synapse-home",
            "synapse-process",
        ],
    },
    Layer {
        name: "synapse-export",
        may_use: &["synapse-core", "synapse-documents"],
    },
    Layer {
        name: "synapse-documents",
        may_use: &["synapse-core"],
    },
    Layer {
        name: "synapse-telemetry",
        may_use: &["synapse-core", "synapse-http", "synapse-mcp"],
    },
    Layer {
        name: "synapse-ide",
        may_use: &["synapse-core", "synapse-files", "synapse-process"],
    },
    Layer {
        name: "synapse-http",
        may_use: &["synapse-core"],
    },
    Layer {
        name: "synapse-home",
        may_use: &["synapse-core", "synapse-files"],
    },
    Layer {
        name: "synapse-core",
        may_use: &["synapse-redact"],
    },
    Layer {
        name: "synapse-mcp",
        may_use: &[],
    },
    Layer {
        name: "synapse-redact",
        may_use: &[],
    },
    Layer {
        name: "synapse-files",
        may_use: &[],
    },
    Layer {
        name: "synapse-process",
        may_use: &[],
    },
    Layer {
        name: "synapse-testkit",
        may_use: &["synapse-core", "synapse-redact"],
    },
    Layer {
        name: "xtask",
        may_use: &[],
    },
];

/// Crates allowed in any `[dev-dependencies]`.
const FOR_TESTS: &[&str] = &["synapse-testkit", "synapse-core", "synapse-documents"];

/// External crates allowed only in the `[dependencies]` of these crates.
const SOLE_USERS: &[(&str, &[&str])] = &[
    ("reqwest", &["synapse-http"]),
    ("rusqlite", &["synapse-store"]),
    ("rusqlite_migration", &["synapse-store"]),
    ("rmcp", &["synapse-mcp"]),
    ("opentelemetry-proto", &["synapse-telemetry"]),
    ("parquet", &["synapse-export"]),
    // Client configuration files, and mcp-servers.json, which users copy from them.
    ("jsonc-parser", &["synapse-ide", "synapse-store"]),
    ("granit-parser", &["synapse-ide"]),
];

const GUIDE: &str = "CONTRIBUTING.md";

/// Checks the workspace metadata of cargo.
///
/// # Errors
/// `Metadata` when cargo fails to describe the workspace.
pub(crate) fn check(
    repository: &Repository,
    files: &[TextFile],
) -> Result<Vec<Violation>, Failure> {
    let metadata = MetadataCommand::new()
        .current_dir(repository.root())
        .exec()
        .map_err(|source| Failure::Metadata {
            source: Box::new(source),
        })?;
    let members: Vec<_> = metadata
        .workspace_packages()
        .iter()
        .map(|package| member(package, &metadata, files))
        .collect();
    let mut violations: Vec<_> = members.iter().flat_map(named).collect();
    violations.extend(unlisted(&members));
    violations.extend(reached(&members, &metadata));
    let guide = files
        .iter()
        .find(|file| file.path == GUIDE)
        .map(|file| file.text.as_str());
    violations.extend(undocumented(guide.unwrap_or_default()));
    Ok(violations)
}

/// A workspace crate, as far as layering is concerned.
#[derive(Debug)]
struct Member<'a> {
    name: &'a str,
    manifest: String,
    manifest_text: &'a str,
    dependencies: Vec<(&'a str, DependencyKind)>,
}

fn member<'a>(package: &'a Package, metadata: &Metadata, files: &'a [TextFile]) -> Member<'a> {
    let manifest = package
        .manifest_path
        .strip_prefix(&metadata.workspace_root)
        .unwrap_or(&package.manifest_path)
        .as_str()
        .replace('\\', "/");
    let file = files.iter().find(|file| file.path == manifest);
    Member {
        name: package.name.as_str(),
        manifest_text: file.map(|file| file.text.as_str()).unwrap_or_default(),
        manifest,
        dependencies: package
            .dependencies
            .iter()
            .map(|dependency| (dependency.name.as_str(), dependency.kind))
            .collect(),
    }
}

/// Compares the dependencies of one crate with the tables.
fn named(member: &Member<'_>) -> Vec<Violation> {
    let Some(layer) = layer(member.name) else {
        let message = format!("`{}` is not in the layering table; {TABLE}", member.name);
        return vec![Violation::of(&member.manifest, message)];
    };
    let allowed = |name: &&str, kind: DependencyKind| match kind {
        DependencyKind::Development => {
            layer.may_use.contains(name) || FOR_TESTS.contains(name) || sole_users(name).is_some()
        }
        DependencyKind::Normal | DependencyKind::Build | DependencyKind::Unknown => {
            layer.may_use.contains(name)
                || sole_users(name).is_some_and(|users| users.contains(&member.name))
        }
    };
    member
        .dependencies
        .iter()
        .filter(|(name, _)| self::layer(name).is_some() || sole_users(name).is_some())
        .filter(|(name, kind)| !allowed(name, *kind))
        .map(|(name, _)| {
            let message = match sole_users(name) {
                Some(users) => format!("only {} may depend on `{name}`", users.join(" and ")),
                None => format!("`{}` may not depend on `{name}`; {TABLE}", member.name),
            };
            member.fault(name, &message)
        })
        .collect()
}

impl Member<'_> {
    /// Points at the manifest line with the dependency, if it starts a line.
    fn fault(&self, dependency: &str, message: &str) -> Violation {
        let line = self.manifest_text.lines().position(|line| {
            line.strip_prefix(dependency)
                .is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
        });
        match line {
            Some(index) => Violation::at(&self.manifest, index + 1, message),
            None => Violation::of(&self.manifest, message),
        }
    }
}

/// Finds table rows without a crate: an outdated table is no architecture.
fn unlisted(members: &[Member<'_>]) -> Vec<Violation> {
    LAYERS
        .iter()
        .filter(|layer| members.iter().all(|member| member.name != layer.name))
        .map(|layer| {
            let message = format!(
                "the layering table names `{}`, which is not here",
                layer.name
            );
            Violation::of(file!(), message)
        })
        .collect()
}

/// Finds forbidden crates reachable from synapse-core, with the path to each.
fn reached(members: &[Member<'_>], metadata: &Metadata) -> Vec<Violation> {
    let core = members.iter().filter(|member| member.name == CORE);
    core.flat_map(|core| {
        reach::forbidden(metadata, CORE).into_iter().map(|route| {
            let first = route.get(1).map(String::as_str).unwrap_or_default();
            let message = format!("{CORE} must not reach {}", route.join(" -> "));
            core.fault(first, &message)
        })
    })
    .collect()
}

/// Finds table rows missing from the copy in the guide.
fn undocumented(guide: &str) -> Vec<Violation> {
    LAYERS
        .iter()
        .map(Layer::row)
        .filter(|row| !guide.lines().any(|line| line == row))
        .map(|row| {
            Violation::of(
                GUIDE,
                format!("lacks this row of the layering table: {row}"),
            )
        })
        .collect()
}

impl Layer {
    fn row(&self) -> String {
        let may_use: Vec<_> = self
            .may_use
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let may_use = if may_use.is_empty() {
            "nothing".to_owned()
        } else {
            may_use.join(", ")
        };
        format!("| `{}` | {may_use} |", self.name)
    }
}

fn layer(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

fn sole_users(name: &str) -> Option<&'static [&'static str]> {
    SOLE_USERS
        .iter()
        .find(|(external, _)| *external == name)
        .map(|(_, users)| *users)
}

const CORE: &str = "synapse-core";

const TABLE: &str = "see LAYERS in xtask/src/tidy/layering.rs";

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(name: &str, dependencies: &[(&str, DependencyKind)]) -> Vec<String> {
        let member = Member {
            name,
            manifest: "Cargo.toml".to_owned(),
            manifest_text: "[dependencies]\nsynapse-http.workspace = true\nreqwest = \"1\"\n",
            dependencies: dependencies.to_vec(),
        };
        named(&member).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_table_allows_what_it_says() {
        use DependencyKind::{Development, Normal};
        assert_eq!(
            faults(
                "synapse-tools",
                &[("synapse-core", Normal), ("synapse-mcp", Normal)]
            ),
            [""; 0]
        );
        assert_eq!(faults("synapse-mcp", &[("rmcp", Normal)]), [""; 0]);
        assert_eq!(
            faults("synapse-store", &[("synapse-testkit", Development)]),
            [""; 0]
        );
        assert_eq!(
            faults("synapse-core", &[("synapse-testkit", Development)]),
            [""; 0]
        );
        assert_eq!(
            faults(
                "synapse-tests",
                &[("synapse-cli", Normal), ("serde", Normal)]
            ),
            [""; 0]
        );
        assert_eq!(faults("synapse-tests", &[("rmcp", Development)]), [""; 0]);
    }

    #[test]
    fn an_edge_that_the_table_lacks_is_reported_at_its_line() {
        let expected = "Cargo.toml:2: error: `synapse-core` may not depend on `synapse-http`; \
                        see LAYERS in xtask/src/tidy/layering.rs";
        let found = faults("synapse-core", &[("synapse-http", DependencyKind::Normal)]);
        assert_eq!(found, [expected]);
    }

    #[test]
    fn the_middle_row_and_the_cli_are_not_for_the_others() {
        use DependencyKind::{Build, Development, Normal};
        assert_eq!(faults("synapse-mcp", &[("synapse-store", Normal)]).len(), 1);
        assert_eq!(
            faults("synapse-mcp", &[("synapse-store", Development)]).len(),
            1
        );
        assert_eq!(
            faults("synapse-http", &[("synapse-cli", Development)]).len(),
            1
        );
        assert_eq!(faults("synapse-core", &[("synapse-http", Build)]).len(), 1);
        assert_eq!(
            faults("synapse-http", &[("synapse-testkit", Normal)]).len(),
            1
        );
    }

    #[test]
    fn external_crates_have_one_user() {
        let expected = ["Cargo.toml:3: error: only synapse-http may depend on `reqwest`"];
        let found = faults("synapse-providers", &[("reqwest", DependencyKind::Normal)]);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_crate_outside_the_table_fails() {
        let found = faults("synapse-new", &[]);
        assert!(found.len() == 1 && found.concat().contains("is not in the layering table"));
    }

    #[test]
    fn a_row_without_a_crate_fails() {
        assert_eq!(unlisted(&[]).len(), LAYERS.len());
    }

    #[test]
    fn the_guide_has_every_row() {
        assert_eq!(undocumented("").len(), LAYERS.len());
        let rows: Vec<_> = LAYERS.iter().map(Layer::row).collect();
        assert_eq!(undocumented(&rows.join("\n")), []);
        assert!(rows.contains(&"| `synapse-redact` | nothing |".to_owned()));
    }
}
