//! Sums of products of canonical integers modulo r, reduced once at the end.
//!
//! Source: Montgomery, "Modular multiplication without trial division" (1985), with the reduction put off.
//! Notation: R = 2^256. A coefficient c is kept as c R mod r, a value w as its canonical integer, so that
//! the reduction of the sum of all (c R) w gives the canonical sum of all c w. What a coefficient of one
//! or minus one brings is added beside it, without a product.
//!
//! wide.rs does the like for the rows of a prepared key, which stay in the key's bytes: it says why it is there.
//!
//! Nothing here branches on a value, only on coefficients and on how many terms there are.

#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(test)]
mod tests;

use ark_bn254::Fr;
use ark_ff::{BigInt, Field, PrimeField, Zero};

use crate::bytes::{fr_from_limbs, limbs, WIDTH};

pub use crate::words::Words;
use crate::words::{minus, Prime, PrimeR};

/// r.
pub const MODULUS: Words = PrimeR::M;

/// Terms of one sum, in all: the bounds below rest on it.
pub const MAX_TERMS: usize = 64;

/// 2^512 mod r as a raw integer.
const R2: Fr = Fr::new_unchecked(Fr::R2);

/// One term: a value's place and a coefficient's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// Place of the value, in units of 32 bytes.
    pub at: u32,
    /// Place of the coefficient in the table.
    pub coeff: u32,
}

/// What a coefficient is to a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The value itself.
    One,
    /// The value's negative.
    MinusOne,
    /// A product.
    Other,
}

/// Coefficients, in the forms that sums need.
#[derive(Default)]
pub struct Table {
    /// Canonical.
    pub canonical: Vec<Words>,
    /// c R mod r, as words.
    scaled: Vec<Words>,
    /// The same as limbs of 52 bits.
    limbs: Vec<[u64; 5]>,
    /// c 2^260 mod r as limbs of 52 bits, for the lanes of witness/eight.rs.
    pub lanes: Vec<[u64; 5]>,
    /// How each is used.
    pub kind: Vec<Kind>,
}

impl Table {
    /// The table of some field elements.
    pub fn new(elements: &[Fr]) -> Self {
        let mut table = Table::default();
        for element in elements {
            table.push(*element);
        }
        table
    }

    /// Adds one; returns its place.
    pub fn push(&mut self, element: Fr) -> usize {
        let canonical = element.into_bigint().0;
        self.canonical.push(canonical);
        // arkworks keeps an element as c R mod r.
        self.scaled.push(element.0 .0);
        self.limbs.push(limbs52(element.0 .0));
        self.lanes.push(limbs52((element * Fr::from(16u64)).0 .0));
        self.kind.push(match canonical {
            [1, 0, 0, 0] => Kind::One,
            c if c == negative([1, 0, 0, 0]) => Kind::MinusOne,
            _ => Kind::Other,
        });
        self.kind.len() - 1
    }

    /// A coefficient as a signed integer, if it is below 2^127 in absolute value.
    pub fn signed(&self, coeff: usize) -> Option<i128> {
        let positive = |w: Words| {
            let low = u128::from(w[1]) << 64 | u128::from(w[0]);
            (w[2] == 0 && w[3] == 0).then(|| i128::try_from(low).ok())?
        };
        let c = self.canonical[coeff];
        positive(c).or_else(|| positive(negative(c)).map(|v| -v))
    }
}

/// A sum in the making that needs no reduction by R: below (MAX_TERMS + 2) r.
#[derive(Clone, Copy, Default)]
pub struct Plain([u64; 5]);

impl Plain {
    /// Adds a value that is at most r.
    #[inline]
    pub fn add(&mut self, value: Words) {
        let mut carry = false;
        for (sum, word) in self.0.iter_mut().zip(value) {
            let (s, c1) = sum.overflowing_add(word);
            let (s, c2) = s.overflowing_add(u64::from(carry));
            (*sum, carry) = (s, c1 | c2);
        }
        self.0[4] += u64::from(carry);
    }

