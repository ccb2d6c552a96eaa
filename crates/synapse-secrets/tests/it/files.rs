//! Every kind of credential file and variable, valid and invalid. No failure shows any of it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{chown, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use synapse_core::credential::CredentialRef;
use synapse_core::ports::{ResolvedSecret, SecretResolver as _};
use synapse_core::{Code, Failure, NetworkGate, Remedy};
use synapse_secrets::Secrets;
use synapse_testkit::disk::{make_fifo, set_mode, write};

use crate::support::everything;

const TOKEN: &str = "hf_fakefakefakefakefakefakefakefake";

fn secrets(user_home: &Path, variables: &[(&str, OsString)]) -> Secrets {
    let variables: HashMap<String, OsString> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    Secrets::new(
        Some(user_home.to_owned()),
        Arc::new(move |name| variables.get(name).cloned()),
    )
}

async fn resolve(secrets: &Secrets, reference: &str) -> Result<ResolvedSecret, Failure> {
    let permit = NetworkGate::Open.permit([]).unwrap();
    let result = secrets.resolve(&permit, &reference.parse().unwrap()).await;
    if let Err(failure) = &result {
        assert!(!everything(failure).contains("fake"), "{failure:?}");
        assert_eq!(failure.context()["credential"], reference);
    }
    assert!(!format!("{result:?}").contains("fake"), "{result:?}");
    result
}

#[tokio::test]
async fn a_private_file_of_one_line_is_a_credential() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a b.token");
    let secrets = secrets(home.path(), &[]);
    for (content, mode, found) in [
        (TOKEN.to_owned(), 0o600, "regular file, mode 0600, one line"),
        (
            format!("{TOKEN}\n"),
            0o400,
            "regular file, mode 0400, one line",
        ),
        (
            format!("{TOKEN}\r\n"),
            0o600,
            "regular file, mode 0600, one line",
        ),
    ] {
        drop(std::fs::remove_file(&path));
        write(&path, content);
        set_mode(&path, mode);
        let resolved = resolve(&secrets, "file:~/a b.token").await.unwrap();
        assert_eq!(resolved.value.expose_secret(), TOKEN);
        assert_eq!(resolved.found, found);
        let absolute = format!("file:{}", path.display());
        assert!(resolve(&secrets, &absolute).await.is_ok());
    }
}

/// A file system that generates content on reading reports the length 0.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_whose_length_is_not_told_is_read() {
    let environment = Path::new("/proc/self/environ");
    assert_eq!(environment.metadata().unwrap().len(), 0);
    let home = tempfile::tempdir().unwrap();
    let failure = resolve(&secrets(home.path(), &[]), "file:/proc/self/environ").await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialMalformed);
}

#[tokio::test]
async fn the_target_of_a_link_counts() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("target");
    symlink(&target, home.path().join("link")).unwrap();
    let secrets = secrets(home.path(), &[]);

    let failure = resolve(&secrets, "file:~/link").await.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialMissing);
    assert!(everything(&failure).contains("its target does not exist"));

    write(&target, TOKEN);
    set_mode(&target, 0o644);
    let failure = resolve(&secrets, "file:~/link").await.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialModeTooOpen);

    set_mode(&target, 0o600);
    let resolved = resolve(&secrets, "file:~/link").await.unwrap();
    assert_eq!(resolved.value.expose_secret(), TOKEN);
}

#[tokio::test]
async fn what_others_may_read_is_not_read_and_the_command_mends_it() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("it's.token");
    write(&path, TOKEN);
    for mode in [0o644, 0o640, 0o604, 0o620, 0o601, 0o666] {
        set_mode(&path, mode);
        let failure = resolve(&secrets(home.path(), &[]), "file:~/it's.token")
            .await
            .unwrap_err();
        assert_eq!(failure.code(), Code::CredentialModeTooOpen, "{mode:o}");
        assert_eq!(failure.context()["mode"], format!("{mode:04o}"));
        let quoted = path.to_str().unwrap().replace('\'', r"'\''");
        assert_eq!(
            failure.hints()[0].remedy,
            Some(Remedy::shell(format!("chmod 600 '{quoted}'")))
        );
    }
}

