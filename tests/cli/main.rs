//! `examples/decode`, from the outside.

mod encryption;
mod inputs;
mod outputs;
mod run;
