//! Blocks apart, used again, merged; what is kept, and a lock that is held.

use super::*;
use crate::testing::Random;

fn take(heap: &Heap, length: usize) -> *mut u8 {
    let (start, zero) = heap.take(length);
    assert!(!start.is_null() && (start as usize).is_multiple_of(ALIGN));
    // SAFETY: the block is as long.
    let bytes = unsafe { std::slice::from_raw_parts_mut(start, length) };
    assert!(!zero || bytes.iter().all(|&b| b == 0));
    bytes.fill(0xa5);
    start
}

#[test]
fn blocks_do_not_overlap_and_what_is_free_is_used_again() {
    let heap = Heap::new();
    let mut held: Vec<(*mut u8, usize)> = Vec::new();
    let mut seed = 1u64;
    for _ in 0..2000 {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1);
        let length = (seed >> 43) as usize + 1;
        if held.len() > 20 {
            let (start, length) = held.swap_remove((seed >> 33) as usize % held.len());
            // SAFETY: taken below, and nobody uses it.
            unsafe { heap.give(start, length) };
        }
        let start = take(&heap, length);
        let (from, to) = (start as usize, start as usize + length);
        assert!(held
            .iter()
            .all(|&(at, its)| to <= at as usize || at as usize + its <= from));
        held.push((start, length));
    }
    for (start, length) in held {
        // SAFETY: taken above, and nobody uses it.
        unsafe { heap.give(start, length) };
    }
    assert!(heap.kept() < 48 << 21);
}

#[test]
fn neighbours_become_one() {
    let heap = Heap::new();
    let whole = take(&heap, 8 * STEP);
    // SAFETY: just taken.
    unsafe { heap.give(whole, 8 * STEP) };
    let parts = [(); 4].map(|()| take(&heap, 2 * STEP));
    assert_eq!(heap.kept(), 0);
    for i in [2, 0, 3, 1] {
        // SAFETY: taken above.
        unsafe { heap.give(parts[i], 2 * STEP) };
    }
    assert_eq!(take(&heap, 8 * STEP), whole);
    // SAFETY: just taken.
    unsafe { heap.give(whole, 8 * STEP) };
}

#[test]
fn not_everything_is_kept() {
    let heap = Heap::new();
    let blocks = [(); 4].map(|()| take(&heap, KEPT / 3));
    for start in blocks {
        // SAFETY: taken above.
        unsafe { heap.give(start, KEPT / 3) };
    }
    assert!((KEPT - GRAIN..=KEPT).contains(&heap.kept()));
    // What does not fit is not held beside what does.
    let large = take(&heap, 2 * KEPT);
    assert!(heap.kept() < STEP);
    // SAFETY: just taken.
    unsafe { heap.give(large, 2 * KEPT) };
}

#[test]
fn nobody_waits_for_the_lock() {
    let heap = Heap::new();
    let early = take(&heap, 1 << 20);
    let held = heap.lock();
    let late = take(&heap, 3 << 20);
    // SAFETY: taken above.
    unsafe {
        heap.give(early, 1 << 20);
        heap.give(late, 3 << 20);
    }
    drop(held);
    assert_eq!(heap.kept(), STEP - (1 << 20));
}

/// On a busy machine a thousand attempts take seconds, for every block.
#[cfg(unix)]
#[test]
fn a_child_does_not_wait_for_a_lock_that_its_parent_held() {
    let heap = Heap::new();
    let early = take(&heap, 1 << 20);
    let held = heap.lock();
    assert!(held.is_some() && !heap.is_held_elsewhere());
    // SAFETY: the child does nothing but call the heap, which maps and unmaps, and end.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let elsewhere = heap.is_held_elsewhere();
        let (late, zero) = heap.take(1 << 20);
        // SAFETY: taken above, each once.
        unsafe {
            heap.give(early, 1 << 20);
            heap.give(late, 1 << 20);
            libc::_exit(i32::from(!(elsewhere && zero && !late.is_null())))
        }
    }
    let mut status = -1;
    // SAFETY: the child made above, and a place for its status.
    let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert!(child > 0 && ended == child && status == 0);
    drop(held);
    // SAFETY: taken above.
    unsafe { heap.give(early, 1 << 20) };
    assert_eq!(heap.kept(), STEP);
}

#[test]
fn threads_have_blocks_of_their_own() {
    static SHARED: Heap = Heap::new();
    std::thread::scope(|scope| {
        for thread in 1..=4u64 {
            scope.spawn(move || {
                let mut random = Random::new(thread);
                let mut held: Vec<(&mut [u8], u8)> = Vec::new();
                for step in 0..300 {
                    if held.len() > 6 {
                        let (bytes, mark) = held.swap_remove(random.below(held.len()));
                        assert!(bytes.iter().all(|&b| b == mark));
                        let (start, length) = (bytes.as_mut_ptr(), bytes.len());
                        // SAFETY: taken below, and nobody uses it.
                        unsafe { SHARED.give(start, length) };
                    }
                    let length = random.below(1 << 20) + 1;
                    let start = take(&SHARED, length);
                    // SAFETY: the block is as long, and this thread's.
                    let bytes = unsafe { std::slice::from_raw_parts_mut(start, length) };
                    let mark = (step as u8) << 2 | thread as u8 & 3;
                    bytes.fill(mark);
                    held.push((bytes, mark));
                }
            });
        }
    });
    assert!(SHARED.kept() <= KEPT);
}

#[test]
fn as_an_allocator() {
    for size in [1, LARGE - 1, LARGE, 5 * LARGE + 3] {
        for align in [1, 64, ALIGN, 2 * ALIGN] {
            let layout = Layout::from_size_align(size, align).unwrap();
            for _ in 0..3 {
                // SAFETY: the layout is not empty; the block is used for as long as it is there.
                unsafe {
                    let start = Allocator.alloc_zeroed(layout);
                    assert!((start as usize).is_multiple_of(align));
                    let bytes = std::slice::from_raw_parts_mut(start, size);
                    assert!(bytes.iter().all(|&b| b == 0));
                    bytes.fill(1);
                    Allocator.dealloc(start, layout);
                }
            }
        }
    }
}
