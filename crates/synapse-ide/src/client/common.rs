//! What rows of the table have in common: paths, shapes, ways to start a server.

use std::time::Duration;

use super::{Age, CommandForm, Constant, Directory, Launch, Place, Scope, Shape, Spot};
use crate::machine::{Root, System};

pub(super) const fn user(root: Root, path: &'static str) -> Place {
    Place {
        scope: Scope::User,
        spot: anywhere(root, path),
        age: Age::Present,
    }
}

pub(super) const fn project(path: &'static str) -> Place {
    Place {
        scope: Scope::Project,
        spot: anywhere(Root::Project, path),
        age: Age::Present,
    }
}

pub(super) const fn past(scope: Scope, root: Root, path: &'static str) -> Place {
    Place {
        scope,
        spot: anywhere(root, path),
        age: Age::Past,
    }
}

pub(super) const fn only(
    systems: &'static [System],
    scope: Scope,
    root: Root,
    path: &'static str,
) -> Place {
    Place {
        scope,
        spot: there(systems, root, path),
        age: Age::Present,
    }
}

pub(super) const fn there(systems: &'static [System], root: Root, path: &'static str) -> Spot {
    Spot {
        systems,
        root,
        path,
    }
}

pub(super) const fn anywhere(root: Root, path: &'static str) -> Spot {
    Spot {
        systems: &[System::Linux, System::Mac, System::Windows],
        root,
        path,
    }
}

/// `command`, `args`, `env`.
pub(super) const PLAIN: Shape = Shape {
    kind: &[],
    command: CommandForm::Apart("command"),
    environment: "env",
    initial: &[],
};

/// The same with the transport's name.
pub(super) const STDIO: Shape = Shape {
    kind: &[("type", Constant::Text("stdio"))],
    ..PLAIN
};

/// A client with a window. Where a client's own rules are not known, the least is assumed: what
/// the MCP SDK passes on, and the top of the file system as the working directory. A server that
/// starts with that starts with more.
pub(super) const DESKTOP: Launch = Launch {
    passes: SDK_PASSES,
    desktop: true,
    directory: Directory::Top,
    patience: Duration::from_secs(60),
    patience_field: None,
};

/// A client in a terminal, which works where the user is.
pub(super) const SHELL: Launch = Launch {
    desktop: false,
    directory: Directory::Project,
    ..DESKTOP
};

/// What the TypeScript SDK of MCP passes on outside Windows.
pub(super) const SDK_PASSES: &[&str] = &["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];

/// What Codex passes on outside Windows.
pub(super) const CODEX_PASSES: &[&str] = &[
    "HOME",
    "LOGNAME",
    "PATH",
    "SHELL",
    "USER",
    "__CF_USER_TEXT_ENCODING",
    "LANG",
    "LC_ALL",
    "TERM",
    "TMPDIR",
    "TZ",
];

pub(super) const CLAUDE_DIRECTORY: Root = Root::Variable {
    name: "CLAUDE_CONFIG_DIR",
    otherwise: "",
};

pub(super) const CODEX_DIRECTORY: Root = Root::Variable {
    name: "CODEX_HOME",
    otherwise: ".codex",
};

pub(super) const COPILOT_DIRECTORY: Root = Root::Variable {
    name: "COPILOT_HOME",
    otherwise: ".copilot",
};

pub(super) const UNIX: &[System] = &[System::Linux, System::Mac];
pub(super) const WINDOWS: &[System] = &[System::Windows];
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MILLISECOND: Duration = Duration::from_millis(1);
