//! Creating, changing and removing connections. Nothing is saved that preflight did not clear.

use crate::connection::{Draft, already_exists};
use crate::error::Failure;
use crate::gate::NetworkGate;
use crate::name::ConnectionName;
use crate::ports::StoredConnection;
use crate::preflight::{PreflightReport, Reach};

use super::{Engine, Observer, PreflightCall};

/// What came of creating or changing a connection.
#[derive(Debug)]
pub struct Saved {
    /// What preflight found.
    pub report: PreflightReport,
    /// Whether it was saved, and if not, why.
    pub result: Result<(), Failure>,
}

/// What the owner of a connection names, whether or not it is another one than before, and so
/// confirms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Naming {
    /// Its base URL.
    pub base_url: bool,
    /// Its proxy.
    pub proxy: bool,
}

impl Engine {
    /// Checks a draft and saves it under `name` when every check made has passed.
    ///
    /// # Errors
    /// `config.duplicate-name` or `config.*`/`storage.*` of the file, before any check is made.
    pub async fn create(
        &self,
        name: ConnectionName,
        draft: Draft,
        reach: Reach,
    ) -> Result<Saved, Failure> {
        self.create_observed(name, draft, reach, &mut |_| ()).await
    }

    /// As [`Engine::create`], and hands each check to `observe` as soon as it is decided.
    ///
    /// # Errors
    /// As [`Engine::create`].
    pub async fn create_observed(
        &self,
        name: ConnectionName,
        draft: Draft,
        reach: Reach,
        observe: &mut Observer<'_>,
    ) -> Result<Saved, Failure> {
        let existing = self.ports.connections.load()?;
        if existing.iter().any(|stored| stored.name == name) {
            return Err(already_exists(&name));
        }
        let report = self
            .preflight_observed(PreflightCall::draft(Some(name), draft, reach), observe)
            .await;
        let result = report
            .clear()
            .and_then(|cleared| self.ports.connections.insert(&cleared));
        Ok(Saved { report, result })
    }

    /// Checks a changed draft and replaces the connection when every check made has passed.
    ///
    /// Closing the gate is never hindered by the network: with a closed gate only the local checks
    /// are made, and the record says so. A change of fields that no provider sees, such as limits,
    /// is checked locally too, and keeps the record of the last preflight; [`Reach::Live`] asks for
    /// all of it.
    ///
    /// A base URL or a proxy that the change does not touch stays as confirmed as it was; the owner
    /// who names it confirms it so.
    ///
    /// # Errors
    /// `config.not-found` or `config.*`/`storage.*` of the file, before any check is made.
    pub async fn edit(
        &self,
        name: &str,
        change: impl FnOnce(&mut Draft),
        naming: Naming,
        reach: Reach,
    ) -> Result<Saved, Failure> {
        let stored = self.stored(name)?;
        self.edit_observed(&stored, change, naming, reach, &mut |_| ())
            .await
    }

    /// As [`Engine::edit`], of a connection that was read before: another one in its place by then
    /// is not replaced. Hands each check to `observe` as soon as it is decided.
    ///
    /// # Errors
    /// `config.changed` in the result when the connection is another one by now.
    pub async fn edit_observed(
        &self,
        stored: &StoredConnection,
        change: impl FnOnce(&mut Draft),
        naming: Naming,
        reach: Reach,
        observe: &mut Observer<'_>,
    ) -> Result<Saved, Failure> {
        let mut draft = stored.draft.clone();
        change(&mut draft);
        let kept_record = stored
            .preflight
            .clone()
            .filter(|_| reach != Reach::Live && draft.differs_locally(&stored.draft));
        let reach = match draft.gate {
            NetworkGate::Closed => Reach::Offline,
            NetworkGate::Open if kept_record.is_some() => Reach::Offline,
            NetworkGate::Open => reach,
        };
        let other_provider = draft.base_url.is_none() && draft.provider != stored.draft.provider;
        let naming = Naming {
            base_url: naming.base_url || draft.base_url != stored.draft.base_url || other_provider,
            proxy: naming.proxy || draft.proxy != stored.draft.proxy,
        };
        let call = PreflightCall::changed(stored, draft, naming, reach);
        let report = self.preflight_observed(call, observe).await;
        let cleared = match kept_record {
            Some(record) => report.clear_with(record),
            None => report.clear(),
        };
        let result =
            cleared.and_then(|cleared| self.ports.connections.replace(&stored.draft, &cleared));
        Ok(Saved { report, result })
    }

    /// Gives a connection another name. Its rows in the ledger keep the one that they have.
    ///
    /// # Errors
    /// `config.not-found`, `config.duplicate-name`, `config.invalid-value` for what is no name, or
    /// `config.*`/`storage.*` of the file, which is left as it was then.
    pub fn rename(&self, name: &str, new: &str) -> Result<(), Failure> {
        let stored = self.stored(name)?;
        self.ports.connections.rename(&stored.name, &new.parse()?)
    }

    /// Adds a connection that is like another one.
    ///
    /// # Errors
    /// As [`Engine::rename`], and why the connection cannot be understood.
    pub fn copy(&self, name: &str, new: &str) -> Result<(), Failure> {
        let stored = self.stored(name)?;
        self.ports.connections.copy(&stored.name, &new.parse()?)
    }

    /// Removes a connection. Its rows in the ledger stay.
    ///
    /// # Errors
    /// `config.not-found` or `config.*`/`storage.*` of the file.
    pub fn remove(&self, name: &str) -> Result<(), Failure> {
        let stored = self.stored(name)?;
        self.ports.connections.remove(&stored.name)
    }
}
