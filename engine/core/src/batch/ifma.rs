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

use core::arch::x86_64::{
    __mmask8, _mm512_alignr_epi64, _mm512_loadu_si512, _mm512_mask_sub_epi64, _mm512_setzero_si512,
    _mm512_slli_epi64, _mm_prefetch, _MM_HINT_T0,
};

use super::inverse::inverse;
use super::product::{
    canonical, negative, product, product_plus, products_plus, squares_plus, unpack,
};
use super::{Flag, Job};
use crate::lanes::{
    add, available, carry, equal_limb, limbs_of, pack, select, splat, store_blocks, sub, transpose,
    Fe, ModQ, Modulus, LANES, LIMBS,
};
use crate::words::power_of_two;

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

// --- the coordinate fields

/// A coordinate field, eight elements at a time. All functions need the features of this file.
///
/// # Safety
///
/// Each function may only be called where `available`.
trait Vector {
    /// Eight elements.
    type E: Copy;
    /// Blocks of 64 bytes in a point.
    const BLOCKS: usize;
    /// Eight points, each readable: x and y.
    unsafe fn load(points: [*const u8; LANES]) -> (Self::E, Self::E);
    /// Writes the first points of eight.
    unsafe fn store(x: &Self::E, y: &Self::E, out: &mut [u8]);
    unsafe fn one() -> Self::E;
    unsafe fn carry(a: &Self::E) -> Self::E;
    /// a + b, not carried.
    unsafe fn add(a: &Self::E, b: &Self::E) -> Self::E;
    /// q - a in the lanes of the mask, not carried.
    unsafe fn negate(a: &Self::E, mask: __mmask8) -> Self::E;
    /// m - a, carried; a is at most m.
    unsafe fn minus_from(m: &[u64; LIMBS], a: &Self::E) -> Self::E;
    /// a b, carried.
    unsafe fn product(a: &Self::E, b: &Self::E) -> Self::E;
    /// Two of them.
    unsafe fn products(a: [&Self::E; 2], b: [&Self::E; 2]) -> [Self::E; 2];
    /// a b + c twice, not carried.
    unsafe fn products_plus(a: [&Self::E; 2], b: [&Self::E; 2], c: [&Self::E; 2]) -> [Self::E; 2];
    /// a^2 + c twice, not carried.
    unsafe fn squares_plus(a: [&Self::E; 2], c: [&Self::E; 2]) -> [Self::E; 2];
    /// 2 x - dx, which is x' - x2, not carried.
    unsafe fn minus_both(x: &Self::E, dx: &Self::E) -> Self::E;
    /// 4 (a - b + 2q), carried.
    unsafe fn four_times_difference(a: &Self::E, b: &Self::E) -> Self::E;
    /// See `product::negative`.
    unsafe fn negative(a: &Self::E) -> Self::E;
    /// Below q, for carried a below 2q.
    unsafe fn canonical(a: &Self::E) -> Self::E;
    /// The lanes in which a, in (0, 3q) and carried, may be a multiple of q: hardly any other.
    unsafe fn maybe_zero(a: &Self::E) -> __mmask8;
    /// The lanes in which it is one.
    unsafe fn is_zero(a: &Self::E) -> __mmask8;
    /// Lane by lane, b where the mask is set, else a.
    unsafe fn select(mask: __mmask8, a: &Self::E, b: &Self::E) -> Self::E;
    /// 2^518 / a lane by lane, as integers.
    unsafe fn inverse(a: &Self::E) -> Self::E;
}

/// Fq.
struct Base;

/// Fq2 = Fq[i], i^2 = -1.
struct Quadratic;

/// Two elements of Fq from each of eight 64-byte blocks.
///
/// # Safety
///
/// Only where `available`, and with 64 readable bytes at each block.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
unsafe fn load_blocks(blocks: [*const u8; LANES]) -> [Fe; 2] {
    let mut rows = [_mm512_setzero_si512(); LANES];
    for (row, block) in rows.iter_mut().zip(blocks) {
        // SAFETY: the block is readable, and the load needs no alignment.
        *row = unsafe { _mm512_loadu_si512(block.cast()) };
    }
    let words = transpose(rows);
    [unpack(&words[..4]), unpack(&words[4..])]
}

