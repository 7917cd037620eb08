//! Scalars to signed digits.
//!
//! Notation: s is replaced by s - r when that is smaller in magnitude, so small negative scalars are as
//! cheap as small ones; then s = sum d_k 2^(c k) with |d_k| <= 2^(c-1). Added to C = sum over all windows but
//! the highest of 2^(c-1) 2^(c k), |s| has the plain base-2^c digits d_k + 2^(c-1) (and d_k in the highest
//! window), so a digit is read without those below it.

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, PrimeField};
use rayon::prelude::*;
use zeroize::Zeroize;

use super::windows::{Source, NOTHING};
use super::MAX_WIDTH;
use crate::bytes::{less, put_limbs, Scalars, WIDTH};
use crate::curve::window_of;
use crate::error::{ensure, Result};

/// Bits of |s| <= (r - 1) / 2, and one for the last carry.
const BITS: usize = 254;

/// Scalars that one task recodes.
const CHUNK: usize = 1 << 12;

/// Set where the digits change their signs; |s| + C is below 2^255.
const FLIP: u8 = 0x80;

/// n scalars, recoded. They are secrets, and are erased when dropped.
pub struct Digits {
    width: usize,
    count: usize,
    /// |s| + C, with `FLIP` in the highest byte.
    shifted: Vec<u8>,
}

impl Drop for Digits {
    fn drop(&mut self) {
        self.shifted.zeroize();
    }
}

impl Digits {
    /// Recodes the scalars for which `wanted` holds; the others count as zero.
    pub fn new(scalars: Scalars<'_>, wanted: impl Fn(usize) -> bool + Sync) -> Result<Self> {
        let n = scalars.len();
        ensure(n < 1 << 31, || format!("{n} points are too many"))?;
        let sizes = bit_sizes(scalars, &wanted);
        let longest = sizes.iter().rposition(|&many| many > 0).unwrap_or(0);
        let width = choose_width(&sizes, longest);
        // One bit more than the longest scalar, for the last carry.
        let count = (longest + 1).div_ceil(width);
        let mut c = BigInt::<4>::zero();
        for k in 0..count - 1 {
            let bit = width * k + width - 1;
            c.0[bit / 64] |= 1 << (bit % 64);
        }
        let mut shifted = vec![0; n * WIDTH];
        shifted
            .par_chunks_mut(WIDTH)
            .with_min_len(CHUNK)
            .enumerate()
            .for_each(|(i, out)| {
                let (mut s, flip) = if wanted(i) {
                    magnitude(scalars.limbs(i))
                } else {
                    (BigInt::zero(), false)
                };
                s.add_with_carry(&c);
                put_limbs(s.0, out);
                out[WIDTH - 1] |= if flip { FLIP } else { 0 };
            });
        Ok(Digits {
            width,
            count,
            shifted,
        })
    }

    /// Scalars, and points they are for.
    pub fn len(&self) -> usize {
        self.shifted.len() / WIDTH
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.shifted.is_empty()
    }
}

impl Source for Digits {
    fn len(&self) -> usize {
        self.shifted.len() / WIDTH
    }

    fn width(&self) -> usize {
        self.width
    }

    fn count(&self) -> usize {
        self.count
    }

    #[inline]
    fn digit(&self, i: usize, window: usize) -> u32 {
        let s = &self.shifted[i * WIDTH..(i + 1) * WIDTH];
        let flip = u32::from(s[WIDTH - 1] & FLIP != 0);
        let mut digit = bits_at(s, window * self.width, self.width) as i32;
        if window + 1 < self.count {
            digit -= 1 << (self.width - 1);
        }
        if digit == 0 {
            NOTHING
        } else {
            2 * (digit.unsigned_abs() - 1) + (flip ^ u32::from(digit < 0))
        }
    }

    fn step(&self) -> usize {
        1
    }
}

