//! The journal of changes: backs up each file before a change, for undo. Backups go to our own
//! directory: a client's file may contain other servers' keys, and a copy beside it might be
//! committed to a repository.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use synapse_core::time::Timestamp;
use synapse_core::{Code, Failure, Remedy};

use crate::change::FileChange;
use crate::client::{Client, Scope};
use crate::entry::Entry;
use crate::failure::changed;
use crate::file::{self, ChangeLock, own_file};
use crate::location;

/// The journal. Constructing one touches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    directory: PathBuf,
}

/// An applied change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The backup of the file; `None` if there was no file.
    pub backup: Option<PathBuf>,
}

/// The record beside a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct BackupRecord {
    format: u32,
    client: String,
    scope: String,
    file: PathBuf,
    made_at: String,
    /// SHA-256 of the content before and after; `None` for no file.
    before: Option<String>,
    after: Option<String>,
}

/// A file before a change.
#[derive(Debug)]
pub(crate) struct Before {
    /// Its content; `None` if it did not exist.
    pub(crate) content: Option<Vec<u8>>,
}

impl Journal {
    /// The journal in `directory`, which the first change creates for its owner only.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Applies `change`: checks that the file still matches, backs it up, and replaces it
    /// atomically. A kill in between loses nothing.
    ///
    /// # Errors
    /// `ide.file-changed`, `ide.file-unusable`, `ide.file-hard-linked`, `ide.file-mounted`,
    /// `storage.locked`, `storage.unavailable`; the file is left unchanged.
    pub fn apply(&self, change: &FileChange, now: Timestamp) -> Result<Applied, Failure> {
        self.apply_with(change, now, || {})
    }

    /// [`Journal::apply`] with a callback right before the final rename.
    fn apply_with(
        &self,
        change: &FileChange,
        now: Timestamp,
        written: impl FnOnce(),
    ) -> Result<Applied, Failure> {
        let lock = ChangeLock::acquire(&self.directory.join("lock"), PATIENCE)?;
        let is_elsewhere = location::real(&change.file)? != change.location.real;
        if is_elsewhere || file::read(&change.file)? != change.before {
            return Err(changed(&change.file, "it was read"));
        }
        let ready = file::prepare(&change.file, change.after.as_deref())?;
        let kept = match &change.undoes {
            Some(_) => None,
            None => Some(self.keep(change, now)?),
        };
        written();
        // The client may have written in the meantime.
        if let Err(failure) = ready.make(change.before.as_deref()) {
            if let Some((record, _)) = &kept {
                self.forget(record);
            }
            return Err(failure);
        }
        if let Some(record) = &change.undoes {
            self.forget(record);
        }
        self.prune();
        drop(lock);
        Ok(kept.map_or(Applied { backup: None }, |(_, applied)| applied))
    }

    /// Plans undoing the newest change, of `client` or of any. Writes nothing, except that it drops
    /// records of changes that never happened. `entry` identifies our entry for the preview.
    ///
    /// # Errors
    /// `ide.not-installed` when there is no change, `ide.file-changed` when the file changed since,
    /// `ide.file-unusable`, `storage.unavailable`.
    pub fn undo(&self, client: Option<&Client>, entry: &Entry) -> Result<FileChange, Failure> {
        for name in self.records()?.into_iter().rev() {
            let path = self.directory.join(&name);
            let Some(record) = read_record(&path)? else {
                continue;
            };
            if client.is_some_and(|client| client.id() != record.client) {
                continue;
            }
            let Some(whose) = Client::named(&record.client) else {
                continue;
            };
            let current = file::read(&record.file)?;
            let digest = current.as_deref().map(digest);
            if digest == record.before && digest != record.after {
                // The process was killed before writing, or somebody undid the change by hand.
                self.forget(&path);
                continue;
            }
            if digest != record.after {
                let failure = changed(&record.file, "Synapse changed it");
                let failure = match record.before {
                    None => failure,
                    Some(_) => failure.hint(format!(
                        "the content that it had before is in {}",
                        crate::failure::shown(&backup_of(&path))
                    )),
                };
                return Err(failure.remedy(
                    "take only the entry out",
                    &Remedy::RemoveEntry {
                        client: record.client,
                        scope: scope_named(&record.scope),
                    },
                ));
            }
            file::writable(&record.file)?;
            let before = self.backup(&path, &record)?;
            let scope = scope_named(&record.scope);
            let contents = (current, before);
            return FileChange::back(whose, scope, record.file, path, contents, entry);
        }
        Err(
            Failure::new(Code::IdeNotInstalled, "there is no change to undo")
                .remedy("see what is where", &Remedy::ListEntries),
        )
    }

