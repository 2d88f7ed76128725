//! Protobuf's wire format, read from borrowed bytes.
//!
//! This layer knows numbers, wire types and offsets, and nothing of any schema.
//! It accepts and rejects what Go's generated Kubernetes decoders accept and
//! reject, which is not always what the protobuf specification says: the
//! places are marked.
//!
//! Source of the format: <https://protobuf.dev/programming-guides/encoding/>;
//! of Go's behaviour: `generated.pb.go` in k8s.io/api (gogo/protobuf).

mod entry;
mod fields;
mod quick;
mod reader;

pub(crate) use entry::{EntryPart, EntryParts};
pub(crate) use fields::{Field, Fields, Payload, WireType};
pub(crate) use quick::Quick;
pub(crate) use reader::Reader;
