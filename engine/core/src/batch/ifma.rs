//! Lists of points summed eight at a time, on AVX-512 IFMA.
//!
//! Notation: as in lanes.rs and product.rs. Lane l of group g sums list 8 g + l; its running sum is kept
//! negated, as (x', y') = (-x, -y). Round r adds to every list that has one its entry r, with one inversion for the
//! whole round. With (x2, y2) that entry: dx = x2 + x', dy = y2 + y', l = dy / dx, and the new sum is
//! -x3 = -(l^2 + x' - x2), -y3 = -(l (x3' - x') + y').
//!
//! Memory holds x 2^256, and each product loses a factor 2^260. The products of differences start from the
//! integer 1, so that the inverse of a difference d 2^256 comes out with the factor the one inversion is
//! given. 2^518 makes l come as l 2^258: then l^2 comes as l^2 2^256, and l times 4 d as l d 2^256.
//!
//! Bounds, in units of q: entries below 1 (2^260 is 84.6); sums (0, 1.67) from `negative`; dx, dy in
//! (0, 2.67); products of differences below 1.13 + 1.2 * 2.67 / 84.6 < 1.2, and so are their inverses; l below
//! 1.17; l^2 + x' - x2 in (-1, 2.9); 4 (x3' - x' + 2) in (1.3, 14.7); l times that, plus y', in (0, 3.1).

mod base;
mod quadratic;
mod vector;

use core::arch::x86_64::{__mmask8, _mm_prefetch, _MM_HINT_T0};

use self::base::Base;
use self::quadratic::Quadratic;
use self::vector::Vector;
use super::{Flag, Job};
use crate::lanes::{available, ModQ, Modulus, LANES};

/// Groups ahead of the current one whose points are fetched.
const AHEAD: usize = 6;

/// Independent products of differences: pairs of groups take turns.
const CHAINS: usize = 4;

/// Groups whose entries are at hand: more than `AHEAD`.
const RING: usize = 8;

/// Sums of lists in G1; only where `available`.
pub fn sum_g1(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
    assert!(available());
    // SAFETY: the processor has the features that the function is compiled for.
    unsafe { sum::<Base>(job, out, flags) }
}

/// Sums of lists in G2; only where `available`.
pub fn sum_g2(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
    assert!(available());
    // SAFETY: the processor has the features that the function is compiled for.
    unsafe { sum::<Quadratic>(job, out, flags) }
}

/// A group's running sums, negated.
#[derive(Clone, Copy)]
#[repr(C)]
struct Sum<E> {
    x: E,
    y: E,
}

/// What the way back needs of a group.
#[derive(Clone, Copy)]
#[repr(C)]
struct Work<E> {
    dx: E,
    dy: E,
    /// The product of the differences before this one.
    before: E,
}

