//! Opens the user's browser: `$BROWSER`, or the platform's URL opener. Started with an argument
//! vector, without a shell, and with only the environment that a browser needs to find its display.

use std::ffi::OsString;
use std::path::Path;

use async_trait::async_trait;
use synapse_core::Failure;
use synapse_core::error::Code;
use synapse_core::ports::BrowserOpener;
use synapse_core::redact::printable_line;
use synapse_process::Program;
use url::Url;

use crate::environment::{BROWSER, Environment};

/// Opens URLs for the user of this environment.
#[derive(Debug)]
pub(crate) struct Opener {
    environment: Environment,
}

impl Opener {
    pub(crate) fn new(environment: Environment) -> Self {
        Self { environment }
    }

    /// The program with its arguments.
    fn program(&self, url: &Url) -> Result<Program, Failure> {
        let search = self.environment.variable("PATH");
        let search = search.as_deref();
        let Some(chosen) = self.environment.variable(BROWSER) else {
            return platform(url, search).ok_or_else(|| no_browser("no program opens URLs here"));
        };
        let chosen = chosen.to_string_lossy().into_owned();
        // A path may contain spaces; it is split into words only if it is not a program as a whole.
        if let Some(program) = Program::find(&chosen, search) {
            return Ok(program.arguments([url.as_str()]));
        }
        let mut words = chosen.split_whitespace();
        let name = words.next().unwrap_or_default();
        let program = Program::find(name, search).ok_or_else(|| {
            let shown = printable_line(name);
            no_browser(&format!("BROWSER names `{shown}`, which is not found"))
        })?;
        let mut arguments: Vec<String> = words.map(str::to_owned).collect();
        let mut is_placed = false;
        for argument in &mut arguments {
            if argument == "%s" {
                url.as_str().clone_into(argument);
                is_placed = true;
            }
        }
        if !is_placed {
            arguments.push(url.to_string());
        }
        Ok(program.arguments(arguments))
    }
}

#[async_trait]
impl BrowserOpener for Opener {
    async fn open(&self, url: &Url) -> Result<(), Failure> {
        if !matches!(url.scheme(), "https" | "http") {
            return Err(no_browser("only https and http are opened"));
        }
        self.launch(url)
    }
}

impl Opener {
    /// Opens a page that this program wrote to a file.
    ///
    /// # Errors
    /// `config.not-found` when no browser could be started.
    pub(crate) fn open_file(&self, path: &Path) -> Result<(), Failure> {
        let url =
            Url::from_file_path(path).map_err(|()| no_browser("the page has no absolute path"))?;
        self.launch(&url)
    }

    fn launch(&self, url: &Url) -> Result<(), Failure> {
        let variables = VARIABLES
            .iter()
            .filter_map(|name| Some((OsString::from(name), self.environment.variable(name)?)));
        let program = self.program(url)?.variables(variables);
        let program = match self.environment.user_home() {
            Some(home) => program.directory(home),
            None => program,
        };
        program
            .launch()
            .map_err(|error| no_browser("it could not be started").caused_by(&error))
    }
}

#[cfg(target_os = "macos")]
fn platform(url: &Url, _search: Option<&std::ffi::OsStr>) -> Option<Program> {
    Program::find("/usr/bin/open", None).map(|open| open.arguments([url.as_str()]))
}

#[cfg(windows)]
fn platform(url: &Url, search: Option<&std::ffi::OsStr>) -> Option<Program> {
    // `start` is a shell command, and a shell interprets `&`.
    let opener = Program::find("rundll32", search)?;
    Some(opener.arguments(["url.dll,FileProtocolHandler", url.as_str()]))
}

#[cfg(not(any(target_os = "macos", windows)))]
fn platform(url: &Url, search: Option<&std::ffi::OsStr>) -> Option<Program> {
    let opener = Program::find("xdg-open", search)?;
    Some(opener.arguments([url.as_str()]))
}

fn no_browser(why: &str) -> Failure {
    Failure::new(Code::ConfigNotFound, "no browser was opened").cause(why)
}

/// The variables that a browser and its opener need to find the user's session.
const VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "XDG_CURRENT_DESKTOP",
    "XDG_SESSION_TYPE",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_DATA_DIRS",
    "DESKTOP_SESSION",
    "SystemRoot",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Files and scripts of a page are nothing that a login opens.
    #[tokio::test]
    async fn only_web_addresses_are_opened() {
        let environment = Environment::of_process().of_another(Arc::new(|_| None));
        let opener = Opener::new(environment);
        for address in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/html,x",
            "vscode://x/y",
            "ssh://-oProxyCommand=x/",
        ] {
            let failure = opener.open(&address.parse().unwrap()).await.unwrap_err();
            assert!(
                failure.causes().contains(&"only https and http are opened"),
                "{failure:?}"
            );
        }
    }
}
