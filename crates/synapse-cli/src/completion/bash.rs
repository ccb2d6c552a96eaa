//! Completion for bash, which splits words at `:` and `=`, within references and model ids. Clap's
//! script passes the pieces as separate words; this one joins them, and returns only the piece that
//! bash replaces.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_complete::env::EnvCompleter;
use synapse_core::shell::quote_text;

/// bash 3.2 (macOS) and later.
#[derive(Debug)]
pub(super) struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == self.name()
    }

    fn write_registration(
        &self,
        variable: &str,
        _name: &str,
        program: &str,
        completer: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let script = SCRIPT
            .replace("COMPLETER", &quote_text(completer))
            .replace("PROGRAM", &quote_text(program))
            .replace("VARIABLE", variable);
        out.write_all(script.as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut Command,
        words: Vec<OsString>,
        directory: Option<&Path>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let last = words.len().saturating_sub(1);
        let found = clap_complete::engine::complete(command, words, last, directory)?;
        let values: Vec<_> = found
            .iter()
            .map(|each| each.get_value().to_string_lossy())
            .collect();
        out.write_all(values.join(SEPARATOR).as_bytes())
    }
}

/// Separates candidates: a vertical tab, which no candidate contains.
const SEPARATOR: &str = "\u{b}";

const SCRIPT: &str = r#"_synapse_complete() {
    local IFS=$'\013' words=() last=0 prefix word i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $i -eq $COMP_CWORD && $word != [:=]* ]]; then
            word=$2
        fi
        if [[ $i -gt 0 && ( $word == [:=]* || ${words[last]} == *[:=] ) ]]; then
            words[last]+=$word
        else
            last=${#words[@]}
            words[last]=$word
        fi
    done
    prefix=${words[last]%"$2"}
    COMPREPLY=($(VARIABLE=bash COMPLETER -- "${words[@]}" 2> /dev/null))
    for i in "${!COMPREPLY[@]}"; do
        COMPREPLY[i]=${COMPREPLY[i]#"$prefix"}
    done
    if compopt +o nospace 2> /dev/null && [[ ${COMPREPLY-} == *[=/:] ]]; then
        compopt -o nospace
    fi
}
complete -o nospace -o bashdefault -F _synapse_complete PROGRAM
"#;
