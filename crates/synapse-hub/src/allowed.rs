//! Environment variables a program gets without declaration: locations and locale. None holds a
//! secret, names an agent or desktop socket, or affects how programs load code.

/// The names.
#[cfg(not(windows))]
pub const ALLOWED_VARIABLES: &[&str] = &[
    "HOME", "LOGNAME", "USER", "SHELL", "PATH", "TERM", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR",
    "TZ",
];

/// The names.
#[cfg(windows)]
pub const ALLOWED_VARIABLES: &[&str] = &[
    "APPDATA",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATH",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "USERNAME",
    "USERPROFILE",
];

/// The set variables, in the order of [`ALLOWED_VARIABLES`]; `PATH` is the approved one.
#[must_use]
pub fn allowed_variables(
    lookup: &dyn Fn(&str) -> Option<String>,
    search_path: Option<&str>,
) -> Vec<(&'static str, String)> {
    ALLOWED_VARIABLES
        .iter()
        .filter_map(|name| {
            let value = match (*name, search_path) {
                ("PATH", Some(path)) => Some(path.to_owned()),
                _ => lookup(name),
            };
            Some((*name, value?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_agents_and_no_token_is_passed() {
        let everything = |name: &str| Some(format!("value of {name}"));
        let passed = allowed_variables(&everything, Some("/approved"));
        assert!(passed.contains(&("PATH", "/approved".to_owned())));
        for name in [
            "SSH_AUTH_SOCK",
            "DBUS_SESSION_BUS_ADDRESS",
            "XDG_RUNTIME_DIR",
            "HF_TOKEN",
            "LD_PRELOAD",
            "NODE_OPTIONS",
            "SYNAPSE_HOME",
            "SYNAPSE_VAULT_KEY_FILE",
        ] {
            assert!(passed.iter().all(|(each, _)| *each != name), "{name}");
        }
    }
}
