//! The README's section on investigations is run as it stands.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::run::{Scratch, program};

const SECTION: &str = "## Investigating a cluster from its etcd\n";

/// A command, and the lines that the README shows below it.
struct Step {
    command: String,
    shown: Vec<String>,
}

/// What is in the section's `console` blocks: commands behind `$`.
fn steps(readme: &str) -> Vec<Step> {
    let (_, section) = readme.split_once(SECTION).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut steps: Vec<Step> = Vec::new();
    let mut is_console = false;
    for line in section.lines() {
        if line.starts_with("```") {
            is_console = line == "```console";
        } else if is_console {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step {
                    command: command.to_owned(),
                    shown: Vec::new(),
                }),
                (None, Some(step)) if step.command.ends_with('\\') => {
                    step.command.push('\n');
                    step.command.push_str(line);
                }
                (None, Some(step)) => step.shown.push(line.to_owned()),
                (None, None) => panic!("output before any command: {line}"),
            }
        }
    }
    steps
}

/// `…` stands for any lines, at the end of a line for its rest.
fn matches(shown: &[String], printed: &[&str]) -> bool {
    match (shown, printed) {
        ([], printed) => printed.is_empty(),
        ([any, rest @ ..], _) if any == "…" => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        ([line, shown @ ..], [first, printed @ ..]) => {
            let is_same = match line.strip_suffix('…') {
                Some(begin) => first.starts_with(begin),
                None => first == line,
            };
            is_same && matches(shown, printed)
        }
        (_, []) => false,
    }
}

#[cfg(unix)]
#[test]
fn the_readme_s_investigation_goes_as_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("README.md");
    let scratch = Scratch::new("readme");
    let testdata = format!("{}/testdata", scratch.path());
    std::os::unix::fs::symlink(root.join("testdata"), testdata).expect("a link");
    let programs = program().parent().expect("a folder").to_path_buf();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([programs].into_iter().chain(std::env::split_paths(&others)));
    let path = path.expect("a PATH");

    let steps = steps(&readme);
    let decodes = steps
        .iter()
        .filter(|step| step.command.starts_with("decode "));
    assert!(decodes.count() >= 8, "commands are missing");
    for Step { command, shown } in &steps {
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1\n{command}")])
            .current_dir(scratch.path())
            .env("PATH", &path)
            .output()
            .expect("sh runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        let lines: Vec<&str> = printed.lines().collect();
        assert!(matches(shown, &lines), "$ {command}\n{printed}");
        // What shows nothing has worked, at least.
        assert!(!shown.is_empty() || output.status.success(), "$ {command}");
    }
}

#[test]
fn shown_lines_are_told_from_others() {
    let shown = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<_>>();
    for (text, printed, expected) in [
        ("a|b", &["a", "b"][..], true),
        ("a|b", &["a", "b", "c"], false),
        ("a|…|c", &["a", "b", "b", "c"], true),
        ("a|…|c", &["a", "c"], true),
        ("a|…", &["a", "c"], true),
        ("a|…|d", &["a", "c"], false),
        ("a…|b", &["abc", "b"], true),
        ("a…|b", &["bc", "b"], false),
        ("a", &[], false),
    ] {
        assert_eq!(matches(&shown(text), printed), expected, "{text}");
    }
}
