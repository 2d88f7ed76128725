//! The survey: what each page is, what is damaged, whether the freelist agrees.

use k8s_etcd::etcd::bbolt::{Database, FreelistCheck, PageState, Survey};
use k8s_etcd::etcd::{Snapshot, Trailer};

use crate::bbolt_writer::{BRANCH, FREELIST, File, Freelist, LEAF, Order, Writer};
use crate::snapshots::scenarios;
use crate::{pods, revisions, small};

/// Pages: 0, 1 meta, 2 freelist, 3 and 4 free, 5 to 8 leaves, 9 branch of the
/// bucket `key`, 10 a leaf of `lease`, 11 root.
fn writer() -> Writer {
    small()
        .free_page(pods(1))
        .free_page(pods(2))
        .bucket("key", pods(16))
        .bucket("lease", pods(1))
}

const FREE: [u64; 2] = [3, 4];
const KEY_BRANCH: u64 = 9;
const LEASE: u64 = 10;
const ROOT: u64 = 11;

fn file() -> File {
    let file = writer().write();
    assert_eq!(file.pages_of(LEAF), [3, 4, 5, 6, 7, 8, LEASE, ROOT]);
    assert_eq!(file.pages_of(BRANCH), [KEY_BRANCH]);
    file
}

fn survey(bytes: &[u8]) -> Survey {
    let survey = Snapshot::parse(bytes).unwrap().survey();
    // All pages are of one state, all bytes are in one extent.
    let extents = PageState::ALL.map(|state| survey.extent(state));
    let bytes_of_all: u64 = extents.iter().map(|extent| extent.bytes).sum();
    assert_eq!(bytes_of_all, bytes.len() as u64);
    survey
}

/// Page and reason of the only damage.
fn one(survey: &Survey) -> (u64, u64, String) {
    let all: Vec<_> = survey.damage().collect();
    assert_eq!(all.len(), 1, "{all:?}");
    let error = &all[0].error;
    (
        all[0].page,
        error.offset().unwrap(),
        error.detail().to_owned(),
    )
}

fn pages(survey: &Survey, state: PageState) -> u64 {
    survey.extent(state).pages
}

