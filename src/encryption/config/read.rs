//! From the document's tree to the configuration, collecting what is wrong.

use std::collections::HashSet;

use crate::encryption::Provider;
use crate::encryption::config::kms::{check_endpoint, parse_duration};
use crate::encryption::config::node::Node;
use crate::encryption::config::resource::{self, Seen};
use crate::encryption::config::{
    EncryptionConfiguration, Key, KmsConfiguration, ProviderConfiguration, ResourceConfiguration,
    problem,
};
use crate::encryption::secret_text::decode_base64;
use crate::error::Error;

pub(super) fn read(bytes: &[u8]) -> (EncryptionConfiguration, Vec<Error>) {
    let mut reader = Reader::default();
    let resources = match Node::parse(bytes) {
        Ok(document) => reader.document(&document),
        Err(error) => {
            reader.problems.push(error);
            Vec::new()
        }
    };
    (EncryptionConfiguration { resources }, reader.problems)
}

#[derive(Default)]
struct Reader {
    problems: Vec<Error>,
    kms_names: HashSet<String>,
}

/// The fields of one mapping; the last one counts where a name stands twice.
struct Fields<'n>(&'n [(String, Node)]);

impl<'n> Fields<'n> {
    /// The field's value; none if it is null, as in Go.
    fn get(&self, name: &str) -> Option<&'n Node> {
        let (_, node) = self.0.iter().rev().find(|(key, _)| key == name)?;
        (!matches!(node, Node::Null)).then_some(node)
    }
}

impl Reader {
    fn problem(&mut self, path: &str, detail: impl Into<std::borrow::Cow<'static, str>>) {
        self.problems.push(problem(path, detail));
    }

    /// The fields of a mapping, unknown and duplicate ones reported.
    fn fields<'n>(&mut self, node: &'n Node, path: &str, known: &[&str]) -> Fields<'n> {
        let Node::Mapping(fields) = node else {
            self.problem(path, format!("{}, need a mapping", node.what()));
            return Fields(&[]);
        };
        let mut seen = HashSet::new();
        for (name, _) in fields {
            let path = child(path, name);
            if !known.contains(&name.as_str()) {
                self.problem(&path, "unknown field");
            } else if !seen.insert(name) {
                self.problem(&path, "duplicate field");
            }
        }
        Fields(fields)
    }

    fn list<'n>(&mut self, node: Option<&'n Node>, path: &str) -> &'n [Node] {
        match node {
            Some(Node::Sequence(items)) if !items.is_empty() => items,
            None | Some(Node::Sequence(_)) => {
                self.problem(path, "at least one is needed");
                &[]
            }
            Some(node) => {
                self.problem(path, format!("{}, need a list", node.what()));
                &[]
            }
        }
    }

    fn text<'n>(&mut self, node: Option<&'n Node>, path: &str) -> &'n str {
        match node {
            Some(Node::Text(text)) => text,
            // Go leaves a string as it is, empty.
            None | Some(Node::Null) => "",
            Some(node) => {
                self.problem(path, format!("{}, need a string", node.what()));
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
            ("v1", "EncryptionConfig") => {}
            _ => self.problem(
                "kind",
                format!(
                    "{kind:?} of apiVersion {version:?}, need EncryptionConfiguration of \
                     apiserver.config.k8s.io/v1"
                ),
            ),
        }
        let items = self.list(fields.get("resources"), "resources");
        let rules: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.rule(item, &format!("resources[{index}]")))
            .collect();
        let mut seen = Seen::default();
        for (index, rule) in rules.iter().enumerate() {
            for resource in &rule.resources {
                if let Some(mask) = seen.mask(resource) {
                    self.problem(
                        &format!("resources[{index}].resources"),
                        format!("{resource:?} is masked by the earlier {mask:?}"),
                    );
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
        if found == 0 && matches!(node, Node::Mapping(_)) {
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
        let key = |(index, item)| self.key(item, format!("{list}[{index}]"), lengths);
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

    fn kms(&mut self, node: &Node, path: String) -> Option<KmsConfiguration> {
        let known = ["apiVersion", "name", "cachesize", "endpoint", "timeout"];
        let fields = self.fields(node, &path, &known);

        let at = child(&path, "apiVersion");
        let provider = match self.text(fields.get("apiVersion"), &at) {
            "" | "v1" => Some(Provider::KmsV1),
            "v2" => Some(Provider::KmsV2),
            other => {
                self.problem(&at, format!("{other:?}, need v1 or v2"));
                None
            }
        };
        let v1 = provider == Some(Provider::KmsV1);

        let at = child(&path, "name");
        let name = self.text(fields.get("name"), &at);
        if name.is_empty() {
            self.problem(&at, "a name is needed");
        }
        if !v1 && name.contains(':') {
            self.problem(&at, format!("{name:?} has a ':'"));
        }
        if !self.kms_names.insert(name.to_owned()) && !v1 {
            self.problem(&at, format!("{name:?} is the name of another KMS provider"));
        }

        let at = child(&path, "timeout");
        let timeout = match fields.get("timeout") {
            None => Some(std::time::Duration::from_secs(3)),
            node => parse_duration(self.text(node, &at)),
        };
        match timeout {
            None => self.problem(&at, "not a duration"),
            Some(timeout) if timeout.is_zero() => self.problem(&at, "need more than zero"),
            Some(_) => {}
        }

        let at = child(&path, "endpoint");
        let endpoint = self.text(fields.get("endpoint"), &at);
        if let Some(detail) = check_endpoint(endpoint) {
            self.problem(&at, detail);
        }

        let at = child(&path, "cachesize");
        let mut cache_size = v1.then_some(1000);
        match fields.get("cachesize") {
            None => {}
            Some(_) if !v1 => self.problem(&at, "only v1 has one"),
            Some(Node::Integer(0)) => self.problem(&at, "0, need another, negative for no cache"),
            Some(Node::Integer(size)) => match i32::try_from(*size) {
                Ok(size) => cache_size = Some(size),
                Err(_) => self.problem(&at, "does not fit 32 bits"),
            },
            Some(node) => self.problem(&at, format!("{}, need a whole number", node.what())),
        }

        Some(KmsConfiguration {
            provider: provider?,
            name: name.to_owned(),
            cache_size,
            endpoint: endpoint.to_owned(),
            timeout: timeout.unwrap_or_default(),
            path,
        })
    }
}

fn child(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
