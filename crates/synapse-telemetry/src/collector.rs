//! The collector: protobuf requests, each sent once through the one HTTP client.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use synapse_core::error::{Code, Failure};
use synapse_core::gate::{NetworkGate, NetworkPermit};
use synapse_core::telemetry::CollectorUrl;
use synapse_http::{HttpClient, HttpConfig, HttpRequest, Method};
use url::Url;

/// The destination of batches.
#[derive(Debug)]
pub(crate) struct Collector {
    http: HttpClient,
    permit: NetworkPermit,
    url: CollectorUrl,
}

impl Collector {
    /// Opens nothing. Configuring a collector grants network access to it, and to nothing else.
    pub(crate) fn new(url: CollectorUrl, user_agent: String) -> Result<Self, Failure> {
        let permit = NetworkGate::Open.permit([url.origin()])?;
        let http = HttpClient::new(HttpConfig {
            user_agent,
            connect_timeout: DEADLINE,
            body_cap: RESPONSE_CAP,
            ..HttpConfig::default()
        });
        Ok(Self { http, permit, url })
    }

    /// Sends spans. Sends one request.
    pub(crate) async fn traces(&self, request: &ExportTraceServiceRequest) -> Result<(), Failure> {
        let body = self.post("traces", request).await?;
        let answer = ExportTraceServiceResponse::decode(body.as_slice()).unwrap_or_default();
        let partial = answer.partial_success.unwrap_or_default();
        self.rejected(partial.rejected_spans, "spans")
    }

    /// Sends metrics. Sends one request.
    pub(crate) async fn metrics(
        &self,
        request: &ExportMetricsServiceRequest,
    ) -> Result<(), Failure> {
        let body = self.post("metrics", request).await?;
        let answer = ExportMetricsServiceResponse::decode(body.as_slice()).unwrap_or_default();
        let partial = answer.partial_success.unwrap_or_default();
        self.rejected(partial.rejected_data_points, "points")
    }

    async fn post(&self, signal: &str, message: &impl Message) -> Result<Vec<u8>, Failure> {
        let url: Url = self.url.signal(signal);
        let request = HttpRequest::new(Method::Post, url, DEADLINE)
            .header("content-type", "application/x-protobuf")
            .json(message.encode_to_vec());
        match self.http.send(&self.permit, request).await {
            Ok(response) if (200..300).contains(&response.status) => Ok(response.body),
            Ok(response) => Err(self.failed(format!("it answered {}", response.status))),
            Err(failure) => Err(self.failed(failure.to_string())),
        }
    }

    fn rejected(&self, count: i64, what: &str) -> Result<(), Failure> {
        match count {
            0 => Ok(()),
            _ => Err(self.failed(format!("it rejected {count} {what}"))),
        }
    }

    fn failed(&self, cause: String) -> Failure {
        not_delivered(format!("the collector at {} did not accept them", self.url)).cause(cause)
    }
}

/// The warning about lost data.
pub(crate) fn not_delivered(why: impl Into<String>) -> Failure {
    Failure::new(
        Code::TelemetryNotDelivered,
        "spans and metrics were not delivered",
    )
    .cause(why)
    .hint("calls are not affected; `[telemetry]` in connections.toml names the collector")
}

/// Limits the wait of an ending process, once for the batch in flight and once for the last one.
const DEADLINE: Duration = Duration::from_secs(2);
const RESPONSE_CAP: usize = 64 * 1024;
