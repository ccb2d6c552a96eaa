//! Runs a check that must hold for any bytes at all on the seeds of its fuzz target and on what is
//! close to them. A crash that a fuzzer found is one more seed, and so a test.
//!
//! What is made up comes from a fixed number: a test fails on every run or on none.

use std::path::Path;

/// Runs `check` on every file of `fuzz/seeds/TARGET`: whole, cut at each length, and with each byte
/// in turn replaced, at every so many bytes of a long one; then on mixtures of all of them.
///
/// # Panics
/// When the target has no seed, or `check` does.
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

/// Makes new inputs of old ones: pieces are cut out, doubled, exchanged with those of another seed,
/// and replaced by what parsers stumble over.
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
/// When one cannot be read.
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