    /// The content of `file` before the newest change, if that change produced `content`.
    ///
    /// # Errors
    /// `storage.unavailable`.
    pub(crate) fn content_before(
        &self,
        file: &Path,
        content: &[u8],
    ) -> Result<Option<Before>, Failure> {
        for name in self.records()?.into_iter().rev() {
            let path = self.directory.join(&name);
            let Some(record) = read_record(&path)? else {
                continue;
            };
            if is_same(&record.file, file) && record.after == Some(digest(content)) {
                let content = self.backup(&path, &record)?;
                return Ok(Some(Before { content }));
            }
        }
        Ok(None)
    }

    /// Writes the backup, then the record that refers to it.
    pub(crate) fn keep(
        &self,
        change: &FileChange,
        now: Timestamp,
    ) -> Result<(PathBuf, Applied), Failure> {
        let stamp = now.to_string().replace([':', '-', '.'], "");
        let mut path = self.directory.join("none");
        for number in 0..MOST_RECORDS {
            let name = format!("{stamp}-{number:02}-{}.json", change.client.id());
            path = self.directory.join(name);
            if !path.exists() {
                break;
            }
        }
        let backup = backup_of(&path);
        if let Some(content) = &change.before {
            file::write_private(&backup, content)?;
        }
        let record = BackupRecord {
            format: FORMAT,
            client: change.client.id().to_owned(),
            scope: change.scope.as_str().to_owned(),
            file: change.file.clone(),
            made_at: now.to_string(),
            before: change.before.as_deref().map(digest),
            after: change.after.as_deref().map(digest),
        };
        let text = serde_json::to_vec_pretty(&record).map_err(|error| {
            Failure::new(Code::InternalInvariant, "a record cannot be written").caused_by(&error)
        })?;
        file::write_private(&path, &text)?;
        let backup = change.before.is_some().then_some(backup);
        Ok((path, Applied { backup }))
    }

