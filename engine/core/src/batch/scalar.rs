//! The kernel for processors without the vector instructions: one list after another, in pairs.
//!
//! Notation: as in mod.rs; an addition takes its entry (x2, y2), with dx = x2 - x1 and dy = y2 - y1. Lists of even and
//! of odd number have an inversion chain each, so that a product need not wait for its neighbour's.

use super::coordinate::Coordinate;
use super::{Flag, Job};
use crate::words::{with_multiplier, Multiplier, Words};

/// Lists ahead of the current one whose points are fetched.
const AHEAD: usize = 12;

/// See `super::sum_g1`.
pub fn sum_g1(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
    with_multiplier!(X => sum::<Words, X>(job, out, flags));
}

/// See `super::sum_g2`.
pub fn sum_g2(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
    with_multiplier!(X => sum::<[Words; 2], X>(job, out, flags));
}

/// A point.
#[derive(Clone, Copy)]
struct Point<T> {
    x: T,
    y: T,
}

/// What the way back needs of an addition.
#[derive(Clone, Copy)]
struct Work<T> {
    dx: T,
    dy: T,
    /// The product of the chain's differences before this one.
    before: T,
}

pub(super) fn sum<T: Coordinate, X: Multiplier>(
    job: &Job<'_>,
    out: &mut [u8],
    flags: &mut Vec<Flag>,
) {
    let mut lists = job.lists.len();
    let mut sums: Vec<Point<T>> = (0..lists)
        .map(|list| match job.starts {
            Some(starts) => load(starts, 2 * list as u32),
            None => load(job.base, job.entry(list, 0)),
        })
        .collect();
    let mut work: Vec<Work<T>> = Vec::with_capacity(lists);
    for round in u32::from(job.starts.is_none()).. {
        while lists > 0 && job.lists[lists - 1].length <= round {
            lists -= 1;
        }
        if lists == 0 {
            break;
        }
        work.clear();
        let mut products = [T::ONE; 2];
        let first_flag = flags.len();
        for (list, sum) in sums[..lists].iter().enumerate() {
            if list + AHEAD < lists {
                fetch::<T>(job, job.entry(list + AHEAD, round));
            }
            let entry = job.entry(list, round);
            let point: Point<T> = load(job.base, entry);
            let mut dx = point.x.sub(&sum.x);
            if dx.is_zero() {
                flags.push(Flag {
                    list,
                    sum: bytes_of(sum),
                    entry,
                });
                dx = T::ONE;
            }
            let product = &mut products[list % 2];
            work.push(Work {
                dx,
                dy: point.y.sub(&sum.y),
                before: *product,
            });
            *product = product.mul::<X>(&dx);
        }
        let all = products[0].mul::<X>(&products[1]).inverse::<X>();
        let mut rests = [all.mul::<X>(&products[1]), all.mul::<X>(&products[0])];
        let pairs = sums[..lists].chunks_mut(2).zip(work.chunks(2));
        for (sums, work) in pairs.rev() {
            if let ([s0, s1], [w0, w1]) = (&mut *sums, work) {
                // Step by step in turn.
                let i = [rests[0].mul::<X>(&w0.before), rests[1].mul::<X>(&w1.before)];
                rests = [rests[0].mul::<X>(&w0.dx), rests[1].mul::<X>(&w1.dx)];
                let l = [w0.dy.mul::<X>(&i[0]), w1.dy.mul::<X>(&i[1])];
                let square = [l[0].square::<X>(), l[1].square::<X>()];
                let x = [third(&square[0], s0, w0), third(&square[1], s1, w1)];
                let y = [
                    l[0].mul::<X>(&s0.x.sub(&x[0])),
                    l[1].mul::<X>(&s1.x.sub(&x[1])),
                ];
                (s0.y, s1.y) = (y[0].sub(&s0.y), y[1].sub(&s1.y));
                (s0.x, s1.x) = (x[0], x[1]);
            } else {
                // The last list, of an even number.
                let (sum, work) = (&mut sums[0], &work[0]);
                let l = work.dy.mul::<X>(&rests[0].mul::<X>(&work.before));
                rests[0] = rests[0].mul::<X>(&work.dx);
                let x = third(&l.square::<X>(), sum, work);
                sum.y = l.mul::<X>(&sum.x.sub(&x)).sub(&sum.y);
                sum.x = x;
            }
        }
        for flag in &flags[first_flag..] {
            sums[flag.list] = load(job.spare, 0);
        }
    }
    for (sum, out) in sums.iter().zip(out.chunks_exact_mut(2 * T::BYTES)) {
        store(sum, out);
    }
}

/// x3 = l^2 - x1 - x2, as x2 = x1 + dx.
#[inline(always)]
fn third<T: Coordinate>(square: &T, sum: &Point<T>, work: &Work<T>) -> T {
    square.sub(&work.dx).sub(&sum.x).sub(&sum.x)
}

#[inline(always)]
fn load<T: Coordinate>(base: &[u8], entry: u32) -> Point<T> {
    let start = (entry >> 1) as usize * (2 * T::BYTES);
    let (x, y) = base[start..start + 2 * T::BYTES].split_at(T::BYTES);
    Point {
        x: T::load(x),
        y: T::load(y).signed(entry & 1 == 1),
    }
}

fn store<T: Coordinate>(point: &Point<T>, out: &mut [u8]) {
    let (x, y) = out.split_at_mut(T::BYTES);
    point.x.store(x);
    point.y.store(y);
}

fn bytes_of<T: Coordinate>(point: &Point<T>) -> Vec<u8> {
    let mut out = vec![0; 2 * T::BYTES];
    store(point, &mut out);
    out
}

/// Asks the memory for an entry's point.
#[inline(always)]
fn fetch<T: Coordinate>(job: &Job<'_>, entry: u32) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        let width = 2 * T::BYTES;
        let point = job
            .base
            .as_ptr()
            .wrapping_add((entry >> 1) as usize * width);
        // Every line of it, and the one more that a point of a mapped file may touch.
        for at in (0..width).step_by(64).chain([width - 1]) {
            // SAFETY: a prefetch reads nothing, whatever the address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(point.wrapping_add(at).cast()) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (job, entry);
}
