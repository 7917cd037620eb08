//! Scalars to signed digits, sorted by window and bucket.
//!
//! Notation: s is replaced by s - r when that is smaller in magnitude, so small negative scalars are as
//! cheap as small ones; then s = sum d_k 2^(c k) with -2^(c-1) < d_k <= 2^(c-1). An entry is
//! 2 i + [the point is subtracted].

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, PrimeField};
use rayon::prelude::*;
use zeroize::Zeroize;

use super::MAX_WIDTH;
use crate::bytes::{less, Scalars};
use crate::curve::window_of;
use crate::error::{ensure, Result};

/// Bits of |s| <= (r - 1) / 2, and one for the last carry.
const BITS: usize = 254;

/// Scalars that one task recodes.
const CHUNK: usize = 1 << 12;

/// Entries of one window, by bucket.
pub struct Window {
    /// Bucket |d| has the entries offsets[|d| - 1] .. offsets[|d|].
    pub offsets: Vec<u32>,
    /// 2 i + sign.
    pub entries: Vec<u32>,
}

/// The sorted digits of n scalars. They are secrets, and are erased when dropped.
pub struct Digits {
    n: usize,
    width: usize,
    windows: Vec<Window>,
}

impl Drop for Digits {
    fn drop(&mut self) {
        for window in &mut self.windows {
            window.entries.zeroize();
            window.offsets.zeroize();
        }
    }
}

impl Digits {
    /// Sorts the scalars for which `wanted` holds.
    pub fn new(scalars: Scalars<'_>, wanted: impl Fn(usize) -> bool + Sync) -> Result<Self> {
        let n = scalars.len();
        ensure(n < 1 << 31, || format!("{n} points are too many"))?;
        let sizes = bit_sizes(scalars, &wanted);
        let longest = sizes.iter().rposition(|&many| many > 0).unwrap_or(0);
        let width = choose_width(&sizes, longest);
        // One bit more than the longest scalar, for the last carry.
        let count = (longest + 1).div_ceil(width);
        // digits[k][i], as 2 |d| + sign; zero where there is nothing to add.
        let mut digits = vec![0u32; count * n];
        {
            let mut columns: Vec<_> = digits.chunks_mut(n.max(1)).collect();
            let mut chunks: Vec<Vec<&mut [u32]>> = Vec::new();
            for start in (0..n).step_by(CHUNK) {
                let size = CHUNK.min(n - start);
                chunks.push(
                    columns
                        .iter_mut()
                        .map(|column| {
                            let (head, tail) = std::mem::take(column).split_at_mut(size);
                            *column = tail;
                            head
                        })
                        .collect(),
                );
            }
            chunks.par_iter_mut().enumerate().for_each(|(c, columns)| {
                for i in 0..columns[0].len() {
                    if wanted(c * CHUNK + i) {
                        recode(scalars.limbs(c * CHUNK + i), width, |k, digit| {
                            columns[k][i] = digit;
                        });
                    }
                }
            });
        }
        let windows = digits
            .par_chunks(n.max(1))
            .map(|column| sort(column, width))
            .collect();
        digits.zeroize();
        Ok(Digits { n, width, windows })
    }

    /// Scalars, and points they are for.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// c.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Buckets of a window.
    pub fn buckets(&self) -> usize {
        1 << (self.width - 1)
    }

    pub(super) fn windows(&self) -> &[Window] {
        &self.windows
    }
}

/// Calls `put` with the window and 2 |d| + sign for each digit that is not zero.
pub fn recode(mut s: [u64; 4], width: usize, mut put: impl FnMut(usize, u32)) {
    let mut flip = 0;
    if less(&Fr::MODULUS_MINUS_ONE_DIV_TWO.0, &s) {
        let mut opposite = Fr::MODULUS;
        opposite.sub_with_borrow(&BigInt(s));
        s = opposite.0;
        flip = 1;
    }
    let (half, full) = (1u32 << (width - 1), 1u32 << width);
    let bits = BigInt(s).num_bits() as usize;
    let mut carry = 0;
    let mut k = 0;
    while k * width < bits || carry > 0 {
        let digit = window_of(&s, k * width, width) as u32 + carry;
        carry = u32::from(digit > half);
        let (magnitude, sign) = if carry == 1 {
            (full - digit, 1 - flip)
        } else {
            (digit, flip)
        };
        if magnitude > 0 {
            put(k, 2 * magnitude + sign);
        }
        k += 1;
    }
}

/// Digits of `width` bits that any scalar has at most.
pub fn digit_count(width: usize) -> usize {
    BITS.div_ceil(width)
}

