//! What is timed.

use std::fs;

use k8s_etcd::encryption::{aescbc, aesgcm, secretbox};
use k8s_etcd::envelope::Envelope;
use k8s_etcd::storage_value::Content;
use k8s_etcd::{Decoder, Object, SkipFields};

use crate::corpus::{self, Stored};
use crate::kinds::{self, Kind};
use crate::{Result, decoder};

/// A stage done once for all values; tells how many bytes came out.
type Pass = Box<dyn FnMut() -> Result<usize>>;

pub fn pass(name: &str, files: &[&str]) -> Result<Pass> {
    if let Some(provider) = name.strip_suffix("-4k") {
        return crypto(provider);
    }
    let (first, others) = files.split_first().ok_or("a stage needs a corpus")?;
    if name == "value" {
        let value = fs::read(first)?;
        let stored = Stored {
            key: Vec::new(),
            value,
        };
        return Ok(json(vec![stored]));
    }
    let values = corpus::read(first)?;
    if name.starts_with("sealed-") {
        return Ok(sealed(values, decoder(others)?));
    }
    match name {
        "json" => Ok(json(values)),
        "typed" | "typed-bare" => typed(values, |_, object, kind| (kind.decode)(object)),
        // The values with managedFields, which are left out while decoding.
        "typed-skipping" => {
            let skip = SkipFields::new(["metadata.managedFields"]);
            typed(values, move |_, object, kind| {
                (kind.decode)(&object.clone().skip_fields(&skip))
            })
        }
        "printed-and-parsed" | "printed-and-parsed-bare" => {
            let mut out = Vec::new();
            typed(values, move |_, object, kind| {
                out.clear();
                object.append_json(&mut out)?;
                (kind.parse)(&out)
            })
        }
        "prost" | "prost-bare" => typed(values, |envelope, _, kind| (kind.prost)(envelope.raw())),
        _ => Err(format!("unknown stage {name:?}").into()),
    }
}

fn object(value: &[u8]) -> Result<(Envelope<'_>, Object<'_>)> {
    let envelope = Envelope::parse(value)?;
    let object = Object::of_envelope(&envelope)?;
    Ok((envelope, object))
}

fn json(values: Vec<Stored>) -> Pass {
    let mut out = Vec::new();
    Box::new(move || {
        let mut sum = 0;
        for stored in &values {
            out.clear();
            object(&stored.value)?.1.append_json(&mut out)?;
            sum += out.len();
        }
        Ok(sum)
    })
}

/// Something for each value and its kind. Which kind it is, is known beforehand: a
/// caller names the type. Gives the values' own length.
fn typed(
    values: Vec<Stored>,
    mut work: impl FnMut(&Envelope<'_>, &Object<'_>, &Kind) -> Result<()> + 'static,
) -> Result<Pass> {
    let mut known = Vec::new();
    for stored in values {
        let kind = kinds::find(&object(&stored.value)?.1).ok_or("not all peers have its kind")?;
        known.push((stored, kind));
    }
    Ok(Box::new(move || {
        let mut sum = 0;
        for (stored, kind) in &known {
            let (envelope, object) = object(&stored.value)?;
            work(&envelope, &object, kind)?;
            sum += stored.value.len();
        }
        Ok(sum)
    }))
}

/// From the encrypted value to JSON.
fn sealed(values: Vec<Stored>, decoder: Decoder) -> Pass {
    let mut out = Vec::new();
    Box::new(move || {
        let mut sum = 0;
        for stored in &values {
            let opened = decoder.open(Some(&stored.key), &stored.value);
            let Content::Object(object) = opened.storage_value()?.into_content()? else {
                return Err("no object".into());
            };
            out.clear();
            object.append_json(&mut out)?;
            sum += out.len();
        }
        Ok(sum)
    })
}

/// What `newCryptoPass` of the Go side does: a thousand times 4 KiB.
fn crypto(provider: &str) -> Result<Pass> {
    const ETCD_KEY: &[u8] = b"/registry/secrets/default/name";
    let key: Vec<u8> = (0..32).collect();
    let plain: Vec<u8> = (0..4096_u32).map(|i| i as u8).collect();
    Ok(match provider {
        "aesgcm" => {
            let key = aesgcm::Key::new(&key)?;
            let sealed = key.seal(&[7; 12], ETCD_KEY, &plain)?;
            thousand(move || Ok(key.open(&sealed, ETCD_KEY)?.len()))
        }
        "aescbc" => {
            let key = aescbc::Key::new(&key)?;
            let sealed = key.seal(&[7; 16], &plain);
            thousand(move || Ok(key.open(&sealed)?.len()))
        }
        "secretbox" => {
            let key = secretbox::Key::new(&key)?;
            let sealed = key.seal(&[7; 24], &plain);
            thousand(move || Ok(key.open(&sealed)?.len()))
        }
        _ => return Err(format!("unknown provider {provider:?}").into()),
    })
}

fn thousand(mut open: impl FnMut() -> Result<usize> + 'static) -> Pass {
    Box::new(move || (0..1000).map(|_| open()).sum())
}
