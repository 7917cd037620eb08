//! Residues modulo q and r as four words of 64 bits: the arithmetic of processors without AVX-512 IFMA.
//!
//! Notation: m the modulus, B = 2^256 = 5.29 m. Loose: below 2m. Only `canonical` gives a value below m.

mod multiplier;
#[cfg(test)]
mod tests;

use ark_bn254::{Fq, FqConfig, Fr, FrConfig};
use ark_ff::{MontConfig, PrimeField};

pub(crate) use multiplier::with_multiplier;
#[cfg(target_arch = "x86_64")]
pub use multiplier::Adx;
pub use multiplier::{Multiplier, Portable};

/// A residue, little-endian.
pub type Words = [u64; 4];

/// A modulus, as the multipliers read it.
#[repr(C)]
pub struct Constants {
    m: Words,
    /// -1 / m mod 2^64.
    neg_inv: u64,
}

/// A modulus, with what the arithmetic needs of it.
pub trait Prime: 'static {
    /// m.
    const M: Words;
    /// -1 / m mod 2^64.
    const MINUS_INVERSE: u64;
    /// 2m.
    const TWICE: Words = double(Self::M);
    /// Both for the multipliers.
    const CONSTANTS: &'static Constants = &Constants {
        m: Self::M,
        neg_inv: Self::MINUS_INVERSE,
    };
}

/// q, of coordinates.
pub struct PrimeQ;

/// r, of scalars.
pub struct PrimeR;

impl Prime for PrimeQ {
    const M: Words = Fq::MODULUS.0;
    const MINUS_INVERSE: u64 = FqConfig::INV;
}

impl Prime for PrimeR {
    const M: Words = Fr::MODULUS.0;
    const MINUS_INVERSE: u64 = FrConfig::INV;
}

const fn double(m: Words) -> Words {
    [
        m[0] << 1,
        m[1] << 1 | m[0] >> 63,
        m[2] << 1 | m[1] >> 63,
        m[3] << 1 | m[2] >> 63,
    ]
}

/// 2^n mod m.
pub const fn power_of_two<P: Prime>(n: u32) -> Words {
    let mut words = [1u64, 0, 0, 0];
    let mut i = 0;
    while i < n {
        words = double(words);
        let (mut less, mut borrow, mut j) = (words, 0i128, 0);
        while j < 4 {
            let t = words[j] as i128 - P::M[j] as i128 + borrow;
            less[j] = t as u64;
            borrow = t >> 64;
            j += 1;
        }
        if borrow == 0 {
            words = less;
        }
        i += 1;
    }
    words
}

/// Both sums, and whether the last word overflowed.
#[inline(always)]
fn plus(a: &Words, b: &Words) -> (Words, bool) {
    let (mut out, mut carry) = ([0; 4], false);
    for i in 0..4 {
        let (sum, first) = a[i].overflowing_add(b[i]);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        (out[i], carry) = (sum, first | second);
    }
    (out, carry)
}

/// a - b mod 2^256, and whether that wrapped.
#[inline(always)]
pub(crate) fn minus(a: &Words, b: &Words) -> (Words, bool) {
    let (mut out, mut borrow) = ([0; 4], false);
    for i in 0..4 {
        let (rest, first) = a[i].overflowing_sub(b[i]);
        let (rest, second) = rest.overflowing_sub(u64::from(borrow));
        (out[i], borrow) = (rest, first | second);
    }
    (out, borrow)
}

/// b if `choose`, else a, without a branch.
#[inline(always)]
fn choice(choose: bool, a: &Words, b: &Words) -> Words {
    std::array::from_fn(|i| if choose { b[i] } else { a[i] })
}

/// a - m if that is not negative, else a.
#[inline(always)]
fn less_once(a: &Words, m: &Words) -> Words {
    let (less, wrapped) = minus(a, m);
    choice(wrapped, &less, a)
}

/// a + b, loose, for loose a and b.
#[inline(always)]
pub fn add<P: Prime>(a: &Words, b: &Words) -> Words {
    // Below 4m: no overflow.
    less_once(&plus(a, b).0, &P::TWICE)
}

/// a - b, loose, for loose a and b.
#[inline(always)]
pub fn sub<P: Prime>(a: &Words, b: &Words) -> Words {
    let (rest, wrapped) = minus(a, b);
    let mask = u64::from(wrapped).wrapping_neg();
    plus(&rest, &P::TWICE.map(|word| word & mask)).0
}

/// The residue below m of a loose one.
#[inline(always)]
pub fn canonical<P: Prime>(a: &Words) -> Words {
    less_once(a, &P::M)
}

/// -a if `negative`, else a, for canonical a; at most m.
#[inline(always)]
pub fn signed<P: Prime>(a: &Words, negative: bool) -> Words {
    choice(negative, a, &minus(&P::M, a).0)
}

/// Whether a loose residue is zero.
#[inline(always)]
pub fn is_zero<P: Prime>(a: &Words) -> bool {
    // Hardly any other has one of these words.
    (a[0] == 0 || a[0] == P::M[0]) && (*a == [0; 4] || *a == P::M)
}
