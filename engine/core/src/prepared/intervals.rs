//! The intervals that a compiler knows of wires, as they come from Python.
//!
//! Notation: as in zk/r1cs.py. `ends` has the least and the greatest value of each interval, canonical
//! and read in (-r/2, r/2); `of` has for each wire the place of its interval, from 1, or 0 for none.

use ark_bn254::Fr;
use ark_ff::PrimeField;

use super::spans::{Int, Span};
use crate::bytes::Scalars;
use crate::error::{ensure, Result};
use crate::r1cs::U32s;

/// Intervals of wires, every one of them possible and every place in range.
pub struct Intervals<'a> {
    /// None: wider than what spans hold.
    spans: Vec<Option<Span>>,
    of: U32s<'a>,
}

impl<'a> Intervals<'a> {
    /// Checks everything but the number of wires.
    pub fn new(ends: &[u8], of: &'a [u8]) -> Result<Self> {
        let ends = Scalars::new(ends, "intervals")?;
        ensure(ends.len() % 2 == 0, || {
            "intervals: one has a single end".into()
        })?;
        let mut spans = Vec::with_capacity(ends.len() / 2);
        for i in 0..ends.len() / 2 {
            let (low, high) = (ends.get(2 * i), ends.get(2 * i + 1));
            ensure(lifted(low) <= lifted(high), || {
                format!("intervals: the ends of interval {i} are in the wrong order")
            })?;
            let ends = Int::of(&low).zip(Int::of(&high));
            spans.push(ends.map(|(low, high)| Span { low, high }));
        }
        let of = U32s::new(of, "intervals")?;
        ensure(
            (0..of.len()).all(|wire| of.get(wire) <= spans.len()),
            || "intervals: a place is out of range".into(),
        )?;
        Ok(Intervals { spans, of })
    }

    /// The wires of which a span is known.
    pub fn spans(&self, n_wires: usize) -> Result<impl Iterator<Item = (usize, Span)> + '_> {
        ensure(self.of.len() == n_wires, || {
            format!("intervals: of {} wires, not {n_wires}", self.of.len())
        })?;
        Ok((0..n_wires).filter_map(|wire| {
            let place = self.of.get(wire).checked_sub(1)?;
            Some((wire, self.spans[place]?))
        }))
    }
}

/// x + (r - 1) / 2 as an integer: it rises with x read in (-r/2, r/2).
fn lifted(x: Fr) -> <Fr as PrimeField>::BigInt {
    (x + Fr::new(Fr::MODULUS_MINUS_ONE_DIV_TWO)).into_bigint()
}
