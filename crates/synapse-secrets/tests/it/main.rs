//! The real stores of credentials: programs, a keyring on its own bus, a server that answers with
//! the bodies of the real one, a sealed file.

#![cfg(test)]
#![cfg(unix)]

mod command;
mod files;
#[cfg(target_os = "linux")]
mod keyring;
mod local_vault;
mod one_password;
#[cfg(target_os = "linux")]
mod pass;
mod server;
mod support;
mod systemd;
mod tokens;
mod writing;
