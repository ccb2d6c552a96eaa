//! bash, whose words end at `:` and `=` where references and ids of models go on. The script of clap
//! passes the pieces on as words; this one joins them, and hands bash the piece that it replaces.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_complete::env::EnvCompleter;
use synapse_core::shell::quote_text;

/// bash from version 3.2 on, which is that of macOS.
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

/// Between candidates: a vertical tab, which is in none of them.
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
