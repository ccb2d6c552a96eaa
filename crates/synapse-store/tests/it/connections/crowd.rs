//! A file with very many connections takes linear time.

use std::fmt::Write as _;

use synapse_core::ConnectionName;
use synapse_core::ports::ConnectionStore as _;
use synapse_home::Home;
use synapse_store::TomlConnections;

use crate::support::home;

/// A home with `count` connections, each written by `connection`.
fn crowded(count: usize, connection: fn(&mut String, usize)) -> (tempfile::TempDir, Home) {
    let (directory, home) = home();
    let mut text = "format = 1\n".to_owned();
    (0..count).for_each(|number| connection(&mut text, number));
    std::fs::create_dir_all(home.directory()).unwrap();
    let mut file = private_file(&home.connections());
    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    (directory, home)
}

fn private_file(path: &std::path::Path) -> std::fs::File {
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).unwrap()
}

/// Minimum CPU time of `work`; independent of other load.
fn cost(work: impl Fn()) -> f64 {
    let began = std::time::Instant::now();
    let now = || {
        // Falls back to wall time where CPU time is unavailable.
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let told = told.and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
        told.map_or_else(|| began.elapsed(), std::time::Duration::from_nanos)
    };
    let once = || {
        let before = now();
        work();
        (now() - before).as_secs_f64()
    };
    once().min(once())
}

/// Four times the connections take about four times as long; comparing each pair would take sixteen
/// times as long.
#[track_caller]
fn grows_with_the_file(connection: fn(&mut String, usize), work: fn(&TomlConnections)) {
    let costs = [500, 2_000].map(|count| {
        let (_directory, home) = crowded(count, connection);
        cost(|| work(&TomlConnections::new(home.clone())))
    });
    let [small, large] = costs;
    assert!(large < small * 9.0, "{small} s and {large} s");
}

fn sound(text: &mut String, number: usize) {
    write!(
        text,
        "\n[connections.c{number}]\nprovider = \"ollama\"\nmodel = \"m\"\n"
    )
    .unwrap();
}

/// Each reports its own error and position.
fn broken(text: &mut String, number: usize) {
    write!(
        text,
        "\n[connections.c{number}]\nprovider = \"nobody\"\nmodel = \"m\"\n"
    )
    .unwrap();
}

#[test]
fn reading_many_connections() {
    grows_with_the_file(sound, |store| drop(store.load().unwrap()));
    grows_with_the_file(broken, |store| {
        assert!(
            store
                .load()
                .unwrap()
                .iter()
                .all(|each| each.connection.is_err())
        );
    });
}

#[test]
fn looking_for_one_of_many() {
    grows_with_the_file(sound, |store| {
        let name: ConnectionName = "c17x".parse().unwrap();
        store.remove(&name).unwrap_err();
    });
}
