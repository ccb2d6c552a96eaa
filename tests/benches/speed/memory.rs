//! The memory of a server: all of its pages, and those that it does not share. Pages of the program
//! itself are in memory once, however many servers run, and the kernel maps those around a used one
//! too; anonymous ones are what each further server costs.

use std::fs;

use synapse_tests::{Era, Ide, report};

use super::floor::Client;
use super::{Bench, Ratio};

/// Memory of an idle server after the handshake.
pub(crate) fn at_rest(bench: &Bench) -> [Ratio; 2] {
    let servers = [
        bench.product(),
        bench.floor(Client::AtStart),
        bench.floor(Client::OnUse),
    ];
    let [product, floor, least] = servers.map(|server| {
        let mut ide = Ide::start(server);
        drop(ide.shake_hands(Era::Legacy));
        Memory::of(ide.process_id())
    });
    report(&format!(
        "at rest, next to a floor that makes its HTTP client later: {:.2} of its memory, {:.2} of \
         its anonymous memory",
        product.all / least.all,
        product.anonymous / least.anonymous,
    ));
    ratios(
        ["memory at rest", "anonymous memory at rest"],
        product,
        floor,
        1.5,
    )
}

/// All memory and anonymous memory, in this order.
pub(crate) fn ratios(
    names: [&'static str; 2],
    product: Memory,
    floor: Memory,
    most: f64,
) -> [Ratio; 2] {
    let ratio = |name, product, floor| Ratio {
        name,
        product,
        floor,
        unit: "MB",
        most,
    };
    let [all, anonymous] = names;
    [
        ratio(all, product.all, floor.all),
        ratio(anonymous, product.anonymous, floor.anonymous),
    ]
}

/// Resident memory in megabytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    all: f64,
    anonymous: f64,
}

impl Memory {
    /// The memory of a running process; zero where there is no such file.
    pub(crate) fn of(process: u32) -> Self {
        Self {
            all: megabytes(process, "VmRSS:"),
            anonymous: megabytes(process, "RssAnon:"),
        }
    }
}

/// A field of a process's status file on Linux.
pub(crate) fn megabytes(process: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    let kilobytes: f64 = kilobytes.map_or(0.0, |number| number.parse().unwrap());
    kilobytes * 1024.0 / 1e6
}
