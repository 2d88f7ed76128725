//! What is printed of a value's content is JSON and equals what serde gives of
//! it; its YAML, read as a stored value, is the same object; text is the value
//! itself. What counts as recognisable for a cipher is an object, or one in base64.

use k8s_etcd::Decoder;
use k8s_etcd::storage_value::{Content, Document, Media, StorageValue};
use serde_json::Value;

use super::same::{alike, same};

pub fn storage_value(data: &[u8]) {
    let value = StorageValue::parse(data);
    let media = value.media();
    let recognizable = StorageValue::is_recognizable(data);
    let in_base64 = Decoder::new().open(None, data).is_base64();
    match value.into_content() {
        Ok(Content::Object(object)) => {
            assert!(recognizable && media == Media::Protobuf);
            let printed = object.to_json();
            same(&printed, object.decode());
            let _ = (object.name(), object.namespace());
            if let (Ok((json, _)), Ok((yaml, _))) = (printed, object.to_yaml()) {
                same_yaml(&json, &yaml);
            }
        }
        Ok(Content::Document(document)) => {
            let whole = document.kind().is_some() && document.api_version().is_some();
            assert_eq!(recognizable, whole);
            assert!(matches!(media, Media::Json | Media::Yaml | Media::Cbor));
            self::document(&document, data.len());
        }
        Ok(Content::Text(text)) => {
            assert_eq!((text.as_bytes(), media), (data, Media::Text));
            assert_eq!(recognizable, in_base64);
        }
        Ok(_) | Err(_) => assert_eq!(recognizable, in_base64),
    }
}

/// Of a document of `length` bytes. It does not grow beyond a small factor.
pub fn document(document: &Document<'_>, length: usize) {
    let printed = document.to_json();
    same(&printed, document.decode());
    if let Ok((json, _)) = printed {
        assert!(json.len() <= 24 * length + 24 * 1024);
        if let Ok((yaml, _)) = document.to_yaml() {
            assert!(yaml.len() <= 150 * json.len() + 1024);
            same_yaml(&json, &yaml);
        }
    }
}

/// Without kind and version YAML is only text.
fn same_yaml(json: &[u8], yaml: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(json) else {
        return;
    };
    let is_text = |name: &str| value.get(name).is_some_and(Value::is_string);
    if !is_text("apiVersion") || !is_text("kind") {
        return;
    }
    let stored = StorageValue::parse(yaml);
    assert_eq!(stored.media(), Media::Yaml);
    let Ok(Content::Document(document)) = stored.into_content() else {
        panic!("YAML that does not read");
    };
    let reread = document.decode::<Value>().expect("any value");
    assert!(alike(&reread, &value), "{reread} is not {value}");
}
