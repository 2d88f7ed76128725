//! Several inputs at once: what one of them lacks does not end the run, and is
//! told.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::run::{CLUSTER, Ran, Scratch, decode, program};

const BACKUP: &str = "testdata/cases/etcd/09-openshift-cluster-backup";
const BASE: &str = "testdata/cases/etcd/00-base.db";

fn backup() -> String {
    let names = fs::read_dir(BACKUP).expect("the case");
    let names = names.map(|entry| entry.expect("an entry").file_name());
    let mut names = names.filter_map(|name| name.into_string().ok());
    names
        .find(|name| name.ends_with(".db"))
        .expect("a database")
}

/// The records without the member that says which input they are from.
fn records(ran: &Ran) -> Vec<Value> {
    let mut records = ran.lines();
    for record in &mut records {
        record.as_object_mut().expect("a record").remove("input");
    }
    records
}

#[test]
fn a_folder_s_database_has_a_past_though_other_files_have_none() {
    let database = format!("{BACKUP}/{}", backup());
    for options in [&["--deleted"][..], &["--history"], &["--revision", "100"]] {
        let ran = decode(&[options, &[BACKUP]].concat());
        let alone = decode(&[options, &[&database]].concat());
        assert_eq!(alone.code, Some(0), "{}", alone.stderr);
        assert!(!alone.stdout.is_empty());
        assert_eq!(records(&ran), records(&alone));
        // The archive may hold anything: it is told, and the status says so.
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(
            ran.stderr.contains(".tar.gz: passed over"),
            "{}",
            ran.stderr
        );
    }
    let ran = decode(&["--deleted", "-o", "table", BACKUP]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.lines().count() > 1, "{}", ran.stdout);
}

