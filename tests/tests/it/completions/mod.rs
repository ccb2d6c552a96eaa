//! The Tab key: values that a shell completes, the lines that `synapse completions install` writes, and
//! the help that they lead to.

mod help;
mod installing;
mod values;
