//! Anthropic.

use super::{ANY, Account, REMEDIES, Remedies, Vendor};

pub(super) const VENDOR: Vendor = Vendor {
    remedies: Remedies {
        permission: "check the key's workspace and what your organization allows it",
        account: Account::Key("create a key that belongs to one workspace"),
        ..REMEDIES
    },
    ..ANY
};
