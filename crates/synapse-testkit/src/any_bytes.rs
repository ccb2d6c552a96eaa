//! Runs a check for arbitrary bytes on the seeds of its fuzz target and on mutations of them. Each
//! crash found by a fuzzer becomes a seed, and so a regression test.
//!
//! Mutations use a fixed random seed: a test fails on every run or on none.

use std::path::Path;

/// Runs `check` on every file of `fuzz/seeds/TARGET`: whole, truncated at each length, and with
/// each byte replaced in turn (sampled in long files); then on mixtures of all seeds.
///
/// # Panics
/// If the target has no seeds, or `check` panics.
pub fn hold(target: &str, check: impl Fn(&[u8])) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "fuzz/seeds/{target} has no seed");
    check(&[]);
    for seed in &seeds {
        check(seed);
        let stride = seed.len() / PLACES + 1;
        for place in (0..seed.len()).step_by(stride) {
            check(&seed[..place]);
            check(&[&seed[..place], &seed[place + 1..]].concat());
            let damage = DAMAGES[place / stride % DAMAGES.len()];
            check(&[&seed[..place], damage, &seed[place + 1..]].concat());
        }
    }
    let mut mixer = Mixer {
        state: 0x9e37_79b9_7f4a_7c15,
        seeds: &seeds,
    };
    for _ in 0..MIXTURES {
        check(&mixer.mixture());
    }
}

/// Derives new inputs from seeds: cuts, duplicates and swaps pieces, and inserts bytes that tend to
/// break parsers.
struct Mixer<'a> {
    state: u64,
    seeds: &'a [Vec<u8>],
}

impl<'a> Mixer<'a> {
    fn mixture(&mut self) -> Vec<u8> {
        let mut bytes = self.seed().to_vec();
        for _ in 0..=self.below(4) {
            let start = self.below(bytes.len() + 1);
            let end = start + self.below((bytes.len() - start).min(64) + 1);
            let new = match self.below(4) {
                0 => Vec::new(),
                1 => bytes[start..end].repeat(1 + self.below(4)),
                2 => {
                    let other = self.seed();
                    let from = self.below(other.len() + 1);
                    let to = from + self.below((other.len() - from).min(64) + 1);
                    other[from..to].to_vec()
                }
                _ => DAMAGES[self.below(DAMAGES.len())].to_vec(),
            };
            bytes.splice(start..end, new);
        }
        bytes
    }

    fn seed(&mut self) -> &'a [u8] {
        let number = self.below(self.seeds.len());
        &self.seeds[number]
    }

    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from((self.state >> 11) % end as u64).unwrap_or_default()
    }
}

/// The seeds of a target, by name.
///
/// # Panics
/// If a seed cannot be read.
#[must_use]
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let entries = std::fs::read_dir(directory.join(target)).expect("the target has seeds");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("a seed can be listed").path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read(path).expect("a seed can be read"))
        .collect()
}

const PLACES: usize = 60;
const MIXTURES: usize = 300;
const DAMAGES: [&[u8]; 12] = [
    b"\"",
    b"{",
    b"]",
    b"\\",
    b"\0",
    b"\xff",
    b"\n",
    b"\r\n",
    b"\xed\xa0\x80",
    b"\x1b[31m",
    "\u{202e}".as_bytes(),
    b"99999999999999999999",
];
