//! What the rows of a system imply about its wires: bits and ranges, for every witness that satisfies it;
//! and what a compiler knows beside (intervals.rs).
//!
//! Notation: a span [low, high] holds a wire's value as an integer in (-r/2, r/2). Each step reads one
//! row and bounds one wire of it, the pivot, by the others: from a product or a sum that defines it, or, where
//! a row says A B = 0, by the two values it then has. Bits are tried out one by one, so that a choice or an
//! exclusive or of bits is known for a bit. Whatever is not understood stays unbounded.
//!
//! The rows are read to the end first, and the compiler's intervals only narrow what they gave.
//!
//! **Invariant:** without intervals a span is the consequence of rows alone, so no satisfying witness is
//! outside of it. With them that is the compiler's word, and a proof holds every value against its class.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};

use super::class::Class;
use super::intervals::Intervals;
use super::spans::{scaled, Int, Span};
use crate::error::Result;
use crate::r1cs::R1cs;
use crate::threads::Cancel;

/// Terms of a linear combination, one a wire, none zero; wire 0 is the constant.
type Terms = Vec<(usize, Fr)>;

/// Longest list of bits of a row that are tried out one by one.
const TRIED: usize = 5;

/// Times that all rows are read.
const PASSES: usize = 6;

/// Rows between two looks at the request to stop.
const LOOK: usize = 1 << 14;

struct Search {
    spans: Vec<Option<Span>>,
    changed: bool,
}

/// The class of each wire, by rows alone and with what the compiler knows: nowhere a wider one.
pub struct Classes {
    pub by_rows: Vec<Class>,
    pub narrowed: Vec<Class>,
}

impl Classes {
    /// Reads the rows, then the intervals, then the rows in their light.
    pub fn new(
        r1cs: &R1cs<'_>,
        intervals: Option<&Intervals<'_>>,
        cancel: &Cancel,
    ) -> Result<Classes> {
        let mut search = Search {
            spans: vec![None; r1cs.n_wires],
            changed: true,
        };
        search.spans[0] = Some(Span::point(Int::new(false, 1)));
        search.run(r1cs, cancel)?;
        let by_rows = search.classes();
        let narrowed = match intervals {
            None => by_rows.clone(),
            Some(intervals) => {
                for (wire, span) in intervals.spans(r1cs.n_wires)? {
                    search.learn(wire, span);
                }
                search.run(r1cs, cancel)?;
                search.classes()
            }
        };
        Ok(Classes { by_rows, narrowed })
    }
}

/// The sum of terms of the same wire, wires ascending.
fn merged(mut terms: Terms) -> Terms {
    terms.sort_unstable_by_key(|term| term.0);
    terms.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    terms.retain(|term| !term.1.is_zero());
    terms
}

/// The value of a combination that has none but the constant.
fn constant(terms: &Terms) -> Option<Fr> {
    match terms[..] {
        [] => Some(Fr::zero()),
        [(0, value)] => Some(value),
        _ => None,
    }
}

/// k a - c, merged.
fn difference(a: &Terms, k: Fr, c: &Terms) -> Terms {
    let scaled = a.iter().map(|&(wire, value)| (wire, value * k));
    merged(
        scaled
            .chain(c.iter().map(|&(wire, value)| (wire, -value)))
            .collect(),
    )
}

impl Search {
    /// Reads all rows until they say no more, a few times at most.
    fn run(&mut self, r1cs: &R1cs<'_>, cancel: &Cancel) -> Result<()> {
        for _ in 0..PASSES {
            if !self.changed {
                break;
            }
            self.changed = false;
            for row in 0..r1cs.rows() {
                if row % LOOK == 0 {
                    cancel.look()?;
                }
                let [a, b, c] = [&r1cs.a, &r1cs.b, &r1cs.c].map(|matrix| {
                    matrix
                        .row(row)
                        .map(|(wire, coeff)| (wire, r1cs.table[coeff]))
                        .collect::<Terms>()
                });
                self.row(&merged(a), &merged(b), &merged(c));
            }
        }
        Ok(())
    }

    fn classes(&self) -> Vec<Class> {
        let spans = self.spans.iter();
        spans
            .map(|span| span.map_or(Class::Full, Span::class))
            .collect()
    }

    fn row(&mut self, a: &Terms, b: &Terms, c: &Terms) {
        match (constant(a), constant(b)) {
            (Some(k), _) => self.linear(&difference(b, k, c)),
            (_, Some(k)) => self.linear(&difference(a, k, c)),
            _ if c.is_empty() => self.either(a, b),
            _ => self.product(a, b, c),
        }
    }

    /// 0 = sum: bounds every wire that stands with 1 or -1 by the others.
    fn linear(&mut self, sum: &Terms) {
        let Some(pivot) = self.only_unknown(sum) else {
            return;
        };
        match pivot {
            Some(pivot) => {
                if let Some(span) = self.solved(sum, pivot) {
                    self.learn(pivot, span);
                }
            }
            None => {
                for &(wire, value) in sum {
                    if wire > 0 && (value.is_one() || (-value).is_one()) {
                        if let Some(span) = self.solved(sum, wire) {
                            self.learn(wire, span);
                        }
                    }
                }
            }
        }
    }

