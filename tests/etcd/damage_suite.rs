//! Good files damaged in every way there is a name for. Never a panic, always
//! an end, and:
//!
//! - every entry on an untouched page comes out, with carving;
//! - every entry on an untouched page that is reached through untouched pages
//!   comes out without;
//! - what the survey lists as damaged says where and why.
//!
//! A page is touched when a byte of its run (it and its overflow) is. The
//! numbers of each case are pinned in `damage_numbers`.

use std::collections::{BTreeSet, HashMap};

use k8s_etcd::etcd::bbolt::{Database, PageState};
use k8s_etcd::etcd::{KeyValue, Snapshot, carve};

use crate::bbolt_writer::{File, Order, revision};
use crate::damage_map::{Entry, Map};

/// What came of all cases of one kind.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
pub struct Numbers {
    pub cases: usize,
    /// Entries of the bucket `key` in all cases together.
    pub entries: usize,
    /// Those on untouched pages, reached through untouched pages.
    pub reachable: usize,
    /// Those on untouched pages.
    pub untouched: usize,
    /// What came out without carving, from touched pages too.
    pub read: usize,
    /// What came out with carving.
    pub carved: usize,
    /// Touched pages, and those of them that the survey lists.
    pub touched: usize,
    pub listed: usize,
    /// Untouched pages that it lists: what leads to them is damaged.
    pub blamed: usize,
}

/// A good file with what is in it.
pub struct Good {
    pub file: File,
    pub trailer: Vec<u8>,
    pub map: Map,
    places: HashMap<Vec<u8>, usize>,
}

impl Good {
    pub fn new(whole: Vec<u8>, page_size: usize, order: Order) -> Good {
        let mut bytes = whole;
        let trailer = bytes.split_off(bytes.len() - 32);
        let file = File::from_bytes(bytes, page_size, order);
        let mut map = Map::new(&file);
        // The bucket `key` first, so that its entries have the first numbers.
        map.entries.sort_by_key(|entry| entry.bucket != b"key");
        let keys = map.entries.iter().take_while(|e| e.bucket == b"key");
        let places: HashMap<_, _> = keys.map(|e| e.key.clone()).zip(0..).collect();
        assert!(places.len() > 100, "{} entries", places.len());
        let good = Good {
            file,
            trailer,
            map,
            places,
        };
        // Undamaged, everything comes out, without carving, and nothing is listed.
        let mut numbers = Numbers::default();
        good.check(&good.whole(), &BTreeSet::new(), "undamaged", &mut numbers);
        assert_eq!((numbers.read, numbers.listed), (good.entries(), 0));
        good
    }

    pub fn entries(&self) -> usize {
        self.places.len()
    }

    pub fn whole(&self) -> Vec<u8> {
        [&self.file.bytes[..], &self.trailer].concat()
    }