    /// Adds the negative of a value.
    #[inline]
    pub fn subtract(&mut self, value: Words) {
        self.add(negative(value));
    }

    /// The canonical sum.
    #[inline]
    pub fn finish(&self) -> Words {
        canonical(self.0)
    }
}

/// How the products of a sum are added.
#[derive(Clone, Copy)]
pub struct Kernel {
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    vectors: bool,
}

impl Kernel {
    /// The fastest that this machine has.
    pub fn new() -> Self {
        #[cfg(target_arch = "x86_64")]
        let vectors = crate::lanes::available();
        #[cfg(not(target_arch = "x86_64"))]
        let vectors = false;
        Kernel { vectors }
    }

    /// The one that runs everywhere.
    #[cfg(test)]
    pub fn scalar() -> Self {
        Kernel { vectors: false }
    }

    /// The canonical sum of c w over `full`, of c (w mod 2^52) over `low`, and of what is in `plain`.
    ///
    /// There are at most MAX_TERMS terms in all. `values` holds 32 bytes a value, canonical; those that
    /// `low` names are below 2^52. Panics when a place is out of range.
    #[inline]
    pub fn sum(
        self,
        table: &Table,
        full: &[Term],
        low: &[Term],
        values: &[u8],
        plain: &Plain,
    ) -> Words {
        debug_assert!(full.len() + low.len() <= MAX_TERMS);
        if full.is_empty() && low.is_empty() {
            return plain.finish();
        }
        #[cfg(target_arch = "x86_64")]
        if self.vectors {
            // SAFETY: `vectors` is set only where the processor has the instructions.
            let wide = unsafe { ifma::products(&table.limbs, full, low, values) };
            return reduce(wide, plain);
        }
        let mut wide = [0; 9];
        for term in full {
            add_product(
                &mut wide,
                &table.scaled[term.coeff as usize],
                value(values, term),
            );
        }
        for term in low {
            let [word, ..] = value(values, term);
            add_product(
                &mut wide,
                &table.scaled[term.coeff as usize],
                [word, 0, 0, 0],
            );
        }
        reduce(wide, plain)
    }
}

/// x y mod r.
#[inline]
pub fn product(x: Words, y: Words) -> Words {
    let [x, y] = [x, y].map(|w| Fr::new_unchecked(BigInt(w)));
    // x y / R, then times R^2 / R.
    (x * y * R2).0 .0
}

/// r - x, for x at most r.
#[inline]
pub fn negative(x: Words) -> Words {
    minus(&MODULUS, &x).0
}

/// 1 / x mod r, or 0 when x is 0.
pub fn inverse(x: Words) -> Words {
    let found = fr_from_limbs(x).inverse().unwrap_or_else(Fr::zero);
    found.into_bigint().0
}

/// A term's value.
#[inline]
fn value(values: &[u8], term: &Term) -> Words {
    let from = term.at as usize * WIDTH;
    limbs(&values[from..from + WIDTH])
}

/// sum += c w.
#[inline]
fn add_product(sum: &mut [u64; 9], c: &Words, w: Words) {
    for i in 0..4 {
        let mut carry = 0u128;
        for j in 0..4 {
            let t = u128::from(sum[i + j]) + u128::from(c[j]) * u128::from(w[i]) + carry;
            sum[i + j] = t as u64;
            carry = t >> 64;
        }
        for word in &mut sum[i + 4..] {
            let t = u128::from(*word) + carry;
            *word = t as u64;
            carry = t >> 64;
        }
    }
}

