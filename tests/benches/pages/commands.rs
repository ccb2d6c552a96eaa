//! Commands that read the whole ledger, next to a program that reads the same rows with plain SQL.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use synapse_tests::{Home, report};

use super::best;
use super::ledger::bare;

/// The number of limits that do not hold.
pub(crate) fn judge(home: &Home, rounds: usize) -> usize {
    let rounds = rounds.div_ceil(5);
    let by_hour = "SELECT started_at / 3600000, count(*), sum(outcome = 'ok'), sum(prompt_tokens),
         sum(completion_tokens), sum(cost_nano_usd), sum(cost_nano_usd IS NULL)
         FROM entries GROUP BY 1"
        .to_owned();
    let all = "SELECT * FROM entries".to_owned();
    let written = home.path().join("export.csv");
    let export = ["history", "export", "--format", "csv", "--output"];
    let mut broken = 0;
    let mut print = |name: &str, words: &[&str], floor: &dyn Fn() -> Duration, most: f64| {
        let product = best((0..rounds).map(|_| {
            drop(std::fs::remove_file(&written));
            let began = Instant::now();
            home.run(words).with_code(0);
            began.elapsed()
        }));
        let floor = best((0..rounds).map(|_| floor()));
        let ratio = product.as_secs_f64() / floor.as_secs_f64();
        broken += usize::from(ratio > most);
        report(&format!(
            "`{}`: {:.0} ms / {:.0} ms of {name} = {ratio:.2} (at most {most}{})",
            words.iter().take(2).copied().collect::<Vec<_>>().join(" "),
            product.as_secs_f64() * 1e3,
            floor.as_secs_f64() * 1e3,
            if ratio > most {
                ", ABOVE the limit"
            } else {
                ""
            },
        ));
    };
    print(
        "the sums by hour in plain SQL",
        &["usage", "--by", "hour"],
        &|| bare(home, std::slice::from_ref(&by_hour)),
        2.0,
    );
    print(
        "reading every row in plain SQL",
        &["history", "verify"],
        &|| bare(home, std::slice::from_ref(&all)),
        4.0,
    );
    let path = written.display().to_string();
    print(
        "writing every row of plain SQL as CSV",
        &[&export[..], &[path.as_str()]].concat(),
        &|| plain_csv(home),
        2.0,
    );
    broken
}

/// Writes all rows with their columns, without quoting.
fn plain_csv(home: &Home) -> Duration {
    use std::io::Write as _;
    let began = Instant::now();
    let file = tempfile::tempfile().unwrap();
    let mut file = std::io::BufWriter::new(file);
    let database = Connection::open(home.ledger()).unwrap();
    let mut statement = database.prepare("SELECT * FROM entries").unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        for index in 0..columns {
            match row.get_ref(index).unwrap() {
                ValueRef::Null => Ok(()),
                ValueRef::Integer(number) => write!(file, "{number}"),
                ValueRef::Real(number) => write!(file, "{number}"),
                ValueRef::Text(text) => file.write_all(text),
                ValueRef::Blob(bytes) => {
                    bytes.iter().try_for_each(|byte| write!(file, "{byte:02x}"))
                }
            }
            .unwrap();
            file.write_all(b",").unwrap();
        }
        file.write_all(b"\n").unwrap();
    }
    file.flush().unwrap();
    began.elapsed()
}
