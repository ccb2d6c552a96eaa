//! A compact latency histogram: exact below 256 ms, then in buckets of less than 0.8 %, represented
//! by their middle.

/// A latency histogram.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Latencies {
    /// Sorted buckets with non-zero counts. Compact, because there are many of these.
    counts: Vec<(u32, u32)>,
}

impl Latencies {
    /// Adds one call.
    pub(super) fn add(&mut self, millis: i64) {
        self.count(step(u64::try_from(millis).unwrap_or_default()), 1);
    }

    /// Removes one call.
    pub(super) fn remove(&mut self, millis: i64) {
        let step = step(u64::try_from(millis).unwrap_or_default());
        if let Ok(at) = self.find(step)
            && let Some((_, count)) = self.counts.get_mut(at)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(at);
            }
        }
    }

    /// Adds another histogram.
    pub(super) fn merge(&mut self, other: &Self) {
        for (step, count) in &other.counts {
            self.count(*step, *count);
        }
    }

    /// The nearest-rank percentile.
    #[cfg(test)]
    pub(super) fn percentile(&self, percent: u64) -> Option<u64> {
        nearest_rank(|| self.counts.iter().copied(), percent)
    }

    /// Encodes it as pairs of variable-length integers: bucket delta and count.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.counts.len() * 3);
        let mut before = 0;
        for (step, count) in &self.counts {
            put(&mut bytes, step - before);
            put(&mut bytes, *count);
            before = *step;
        }
        bytes
    }

    /// Decodes it.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        let mut latencies = Self::default();
        each(bytes, |step, count| latencies.count(step, count));
        latencies
    }

    fn count(&mut self, step: u32, count: u32) {
        match self.find(step) {
            Ok(at) => {
                if let Some((_, counted)) = self.counts.get_mut(at) {
                    *counted = counted.saturating_add(count);
                }
            }
            Err(at) => self.counts.insert(at, (step, count)),
        }
    }

    fn find(&self, step: u32) -> Result<usize, usize> {
        // Buckets usually come in order.
        match self.counts.last() {
            Some((last, _)) if *last < step => Err(self.counts.len()),
            _ => self.counts.binary_search_by_key(&step, |(step, _)| *step),
        }
    }
}

/// Histograms being added up: a counter per bucket, in blocks that exist once one of them counts.
/// Searching the sorted buckets of [`Latencies`] for each of many would take ten times as long.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tally {
    blocks: Vec<Option<Box<[u32; BLOCK]>>>,
}

impl Tally {
    /// Adds one call.
    pub(super) fn add(&mut self, millis: i64) {
        self.count(step(u64::try_from(millis).unwrap_or_default()), 1);
    }

    /// Adds an encoded histogram.
    pub(super) fn add_encoded(&mut self, bytes: &[u8]) {
        each(bytes, |step, count| self.count(step, count));
    }

    /// Adds another one.
    pub(super) fn merge(&mut self, other: &Self) {
        for (step, count) in other.counts() {
            self.count(step, count);
        }
    }

    /// The nearest-rank percentile.
    pub(super) fn percentile(&self, percent: u64) -> Option<u64> {
        nearest_rank(|| self.counts(), percent)
    }

    fn count(&mut self, step: u32, count: u32) {
        // No time has a later one: the bytes are damaged.
        let step = usize::try_from(step.min(LAST)).unwrap_or_default();
        let (block, place) = (step / BLOCK, step % BLOCK);
        if block >= self.blocks.len() {
            self.blocks.resize(block + 1, None);
        }
        if let Some(block) = self.blocks.get_mut(block)
            && let Some(counted) = block
                .get_or_insert_with(|| Box::new([0; BLOCK]))
                .get_mut(place)
        {
            *counted = counted.saturating_add(count);
        }
    }

    fn counts(&self) -> impl Iterator<Item = (u32, u32)> {
        let blocks = self.blocks.iter().enumerate();
        blocks
            .filter_map(|(number, block)| Some((number * BLOCK, block.as_deref()?)))
            .flat_map(|(begin, block)| {
                block
                    .iter()
                    .enumerate()
                    .map(move |(at, count)| (begin + at, *count))
            })
            .filter(|(_, count)| *count > 0)
            .map(|(step, count)| (u32::try_from(step).unwrap_or(LAST), count))
    }
}

/// The middle of the bucket with this rank.
fn nearest_rank<I: Iterator<Item = (u32, u32)>>(
    counts: impl Fn() -> I,
    percent: u64,
) -> Option<u64> {
    let total: u64 = counts().map(|(_, count)| u64::from(count)).sum();
    let rank = total.saturating_mul(percent).div_ceil(100);
    let mut seen = 0;
    counts()
        .find(|(_, count)| {
            seen += u64::from(*count);
            seen >= rank
        })
        .map(|(step, _)| middle(step))
}

