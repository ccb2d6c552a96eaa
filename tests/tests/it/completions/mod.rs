//! Shell completion: values, `synapse completions install`, and the related help.

mod help;
mod installing;
#[cfg(target_os = "linux")]
mod man;
#[cfg(target_os = "linux")]
mod shells;
mod values;
