//! The four families of trouble that the guides know: the gate is closed, the endpoint's path is
//! wrong, the token is rejected, the provider refuses access. Each shows one and the same code in
//! preflight, in the terminal, to the IDE and in the ledger.

mod access;
mod endpoint;
mod gate;
mod token;
mod trouble;

use synapse_tests::{Flags, Home, LocalProvider};

use crate::TWIN;

/// A home with an open connection `work` that no check has seen, after a `change` for the worse.
fn unchecked(provider: &impl LocalProvider, change: impl FnOnce(&Home, &mut Flags)) -> Home {
    let home = Home::new(TWIN);
    let mut flags = provider.flags(&home);
    change(&home, &mut flags);
    home.create("work", &flags, &["--allow-network", "--offline"])
        .with_code(0);
    home
}