/// listed, in use, out of range, repeated, leaked.
fn compared(survey: &Survey) -> [u64; 5] {
    match survey.freelist() {
        FreelistCheck::Compared {
            listed,
            in_use,
            out_of_range,
            repeated,
            leaked,
            ..
        } => [*listed, *in_use, *out_of_range, *repeated, *leaked],
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sound_file() {
    let file = file();
    let survey = survey(&file.bytes);
    assert_eq!(survey.damage().len(), 0);
    assert_eq!(compared(&survey), [2, 0, 0, 0, 0]);
    let counts = PageState::ALL.map(|state| pages(&survey, state));
    // Meta, freelist, read, damaged, free, unreachable, missing, unallocated.
    assert_eq!(counts, [2, 1, 7, 0, 2, 0, 0, 0]);
    assert_eq!(survey.extent(PageState::Read).bytes, 7 * 1024);
    assert_eq!(survey.page_ids_that_agree(), 7);
    for page in FREE {
        assert_eq!(survey.state(page), Some(PageState::Free));
    }
    assert_eq!(survey.state(12), None);
}

#[test]
fn real_snapshots_are_sound() {
    for (name, file, _) in scenarios() {
        let survey = Snapshot::parse(&file).unwrap().survey();
        assert_eq!(survey.damage().count(), 0, "{name}");
        assert_eq!(survey.freelist(), &FreelistCheck::Absent, "{name}");
        let count = |state| survey.extent(state).pages;
        let all = [PageState::Meta, PageState::Read, PageState::Free].map(count);
        assert_eq!(all[0], 2, "{name}");
        assert_eq!(
            all.iter().sum::<u64>() * 4096 + 32,
            file.len() as u64,
            "{name}"
        );
    }
}

#[test]
fn either_meta_page_broken() {
    for meta in [0, 1] {
        let mut file = file();
        file.put(file.at(meta) + 16 + 16, &[99]);
        let survey = survey(&file.bytes);
        let (page, offset, reason) = one(&survey);
        assert_eq!((page, offset), (meta, meta * 1024));
        assert!(reason.contains("checksum"), "{reason}");
        assert_eq!(survey.state(meta), Some(PageState::Damaged));
        assert_eq!(survey.state(1 - meta), Some(PageState::Meta));
        assert_eq!(pages(&survey, PageState::Read), 7);
    }
}

#[test]
fn a_cycle() {
    let mut file = file();
    file.set_child(KEY_BRANCH, 1, KEY_BRANCH);
    let survey = survey(&file.bytes);
    let (page, offset, reason) = one(&survey);
    assert_eq!(
        (page, offset),
        (KEY_BRANCH, file.child_at(KEY_BRANCH, 1) as u64)
    );
    assert!(reason.contains("second time"), "{reason}");
    // The leaf that is cut off stands beside the two that the freelist knows.
    assert_eq!(survey.state(6), Some(PageState::Unreachable));
    assert_eq!(compared(&survey), [2, 0, 0, 0, 1]);
}

/// Each bucket's own walk finds nothing wrong: only together do they.
#[test]
fn a_page_that_two_buckets_share() {
    let mut file = file();
    let root_value = file.at(ROOT) + 16 + 2 * 16;
    let key_at = root_value;
    assert_eq!(&file.bytes[key_at..key_at + 3], b"key");
    let lease_root = key_at + 3 + 16 + 5;
    assert_eq!(file.get_u64(lease_root), LEASE);
    let shared = file.u64(5);
    file.put(lease_root, &shared);
    let database = Database::parse(&file.bytes).unwrap();
    let buckets = database.root().buckets().flatten();
    assert!(
        buckets
            .flat_map(|bucket| bucket.entries())
            .all(|entry| entry.is_ok())
    );

    let survey = survey(&file.bytes);
    let all: Vec<_> = survey.damage().collect();
    assert_eq!(all.len(), 1);
    assert!(all[0].error.detail().contains("second time"));
    assert_eq!(survey.state(LEASE), Some(PageState::Unreachable));
}

#[test]
fn a_page_id_out_of_range() {
    for page in [0, 1, 12, 1 << 40, u64::MAX] {
        let mut file = file();
        file.set_child(KEY_BRANCH, 3, page);
        let survey = survey(&file.bytes);
        let (damaged, offset, reason) = one(&survey);
        // The page that names it is to blame.
        let at = file.child_at(KEY_BRANCH, 3) as u64;
        assert_eq!((damaged, offset), (KEY_BRANCH, at));
        assert!(reason.contains("not one of 2 to 11"), "{reason}");
    }
}

#[test]
fn counts_that_are_wrong() {
    for page in [5, KEY_BRANCH, ROOT] {
        let true_count = file().count(page) as u16;
        for count in [0, 1, 3, 5, 60, u16::MAX] {
            if count == true_count || (page, count) == (ROOT, 0) {
                continue;
            }
            let mut file = file();
            file.set_count(page, count);
            let survey = survey(&file.bytes);
            let damaged: Vec<_> = survey.damage().map(|damage| damage.page).collect();
            assert!(
                damaged.contains(&page),
                "page {page}, count {count}: {damaged:?}"
            );
            assert_eq!(survey.state(page), Some(PageState::Damaged));
        }
    }
}

/// The walk reads what is left of such a page, and carving the rest.
#[test]
fn a_count_too_small_loses_nothing() {
    for (page, count) in [(5, 1), (5, 0), (KEY_BRANCH, 1), (KEY_BRANCH, 0)] {
        let mut file = file();
        file.set_count(page, count);
        let snapshot = Snapshot::parse(&file.bytes).unwrap();
        let read = revisions(&file.bytes).0.len();
        assert!(read < 16);
        let carving = snapshot.carve();
        let whole = carving.iter().filter(|found| found.revision.is_some());
        assert_eq!(read + whole.count(), 16, "page {page}, count {count}");
    }
}

#[test]
fn several_faults_in_one_page_are_one_line() {
    let mut file = file();
    for index in [0, 2, 3] {
        file.set_leaf_field(6, index, 3, 5000);
    }
    let survey = survey(&file.bytes);
    let all: Vec<_> = survey.damage().collect();
    assert_eq!((all.len(), all[0].page, all[0].more), (1, 6, 2));
}

#[test]
fn entries_that_are_no_key_values() {
    let mut file = file();
    let at = file.at(7) + 16 + 4 * 16 + 17;
    assert_eq!(file.bytes[at], 0x0A);
    file.bytes[at] = 0x0D;
    let survey = survey(&file.bytes);
    assert_eq!(one(&survey).0, 7);
    assert_eq!(survey.state(7), Some(PageState::Damaged));
    // The database itself has no fault.
    let database = Database::parse(&file.bytes).unwrap();
    assert_eq!(database.survey().damage().len(), 0);
}

#[test]
fn a_file_that_was_cut() {
    let file = file();
    let cut = &file.bytes[..8 * 1024 + 100];
    let found = survey(cut);
    // The root is gone, and with it the rest of the trees.
    assert_eq!(one(&found).0, ROOT);
    assert_eq!(pages(&found, PageState::Missing), 4);
    assert_eq!(found.extent(PageState::Missing).bytes, 100);
    assert_eq!(pages(&found, PageState::Unreachable), 3);
}

#[test]
fn bytes_behind_the_last_page() {
    let mut file = file();
    file.bytes.extend([1; 3 * 1024 + 5]);
    let survey = survey(&file.bytes);
    let unallocated = survey.extent(PageState::Unallocated);
    assert_eq!((unallocated.pages, unallocated.bytes), (4, 3 * 1024 + 5));
    assert_eq!(survey.damage().len(), 0);
}

#[test]
fn freelist_not_synced() {
    let file = writer().freelist(Freelist::NotSynced).write();
    let found = survey(&file.bytes);
    assert_eq!(found.freelist(), &FreelistCheck::Absent);
    // What the sound trees do not reach is free, the old freelist page too.
    assert_eq!(pages(&found, PageState::Free), 3);
    // With a damaged tree nobody knows.
    let mut damaged = file.clone();
    damaged.zero_page(KEY_BRANCH);
    let found = survey(&damaged.bytes);
    assert_eq!(pages(&found, PageState::Free), 0);
    assert_eq!(pages(&found, PageState::Unreachable), 3 + 4);
}

#[test]
fn freelist_with_the_count_before_the_ids() {
    for order in [Order::Little, Order::Big] {
        let file = Writer::new(1024, order)
            .freelist(Freelist::CountFollows)
            .free_page(pods(9))
            .bucket("key", pods(16))
            .write();
        assert_eq!(file.count(2), 0xFFFF);
        let survey = survey(&file.bytes);
        assert_eq!(survey.damage().len(), 0);
        assert_eq!(compared(&survey), [1, 0, 0, 0, 0]);
    }
}

/// The form is there for lists as long as this one.
#[test]
fn freelist_of_more_than_65534_pages() {
    let mut writer = small().bucket("key", pods(16));
    for _ in 0..65_536 {
        writer = writer.free_page(vec![]);
    }
    let file = writer.write();
    assert_eq!((file.count(2), file.run(2)), (0xFFFF, 2..515));
    let survey = survey(&file.bytes);
    assert_eq!(survey.damage().len(), 0);
    assert_eq!(compared(&survey), [65_536, 0, 0, 0, 0]);
    assert_eq!(pages(&survey, PageState::Freelist), 513);
    assert_eq!(pages(&survey, PageState::Free), 65_536);
}

#[test]
fn freelist_that_lists_what_is_in_use_out_of_range_and_twice() {
    let cases: [(&[u64], [u64; 5]); 8] = [
        (&[3, 4], [2, 0, 0, 0, 0]),
        (&[3], [1, 0, 0, 0, 1]),
        (&[], [0, 0, 0, 0, 2]),
        (&[3, 4, 6], [3, 1, 0, 0, 0]),
        (&[1, 2, 3, 4, KEY_BRANCH, ROOT], [6, 4, 0, 0, 0]),
        (&[3, 4, 12, u64::MAX], [4, 0, 2, 0, 0]),
        (&[3, 3, 4, 4, 4], [5, 0, 0, 3, 0]),
        (&[3, 3, 7, 99], [4, 1, 1, 1, 1]),
    ];
    for (ids, expected) in cases {
        let file = writer().freelist(Freelist::Ids(ids.to_vec())).write();
        let survey = survey(&file.bytes);
        assert_eq!(compared(&survey), expected, "{ids:?}");
        // It says nothing against the trees.
        assert_eq!(pages(&survey, PageState::Read), 7, "{ids:?}");
        assert_eq!(pages(&survey, PageState::Unreachable), expected[4]);
    }
}

#[test]
fn freelist_that_is_damaged() {
    let broken = |damage: &dyn Fn(&mut File)| {
        let mut file = file();
        damage(&mut file);
        let survey = survey(&file.bytes);
        assert_eq!(survey.freelist(), &FreelistCheck::Damaged);
        assert_eq!(pages(&survey, PageState::Read), 7);
        one(&survey)
    };
    let (page, offset, reason) = broken(&|file| file.set_flags(2, LEAF));
    assert_eq!((page, offset), (2, 2048));
    assert!(reason.contains("no freelist"), "{reason}");
    let (page, _, reason) = broken(&|file| file.set_count(2, 127));
    assert!(page == 2 && reason.contains("127 page ids"), "{reason}");
    let (page, _, reason) = broken(&|file| file.zero_page(2));
    assert!(page == 2 && reason.contains("page 0"), "{reason}");
    let (page, _, reason) = broken(&|file| {
        file.set_count(2, 0xFFFF);
        let count = file.u64(u64::MAX / 8 + 2);
        file.put(file.at(2) + 16, &count);
    });
    assert!(page == 2 && reason.contains("do not fit"), "{reason}");
    // An id that is none is the meta page's fault.
    let (page, offset, reason) = broken(&|file| file.set_freelist(1, 12));
    assert!(page == 1 && reason.contains("page 12"), "{reason}");
    assert_eq!(offset, 1024 + 16 + 32);
}

#[test]
fn freelist_that_is_a_page_of_a_tree() {
    let mut file = file();
    file.set_flags(5, FREELIST);
    file.set_freelist(1, 5);
    let survey = survey(&file.bytes);
    assert_eq!(
        survey
            .damage()
            .map(|damage| damage.page)
            .collect::<Vec<_>>(),
        [5]
    );
    assert_eq!(survey.state(5), Some(PageState::Damaged));
    let [_, in_use, ..] = compared(&survey);
    assert!(in_use > 0);
}

#[test]
fn the_trailer_sees_what_the_survey_cannot() {
    let sound = file().with_trailer();
    let mut changed = sound.clone();
    // A free page, and the slack of the last page.
    let last = changed.len() - 33;
    for at in [FREE[0] as usize * 1024 + 500, last] {
        changed[at] ^= 1;
    }
    let snapshot = Snapshot::parse(&changed).unwrap();
    assert_eq!(snapshot.verify_trailer(), Trailer::Mismatch);
    assert_eq!(snapshot.survey().damage().count(), 0);
    assert_ne!(snapshot.sha256(), Snapshot::parse(&sound).unwrap().sha256());
}

/// Their bytes are read twice, as values and as pages.
#[test]
fn a_file_of_inline_buckets() {
    let mut writer = small();
    for number in 0..300 {
        writer = writer.inline_bucket(&format!("bucket-{number:03}"), pods(1));
    }
    let survey = survey(&writer.bucket("key", pods(2)).write().bytes);
    assert_eq!(survey.damage().len(), 0);
}
