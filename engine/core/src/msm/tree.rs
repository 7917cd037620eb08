//! Sums of lists of points: every list is halved at once by a batch of affine additions, until each
//! holds one point.
//!
//! The batch addition refuses pairs P + P and P + (-P), and infinity never enters. A refused pair's true
//! sum goes aside, less a fixed point D that takes its place in the list, so the layout never changes.

use std::collections::BTreeMap;

use ark_ec::{
    models::short_weierstrass::{Affine, Projective},
    AffineRepr, CurveGroup,
};
use ark_ff::Zero;
use rayon::prelude::*;

use super::digits::Digits;
use super::{count_additions, TASK};
use crate::batch::Pair;
use crate::curve::{read_loose, write_point, Group, Points};

/// Sums of all buckets of all windows.
pub struct Sums<G: Group> {
    /// windows * buckets points, loose; zeros where a bucket is empty.
    pub points: Vec<u8>,
    /// (window, bucket, point): to be added to that bucket.
    pub extras: Vec<(usize, usize, Projective<G>)>,
}

/// What is left of one list, beside its point.
type Extras<G> = BTreeMap<usize, Projective<G>>;

/// The sum of each bucket.
pub fn bucket_sums<G: Group>(points: Points<'_, G>, digits: &Digits) -> Sums<G> {
    let buckets = digits.buckets();
    // Entries are cut into tasks wherever they are full: a bucket may lie in several.
    let mut tasks = Vec::new();
    for (k, window) in digits.windows().iter().enumerate() {
        for start in (0..window.entries.len()).step_by(TASK) {
            tasks.push((k, start, (start + TASK).min(window.entries.len())));
        }
    }
    let parts: Vec<_> = tasks
        .par_iter()
        .with_max_len(1)
        .map(|&(k, start, end)| {
            let window = &digits.windows()[k];
            let mut ids = Vec::new();
            let mut lengths = Vec::new();
            let first = window.offsets.partition_point(|&o| o as usize <= start) - 1;
            for bucket in first..buckets {
                let from = (window.offsets[bucket] as usize).max(start);
                let to = (window.offsets[bucket + 1] as usize).min(end);
                if from >= end {
                    break;
                }
                if from < to {
                    ids.push(bucket);
                    lengths.push(to - from);
                }
            }
            let (sums, extras) = halve::<G>(points.bytes(), &window.entries[start..end], lengths);
            (k, ids, sums, extras)
        })
        .collect();

    let mut out = Sums {
        points: vec![0; digits.windows().len() * buckets * G::BYTES],
        extras: Vec::new(),
    };
    for (k, ids, sums, extras) in parts {
        for (list, (bucket, sum)) in ids.iter().zip(sums.chunks_exact(G::BYTES)).enumerate() {
            let place = (k * buckets + bucket) * G::BYTES;
            let slot = &mut out.points[place..place + G::BYTES];
            if list == 0 && slot.iter().any(|&byte| byte != 0) {
                out.extras
                    .push((k, *bucket, read_loose::<G>(sum).into_group()));
            } else {
                slot.copy_from_slice(sum);
            }
        }
        out.extras.extend(
            extras
                .into_iter()
                .map(|(list, point)| (k, ids[list], point)),
        );
    }
    out
}

/// The sum of each of the lists that lie one after another in `entries`, canonical.
pub fn sum_lists<G: Group>(base: &[u8], entries: &[u32], lengths: Vec<usize>, out: &mut [u8]) {
    let (full, kept): (Vec<usize>, Vec<usize>) = lengths
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, length)| *length > 0)
        .unzip();
    let (sums, extras) = halve::<G>(base, entries, kept);
    out.fill(0);
    for (list, (&place, sum)) in full.iter().zip(sums.chunks_exact(G::BYTES)).enumerate() {
        let mut point = read_loose::<G>(sum);
        if let Some(extra) = extras.get(&list) {
            point = (*extra + point).into_affine();
        }
        write_point(&point, &mut out[place * G::BYTES..(place + 1) * G::BYTES]);
    }
}

/// Halves all lists until each has one point, loose; no list is empty.
fn halve<G: Group>(base: &[u8], entries: &[u32], mut lengths: Vec<usize>) -> (Vec<u8>, Extras<G>) {
    let mut extras = Extras::<G>::new();
    let mut items = entries.to_vec();
    let mut pairs: Vec<Pair> = Vec::with_capacity(items.len() / 2);
    let mut singles = Vec::new();
    let mut flagged = Vec::new();
    let mut level: Vec<u8> = Vec::new();
    let mut below: Vec<u8> = Vec::new();
    let mut first = true;
    while first || lengths.iter().any(|&length| length > 1) {
        pairs.clear();
        singles.clear();
        let mut rest = &items[..];
        for &length in &lengths {
            let (list, tail) = rest.split_at(length);
            rest = tail;
            let halves = list.chunks_exact(2);
            singles.extend_from_slice(halves.remainder());
            pairs.extend(halves.map(|pair| (pair[0], pair[1])));
        }
        let source = if first { base } else { &below };
        level.resize((pairs.len() + singles.len()) * G::BYTES, 0);
        let (sums, copies) = level.split_at_mut(pairs.len() * G::BYTES);
        flagged.clear();
        count_additions(pairs.len());
        G::add_pairs(source, &pairs, sums, &mut flagged);
        for &index in &flagged {
            let index = index as usize;
            let (a, b) = pairs[index];
            let [a, b] = [a, b].map(|entry| read_entry::<G>(source, entry));
            *extras
                .entry(list_of(&lengths, index))
                .or_insert_with(Projective::zero) += a.into_group() + b - G::GENERATOR;
            write_point(
                &G::GENERATOR,
                &mut sums[index * G::BYTES..(index + 1) * G::BYTES],
            );
        }
        for (&entry, copy) in singles.iter().zip(copies.chunks_exact_mut(G::BYTES)) {
            if entry & 1 == 0 {
                copy.copy_from_slice(&source[(entry >> 1) as usize * G::BYTES..][..G::BYTES]);
            } else {
                write_point(&read_entry::<G>(source, entry), copy);
            }
        }
        // The next level's lists: sums first, then the odd one out.
        items.clear();
        let (mut pair, mut single) = (0u32, pairs.len() as u32);
        for length in &mut lengths {
            let half = (*length / 2) as u32;
            items.extend((pair..pair + half).map(|i| 2 * i));
            pair += half;
            if *length % 2 == 1 {
                items.push(2 * single);
                single += 1;
            }
            *length = length.div_ceil(2);
        }
        std::mem::swap(&mut level, &mut below);
        first = false;
    }
    // One item a list, but not in the lists' order.
    level.clear();
    for item in items {
        level.extend_from_slice(&below[(item >> 1) as usize * G::BYTES..][..G::BYTES]);
    }
    (level, extras)
}

fn read_entry<G: Group>(source: &[u8], entry: u32) -> Affine<G> {
    let point = read_loose::<G>(&source[(entry >> 1) as usize * G::BYTES..][..G::BYTES]);
    if entry & 1 == 1 {
        -point
    } else {
        point
    }
}

/// The list that a pair belongs to.
fn list_of(lengths: &[usize], pair: usize) -> usize {
    let mut end = 0;
    lengths
        .iter()
        .position(|length| {
            end += length / 2;
            pair < end
        })
        .unwrap_or(0)
}