#[test]
fn a_value_beside_a_database_is_passed_over() {
    let scratch = Scratch::new("value-beside");
    scratch.write("a.yaml", b"apiVersion: v1\nkind: A\n");
    scratch.write("b.db", &fs::read(BASE).expect("the case"));
    scratch.write("c.txt", b"266");
    let ran = decode(&["--history", scratch.path()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(records(&ran), records(&decode(&["--history", BASE])));
    for told in [
        "a.yaml: passed over: a single value",
        "c.txt: passed over: text",
    ] {
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
}

#[test]
fn a_folder_without_a_database_has_no_past() {
    let scratch = Scratch::new("no-database");
    scratch.write("a.yaml", b"apiVersion: v1\nkind: A\n");
    let ran = decode(&["--history", scratch.path()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(
        ran.stderr.contains("none of the files is a database"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_folder_without_a_file_is_no_input() {
    let scratch = Scratch::new("empty-folder");
    fs::create_dir_all(format!("{}/a/b", scratch.path())).expect("folders");
    for options in [&[][..], &["-o", "keys"], &["-o", "json"]] {
        let ran = decode(&[options, &[scratch.path()]].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
        assert!(
            ran.stderr.contains("there is no file in it"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_database_that_a_revision_is_not_in_does_not_end_the_run() {
    let scratch = Scratch::new("two-databases");
    // Its last revision is 113; that of the cluster is beyond.
    let file = format!("{BACKUP}/{}", backup());
    scratch.write("a.db", &fs::read(file).expect("the case"));
    scratch.write("b.db", &fs::read(CLUSTER).expect("the cluster"));
    let alone = decode(&["-o", "keys", "--revision", "400", CLUSTER]);
    assert_eq!(alone.code, Some(0), "{}", alone.stderr);
    let ran = decode(&["-o", "keys", "--revision", "400", scratch.path()]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.stdout, alone.stdout);
    assert!(
        ran.stderr.contains("a.db: --revision: 400 is above"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_cannot_be_read_does_not_end_the_run() {
    let scratch = Scratch::new("missing-beside");
    let value = scratch.write("value", br#"{"kind":"A","apiVersion":"v1"}"#);
    let missing = format!("{}/missing", scratch.path());
    let inputs = [&missing, &value, &missing, &value].map(String::as_str);
    let ran = decode(&inputs);
    assert_eq!((ran.code, ran.lines().len()), (Some(2), 2));
    assert_eq!(ran.stderr.matches("missing: No such file").count(), 2);
    let ran = decode(&[&["-o", "json"], &inputs[..]].concat());
    assert_eq!(ran.code, Some(2));
    let list: Value = serde_json::from_str(&ran.stdout).expect("a whole document");
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
    let ran = decode(&[&["-o", "yaml"], &inputs[..]].concat());
    assert_eq!(
        (ran.code, ran.stdout.matches("kind: A").count()),
        (Some(2), 2)
    );
    // Nothing at all: no document that says that there is nothing.
    let ran = decode(&["-o", "json", &missing]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_in_a_folder_is_named() {
    let scratch = Scratch::new("no-files");
    scratch.write("value", b"266");
    let path = |name: &str| format!("{}/{name}", scratch.path());
    std::os::unix::fs::symlink("value", path("link")).expect("a link");
    let made = Command::new("mkfifo").arg(path("fifo")).status();
    assert!(made.expect("mkfifo runs").success());
    let _socket = std::os::unix::net::UnixListener::bind(path("socket")).expect("a socket");
    let ran = decode(&[scratch.path()]);
    assert_eq!(
        (ran.code, ran.lines().len()),
        (Some(0), 1),
        "{}",
        ran.stderr
    );
    for told in [
        "link: a link in",
        "fifo: a pipe, a socket",
        "socket: a pipe, a socket",
    ] {
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_told_and_the_rest_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("permission");
    scratch.write("closed/value", b"266");
    let unreadable = scratch.write("unreadable", b"266");
    scratch.write("open/value", b"266");
    let closed = format!("{}/closed", scratch.path());
    let set = |path: &str, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    };
    set(&closed, 0);
    set(&unreadable, 0);
    // The superuser reads everything.
    let is_superuser = fs::read_dir(&closed).is_ok();
    let ran = decode(&["-o", "json", scratch.path()]);
    set(&closed, 0o700);
    set(&unreadable, 0o600);
    if is_superuser {
        assert_eq!(ran.code, Some(0));
        return;
    }
    assert_eq!(ran.code, Some(2));
    assert!(
        serde_json::from_str::<Value>(&ran.stdout).is_ok(),
        "{}",
        ran.stdout
    );
    for told in ["closed: Permission denied", "unreadable: Permission denied"] {
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_deeper_than_the_system_can_name_is_told_and_the_rest_is_read() {
    let scratch = Scratch::new("deep");
    scratch.write("a", b"266");
    scratch.write("z", b"266");
    let script = "n=$(printf 'd%.0s' $(seq 200)); i=0; while [ $i -lt 30 ]; \
                  do mkdir $n && cd -P $n || exit 1; i=$((i+1)); done; echo 266 > value";
    let mut shell = Command::new("bash");
    let made = shell
        .args(["-c", script])
        .current_dir(scratch.path())
        .status();
    assert!(made.expect("bash runs").success());
    let ran = decode(&[scratch.path()]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(ran.lines().len(), 2);
    assert!(ran.stderr.contains("File name too long"), "{}", ran.stderr);
    assert!(ran.stderr.len() < 1000, "{}", ran.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_say_they_are_empty_and_are_not() {
    // 0 bytes, as its directory says.
    let ran = decode(&["/proc/self/status"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("Name:"), "{}", ran.stdout);
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_without_end_is_an_error() {
    let ran = decode(&["/dev/zero", CLUSTER]);
    assert_eq!((ran.code, ran.lines().len()), (Some(2), 321));
    assert!(
        ran.stderr.contains("/dev/zero: a device with more than"),
        "{}",
        ran.stderr
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_changes_while_it_is_read_is_told() {
    use std::io::{Read, Write};
    use std::process::Stdio;
    let scratch = Scratch::new("changing");
    let file = scratch.write("db", &fs::read(CLUSTER).expect("the cluster"));
    let mut child = Command::new(program())
        .args(["-j", "1", &file])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    // The pipe is full before all is printed: the program waits for its reader.
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut first = [0; 1];
    stdout.read_exact(&mut first).expect("a byte");
    let mut grown = fs::File::options()
        .append(true)
        .open(&file)
        .expect("the file");
    grown.write_all(&[0; 4096]).expect("written");
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).expect("the rest");
    assert!(rest.len() > 1 << 17, "{}", rest.len());
    let ran = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{told}");
    assert!(told.contains("it was changed while it was read"), "{told}");
}
