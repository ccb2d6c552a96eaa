//! How latencies of many calls are remembered in little room: exact below 256 ms, above that in
//! steps of less than 0.8 %, of which the middle is told.

use std::collections::BTreeMap;

/// Counts of latencies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Latencies {
    counts: BTreeMap<u32, u64>,
}

impl Latencies {
    /// Counts one call.
    pub(super) fn add(&mut self, millis: i64) {
        let millis = u64::try_from(millis).unwrap_or_default();
        *self.counts.entry(step(millis)).or_default() += 1;
    }

    /// Takes back one call that was counted.
    pub(super) fn remove(&mut self, millis: i64) {
        let step = step(u64::try_from(millis).unwrap_or_default());
        if let Some(count) = self.counts.get_mut(&step) {
            *count = count.saturating_sub(1);
        }
        self.counts.retain(|_, count| *count > 0);
    }

    /// Counts all that another one counts.
    pub(super) fn merge(&mut self, other: &Self) {
        for (step, count) in &other.counts {
            *self.counts.entry(*step).or_default() += count;
        }
    }

    /// The latency that `percent` of the calls do not exceed: the nearest rank.
    pub(super) fn percentile(&self, percent: u64) -> Option<u64> {
        let total: u64 = self.counts.values().sum();
        let rank = total.saturating_mul(percent).div_ceil(100);
        let mut seen = 0;
        self.counts
            .iter()
            .find(|(_, count)| {
                seen += **count;
                seen >= rank
            })
            .map(|(step, _)| middle(*step))
    }

    /// In bytes: pairs of variable length, the distance to the step before and the count.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.counts.len() * 3);
        let mut before = 0;
        for (step, count) in &self.counts {
            put(&mut bytes, u64::from(step - before));
            put(&mut bytes, *count);
            before = *step;
        }
        bytes
    }

    /// From such bytes; what cannot be read counts nothing.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        let mut counts = BTreeMap::new();
        let mut rest = bytes.iter();
        let mut step = 0_u32;
        while let (Some(distance), Some(count)) = (take(&mut rest), take(&mut rest)) {
            step = step.saturating_add(u32::try_from(distance).unwrap_or(u32::MAX));
            counts.insert(step, count);
        }
        Self { counts }
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

fn put(bytes: &mut Vec<u8>, mut value: u64) {
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