    /// One damaged file, of which the pages of `touched` differ from the good one.
    /// Returns the pages that the survey lists.
    pub fn check(
        &self,
        damaged: &[u8],
        touched: &BTreeSet<u64>,
        case: &str,
        numbers: &mut Numbers,
    ) -> BTreeSet<u64> {
        let untouched = |entry: &Entry| !entry.run.clone().any(|page| touched.contains(&page));
        let a_meta = !touched.contains(&0) || !touched.contains(&1);
        let reachable = |entry: &Entry| {
            a_meta && untouched(entry) && !entry.ancestors.iter().any(|p| touched.contains(p))
        };
        let snapshot = Snapshot::parse(damaged).ok();
        assert!(snapshot.is_some() || !a_meta, "{case}: not opened");

        let mut read = vec![false; self.places.len()];
        if let Some(revisions) = snapshot.as_ref().and_then(|s| s.revisions().ok()) {
            for key_value in revisions.flatten() {
                self.mark(&key_value, &mut read);
            }
        }
        let mut carved = read.clone();
        let carving = match &snapshot {
            Some(snapshot) => snapshot.carve(),
            None => carve(damaged, &k8s_etcd::Limits::default()),
        };
        assert!(carving.stopped().is_none(), "{case}: {carving:?}");
        for found in carving.iter() {
            if let (Some(_), Ok(key_value)) = (found.revision, &found.key_value) {
                self.mark(key_value, &mut carved);
            }
        }

        let keys = &self.map.entries[..self.places.len()];
        for ((entry, read), carved) in keys.iter().zip(&read).zip(&carved) {
            let place = || format!("{case}: pages {:?}, key {:?}", entry.run, entry.key);
            assert!(*read || !reachable(entry), "{}: not read", place());
            assert!(*carved || !untouched(entry), "{}: not carved", place());
        }
        if let Some(snapshot) = &snapshot {
            self.other_buckets(snapshot.database(), &reachable, case);
        }

        let listed = listed(snapshot.as_ref(), self.file.page_size, case);
        let is = |flags: &[bool]| flags.iter().filter(|&&flag| flag).count();
        numbers.cases += 1;
        numbers.entries += keys.len();
        numbers.reachable += keys.iter().filter(|entry| reachable(entry)).count();
        numbers.untouched += keys.iter().filter(|entry| untouched(entry)).count();
        numbers.read += is(&read);
        numbers.carved += is(&carved);
        numbers.touched += touched.len();
        numbers.listed += listed.intersection(touched).count();
        numbers.blamed += listed.difference(touched).count();
        listed
    }

    /// Marks an entry that came out as it went in.
    fn mark(&self, key_value: &KeyValue<'_>, came_out: &mut [bool]) {
        let at = key_value.revision;
        let filed = revision(at.main, at.sub, key_value.is_tombstone());
        if let Some(&number) = self.places.get(&filed)
            && !came_out[number]
        {
            came_out[number] = is_same(key_value, &self.map.entries[number].value);
        }
    }

    fn other_buckets(
        &self,
        database: &Database<'_>,
        reachable: &dyn Fn(&Entry) -> bool,
        case: &str,
    ) {
        let mut read: HashMap<(&[u8], &[u8]), &[u8]> = HashMap::new();
        let buckets = database.root().buckets().flatten();
        for bucket in buckets.filter(|bucket| bucket.name() != b"key") {
            let entries = bucket.entries().flatten();
            read.extend(entries.map(|entry| ((bucket.name(), entry.key), entry.value)));
        }
        let others = &self.map.entries[self.places.len()..];
        for entry in others.iter().filter(|entry| reachable(entry)) {
            let found = read.get(&(&entry.bucket[..], &entry.key[..]));
            assert_eq!(
                found.copied(),
                Some(&entry.value[..]),
                "{case}: {:?}",
                entry.bucket
            );
        }
    }
}

/// Whether the message says what the key-value does: built again from it, byte
/// for byte.
fn is_same(key_value: &KeyValue<'_>, message: &[u8]) -> bool {
    let numbers = [
        key_value.create_revision,
        key_value.mod_revision,
        key_value.version,
        key_value.lease,
    ];
    crate::key_value(key_value.key, numbers, key_value.value) == message
}

/// The damaged pages, each of which has a place in the file and a reason.
fn listed(snapshot: Option<&Snapshot<'_>>, page_size: usize, case: &str) -> BTreeSet<u64> {
    let Some(snapshot) = snapshot else {
        return BTreeSet::new();
    };
    let survey = snapshot.survey();
    let mut pages = BTreeSet::new();
    for damage in survey.damage() {
        let (page, error) = (damage.page, &damage.error);
        assert_eq!(error.page(), Some(page), "{case}: {error}");
        let offset = error.offset().unwrap_or_else(|| panic!("{case}: {error}"));
        assert!(offset / page_size as u64 >= page, "{case}: {page}, {error}");
        assert!(!error.detail().is_empty());
        let state = survey.state(page);
        let known = [
            None,
            Some(PageState::Damaged),
            Some(PageState::Missing),
            Some(PageState::Unallocated),
        ];
        assert!(known.contains(&state), "{case}: {error}: {state:?}");
        pages.insert(page);
    }
    pages
}
