//! Corrections to the input, each with its reason. One that no longer applies
//! fails the generator.

use crate::input::{Field, FieldForm, Kind, KindForm, Schema};

/// Applies all corrections to Kubernetes' releases.
///
/// # Errors
///
/// Says which one no longer applies.
pub fn apply(table: &mut Schema) -> Result<(), String> {
    volume_claims(table)?;
    batch_v1_job_template(table)
}

/// From 1.26 to 1.28 `PersistentVolumeClaimSpec.resources` was a
/// `ResourceRequirements`, with `claims` at number 3. The
/// `VolumeResourceRequirements` that took its place in 1.29 has no such number,
/// so that the merge by message lost the field.
fn volume_claims(table: &mut Schema) -> Result<(), String> {
    const NAME: &str = "k8s.io.api.core.v1.VolumeResourceRequirements";
    let message = table
        .messages
        .get_mut(NAME)
        .ok_or(format!("{NAME} is gone"))?;
    if message
        .fields
        .iter()
        .any(|field| field.form.number == 3 || field.form.json == "claims")
    {
        return Err(format!("{NAME} has a field 3 or claims of its own by now"));
    }
    let order = message.fields.len().try_into().unwrap_or(u32::MAX);
    message.fields.push(Field {
        form: FieldForm {
            number: 3,
            json: "claims".into(),
            proto: None,
            kind: "message".into(),
            label: "repeated".into(),
            key: None,
            message: Some("k8s.io.api.core.v1.ResourceClaim".into()),
            pointer: false,
            elem_pointer: false,
            omitempty: true,
            omitzero: false,
            inline: false,
            not_in_json: false,
        },
        order,
        since: "1.26".into(),
        until: Some("1.28".into()),
        alternates: Vec::new(),
    });
    Ok(())
}

/// Upstream's stored values of 1.22 have a batch/v1 JobTemplate, which no
/// released registration lists. It has the form of the v1beta1 one.
fn batch_v1_job_template(table: &mut Schema) -> Result<(), String> {
    let form = KindForm {
        group: "batch".into(),
        version: "v1".into(),
        kind: "JobTemplate".into(),
        message: "k8s.io.api.batch.v1beta1.JobTemplate".into(),
        list: false,
        object: true,
        role: None,
        source: "api".into(),
    };
    if table
        .kinds
        .iter()
        .any(|known| known.form.key() == form.key())
    {
        return Err("batch/v1 JobTemplate is in the input by now".into());
    }
    table.kinds.push(Kind {
        form,
        since: "1.22".into(),
        until: Some("1.22".into()),
    });
    Ok(())
}
