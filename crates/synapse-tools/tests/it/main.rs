//! The product's own tools over in-memory ports: answers, failures as data, scope, arguments.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod chat;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod large;
#[cfg(test)]
mod library;
#[cfg(test)]
mod long;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod schemas;
