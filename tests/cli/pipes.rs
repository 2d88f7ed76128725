//! Output that nobody reads, or that has no room, and words that are no text.

#![cfg(unix)]

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output, Stdio};

use crate::run::{CLUSTER, CONFIG, Scratch, decode, program};

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the program runs")
}

/// The writing end of a pipe that nobody reads.
fn closed_pipe() -> Stdio {
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn a_closed_pipe_ends_every_output_quietly() {
    for args in [
        &["check-config", CONFIG][..],
        &["check-config", "--help"],
        &["--help"],
        &["--version"],
        &[CLUSTER],
        &["-o", "table", CLUSTER],
        &["-o", "json", CLUSTER],
        &["--history", CLUSTER],
    ] {
        let Output { status, stderr, .. } = run(command(args).stdout(closed_pipe()));
        assert_eq!(status.code(), Some(0), "{args:?}");
        let told = String::from_utf8_lossy(&stderr);
        assert!(
            !told.contains("panicked") && !told.contains("output:"),
            "{args:?}: {told}"
        );
    }
}

#[test]
fn a_closed_stderr_changes_no_status() {
    for (args, status) in [
        (&["check-config", "/no/such/file"][..], 2),
        (&["check-config"], 2),
        (&["audit"], 2),
        (&["/no/such/file"], 2),
        (&["--carve", CLUSTER], 1),
    ] {
        let ran = run(command(args).stderr(closed_pipe()));
        assert_eq!(ran.status.code(), Some(status), "{args:?}");
    }
}

#[test]
fn help_of_check_config_is_no_error() {
    for word in ["--help", "-h"] {
        let ran = decode(&["check-config", word]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        assert!(ran.stdout.starts_with("Usage: decode check-config"));
    }
    let ran = decode(&["check-config"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("Usage: decode check-config"));
}

#[test]
fn check_config_goes_on_behind_a_file_that_is_not_there() {
    let ran = decode(&["check-config", "/no/such/file", CONFIG]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stdout.starts_with(CONFIG), "{}", ran.stdout);
    assert!(ran.stderr.contains("/no/such/file"), "{}", ran.stderr);
}

#[test]
fn a_first_argument_that_is_not_utf8_is_a_file_name() {
    let name = OsStr::from_bytes(b"no\xff.db");
    let Output { status, stderr, .. } = run(command(&[]).arg(name));
    let told = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(2), "{told}");
    assert!(told.contains("no\\xff.db"), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn output_without_room_is_an_error() {
    let full = || {
        File::options()
            .write(true)
            .open("/dev/full")
            .expect("a device")
    };
    for args in [
        &["check-config", CONFIG][..],
        &[CLUSTER],
        &["-o", "table", CLUSTER],
    ] {
        let Output { status, stderr, .. } = run(command(args).stdout(full()));
        let told = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(2), "{told}");
        assert!(told.contains("output: No space left"), "{told}");
    }
    let ran = decode(&["-o", "keys", "--report", "/dev/full", CLUSTER]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(2), 321));
    assert!(
        ran.stderr.contains("/dev/full: No space left"),
        "{}",
        ran.stderr
    );
}

#[cfg(target_os = "linux")]
#[test]
fn more_threads_than_work_take_no_memory() {
    let scratch = Scratch::new("threads");
    let value = scratch.write("value", b"266");
    let program = program().to_str().expect("UTF-8");
    let wanted = decode(&[CLUSTER]).stdout;
    for input in [CLUSTER, &value] {
        let script = "ulimit -v 1500000; exec \"$0\" -j 99999999 \"$1\"";
        let mut shell = Command::new("sh");
        let ran = shell.args(["-c", script, program, input]);
        let ran = ran
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("a shell");
        let told = String::from_utf8_lossy(&ran.stderr);
        assert!(
            input != CLUSTER || ran.stdout == wanted.as_bytes(),
            "{told}"
        );
        assert!(ran.status.code().is_some_and(|code| code < 2), "{told}");
    }
}
