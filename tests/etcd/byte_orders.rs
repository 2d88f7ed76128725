//! Everything the library tells of a store is the same, whatever the byte order
//! and the page size of the machine that wrote it.

use k8s_etcd::etcd::bbolt::{FreelistCheck, PageState};
use k8s_etcd::etcd::{KeyValue, LastState, Snapshot};

use crate::bbolt_writer::{Entries, File, Freelist, Order, Writer, key_value, revision};

const PAGE_SIZES: [usize; 6] = [1 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10];

/// A history with overwrites, deletions, second lives, a lease and a value that
/// needs overflow in pages of any size; compacted at 40.
fn history() -> Entries {
    let mut entries = Entries::new();
    let mut lives = [(0, 0); 13];
    for main in 40..400i64 {
        let number = (main * 7 % 13) as usize;
        let key = format!("/registry/configmaps/default/name-{number:02}");
        if main % 17 == 5 && lives[number].1 > 0 {
            let message = key_value(key.as_bytes(), [0; 4], b"");
            entries.push((revision(main, 0, true), message));
            lives[number] = (0, 0);
            continue;
        }
        let (created, version) = lives[number];
        lives[number] = (if version == 0 { main } else { created }, version + 1);
        let size = if main == 300 {
            150_000
        } else {
            main as usize % 200
        };
        let numbers = [lives[number].0, main, lives[number].1, main % 2 * 77];
        let message = key_value(key.as_bytes(), numbers, &vec![main as u8; size]);
        entries.push((revision(main, main % 3, false), message));
    }
    entries
}

/// Compacted revisions that only free pages and slack still have.
fn old(mains: std::ops::Range<i64>) -> Entries {
    mains
        .map(|main| {
            let key = format!("/registry/configmaps/default/old-{main}");
            if main % 5 == 0 {
                let message = key_value(key.as_bytes(), [0; 4], b"");
                return (revision(main, 0, true), message);
            }
            let message = key_value(key.as_bytes(), [2, main, main - 1, 0], b"old");
            (revision(main, 0, false), message)
        })
        .collect()
}

pub fn file(page_size: usize, order: Order, freelist: Freelist) -> File {
    let history = history();
    let compacted = vec![
        (b"consistent_index".to_vec(), 1234u64.to_be_bytes().to_vec()),
        (b"finishedCompactRev".to_vec(), revision(40, 0, false)),
        (b"scheduledCompactRev".to_vec(), revision(40, 0, false)),
    ];
    Writer::new(page_size, order)
        .fan_out(100)
        .freelist(freelist)
        .free_page(old(3..12))
        .free_page(history[..5].to_vec())
        .free_page(
            [
                old(12..13),
                vec![(revision(39, 0, false), vec![b'x'; 100_000])],
            ]
            .concat(),
        )
        .slack(old(20..21))
        .inline_bucket("alarm", vec![])
        .bucket("key", history)
        .bucket("lease", old(3..5))
        .inline_bucket("meta", compacted)
        .write()
}

fn told(key_value: &KeyValue<'_>) -> String {
    let KeyValue {
        key,
        value,
        create_revision,
        mod_revision,
        version,
        lease,
        revision,
        ..
    } = key_value;
    let key = String::from_utf8_lossy(key);
    let (length, first) = (value.len(), value.first());
    format!(
        "{revision} {key} {create_revision} {mod_revision} {version} {lease} {length} {first:?} {}",
        key_value.is_tombstone()
    )
}

