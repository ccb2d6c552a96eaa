//! Shows the change that adds an entry to a client's file without writing it: `cargo run -p
//! synapse-ide --example entry -- cursor /usr/local/bin/synapse ~`

#![expect(clippy::print_stdout, reason = "a program of its own: it prints")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use synapse_ide::{Client, Entry, Keep, Machine, Replace, Scope, System, install};

pub(crate) fn preview(
    client: &str,
    program: &Path,
    home: PathBuf,
) -> Result<String, Box<dyn Error>> {
    let client = Client::named(client).ok_or("no such client")?;
    let machine = Machine::new(System::Linux, home.clone(), home, Arc::new(|_| None));
    let entry = Entry::new(program)?;
    let (replace, keep) = (Replace::OwnOnly, Keep::Settings);
    let change = install(client, &machine, Scope::User, &entry, replace, keep)?;
    Ok(format!("{}\n{}", change.file().display(), change.diff()))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [client, program, home] = arguments.as_slice() else {
        return Err("usage: entry CLIENT PROGRAM HOME".into());
    };
    print!("{}", preview(client, Path::new(program), home.into())?);
    Ok(())
}
