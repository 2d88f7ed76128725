//! `examples/decode`, from the outside.

mod inputs;
mod outputs;
mod run;