    /// Record file names, oldest first.
    fn records(&self) -> Result<Vec<OsString>, Failure> {
        let entries = match std::fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(own_file(&self.directory, &error)),
        };
        let mut names: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.file_name()))
            .filter(|name| Path::new(name).extension().is_some_and(|end| end == "json"))
            .collect();
        names.sort();
        Ok(names)
    }

    fn backup(&self, path: &Path, record: &BackupRecord) -> Result<Option<Vec<u8>>, Failure> {
        let Some(expected) = &record.before else {
            return Ok(None);
        };
        let backup = backup_of(path);
        let content = std::fs::read(&backup).map_err(|error| own_file(&backup, &error))?;
        if digest(&content) != *expected {
            return Err(changed(&backup, "it was made"));
        }
        Ok(Some(content))
    }

    /// Removes a record. Best effort; a leftover is harmless.
    fn forget(&self, path: &Path) {
        drop(std::fs::remove_file(path));
        drop(std::fs::remove_file(backup_of(path)));
    }

    /// Removes what can no longer be undone, because backups may contain keys of other servers:
    /// changes of files modified since, backups without a record, and changes beyond the limit.
    fn prune(&self) {
        // For each file, the content that the next older change must have produced.
        let mut contents: BTreeMap<PathBuf, Option<String>> = BTreeMap::new();
        let mut kept = 0;
        for name in self.records().unwrap_or_default().into_iter().rev() {
            let path = self.directory.join(name);
            if kept < MOST_RECORDS && Self::is_of_use(&path, &mut contents) {
                kept += 1;
            } else {
                self.forget(&path);
            }
        }
        let entries = std::fs::read_dir(&self.directory).into_iter().flatten();
        let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
        // A writer would hold the lock that we hold.
        let orphaned = files.filter(|file| {
            file.extension().is_some_and(|end| end == "bak")
                && !file.with_extension("json").exists()
        });
        orphaned.for_each(|file| drop(std::fs::remove_file(file)));
    }

    /// Whether the change of the record at `path` can still be undone, after newer ones. Unreadable
    /// records and files are kept.
    fn is_of_use(path: &Path, contents: &mut BTreeMap<PathBuf, Option<String>>) -> bool {
        let Ok(Some(record)) = read_record(path) else {
            return true;
        };
        let content = match contents.get(&record.file) {
            Some(content) => content.clone(),
            None => match file::read(&record.file) {
                Ok(content) => content.as_deref().map(digest),
                Err(_) => return true,
            },
        };
        let is_of_use = content == record.after;
        let content = if is_of_use { record.before } else { content };
        contents.insert(record.file, content);
        is_of_use
    }
}

/// Whether two paths resolve to the same place, existing or not.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path| location::real(path).ok();
    one == other || real(one).is_some_and(|one| real(other) == Some(one))
}

/// Reads a record; `None` if it is gone or of another version.
fn read_record(path: &Path) -> Result<Option<BackupRecord>, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)
            .ok()
            .filter(|record: &BackupRecord| record.format == FORMAT)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(own_file(path, &error)),
    }
}

fn backup_of(record: &Path) -> PathBuf {
    record.with_extension("bak")
}

fn scope_named(name: &str) -> Scope {
    let scopes = [Scope::Local, Scope::Project];
    let found = scopes.into_iter().find(|scope| scope.as_str() == name);
    found.unwrap_or(Scope::User)
}

