//! A bar on stderr, if that is a terminal and the work is long.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Fewer keys than this are done before anyone looks.
const LONG: usize = 50_000;

pub fn bar(keys: usize) -> ProgressBar {
    if keys < LONG || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar =
        ProgressBar::with_draw_target(Some(keys as u64), ProgressDrawTarget::stderr_with_hz(5));
    match ProgressStyle::with_template("{wide_bar} {pos}/{len} keys, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