/// Counting sort of one window.
fn sort(column: &[u32], width: usize) -> Window {
    let buckets = 1 << (width - 1);
    // ends[b] is where bucket b begins while counting, and where it ends after the scatter.
    let mut ends = vec![0u32; buckets + 2];
    for &digit in column {
        ends[(digit >> 1) as usize + 1] += 1;
    }
    ends[1] = 0;
    for b in 1..ends.len() {
        ends[b] += ends[b - 1];
    }
    let mut entries = vec![0u32; ends[buckets + 1] as usize];
    for (i, &digit) in column.iter().enumerate() {
        if digit > 1 {
            let place = &mut ends[(digit >> 1) as usize];
            entries[*place as usize] = 2 * i as u32 + (digit & 1);
            *place += 1;
        }
    }
    ends.truncate(buckets + 1);
    Window {
        offsets: ends,
        entries,
    }
}

/// How many of the scalars have 0, 1, 2, ... bits.
fn bit_sizes(scalars: Scalars<'_>, wanted: &(impl Fn(usize) -> bool + Sync)) -> [usize; BITS + 1] {
    (0..scalars.len())
        .into_par_iter()
        .with_min_len(CHUNK)
        .fold(
            || [0usize; BITS + 1],
            |mut sizes, i| {
                if wanted(i) {
                    let mut s = BigInt(scalars.limbs(i));
                    if less(&Fr::MODULUS_MINUS_ONE_DIV_TWO.0, &s.0) {
                        let mut opposite = Fr::MODULUS;
                        opposite.sub_with_borrow(&s);
                        s = opposite;
                    }
                    sizes[s.num_bits() as usize] += 1;
                }
                sizes
            },
        )
        .reduce(
            || [0; BITS + 1],
            |mut a, b| {
                for (a, b) in a.iter_mut().zip(b) {
                    *a += b;
                }
                a
            },
        )
}

/// The c with the least additions: one an entry, and two and a bit a bucket.
fn choose_width(sizes: &[usize], longest: usize) -> usize {
    let cost = |c: usize| {
        let entries: usize = sizes
            .iter()
            .enumerate()
            .map(|(bits, count)| count * bits.div_ceil(c))
            .sum();
        entries + (longest + 1).div_ceil(c) * (5 << (c - 1)) / 2
    };
    (3..=MAX_WIDTH).min_by_key(|&c| cost(c)).unwrap_or(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bytes_of, random_scalars};
    use ark_ff::{Field, Zero};

    #[test]
    fn digits_sum_to_the_scalar() {
        let mut scalars = random_scalars(50, 1);
        let one = Fr::from(1u64);
        scalars.extend([Fr::zero(), one, -one, Fr::from(u64::MAX)]);
        scalars.push(Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO));
        scalars.push(-Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO));
        for width in 2..=MAX_WIDTH {
            for s in &scalars {
                let mut sum = Fr::zero();
                recode(s.into_bigint().0, width, |k, digit| {
                    assert!(k < BITS.div_ceil(width) && digit >> 1 <= 1 << (width - 1));
                    let term = Fr::from(2u64).pow([(k * width) as u64]) * Fr::from(digit >> 1);
                    sum += if digit & 1 == 1 { -term } else { term };
                });
                assert_eq!(sum, *s);
            }
        }
    }

    #[test]
    fn buckets_hold_every_entry_once() {
        let scalars = random_scalars(3000, 2);
        let bytes = bytes_of(&scalars);
        let digits = Digits::new(Scalars::new(&bytes, "s").unwrap(), |i| i % 3 > 0).unwrap();
        let mut sums = vec![Fr::zero(); scalars.len()];
        for (k, window) in digits.windows().iter().enumerate() {
            assert_eq!(window.offsets.len(), digits.buckets() + 1);
            assert_eq!(window.offsets[0], 0);
            let weight = Fr::from(2u64).pow([(k * digits.width()) as u64]);
            for bucket in 0..digits.buckets() {
                let range = window.offsets[bucket] as usize..window.offsets[bucket + 1] as usize;
                for entry in &window.entries[range] {
                    let term = weight * Fr::from(bucket as u64 + 1);
                    sums[(entry >> 1) as usize] += if entry & 1 == 1 { -term } else { term };
                }
            }
        }
        for (i, (sum, s)) in sums.iter().zip(&scalars).enumerate() {
            assert_eq!(*sum, if i % 3 > 0 { *s } else { Fr::zero() });
        }
    }
}
