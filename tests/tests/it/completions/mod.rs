//! Shell completion: values, `synapse completions install`, and the related help.

mod help;
mod installing;
mod values;
