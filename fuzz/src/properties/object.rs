//! Two bytes choose a message, the rest is its wire form. Printed JSON is JSON
//! and equals the `Value` that serde gives; a typed object is the one from that
//! JSON; what cannot be printed for being damaged cannot be decoded either;
//! lossless differs only by adding.

use k8s_etcd::{Object, schema};
use serde_json::Value;

use super::same::{same, same_type};
use super::typed::Typed;

pub fn object(data: &[u8]) {
    let [low, high, raw @ ..] = data else { return };
    let number = usize::from(u16::from_le_bytes([*low, *high]));
    let mut messages = schema::messages();
    let length = messages.len();
    let Some(message) = messages.nth(number % length) else {
        return;
    };
    let object = Object::of_message(message, raw);
    let printed = object.to_json();
    if let Ok((json, _)) = &printed {
        same_type(json, object.decode::<Typed>());
        #[cfg(feature = "k8s-openapi")]
        same_as_k8s_openapi(message.name(), json, &object);
    }
    same(&printed, object.decode::<Value>());

    // Lossless objects are read by all rules, others by a shorter way where it does.
    let all_rules = object.clone().lossless(true);
    let lossless = all_rules.to_json();
    match &printed {
        Ok((_, report)) if report.retired_fields.is_empty() => assert!(lossless.is_ok()),
        Ok(_) => {}
        Err(_) => assert!(lossless.is_err()),
    }
    if let (Ok((plain, report)), Ok((lossless, _))) = (printed, lossless) {
        if report.unknown_fields.is_empty() && report.retired_fields.is_empty() {
            let (value, ruled) = (object.decode::<Value>(), all_rules.decode::<Value>());
            assert_eq!(value.ok(), ruled.ok());
        }
        if report.unknown_fields.is_empty() && report.retired_fields.is_empty() {
            assert_eq!(plain, lossless);
        } else {
            assert!(lossless.len() >= plain.len());
        }
    }
}

/// The types of the release that k8s-openapi's own feature chooses.
#[cfg(feature = "k8s-openapi")]
fn same_as_k8s_openapi(message: &str, json: &[u8], object: &Object<'_>) {
    use k8s_openapi::api::{apps::v1 as apps, batch::v1 as batch, core::v1 as core};
    use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as apiextensions;

    macro_rules! types {
        ($($name:literal $type:ty,)*) => {
            match message {
                $($name => same_type(json, object.decode::<$type>()),)*
                _ => {}
            }
        };
    }
    types! {
        "k8s.io.api.apps.v1.DaemonSet" apps::DaemonSet,
        "k8s.io.api.apps.v1.Deployment" apps::Deployment,
        "k8s.io.api.apps.v1.StatefulSet" apps::StatefulSet,
        "k8s.io.api.batch.v1.CronJob" batch::CronJob,
        "k8s.io.api.core.v1.ConfigMap" core::ConfigMap,
        "k8s.io.api.core.v1.Event" core::Event,
        "k8s.io.api.core.v1.Node" core::Node,
        "k8s.io.api.core.v1.Pod" core::Pod,
        "k8s.io.api.core.v1.PersistentVolume" core::PersistentVolume,
        "k8s.io.api.core.v1.Secret" core::Secret,
        "k8s.io.api.core.v1.Service" core::Service,
        "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition"
            apiextensions::CustomResourceDefinition,
    }
}
