//! Live keys, decoded by several threads and printed in their order.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use k8s_etcd::etcd::{Iter, KeyValue, State};
use k8s_etcd::{Decoder, Error};

use crate::args::{Args, Output};
use crate::decoded::{Decoded, Form, Item, Place};
use crate::output::{Source, escaped, ndjson};
use crate::progress;
use crate::run::Run;

/// Keys that a thread decodes at a time: few, since each may have megabytes.
const BATCH: usize = 32;

/// What a thread may be ahead of what is printed, in pieces of [`PIECES_MAX`] bytes.
const AHEAD: usize = 2;

/// Bytes that a thread gathers before it hands them over, one value more at most.
const PIECES_MAX: usize = 1 << 20;

/// More threads than this are of no use on any machine, and each takes memory.
const THREADS_MAX: usize = 256;

/// What a thread made of some keys, in their order.
enum Piece<'a> {
    /// Records as they are to be printed.
    Text(Vec<u8>),
    /// What another kind of output prints, or needs a look at other keys.
    Held(Box<(Item<'a>, Decoded)>),
    Broken(&'a [u8], Error),
}

impl Run<'_> {
    /// Prints the entries of a state; tells whether none was broken.
    pub fn entries<'a>(
        &mut self,
        out: &mut dyn Write,
        state: &State<'a>,
        entries: &Iter<'_, 'a>,
    ) -> io::Result<bool> {
        let worker = Worker {
            args: self.args,
            decoder: self.decoder,
            source: Arc::clone(&self.source),
        };
        let (jobs, count) = (self.args.jobs(), entries.len());
        let bar = progress::bar(count);
        let work = |batch: usize, give: &mut dyn FnMut(Vec<Piece<'a>>)| {
            let begin = batch * BATCH;
            worker.batch(entries.clone().skip(begin).take(BATCH), give);
        };
        let mut is_sound = true;
        let take = |pieces: Vec<Piece<'a>>| {
            for piece in pieces {
                match piece {
                    Piece::Text(text) => out.write_all(&text)?,
                    Piece::Held(held) => {
                        let (item, decoded) = *held;
                        self.decoded(out, &item, decoded, Some(state))?;
                    }
                    Piece::Broken(key, error) => {
                        is_sound = false;
                        let item = Item {
                            key: Some(key),
                            place: Place::of(&error),
                            ..Item::default()
                        };
                        self.broken(out, &item, error)?;
                    }
                }
            }
            Ok(())
        };
        in_order(jobs, count.div_ceil(BATCH), work, take, || {
            bar.inc(BATCH as u64)
        })?;
        bar.finish_and_clear();
        Ok(is_sound)
    }
}

/// All that decoding needs, and nothing that changes on the way.
struct Worker<'r> {
    args: &'r Args,
    decoder: &'r Decoder,
    source: Arc<Source>,
}

impl Worker<'_> {
    fn batch<'a>(
        &self,
        entries: impl Iterator<Item = (&'a [u8], k8s_etcd::Result<KeyValue<'a>>)>,
        give: &mut dyn FnMut(Vec<Piece<'a>>),
    ) {
        let form = Form::of(self.args.output);
        let mut pieces = Vec::new();
        // Memory takes all that is written to it.
        let mut text = Vec::new();
        let mut held = 0;
        for (key, entry) in entries {
            if held + text.len() > PIECES_MAX {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                give(std::mem::take(&mut pieces));
                held = 0;
            }
            let item = match entry {
                Ok(key_value) => Item::from(&key_value),
                Err(error) => {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                    pieces.push(Piece::Broken(key, error));
                    continue;
                }
            };
            if self.args.output == Output::Keys {
                let _ = writeln!(text, "{}", escaped(key));
                continue;
            }
            let Some(decoded) = Decoded::new(&item, self.decoder, self.args, form) else {
                continue;
            };
            if self.args.output == Output::Ndjson && decoded.is_decoded() {
                let _ = ndjson::print(&mut text, &self.source, &item, &decoded);
            } else {
                held += text.len() + decoded.size();
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(Piece::Held(Box::new((item, decoded))));
            }
        }
        pieces.push(Piece::Text(text));
        give(pieces);
    }
}

/// Does `work` for each of `count` numbers on `jobs` threads at most, and hands
/// what it gives to `take` in the order of the numbers. An error of `take` ends it.
/// `done` is called after each number.
fn in_order<T: Send>(
    jobs: usize,
    count: usize,
    work: impl Fn(usize, &mut dyn FnMut(T)) + Sync,
    mut take: impl FnMut(T) -> io::Result<()>,
    done: impl Fn(),
) -> io::Result<()> {
    let jobs = jobs.min(count).min(THREADS_MAX);
    let here = |number: usize, take: &mut dyn FnMut(T) -> io::Result<()>| {
        let mut taken = Ok(());
        work(number, &mut |given| {
            if taken.is_ok() {
                taken = take(given);
            }
        });
        done();
        taken
    };
    if jobs < 2 {
        return (0..count).try_for_each(|number| here(number, &mut take));
    }
    thread::scope(|scope| {
        let mut receivers = Vec::new();
        for first in 0..jobs {
            // `None` ends what a number gives.
            let (sender, receiver) = sync_channel(AHEAD);
            let work = &work;
            let thread = thread::Builder::new().spawn_scoped(scope, move || {
                for number in (first..count).step_by(jobs) {
                    let mut is_wanted = true;
                    work(number, &mut |given| {
                        is_wanted = is_wanted && sender.send(Some(given)).is_ok();
                    });
                    if !is_wanted || sender.send(None).is_err() {
                        return;
                    }
                }
            });
            receivers.push(thread.is_ok().then_some(receiver));
        }
        for number in 0..count {
            let Some(receiver) = &receivers[number % jobs] else {
                // The system had no thread left.
                here(number, &mut take)?;
                continue;
            };
            loop {
                match receiver.recv() {
                    Ok(Some(given)) => take(given)?,
                    Ok(None) => break,
                    // A thread that is gone has panicked: the scope says so.
                    Err(_) => return Ok(()),
                }
            }
            done();
        }
        Ok(())
    })
}
