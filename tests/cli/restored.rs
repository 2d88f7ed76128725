//! Database files that are not there as they were, and the older transaction.

use std::io::Read;

use crate::bbolt_writer::{Entries, File, Freelist, Order, Writer, key_value, revision};
use crate::run::{Ran, Scratch, decode};

const CASES: &str = "testdata/cases/etcd";
const SHA256: &str = "0a751b0e8d1f46ae8f839c539fd37d48edf41a845e0e770d80618af8252ff507";

fn base() -> Vec<u8> {
    std::fs::read(format!("{CASES}/00-base.db")).unwrap()
}

fn keys(ran: &Ran) -> usize {
    ran.stdout.lines().count()
}

fn tells(ran: &Ran, all: &[&str]) {
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    for told in all {
        assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
    }
}

#[test]
fn the_older_transaction_is_read_where_the_newest_is_lost() {
    for (case, older, newest) in [
        ("04-newest-transaction-lost.db", 18, 19),
        ("02-torn-root-bucket-is-a-key-leaf.db", 17, 18),
    ] {
        let file = format!("{CASES}/{case}");
        let ran = decode(&[&file]);
        let hint = format!(
            "--meta older reads transaction {older}, which is whole: 89 keys up to revision 113; \
             the newest, {newest}, reaches no keys"
        );
        tells(&ran, &[&hint, "--carve searches"]);
        assert_eq!(keys(&ran), 0, "{case}");

        let ran = decode(&["--meta", "older", &file]);
        let told = format!("the newest, {newest}, is damaged");
        tells(&ran, &[&told]);
        let sound = decode(&[&format!("{CASES}/00-base.db")]);
        assert_eq!(ran.stdout, sound.stdout, "{case}");
    }
}

#[test]
fn no_older_transaction_to_read_is_an_error() {
    let file = base();
    // The checksum of meta page 0, or of 1: only one of them is left.
    for page in [0, 4096] {
        let mut file = file.clone();
        file[page + 16 + 56] ^= 1;
        let scratch = Scratch::new("restored-no-older");
        let path = scratch.write("one.db", &file);
        let ran = decode(&["--meta", "older", "-o", "keys", &path]);
        tells(&ran, &["checksum does not match", "--carve"]);
        assert_eq!(keys(&ran), 0);
    }
}

#[test]
fn revisions_in_the_root_page_are_no_other_version_of_etcd() {
    let ran = decode(&[&format!("{CASES}/02-torn-root-bucket-is-a-key-leaf.db")]);
    tells(&ran, &["the root page holds revisions, not buckets"]);
    assert!(!ran.stderr.contains("version 3"));
}

#[test]
fn pages_without_a_meta_page_are_a_database() {
    let file = format!("{CASES}/06b-first-pages-zero.db");
    for output in ["keys", "ndjson"] {
        let ran = decode(&["-o", output, &file]);
        tells(&ran, &["37 pages of a database", "--carve searches"]);
        assert_eq!(keys(&ran), 0);
    }
    let carved = decode(&["--carve", "--history", &file]);
    assert_eq!(keys(&carved), 85);
}

#[test]
fn line_feeds_that_became_cr_lf_are_undone() {
    let packed = std::fs::read(format!("{CASES}/10-lf-became-crlf.db.gz")).unwrap();
    let mut file = Vec::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_end(&mut file)
        .unwrap();
    let scratch = Scratch::new("restored-crlf");
    let ran = decode(&[&scratch.write("crlf.db", &file)]);
    tells(&ran, &["line feeds became CR LF", SHA256]);
    assert_eq!(ran.stdout, decode(&[&format!("{CASES}/00-base.db")]).stdout);
    // One line feed as it was: no terminal did this.
    let at = file.windows(2).rposition(|two| two == b"\r\n").unwrap();
    file.remove(at);
    let ran = decode(&["-o", "keys", &scratch.write("one.db", &file)]);
    assert_eq!(ran.code, Some(1));
    assert!(!ran.stderr.contains("CR LF"));
}

#[test]
fn a_database_behind_a_line_of_text() {
    let scratch = Scratch::new("restored-behind");
    let line = b"Defaulted container \"etcd\" out of: etcd, init (init)\n";
    let path = scratch.write("behind.db", &[line, &base()[..]].concat());
    let ran = decode(&["-o", "keys", &path]);
    tells(&ran, &["a database begins at byte 53", "tail -c +54"]);
    assert_eq!(keys(&ran), 89);
}