/// Visits the buckets of an encoded histogram.
fn each(bytes: &[u8], mut visit: impl FnMut(u32, u32)) {
    let mut rest = bytes.iter();
    let mut step = 0_u32;
    while let (Some(distance), Some(count)) = (take(&mut rest), take(&mut rest)) {
        step = step.saturating_add(distance);
        if count > 0 {
            visit(step, count);
        }
    }
}

fn step(millis: u64) -> u32 {
    match millis.checked_ilog2() {
        Some(exponent) if exponent >= EXACT => {
            let part = (millis >> (exponent - PARTS)) & ((1 << PARTS) - 1);
            let part = u32::try_from(part).unwrap_or_default();
            (1 << EXACT) + ((exponent - EXACT) << PARTS) + part
        }
        _ => u32::try_from(millis).unwrap_or_default(),
    }
}

fn middle(step: u32) -> u64 {
    let Some(behind) = step.checked_sub(1 << EXACT) else {
        return u64::from(step);
    };
    let shift = (behind >> PARTS) + EXACT - PARTS;
    let part = u64::from(behind & ((1 << PARTS) - 1));
    let begin = ((1 << PARTS) + part).checked_shl(shift).unwrap_or(u64::MAX);
    begin.saturating_add(1_u64.checked_shl(shift).unwrap_or_default() / 2)
}

fn put(bytes: &mut Vec<u8>, mut value: u32) {
    while value > 0x7f {
        bytes.push(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap_or_default());
}

fn take<'a>(bytes: &mut impl Iterator<Item = &'a u8>) -> Option<u32> {
    let mut value = 0_u32;
    let mut shift = 0;
    loop {
        let byte = bytes.next()?;
        value |= u32::from(byte & 0x7f)
            .checked_shl(shift)
            .unwrap_or_default();
        if byte & 0x80 == 0 {
            return Some(value);
        }
        shift += 7;
    }
}

/// Exact below two to the power of this many milliseconds.
const EXACT: u32 = 8;
/// Buckets per doubling, as a power of two.
const PARTS: u32 = 7;
/// The bucket of the longest time.
const LAST: u32 = (1 << EXACT) + ((u64::BITS - EXACT) << PARTS) - 1;
/// Buckets of a block of a [`Tally`].
const BLOCK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_exact_below_and_close_above() {
        for millis in 0..256 {
            assert_eq!(middle(step(millis)), millis);
        }
        let mut millis = 256_u64;
        let mut last = step(255);
        while millis < 1 << 40 {
            let told = middle(step(millis));
            assert!(
                told.abs_diff(millis) * 1000 <= millis * 4,
                "{millis}: {told}"
            );
            assert!(step(millis) >= last);
            last = step(millis);
            millis += millis / 300 + 1;
        }
        assert!(middle(step(u64::MAX)) > u64::MAX / 2);
    }

    #[test]
    fn counts_survive_their_bytes_and_give_ranks() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(50), None);
        for millis in 1..=100 {
            latencies.add(millis);
        }
        latencies.add(1_000_000);
        let again = Latencies::decode(&latencies.encode());
        assert_eq!(again, latencies);
        assert_eq!(again.percentile(50), Some(51));
        assert_eq!(again.percentile(95), Some(96));
        let mut twice = again;
        twice.merge(&latencies);
        assert_eq!(twice.percentile(50), Some(51));
        for millis in 1..=100 {
            twice.remove(millis);
        }
        twice.remove(1_000_000);
        assert_eq!(twice, latencies);
        assert_eq!(Latencies::decode(&[0x80]), Latencies::default());
    }

    #[test]
    fn a_tally_of_histograms_and_calls_is_their_histogram() {
        let mut latencies = Latencies::default();
        let mut tally = Tally::default();
        assert_eq!(tally.percentile(50), None);
        for millis in (0..5_000).chain([i64::MAX / 7]) {
            latencies.add(millis * 7);
            tally.add(millis * 7);
        }
        tally.add_encoded(&latencies.encode());
        let mut twice = Tally::default();
        twice.merge(&tally);
        for percent in [1, 50, 95, 100] {
            assert_eq!(twice.percentile(percent), latencies.percentile(percent));
        }
        assert_eq!(step(u64::MAX), LAST);
        // Damaged bytes name a bucket that no time has.
        let mut damaged = Vec::new();
        put(&mut damaged, u32::MAX);
        put(&mut damaged, 1);
        let mut tally = Tally::default();
        tally.add_encoded(&damaged);
        assert!(tally.percentile(50).is_some());
    }
}