/// `width` <= 16 bits of a 32-byte integer from bit `from` on, without its highest; bits past the end are zero.
#[inline]
pub fn bits_at(bytes: &[u8], from: usize, width: usize) -> u64 {
    let at = (from / 8).min(WIDTH - 8);
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    let mut word = u64::from_le_bytes(eight);
    if at == WIDTH - 8 {
        word &= u64::MAX >> 1;
    }
    // At most 7 + 16 bits are needed, and at the end at most 63 are skipped.
    word >> (from - 8 * at).min(63) & ((1 << width) - 1)
}

/// |s| and whether s was replaced by s - r.
#[inline]
fn magnitude(s: [u64; 4]) -> (BigInt<4>, bool) {
    if less(&Fr::MODULUS_MINUS_ONE_DIV_TWO.0, &s) {
        let mut opposite = Fr::MODULUS;
        opposite.sub_with_borrow(&BigInt(s));
        (opposite, true)
    } else {
        (BigInt(s), false)
    }
}

/// Calls `put` with the window and 2 |d| + sign for each digit that is not zero.
pub fn recode(s: [u64; 4], width: usize, mut put: impl FnMut(usize, u32)) {
    let (s, flip) = magnitude(s);
    let flip = u32::from(flip);
    let (half, full) = (1u32 << (width - 1), 1u32 << width);
    let bits = s.num_bits() as usize;
    let mut carry = 0;
    let mut k = 0;
    while k * width < bits || carry > 0 {
        let digit = window_of(&s.0, k * width, width) as u32 + carry;
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

/// How many of the scalars have 0, 1, 2, ... bits.
fn bit_sizes(scalars: Scalars<'_>, wanted: &(impl Fn(usize) -> bool + Sync)) -> [usize; BITS + 1] {
    (0..scalars.len())
        .into_par_iter()
        .with_min_len(CHUNK)
        .fold(
            || [0usize; BITS + 1],
            |mut sizes, i| {
                if wanted(i) {
                    let (s, _) = magnitude(scalars.limbs(i));
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
        entries + (longest + 1).div_ceil(c) * ((5 << (c - 1)) / 2 + super::WINDOW_COST)
    };
    (3..=MAX_WIDTH).min_by_key(|&c| cost(c)).unwrap_or(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bytes_of, random_scalars};
    use ark_ff::{Field, Zero};

    fn edges() -> Vec<Fr> {
        let mut scalars = random_scalars(50, 1);
        let one = Fr::from(1u64);
        scalars.extend([Fr::zero(), one, -one, Fr::from(u64::MAX)]);
        scalars.push(Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO));
        scalars.push(-Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO));
        scalars
    }

    fn term(k: usize, width: usize, magnitude: u32, sign: u32) -> Fr {
        let term = Fr::from(2u64).pow([(k * width) as u64]) * Fr::from(magnitude);
        if sign == 1 {
            -term
        } else {
            term
        }
    }

    #[test]
    fn digits_sum_to_the_scalar() {
        for width in 2..=MAX_WIDTH {
            for s in &edges() {
                let mut sum = Fr::zero();
                recode(s.into_bigint().0, width, |k, digit| {
                    assert!(k < BITS.div_ceil(width) && digit >> 1 <= 1 << (width - 1));
                    sum += term(k, width, digit >> 1, digit & 1);
                });
                assert_eq!(sum, *s);
            }
        }
    }

    #[test]
    fn windows_sum_to_the_scalar() {
        for n in [1, 40, 300, 3000, 20_000, 100_000] {
            let mut scalars = edges();
            scalars.resize(n, Fr::from(5u64));
            let bytes = bytes_of(&scalars);
            let digits = Digits::new(Scalars::new(&bytes, "s").unwrap(), |i| i % 3 > 0).unwrap();
            for (i, s) in scalars.iter().enumerate().take(100) {
                let mut sum = Fr::zero();
                for k in 0..digits.count() {
                    let digit = digits.digit(i, k);
                    if digit != NOTHING {
                        assert!(digit >> 1 < 1 << (digits.width() - 1));
                        sum += term(k, digits.width(), (digit >> 1) + 1, digit & 1);
                    }
                }
                assert_eq!(sum, if i % 3 > 0 { *s } else { Fr::zero() });
            }
        }
    }
}
