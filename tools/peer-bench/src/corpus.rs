//! Stored values, in the form that `corpus.go` tells of.

use std::fs;

use k8s_etcd::envelope::Envelope;
use k8s_etcd::storage_value::Content;
use k8s_etcd::{Decoder, Object};

use crate::{Result, decoder, kinds};

/// An etcd key and the value under it.
pub struct Stored {
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

/// All records, each of so many parts.
fn records<const N: usize>(path: &str) -> Result<Vec<[Vec<u8>; N]>> {
    let bytes = fs::read(path)?;
    let mut rest = &*bytes;
    let mut records = Vec::new();
    while !rest.is_empty() {
        let mut record = [const { Vec::new() }; N];
        for part in &mut record {
            let (length, after) = rest.split_first_chunk::<4>().ok_or("cut off")?;
            let length = u32::from_le_bytes(*length) as usize;
            let (bytes, after) = after.split_at_checked(length).ok_or("cut off")?;
            *part = bytes.to_vec();
            rest = after;
        }
        records.push(record);
    }
    Ok(records)
}

pub fn read(path: &str) -> Result<Vec<Stored>> {
    let records = records::<2>(path)?;
    Ok(records
        .into_iter()
        .map(|[key, value]| Stored { key, value })
        .collect())
}

fn write(path: &str, records: &[(&[u8], &[u8])]) -> Result<()> {
    let mut out = Vec::new();
    for (key, value) in records {
        for part in [key, value] {
            out.extend_from_slice(&u32::try_from(part.len())?.to_le_bytes());
            out.extend_from_slice(part);
        }
    }
    eprintln!("{path}: {} values", records.len());
    Ok(fs::write(path, out)?)
}

/// Of what the Go side wrote, the values that both print alike: all of them; those
/// whose kinds all peers have; the latter without managedFields; the pods.
pub fn select(corpus: &str, out: &str, files: &[&str]) -> Result<()> {
    let decoder = decoder(files)?;
    let records = records::<4>(corpus)?;
    let mut alike = Vec::new();
    let mut typed = Vec::new();
    let mut bare = Vec::new();
    let mut pods = Vec::new();
    for [key, value, json, stripped] in &records {
        if print(&decoder, key, value)? != *json {
            eprintln!("printed differently: {}", String::from_utf8_lossy(key));
            continue;
        }
        alike.push((&**key, &**value));
        if !files.is_empty() {
            continue;
        }
        let object = Object::of_envelope(&Envelope::parse(value)?)?;
        if let Some(kind) = kinds::find(&object) {
            (kind.decode)(&object)?;
            typed.push((&**key, &**value));
            bare.push((&**key, &**stripped));
            if object.kind() == "Pod" {
                pods.push((&**key, &**value));
            }
        } else {
            eprintln!(
                "not all peers have {} {}",
                object.api_version(),
                object.kind()
            );
        }
    }
    write(&format!("{out}.all"), &alike)?;
    if files.is_empty() {
        write(&format!("{out}.typed"), &typed)?;
        write(&format!("{out}.bare"), &bare)?;
        write(&format!("{out}.pods"), &pods)?;
    }
    Ok(())
}

/// The JSON of what a stored value holds.
fn print(decoder: &Decoder, key: &[u8], value: &[u8]) -> Result<Vec<u8>> {
    let opened = decoder.open(Some(key), value);
    match opened.storage_value()?.into_content()? {
        Content::Object(object) => Ok(object.to_json()?.0),
        _ => Err("no object".into()),
    }
}
