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

    /// Adds an encoded histogram.
    pub(super) fn merge_encoded(&mut self, bytes: &[u8]) {
        let mut rest = bytes.iter();
        let mut step = 0_u32;
        while let (Some(distance), Some(count)) = (take(&mut rest), take(&mut rest)) {
            step = step.saturating_add(distance);
            if count > 0 {
                self.count(step, count);
            }
        }
    }

    /// The nearest-rank percentile.
    pub(super) fn percentile(&self, percent: u64) -> Option<u64> {
        let total: u64 = self.counts.iter().map(|(_, count)| u64::from(*count)).sum();
        let rank = total.saturating_mul(percent).div_ceil(100);
        let mut seen = 0;
        self.counts
            .iter()
            .find(|(_, count)| {
                seen += u64::from(*count);
                seen >= rank
            })
            .map(|(step, _)| middle(*step))
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
        latencies.merge_encoded(bytes);
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
}
