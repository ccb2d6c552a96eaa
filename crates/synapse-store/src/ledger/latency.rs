//! How latencies of many calls are remembered in little room: exact below 256 ms, above that in
//! steps of less than 0.8 %, of which the middle is told.

/// Counts of latencies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Latencies {
    /// The count of each step; never ends with a zero.
    counts: Vec<u64>,
}

impl Latencies {
    /// Counts one call.
    pub(super) fn add(&mut self, millis: i64) {
        self.count(step(u64::try_from(millis).unwrap_or_default()), 1);
    }

    /// Takes back one call that was counted.
    pub(super) fn remove(&mut self, millis: i64) {
        let step = step(u64::try_from(millis).unwrap_or_default());
        if let Some(count) = self.counts.get_mut(step) {
            *count = count.saturating_sub(1);
        }
        while self.counts.last() == Some(&0) {
            self.counts.pop();
        }
    }

    /// Counts all that another one counts.
    pub(super) fn merge(&mut self, other: &Self) {
        for (step, count) in other
            .counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
        {
            self.count(step, *count);
        }
    }

    /// Counts all that is counted in the bytes of another one.
    pub(super) fn merge_encoded(&mut self, bytes: &[u8]) {
        let mut rest = bytes.iter();
        let mut step = 0_usize;
        while let (Some(distance), Some(count)) = (take(&mut rest), take(&mut rest)) {
            step = step.saturating_add(usize::try_from(distance).unwrap_or(usize::MAX));
            if step >= STEPS || count == 0 {
                // Not written by us: what cannot be read counts nothing.
                return;
            }
            self.count(step, count);
        }
    }

    /// The latency that `percent` of the calls do not exceed: the nearest rank.
    pub(super) fn percentile(&self, percent: u64) -> Option<u64> {
        let total: u64 = self.counts.iter().sum();
        let rank = total.saturating_mul(percent).div_ceil(100);
        let mut seen = 0;
        self.counts
            .iter()
            .position(|count| {
                seen += *count;
                *count > 0 && seen >= rank
            })
            .map(middle)
    }

    /// In bytes: pairs of variable length, the distance to the step before and the count.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut before = 0;
        for (step, count) in self
            .counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
        {
            put(&mut bytes, step - before);
            put(&mut bytes, usize::try_from(*count).unwrap_or(usize::MAX));
            before = step;
        }
        bytes
    }

    /// From such bytes.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        let mut latencies = Self::default();
        latencies.merge_encoded(bytes);
        latencies
    }

    fn count(&mut self, step: usize, count: u64) {
        if self.counts.len() <= step {
            self.counts.resize(step + 1, 0);
        }
        if let Some(counted) = self.counts.get_mut(step) {
            *counted = counted.saturating_add(count);
        }
    }
}

fn step(millis: u64) -> usize {
    let step = match millis.checked_ilog2() {
        Some(exponent) if exponent >= EXACT => {
            let part = (millis >> (exponent - PARTS)) & ((1 << PARTS) - 1);
            (1 << EXACT) + (u64::from(exponent - EXACT) << PARTS) + part
        }
        _ => millis,
    };
    usize::try_from(step).unwrap_or_default()
}

fn middle(step: usize) -> u64 {
    let step = u64::try_from(step).unwrap_or(u64::MAX);
    let Some(behind) = step.checked_sub(1 << EXACT) else {
        return step;
    };
    let shift = u32::try_from(behind >> PARTS).unwrap_or(u32::MAX) + EXACT - PARTS;
    let part = behind & ((1 << PARTS) - 1);
    let begin = ((1 << PARTS) + part).checked_shl(shift).unwrap_or(u64::MAX);
    begin.saturating_add(1_u64.checked_shl(shift).unwrap_or_default() / 2)
}

fn put(bytes: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        bytes.push(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap_or_default());
}

fn take<'a>(bytes: &mut impl Iterator<Item = &'a u8>) -> Option<u64> {
    let mut value = 0_u64;
    let mut shift = 0;
    loop {
        let byte = bytes.next()?;
        value |= u64::from(byte & 0x7f)
            .checked_shl(shift)
            .unwrap_or_default();
        if byte & 0x80 == 0 {
            return Some(value);
        }
        shift += 7;
    }
}

/// Below two to the power of this, milliseconds are exact.
const EXACT: u32 = 8;
/// Each doubling has two to the power of this steps.
const PARTS: u32 = 7;
/// More steps than any number has.
const STEPS: usize = (1 << EXACT) + ((64 - EXACT as usize) << PARTS);

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
