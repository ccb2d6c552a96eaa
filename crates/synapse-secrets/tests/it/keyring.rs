//! `keyring:` references against a real GNOME Keyring on its own session bus: this test program
//! runs again under `dbus-run-session`, because the bus is found through the process environment.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use synapse_core::Code;
use synapse_core::ports::{SecretWriter as _, Shelf, TokenStore as _, Writing};
use synapse_core::time::Timestamp;
use synapse_core::upstream::{
    AuthMethod, OAuthClient, RecordKey, RegistrationKind, TokenRecord, TokenState,
};
use synapse_home::Home;
use synapse_secrets::{Secrets, TokenRecords};
use tempfile::TempDir;

use crate::support::{Place, TOKEN, code, keep, resolve, value};

/// The environment of the other process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// An unlocked keyring: everything works, and two items are left there.
    Unlocked,
    /// The keyring of [`Role::Unlocked`], locked, with nobody to ask.
    Locked,
    /// A bus without a secret service.
    NoService,
    /// No bus.
    NoBus,
    /// A bus that accepts the connection and never answers.
    Silent,
}

impl Role {
    const ALL: [Self; 5] = [
        Self::Unlocked,
        Self::Locked,
        Self::NoService,
        Self::NoBus,
        Self::Silent,
    ];

    /// The command that precedes the test program.
    fn session(self, home: &Path) -> Vec<String> {
        let config = home.join("bus.conf").display().to_string();
        let words: &[&str] = match self {
            Self::Unlocked => &["dbus-run-session", "--", "sh", "-euc", UNLOCK, "sh"],
            Self::Locked => &["dbus-run-session", "--", "sh", "-euc", START, "sh"],
            Self::NoService => &["dbus-run-session", "--config-file", &config, "--"],
            Self::NoBus | Self::Silent => &["env"],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    async fn play(self, secrets: Secrets) {
        match self {
            Self::Unlocked => unlocked(&secrets).await,
            Self::Locked => fails_with(&secrets, Code::CredentialStoreLocked).await,
            Self::NoService => fails_with(&secrets, Code::CredentialStoreNotFound).await,
            Self::NoBus => fails_with(&secrets, Code::CredentialStoreUnreachable).await,
            Self::Silent => {
                let hurried = secrets.within(Duration::from_millis(300));
                fails_with(&hurried, Code::CredentialStoreTimeout).await;
            }
        }
    }
}

async fn unlocked(secrets: &Secrets) {
    assert_eq!(secrets.list(Shelf::Keyring).await.unwrap(), []);
    let missing = Code::CredentialMissing;
    assert_eq!(code(secrets, "keyring:work").await, missing);
    let failure = keep(secrets, "keyring:work", TOKEN, Writing::Replace).await;
    assert_eq!(failure.unwrap_err().code(), missing);
    let failure = secrets.remove(&"keyring:work".parse().unwrap()).await;
    assert_eq!(failure.unwrap_err().code(), missing);

    keep(secrets, "keyring:work", "fake-first", Writing::Create)
        .await
        .unwrap();
    let failure = keep(secrets, "keyring:work", TOKEN, Writing::Create).await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialExists);
    assert_eq!(value(secrets, "keyring:work").await, "fake-first");
    keep(secrets, "keyring:work", TOKEN, Writing::Replace)
        .await
        .unwrap();
    let resolved = resolve(secrets, "keyring:work").await.unwrap();
    assert_eq!(
        resolved.found,
        "the keyring item `work` of the service `synapse`, one line"
    );
    assert_eq!(value(secrets, "keyring:work").await, TOKEN);

    // Items of other programs must follow the same rules.
    for (content, expected) in [
        ("", Code::CredentialEmpty),
        ("fake\nfake", Code::CredentialMultiLine),
        ("fake ", Code::CredentialMalformed),
        ("fake\u{1f511}", Code::CredentialMalformed),
    ] {
        put("bad", content.as_bytes());
        assert_eq!(code(secrets, "keyring:bad").await, expected, "{content:?}");
    }
    put("bad", b"fake\xff");
    assert_eq!(
        code(secrets, "keyring:bad").await,
        Code::CredentialMalformed
    );
    put_twin("work");
    assert_eq!(
        code(secrets, "keyring:work").await,
        Code::CredentialAmbiguous
    );

    let listed = secrets.list(Shelf::Keyring).await.unwrap();
    let listed: Vec<String> = listed.iter().map(ToString::to_string).collect();
    assert_eq!(listed, ["keyring:bad", "keyring:work", "keyring:work"]);
    secrets
        .remove(&"keyring:bad".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(code(secrets, "keyring:bad").await, missing);
}

async fn fails_with(secrets: &Secrets, expected: Code) {
    assert_eq!(code(secrets, "keyring:work").await, expected);
    for writing in [Writing::Create, Writing::Replace] {
        let failure = keep(secrets, "keyring:work", TOKEN, writing).await;
        assert_eq!(failure.unwrap_err().code(), expected);
    }
    let failure = secrets.list(Shelf::Keyring).await.unwrap_err();
    assert_eq!(failure.code(), expected);
    let failure = secrets.remove(&"keyring:work".parse().unwrap()).await;
    assert_eq!(failure.unwrap_err().code(), expected);
}

/// Token records of logins, where `oauth.toml` selects the keyring.
async fn tokens(role: Role, home: Home) {
    home.create().unwrap();
    let settings = std::fs::File::create(home.oauth_settings()).unwrap();
    (&settings).write_all(b"store = \"keyring\"\n").unwrap();
    let records = TokenRecords::open(home.clone()).unwrap();
    let key = RecordKey {
        config: "home".to_owned(),
        server: "hf".parse().unwrap(),
        url: "https://mcp.test/mcp".parse().unwrap(),
        issuer: "https://as.test".to_owned(),
    };
    if role == Role::Unlocked {
        assert!(records.load(&key).await.unwrap().is_none());
        let mut transaction = records.begin(&key).await.unwrap();
        transaction.keep(None, &record()).await.unwrap();
        let found = records.load(&key).await.unwrap().unwrap();
        assert_eq!(found.access.unwrap().expose_secret(), "fake-access");
        assert_eq!(records.list("home").await.unwrap().len(), 1);
        assert_eq!(records.list("other").await.unwrap().len(), 0);
        transaction.remove().await.unwrap();
        assert!(records.load(&key).await.unwrap().is_none());
        // One remains for the test of the locked keyring.
        transaction.keep(None, &record()).await.unwrap();
    } else {
        let unavailable = Code::OauthStoreUnavailable;
        assert_eq!(records.load(&key).await.unwrap_err().code(), unavailable);
        let mut transaction = records.begin(&key).await.unwrap();
        let failure = transaction.keep(None, &record()).await.unwrap_err();
        assert_eq!(failure.code(), unavailable);
        assert_eq!(transaction.remove().await.unwrap_err().code(), unavailable);
    }
    // There is no fallback to a file.
    let directory = home.oauth().join("home");
    for entry in std::fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(!name.to_string_lossy().ends_with(".json"), "{name:?}");
    }
}

fn record() -> TokenRecord {
    TokenRecord {
        generation: 1,
        state: TokenState::Usable,
        client: OAuthClient {
            id: "client".to_owned(),
            secret: None,
            kind: RegistrationKind::Configured,
            redirect_uri: None,
            auth_method: AuthMethod::None,
        },
        token_endpoint: "https://as.test/token".parse().unwrap(),
        resource: None,
        access: Some("fake-access".into()),
        refresh: None,
        scopes: Vec::new(),
        expires_at: None,
        obtained_at: Timestamp::from_millis(0),
    }
}

/// Adds an item as another program would.
fn put(account: &str, content: &[u8]) {
    use keyring_core::api::CredentialStoreApi as _;

    let store = zbus_secret_service_keyring_store::Store::new().unwrap();
    let entry = store.build("synapse", account, None).unwrap();
    entry.set_secret(content).unwrap();
}

/// Adds a second item with the attributes of the first, and an additional attribute that
/// distinguishes them.
fn put_twin(account: &str) {
    use std::collections::HashMap;

    use secret_service::EncryptionType;
    use secret_service::blocking::SecretService;

    let service = SecretService::connect(EncryptionType::Plain).unwrap();
    let collection = service.get_default_collection().unwrap();
    let attributes = [("service", "synapse"), ("username", account), ("twin", "1")];
    collection
        .create_item(
            "twin",
            HashMap::from(attributes),
            b"fake",
            false,
            "text/plain",
        )
        .unwrap();
}

/// Run by the other process. Does nothing without a role.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the role of another process comes with it"
)]
fn play_a_role() {
    let Ok(name) = std::env::var(ROLE) else {
        return;
    };
    let role = Role::ALL
        .into_iter()
        .find(|role| format!("{role:?}") == name);
    let role = role.unwrap();
    let place = Place::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        role.play(place.secrets()).await;
        tokens(role, place.home()).await;
    });
    // A request to the silent bus is still pending, on a thread that nobody waits for.
    runtime.shutdown_background();
    writeln!(std::io::stdout(), "{PLAYED}").unwrap();
}