#[tokio::test]
async fn what_is_no_regular_file_is_named_and_never_waited_for() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("directory")).unwrap();
    make_fifo(&home.path().join("pipe"));
    let _socket = UnixListener::bind(home.path().join("socket")).unwrap();
    symlink("pipe", home.path().join("link")).unwrap();
    let secrets = secrets(home.path(), &[]);
    for (reference, found) in [
        ("file:~/directory", "a directory"),
        ("file:~/pipe", "a named pipe"),
        ("file:~/link", "a named pipe"),
        ("file:~/socket", "a socket"),
        ("file:/dev/zero", "a device"),
    ] {
        let failure = resolve(&secrets, reference).await.unwrap_err();
        assert_eq!(failure.code(), Code::CredentialNotAFile, "{reference}");
        assert_eq!(failure.context()["found"], found);
        assert!(failure.message().contains(found), "{failure}");
    }
}

#[tokio::test]
async fn a_missing_file_comes_with_the_command_that_makes_it() {
    let home = tempfile::tempdir().unwrap();
    let shown = home.path().display();
    let secrets = secrets(home.path(), &[]);
    write(&home.path().join("file"), "");
    for path in ["x.token", "no dir/x", "file/x"] {
        let failure = resolve(&secrets, &format!("file:~/{path}"))
            .await
            .unwrap_err();
        assert_eq!(failure.code(), Code::CredentialMissing, "{path}");
        let reference = CredentialRef::File(format!("{shown}/{path}"));
        assert_eq!(
            failure.hints()[0].remedy,
            Some(Remedy::StoreSecret { reference })
        );
    }
}

#[tokio::test]
async fn without_a_home_directory_a_tilde_leads_nowhere() {
    let secrets = Secrets::new(None, Arc::new(|_| None));
    let failure = resolve(&secrets, "file:~/x").await.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialMissing);
    assert!(everything(&failure).contains("absolute path"));
}

#[tokio::test]
async fn a_file_in_a_circle_of_links_is_unreadable() {
    let home = tempfile::tempdir().unwrap();
    symlink("circle", home.path().join("circle")).unwrap();
    let failure = resolve(&secrets(home.path(), &[]), "file:~/circle")
        .await
        .unwrap_err();
    assert_eq!(failure.code(), Code::CredentialUnreadable);
}

#[tokio::test]
async fn bad_content_is_told_apart_in_files_and_variables_alike() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("token");
    let cases: [(Vec<u8>, Code, &str); 16] = [
        (b"".to_vec(), Code::CredentialEmpty, "is empty"),
        (b"\r\n".to_vec(), Code::CredentialEmpty, "is empty"),
        (
            format!("{TOKEN}\n{TOKEN}\n").into(),
            Code::CredentialMultiLine,
            "has 2 lines",
        ),
        (
            format!("{TOKEN}\r").into(),
            Code::CredentialMultiLine,
            "has 2 lines",
        ),
        (
            format!("{TOKEN}\n\n\n").into(),
            Code::CredentialMultiLine,
            "has 3 lines",
        ),
        (
            format!(" {TOKEN}\n").into(),
            Code::CredentialMalformed,
            "white space at the start",
        ),
        (
            format!("{TOKEN} ").into(),
            Code::CredentialMalformed,
            "white space at the end",
        ),
        (
            format!("{TOKEN} {TOKEN}").into(),
            Code::CredentialMalformed,
            "white space inside",
        ),
        (
            format!("Bearer {TOKEN}").into(),
            Code::CredentialMalformed,
            "the word before the token",
        ),
        (
            format!("\"{TOKEN}\"").into(),
            Code::CredentialMalformed,
            "quotes around it",
        ),
        (
            format!("OPENAI_API_KEY='{TOKEN}'").into(),
            Code::CredentialMalformed,
            "a line like NAME=value",
        ),
        (
            format!("{TOKEN}\u{1}{TOKEN}").into(),
            Code::CredentialMalformed,
            "control character",
        ),
        (
            format!("{TOKEN}é").into(),
            Code::CredentialMalformed,
            "non-ASCII character at the end",
        ),
        (
            format!("\u{feff}{TOKEN}").into(),
            Code::CredentialMalformed,
            "UTF-8 byte order mark",
        ),
        (
            [TOKEN.as_bytes(), b"\xff"].concat(),
            Code::CredentialMalformed,
            "not UTF-8",
        ),
        (
            TOKEN.repeat(300).into(),
            Code::CredentialMalformed,
            "longer than 8 KiB",
        ),
    ];
    for (content, code, words) in cases {
        write(&path, &content);
        set_mode(&path, 0o600);
        let secrets = secrets(home.path(), &[("X", OsString::from_vec(content))]);
        for reference in ["file:~/token", "env:X"] {
            let failure = resolve(&secrets, reference).await.unwrap_err();
            assert_eq!(failure.code(), code, "{reference} {words}");
            assert!(everything(&failure).contains(words), "{failure:?}");
        }
    }
}