/// (wide / R + plain) mod r, canonical.
///
/// At most MAX_TERMS products below r^2 are in `wide`, so wide / R + r is below 14 r.
#[inline]
fn reduce(mut wide: [u64; 9], plain: &Plain) -> Words {
    /// -1 / r mod 2^64.
    const NEG_INV: u64 = PrimeR::MINUS_INVERSE;
    for i in 0..4 {
        let k = wide[i].wrapping_mul(NEG_INV);
        let mut carry = 0u128;
        for j in 0..4 {
            let t = u128::from(wide[i + j]) + u128::from(k) * u128::from(MODULUS[j]) + carry;
            wide[i + j] = t as u64;
            carry = t >> 64;
        }
        for word in &mut wide[i + 4..] {
            let t = u128::from(*word) + carry;
            *word = t as u64;
            carry = t >> 64;
        }
    }
    let mut sum = Plain([wide[4], wide[5], wide[6], wide[7], wide[8]]);
    let [a, b, c, d, top] = plain.0;
    sum.0[4] += top;
    sum.add([a, b, c, d]);
    canonical(sum.0)
}

/// v mod r, for v below 2^8 r.
#[inline]
fn canonical(v: [u64; 5]) -> Words {
    /// One more than r / 2^192, rounded down; 62 bits.
    const TOP: u128 = MODULUS[3] as u128 + 1;
    const RECIPROCAL: u128 = (1 << 123) / TOP;
    // v / 2^192 has at most 70 bits; its lowest 8 go. The quotient comes out as floor(v / r) or one less: the
    // roundings (the 8 bits, TOP beside r / 2^192, RECIPROCAL) change v / r < 2^8 by less than 2^-40 of it.
    let high = (u128::from(v[4]) << 64 | u128::from(v[3])) >> 8;
    let quotient = ((high * RECIPROCAL) >> 115) as u64;
    let mut out = [0; 4];
    let (mut borrow, mut carry) = (false, 0u128);
    for i in 0..4 {
        carry += u128::from(quotient) * u128::from(MODULUS[i]);
        let (d, b1) = v[i].overflowing_sub(carry as u64);
        let (d, b2) = d.overflowing_sub(u64::from(borrow));
        (out[i], borrow) = (d, b1 | b2);
        carry >>= 64;
    }
    // Now out is below 2 r, which is below 2^256: the fifth word is zero.
    subtract_once(out)
}

/// x or x - r, whichever is canonical, for x below 2 r.
#[inline]
fn subtract_once(x: Words) -> Words {
    let (out, borrow) = minus(&x, &MODULUS);
    let keep = u64::from(borrow).wrapping_neg();
    std::array::from_fn(|i| out[i] ^ (keep & (out[i] ^ x[i])))
}

/// The canonical form of a signed integer.
#[inline]
pub fn from_signed(v: i128) -> Words {
    let magnitude = v.unsigned_abs();
    let words = [magnitude as u64, (magnitude >> 64) as u64, 0, 0];
    let other = negative(words);
    let mask = u64::from(v < 0).wrapping_neg();
    std::array::from_fn(|i| words[i] ^ (mask & (words[i] ^ other[i])))
}

/// A canonical value as the signed integer that it stands for, known to fit.
#[inline]
pub fn to_signed(w: Words) -> i128 {
    const LOW: u128 = (MODULUS[1] as u128) << 64 | MODULUS[0] as u128;
    // A negative value is r less its magnitude, which is below 2^127: its upper half is not zero.
    let mask = u128::from(w[2] | w[3] != 0).wrapping_neg();
    (u128::from(w[1]) << 64 | u128::from(w[0])).wrapping_sub(LOW & mask) as i128
}

/// Words of 64 bits as limbs of 52.
pub const fn limbs52(w: Words) -> [u64; 5] {
    const MASK: u64 = (1 << 52) - 1;
    [
        w[0] & MASK,
        (w[0] >> 52 | w[1] << 12) & MASK,
        (w[1] >> 40 | w[2] << 24) & MASK,
        (w[2] >> 28 | w[3] << 36) & MASK,
        w[3] >> 16,
    ]
}