/// # Safety
///
/// Only where `available`.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
unsafe fn sum<T: Vector>(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
    check::<T>(job);
    let groups = job.lists.len().div_ceil(LANES);
    // SAFETY: the caller has the features, and the job has been checked.
    unsafe {
        let mut sums: Vec<Sum<T::E>> = Vec::with_capacity(groups);
        let nothing = Work {
            dx: T::one(),
            dy: T::one(),
            before: T::one(),
        };
        let mut work: Vec<Work<T::E>> = vec![nothing; groups];
        for g in 0..groups {
            let entries = match job.starts {
                None => fetch::<T>(job, g, job.lists.len(), 0),
                Some(_) => {
                    std::array::from_fn(|i| 2 * (g * LANES + i).min(job.lists.len() - 1) as u32)
                }
            };
            let (x, y) = load::<T>(job.starts.unwrap_or(job.base), &entries);
            sums.push(Sum {
                x: T::minus_from(&ModQ::M1, &x),
                y: T::minus_from(&ModQ::M1, &y),
            });
        }
        let mut lists = job.lists.len();
        let mut patches = Vec::new();
        for round in u32::from(job.starts.is_none()).. {
            while lists > 0 && job.lists[lists - 1].length <= round {
                lists -= 1;
            }
            if lists == 0 {
                break;
            }
            let active = lists.div_ceil(LANES);
            // Lanes of the last group that take part.
            let last = 0xffu8 >> (active * LANES - lists);
            let kept = sums[active - 1];
            // Chains of products: neighbouring groups do not wait for each other.
            let mut products = [T::one(); CHAINS];
            let mut ring = [[0; LANES]; RING];
            for g in 0..AHEAD.min(active) {
                ring[g % RING] = fetch::<T>(job, g, lists, round);
            }
            for (p, (sums, work)) in sums[..active]
                .chunks(2)
                .zip(work[..active].chunks_mut(2))
                .enumerate()
            {
                let chain = 2 * p % CHAINS;
                for (i, (sum, work)) in sums.iter().zip(work.iter_mut()).enumerate() {
                    let g = 2 * p + i;
                    if g + AHEAD < active {
                        ring[(g + AHEAD) % RING] = fetch::<T>(job, g + AHEAD, lists, round);
                    }
                    let entries = &ring[g % RING];
                    let (x2, y2) = load::<T>(job.base, entries);
                    let mut dx = T::carry(&T::add(&x2, &sum.x));
                    let taking_part = if g + 1 == active { last } else { 0xff };
                    let mut equal = T::maybe_zero(&dx) & taking_part;
                    if equal != 0 {
                        equal &= T::is_zero(&dx);
                        if equal != 0 {
                            flag::<T>(g, equal, entries, sum, flags);
                            patches.push((g, equal));
                        }
                    }
                    if equal | !taking_part != 0 {
                        dx = T::select(equal | !taking_part, &dx, &T::one());
                    }
                    work.dx = dx;
                    work.dy = T::add(&y2, &sum.y);
                    work.before = products[chain + i];
                }
                if let [w0, w1] = &*work {
                    let next = T::products([&w0.before, &w1.before], [&w0.dx, &w1.dx]);
                    (products[chain], products[chain + 1]) = (next[0], next[1]);
                } else {
                    products[chain] = T::product(&work[0].before, &work[0].dx);
                }
            }
            // The next round's first points arrive meanwhile.
            let more = job.lists.partition_point(|list| list.length > round + 1);
            for g in 0..AHEAD.min(more.div_ceil(LANES)) {
                let _ = fetch::<T>(job, g, more, round + 1);
            }
            // The inverse of each chain's product, from that of all.
            let halves = T::products([&products[0], &products[2]], [&products[1], &products[3]]);
            let all = T::inverse(&T::product(&halves[0], &halves[1]));
            let halves = T::products([&all, &all], [&halves[1], &halves[0]]);
            let [r0, r1] = T::products([&halves[0], &halves[0]], [&products[1], &products[0]]);
            let [r2, r3] = T::products([&halves[1], &halves[1]], [&products[3], &products[2]]);
            let mut rests = [r0, r1, r2, r3];
            // Four groups together, step by step in pairs: what waits in one pair does not stop the other.
            let quads = sums[..active]
                .chunks_mut(CHAINS)
                .zip(work[..active].chunks(CHAINS));
            for (sums, work) in quads.rev() {
                if let ([s0, s1, s2, s3], [w0, w1, w2, w3]) = (&mut *sums, work) {
                    let i01 = T::products([&rests[0], &rests[1]], [&w0.before, &w1.before]);
                    let i23 = T::products([&rests[2], &rests[3]], [&w2.before, &w3.before]);
                    let n01 = T::products([&rests[0], &rests[1]], [&w0.dx, &w1.dx]);
                    let n23 = T::products([&rests[2], &rests[3]], [&w2.dx, &w3.dx]);
                    rests = [n01[0], n01[1], n23[0], n23[1]];
                    let dy = [T::carry(&w0.dy), T::carry(&w1.dy)];
                    let l01 = T::products([&dy[0], &dy[1]], [&i01[0], &i01[1]]);
                    let dy = [T::carry(&w2.dy), T::carry(&w3.dy)];
                    let l23 = T::products([&dy[0], &dy[1]], [&i23[0], &i23[1]]);
                    let c = [T::minus_both(&s0.x, &w0.dx), T::minus_both(&s1.x, &w1.dx)];
                    let x01 = T::squares_plus([&l01[0], &l01[1]], [&c[0], &c[1]]);
                    let c = [T::minus_both(&s2.x, &w2.dx), T::minus_both(&s3.x, &w3.dx)];
                    let x23 = T::squares_plus([&l23[0], &l23[1]], [&c[0], &c[1]]);
                    let x01 = [T::negative(&x01[0]), T::negative(&x01[1])];
                    let d01 = [
                        T::four_times_difference(&x01[0], &s0.x),
                        T::four_times_difference(&x01[1], &s1.x),
                    ];
                    let y01 =
                        T::products_plus([&l01[0], &l01[1]], [&d01[0], &d01[1]], [&s0.y, &s1.y]);
                    let x23 = [T::negative(&x23[0]), T::negative(&x23[1])];
                    let d23 = [
                        T::four_times_difference(&x23[0], &s2.x),
                        T::four_times_difference(&x23[1], &s3.x),
                    ];
                    let y23 =
                        T::products_plus([&l23[0], &l23[1]], [&d23[0], &d23[1]], [&s2.y, &s3.y]);
                    (s0.x, s1.x) = (x01[0], x01[1]);
                    (s0.y, s1.y) = (T::negative(&y01[0]), T::negative(&y01[1]));
                    (s2.x, s3.x) = (x23[0], x23[1]);
                    (s2.y, s3.y) = (T::negative(&y23[0]), T::negative(&y23[1]));
                } else {
                    for (rest, (s, w)) in rests.iter_mut().zip(sums.iter_mut().zip(work)) {
                        let inverse = T::product(rest, &w.before);
                        *rest = T::product(rest, &w.dx);
                        let l = T::product(&T::carry(&w.dy), &inverse);
                        let c = T::minus_both(&s.x, &w.dx);
                        let [x, _] = T::squares_plus([&l, &l], [&c, &c]);
                        let x = T::negative(&x);
                        let d = T::four_times_difference(&x, &s.x);
                        let [y, _] = T::products_plus([&l, &l], [&d, &d], [&s.y, &s.y]);
                        s.x = x;
                        s.y = T::negative(&y);
                    }
                }
            }
            if last != 0xff {
                let sum = &mut sums[active - 1];
                sum.x = T::select(last, &kept.x, &sum.x);
                sum.y = T::select(last, &kept.y, &sum.y);
            }
            for (g, lanes) in patches.drain(..) {
                let (x, y) = load::<T>(job.spare, &[0; LANES]);
                let sum = &mut sums[g];
                sum.x = T::select(lanes, &sum.x, &T::minus_from(&ModQ::M1, &x));
                sum.y = T::select(lanes, &sum.y, &T::minus_from(&ModQ::M1, &y));
            }
        }
        for (sum, out) in sums.iter().zip(out.chunks_mut(LANES * T::BLOCKS * 64)) {
            store::<T>(sum, out);
        }
    }
}