    /// A B = 0: one of the two is 0, so a wire of both has one of two values.
    fn either(&mut self, a: &Terms, b: &Terms) {
        let unknown = [a, b].map(|terms| self.only_unknown(terms));
        let pivot = match unknown {
            [Some(Some(x)), Some(Some(y))] if x == y => x,
            // All known: a row of one wire alone can still say more.
            [Some(None), Some(None)] => match alone(a) {
                Some(wire) if alone(b) == Some(wire) => wire,
                _ => return,
            },
            _ => return,
        };
        if let (Some(x), Some(y)) = (self.solved(a, pivot), self.solved(b, pivot)) {
            self.learn(pivot, x.hull(y));
        }
    }

    /// A B = C, nothing constant: the wire of C that stands with 1 or -1 and in neither factor.
    fn product(&mut self, a: &Terms, b: &Terms, c: &Terms) {
        if !matches!(
            (self.only_unknown(a), self.only_unknown(b)),
            (Some(None), Some(None))
        ) {
            return;
        }
        let Some(unknown) = self.only_unknown(c) else {
            return;
        };
        let is_one = |value: &Fr| value.is_one() || (-*value).is_one();
        let candidates = c.iter().filter(|&&(wire, value)| {
            wire > 0
                && is_one(&value)
                && unknown.is_none_or(|pivot| pivot == wire)
                && ![a, b]
                    .iter()
                    .any(|terms| terms.iter().any(|term| term.0 == wire))
        });
        for &(pivot, _) in candidates {
            let by_trial = self
                .tried(a, b, c, pivot)
                .or_else(|| self.tried(b, a, c, pivot));
            let by_spans = || {
                let product = self.span(a)?.times(self.span(b)?)?;
                let rest: Terms = c.iter().filter(|term| term.0 != pivot).copied().collect();
                let sum = product.plus(self.span(&rest)?.minus())?;
                Some(if c.iter().any(|term| term.0 == pivot && term.1.is_one()) {
                    sum
                } else {
                    sum.minus()
                })
            };
            if let Some(span) = by_trial.or_else(by_spans) {
                self.learn(pivot, span);
            }
        }
    }

    /// The pivot's span when `a` has only bits: for each of their values the row is linear.
    fn tried(&self, a: &Terms, b: &Terms, c: &Terms, pivot: usize) -> Option<Span> {
        let bits: Vec<usize> = a
            .iter()
            .map(|term| term.0)
            .filter(|&wire| wire > 0)
            .collect();
        let all_bits = bits
            .iter()
            .all(|&wire| self.spans[wire].is_some_and(Span::is_bit));
        if bits.len() > TRIED || !all_bits {
            return None;
        }
        let mut hull: Option<Span> = None;
        for trial in 0..1u32 << bits.len() {
            // A bit that is 1 becomes part of the constant, one that is 0 goes.
            let set = |terms: &Terms| -> Terms {
                let kept = terms.iter().filter_map(|&(wire, value)| {
                    match bits.iter().position(|&bit| bit == wire) {
                        None => Some((wire, value)),
                        Some(i) => (trial >> i & 1 == 1).then_some((0, value)),
                    }
                });
                merged(kept.collect())
            };
            let factor = constant(&set(a))?;
            let span = self.solved(&difference(&set(b), factor, &set(c)), pivot)?;
            hull = Some(hull.map_or(span, |hull| hull.hull(span)));
        }
        hull
    }

    /// The span of a combination of known wires.
    fn span(&self, terms: &Terms) -> Option<Span> {
        terms
            .iter()
            .try_fold(Span::point(Int::new(false, 0)), |sum, (wire, value)| {
                sum.plus(scaled(self.spans[*wire]?, value)?)
            })
    }

    /// The span of the pivot when the combination is 0 and all others are known.
    fn solved(&self, terms: &Terms, pivot: usize) -> Option<Span> {
        let own = terms.iter().find(|term| term.0 == pivot)?.1;
        let factor = if own.is_one() {
            -Fr::one()
        } else if (-own).is_one() {
            Fr::one()
        } else {
            -own.inverse()?
        };
        terms
            .iter()
            .filter(|term| term.0 != pivot)
            .try_fold(Span::point(Int::new(false, 0)), |sum, (wire, value)| {
                sum.plus(scaled(self.spans[*wire]?, &(*value * factor))?)
            })
    }

    /// None when several wires are unknown; else the one that is, if any.
    fn only_unknown(&self, terms: &Terms) -> Option<Option<usize>> {
        let mut unknown = terms
            .iter()
            .map(|term| term.0)
            .filter(|&wire| self.spans[wire].is_none());
        match (unknown.next(), unknown.next()) {
            (first, None) => Some(first),
            _ => None,
        }
    }

    /// What is known from two rows is in both spans.
    fn learn(&mut self, wire: usize, span: Span) {
        let both = match self.spans[wire] {
            None => span,
            Some(known) => Span {
                low: known.low.max(span.low),
                high: known.high.min(span.high),
            },
        };
        // Rows that no witness satisfies: whatever is said of one is true.
        if both.low > both.high {
            return;
        }
        if self.spans[wire] != Some(both) {
            self.changed = true;
            self.spans[wire] = Some(both);
        }
    }
}

/// The wire of a combination that has one, beside the constant.
fn alone(terms: &Terms) -> Option<usize> {
    let mut wires = terms.iter().map(|term| term.0).filter(|&wire| wire > 0);
    match (wires.next(), wires.next()) {
        (only, None) => only,
        _ => None,
    }
}
