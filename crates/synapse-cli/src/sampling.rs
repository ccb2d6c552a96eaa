//! Sampling requests of upstream servers to the IDE's model, as calls of the engine: subject to the
//! limits of a connection, and recorded in the history.

use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::engine::{Engine, OpenSampling, SamplingAnswer, SamplingCall};
use synapse_core::error::Failure;
use synapse_hub::{SamplingMeter, SamplingSlot};

/// Meters samplings through `engine`.
pub(crate) fn metered(engine: Engine) -> Arc<dyn SamplingMeter> {
    Arc::new(Metered(engine))
}

#[derive(Debug)]
struct Metered(Engine);

#[async_trait]
impl SamplingMeter for Metered {
    async fn admit(&self, asked: SamplingCall) -> Result<Box<dyn SamplingSlot>, Failure> {
        Ok(Box::new(MeteredCall(self.0.sample(asked).await?)))
    }
}

struct MeteredCall(OpenSampling);

#[async_trait]
impl SamplingSlot for MeteredCall {
    async fn answered(self: Box<Self>, answer: SamplingAnswer) {
        // A failure to close the row does not discard the IDE's answer.
        drop(self.0.answered(answer).await);
    }
}
