//! From scalars' digits to the sum: buckets window by window, then weights.
//!
//! Notation: a window has m = 2^h buckets B_0 .. B_(m-1), and its sum is a T + b W with T = sum B_j and
//! W = sum j B_j. With j = 2^f u + v: rows R_u = sum over v of B_j, columns C_v = sum over u of B_j, and
//! W = sum over u of 2^f u R_u + sum over v of v C_v. The few rows and columns of all windows then take
//! their weights bit by bit: sum of v C_v = sum over t of 2^t (sum of the C_v whose v has bit t).
//! So a bucket costs two additions, all of them in batches.

use ark_ec::models::short_weierstrass::Projective;
use ark_ff::Zero;
use rayon::prelude::*;
use zeroize::Zeroize;

use super::lists::{is_zero, sum_lists};
use super::Stop;
use crate::curve::{read_point, Group, Points};

/// Where digits come from. A window's digits do not depend on another window's.
pub trait Source: Sync {
    /// Scalars.
    fn len(&self) -> usize;
    /// Bits of a window.
    fn width(&self) -> usize;
    /// Windows.
    fn count(&self) -> usize;
    /// log2 of a window's buckets.
    fn log_buckets(&self) -> usize {
        self.width() - 1
    }
    /// 2 * bucket + sign, or `NOTHING`.
    fn digit(&self, i: usize, window: usize) -> u32;
    /// Bucket j's weight is this times j and 1.
    fn step(&self) -> usize;
}

/// A digit that is zero.
pub const NOTHING: u32 = u32::MAX;

/// sum over windows k of 2^(c k) (sum over j of (step j + 1) B_j); `None` when stopped.
///
/// `starts` has a point for each bucket that it begins with, in every window.
pub fn sum_windows<G: Group>(
    points: Points<'_, G>,
    digits: &impl Source,
    starts: Option<&[u8]>,
    stop: Stop<'_>,
) -> Option<Projective<G>> {
    let width = digits.width();
    let windows: Vec<Vec<u8>> = (0..digits.count())
        .into_par_iter()
        .with_max_len(1)
        .map(|k| {
            if stop() {
                return None;
            }
            let mut window = sort(digits, k);
            let mut buckets = vec![0; (window.offsets.len() - 1) * G::BYTES];
            sum_lists::<G>(
                points.bytes(),
                &window.entries,
                &window.offsets,
                starts,
                &mut buckets,
            );
            window.entries.zeroize();
            window.offsets.zeroize();
            Some(rows_and_columns::<G>(&buckets, digits.log_buckets()))
        })
        .collect::<Option<_>>()?;
    // terms[i] has the weight 2^i.
    let bits = digits.log_buckets();
    let mut terms = vec![Projective::<G>::zero(); width * digits.count() + bits + 2];
    let shift = digits.step().ilog2() as usize;
    for (k, sums) in windows
        .chunks(TOGETHER)
        .flat_map(|part| weigh::<G>(part, bits))
        .enumerate()
    {
        for (t, sum) in sums.into_iter().enumerate() {
            // The last is T, the others have the weights step * 2^t.
            let place = if t == bits { 0 } else { t + shift };
            terms[width * k + place] += sum;
        }
    }
    Some(
        terms
            .into_iter()
            .rev()
            .fold(Projective::zero(), |total: Projective<G>, term| {
                total + total + term
            }),
    )
}

/// Windows whose rows and columns are weighed together.
const TOGETHER: usize = 128;

/// Entries of one window, by bucket.
struct Window {
    /// Bucket j has the entries offsets[j] .. offsets[j + 1].
    offsets: Vec<u32>,
    /// 2 i + sign.
    entries: Vec<u32>,
}

/// Counting sort.
fn sort(source: &impl Source, k: usize) -> Window {
    let buckets = 1usize << source.log_buckets();
    // ends[j + 1] is where bucket j begins while counting, and where it ends after the scatter.
    let mut ends = vec![0u32; buckets + 2];
    let mut digits: Vec<u32> = (0..source.len()).map(|i| source.digit(i, k)).collect();
    for &digit in &digits {
        if digit != NOTHING {
            ends[(digit >> 1) as usize + 2] += 1;
        }
    }
    for j in 1..ends.len() {
        ends[j] += ends[j - 1];
    }
    let mut entries = vec![0u32; ends[buckets + 1] as usize];
    for (i, &digit) in digits.iter().enumerate() {
        if digit != NOTHING {
            let place = &mut ends[(digit >> 1) as usize + 1];
            entries[*place as usize] = 2 * i as u32 + (digit & 1);
            *place += 1;
        }
    }
    digits.zeroize();
    ends.truncate(buckets + 1);
    Window {
        offsets: ends,
        entries,
    }
}

/// Rows, then columns, of a window's buckets.
fn rows_and_columns<G: Group>(buckets: &[u8], bits: usize) -> Vec<u8> {
    let (columns, rows) = (1usize << (bits / 2), 1usize << bits.div_ceil(2));
    let mut entries = Vec::with_capacity(2 * rows * columns);
    let mut offsets = vec![0];
    let full: Vec<bool> = buckets
        .chunks_exact(G::BYTES)
        .map(|b| !is_zero(b))
        .collect();
    for u in 0..rows {
        let row = u * columns..(u + 1) * columns;
        entries.extend(row.filter(|&j| full[j]).map(|j| 2 * j as u32));
        offsets.push(entries.len() as u32);
    }
    for v in 0..columns {
        let column = (0..rows).map(|u| u * columns + v);
        entries.extend(column.filter(|&j| full[j]).map(|j| 2 * j as u32));
        offsets.push(entries.len() as u32);
    }
    let mut out = vec![0; (rows + columns) * G::BYTES];
    sum_lists::<G>(buckets, &entries, &offsets, None, &mut out);
    out
}

/// For each window the sums that have the weights 2^0 .. 2^(bits - 1), and T.
fn weigh<G: Group>(windows: &[Vec<u8>], bits: usize) -> Vec<Vec<Projective<G>>> {
    let (columns, rows) = (1usize << (bits / 2), 1usize << bits.div_ceil(2));
    let base = windows.concat();
    let full: Vec<bool> = base.chunks_exact(G::BYTES).map(|b| !is_zero(b)).collect();
    let mut entries = Vec::new();
    let mut offsets = vec![0];
    for k in 0..windows.len() {
        let row_0 = k * (rows + columns);
        let mut list = |first: usize, many: usize, wanted: &dyn Fn(usize) -> bool| {
            let all = (0..many).filter(|&i| wanted(i)).map(|i| first + i);
            entries.extend(all.filter(|&i| full[i]).map(|i| 2 * i as u32));
            offsets.push(entries.len() as u32);
        };
        for t in 0..bits / 2 {
            list(row_0 + rows, columns, &|v| v >> t & 1 == 1);
        }
        for t in 0..bits.div_ceil(2) {
            list(row_0, rows, &|u| u >> t & 1 == 1);
        }
        list(row_0, rows, &|_| true);
    }
    let mut sums = vec![0; (offsets.len() - 1) * G::BYTES];
    sum_lists::<G>(&base, &entries, &offsets, None, &mut sums);
    sums.chunks_exact((bits + 1) * G::BYTES)
        .map(|window| {
            let points = window.chunks_exact(G::BYTES);
            points.map(|p| read_point::<G>(p).into()).collect()
        })
        .collect()
}
