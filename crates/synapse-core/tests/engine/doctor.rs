//! The checks of an installation, from the facts that its port reports.

use async_trait::async_trait;
use synapse_core::check::{Check, CheckId, CheckOutcome};
use synapse_core::credential::CredentialRef;
use synapse_core::error::{Code, EntryScope, Failure};
use synapse_core::ports::{
    ExposedTokens, HomeState, Installation, InstalledEntries, InstalledEntry,
};
use synapse_testkit::ports::NamedRemedies;

use crate::bench::bench;

/// An installation with these facts, otherwise sound.
#[derive(Debug, Clone, Default)]
struct Facts {
    programs: Vec<String>,
    entries: Option<InstalledEntries>,
    home: HomeState,
    exposed: ExposedTokens,
    settings: Option<Failure>,
}

#[async_trait]
impl Installation for Facts {
    fn dumps_are_off(&self) -> bool {
        true
    }

    fn programs(&self) -> Vec<String> {
        self.programs.clone()
    }

    fn entries(&self) -> Option<InstalledEntries> {
        self.entries.clone()
    }

    fn home(&self) -> HomeState {
        self.home.clone()
    }

    fn settings(&self) -> Result<(), Failure> {
        self.settings.clone().map_or(Ok(()), Err)
    }

    fn vault(&self) -> Result<Option<&'static str>, Failure> {
        Ok(None)
    }

    fn unread(&self, reference: &CredentialRef) -> String {
        format!("{reference}; not read")
    }

    async fn exposed_tokens(&self) -> ExposedTokens {
        self.exposed.clone()
    }
}

async fn examined(facts: &Facts) -> Vec<Check> {
    let bench = bench();
    let mut heard = Vec::new();
    let mut observe = |check: &Check| heard.push(check.clone());
    let doctor = bench.engine.doctor(facts, &NamedRemedies, &mut observe);
    let checks = doctor.examine().await;
    assert_eq!(heard, checks, "each check is reported when it is made");
    assert_eq!(bench.secrets.reads(), 0);
    checks
}

/// The outcomes of `id`, with the codes of failures.
fn of(checks: &[Check], id: CheckId) -> Vec<(CheckOutcome, Option<Code>)> {
    let these = checks.iter().filter(|check| check.id == id);
    let code = |check: &Check| check.failure().map(Failure::code);
    these.map(|check| (check.outcome(), code(check))).collect()
}

#[tokio::test]
async fn a_sound_installation_has_one_line_for_each_check() {
    let checks = examined(&Facts {
        entries: Some(InstalledEntries::default()),
        home: HomeState {
            shows_access: true,
            ..HomeState::default()
        },
        ..Facts::default()
    })
    .await;
    let lines = checks.iter().map(|check| {
        let subject = check.subject.as_deref().unwrap_or_default();
        format!("{} {}:{subject}", check.outcome(), check.id)
    });
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "ok process:",
            "ok installations:",
            "ok entries:",
            "ok home:",
            "ok connections:",
            "ok ledger:",
            "ok connection:open",
            "ok credential:open",
            "ok connection:closed",
            "ok credential:closed",
            "ok connection:keyless",
            "skip credential:keyless",
            "ok configurations:",
        ]
    );
}

#[tokio::test]
async fn several_programs_and_entries_of_others_are_doubts() {
    let entry = |client: &str, other: Option<&str>| InstalledEntry {
        client: client.to_owned(),
        scope: EntryScope::User,
        file: "/f".to_owned(),
        starts_another: other.map(str::to_owned),
    };
    let checks = examined(&Facts {
        programs: vec!["/a/synapse".to_owned(), "/b/synapse".to_owned()],
        entries: Some(InstalledEntries {
            running: "/a/synapse".to_owned(),
            entries: vec![entry("one", None), entry("two", Some("/b/synapse"))],
        }),
        ..Facts::default()
    })
    .await;
    let several = Some(Code::ConfigSeveralInstallations);
    assert_eq!(
        of(&checks, CheckId::Installations),
        [(CheckOutcome::Warn, several)]
    );
    let foreign = Some(Code::IdeForeignEntry);
    assert_eq!(
        of(&checks, CheckId::Entries),
        [(CheckOutcome::Warn, foreign)]
    );

    let checks = examined(&Facts::default()).await;
    assert_eq!(of(&checks, CheckId::Entries), [(CheckOutcome::Skip, None)]);
}

/// A directory that cannot be written limits Synapse; any other failed write is a fault.
#[tokio::test]
async fn a_home_that_cannot_be_written_is_a_doubt_or_a_failure() {
    for (code, outcome) in [
        (Code::StorageReadOnly, CheckOutcome::Warn),
        (Code::StorageDiskFull, CheckOutcome::Fail),
    ] {
        let checks = examined(&Facts {
            home: HomeState {
                unwritable: Some(Failure::new(code, "no")),
                ..HomeState::default()
            },
            ..Facts::default()
        })
        .await;
        assert_eq!(of(&checks, CheckId::Home), [(outcome, Some(code))]);
    }
}

#[tokio::test]
async fn a_token_in_a_file_is_a_doubt_and_in_an_exposed_file_a_failure() {
    let token = |code| Failure::new(code, "a token");
    let checks = examined(&Facts {
        exposed: ExposedTokens {
            files: 2,
            broken: vec![token(Code::CredentialTrackedByGit)],
            questionable: vec![token(Code::CredentialNotIgnoredByGit)],
        },
        ..Facts::default()
    })
    .await;
    assert_eq!(
        of(&checks, CheckId::Configurations),
        [
            (CheckOutcome::Fail, Some(Code::CredentialTrackedByGit)),
            (CheckOutcome::Warn, Some(Code::CredentialNotIgnoredByGit)),
        ]
    );
}

#[tokio::test]
async fn a_mistake_in_the_settings_hides_no_connection() {
    let code = Code::ConfigUnknownField;
    let checks = examined(&Facts {
        settings: Some(Failure::new(code, "a mistake")),
        ..Facts::default()
    })
    .await;
    assert_eq!(
        of(&checks, CheckId::Connections),
        [(CheckOutcome::Fail, Some(code))]
    );
    assert_eq!(of(&checks, CheckId::Connection).len(), 3);
}
