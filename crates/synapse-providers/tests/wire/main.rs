//! The adapters against loopback servers: exact bodies, lenient answers, costs, model lists, and
//! preflight rungs. Every test says how many requests the server has to have seen.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod costs;
#[cfg(test)]
mod models;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod rungs;
