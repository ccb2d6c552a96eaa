//! The configuration of the hub as last read, with its members and their index.

use std::sync::Arc;

use synapse_core::error::Failure;
use synapse_core::ports::StoredUpstream;
use synapse_core::upstream::Approval;

use crate::index::Index;
use crate::roster::Member;
use crate::runtime::Runtime;

/// The configuration as last read.
pub(crate) struct Configuration {
    pub(crate) stamps: Stamps,
    /// The stamp of everything outside the file that entries expand to.
    pub(crate) meaning: u64,
    /// Whether the configuration file exists.
    pub(crate) is_declared: bool,
    pub(crate) stored: Vec<StoredUpstream>,
    pub(crate) approvals: Vec<Approval>,
    /// Why the whole configuration is unusable.
    pub(crate) problem: Option<Failure>,
    pub(crate) members: Vec<Arc<Member>>,
    pub(crate) index: Index,
}

/// The configuration as loaded, before its members are judged.
pub(crate) struct Read {
    pub(crate) stamps: Stamps,
    pub(crate) meaning: u64,
    pub(crate) is_declared: bool,
    pub(crate) stored: Vec<StoredUpstream>,
    pub(crate) approvals: Vec<Approval>,
    pub(crate) problem: Option<Failure>,
}

pub(crate) type Stamps = (Option<u64>, Option<u64>);

impl Read {
    pub(crate) fn with(self, members: Vec<Arc<Member>>, index: Index) -> Configuration {
        Configuration {
            stamps: self.stamps,
            meaning: self.meaning,
            is_declared: self.is_declared,
            stored: self.stored,
            approvals: self.approvals,
            problem: self.problem,
            members,
            index,
        }
    }
}

/// Ends the runtimes that are not in `after`.
pub(crate) fn retire_old(before: &Configuration, after: &Configuration) {
    let kept = |runtime: &Arc<Runtime>| {
        let mut runtimes = after
            .members
            .iter()
            .filter_map(|member| member.runtime.as_ref());
        runtimes.any(|each| Arc::ptr_eq(each, runtime))
    };
    for runtime in before
        .members
        .iter()
        .filter_map(|member| member.runtime.as_ref())
    {
        if !kept(runtime) {
            runtime.retire();
        }
    }
}

pub(crate) fn is_same(before: &[StoredUpstream], now: &[StoredUpstream]) -> bool {
    before.len() == now.len()
        && before
            .iter()
            .zip(now)
            .all(|(before, now)| before.name == now.name && before.upstream == now.upstream)
}
