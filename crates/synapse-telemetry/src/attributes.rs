//! OTLP attributes. Unknown values are omitted.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};

/// Attributes in insertion order.
#[derive(Debug, Default)]
pub(crate) struct Attributes(Vec<KeyValue>);

impl Attributes {
    pub(crate) fn text(&mut self, key: &str, text: impl Into<String>) {
        self.put(key, Value::StringValue(text.into()));
    }

    pub(crate) fn maybe_text(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    pub(crate) fn texts(&mut self, key: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        let values = vec![any(Value::StringValue(text.to_owned()))];
        self.put(key, Value::ArrayValue(ArrayValue { values }));
    }

    /// Omits a number that OTLP cannot represent.
    pub(crate) fn count(&mut self, key: &str, count: Option<u64>) {
        if let Some(count) = count.and_then(|count| i64::try_from(count).ok()) {
            self.put(key, Value::IntValue(count));
        }
    }

    pub(crate) fn truth(&mut self, key: &str, truth: bool) {
        self.put(key, Value::BoolValue(truth));
    }

    pub(crate) fn into_vec(self) -> Vec<KeyValue> {
        self.0
    }

    fn put(&mut self, key: &str, value: Value) {
        self.0.push(KeyValue {
            key: key.to_owned(),
            value: Some(any(value)),
            ..KeyValue::default()
        });
    }
}

const fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}
