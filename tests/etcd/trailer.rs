use k8s_etcd::etcd::{Snapshot, Trailer};

use crate::{pods, small};

#[test]
fn a_database_without_a_trailer_has_none() {
    let file = small().bucket("key", pods(3)).write();
    let snapshot = Snapshot::parse(&file.bytes).unwrap();
    assert!(!snapshot.has_trailer());
    assert_eq!(snapshot.verify_trailer(), Trailer::Absent);
}

#[test]
fn a_changed_byte_anywhere_is_a_mismatch_and_hides_nothing() {
    let sound = small().bucket("key", pods(3)).write().with_trailer();
    let verify = |file: &[u8]| Snapshot::parse(file).unwrap().verify_trailer();
    assert_eq!(verify(&sound), Trailer::Valid);
    // The freelist, the slack of the last page, the trailer itself.
    for at in [
        2 * 1024 + 20,
        sound.len() - 40,
        sound.len() - 32,
        sound.len() - 1,
    ] {
        let mut changed = sound.clone();
        changed[at] ^= 1;
        assert_eq!(verify(&changed), Trailer::Mismatch, "byte {at}");
        let (revisions, errors) = crate::revisions(&changed);
        assert_eq!((revisions.len(), errors.len()), (3, 0), "byte {at}");
    }
}