/// All but pages and offsets, a line each.
fn all_that_is_told(file: &File) -> Vec<String> {
    let bytes = file.with_trailer();
    let snapshot = Snapshot::parse(&bytes).unwrap();
    let mut lines = vec![format!("{:?}", snapshot.verify_trailer())];
    lines.push(format!("{:?}", snapshot.store_meta().unwrap()));
    for kv in snapshot.revisions().unwrap() {
        let kv = kv.unwrap();
        let at = kv.value_offset() as usize;
        assert_eq!(&bytes[at..at + kv.value.len()], kv.value);
        let run = file.run(kv.provenance.page);
        assert!(run.contains(&(kv.provenance.key_offset / file.page_size as u64)));
        lines.push(format!("revision {}", told(&kv)));
    }
    for (_, kv) in snapshot.current().unwrap().iter() {
        lines.push(format!("current {}", told(&kv.unwrap())));
    }
    for at in [1, 39, 40, 41, 100, 299, 300, 398, 399, 400] {
        match snapshot.at(at) {
            Ok(state) => {
                let keys = state.iter().map(|(_, kv)| told(&kv.unwrap()));
                lines.extend(keys.map(|line| format!("at {at}: {line}")));
            }
            Err(error) => lines.push(format!("at {at}: {error}")),
        }
    }
    for deletion in snapshot.deletions().unwrap() {
        let deletion = deletion.unwrap();
        let last = match &deletion.last {
            LastState::Found(kv) => told(kv),
            LastState::Compacted => "compacted".into(),
            LastState::Lost(error) => panic!("{error}"),
        };
        lines.push(format!("deleted {} {last}", deletion.revision));
    }
    let carving = snapshot.carve();
    assert!(carving.stopped().is_none());
    lines.push(format!("{} copies", carving.copies()));
    for found in carving.iter() {
        let at = found.provenance.key_offset;
        assert_eq!(found.provenance.page, at / file.page_size as u64);
        let kv = found.key_value.unwrap();
        lines.push(format!(
            "carved {:?} {} {}",
            found.revision,
            found.copies,
            told(&kv)
        ));
    }
    lines
}

#[test]
fn all_orders_and_page_sizes_tell_the_same() {
    let expected = all_that_is_told(&file(4 << 10, Order::Little, Freelist::Synced));
    let of = |word: &str| {
        expected
            .iter()
            .filter(|line| line.starts_with(word))
            .count()
    };
    // 9 and 1 on free pages, 1 in slack; 5 live ones are there twice.
    assert_eq!((of("revision"), of("current"), of("carved")), (360, 12, 11));
    assert_eq!((of("deleted"), of("at")), (21, 66));
    assert!(expected.contains(&"5 copies".to_owned()));
    for page_size in PAGE_SIZES {
        for order in [Order::Little, Order::Big] {
            for freelist in [
                Freelist::Synced,
                Freelist::CountFollows,
                Freelist::NotSynced,
            ] {
                let case = format!("{page_size} {order:?} {freelist:?}");
                let told = all_that_is_told(&file(page_size, order, freelist));
                for (told, expected) in told.iter().zip(&expected) {
                    assert_eq!(told, expected, "{case}");
                }
                assert_eq!(told.len(), expected.len(), "{case}");
            }
        }
    }
}

#[test]
fn the_survey_differs_between_page_sizes_only() {
    for page_size in PAGE_SIZES {
        let surveys = [Order::Little, Order::Big].map(|order| {
            let file = file(page_size, order, Freelist::Synced);
            let survey = Snapshot::parse(&file.bytes).unwrap().survey();
            assert_eq!(survey.damage().len(), 0);
            let states: Vec<_> = (0..file.pages()).map(|page| survey.state(page)).collect();
            (
                states,
                survey.freelist().clone(),
                survey.page_ids_that_agree(),
            )
        });
        assert_eq!(surveys[0], surveys[1], "{page_size}");
        let (states, freelist, _) = &surveys[0];
        let count = |state| states.iter().filter(|&&found| found == Some(state)).count();
        assert_eq!(count(PageState::Meta), 2);
        assert_eq!(count(PageState::Freelist), 1);
        assert_eq!(count(PageState::Unreachable), 0);
        let FreelistCheck::Compared { listed, .. } = freelist else {
            panic!("{freelist:?}");
        };
        assert_eq!(*listed, count(PageState::Free) as u64);
    }
}