/// Runs this program again in `role`.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests run themselves again as other processes"
)]
fn run(role: Role, home: &Path) {
    let bus = format!("unix:path={}", home.join("silent").display());
    let session = role.session(home);
    let (program, arguments) = session.split_first().unwrap();
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "keyring::play_a_role", "--nocapture"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env(ROLE, format!("{role:?}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if role == Role::Silent {
        command.env("DBUS_SESSION_BUS_ADDRESS", bus);
    }
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; run cargo xtask third-party"));
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stdout.contains(PLAYED),
        "{role:?}: {}\n{stdout}\n{stderr}",
        output.status
    );
}

fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    for directory in ["run", "data"] {
        std::fs::create_dir(home.path().join(directory)).unwrap();
    }
    home
}

#[test]
fn an_unlocked_keyring_serves_and_the_same_one_locked_says_so() {
    let home = home();
    run(Role::Unlocked, home.path());
    run(Role::Locked, home.path());
}

#[test]
fn a_bus_without_a_keyring_is_not_a_missing_bus() {
    let home = home();
    let config = std::fs::File::create(home.path().join("bus.conf")).unwrap();
    (&config).write_all(BUS.as_bytes()).unwrap();
    run(Role::NoService, home.path());
    run(Role::NoBus, home.path());
}

#[test]
fn a_bus_that_never_speaks_is_given_up() {
    let home = home();
    let _bus = std::os::unix::net::UnixListener::bind(home.path().join("silent")).unwrap();
    run(Role::Silent, home.path());
}

const ROLE: &str = "SYNAPSE_SECRETS_TEST_KEYRING";
const PLAYED: &str = "the role was played";
/// Creates the keyring on first use and unlocks it; the daemon ends with the bus.
const UNLOCK: &str = "printf 'fake password\\n' | gnome-keyring-daemon --unlock \
                      --components=secrets --daemonize >/dev/null; \"$@\"";
const START: &str = "gnome-keyring-daemon --start --components=secrets >/dev/null; \"$@\"";
/// A bus that starts no services.
const BUS: &str = "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration \
    1.0//EN\" \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\
    <busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>\
    <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\
    <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>";
