//! The startup file of each shell, and the lines that go there. The rest of the file belongs to the
//! user and is kept byte for byte.

use std::path::PathBuf;

use clap_complete::Shell;
use synapse_core::error::{Code, Failure};

use crate::environment::Environment;

/// The startup file of `shell`.
///
/// # Errors
/// `storage.unavailable` when no home directory is known, `usage.invalid-arguments` for a shell
/// that only a newer clap supports.
pub(super) fn file(environment: &Environment, shell: Shell) -> Result<PathBuf, Failure> {
    let home = environment
        .user_home()
        .ok_or_else(|| Failure::new(Code::StorageUnavailable, "the home directory is not known"))?;
    let directory = |name: &str| {
        let given = environment.variable(name).map(PathBuf::from);
        given.filter(|path| path.is_absolute())
    };
    let config = directory("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
    Ok(match shell {
        Shell::Bash => home.join(".bashrc"),
        Shell::Zsh => directory("ZDOTDIR")
            .unwrap_or_else(|| home.to_owned())
            .join(".zshrc"),
        Shell::Fish => config.join("fish/completions/synapse.fish"),
        Shell::Elvish => config.join("elvish/rc.elv"),
        Shell::PowerShell if cfg!(windows) => {
            home.join("Documents").join("PowerShell").join(PROFILE)
        }
        Shell::PowerShell => config.join("powershell").join(PROFILE),
        _ => {
            return Err(Failure::new(
                Code::UsageInvalidArguments,
                "where this shell reads completions from is not known",
            ));
        }
    })
}

/// The lines for `shell`. They ask the program for its script at each start, so that an upgrade
/// needs no further step, and do nothing if the program is not installed.
pub(super) fn block(shell: Shell) -> String {
    let load = match shell {
        Shell::Fish => "command -q synapse; and synapse completions fish | source",
        Shell::Elvish => {
            "if (has-external synapse) { eval (e:synapse completions elvish | slurp) }"
        }
        Shell::PowerShell => {
            "if (Get-Command synapse -ErrorAction SilentlyContinue) {\n    \
             synapse completions powershell | Out-String | Invoke-Expression\n}"
        }
        Shell::Zsh => {
            "if (( $+commands[synapse] )); then\n    \
             (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }\n    \
             eval \"$(synapse completions zsh)\"\nfi"
        }
        _ => {
            "if command -v synapse > /dev/null 2>&1; then\n    \
             eval \"$(synapse completions bash)\"\nfi"
        }
    };
    format!("{BEGIN}\n# To take these lines out: synapse completions remove\n{load}\n{END}\n")
}

/// `text` with `block` once: in place of an older block, otherwise at the end.
pub(super) fn with_block(text: &str, block: &str) -> String {
    if let Some((before, after)) = around(text) {
        return format!("{before}{block}{after}");
    }
    let separator = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{separator}{block}")
}

/// `text` without our lines; `None` if it has none.
pub(super) fn without_block(text: &str) -> Option<String> {
    around(text).map(|(before, after)| format!("{before}{after}"))
}

/// The text before and after our lines. A beginning without an end is the user's edit, and is left.
fn around(text: &str) -> Option<(&str, &str)> {
    let start = text
        .match_indices(BEGIN)
        .map(|(start, _)| start)
        .find(|start| *start == 0 || text.get(..*start).is_some_and(|it| it.ends_with('\n')))?;
    let (before, ours) = text.split_at(start);
    let end = ours.find(END)? + END.len();
    let after = ours.get(end..)?;
    let after = after.strip_prefix('\r').unwrap_or(after);
    Some((before, after.strip_prefix('\n').unwrap_or(after)))
}

const BEGIN: &str = "# >>> synapse completions >>>";
const END: &str = "# <<< synapse completions <<<";
const PROFILE: &str = "Microsoft.PowerShell_profile.ps1";

#[cfg(test)]
mod tests {
    use super::*;

    const SHELLS: [Shell; 5] = [
        Shell::Bash,
        Shell::Zsh,
        Shell::Fish,
        Shell::Elvish,
        Shell::PowerShell,
    ];

    #[test]
    fn there_and_back_every_byte_is_kept() {
        for shell in SHELLS {
            let block = block(shell);
            for text in ["", "a\n", "a\r\nb\r\n", "# é\n\n\n"] {
                let with = with_block(text, &block);
                assert!(with.ends_with(&block), "{with}");
                assert_eq!(
                    with_block(&with, &block),
                    with,
                    "a second time changes nothing"
                );
                assert_eq!(without_block(&with).as_deref(), Some(text));
            }
        }
    }

    #[test]
    fn lines_after_ours_stay_where_they_are() {
        let block = block(Shell::Bash);
        let text = format!("one\n{block}two\n");
        assert_eq!(with_block(&text, "new\n"), "one\nnew\ntwo\n");
        assert_eq!(without_block(&text).as_deref(), Some("one\ntwo\n"));
    }

    #[test]
    fn a_last_line_without_an_end_gets_one() {
        assert_eq!(with_block("a", "b\n"), "a\nb\n");
    }

    #[test]
    fn a_file_without_our_lines_has_nothing_to_take_out() {
        for text in ["", "a\n", "echo '# >>> synapse completions >>>'\n", BEGIN] {
            assert_eq!(without_block(text), None, "{text:?}");
        }
    }
}
