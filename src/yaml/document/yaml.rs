//! The first document of a YAML stream, with goyaml's rules for what nodes mean
//! together: aliases, merge keys, keys that JSON has.

use std::collections::HashMap;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::{DEPTH, Field, Node, Place, Unreadable, Value};
use crate::convert::to_u64;
use crate::tree;
use crate::utf8;
use crate::yaml::goyaml::{Event, Events, Fault, Mark, Source};
use crate::yaml::parse::{MERGE, Stop};
use crate::yaml::plain::resolve;

pub(super) fn read(bytes: &[u8]) -> Result<Rc<Node>, Unreadable> {
    let mut room = Zeroizing::new(String::new());
    let source = Source::new(bytes, &mut room);
    let mut composer = Composer {
        events: Events::new(source),
        anchors: HashMap::new(),
        work: Work::new(bytes.len()),
    };
    composer.document().map_err(|fault| Unreadable {
        format: "YAML",
        problem: fault.problem,
        place: place(fault.mark),
    })
}

/// Makes nodes of events.
struct Composer<'a> {
    events: Events<'a>,
    /// What each anchor stands for; nothing while its node is not complete.
    anchors: HashMap<&'a str, Option<Composed>>,
    work: Work,
}

#[derive(Clone)]
struct Composed {
    node: Rc<Node>,
    /// Mappings and lists within each other, this one included.
    height: usize,
    cost: Cost,
}

/// What a node costs wherever an alias brings it.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    /// Steps in which goyaml decodes it.
    steps: u64,
    /// Bytes of text.
    bytes: u64,
}

impl Cost {
    fn add(&mut self, other: Cost) {
        self.steps = self.steps.saturating_add(other.steps);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl<'a> Composer<'a> {
    /// What stands behind the first document does not count.
    fn document(&mut self) -> Result<Rc<Node>, Fault> {
        loop {
            match self.events.next()? {
                Event::StreamStart | Event::DocumentStart => {}
                Event::StreamEnd => return self.fault("no document"),
                event => {
                    let root = self.node(event, DEPTH)?;
                    self.events.next()?;
                    return Ok(root.node);
                }
            }
        }
    }

    fn fault<T>(&self, problem: &'static str) -> Result<T, Fault> {
        Err(Fault {
            mark: self.events.mark(),
            problem,
        })
    }

    /// The node that begins with `event`. `depth_left` levels may open.
    fn node(&mut self, event: Event<'a>, depth_left: usize) -> Result<Composed, Fault> {
        let mark = self.events.mark();
        self.work.step().or_else(|problem| self.fault(problem))?;
        let mut composed = Composed {
            node: Rc::new(Node {
                value: Value::Null,
                place: place(mark),
            }),
            height: 0,
            cost: Cost { steps: 1, bytes: 0 },
        };
        let (value, anchor) = match event {
            Event::Alias(anchor) => return self.alias(anchor, depth_left),
            Event::Scalar {
                text,
                implicit,
                properties,
            } => {
                let scalar = match resolve(text, implicit, &properties.tag) {
                    Ok(scalar) => scalar,
                    Err(Stop::NotAnObject | Stop::Limit(_)) => {
                        return self.fault("a value that JSON does not have, or not of its tag");
                    }
                };
                if let tree::Scalar::String(text) = &scalar {
                    composed.cost.bytes = to_u64(text.len());
                }
                (value(scalar), properties.anchor)
            }
            Event::SequenceStart(properties) => {
                self.begin(properties.anchor);
                let value = self.sequence(&mut composed, depth_left)?;
                (value, properties.anchor)
            }
            Event::MappingStart(properties) => {
                self.begin(properties.anchor);
                let value = self.mapping(&mut composed, depth_left)?;
                (value, properties.anchor)
            }
            _ => return self.fault("no value"),
        };
        composed.node = Rc::new(Node {
            value,
            place: place(mark),
        });
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, Some(composed.clone()));
        }
        Ok(composed)
    }

    /// The anchor of a node that begins.
    fn begin(&mut self, anchor: Option<&'a str>) {
        self.anchors.extend(anchor.map(|anchor| (anchor, None)));
    }

    fn alias(&mut self, anchor: &str, depth_left: usize) -> Result<Composed, Fault> {
        let target = match self.anchors.get(anchor) {
            None => return self.fault("an alias of no anchor"),
            Some(None) => return self.fault("an anchor that holds itself"),
            Some(Some(target)) => target.clone(),
        };
        if target.height > depth_left {
            return self.fault(TOO_DEEP);
        }
        self.work
            .alias(target.cost)
            .or_else(|problem| self.fault(problem))?;
        let steps = target.cost.steps.saturating_add(1);
        let cost = Cost {
            steps,
            ..target.cost
        };
        Ok(Composed { cost, ..target })
    }

    /// Lets `parent` hold `child`.
    fn hold(&self, parent: &mut Composed, child: &Composed) {
        parent.height = parent.height.max(child.height.saturating_add(1));
        parent.cost.add(child.cost);
    }

    fn sequence(&mut self, parent: &mut Composed, depth_left: usize) -> Result<Value, Fault> {
        let depth_left = self.open(parent, depth_left)?;
        let mut nodes = Vec::new();
        loop {
            match self.events.next()? {
                Event::SequenceEnd => return Ok(Value::Sequence(nodes)),
                event => {
                    let child = self.node(event, depth_left)?;
                    self.hold(parent, &child);
                    nodes.push(child.node);
                }
            }
        }
    }

