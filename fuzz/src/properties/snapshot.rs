//! Any file: every walk ends, in proportion to the file; each live key stands
//! once and in order, and is what `get` finds; a past state holds nothing later;
//! the pages of a survey make up the file; what is carved lies in the file, and
//! no byte of it is read for more records than the bound says.

use k8s_etcd::etcd::bbolt::PageState;
use k8s_etcd::etcd::{self, Carving, Snapshot, State};
use k8s_etcd::{Category, Limits};

pub fn snapshot(data: &[u8]) {
    let _ = Snapshot::recognize(data);
    let all = etcd::carve(data, &Limits::DEFAULT);
    carving(&all, data);
    if all.len() > 1 {
        let mut few = Limits::DEFAULT;
        few.carved_entries = 1;
        let carved = etcd::carve(data, &few);
        let error = carved.stopped().expect("a bound that was reached");
        assert!(carved.len() <= 1 && error.category() == Category::Limit);
    }

    let Ok(snapshot) = Snapshot::parse(data) else {
        return;
    };
    let _ = (snapshot.verify_trailer(), snapshot.store_meta());
    revisions(&snapshot, data);
    states(&snapshot, data);
    survey(&snapshot, data);
}

fn revisions(snapshot: &Snapshot<'_>, data: &[u8]) {
    if let Ok(revisions) = snapshot.revisions() {
        let mut count = 0;
        for entry in revisions {
            count += 1;
            if let Ok(entry) = entry {
                assert!(within(entry.key, data) && within(entry.value, data));
            }
        }
        assert!(count <= data.len());
    }
    if let Ok(deletions) = snapshot.deletions() {
        let mut count = 0;
        for deletion in deletions {
            count += 1;
            assert!(deletion.is_err() || deletion.is_ok_and(|one| within(one.key, data)));
        }
        assert!(count <= data.len());
    }
}

fn states(snapshot: &Snapshot<'_>, data: &[u8]) {
    let Ok(state) = snapshot.current() else {
        return;
    };
    let mut last = 0;
    for (key, key_value) in &state {
        let Some(found) = state.get(key) else {
            panic!("a key that is not found");
        };
        assert_eq!(found.is_ok(), key_value.is_ok());
        if let Ok(key_value) = key_value {
            assert_eq!(key_value.key, key);
            last = last.max(key_value.revision.main);
        }
    }
    ordered(&state);
    assert!(state.damage().count() <= data.len());
    for revision in [last / 2, last, last.saturating_add(1)] {
        match snapshot.at(revision) {
            Ok(state) => {
                ordered(&state);
                for (_, key_value) in &state {
                    assert!(
                        key_value.is_err()
                            || key_value.is_ok_and(|kv| kv.revision.main <= revision)
                    );
                }
            }
            Err(error) => assert_ne!(error.category(), Category::TypeMismatch),
        }
    }
}

fn ordered(state: &State<'_>) {
    assert!(state.iter().is_sorted_by(|(a, _), (b, _)| a < b));
    assert_eq!(state.iter().count(), state.len());
}

fn survey(snapshot: &Snapshot<'_>, data: &[u8]) {
    let survey = snapshot.survey();
    let bytes = PageState::ALL.map(|state| survey.extent(state).bytes);
    let trailer = if snapshot.has_trailer() { 32 } else { 0 };
    assert_eq!(bytes.iter().sum::<u64>() + trailer, data.len() as u64);
    let damaged = survey.damage().map(|damage| damage.page);
    assert!(damaged.is_sorted());
    let listed = survey.extent(PageState::Damaged).pages;
    assert!(listed == 0 || survey.damage().len() > 0);
}

fn carving(carving: &Carving<'_>, data: &[u8]) {
    assert!(carving.searched() <= data.len() as u64);
    let mut unread = 0;
    let mut bytes = 0;
    assert_eq!(carving.iter().count(), carving.len());
    assert!(carving.iter().is_sorted_by_key(|carved| carved.main));
    for carved in carving.iter() {
        assert!(within(carved.key, data));
        assert!(carved.provenance.key_offset < data.len() as u64);
        match carved.key_value {
            Ok(key_value) => {
                assert!(within(key_value.value, data));
                bytes += key_value.key.len() + key_value.value.len();
            }
            Err(error) => unread += u64::from(error.category() == Category::Limit),
        }
    }
    // Records within records are read to a bound, and listed beyond it.
    assert!(bytes <= Limits::DEFAULT.carved_depth * data.len());
    let cuts = carving.cuts();
    assert!(unread <= cuts.iter().map(|cut| cut.unread).sum());
    assert_eq!(carving.stopped().is_some(), !cuts.is_empty());
    for cut in cuts {
        assert_eq!(cut.error.category(), Category::Limit);
        assert!(cut.bytes.start() <= cut.bytes.end() && *cut.bytes.end() < data.len() as u64);
    }
}

/// Whether `part` is borrowed from `whole`.
fn within(part: &[u8], whole: &[u8]) -> bool {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    part.is_empty() || part.start >= whole.start && part.end <= whole.end
}
