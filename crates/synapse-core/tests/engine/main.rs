//! The use cases over in-memory ports: the order of gate, row, secret and send; what is saved;
//! dropped callers.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod cancelling;
#[cfg(test)]
mod chat;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod keyless;
#[cfg(test)]
mod large;
#[cfg(test)]
mod library;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod models;
#[cfg(test)]
mod observers;
#[cfg(test)]
mod preflight;
mod sampling;
#[cfg(test)]
mod slow_ledger;
