//! Sums of lists of points of any lengths.
//!
//! Lists are cut into pieces of bounded length, pieces of equal length are summed side by side (batch), and
//! the sums of a list's pieces are summed again in the same way. Infinity is all zeros here, and is skipped.

use ark_ec::{
    models::short_weierstrass::{Affine, Projective},
    AffineRepr, CurveGroup,
};

use super::count_additions;
use crate::batch::{Job, List};
use crate::curve::{point_bytes, read_point, write_point, Group};

/// Bytes of points that are summed side by side: with what belongs to them, they stay in the second-level cache.
const BLOCK_BYTES: usize = 1 << 18;

/// Pieces that a sum is cut into, as long as they have `SHORT` points.
const PIECES: usize = 1 << 11;

/// Points of a piece that is not cut further.
const SHORT: usize = 8;

/// Writes the sum of each list, canonical: entries offsets[i] .. offsets[i + 1] and the start i, if there are
/// starts. No point of `base` that an entry names, and no start, may be infinity.
pub fn sum_lists<G: Group>(
    base: &[u8],
    entries: &[u32],
    offsets: &[u32],
    starts: Option<&[u8]>,
    out: &mut [u8],
) {
    let block = BLOCK_BYTES / G::BYTES;
    let longest = (entries.len() / PIECES).max(SHORT) as u32;
    let many = offsets.len().saturating_sub(1);
    out[..many * G::BYTES].fill(0);
    // First pieces begin with the list's start; the others begin with a point of theirs.
    let mut first = Vec::with_capacity(many);
    let mut other = Vec::new();
    for (owner, range) in offsets.windows(2).enumerate() {
        let (mut start, end) = (range[0], range[1]);
        if end > start || starts.is_some() {
            let length = (end - start).min(longest);
            first.push((owner as u32, List { start, length }));
            start += length;
        }
        while start < end {
            let length = (end - start).min(longest);
            other.push((owner as u32, List { start, length }));
            start += length;
        }
    }
    let mut sums = vec![0; block.min(first.len().max(other.len())) * G::BYTES];
    let mut begun = Vec::new();
    by_length(&mut first, longest);
    for part in first.chunks(block) {
        let lists: Vec<List> = part.iter().map(|piece| piece.1).collect();
        if let Some(starts) = starts {
            begun.clear();
            for (owner, _) in part {
                begun.extend_from_slice(&starts[*owner as usize * G::BYTES..][..G::BYTES]);
            }
        }
        let starts = starts.map(|_| &begun[..]);
        sum_block::<G>(base, entries, &lists, starts, &mut sums);
        for ((owner, _), sum) in part.iter().zip(sums.chunks_exact(G::BYTES)) {
            out[*owner as usize * G::BYTES..][..G::BYTES].copy_from_slice(sum);
        }
    }
    if other.is_empty() {
        return;
    }
    // Each cut list again: its first sum, which is in `out`, and those of its other pieces.
    other.sort_by_key(|(_, list)| std::cmp::Reverse(list.length));
    let mut pieces = vec![0; other.len() * G::BYTES];
    for (part, out) in other.chunks(block).zip(pieces.chunks_mut(block * G::BYTES)) {
        let lists: Vec<List> = part.iter().map(|piece| piece.1).collect();
        sum_block::<G>(base, entries, &lists, None, out);
    }
    let mut order: Vec<usize> = (0..other.len()).collect();
    order.sort_by_key(|&i| other[i].0);
    let mut again = Vec::with_capacity(2 * other.len());
    let (mut owners, mut ends) = (Vec::new(), vec![0]);
    let mut points = Vec::with_capacity(2 * pieces.len());
    let mut push = |points: &mut Vec<u8>, point: &[u8]| {
        if !is_zero(point) {
            again.push(2 * (points.len() / G::BYTES) as u32);
            points.extend_from_slice(point);
        }
        again.len() as u32
    };
    for pieces_of_one in order.chunk_by(|&i, &j| other[i].0 == other[j].0) {
        let owner = other[pieces_of_one[0]].0 as usize;
        let mut end = push(&mut points, &out[owner * G::BYTES..][..G::BYTES]);
        for &i in pieces_of_one {
            end = push(&mut points, &pieces[i * G::BYTES..][..G::BYTES]);
        }
        owners.push(owner);
        ends.push(end);
    }
    let mut sums = vec![0; owners.len() * G::BYTES];
    sum_lists::<G>(&points, &again, &ends, None, &mut sums);
    for (owner, sum) in owners.iter().zip(sums.chunks_exact(G::BYTES)) {
        out[owner * G::BYTES..][..G::BYTES].copy_from_slice(sum);
    }
}

/// Counting sort, longest first.
fn by_length(pieces: &mut Vec<(u32, List)>, longest: u32) {
    let mut places = vec![0usize; longest as usize + 2];
    for (_, list) in pieces.iter() {
        places[(longest - list.length) as usize + 1] += 1;
    }
    for i in 1..places.len() {
        places[i] += places[i - 1];
    }
    let mut sorted = pieces.clone();
    for piece in pieces.iter() {
        let place = &mut places[(longest - piece.1.length) as usize];
        sorted[*place] = *piece;
        *place += 1;
    }
    *pieces = sorted;
}

/// One batch, with the additions that it could not do.
fn sum_block<G: Group>(
    base: &[u8],
    entries: &[u32],
    lists: &[List],
    starts: Option<&[u8]>,
    out: &mut [u8],
) {
    let spare = point_bytes::<G>(&G::GENERATOR);
    let job = Job {
        base,
        entries,
        lists,
        starts,
        spare: &spare,
    };
    count_additions(job.additions());
    let mut flags = Vec::new();
    G::sum_lists(&job, &mut out[..lists.len() * G::BYTES], &mut flags);
    for flag in flags {
        let slot = &mut out[flag.list * G::BYTES..][..G::BYTES];
        let so_far: Projective<G> = read_point::<G>(&flag.sum).into_group();
        let mut entry: Affine<G> =
            read_point(&base[(flag.entry >> 1) as usize * G::BYTES..][..G::BYTES]);
        if flag.entry & 1 == 1 {
            entry = -entry;
        }
        let sum = so_far + entry - G::GENERATOR + read_point::<G>(slot);
        write_point(&sum.into_affine(), slot);
    }
}

/// Whether a point is infinity.
pub fn is_zero(point: &[u8]) -> bool {
    point.iter().all(|&byte| byte == 0)
}
