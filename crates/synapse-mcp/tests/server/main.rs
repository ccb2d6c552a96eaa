//! The server from a client's view: lines in, lines out.

#[cfg(test)]
mod batches;
#[cfg(test)]
mod both_ways;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod example;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod legacy;
#[cfg(test)]
mod library;
#[cfg(test)]
mod listening;
#[cfg(test)]
mod modern;
#[cfg(test)]
mod ports;
#[cfg(test)]
mod support;