impl Vector for Base {
    type E = Fe;
    const BLOCKS: usize = 1;

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn load(points: [*const u8; LANES]) -> (Fe, Fe) {
        // SAFETY: the caller has the features, and the points are readable.
        let [x, y] = unsafe { load_blocks(points) };
        (x, y)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn store(x: &Fe, y: &Fe, out: &mut [u8]) {
        store_blocks([x, y], out, 64);
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn one() -> Fe {
        splat(&[1, 0, 0, 0, 0])
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn carry(a: &Fe) -> Fe {
        carry(*a)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn add(a: &Fe, b: &Fe) -> Fe {
        add(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn negate(a: &Fe, mask: __mmask8) -> Fe {
        let (mut out, q) = (*a, splat(&ModQ::M1));
        for i in 0..LIMBS {
            out[i] = _mm512_mask_sub_epi64(a[i], mask, q[i], a[i]);
        }
        out
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn minus_from(m: &[u64; LIMBS], a: &Fe) -> Fe {
        carry(sub(&splat(m), a))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn product(a: &Fe, b: &Fe) -> Fe {
        product(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn products(a: [&Fe; 2], b: [&Fe; 2]) -> [Fe; 2] {
        let t = products_plus([[a[0]], [a[1]]], [[b[0]], [b[1]]], [None, None]);
        [carry(t[0]), carry(t[1])]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn products_plus(a: [&Fe; 2], b: [&Fe; 2], c: [&Fe; 2]) -> [Fe; 2] {
        products_plus([[a[0]], [a[1]]], [[b[0]], [b[1]]], [Some(c[0]), Some(c[1])])
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn squares_plus(a: [&Fe; 2], c: [&Fe; 2]) -> [Fe; 2] {
        squares_plus(a, c)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn minus_both(x: &Fe, dx: &Fe) -> Fe {
        sub(&add(x, x), dx)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn four_times_difference(a: &Fe, b: &Fe) -> Fe {
        let mut t = add(&sub(a, b), &splat(&ModQ::M2));
        for limb in &mut t {
            *limb = _mm512_slli_epi64::<2>(*limb);
        }
        carry(t)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn negative(a: &Fe) -> Fe {
        negative(a)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn canonical(a: &Fe) -> Fe {
        canonical(a)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn maybe_zero(a: &Fe) -> __mmask8 {
        // Multiples of q differ in their lowest limb already.
        equal_limb(a, 0, &ModQ::M1) | equal_limb(a, 0, &ModQ::M2)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn is_zero(a: &Fe) -> __mmask8 {
        let (mut once, mut twice) = (0xff, 0xff);
        for i in 0..LIMBS {
            once &= equal_limb(a, i, &ModQ::M1);
            twice &= equal_limb(a, i, &ModQ::M2);
        }
        once | twice
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn select(mask: __mmask8, a: &Fe, b: &Fe) -> Fe {
        select(mask, a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn inverse(a: &Fe) -> Fe {
        // Products of two, four and eight lanes; the one inversion; and back.
        let a1 = rotate::<4>(a);
        let b0 = product(a, &a1);
        let b1 = rotate::<2>(&b0);
        let c0 = product(&b0, &b1);
        let c1 = rotate::<1>(&c0);
        let words = pack(&canonical(&product(&c0, &c1)));
        let all = words.map(|word| {
            // SAFETY: V is eight words.
            let lanes: [u64; LANES] = unsafe { core::mem::transmute(word) };
            lanes[0]
        });
        // 2^778 / 2^260 = 2^518.
        let inverse = product(&splat(&limbs_of(inverse(all))), &splat(&TO_778));
        product(&product(&product(&inverse, &c1), &b1), &a1)
    }
}

/// 2^778 mod q.
const TO_778: [u64; LIMBS] = limbs_of(power_of_two::<ModQ>(778));

/// Lane l gets lane l + BY, cyclically.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn rotate<const BY: i32>(a: &Fe) -> Fe {
    let mut out = *a;
    for i in 0..LIMBS {
        out[i] = _mm512_alignr_epi64::<BY>(a[i], a[i]);
    }
    out
}

/// (a0 b0 - a1 b1 + c0) + (a0 b1 + a1 b0 + c1) i, with 3q - b1 for -b1, not carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn quadratic_product(a: &[Fe; 2], b: &[Fe; 2], c: [Option<&Fe>; 2]) -> [Fe; 2] {
    let minus = carry(sub(&splat(&ModQ::M3), &b[1]));
    let a = [&a[0], &a[1]];
    [
        product_plus(a, [&b[0], &minus], c[0]),
        product_plus(a, [&b[1], &b[0]], c[1]),
    ]
}

/// The same function of both parts.
macro_rules! both {
    ($function:ident($($argument:expr),*)) => {
        // SAFETY: the caller has the features.
        unsafe { [Base::$function($(&$argument[0]),*), Base::$function($(&$argument[1]),*)] }
    };
}

impl Vector for Quadratic {
    type E = [Fe; 2];
    const BLOCKS: usize = 2;

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn load(points: [*const u8; LANES]) -> ([Fe; 2], [Fe; 2]) {
        // SAFETY: the caller has the features, and the points are readable.
        unsafe {
            let y = points.map(|point| point.wrapping_add(64));
            (load_blocks(points), load_blocks(y))
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn store(x: &[Fe; 2], y: &[Fe; 2], out: &mut [u8]) {
        store_blocks([&x[0], &x[1]], out, 128);
        if let Some(out) = out.get_mut(64..) {
            store_blocks([&y[0], &y[1]], out, 128);
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn one() -> [Fe; 2] {
        [splat(&[1, 0, 0, 0, 0]), splat(&[0; LIMBS])]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn carry(a: &[Fe; 2]) -> [Fe; 2] {
        both!(carry(a))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn add(a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        both!(add(a, b))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn negate(a: &[Fe; 2], mask: __mmask8) -> [Fe; 2] {
        // SAFETY: the caller has the features.
        unsafe { [Base::negate(&a[0], mask), Base::negate(&a[1], mask)] }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn minus_from(m: &[u64; LIMBS], a: &[Fe; 2]) -> [Fe; 2] {
        // SAFETY: the caller has the features.
        unsafe { [Base::minus_from(m, &a[0]), Base::minus_from(m, &a[1])] }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn product(a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        let t = quadratic_product(a, b, [None, None]);
        [carry(t[0]), carry(t[1])]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn products(a: [&[Fe; 2]; 2], b: [&[Fe; 2]; 2]) -> [[Fe; 2]; 2] {
        // SAFETY: the caller has the features.
        unsafe { [Self::product(a[0], b[0]), Self::product(a[1], b[1])] }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn products_plus(a: [&[Fe; 2]; 2], b: [&[Fe; 2]; 2], c: [&[Fe; 2]; 2]) -> [[Fe; 2]; 2] {
        let mut out = [*c[0], *c[1]];
        for p in 0..2 {
            // The factor below 1.2 is the one that `quadratic_product` subtracts from 3q.
            out[p] = quadratic_product(b[p], a[p], [Some(&c[p][0]), Some(&c[p][1])]);
        }
        out
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn squares_plus(a: [&[Fe; 2]; 2], c: [&[Fe; 2]; 2]) -> [[Fe; 2]; 2] {
        let mut out = [*c[0], *c[1]];
        for p in 0..2 {
            // (a0 + a1)(a0 - a1) + 2 a0 a1 i, with 2q added to the difference.
            let [a0, a1] = a[p];
            let sum = carry(add(a0, a1));
            let minus = carry(add(&sub(a0, a1), &splat(&ModQ::M2)));
            let twice = carry(add(a0, a0));
            out[p] = [
                product_plus([&sum], [&minus], Some(&c[p][0])),
                product_plus([&twice], [a1], Some(&c[p][1])),
            ];
        }
        out
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn minus_both(x: &[Fe; 2], dx: &[Fe; 2]) -> [Fe; 2] {
        both!(minus_both(x, dx))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn four_times_difference(a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        both!(four_times_difference(a, b))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn negative(a: &[Fe; 2]) -> [Fe; 2] {
        both!(negative(a))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn canonical(a: &[Fe; 2]) -> [Fe; 2] {
        both!(canonical(a))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn maybe_zero(a: &[Fe; 2]) -> __mmask8 {
        // SAFETY: the caller has the features.
        unsafe { Base::maybe_zero(&a[0]) & Base::maybe_zero(&a[1]) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn is_zero(a: &[Fe; 2]) -> __mmask8 {
        // SAFETY: the caller has the features.
        unsafe { Base::is_zero(&a[0]) & Base::is_zero(&a[1]) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn select(mask: __mmask8, a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        [select(mask, &a[0], &b[0]), select(mask, &a[1], &b[1])]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn inverse(a: &[Fe; 2]) -> [Fe; 2] {
        // (a0 - a1 i) / (a0^2 + a1^2): the norm comes as N 2^-260 and its inverse as 2^778 / N.
        let norm = carry(product_plus([&a[0], &a[1]], [&a[0], &a[1]], None));
        let minus = carry(sub(&splat(&ModQ::M3), &a[1]));
        // SAFETY: the caller has the features.
        let inverse = unsafe { Base::inverse(&norm) };
        [product(&a[0], &inverse), product(&minus, &inverse)]
    }
}
