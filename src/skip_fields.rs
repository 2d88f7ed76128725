//! Fields that a caller does not want decoded.

use std::sync::Arc;

/// Fields to leave out, by their paths: they are read over, neither decoded nor
/// checked, and no member stands for them.
///
/// A path is made of JSON names: `metadata.managedFields`. Lists, and maps of an
/// object with a schema, add nothing to it: `spec.template.spec.containers.env` is meant of all
/// containers, and `items.metadata.managedFields` of all items of a list. A path
/// that an object does not have means nothing to it.
///
/// ```
/// use k8s_etcd::{Object, SkipFields, schema};
///
/// let port = schema::message("k8s.io.api.core.v1.ContainerPort").unwrap();
/// let object = Object::of_message(port, b"\x18\x50\x22\x03TCP");
/// let (json, _) = object.skip_fields(&SkipFields::new(["protocol"])).to_json()?;
/// assert_eq!(json, br#"{"containerPort":80}"#);
/// # Ok::<_, k8s_etcd::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SkipFields(Option<Arc<Node>>);

/// One name of the paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Node {
    name: String,
    /// A path ends here.
    whole: bool,
    below: Vec<Node>,
}

impl SkipFields {
    /// Of paths as above. One with an empty name means nothing.
    pub fn new<P: AsRef<str>>(paths: impl IntoIterator<Item = P>) -> SkipFields {
        let mut root = Node::default();
        for path in paths {
            let path = path.as_ref();
            if !path.split('.').any(str::is_empty) {
                root.add(path);
            }
        }
        SkipFields((!root.below.is_empty()).then(|| Arc::new(root)))
    }

    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// At the object itself.
    pub(crate) fn root(&self) -> Skip<'_> {
        Skip(self.0.as_deref())
    }
}

impl Node {
    fn add(&mut self, path: &str) {
        let mut node = self;
        for name in path.split('.') {
            let at = node.below.iter().position(|below| below.name == name);
            let at = at.unwrap_or_else(|| {
                node.below.push(Node {
                    name: name.to_owned(),
                    ..Node::default()
                });
                node.below.len().saturating_sub(1)
            });
            let Some(next) = node.below.get_mut(at) else {
                return;
            };
            node = next;
        }
        node.whole = true;
    }
}

/// What to leave out of one message and below it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Skip<'s>(Option<&'s Node>);

impl<'s> Skip<'s> {
    /// Whether there is nothing to leave out.
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.0.is_none()
    }

    /// Whether the member is left out.
    #[inline]
    pub(crate) fn skips(self, name: &str) -> bool {
        self.below(name).0.is_some_and(|node| node.whole)
    }

    /// What to leave out below the member.
    #[inline]
    pub(crate) fn below(self, name: &str) -> Skip<'s> {
        let Some(node) = self.0 else {
            return self;
        };
        Skip(node.below.iter().find(|below| below.name == name))
    }
}