#[tokio::test]
async fn a_variable_is_looked_up_under_its_own_name_only() {
    let home = tempfile::tempdir().unwrap();
    let secrets = secrets(home.path(), &[("HF_TOKEN", format!("{TOKEN}\n").into())]);
    let resolved = resolve(&secrets, "env:HF_TOKEN").await.unwrap();
    assert_eq!(resolved.value.expose_secret(), TOKEN);
    assert_eq!(resolved.found, "environment variable HF_TOKEN, one line");

    let failure = resolve(&secrets, "env:OPENAI_API_KEY").await.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialMissing);
    assert!(everything(&failure).contains("IDE"));
    assert!(everything(&failure).contains("file:PATH"));
}

/// A user who is not root may not read it; to root, modes mean nothing.
#[test]
fn a_file_that_its_user_may_not_read_comes_with_the_command_that_shows_why() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("unreadable.token");
    write(&path, TOKEN);
    set_mode(&path, 0);
    if std::fs::File::open(&path).is_err() {
        return cannot_be_read(home.path());
    }
    set_mode(home.path(), 0o755);
    chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
    run_as_nobody(home.path());
}

/// Run by [`run_as_nobody`]. Does nothing without a home.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how the parent process tells this one its part"
)]
fn play_the_user_who_may_not_read() {
    if let Some(home) = std::env::var_os(HOME) {
        cannot_be_read(Path::new(&home));
    }
}

fn cannot_be_read(home: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let secrets = secrets(home, &[]);
    let failure = runtime
        .block_on(resolve(&secrets, "file:~/unreadable.token"))
        .unwrap_err();
    assert_eq!(failure.code(), Code::CredentialUnreadable);
    let path = home.join("unreadable.token");
    assert_eq!(
        failure.hints()[0].remedy,
        Some(Remedy::shell(format!("ls -ld {}", path.display())))
    );
}

/// Runs this program again as another user.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests run themselves again as other processes"
)]
fn run_as_nobody(home: &Path) {
    // This program by itself and not by its path: the build directory may be closed to others.
    let output = Command::new("/proc/self/exe")
        .args(["--exact", "files::play_the_user_who_may_not_read"])
        .env_clear()
        .env(HOME, home)
        .uid(NOBODY)
        .gid(NOBODY)
        .current_dir("/")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && stdout.contains("1 passed"),
        "{stdout}"
    );
}

const HOME: &str = "SYNAPSE_SECRETS_TEST_HOME";
const NOBODY: u32 = 65_534;

#[test]
fn debug_shows_no_environment() {
    let home = tempfile::tempdir().unwrap();
    let shown = format!("{:?}", secrets(home.path(), &[("X", TOKEN.into())]));
    assert!(!shown.contains("fake"), "{shown}");
}
