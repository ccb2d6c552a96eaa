//! Histograms of tokens and durations with delta temporality.
//!
//! Deltas, because most processes make a single call and exit: cumulative series would need one
//! stream per process, each seen once.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Histogram, HistogramDataPoint, Metric,
};
use synapse_core::time::Timestamp;

use crate::attributes::Attributes;
use crate::call::CallObservation;
use crate::conventions::{
    self as name, Instrument, MCP_CLIENT_DURATION, MCP_SERVER_DURATION, OPERATION_DURATION,
    TOKEN_USAGE,
};
use crate::observation::Observation;
use crate::span::nanoseconds;

/// Measurements since the last export.
#[derive(Debug)]
pub(crate) struct Meter {
    since: Timestamp,
    tokens: Series,
    durations: Series,
    requests: Series,
    upstream: Series,
}

/// The points of one instrument, keyed by a text that is unique per attribute set.
type Series = BTreeMap<String, Point>;

#[derive(Debug)]
struct Point {
    attributes: Vec<KeyValue>,
    buckets: Vec<u64>,
    count: u64,
    sum: f64,
    minimum: f64,
    maximum: f64,
}

impl Meter {
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self {
            since: now,
            tokens: Series::new(),
            durations: Series::new(),
            requests: Series::new(),
            upstream: Series::new(),
        }
    }

    /// Records a finished operation.
    pub(crate) fn record(&mut self, observation: &Observation) {
        let mut attributes = Attributes::default();
        match observation {
            Observation::Call(call) => self.call(call),
            Observation::Request(request) => {
                request.put_shared(&mut attributes);
                let seconds = request.seconds();
                add(
                    &mut self.requests,
                    &MCP_SERVER_DURATION,
                    attributes,
                    seconds,
                );
            }
            Observation::Upstream(upstream) => {
                upstream.put_shared(&mut attributes);
                if let Some(seconds) = upstream.seconds() {
                    add(
                        &mut self.upstream,
                        &MCP_CLIENT_DURATION,
                        attributes,
                        seconds,
                    );
                }
            }
        }
    }

    /// Records a call that was sent. A call refused locally is no provider operation, and unknown
    /// token counts are skipped.
    fn call(&mut self, observation: &CallObservation) {
        let receipt = &observation.receipt;
        if receipt.exchange.attempts == 0 {
            return;
        }
        for (kind, count) in [
            (name::INPUT, receipt.usage.prompt_tokens),
            (name::OUTPUT, receipt.usage.completion_tokens),
        ] {
            let Some(count) = count else { continue };
            let mut attributes = Attributes::default();
            observation.put_shared(&mut attributes);
            attributes.text(name::TOKEN_TYPE, kind);
            #[expect(
                clippy::cast_precision_loss,
                reason = "a histogram's sum is a double in OTLP; the ledger has the exact count"
            )]
            let count = count as f64;
            add(&mut self.tokens, &TOKEN_USAGE, attributes, count);
        }
        if let Some(millis) = receipt.latency_ms {
            let mut attributes = Attributes::default();
            observation.put_shared(&mut attributes);
            attributes.maybe_text(name::ERROR_TYPE, observation.error_type());
            let seconds = std::time::Duration::from_millis(millis).as_secs_f64();
            add(
                &mut self.durations,
                &OPERATION_DURATION,
                attributes,
                seconds,
            );
        }
    }

    /// Takes the measurements up to `now` and resets.
    pub(crate) fn take(&mut self, now: Timestamp) -> Vec<Metric> {
        let done = std::mem::replace(self, Self::new(now));
        let window = (nanoseconds(done.since), nanoseconds(now.max(done.since)));
        [
            (TOKEN_USAGE, done.tokens),
            (OPERATION_DURATION, done.durations),
            (MCP_SERVER_DURATION, done.requests),
            (MCP_CLIENT_DURATION, done.upstream),
        ]
        .into_iter()
        .filter(|(_, series)| !series.is_empty())
        .map(|(instrument, series)| metric(&instrument, series, window))
        .collect()
    }
}

fn add(series: &mut Series, instrument: &Instrument, attributes: Attributes, value: f64) {
    let attributes = attributes.into_vec();
    let key = format!("{attributes:?}");
    let point = series.entry(key).or_insert_with(|| Point {
        attributes,
        buckets: vec![0; instrument.bounds.len() + 1],
        count: 0,
        sum: 0.0,
        minimum: value,
        maximum: value,
    });
    // Bucket bounds are inclusive upper bounds.
    let bucket = instrument.bounds.partition_point(|bound| *bound < value);
    if let Some(bucket) = point.buckets.get_mut(bucket) {
        *bucket += 1;
    }
    point.count += 1;
    point.sum += value;
    point.minimum = point.minimum.min(value);
    point.maximum = point.maximum.max(value);
}

fn metric(instrument: &Instrument, series: Series, (since, now): (u64, u64)) -> Metric {
    let data_points = series
        .into_values()
        .map(|point| HistogramDataPoint {
            attributes: point.attributes,
            start_time_unix_nano: since,
            time_unix_nano: now,
            count: point.count,
            sum: Some(point.sum),
            bucket_counts: point.buckets,
            explicit_bounds: instrument.bounds.to_vec(),
            min: Some(point.minimum),
            max: Some(point.maximum),
            ..HistogramDataPoint::default()
        })
        .collect();
    Metric {
        name: instrument.name.to_owned(),
        description: instrument.description.to_owned(),
        unit: instrument.unit.to_owned(),
        data: Some(Data::Histogram(Histogram {
            data_points,
            aggregation_temporality: AggregationTemporality::Delta.into(),
        })),
        ..Metric::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_the_bucket_below_it() {
        let mut series = Series::new();
        for value in [0.0, 1.0, 1.5, 4.0, 1e12] {
            add(&mut series, &TOKEN_USAGE, Attributes::default(), value);
        }
        let point = series.into_values().next().unwrap();
        assert_eq!(point.buckets[..3], [2, 2, 0]);
        assert_eq!(point.buckets.last(), Some(&1));
        assert_eq!((point.count, point.minimum, point.maximum), (5, 0.0, 1e12));
    }

    #[test]
    fn what_was_taken_does_not_come_again() {
        let at = Timestamp::from_millis;
        let mut meter = Meter::new(at(5));
        add(&mut meter.tokens, &TOKEN_USAGE, Attributes::default(), 1.0);
        let metrics = meter.take(at(9));
        let Some(Data::Histogram(histogram)) = &metrics[0].data else {
            panic!("it is a histogram");
        };
        let point = &histogram.data_points[0];
        assert_eq!(
            (point.start_time_unix_nano, point.time_unix_nano),
            (5_000_000, 9_000_000)
        );
        // Even if the clock goes backwards.
        assert_eq!(meter.take(at(7)), []);
        add(&mut meter.tokens, &TOKEN_USAGE, Attributes::default(), 1.0);
        assert_eq!(meter.take(at(6)).len(), 1);
    }
}
