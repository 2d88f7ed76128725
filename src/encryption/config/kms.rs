//! A `kms` provider.

use std::collections::HashSet;
use std::time::Duration;

use crate::encryption::Provider;
use crate::encryption::config::KmsConfiguration;
use crate::encryption::config::duration::parse_duration;
use crate::encryption::config::endpoint;
use crate::encryption::config::read::{Reader, child, what};
use crate::encryption::config::rules::Release;
use crate::yaml::document::{Node, Value};

/// Names of the KMS providers so far.
#[derive(Default)]
pub(super) struct KmsNames(HashSet<String>);

impl Reader {
    pub(super) fn kms(&mut self, node: &Node, path: String) -> Option<KmsConfiguration> {
        let known = ["apiVersion", "name", "cachesize", "endpoint", "timeout"];
        let fields = self.fields(node, &path, &known);
        let release = self.problems.release();

        let at = child(&path, "apiVersion");
        let provider = match self.text(fields.get("apiVersion"), &at) {
            "" | "v1" => Some(Provider::KmsV1),
            "v2" => Some(Provider::KmsV2),
            _ => {
                self.problems.add(Release::KMS_V2, &at, "need v1 or v2");
                None
            }
        };
        let v1 = provider == Some(Provider::KmsV1);
        match provider {
            Some(Provider::KmsV1) if release >= Release::KMS_V1_GATE => self.problems.warn(
                &path,
                format!(
                    "is KMS v1: refused since {} without --feature-gates=KMSv1=true",
                    Release::KMS_V1_GATE
                ),
            ),
            Some(Provider::KmsV2) if release < Release::KMS_V2 => self.problems.warn(
                &at,
                format!("is not known before {}: taken for v1", Release::KMS_V2),
            ),
            Some(Provider::KmsV2) if release < Release::WILDCARDS => self.problems.warn(
                &path,
                format!(
                    "is KMS v2: refused before {} without --feature-gates=KMSv2=true",
                    Release::WILDCARDS
                ),
            ),
            _ => {}
        }

        let at = child(&path, "name");
        let name = self.text(fields.get("name"), &at);
        if name.is_empty() {
            self.problem(&at, "a name is needed");
        }
        if !v1 && name.contains(':') {
            self.problems.add(Release::KMS_V2, &at, "holds a ':'");
        }
        if !self.kms_names.0.insert(name.to_owned()) && !v1 {
            let detail = "is the name of another KMS provider";
            self.problems.add(Release::KMS_NAMES, &at, detail);
        }

        let at = child(&path, "timeout");
        let timeout = match fields.get("timeout") {
            None => Some(Duration::from_secs(3)),
            node => parse_duration(self.text(node, &at)),
        };
        match timeout {
            None => self.problem(&at, "not a duration"),
            Some(timeout) if timeout.is_zero() => self.problem(&at, "need more than zero"),
            Some(_) => {}
        }

        let at = child(&path, "endpoint");
        let endpoint = self.text(fields.get("endpoint"), &at);
        if let Err(detail) = endpoint::check(endpoint) {
            self.problem(&at, detail);
        }

        let at = child(&path, "cachesize");
        let mut cache_size = v1.then_some(1000);
        let given = fields.get("cachesize");
        if given.is_some() && !v1 {
            self.problems
                .add(Release::WILDCARDS, &at, "only v1 has one");
        }
        match given.map(|node| (node, &node.value)) {
            None => {}
            Some((_, Value::Integer(0))) => {
                self.problem(&at, "0, need another, negative for no cache");
            }
            Some((_, Value::Integer(size))) => match i32::try_from(*size) {
                Ok(size) => cache_size = v1.then_some(size),
                Err(_) => self.problem(&at, "does not fit 32 bits"),
            },
            Some((node, _)) => self.problem(&at, format!("{}, need a whole number", what(node))),
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
