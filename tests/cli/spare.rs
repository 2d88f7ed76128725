//! What is read is never written to, whatever leads to it.

#![cfg(unix)]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::run::{CLUSTER, CONFIG, Scratch, decode, program};

fn cluster() -> Vec<u8> {
    fs::read(CLUSTER).expect("the cluster")
}

fn run(args: &[&str], stdin: Stdio, stdout: Stdio) -> (Option<i32>, String) {
    let mut command = Command::new(program());
    command
        .args(args)
        .stdin(stdin)
        .stdout(stdout)
        .stderr(Stdio::piped());
    let Output { status, stderr, .. } = command.output().expect("the program runs");
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

fn append(path: &str) -> Stdio {
    File::options()
        .append(true)
        .open(path)
        .expect("a file")
        .into()
}

#[test]
fn a_report_replaces_no_file() {
    let scratch = Scratch::new("no-report");
    let database = scratch.write("in.db", &cluster());
    let config = scratch.write("config.yaml", &fs::read(CONFIG).expect("the configuration"));
    let map = scratch.write("map.json", b"{}");
    let other = scratch.write("other.json", b"{}");
    let path = |name: &str| format!("{}/{name}", scratch.path());
    fs::hard_link(&database, path("hard")).expect("a link");
    for name in ["soft", "dangling"] {
        let to = if name == "soft" { "in.db" } else { "nothing" };
        std::os::unix::fs::symlink(to, path(name)).expect("a link");
    }
    let before = [&config, &map, &other].map(|path| fs::read(path).expect("a file"));
    for report in [
        database.clone(),
        path("hard"),
        path("soft"),
        path("dangling"),
        config.clone(),
        map.clone(),
        other.clone(),
        path("."),
    ] {
        let args = [
            "-o",
            "keys",
            "--encryption-config",
            &config,
            "--kms-map",
            &map,
            "--report",
            &report,
            &database,
        ];
        let ran = decode(&args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{report}");
        assert!(ran.stderr.contains("name another file"), "{}", ran.stderr);
        // The same on standard input.
        let stdin = File::open(&database).expect("the file").into();
        let args = ["-o", "keys", "--report", &report, "-"];
        let (code, told) = run(&args, stdin, Stdio::piped());
        assert_eq!(code, Some(2), "{report}: {told}");
    }
    assert!(fs::read(&database).expect("the file") == cluster());
    let after = [&config, &map, &other].map(|path| fs::read(path).expect("a file"));
    assert_eq!(before, after);
    assert!(!Path::new(&path("nothing")).exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_goes_to_a_pipe_or_a_device() {
    let ran = decode(&["-o", "keys", "--report", "/dev/stdout", CLUSTER]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("\"pageIdsThatAgree\": 136"));
    let ran = decode(&["-o", "keys", "--report", "/dev/null", CLUSTER]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 321));
    // By what name standard input is called makes no difference.
    let scratch = Scratch::new("report-to-stdin");
    let database = scratch.write("in.db", &cluster());
    let stdin = File::options().read(true).write(true).open(&database);
    let args = ["-o", "keys", "--report", "/dev/stdin", "-"];
    let (code, told) = run(&args, stdin.expect("the file").into(), Stdio::piped());
    assert_eq!(code, Some(2), "{told}");
    assert!(fs::read(&database).expect("the file") == cluster());
}

#[test]
fn output_does_not_go_into_what_is_read() {
    let scratch = Scratch::new("output-into-input");
    let database = scratch.write("in/a.db", &cluster());
    let config = scratch.write("config.yaml", &fs::read(CONFIG).expect("the configuration"));
    let hard = format!("{}/hard", scratch.path());
    fs::hard_link(&database, &hard).expect("a link");
    let folder = format!("{}/in", scratch.path());
    for input in [&database, &folder, &hard] {
        let (code, told) = run(&["-o", "keys", input], Stdio::null(), append(&database));
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("the output goes into it"), "{told}");
    }
    let stdin = File::open(&database).expect("the file").into();
    let (code, _) = run(&["-o", "keys", "-"], stdin, append(&database));
    assert_eq!(code, Some(2));
    let args = ["-o", "keys", "--encryption-config", &config, &database];
    for args in [
        &args[..],
        &["check-config", &config],
        &["kms-requests", "--encryption-config", &config, &database],
    ] {
        let (code, told) = run(args, Stdio::null(), append(&config));
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("the output goes into it"), "{told}");
    }
    assert!(fs::read(&database).expect("the file") == cluster());
    assert!(fs::read(&config).expect("the file") == fs::read(CONFIG).expect("the configuration"));

    // Even the reason would end up in the evidence.
    let mut command = Command::new(program());
    let ran = command
        .args(["--carve", &database])
        .stderr(append(&database))
        .output();
    let ran = ran.expect("the program runs");
    assert_eq!((ran.status.code(), ran.stdout.len()), (Some(2), 0));
    assert!(fs::read(&database).expect("the file") == cluster());
}
