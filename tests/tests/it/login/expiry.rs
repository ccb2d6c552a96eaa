//! Tokens that expire while several programs use them: one shared refresh, and no lost login.

use serde_json::Value;
use synapse_core::time::Timestamp;

use super::{Bench, Rotation, code};

impl Bench {
    /// Sets the access token to expire in half a minute, which is too soon to use it.
    fn expire_soon(&self) {
        let (file, mut record) = self.record();
        let in_seconds = |seconds: i64| {
            let then = Timestamp::from_millis(now().as_millis() + seconds * 1_000);
            Value::String(then.to_string())
        };
        record["obtained_at"] = in_seconds(-3_600);
        record["expires_at"] = in_seconds(30);
        crate::write(&file, &format!("{record}\n"));
        synapse_tests::home::set_mode(&file, 0o600);
    }
}

#[test]
fn four_programs_at_one_expiry_refresh_once_and_none_loses_the_login() {
    for rotation in [Rotation::Never, Rotation::Strict] {
        let bench = Bench::start(rotation);
        bench.log_in().with_code(0);
        for expiry in 1..=EXPIRIES {
            bench.expire_soon();
            let calls: Vec<_> = (0..4).map(|_| bench.call().start()).collect();
            for call in calls {
                let output = call.finish();
                assert_eq!(output.code, 0, "{rotation:?}, expiry {expiry}: {output}");
            }
            assert_eq!(bench.count("refresh"), expiry, "{rotation:?}");
        }
        let rows = bench.home.history_of(["--kind", "refresh"]);
        assert_eq!(u64::try_from(rows.len()), Ok(EXPIRIES), "{rotation:?}");
    }
}

#[test]
fn a_refresh_token_that_was_used_elsewhere_asks_for_a_new_login_and_says_so() {
    let bench = Bench::start(Rotation::Strict);
    bench.log_in().with_code(0);
    let (file, old) = bench.record();
    bench.expire_soon();
    bench.call().output().with_code(0);
    // Restores a record from before the refresh, as from a backup.
    crate::write(&file, &format!("{old}\n"));
    synapse_tests::home::set_mode(&file, 0o600);
    bench.expire_soon();
    let refused = bench
        .command(&["hub", "call", "work", "whoami", "{}", "--json"])
        .output();
    assert_eq!(refused.code, 10, "{refused}");
    assert_eq!(code(&refused), "oauth.login-required");
    // The registered client is reused for a new login.
    bench.log_in().with_code(0);
    assert_eq!(bench.count("register"), 1);
    bench.call().output().with_code(0);
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}

const EXPIRIES: u64 = 5;
