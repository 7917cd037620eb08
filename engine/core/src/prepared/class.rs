//! Classes of wires: what the constraints imply about a wire's value, and how a list of them is summed.
//!
//! Notation: w a wire's value. The work on a list depends on its class and its length alone.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One, PrimeField};

use crate::bytes::less;

/// What is known of a wire. The number is the class's code in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// Nothing is known, and sums go by value: the key has no constraints to derive types from.
    Value = 0,
    /// 0 or 1.
    Bit = 1,
    /// [0, 2^64).
    U64 = 2,
    /// [-2^63, 2^63).
    I64 = 3,
    /// [0, 2^128).
    U128 = 4,
    /// [-2^127, 2^127).
    I128 = 5,
    /// Any element, summed with an offset.
    Full = 6,
}

/// All classes in the order of their codes, which is that of the lists.
pub const CLASSES: [Class; 7] = [
    Class::Value,
    Class::Bit,
    Class::U64,
    Class::I64,
    Class::U128,
    Class::I128,
    Class::Full,
];

impl Class {
    /// The class of values in [-below, above].
    pub fn of(below: u128, above: u128) -> Class {
        let fits = |bits: u32| below <= 1 << (bits - 1) && above < 1 << (bits - 1);
        match below {
            0 if above <= 1 => Class::Bit,
            0 if above >> 64 == 0 => Class::U64,
            _ if fits(64) => Class::I64,
            0 => Class::U128,
            _ if fits(128) => Class::I128,
            _ => Class::Full,
        }
    }

    /// Bits of w + the class's offset, for the small classes.
    pub fn bits(self) -> Option<usize> {
        match self {
            Class::U64 | Class::I64 => Some(64),
            Class::U128 | Class::I128 => Some(128),
            _ => None,
        }
    }

    /// w + offset as an integer of 128 bits: in [0, 2^bits) for a value of the class.
    pub fn offset(self) -> u128 {
        match self {
            Class::I64 => 1 << 63,
            Class::I128 => 1 << 127,
            _ => 0,
        }
    }

    /// The offset value of a wire of a small class; None when it is outside of the class.
    #[inline]
    pub fn shifted(self, w: [u64; 4]) -> Option<u128> {
        let bits = self.bits()?;
        let offset = self.offset();
        let sum = add_mod(w, [offset as u64, (offset >> 64) as u64, 0, 0]);
        let low = u128::from(sum[0]) | u128::from(sum[1]) << 64;
        (sum[2] == 0 && sum[3] == 0 && (bits == 128 || low >> bits == 0)).then_some(low)
    }

    /// Whether a value may stand on a wire of the class.
    pub fn holds(self, w: [u64; 4]) -> bool {
        match self {
            Class::Value | Class::Full => true,
            Class::Bit => w[0] <= 1 && w[1..] == [0, 0, 0],
            _ => self.shifted(w).is_some(),
        }
    }

    /// What the point of a wire is multiplied by in the sum that corrects the lists, k the wire's offset.
    ///
    /// A bit b is summed as 2 b - 1, a small value as 2 (w + offset) - (2^bits - 1), both then halved; a
    /// full value as w + k.
    pub fn correction(self, k: impl FnOnce() -> Fr) -> Fr {
        let half = || Fr::from(2u64).inverse().unwrap_or_default();
        match (self, self.bits()) {
            (Class::Value, _) => Fr::from(0u64),
            (Class::Full, _) => -k(),
            (_, None) => half(),
            (_, Some(bits)) => {
                let top = Fr::from(2u64).pow([bits as u64]) - Fr::one();
                half() * (top - Fr::from(self.offset()).double())
            }
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
