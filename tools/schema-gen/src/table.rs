//! From the input to the rows: everything that the engine has no row for is
//! an error here, so that a new release cannot bring it in unseen.

use std::collections::{BTreeMap, BTreeSet};

use crate::input::{self, Input, Schema};

/// What the generated files say, in their order.
pub struct Table {
    /// By package, then by name within the package.
    pub packages: BTreeMap<String, Vec<Message>>,
    /// Sorted by group, version and kind.
    pub kinds: Vec<input::Kind>,
}

pub struct Message {
    /// The full protobuf name.
    pub full_name: String,
    /// The name within the package.
    pub name: String,
    /// A variant of `Form` in `src/schema/row.rs`.
    pub form: &'static str,
    pub type_meta: bool,
    pub fields: Vec<Field>,
}

pub struct Field {
    pub number: u32,
    pub json: String,
    pub kind: Kind,
    /// A variant of `Label`.
    pub label: &'static str,
    /// Names of the flags of `src/schema/row.rs`.
    pub flags: Vec<&'static str>,
}

pub enum Kind {
    /// A variant of `Type`.
    Scalar(&'static str),
    /// A message's full name.
    Message(String),
}

impl Table {
    pub fn new(input: &Input) -> Result<Table, String> {
        let mut names = BTreeSet::new();
        let mut packages = BTreeMap::<String, Vec<Message>>::new();
        for schema in [&input.kubernetes, &input.openshift] {
            for (name, message) in &schema.messages {
                if !names.insert(name.as_str()) {
                    return Err(format!("{name}: in both schemas"));
                }
                let message = Message::new(name, message)?;
                let package = package_of(name)?.to_owned();
                packages.entry(package).or_default().push(message);
            }
        }
        let kinds = kinds(&[&input.kubernetes, &input.openshift])?;

        let targets = packages.values().flatten().flat_map(|message| {
            let of = |field: &Field| match &field.kind {
                Kind::Message(target) => Some((message.full_name.clone(), target.clone())),
                Kind::Scalar(_) => None,
            };
            message.fields.iter().filter_map(of).collect::<Vec<_>>()
        });
        let kind_targets = kinds
            .iter()
            .map(|kind| (format!("{:?}", kind.form.key()), kind.form.message.clone()));
        for (from, target) in targets.chain(kind_targets) {
            if !names.contains(target.as_str()) {
                return Err(format!(
                    "{from}: names the message {target}, which is in no schema"
                ));
            }
        }
        for messages in packages.values_mut() {
            messages.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(Table { packages, kinds })
    }
}

/// The package of a message's full name.
pub fn package_of(full_name: &str) -> Result<&str, String> {
    match full_name.rsplit_once('.') {
        Some((package, _)) => Ok(package),
        None => Err(format!("{full_name}: a message without a package")),
    }
}

fn kinds(schemas: &[&Schema]) -> Result<Vec<input::Kind>, String> {
    let mut kinds = schemas
        .iter()
        .flat_map(|s| s.kinds.clone())
        .collect::<Vec<_>>();
    kinds.sort_by(|a, b| a.form.key().cmp(&b.form.key()));
    match kinds
        .windows(2)
        .find(|pair| pair[0].form.key() == pair[1].form.key())
    {
        Some(pair) => Err(format!(
            "{:?}: a kind that stands twice",
            pair[0].form.key()
        )),
        None => Ok(kinds),
    }
}

impl Message {
    fn new(full_name: &str, message: &input::Message) -> Result<Message, String> {
        let fail = |what: &str| Err(format!("{full_name}: {what}"));
        let name = full_name.rsplit('.').next().unwrap_or_default();
        let pascal = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        if !pascal {
            return fail("the name is not in PascalCase");
        }
        let form = match (message.special.as_deref(), message.wrapper.as_deref()) {
            (None, None) => "Object",
            (None, Some("slice")) => "Slice",
            (None, Some("map")) => "Map",
            (None, Some(other)) => return fail(&format!("unknown wrapper {other:?}")),
            (Some(special), None) => match form_of(special, message) {
                Some(form) => form,
                None => {
                    return fail(&format!(
                        "unknown special {special:?}, or not with its fields"
                    ));
                }
            },
            (Some(_), Some(_)) => return fail("both special and a wrapper"),
        };
        let type_meta = match message.type_meta {
            None => false,
            Some(0) => true,
            Some(_) => return fail("a TypeMeta that is not the first member"),
        };
        if type_meta && form != "Object" {
            return fail("a TypeMeta in a message with a form of its own");
        }
        let mut fields = Vec::new();
        for (i, field) in message.fields.iter().enumerate() {
            let fail = |what: String| format!("{full_name} #{}: {what}", field.form.number);
            if field.order as usize != i + usize::from(type_meta) {
                return Err(fail(format!("order {} at place {i}", field.order)));
            }
            let retired = field.until.is_some() && field.until != message.until;
            fields.push(Field::new(&field.form, form, retired).map_err(fail)?);
        }
        if matches!(form, "Slice" | "Map") {
            let label = if form == "Slice" { "Repeated" } else { "Map" };
            if fields.len() != 1 || fields[0].number != 1 || fields[0].label != label {
                return fail("a wrapper's one field is number 1 and holds its items");
            }
        }
        let numbers = fields.iter().map(|f| f.number).collect::<BTreeSet<_>>();
        let named = || fields.iter().filter(|f| !f.json.is_empty());
        let json = named().map(|f| &f.json).collect::<BTreeSet<_>>();
        if numbers.len() != fields.len() || json.len() != named().count() {
            return fail("a number or a JSON name stands twice");
        }
        Ok(Message {
            full_name: full_name.to_owned(),
            name: name.to_owned(),
            form,
            type_meta,
            fields,
        })
    }
}

/// The form that a `special` names, if the fields are those that its code in
/// `src/de/well_known/` reads.
fn form_of(special: &str, message: &input::Message) -> Option<&'static str> {
    let (form, expected): (_, &[_]) = match special {
        "Duration" => ("Duration", &["1 int64 one"]),
        "Fields" => ("Fields", &["1 message map"]),
        "FieldsV1" => ("FieldsV1", &["1 bytes one"]),
        "GroupVersion" => ("GroupVersion", &["1 string one", "2 string one"]),
        "IntOrString" => (
            "IntOrString",
            &["1 int64 one", "2 int32 one", "3 string one"],
        ),
        "JSON" => ("Json", &["1 bytes one"]),
        "JSONSchemaPropsOrArray" => (
            "JsonSchemaPropsOrArray",
            &["1 message one", "2 message repeated"],
        ),
        "JSONSchemaPropsOrBool" => ("JsonSchemaPropsOrBool", &["1 bool one", "2 message one"]),
        "JSONSchemaPropsOrStringArray" => (
            "JsonSchemaPropsOrStringArray",
            &["1 message one", "2 string repeated"],
        ),
        "MicroTime" => ("MicroTime", &["1 int64 one", "2 int32 one"]),
        "Quantity" => ("Quantity", &["1 string one"]),
        "RawExtension" => ("RawExtension", &["1 bytes one"]),
        "Time" => ("Time", &["1 int64 one", "2 int32 one"]),
        "Unknown" => (
            "Unknown",
            &[
                "1 message one",
                "2 bytes one",
                "3 string one",
                "4 string one",
            ],
        ),
        _ => return None,
    };
    let fields = message.fields.iter().map(|field| {
        let form = &field.form;
        format!("{} {} {}", form.number, form.kind, form.label)
    });
    fields.eq(expected.iter().copied()).then_some(form)
}

impl Field {
    /// `form` is the form of the message that the field stands in.
    fn new(field: &input::FieldForm, form: &str, retired: bool) -> Result<Field, String> {
        let kind = match (field.kind.as_str(), &field.message) {
            ("message", Some(target)) => Kind::Message(target.clone()),
            ("message", None) => return Err("a message without its name".to_owned()),
            (_, Some(_)) => return Err("a scalar with the name of a message".to_owned()),
            ("bool", None) => Kind::Scalar("Bool"),
            ("bytes", None) => Kind::Scalar("Bytes"),
            ("double", None) => Kind::Scalar("Double"),
            ("int32", None) => Kind::Scalar("Int32"),
            ("int64", None) => Kind::Scalar("Int64"),
            ("string", None) => Kind::Scalar("String"),
            ("uint32", None) => Kind::Scalar("Uint32"),
            (other, None) => return Err(format!("unknown type {other:?}")),
        };
        let label = match (field.label.as_str(), field.key.as_deref()) {
            ("one", None) => "One",
            ("repeated", None) => "Repeated",
            ("map", Some("string")) => "Map",
            (label, key) => return Err(format!("label {label:?} with key {key:?}")),
        };
        if field.pointer && label != "One" {
            return Err("a pointer to a list or a map".to_owned());
        }
        // `[]*T` in Go. Protobuf has no nil element, so on the wire and in the
        // JSON of what was read from there it is the same as `[]T`: no flag.
        if field.elem_pointer && (label != "Repeated" || !matches!(kind, Kind::Message(_))) {
            return Err("elemPointer outside of a list of messages".to_owned());
        }
        let message = matches!(kind, Kind::Message(_));
        // The bytes or the number that a message with a form of its own embeds
        // are `inline` or `notInJSON`: the form says all that is to be said.
        let carrier = form != "Object" && field.json.is_empty();
        if field.not_in_json && !carrier {
            return Err("notInJSON in a message without a form of its own".to_owned());
        }
        let inline = field.inline && !carrier;
        if inline && (!message || label != "One" || field.pointer || retired) {
            return Err("inline, but not a plain message that is still in use".to_owned());
        }
        if inline != field.json.is_empty() && !carrier {
            return Err("a JSON name and inline, or neither".to_owned());
        }
        if field.omitzero && !(message && label == "One" && !field.pointer) {
            return Err("omitzero on something else than a plain message".to_owned());
        }
        if !field
            .json
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-$_.".contains(c))
        {
            return Err(format!("JSON name {:?} would need escapes", field.json));
        }
        if !(1..1 << 29).contains(&field.number) {
            return Err("not a field number".to_owned());
        }
        let flags = [
            (field.pointer, "POINTER"),
            (field.omitempty, "OMITEMPTY"),
            (field.omitzero, "OMITZERO"),
            (inline, "INLINE"),
            (retired, "RETIRED"),
        ];
        Ok(Field {
            number: field.number,
            json: field.json.clone(),
            kind,
            label,
            flags: flags
                .iter()
                .filter(|(set, _)| *set)
                .map(|(_, flag)| *flag)
                .collect(),
        })
    }
}
