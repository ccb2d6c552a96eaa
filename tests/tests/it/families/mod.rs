//! The four troubleshooting families of the guides: network access off, wrong endpoint path,
//! rejected token, access refused by the provider. Each gives the same code in preflight, terminal,
//! IDE and ledger.

mod access;
mod endpoint;
mod gate;
mod token;
mod trouble;

use synapse_tests::{Flags, Home, LocalProvider};

use crate::TWIN;

/// A home with an unchecked connection `work`, network access on, broken by `change`.
fn unchecked(provider: &impl LocalProvider, change: impl FnOnce(&Home, &mut Flags)) -> Home {
    let home = Home::new(TWIN);
    let mut flags = provider.flags(&home);
    change(&home, &mut flags);
    home.create("work", &flags, &["--allow-network", "--offline"])
        .with_code(0);
    home
}
