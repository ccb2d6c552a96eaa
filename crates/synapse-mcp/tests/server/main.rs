//! The server as a client sees it: lines in, lines out.

#[cfg(test)]
mod calls;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod legacy;
#[cfg(test)]
mod modern;
#[cfg(test)]
mod support;
