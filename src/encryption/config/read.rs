//! From the document's tree to the configuration, collecting what is wrong.

use std::rc::Rc;

use crate::encryption::config::kms::KmsNames;
use crate::encryption::config::problems::Problems;
use crate::encryption::config::resource::{self, Seen};
use crate::encryption::config::rules::Release;
use crate::encryption::config::{
    EncryptionConfiguration, Key, ProviderConfiguration, ResourceConfiguration,
};
use crate::encryption::secret_text::decode_base64;
use crate::error::Error;
use crate::yaml::document::{self, Field, Node, Value};

/// Bytes of a configuration. The largest sensible one has some kilobytes.
const BYTES: usize = 16 << 20;

pub(super) fn read(bytes: &[u8], release: Release) -> (EncryptionConfiguration, Vec<Error>) {
    let mut reader = Reader {
        problems: Problems::new(release),
        kms_names: KmsNames::default(),
    };
    let resources = if bytes.len() > BYTES {
        reader.problem("", format!("longer than {BYTES} bytes"));
        Vec::new()
    } else {
        match document::read(bytes) {
            Ok(document) => reader.document(&document),
            Err(fault) => {
                let detail = format!(
                    "not readable as {} at {}: {}",
                    fault.format, fault.place, fault.problem
                );
                reader.problem("", detail);
                Vec::new()
            }
        }
    };
    let (problems, warnings) = reader.problems.finish();
    let configuration = EncryptionConfiguration {
        resources,
        warnings,
    };
    (configuration, problems)
}

pub(super) struct Reader {
    pub(super) problems: Problems,
    pub(super) kms_names: KmsNames,
}

/// The fields of one mapping; the last one counts where a name stands twice.
pub(super) struct Fields<'n>(&'n [Field]);

impl<'n> Fields<'n> {
    /// The field's value; none if it is null, as in Go.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        let field = self.0.iter().rev().find(|field| **field.name == name)?;
        (!matches!(field.node.value, Value::Null)).then_some(&*field.node)
    }
}

/// What a node is, with its article.
pub(super) fn what(node: &Node) -> &'static str {
    match node.value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Integer(_) | Value::Float => "a number",
        Value::Text(_) => "a string",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "a mapping",
    }
}

impl Reader {
    pub(super) fn problem(
        &mut self,
        path: &str,
        detail: impl Into<std::borrow::Cow<'static, str>>,
    ) {
        self.problems.add(Release::ALWAYS, path, detail);
    }