#[test]
fn a_terminal_shows_a_line_of_text_before_the_database() {
    let scratch = Scratch::new("restored-both");
    let shown = [b"Defaulted container \"etcd\"\n", &base()[..]].concat();
    let mut file = Vec::new();
    for byte in shown {
        if byte == b'\n' {
            file.push(b'\r');
        }
        file.push(byte);
    }
    let ran = decode(&["-o", "keys", &scratch.write("both.db", &file)]);
    tells(&ran, &["line feeds became CR LF", "begins at byte 27"]);
    assert_eq!(keys(&ran), 89);
}

#[test]
fn carriage_returns_without_end_are_undone_once() {
    let scratch = Scratch::new("restored-returns");
    let mut file: Vec<u8> = base()[..2 * 4096].to_vec();
    assert!(!file.contains(&b'\n'));
    file.extend([b'\r'; 100_000]);
    file.push(b'\n');
    let ran = decode(&["-o", "keys", &scratch.write("returns.db", &file)]);
    tells(&ran, &["the file was cut"]);
    assert_eq!(ran.stderr.matches("CR LF").count(), 1);
}

#[test]
fn a_trailer_of_zeros_was_never_written() {
    let file = [&base()[..], &[0; 32]].concat();
    let scratch = Scratch::new("restored-trailer");
    let ran = decode(&["-o", "keys", &scratch.write("zeros.db", &file)]);
    tells(&ran, &["the SHA-256 trailer is all zeros"]);
    assert_eq!(keys(&ran), 89);
}

#[test]
fn a_file_that_was_cut_says_so() {
    let scratch = Scratch::new("restored-cut");
    let mut file = base();
    file.truncate(30 * 4096);
    let ran = decode(&["-o", "keys", &scratch.write("cut.db", &file)]);
    tells(&ran, &["the file was cut: of 49 pages 30 are in it"]);
}

#[test]
fn nothing_at_all_is_never_status_0() {
    let scratch = Scratch::new("restored-nothing");
    for (name, bytes) in [("empty", 0), ("zeros", 65536), ("a page", 4096)] {
        let path = scratch.write(name, &vec![0; bytes]);
        for options in [&["-o", "keys"][..], &[], &["--carve"], &["--history"]] {
            let ran = decode(&[options, &[&path]].concat());
            assert_ne!(ran.code, Some(0), "{name} {options:?}: {}", ran.stderr);
        }
    }
}

fn with_freelist(freelist: Freelist) -> File {
    let pods: Entries = (2..40)
        .map(|main| {
            let key = format!("/registry/pods/default/pod-{main}");
            let value = key_value(key.as_bytes(), [main, main, 1, 0], b"a value");
            (revision(main, 0, false), value)
        })
        .collect();
    Writer::new(1024, Order::Little)
        .freelist(freelist)
        .free_page(Vec::new())
        .free_page(Vec::new())
        .bucket("key", pods)
        .write()
}

#[test]
fn a_freelist_that_does_not_agree_is_damage() {
    let scratch = Scratch::new("restored-freelist");
    // Page 2 is the list, 3 and 4 are free, the tree begins behind them.
    for (at, (ids, told)) in [
        (vec![3, 4, 6], "of 3 pages 1 are in use"),
        (vec![3], "1 are missing"),
        (vec![3, 4, 4], "1 there twice"),
        (vec![3, 4, 99], "1 not in the file"),
    ]
    .into_iter()
    .enumerate()
    {
        let file = with_freelist(Freelist::Ids(ids));
        let path = scratch.write("wrong.db", &file.bytes);
        let report = format!("{}/report-{at}.json", scratch.path());
        let ran = decode(&["-o", "keys", "--report", &report, &path]);
        tells(&ran, &["freelist", told]);
        assert_eq!(keys(&ran), 38);
        let report = std::fs::read_to_string(&report).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let damage = &report["inputs"][0]["damage"][0]["reason"];
        assert!(damage.as_str().unwrap().contains(told), "{damage}");
        assert_eq!(decode(&["-o", "keys", &path]).code, Some(1));
    }
    for freelist in [
        Freelist::Synced,
        Freelist::CountFollows,
        Freelist::NotSynced,
    ] {
        let path = scratch.write("right.db", &with_freelist(freelist).bytes);
        let ran = decode(&["-o", "keys", &path]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    }
}
