//! The client against counting and misbehaving raw sockets: one request per call, and distinct
//! failures.

#[cfg(test)]
mod bodies;
#[cfg(test)]
mod cancelling;
#[cfg(test)]
mod deadlines;
#[cfg(test)]
mod environment;
#[cfg(test)]
mod library;
#[cfg(test)]
mod named;
#[cfg(test)]
mod negative_control;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod send_once;
#[cfg(test)]
mod streaming;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tls;