    /// The fields of a mapping, unknown and duplicate ones reported.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, path: &str, known: &[&str]) -> Fields<'n> {
        let Value::Mapping(fields) = &node.value else {
            self.problem(path, format!("{}, need a mapping", what(node)));
            return Fields(&[]);
        };
        let mut seen = vec![false; known.len()];
        for field in fields {
            let index = known.iter().position(|name| **field.name == *name);
            match index.and_then(|index| seen.get_mut(index)) {
                // The name may be a key in the wrong place.
                None => self.problems.add_strict(path, || {
                    format!(
                        "unknown field of {} characters at {}",
                        field.name.chars().count(),
                        field.place
                    )
                }),
                Some(true) => {
                    let path = child(path, &field.name);
                    self.problems
                        .add_strict(&path, || "duplicate field".to_owned());
                }
                Some(seen) => *seen = true,
            }
        }
        Fields(fields)
    }

    fn list<'n>(&mut self, node: Option<&'n Node>, path: &str) -> &'n [Rc<Node>] {
        match node.map(|node| (node, &node.value)) {
            Some((_, Value::Sequence(items))) if !items.is_empty() => items,
            None | Some((_, Value::Sequence(_))) => {
                self.problem(path, "at least one is needed");
                &[]
            }
            Some((node, _)) => {
                self.problem(path, format!("{}, need a list", what(node)));
                &[]
            }
        }
    }

    pub(super) fn text<'n>(&mut self, node: Option<&'n Node>, path: &str) -> &'n str {
        match node.map(|node| (node, &node.value)) {
            Some((_, Value::Text(text))) => text,
            // Go leaves a string as it is, empty.
            None | Some((_, Value::Null)) => "",
            Some((node, _)) => {
                self.problem(path, format!("{}, need a string", what(node)));
                ""
            }
        }
    }

    fn document(&mut self, document: &Node) -> Vec<ResourceConfiguration> {
        let fields = self.fields(document, "", &["apiVersion", "kind", "resources"]);
        let version = self.text(fields.get("apiVersion"), "apiVersion");
        let kind = self.text(fields.get("kind"), "kind");
        match (version, kind) {
            ("apiserver.config.k8s.io/v1", "EncryptionConfiguration") => {}
            // Accepted since the documentation once said so.
            ("v1" | "/v1", "EncryptionConfig") => {}
            _ => self.problem(
                "kind",
                "need EncryptionConfiguration of apiVersion apiserver.config.k8s.io/v1",
            ),
        }
        let items = self.list(fields.get("resources"), "resources");
        let rules: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.rule(item, &format!("resources[{index}]")))
            .collect();
        let mut seen = Seen::default();
        for (rule, of_rule) in rules.iter().enumerate() {
            for (index, resource) in of_rule.resources.iter().enumerate() {
                if let Some((other, place)) = seen.mask(resource, (rule, index)) {
                    let path = format!("resources[{rule}].resources[{index}]");
                    let detail = format!("is masked by resources[{other}].resources[{place}]");
                    self.problems.add(Release::WILDCARDS, &path, detail);
                }
            }
        }
        rules
    }

    fn rule(&mut self, node: &Node, path: &str) -> ResourceConfiguration {
        let fields = self.fields(node, path, &["resources", "providers"]);
        let list = child(path, "resources");
        let mut resources = Vec::new();
        for (index, item) in self.list(fields.get("resources"), &list).iter().enumerate() {
            let path = format!("{list}[{index}]");
            let text = self.text(Some(item), &path).to_owned();
            resources.push((path, text));
        }
        resource::check(&resources, &list, &mut self.problems);

        let list = child(path, "providers");
        let mut providers = Vec::new();
        for (index, item) in self.list(fields.get("providers"), &list).iter().enumerate() {
            self.providers(item, &format!("{list}[{index}]"), &mut providers);
        }
        if let Some(ProviderConfiguration::Identity) = providers.first() {
            self.problems.warn(
                &format!("{list}[0].identity"),
                "is the first provider: new values are written plain",
            );
        }
        ResourceConfiguration {
            resources: resources
                .into_iter()
                .map(|(_, resource)| resource)
                .collect(),
            providers,
        }
    }

    /// One element of `providers`, which should have exactly one.
    fn providers(&mut self, node: &Node, path: &str, providers: &mut Vec<ProviderConfiguration>) {
        const KNOWN: [&str; 5] = ["aesgcm", "aescbc", "secretbox", "identity", "kms"];
        let fields = self.fields(node, path, &KNOWN);
        for name in KNOWN {
            let Some(node) = fields.get(name) else {
                continue;
            };
            let path = child(path, name);
            providers.push(match name {
                "aesgcm" => ProviderConfiguration::AesGcm(self.keys(node, &path, &[16, 24, 32])),
                "aescbc" => ProviderConfiguration::AesCbc(self.keys(node, &path, &[16, 24, 32])),
                "secretbox" => ProviderConfiguration::Secretbox(self.keys(node, &path, &[32])),
                "identity" => {
                    self.fields(node, &path, &[]);
                    ProviderConfiguration::Identity
                }
                _ => match self.kms(node, path) {
                    Some(kms) => ProviderConfiguration::Kms(kms),
                    None => continue,
                },
            });
        }
        let found = KNOWN
            .iter()
            .filter(|name| fields.get(name).is_some())
            .count();
        if found == 0 && matches!(node.value, Value::Mapping(_)) {
            self.problem(
                path,
                "no provider, need one of aesgcm, aescbc, secretbox, identity, kms",
            );
        }
        if found > 1 {
            self.problem(
                path,
                "more than one provider, each needs an element of its own",
            );
        }
    }

    fn keys(&mut self, node: &Node, path: &str, lengths: &[usize]) -> Vec<Key> {
        let fields = self.fields(node, path, &["keys"]);
        let list = child(path, "keys");
        let items = self.list(fields.get("keys"), &list);
        let key =
            |(index, item): (usize, &Rc<Node>)| self.key(item, format!("{list}[{index}]"), lengths);
        items.iter().enumerate().filter_map(key).collect()
    }

    fn key(&mut self, node: &Node, path: String, lengths: &[usize]) -> Option<Key> {
        let fields = self.fields(node, &path, &["name", "secret"]);
        let at = child(&path, "name");
        let name = self.text(fields.get("name"), &at);
        if name.is_empty() {
            self.problem(&at, "a name is needed");
        }
        let at = child(&path, "secret");
        let text = self.text(fields.get("secret"), &at);
        if text.is_empty() {
            self.problem(&at, "a secret is needed");
            return None;
        }
        let Some(secret) = decode_base64(text) else {
            self.problem(&at, "not base64");
            return None;
        };
        if !lengths.contains(&secret.len()) {
            let need = match lengths {
                [one] => one.to_string(),
                _ => "16, 24 or 32".into(),
            };
            self.problem(&at, format!("{} bytes, need {need}", secret.len()));
            return None;
        }
        Some(Key {
            name: name.to_owned(),
            secret,
            path,
        })
    }
}

pub(super) fn child(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
