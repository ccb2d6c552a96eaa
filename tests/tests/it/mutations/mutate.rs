//! Mutations of valid messages: bytes flipped, cut, duplicated and swapped, JSON members replaced,
//! dropped and duplicated, two messages spliced.

use serde_json::{Value, json};

/// A seeded pseudo-random generator (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number less than `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length.max(1) as u64)).unwrap()
    }
}

/// One line: `message` with one to five mutations; `other` is a splice partner.
pub(crate) fn mutated(random: &mut Random, message: &Value, other: &Value) -> Vec<u8> {
    let mut message = message.clone();
    for _ in 0..=random.below(3) {
        change_json(random, &mut message);
    }
    let mut line = message.to_string().into_bytes();
    // Most byte mutations break the JSON; too many would only test the parser.
    if random.below(3) == 0 {
        for _ in 0..=random.below(2) {
            change_bytes(random, &mut line, other);
        }
    }
    // A newline would start another line.
    for byte in &mut line {
        if *byte == b'\n' {
            *byte = b' ';
        }
    }
    line
}

fn change_json(random: &mut Random, message: &mut Value) {
    let strange = strange(random);
    let Some(members) = message.as_object_mut() else {
        return;
    };
    let names: Vec<String> = members.keys().cloned().collect();
    if names.is_empty() {
        return;
    }
    let name = random.pick(&names).clone();
    match random.below(12) {
        0 => drop(members.shift_remove(&name)),
        1 => drop(members.insert(name, strange)),
        2 => drop(members.insert("result".to_owned(), strange)),
        _ => {
            // Mostly below the envelope.
            let inside = match members.get_mut("params") {
                Some(params) if random.below(8) > 0 => params,
                _ => message,
            };
            replace_somewhere(random, inside, strange);
        }
    }
}

/// Descends to a random depth and sets `value` there.
fn replace_somewhere(random: &mut Random, place: &mut Value, value: Value) {
    let stop = random.below(6) == 0;
    match place {
        Value::Object(members) if !members.is_empty() && !stop => {
            let index = random.index(members.len());
            if let Some(place) = members.values_mut().nth(index) {
                replace_somewhere(random, place, value);
            }
        }
        Value::Array(values) if !values.is_empty() && !stop => {
            let index = random.index(values.len());
            replace_somewhere(random, &mut values[index], value);
        }
        _ => *place = value,
    }
}

fn change_bytes(random: &mut Random, line: &mut Vec<u8>, other: &Value) {
    let place = random.index(line.len());
    let end = (place + 1 + random.index(12)).min(line.len());
    match random.below(7) {
        0 if !line.is_empty() => line[place] ^= 1 << random.below(8),
        1 => drop(line.drain(place..end)),
        2 => {
            let doubled = line[place..end].to_vec();
            line.splice(place..place, doubled);
        }
        3 => line.truncate(place),
        4 => {
            let token = random.pick(TOKENS).as_bytes().to_vec();
            line.splice(place..end, token);
        }
        5 => {
            let other = other.to_string().into_bytes();
            let from = random.index(other.len());
            line.truncate(place);
            line.extend_from_slice(&other[from..]);
        }
        _ => {
            // Duplicates a member with another value.
            let member = random.pick(&["id", "method", "params", "jsonrpc"]);
            let doubled = format!("{{\"{member}\":{},", strange(random));
            if line.first() == Some(&b'{') {
                line.splice(0..1, doubled.into_bytes());
            }
        }
    }
}

fn strange(random: &mut Random) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(9_007_199_254_740_993_u64),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("2.0"),
        json!("tools/call"),
        json!("initialize"),
        json!("subscriptions/listen"),
        json!("\u{0}\u{202e}\u{fffd}"),
        json!("x".repeat(10_000)),
        json!([]),
        json!([[[[[[[[]]]]]]]]),
        json!({}),
        json!({"": {"": {"": null}}}),
        json!({"_meta": 7}),
    ];
    random.pick(&values).clone()
}

const TOKENS: &[&str] = &[
    "NaN",
    "Infinity",
    "-0",
    "1e999",
    "01",
    "null",
    "\\ud800",
    "\\u0000",
    "\u{feff}",
    "{",
    "}}",
    "[",
    ",",
    ":",
    "\"",
    "'",
    "//",
    "\t",
    "\r",
    "9007199254740993",
    "123456789012345678901234567890",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];
