//! Integers of 128 bits and a sign, and spans of them: None wherever a result does not fit.
//!
//! Notation: a span [low, high] holds every integer from low to high, both included.

use std::cmp::Ordering;

use ark_bn254::Fr;
use ark_ff::PrimeField;

use super::class::Class;

/// An integer of 128 bits and a sign: sums that are checked for overflow stay far from r / 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int {
    negative: bool,
    magnitude: u128,
}

impl Int {
    pub fn new(negative: bool, magnitude: u128) -> Int {
        Int {
            negative: negative && magnitude > 0,
            magnitude,
        }
    }

    pub fn opposite(self) -> Int {
        Int::new(!self.negative, self.magnitude)
    }

    pub fn plus(self, other: Int) -> Option<Int> {
        let (x, y) = (self.magnitude, other.magnitude);
        Some(if self.negative == other.negative {
            Int::new(self.negative, x.checked_add(y)?)
        } else if x >= y {
            Int::new(self.negative, x - y)
        } else {
            Int::new(other.negative, y - x)
        })
    }

    pub fn times(self, other: Int) -> Option<Int> {
        let product = self.magnitude.checked_mul(other.magnitude)?;
        Some(Int::new(self.negative != other.negative, product))
    }

    /// The integer in (-r/2, r/2) that an element stands for, if it is small.
    pub fn of(x: &Fr) -> Option<Int> {
        let magnitude = |x: &Fr| {
            let limbs = x.into_bigint().0;
            (limbs[2] == 0 && limbs[3] == 0)
                .then(|| u128::from(limbs[0]) | u128::from(limbs[1]) << 64)
        };
        magnitude(x)
            .map(|m| Int::new(false, m))
            .or_else(|| magnitude(&-*x).map(|m| Int::new(true, m)))
    }
}

impl PartialOrd for Int {
    fn partial_cmp(&self, other: &Int) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Int {
    fn cmp(&self, other: &Int) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude.cmp(&other.magnitude),
            (true, true) => other.magnitude.cmp(&self.magnitude),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }
}

/// [low, high].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub low: Int,
    pub high: Int,
}

impl Span {
    pub fn point(value: Int) -> Span {
        Span {
            low: value,
            high: value,
        }
    }

    pub fn plus(self, other: Span) -> Option<Span> {
        Some(Span {
            low: self.low.plus(other.low)?,
            high: self.high.plus(other.high)?,
        })
    }

    pub fn times(self, other: Span) -> Option<Span> {
        let mut ends = [self.low; 4];
        for (end, (x, y)) in ends.iter_mut().zip([
            (self.low, other.low),
            (self.low, other.high),
            (self.high, other.low),
            (self.high, other.high),
        ]) {
            *end = x.times(y)?;
        }
        ends.sort_unstable();
        Some(Span {
            low: ends[0],
            high: ends[3],
        })
    }

    pub fn minus(self) -> Span {
        Span {
            low: self.high.opposite(),
            high: self.low.opposite(),
        }
    }

    pub fn hull(self, other: Span) -> Span {
        Span {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    pub fn is_bit(self) -> bool {
        !self.low.negative && !self.high.negative && self.high.magnitude <= 1
    }

    pub fn class(self) -> Class {
        let negative = |end: Int| if end.negative { end.magnitude } else { 0 };
        let positive = |end: Int| if end.negative { 0 } else { end.magnitude };
        Class::of(negative(self.low), positive(self.high))
    }
}

/// A span times an element, if that is small.
pub fn scaled(span: Span, value: &Fr) -> Option<Span> {
    span.times(Span::point(Int::of(value)?))
}
