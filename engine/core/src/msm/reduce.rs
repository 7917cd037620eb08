//! From bucket sums B_1 .. B_m to W = sum of d B_d, for all windows at once.
//!
//! Notation: a window's buckets are cut into S segments of l; with running sums R_j = B_l + .. + B_j from
//! the top of a segment, T = R_1 and sum of j B_j = R_1 + .. + R_l, so W = sum over segments s of
//! (sum of R_j) + s l T. All segments of all windows step together, one batch of affine additions a step.

use ark_ec::{
    models::short_weierstrass::{Affine, Projective},
    AffineRepr, CurveGroup,
};
use ark_ff::Zero;
use rayon::prelude::*;

use super::digits::Digits;
use super::tree::Sums;
use crate::batch::Pair;
use crate::curve::{read_loose, write_point, Group};

/// Fewer buckets than this are added one by one.
const FEW: usize = 1 << 8;

/// Segments that step together: enough that the shared inversion is cheap.
const LANES: usize = 1 << 10;

/// W of each window, lowest first.
pub fn window_sums<G: Group>(sums: &Sums<G>, digits: &Digits) -> Vec<Projective<G>> {
    let (buckets, count) = (digits.buckets(), digits.windows().len());
    let size = buckets * G::BYTES;
    let mut windows: Vec<Projective<G>> = if buckets <= FEW {
        sums.points.par_chunks(size).map(one_by_one::<G>).collect()
    } else {
        let group = count.div_ceil(rayon::current_num_threads()).max(1);
        sums.points
            .par_chunks(group * size)
            .flat_map_iter(|part| in_step::<G>(part, buckets))
            .collect()
    };
    for (window, bucket, point) in &sums.extras {
        windows[*window] += small_multiple(*point, *bucket as u64 + 1);
    }
    windows
}

fn small_multiple<G: Group>(point: Projective<G>, times: u64) -> Projective<G> {
    let mut product = Projective::<G>::zero();
    for bit in (0..64 - times.leading_zeros()).rev() {
        product += product;
        if times >> bit & 1 == 1 {
            product += point;
        }
    }
    product
}

/// sum of d B_d by running sums.
fn one_by_one<G: Group>(points: &[u8]) -> Projective<G> {
    let (mut running, mut total) = (Projective::<G>::zero(), Projective::<G>::zero());
    for point in points.rchunks_exact(G::BYTES) {
        running += read_loose::<G>(point);
        total += running;
    }
    total
}

/// The same for several windows, segment by segment in step.
fn in_step<G: Group>(points: &[u8], buckets: usize) -> Vec<Projective<G>> {
    let windows = points.len() / (buckets * G::BYTES);
    let segments = (LANES / windows).next_power_of_two().clamp(1, buckets / 4);
    let (length, lanes) = (buckets / segments, windows * segments);
    // Slots: running sums, totals, the next column of buckets.
    let mut slots = vec![0u8; 3 * lanes * G::BYTES];
    let mut sums: Vec<u8> = Vec::new();
    let mut step = Step::default();
    for j in (0..=length).rev() {
        // One column behind, the totals take the running sums of the step before: both additions of a
        // step are independent.
        step.clear();
        let column = &mut slots[2 * lanes * G::BYTES..];
        for (lane, slot) in column.chunks_exact_mut(G::BYTES).enumerate() {
            match j.checked_sub(1) {
                Some(j) => {
                    slot.copy_from_slice(&points[(lane * length + j) * G::BYTES..][..G::BYTES]);
                }
                None => slot.fill(0),
            }
        }
        for lane in 0..lanes {
            step.plan::<G>(&slots, lanes + lane, lane);
            step.plan::<G>(&slots, lane, 2 * lanes + lane);
        }
        sums.resize(step.pairs.len() * G::BYTES, 0);
        G::add_pairs(&slots, &step.pairs, &mut sums, &mut step.flagged);
        for &index in &step.flagged {
            let (a, b) = step.pairs[index as usize];
            let [a, b]: [Affine<G>; 2] = [a, b].map(|e| slot_of::<G>(&slots, (e >> 1) as usize));
            let sum = (a.into_group() + b).into_affine();
            write_point(&sum, &mut sums[index as usize * G::BYTES..][..G::BYTES]);
        }
        // Totals first: they copy running sums that are about to change.
        for &(to, from) in &step.copies {
            let from = from * G::BYTES..(from + 1) * G::BYTES;
            slots.copy_within(from, to * G::BYTES);
        }
        for (&to, sum) in step.targets.iter().zip(sums.chunks_exact(G::BYTES)) {
            slots[to * G::BYTES..(to + 1) * G::BYTES].copy_from_slice(sum);
        }
    }
    (0..windows)
        .map(|window| {
            let (mut high, mut weighted) = (Projective::<G>::zero(), Projective::<G>::zero());
            let mut total = Projective::<G>::zero();
            for segment in (0..segments).rev() {
                let lane = window * segments + segment;
                total += slot_of::<G>(&slots, lanes + lane);
                // sum of s T_s = sum over s >= 1 of (T_s + T_(s+1) + ..).
                if segment > 0 {
                    high += slot_of::<G>(&slots, lane);
                    weighted += high;
                }
            }
            total + small_multiple(weighted, length as u64)
        })
        .collect()
}

fn slot_of<G: Group>(slots: &[u8], index: usize) -> Affine<G> {
    read_loose(&slots[index * G::BYTES..(index + 1) * G::BYTES])
}

/// The additions of one step; infinity is all zeros and never enters the batch.
#[derive(Default)]
struct Step {
    pairs: Vec<Pair>,
    targets: Vec<usize>,
    copies: Vec<(usize, usize)>,
    flagged: Vec<u32>,
}

impl Step {
    fn clear(&mut self) {
        self.pairs.clear();
        self.targets.clear();
        self.copies.clear();
        self.flagged.clear();
    }

    /// slot `to` += slot `from`.
    fn plan<G: Group>(&mut self, slots: &[u8], to: usize, from: usize) {
        let empty = |slot: usize| {
            slots[slot * G::BYTES..(slot + 1) * G::BYTES]
                .iter()
                .all(|&byte| byte == 0)
        };
        if empty(from) {
            return;
        }
        if empty(to) {
            self.copies.push((to, from));
        } else {
            self.pairs.push((2 * to as u32, 2 * from as u32));
            self.targets.push(to);
        }
    }
}
