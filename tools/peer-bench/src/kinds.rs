//! The kinds that all peers have, by name and as types.

use std::hint::black_box;

use k8s_etcd::Object;
use prost::Message;

use crate::Result;

/// What is done with a value of one kind.
pub struct Kind {
    api_version: &'static str,
    kind: &'static str,
    /// By the library, to k8s-openapi's type. Tells nothing but whether it went well.
    pub decode: fn(&Object<'_>) -> Result<()>,
    /// From JSON, to the same type.
    pub parse: fn(&[u8]) -> Result<()>,
    /// By prost, to k8s-pb's type, from the message within the envelope.
    pub prost: fn(&[u8]) -> Result<()>,
}

pub fn find(object: &Object<'_>) -> Option<&'static Kind> {
    let (api_version, kind) = (object.api_version(), object.kind());
    KINDS
        .iter()
        .find(|known| (known.api_version, known.kind) == (&*api_version, &*kind))
}

macro_rules! kinds {
    ($($api_version:literal $group:ident $version:ident: $($kind:ident)*;)*) => {
        const KINDS: &[Kind] = &[$($(Kind {
            api_version: $api_version,
            kind: stringify!($kind),
            decode: |object| {
                black_box(object.decode::<k8s_openapi::api::$group::$version::$kind>()?);
                Ok(())
            },
            parse: |json| {
                black_box(serde_json::from_slice::<k8s_openapi::api::$group::$version::$kind>(json)?);
                Ok(())
            },
            prost: |raw| {
                black_box(k8s_pb::api::$group::$version::$kind::decode(raw)?);
                Ok(())
            },
        },)*)*];
    };
}

kinds! {
    "v1" core v1:
        ConfigMap Endpoints Event LimitRange Namespace
        Node PersistentVolume PersistentVolumeClaim Pod
        PodTemplate ReplicationController ResourceQuota
        Secret Service ServiceAccount;
    "admissionregistration.k8s.io/v1" admissionregistration v1:
        MutatingWebhookConfiguration
        ValidatingAdmissionPolicy
        ValidatingAdmissionPolicyBinding
        ValidatingWebhookConfiguration;
    "apps/v1" apps v1:
        ControllerRevision DaemonSet Deployment
        ReplicaSet StatefulSet;
    "autoscaling/v2" autoscaling v2: HorizontalPodAutoscaler;
    "batch/v1" batch v1: CronJob Job;
    "certificates.k8s.io/v1" certificates v1: CertificateSigningRequest;
    "certificates.k8s.io/v1beta1" certificates v1beta1: ClusterTrustBundle;
    "coordination.k8s.io/v1" coordination v1: Lease;
    "coordination.k8s.io/v1beta1" coordination v1beta1: LeaseCandidate;
    "discovery.k8s.io/v1" discovery v1: EndpointSlice;
    "flowcontrol.apiserver.k8s.io/v1" flowcontrol v1:
        FlowSchema PriorityLevelConfiguration;
    "internal.apiserver.k8s.io/v1alpha1" apiserverinternal v1alpha1: StorageVersion;
    "networking.k8s.io/v1" networking v1:
        Ingress IngressClass IPAddress NetworkPolicy
        ServiceCIDR;
    "node.k8s.io/v1" node v1: RuntimeClass;
    "policy/v1" policy v1: PodDisruptionBudget;
    "rbac.authorization.k8s.io/v1" rbac v1:
        ClusterRole ClusterRoleBinding Role RoleBinding;
    "resource.k8s.io/v1" resource v1:
        DeviceClass ResourceClaim ResourceClaimTemplate
        ResourceSlice;
    "scheduling.k8s.io/v1" scheduling v1: PriorityClass;
    "storage.k8s.io/v1" storage v1:
        CSIDriver CSINode CSIStorageCapacity
        StorageClass VolumeAttachment
        VolumeAttributesClass;
    "storagemigration.k8s.io/v1beta1" storagemigration v1beta1:
        StorageVersionMigration;
}
