//! Eight servers for eight IDEs on one ledger.

use synapse_tests::Era;

use super::{answered, hex, home, prompt, provider, rows};

const PROCESSES: usize = 8;
const PROMPTS: usize = 500;
/// Prompts in flight per client.
const AT_ONCE: usize = 5;

#[test]
fn eight_processes_with_five_hundred_prompts_each_leave_four_thousand_rows() {
    let provider = provider();
    let home = home(&provider, &[]);
    let answers: Vec<String> = std::thread::scope(|scope| {
        let servers: Vec<_> = (0..PROCESSES)
            .map(|_| {
                scope.spawn(|| {
                    let mut ide = home.serve(Era::Legacy);
                    for _ in 0..PROMPTS / AT_ONCE {
                        let asked: Vec<u64> = (0..AT_ONCE).map(|_| prompt(&mut ide)).collect();
                        for id in asked {
                            drop(ide.reply(id));
                        }
                    }
                    let ended = ide.close();
                    assert!(ended.status.success(), "{ended:?}");
                    assert_eq!(ended.stderr, "");
                    ended.stdout
                })
            })
            .collect();
        servers
            .into_iter()
            .flat_map(|server| server.join().unwrap())
            .collect()
    });
    assert!(!answers.iter().any(|line| line.contains("locked")));
    assert!(!answers.iter().any(|line| line.contains("warnings")));
    let answered = answered(&answers);
    let mut found: Vec<String> = rows(&home)
        .into_iter()
        .map(|(call_id, outcome)| {
            assert_eq!(outcome, "ok", "{call_id}");
            call_id
        })
        .collect();
    found.sort();
    println!(
        "{PROCESSES} processes x {PROMPTS} prompts: {} answers, {} rows, none locked out",
        answered.len(),
        found.len()
    );
    assert_eq!(found.len(), PROCESSES * PROMPTS);
    let mut expected: Vec<String> = answered.iter().map(|id| hex(id)).collect();
    expected.sort();
    assert_eq!(found, expected);
    let verified = home.run(["history", "verify"]);
    assert_eq!(verified.code, 0, "{verified}");
}