    fn open(&self, parent: &mut Composed, depth_left: usize) -> Result<usize, Fault> {
        parent.height = 1;
        match depth_left.checked_sub(1) {
            Some(left) => Ok(left),
            None => self.fault(TOO_DEEP),
        }
    }

    fn mapping(&mut self, parent: &mut Composed, depth_left: usize) -> Result<Value, Fault> {
        let depth_left = self.open(parent, depth_left)?;
        let mut fields = Vec::new();
        loop {
            let key = match self.events.next()? {
                Event::MappingEnd => return Ok(Value::Mapping(fields)),
                event if is_merge_key(&event) => None,
                event => Some(self.node(event, depth_left)?),
            };
            let event = self.events.next()?;
            let is_alias = matches!(event, Event::Alias(_));
            let child = self.node(event, depth_left)?;
            self.hold(parent, &child);
            match key {
                Some(key) => {
                    self.hold(parent, &key);
                    let Some(name) = name(&key.node.value) else {
                        return self.fault("a key that JSON does not have");
                    };
                    fields.push(Field {
                        name: Rc::new(name),
                        place: key.node.place,
                        node: child.node,
                    });
                }
                None => self.merge(&mut fields, &child.node.value, is_alias)?,
            }
        }
    }

    /// `<<`: a mapping, or several of which the first counts most.
    fn merge(&self, fields: &mut Vec<Field>, value: &Value, is_alias: bool) -> Result<(), Fault> {
        const PROBLEM: &str = "'<<' merges something other than mappings";
        match value {
            Value::Mapping(merged) => fields.extend_from_slice(merged),
            Value::Sequence(nodes) if !is_alias => {
                for node in nodes.iter().rev() {
                    let Value::Mapping(merged) = &node.value else {
                        return self.fault(PROBLEM);
                    };
                    fields.extend_from_slice(merged);
                }
            }
            _ => return self.fault(PROBLEM),
        }
        Ok(())
    }
}

const TOO_DEEP: &str = "nested too deep";

fn is_merge_key(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Scalar { text, implicit, properties }
            if text == "<<" && (*implicit || properties.tag == MERGE)
    )
}

/// A field's name, as sigs.k8s.io/yaml makes strings of keys.
fn name(key: &Value) -> Option<Zeroizing<String>> {
    let name = match key {
        Value::Text(text) => text.to_string(),
        // JSON has no `uint64` as a key here.
        Value::Integer(number) => i64::try_from(*number).ok()?.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Float => "a float".to_owned(),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => return None,
    };
    Some(Zeroizing::new(name))
}

fn value(scalar: tree::Scalar<'_>) -> Value {
    match scalar {
        tree::Scalar::Bool(value) => Value::Bool(value),
        tree::Scalar::Int(number) => Value::Integer(number.into()),
        tree::Scalar::Uint(number) => Value::Integer(number.into()),
        tree::Scalar::Float(number) => integer(number).map_or(Value::Float, Value::Integer),
        tree::Scalar::String(text) => {
            let text = String::from_utf8(text.into_owned())
                .unwrap_or_else(|error| utf8::lossy(error.as_bytes()).into_owned());
            Value::Text(Zeroizing::new(text))
        }
        tree::Scalar::Null => Value::Null,
    }
}

/// A float that Go writes as JSON without exponent and fraction.
#[expect(clippy::as_conversions, reason = "whole, and below 1e21")]
fn integer(number: f64) -> Option<i128> {
    (number.fract() == 0.0 && number.abs() < 1e21).then_some(number as i128)
}

fn place(mark: Mark) -> Place {
    Place {
        line: mark.line.saturating_add(1),
        column: mark.column.saturating_add(1),
    }
}

/// goyaml's bound on aliases, and one on the bytes that they bring.
struct Work {
    decoded: u64,
    aliased: u64,
    bytes_left: u64,
}

/// Bytes that aliases may bring into a small file: far more than rules which share
/// their keys need.
const ALIAS_BYTES: u64 = 4 << 20;

/// Steps of which nearly all may come from aliases.
const LOW: u64 = 400_000;

/// Steps of which few may.
const HIGH: u64 = 4_000_000;

impl Work {
    fn new(length: usize) -> Work {
        Work {
            // The document is a node of its own.
            decoded: 1,
            aliased: 0,
            bytes_left: to_u64(length)
                .saturating_mul(16)
                .saturating_add(ALIAS_BYTES),
        }
    }

    /// A node that stands in the stream.
    fn step(&mut self) -> Result<(), &'static str> {
        self.decoded = self.decoded.saturating_add(1);
        self.check()
    }

    /// A node that an alias brings, whole.
    fn alias(&mut self, cost: Cost) -> Result<(), &'static str> {
        self.decoded = self.decoded.saturating_add(cost.steps);
        self.aliased = self.aliased.saturating_add(cost.steps);
        match self.bytes_left.checked_sub(cost.bytes) {
            Some(left) => self.bytes_left = left,
            None => return Err(ALIASES),
        }
        self.check()
    }

    /// goyaml's `allowedAliasRatio`.
    #[expect(clippy::as_conversions, reason = "as goyaml computes it")]
    fn check(&self) -> Result<(), &'static str> {
        let (aliased, decoded) = (self.aliased as f64, self.decoded as f64);
        let allowed = match self.decoded {
            ..=LOW => 0.99,
            HIGH.. => 0.10,
            _ => 0.99 - 0.89 * ((decoded - LOW as f64) / (HIGH - LOW) as f64),
        };
        let many = self.aliased > 100 && self.decoded > 1000;
        match many && aliased / decoded > allowed {
            true => Err(ALIASES),
            false => Ok(()),
        }
    }
}

const ALIASES: &str = "aliases bring too much";