fn digest(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

const FORMAT: u32 = 1;
const MOST_RECORDS: usize = 50;
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::sync::Arc;

    use super::*;
    use crate::machine::{Machine, System};
    use crate::plan::{Keep, Replace, install};

    fn entry() -> Entry {
        Entry::new(Path::new("/usr/bin/synapse")).unwrap()
    }

    const CONTENT: &str = "{\n  \"mcpServers\": {}\n}\n";

    /// A separate home with Cursor's directory, and a journal.
    struct Bench {
        _directory: tempfile::TempDir,
        machine: Machine,
        file: PathBuf,
        journal: Journal,
    }

    impl Bench {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let home = directory.path().to_owned();
            let machine = Machine::new(System::Linux, home.clone(), home, Arc::new(|_| None));
            let file = cursor().file(&machine, Scope::User).unwrap();
            std::fs::create_dir(file.parent().unwrap()).unwrap();
            Self {
                machine,
                file,
                journal: Journal::new(directory.path().join("journal")),
                _directory: directory,
            }
        }

        /// Writes the file like another program.
        fn put(&self, content: &str) {
            let mut users = std::fs::File::create(&self.file).unwrap();
            users.write_all(content.as_bytes()).unwrap();
        }

        fn install(&self) -> FileChange {
            let (scope, replace) = (Scope::User, Replace::OwnOnly);
            let keep = Keep::Settings;
            install(cursor(), &self.machine, scope, &entry(), replace, keep).unwrap()
        }
    }

    fn cursor() -> &'static Client {
        Client::named("cursor").unwrap()
    }

    #[test]
    fn who_is_killed_between_backup_and_write_has_lost_nothing() {
        let bench = Bench::new();
        bench.put(CONTENT);
        let Bench { file, journal, .. } = &bench;
        let entry = entry();
        let plan = || bench.install();
        let now = Timestamp::from_millis(0);

        // State after a kill: backup and record exist, the file is unchanged.
        let (_, kept) = journal.keep(&plan(), now).unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap(), CONTENT);
        let backup = kept.backup.unwrap();
        assert_eq!(std::fs::read_to_string(&backup).unwrap(), CONTENT);

        // Nothing to undo, and the next change starts fresh.
        let failure = journal.undo(None, &entry).unwrap_err();
        assert_eq!(failure.code(), Code::IdeNotInstalled);
        assert!(!backup.exists());
        journal.keep(&plan(), now).unwrap();
        journal.apply(&plan(), now).unwrap();
        let back = journal.undo(None, &entry).unwrap();
        journal.apply(&back, now).unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap(), CONTENT);
    }

    #[test]
    fn what_a_client_writes_while_we_wait_for_the_disk_stays() {
        let bench = Bench::new();
        let Bench { file, journal, .. } = &bench;
        let beside = file.parent().unwrap();
        let entry = entry();
        let now = Timestamp::from_millis(0);
        let put = |content: &str| bench.put(content);
        let install = || bench.install();
        let theirs = CONTENT.replace("{}", "{\"new\": {}}");
        for before in [Some(CONTENT), None] {
            drop(std::fs::remove_file(file));
            before.inspect(|content| put(content));
            let change = install();
            let failure = journal
                .apply_with(&change, now, || put(&theirs))
                .unwrap_err();
            assert_eq!(failure.code(), Code::IdeFileChanged);
            assert_eq!(std::fs::read_to_string(file).unwrap(), theirs);
            assert_eq!(std::fs::read_dir(beside).unwrap().count(), 1);
            // It never happened.
            assert!(journal.records().unwrap().is_empty());
        }
        // Also when an entry is removed, with or without its file.
        journal.apply(&install(), now).unwrap();
        let back = journal.undo(None, &entry).unwrap();
        let failure = journal.apply_with(&back, now, || put(CONTENT)).unwrap_err();
        assert_eq!(failure.code(), Code::IdeFileChanged);
        assert_eq!(std::fs::read_to_string(file).unwrap(), CONTENT);
        std::fs::remove_file(file).unwrap();
        journal.apply(&install(), now).unwrap();
        let gone = journal.undo(None, &entry).unwrap();
        assert_eq!(gone.after, None);
        let failure = journal.apply_with(&gone, now, || put(CONTENT)).unwrap_err();
        assert_eq!(failure.code(), Code::IdeFileChanged);
        assert_eq!(std::fs::read_to_string(file).unwrap(), CONTENT);
    }

    #[test]
    fn a_damaged_backup_is_not_given_back() {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().to_owned();
        let machine = Machine::new(System::Linux, home.clone(), home, Arc::new(|_| None));
        let codex = Client::named("codex").unwrap();
        let file = codex.file(&machine, Scope::User).unwrap();
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        std::fs::File::create(&file).unwrap();
        let journal = Journal::new(directory.path().join("journal"));
        let entry = entry();
        let change = install(
            codex,
            &machine,
            Scope::User,
            &entry,
            Replace::OwnOnly,
            Keep::Settings,
        )
        .unwrap();
        let applied = journal.apply(&change, Timestamp::from_millis(0)).unwrap();
        let mut backup = std::fs::File::create(applied.backup.unwrap()).unwrap();
        backup.write_all(b"other").unwrap();
        let failure = journal.undo(None, &entry).unwrap_err();
        assert_eq!(failure.code(), Code::IdeFileChanged);
    }

    /// A journal after a series of changes, with these contents in turn.
    fn changed_to(directory: &Path, words: &[&str]) -> (Journal, PathBuf) {
        let journal = Journal::new(directory.join("journal"));
        let file = directory.join("client.json");
        for (number, pair) in words.windows(2).enumerate() {
            let [before, after] = pair else { continue };
            let path = journal.directory.join(format!("{number:03}.json"));
            file::write_private(&backup_of(&path), before.as_bytes()).unwrap();
            let record = BackupRecord {
                format: FORMAT,
                client: "cursor".to_owned(),
                scope: "user".to_owned(),
                file: file.clone(),
                made_at: String::new(),
                before: Some(digest(before.as_bytes())),
                after: Some(digest(after.as_bytes())),
            };
            file::write_private(&path, &serde_json::to_vec(&record).unwrap()).unwrap();
        }
        let last = words.last().unwrap();
        file::write_private(&file, last.as_bytes()).unwrap();
        (journal, file)
    }

    fn backups(journal: &Journal) -> usize {
        let files = std::fs::read_dir(&journal.directory).unwrap();
        let names = files.map(|file| file.unwrap().path());
        names
            .filter(|path| path.extension().unwrap() == "bak")
            .count()
    }

    #[test]
    fn a_backup_stays_as_long_as_its_change_can_be_taken_back() {
        let directory = tempfile::tempdir().unwrap();
        let (journal, file) = changed_to(directory.path(), &["a", "b", "c"]);
        journal.prune();
        assert_eq!(
            (journal.records().unwrap().len(), backups(&journal)),
            (2, 2)
        );
        // Undone by hand: the older change can still be undone.
        file::write_private(&file, b"b").unwrap();
        journal.prune();
        assert_eq!(journal.records().unwrap(), ["000.json"]);
        // Written by the client: nothing can be undone.
        file::write_private(&file, b"other").unwrap();
        journal.prune();
        assert_eq!(
            (journal.records().unwrap().len(), backups(&journal)),
            (0, 0)
        );
    }

    #[test]
    fn a_chain_that_somebody_interrupted_ends_there() {
        let directory = tempfile::tempdir().unwrap();
        let (journal, _) = changed_to(directory.path(), &["a", "b"]);
        let (_, _) = changed_to(&directory.path().join("other"), &["a", "b"]);
        // Changed by somebody from b to x, and by us from x to c.
        let (_, file) = changed_to(&directory.path().join("third"), &["x", "c"]);
        let third = directory.path().join("third/journal/000.json");
        std::fs::rename(
            third.with_extension("bak"),
            journal.directory.join("001.bak"),
        )
        .unwrap();
        let text = std::fs::read_to_string(third).unwrap();
        let text = text.replace("third/", "");
        file::write_private(&journal.directory.join("001.json"), text.as_bytes()).unwrap();
        std::fs::rename(file, directory.path().join("client.json")).unwrap();
        journal.prune();
        assert_eq!(journal.records().unwrap(), ["001.json"]);
    }

    #[test]
    fn a_backup_without_a_record_goes_and_one_of_an_unreadable_file_stays() {
        let directory = tempfile::tempdir().unwrap();
        let (journal, file) = changed_to(directory.path(), &["a", "b"]);
        file::write_private(&journal.directory.join("orphan.bak"), b"a key").unwrap();
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        journal.prune();
        assert_eq!(
            (journal.records().unwrap().len(), backups(&journal)),
            (1, 1)
        );
    }

    #[test]
    fn old_records_go() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path().to_owned());
        for number in 0..MOST_RECORDS + 3 {
            let path = directory.path().join(format!("{number:03}.json"));
            std::fs::File::create(&path).unwrap();
            std::fs::File::create(backup_of(&path)).unwrap();
        }
        journal.prune();
        let names = journal.records().unwrap();
        assert_eq!(names.len(), MOST_RECORDS);
        assert_eq!(names[0], "003.json");
        let files = std::fs::read_dir(directory.path()).unwrap();
        assert_eq!(files.count(), 2 * MOST_RECORDS);
    }
}
