//! The adapters against loopback servers: exact bodies, lenient answers, costs, model lists, and
//! preflight probes. Every test states the expected number of requests.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod anthropic_answers;
#[cfg(test)]
mod anthropic_models;
#[cfg(test)]
mod anthropic_refusals;
#[cfg(test)]
mod anthropic_requests;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod costs;
#[cfg(test)]
mod library;
#[cfg(test)]
mod models;
#[cfg(test)]
mod preset_probes;
#[cfg(test)]
mod presets;
#[cfg(test)]
mod probes;
#[cfg(test)]
mod quotes;
#[cfg(test)]
mod requests;
