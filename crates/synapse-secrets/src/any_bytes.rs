//! Properties of any bytes read as a token record: run by the fuzz target `records`, and by a test
//! on its seeds.

/// Reads `bytes` as a token record.
///
/// # Panics
/// If a record does not round-trip.
pub fn records(bytes: &[u8]) {
    crate::tokens::reread(bytes);
}

#[cfg(test)]
mod tests {
    use synapse_testkit::any_bytes::hold;

    #[test]
    fn any_record_is_what_it_says_or_damage() {
        hold("records", super::records);
    }
}
