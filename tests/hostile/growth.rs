//! Work in proportion to the input: a harness for all tests of it.
//!
//! Write a generator of hostile input by size, and say what is done with it:
//!
//! ```ignore
//! use crate::growth;
//!
//! #[test]
//! fn keys_of_one_name_cost_their_share() {
//!     growth::linear(2_000, configuration_of, |text| {
//!         let _ = EncryptionConfiguration::parse(text);
//!         0 // steps, if the code counts them: 0 otherwise
//!     });
//! }
//! ```
//!
//! [`linear`] runs the work at size `n`, `2n` and `4n` and counts bytes asked for,
//! allocations, the most bytes held, and the steps that the closure returns. Each
//! may become 2.2 times as much at most when the size doubles. These counts are the
//! same on every machine and in every run; seconds are not.
//!
//! Choose `n` so that the fixed costs do not hide the growth: some thousand
//! elements. What is wrong at `n` must not become right at `2n`: a limit that stops
//! the work at `2n` makes the test mean nothing.
//!
//! [`linear_time`] is for loops that neither allocate nor count. It takes the
//! processor time of the thread, the best of several runs, and is generous: four
//! times the size may take eight times as long. So `n` must be large: a run at `n`
//! shall take 10 ms or more.
//!
//! Put tests into a file of their own in `tests/hostile/`, named after the input.
//! Only the thread of the test is counted.

use std::time::{Duration, Instant};

use crate::allocator::heap;

/// By how much doubled size may multiply the work.
const DOUBLED: f64 = 2.2;

/// Runs `work` on what `generate` makes of `n`, `2n` and `4n`, and panics where a
/// count grows by more than 2.2 for a doubling. `work` returns its steps, or 0.
pub fn linear<I>(n: usize, generate: impl Fn(usize) -> I, mut work: impl FnMut(&I) -> u64) {
    // What is made once in the life of a process is not counted.
    work(&generate(n));
    let mut before: Option<[f64; 4]> = None;
    for size in [n, 2 * n, 4 * n] {
        let input = generate(size);
        let (steps, heap) = heap(|| work(&input));
        let counts = [heap.asked, heap.allocations, heap.peak, steps as usize];
        println!(
            "size {size}: {} bytes asked for in {} allocations, {} held at most, {steps} steps",
            heap.asked, heap.allocations, heap.peak
        );
        let counts = counts.map(|count| count as f64);
        if let Some(before) = before {
            for (name, (less, more)) in NAMES.iter().zip(before.iter().zip(counts)) {
                assert!(
                    more <= less * DOUBLED + 16.0,
                    "{name} at size {size}: {more} where half the size takes {less}"
                );
            }
        }
        before = Some(counts);
    }
}

const NAMES: [&str; 4] = ["bytes asked for", "allocations", "bytes held", "steps"];

/// As [`linear`], by processor time: four times `n` may take eight times as long.
pub fn linear_time<I>(n: usize, generate: impl Fn(usize) -> I, mut work: impl FnMut(&I)) {
    let mut measure = |size| {
        let input = generate(size);
        let mut run = || {
            let start = Clock::now();
            work(&input);
            start.elapsed()
        };
        let best = (0..3).map(|_| run()).min().unwrap_or_default();
        println!("size {size}: {best:?}");
        best
    };
    let (less, more) = (measure(n), measure(4 * n));
    // A few milliseconds are no measure.
    assert!(
        more <= less * 8 + Duration::from_millis(20),
        "size {}: {more:?} where a quarter of it takes {less:?}",
        4 * n
    );
}

/// The processor time of this thread; the time of the wall where the system does
/// not tell it.
struct Clock {
    on_processor: Option<Duration>,
    wall: Instant,
}

impl Clock {
    fn now() -> Clock {
        Clock {
            on_processor: on_processor(),
            wall: Instant::now(),
        }
    }

    fn elapsed(&self) -> Duration {
        match (self.on_processor, on_processor()) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            _ => self.wall.elapsed(),
        }
    }
}

fn on_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds))
}

mod itself {
    use super::*;

    #[test]
    fn a_copy_of_the_input_is_linear() {
        linear(
            1_000,
            |size| vec![1_u8; size],
            |input| {
                let copy = input.clone();
                copy.len() as u64
            },
        );
    }

    #[test]
    #[should_panic = "bytes asked for"]
    fn prefixes_are_not() {
        linear(
            1_000,
            |size| vec![1_u8; size],
            |input| {
                let lengths = (0..input.len()).map(|length| input[..length].to_vec().len());
                lengths.sum::<usize>() as u64
            },
        );
    }

    #[test]
    #[should_panic = "steps"]
    fn steps_are_counted() {
        linear(1_000, |size| size, |size| (size * size) as u64);
    }

    #[test]
    #[should_panic = "where a quarter of it takes"]
    fn a_square_takes_too_long() {
        linear_time(
            1_000,
            |size| vec![1_u64; size],
            |input| {
                let pairs = input.iter().map(|a| {
                    let sums = input.iter().map(|b| std::hint::black_box(a + b));
                    sums.max().unwrap_or_default()
                });
                assert_eq!(pairs.max(), Some(2));
            },
        );
    }
}
