//! Creates, changes and removes connections. Nothing is saved without a preflight pass.

use crate::connection::{Draft, already_exists};
use crate::error::Failure;
use crate::gate::NetworkGate;
use crate::name::ConnectionName;
use crate::ports::StoredConnection;
use crate::preflight::{PreflightReport, Reach};

use super::{Engine, Naming, Observer, PreflightCall};

/// The result of creating or changing a connection.
#[derive(Debug)]
pub struct Saved {
    /// The preflight report.
    pub report: PreflightReport,
    /// Success, or why it was not saved.
    pub result: Result<(), Failure>,
}

impl Engine {
    /// Checks a draft and saves it under `name` if every check passed.
    ///
    /// # Errors
    /// `config.duplicate-name` or `config.*`/`storage.*` of the file, before any check.
    pub async fn create(
        &self,
        name: ConnectionName,
        draft: Draft,
        reach: Reach,
    ) -> Result<Saved, Failure> {
        self.create_observed(name, draft, reach, &mut |_| ()).await
    }

    /// Like [`Engine::create`], reporting each check to `observe` once it is decided.
    ///
    /// # Errors
    /// Same as [`Engine::create`].
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

    /// Checks a changed draft and replaces the connection if every check passed.
    ///
    /// Turning network access off never depends on the network: only the local checks run then, and
    /// the record says so. Changes of local fields, such as limits, are also checked locally and
    /// keep the last preflight record; [`Reach::Live`] requests all checks.
    ///
    /// An unchanged base URL or proxy keeps its confirmation; naming it explicitly confirms it.
    ///
    /// # Errors
    /// `config.not-found` or `config.*`/`storage.*` of the file, before any check.
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

    /// Like [`Engine::edit`] for a connection read earlier: if it changed since, it is not
    /// replaced. Reports each check to `observe`.
    ///
    /// # Errors
    /// `config.changed` in the result if the connection changed meanwhile.
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

    /// Renames a connection. Its ledger rows keep the old name.
    ///
    /// # Errors
    /// `config.not-found`, `config.duplicate-name`, `config.invalid-value` for an invalid name, or
    /// `config.*`/`storage.*` of the file, which is left unchanged then.
    pub fn rename(&self, name: &str, new: &str) -> Result<(), Failure> {
        let stored = self.stored(name)?;
        self.ports.connections.rename(&stored.name, &new.parse()?)
    }

    /// Copies a connection.
    ///
    /// # Errors
    /// Same as [`Engine::rename`], and the failure of an invalid connection.
    pub fn copy(&self, name: &str, new: &str) -> Result<(), Failure> {
        let stored = self.stored(name)?;
        self.ports.connections.copy(&stored.name, &new.parse()?)
    }

    /// Removes a connection. Its ledger rows stay.
    ///
    /// # Errors
    /// `config.not-found` or `config.*`/`storage.*` of the file.
    pub fn remove(&self, name: &str) -> Result<(), Failure> {
        let stored = self.stored(name)?;
        self.ports.connections.remove(&stored.name)
    }
}