/// Notes the additions that the batch cannot do.
///
/// # Safety
///
/// Only where `available`.
#[cold]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
unsafe fn flag<T: Vector>(
    g: usize,
    lanes: __mmask8,
    entries: &[u32; LANES],
    sum: &Sum<T::E>,
    flags: &mut Vec<Flag>,
) {
    let width = T::BLOCKS * 64;
    let mut points = [0u8; LANES * 128];
    // SAFETY: the caller has the features.
    unsafe { store::<T>(sum, &mut points[..LANES * width]) };
    for lane in (0..LANES).filter(|lane| lanes >> lane & 1 == 1) {
        flags.push(Flag {
            list: g * LANES + lane,
            sum: points[lane * width..][..width].to_vec(),
            entry: entries[lane],
        });
    }
}

/// Writes the sums of a group, as far as there is room, canonical.
///
/// # Safety
///
/// Only where `available`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
unsafe fn store<T: Vector>(sum: &Sum<T::E>, out: &mut [u8]) {
    // SAFETY: the caller has the features.
    unsafe {
        let (x, y) = (
            T::minus_from(&ModQ::M2, &sum.x),
            T::minus_from(&ModQ::M2, &sum.y),
        );
        T::store(&T::canonical(&x), &T::canonical(&y), out);
    }
}

/// Eight entries, with their signs; the limbs of y are not carried, and y is in (0, 1].
///
/// # Safety
///
/// Only where `available`, and with entries that name points of the base.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
unsafe fn load<T: Vector>(base: &[u8], entries: &[u32; LANES]) -> (T::E, T::E) {
    let mut points = [base.as_ptr(); LANES];
    let mut signs = 0;
    for (lane, point) in points.iter_mut().enumerate() {
        *point = point.wrapping_add((entries[lane] >> 1) as usize * (T::BLOCKS * 64));
        signs |= ((entries[lane] & 1) as u8) << lane;
    }
    // SAFETY: the caller has the features, and the points lie in the base.
    unsafe {
        let (x, y) = T::load(points);
        (x, T::negate(&y, signs))
    }
}

/// The entries of group g, for which it asks the memory; lists past the last one repeat that.
///
/// # Safety
///
/// Only for a `job` that `check` has passed, and lists that have such a round.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
unsafe fn fetch<T: Vector>(job: &Job<'_>, g: usize, lists: usize, round: u32) -> [u32; LANES] {
    let width = T::BLOCKS * 64;
    let mut out = [0; LANES];
    for (lane, out) in out.iter_mut().enumerate() {
        let list = (g * LANES + lane).min(lists - 1);
        // SAFETY: list is below the number of lists, and the entry belongs to it.
        *out = unsafe {
            let start = job.lists.get_unchecked(list).start;
            *job.entries.get_unchecked((start + round) as usize)
        };
        let point = job.base.as_ptr().wrapping_add((*out >> 1) as usize * width);
        _mm_prefetch::<_MM_HINT_T0>(point.cast());
        // Points of a mapped file straddle two lines.
        _mm_prefetch::<_MM_HINT_T0>(point.wrapping_add(width - 1).cast());
    }
    out
}

/// Panics unless every list lies in the entries and every entry in the base.
fn check<T: Vector>(job: &Job<'_>) {
    let width = T::BLOCKS * 64;
    let largest = job.entries.iter().copied().max().unwrap_or(0);
    assert!(job.entries.is_empty() || ((largest >> 1) as usize) < job.base.len() / width);
    let end = job
        .lists
        .iter()
        .map(|list| u64::from(list.start) + u64::from(list.length));
    assert!(end.max().unwrap_or(0) <= job.entries.len() as u64);
    assert!(job.lists.is_sorted_by(|a, b| a.length >= b.length));
    assert!(job.spare.len() >= width);
    match job.starts {
        Some(starts) => assert!(starts.len() >= job.lists.len() * width),
        None => assert!(job.lists.iter().all(|list| list.length > 0)),
    }
}
