//! Files that end before their pages do.

use k8s_etcd::etcd::Snapshot;
use k8s_etcd::{Buffer, Category};

/// A page that is not in the file is told with the place where it would begin.
#[test]
fn pages_behind_the_end_have_the_offset_where_they_would_begin() {
    let file = std::fs::read("testdata/cluster/snapshot.db").expect("the cluster");
    let mut told = 0;
    for pages in [300, 340, 346, 347] {
        for more in [0, 1, 15, 16, 4095] {
            let Some(cut) = file.get(..pages * 4096 + more) else {
                continue;
            };
            let Ok(snapshot) = Snapshot::parse(cut) else {
                continue;
            };
            for damage in snapshot.survey().damage() {
                let error = &damage.error;
                if error.category() != Category::Truncated {
                    continue;
                }
                assert_eq!(error.buffer(), Some(Buffer::Snapshot));
                let page = error.page().expect("a page");
                let offset = error.offset().expect("an offset");
                assert_eq!(offset / 4096, page, "{error}");
                told += 1;
            }
        }
    }
    assert!(told > 10, "{told}");
}
