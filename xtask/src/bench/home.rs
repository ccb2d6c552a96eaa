//! A Synapse home for one measure: a connection to the local provider, and optional others.

use std::path::{Path, PathBuf};

use super::measures::{CHAT_BEFORE, Measure};
use super::{Bench, provider};
use crate::command::{Invocation, PAUSE};
use crate::failure::Failure;
use crate::repository;

/// The directory, which contains only the files of the measure.
pub(super) struct Home<'a> {
    bench: &'a Bench<'a>,
    directory: PathBuf,
    calls_before: u64,
}

impl<'a> Home<'a> {
    /// Creates it in the directory `within`, saves the connection `work` as specified by `measure`, and copies it under other names.
    ///
    /// # Errors
    /// `File`, or `Refused` when the connection cannot be saved.
    pub(super) fn create(
        bench: &'a Bench<'a>,
        measure: &Measure,
        within: &Path,
    ) -> Result<Self, Failure> {
        let directory = within.join("home");
        repository::remove_directory(&directory)?;
        repository::create_directory(&directory)?;
        let home = Self {
            bench,
            directory,
            calls_before: measure.setting.calls_before,
        };
        let key = home.directory.join("key");
        repository::write_private(&key, provider::KEY)?;
        home.program()
            .args(["connection", "create", "work", "--model", provider::MODEL])
            .args(["--provider", measure.setting.provider])
            .args(["--credential", &format!("file:{}", key.display())])
            .args(["--base-url", &bench.provider.base_url()])
            .args(["--allow-network", "--offline"])
            .args(measure.setting.flags)
            .capture()?;
        home.multiply(measure.setting.others)?;
        Ok(home)
    }

    /// Resets the ledger to the number of calls the measure starts with.
    ///
    /// # Errors
    /// `File`, or `Refused` when a call fails.
    pub(super) fn forget_calls(&self) -> Result<(), Failure> {
        for file in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            repository::remove_file(&self.synapse().join(file))?;
        }
        if self.calls_before > 0 {
            let mut lines = CHAT_BEFORE.input(self.calls_before);
            lines.retain(|line| line != PAUSE);
            let answers = self.program().arg("serve").converse(&lines)?;
            CHAT_BEFORE
                .judge(self.calls_before, &answers)
                .map_err(|reason| Failure::Measure {
                    name: CHAT_BEFORE.name,
                    reason,
                })?;
        }
        Ok(())
    }

    /// The complete environment of the program.
    pub(super) fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [
            ("HOME", self.directory.clone()),
            ("SYNAPSE_HOME", self.synapse()),
        ]
    }

    fn multiply(&self, others: usize) -> Result<(), Failure> {
        let file = self.synapse().join("connections.toml");
        let text = repository::read(&file)?;
        let Some(begin) = text.find("[connections.work").filter(|_| others > 0) else {
            return Ok(());
        };
        let (_, work) = text.split_at(begin);
        let mut all = text.clone();
        for number in 1..=others {
            all.push('\n');
            let name = format!("[connections.other-{number:04}");
            all.push_str(&work.replace("[connections.work", &name));
        }
        repository::write(&file, &all)
    }

    fn synapse(&self) -> PathBuf {
        self.directory.join(".synapse")
    }

    fn program(&self) -> Invocation {
        Invocation::new(self.bench.repository, &self.bench.program).env_of(&self.environment())
    }
}
