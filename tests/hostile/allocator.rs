//! Counts what one thread holds on the heap and all that it asks for, so that
//! bounds on memory and work are checked and not believed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[global_allocator]
static COUNTING: Counting = Counting;

struct Counting;

thread_local! {
    /// Bytes held now and at most; tests run beside each other.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    /// Bytes and allocations asked for since the thread began.
    static ASKED: Cell<usize> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// What must not be in memory that is given back, and how often it was.
    static SECRET: Cell<Option<[u8; 16]>> = const { Cell::new(None) };
    static LEFT: Cell<usize> = const { Cell::new(0) };
}

/// Looks for the secret in memory that is given back.
///
/// # Safety
///
/// `pointer` is a block of `layout` that nobody else uses.
unsafe fn look(pointer: *mut u8, layout: Layout) {
    let Ok(Some(secret)) = SECRET.try_with(Cell::get) else {
        return;
    };
    // Read byte by byte: not all of the block need have been written.
    let byte = |at: usize| unsafe { pointer.add(at).read_volatile() };
    let is_at = |at: usize| (0..secret.len()).all(|offset| byte(at + offset) == secret[offset]);
    if (0..(layout.size() + 1).saturating_sub(secret.len())).any(is_at) {
        LEFT.set(LEFT.get() + 1);
    }
}

/// How many blocks were given back with `secret` in them while `work` ran.
pub fn left_in_freed_memory(secret: [u8; 16], work: impl FnOnce()) -> usize {
    LEFT.set(0);
    SECRET.set(Some(secret));
    work();
    SECRET.set(None);
    LEFT.get()
}

fn count(bytes: isize) {
    // Threads that end free memory after their own cells are gone.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
    if let Ok(bytes) = usize::try_from(bytes) {
        let _ = ASKED.try_with(|asked| asked.set(asked.get() + bytes));
        let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
    }
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { look(pointer, layout) };
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both are there while the bytes move.
        count(size as isize);
        // As a block that is copied and given back, which it may be.
        unsafe { look(pointer, layout) };
        let moved = unsafe { System.realloc(pointer, layout, size) };
        count(-(layout.size() as isize));
        moved
    }
}

/// What a piece of work cost on the heap. The same work costs the same each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heap {
    /// The most bytes that were held at one time.
    pub peak: usize,
    /// All bytes that were asked for, a buffer that grows each time anew.
    pub asked: usize,
    /// How often.
    pub allocations: usize,
}

/// What `work` returns, and what it cost on the heap.
pub fn heap<T>(work: impl FnOnce() -> T) -> (T, Heap) {
    let before = HELD.get();
    let (asked, allocations) = (ASKED.get(), ALLOCATIONS.get());
    PEAK.set(before);
    let result = work();
    let cost = Heap {
        peak: usize::try_from(PEAK.get() - before).expect("a peak is not below its beginning"),
        asked: ASKED.get() - asked,
        allocations: ALLOCATIONS.get() - allocations,
    };
    (result, cost)
}

/// What `work` returns, and the most bytes that it held at one time.
pub fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let (result, cost) = heap(work);
    (result, cost.peak)
}

#[test]
fn it_counts() {
    let (_, none) = peak(|| 1);
    assert_eq!(none, 0);
    let (vector, cost) = heap(|| {
        drop(vec![1_u8; 5_000]);
        vec![1_u8; 1_000]
    });
    assert_eq!((vector.len(), cost.peak), (1_000, 5_000));
    assert_eq!((cost.asked, cost.allocations), (6_000, 2));
}
