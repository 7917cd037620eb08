//! Classes of wires: what the constraints imply about a wire's value, and how a list of them is summed.
//!
//! Notation: w a wire's value. The work on a list depends on its class and its length alone.

use ark_bn254::Fr;
use ark_ff::{One, PrimeField, Zero};

use crate::bytes::less;

/// What is known of a wire. The number is the class's code in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// Nothing is known, and sums go by value: the key has no constraints to derive types from.
    Value = 0,
    /// 0 or 1.
    Bit = 1,
    /// [-2^64, 2^64).
    Word = 2,
    /// [-2^128, 2^128).
    Double = 3,
    /// Any element, summed with an offset.
    Full = 4,
}

/// All classes in the order of their codes, which is that of the lists.
pub const CLASSES: [Class; 5] = [
    Class::Value,
    Class::Bit,
    Class::Word,
    Class::Double,
    Class::Full,
];

impl Class {
    /// The class of values in [-below, above].
    pub fn of(below: u128, above: u128) -> Class {
        match (below, above) {
            (0, 0..=1) => Class::Bit,
            _ if below <= 1 << 64 && above < 1 << 64 => Class::Word,
            _ => Class::Double,
        }
    }

    /// Bits of w + the class's offset; those of any element for the classes that have no bound.
    pub fn bits(self) -> usize {
        match self {
            Class::Bit => 1,
            Class::Word => 65,
            Class::Double => 129,
            Class::Value | Class::Full => 254,
        }
    }

    /// What makes the values of a small class positive, as limbs.
    pub fn offset(self) -> [u64; 4] {
        match self {
            Class::Word => [0, 1, 0, 0],
            Class::Double => [0, 0, 1, 0],
            _ => [0; 4],
        }
    }

    /// w + offset mod r, k the offset of a full wire; None for a value that is not of the class.
    #[inline]
    pub fn offset_value(self, w: [u64; 4], k: impl FnOnce() -> [u64; 4]) -> Option<[u64; 4]> {
        let sum = match self {
            Class::Value => w,
            Class::Full => add_mod(w, k()),
            _ => add_mod(w, self.offset()),
        };
        let bits = self.bits();
        let fits = (0..4).all(|i| {
            let kept = bits.saturating_sub(64 * i);
            kept >= 64 || sum[i] >> kept == 0
        });
        fits.then_some(sum)
    }

    /// What the points of a list are multiplied by in the sum that the key holds, k the wire's offset.
    pub fn weight(self, k: impl FnOnce() -> Fr) -> Fr {
        match self {
            Class::Value => Fr::zero(),
            Class::Full => k(),
            _ => Fr::one(),
        }
    }
}

/// The offsets k_i of full wires: uniform below r, by rejection, from a public seed.
///
/// They are no secret. They only take care that a witness of many equal values does the work of any
/// other.
#[derive(Clone, Copy)]
pub struct Offsets(pub u64);

impl Offsets {
    /// k_i as raw limbs.
    #[inline]
    pub fn limbs(self, wire: usize) -> [u64; 4] {
        let mut state = mix(self.0 ^ mix(wire as u64));
        loop {
            let mut k = [0u64; 4];
            for limb in &mut k {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                *limb = mix(state);
            }
            k[3] &= u64::MAX >> 2;
            if less(&k, &Fr::MODULUS.0) {
                return k;
            }
        }
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
#[inline]
fn mix(mut z: u64) -> u64 {
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// a + b mod r on limbs, both below r; no branch on the values.
#[inline]
pub fn add_mod(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let r = Fr::MODULUS.0;
    let (mut sum, mut carry) = ([0u64; 4], false);
    for i in 0..4 {
        (sum[i], carry) = add_carry(a[i], b[i], carry);
    }
    let (mut less_r, mut borrow) = ([0u64; 4], false);
    for i in 0..4 {
        (less_r[i], borrow) = sub_borrow(sum[i], r[i], borrow);
    }
    // 2r < 2^255: the sum does not leave 256 bits. A borrow means it was below r.
    let keep = u64::from(borrow).wrapping_neg();
    std::array::from_fn(|i| (sum[i] & keep) | (less_r[i] & !keep))
}

#[inline]
fn add_carry(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (s, c1) = a.overflowing_add(b);
    let (s, c2) = s.overflowing_add(u64::from(carry));
    (s, c1 | c2)
}

#[inline]
fn sub_borrow(a: u64, b: u64, borrow: bool) -> (u64, bool) {
    let (s, c1) = a.overflowing_sub(b);
    let (s, c2) = s.overflowing_sub(u64::from(borrow));
    (s, c1 | c2)
}
