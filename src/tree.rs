//! A value in JSON's data model, for what carries no schema: YAML, CBOR.
