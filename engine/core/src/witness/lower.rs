//! From a witness program to a plan: every check, and what each register is known to hold.
//!
//! A program is a straight line, so everything that can be wrong with it (an index out of range, a wire
//! read too soon, written twice or never) is found here, whatever the inputs. Equal combinations are
//! computed once if they come close together: a hash's x^5 asks for its x three times.
//!
//! **Narrow integers.** A register's interval is what its instruction implies and nothing else: a bit of
//! BITS is 0 or 1, LESS and EQ give a bit, a root is below 2^127, and sums, products and quotients of
//! intervals follow. An input has none, whatever width the circuit declares for it: that width is a claim
//! that the constraints have yet to judge. So the narrow path computes the same integer as the field path
//! for every input, out of range or not, and needs no second path to fall back to.

use ark_bn254::Fr;
use ark_ff::One;

use super::interval::{Interval, BIT};
use super::plan::{Combination, Plan, Step, Task, NONE};
use super::{slots, Op, Program, FIELDS, MAX_BITS};
use crate::error::{ensure, Error, Result};
use crate::r1cs::{place_of, Matrix, R1cs};
use crate::sums::{Kind, Table, Term, MAX_TERMS};

impl Plan {
    /// Checks and lowers a program.
    pub fn new(r1cs: &R1cs<'_>, program: &Program<'_>, n_inputs: usize) -> Result<Plan> {
        let n_wires = r1cs.n_wires;
        ensure(n_inputs < n_wires, || {
            format!("{n_inputs} inputs for {n_wires} wires")
        })?;
        let mut lowering = Lowering::new(r1cs, program);
        for wire in 0..=n_inputs {
            let one = (wire == 0).then_some(Interval { lo: 1, hi: 1 });
            lowering.define(wire, one)?;
        }
        for index in 0..program.code.len() / FIELDS {
            lowering
                .instruction(index)
                .map_err(|error| Error::Argument(format!("instruction {index}: {error}")))?;
        }
        if let Some(wire) = lowering.defined.iter().position(|defined| !defined) {
            return Err(Error::Argument(format!("wire {wire} is never written")));
        }
        let Lowering {
            table,
            signed,
            interval_of,
            mut steps,
            combinations,
            mut terms,
            ..
        } = lowering;
        let n_registers = interval_of.len();
        let (mut slot_of, n_slots) =
            slots::assign(&mut steps, &combinations, &mut terms, n_registers, n_inputs);
        slot_of.truncate(n_wires);
        Ok(Plan {
            n_wires,
            n_inputs,
            table,
            signed: signed.into_iter().map(|c| c.unwrap_or(0)).collect(),
            steps,
            combinations,
            n_slots,
            slot_of,
            terms,
        })
    }
}

/// A row of a matrix by its content: wires, coefficients.
type Content<'a> = (&'a [u8], &'a [u8]);

/// Combinations of rows that are remembered, each at a place that its content gives; a power of two.
///
/// A table of all of them, hashed so that no file can make it slow, took longer than what it found.
const KEPT: usize = 1 << 10;

struct Lowering<'a> {
    r1cs: &'a R1cs<'a>,
    program: &'a Program<'a>,
    table: Table,
    signed: Vec<Option<i128>>,
    one: u32,
    defined: Vec<bool>,
    /// Of each register, its interval's place in `intervals`, or NONE.
    interval_of: Vec<u32>,
    intervals: Vec<Interval>,
    kept: Vec<Option<(Content<'a>, u32)>>,
    /// The register of each row of the pool, which instructions may name any number of times.
    of_pool: Vec<u32>,
    steps: Vec<Step>,
    combinations: Vec<Combination>,
    terms: Vec<Term>,
    /// Room for a row's terms, and for those of a combination by class.
    row_terms: Vec<Term>,
    classes: [Vec<Term>; 6],
}

impl<'a> Lowering<'a> {
    fn new(r1cs: &'a R1cs<'a>, program: &'a Program<'a>) -> Self {
        let mut table = Table::new(&r1cs.table);
        for element in &program.table {
            table.push(*element);
        }
        let one = table.push(Fr::one()) as u32;
        Lowering {
            r1cs,
            program,
            signed: (0..table.kind.len()).map(|i| table.signed(i)).collect(),
            table,
            one,
            defined: vec![false; r1cs.n_wires],
            interval_of: vec![NONE; r1cs.n_wires],
            intervals: vec![BIT],
            kept: vec![None; KEPT],
            of_pool: vec![NONE; program.pool.rows()],
            steps: Vec::with_capacity(program.code.len() / FIELDS),
            combinations: vec![],
            terms: Vec::with_capacity(r1cs.a.terms() + program.pool.terms()),
            row_terms: vec![],
            classes: Default::default(),
        }
    }

    fn define(&mut self, wire: usize, interval: Option<Interval>) -> Result<()> {
        let defined = self
            .defined
            .get_mut(wire)
            .ok_or_else(|| Error::Argument(format!("wire {wire} is out of range")))?;
        ensure(!*defined, || format!("wire {wire} is written twice"))?;
        *defined = true;
        self.interval_of[wire] = self.place(interval);
        Ok(())
    }

    /// A register's interval.
    fn interval(&self, register: u32) -> Option<Interval> {
        self.intervals
            .get(self.interval_of[register as usize] as usize)
            .copied()
    }

    /// The place of an interval, a bit's being the first.
    fn place(&mut self, interval: Option<Interval>) -> u32 {
        match interval {
            None => NONE,
            Some(Interval { lo: 0, hi: 1 }) => 0,
            Some(interval) => {
                self.intervals.push(interval);
                self.intervals.len() as u32 - 1
            }
        }
    }

    fn push(&mut self, op: Task, n: usize, dst: usize, a: u32, b: u32) {
        let (n, dst) = (n as u32, dst as u32);
        self.steps.push(Step { op, n, dst, a, b });
    }

    fn instruction(&mut self, index: usize) -> Result<()> {
        let [op, dst, n, a, b] = std::array::from_fn(|k| self.program.code.get(index * FIELDS + k));
        let op = Op::of(op)?;
        match op {
            Op::Row => {
                self.r1cs.defining_row(a, dst)?;
                let x = self.row(&self.r1cs.a, a)?;
                let y = self.row(&self.r1cs.b, a)?;
                self.multiply(dst, x, y)
            }
            Op::Mul => {
                let (x, y) = (self.pool(a)?, self.pool(b)?);
                self.multiply(dst, x, y)
            }
            Op::Lin => {
                let x = self.pool(a)?;
                self.define(dst, self.interval(x))?;
                self.push(Task::Copy, 1, dst, x, NONE);
                Ok(())
            }
            Op::Inv => {
                let x = self.pool(a)?;
                self.define(dst, None)?;
                self.push(Task::Invert, 1, dst, x, NONE);
                Ok(())
            }
            Op::Bits => {
                ensure(b <= MAX_BITS && n <= MAX_BITS - b, || {
                    format!("bits {b} to {} of {MAX_BITS}", b.saturating_add(n))
                })?;
                let x = self.pool(a)?;
                for i in 0..n {
                    self.define(dst.saturating_add(i), Some(BIT))?;
                }
                if n > 0 {
                    self.push(Task::Bits, n, dst, x, b as u32);
                }
                Ok(())
            }
            Op::Less | Op::Eq => {
                let (x, y) = (self.pool(a)?, self.pool(b)?);
                self.define(dst, Some(BIT))?;
                let task = if op == Op::Less {
                    Task::Less
                } else {
                    Task::Equal
                };
                self.push(task, 1, dst, x, y);
                Ok(())
            }
            Op::Div => {
                let (x, y) = (self.pool(a)?, self.pool(b)?);
                let of = |register: u32| self.interval(register);
                // floor(x / y) for y >= 1 is no further from zero than x; 0 and 0 for y <= 0.
                let quotient = of(x).map(|i| Interval {
                    lo: i.lo.min(0),
                    hi: i.hi.max(0),
                });
                let remainder = of(y).map(|i| Interval {
                    lo: 0,
                    hi: i.hi.max(0),
                });
                self.define(dst, quotient)?;
                ensure(n == 1 || n == 2, || {
                    format!("a division has no {n} results")
                })?;
                if n == 2 {
                    self.define(dst.saturating_add(1), remainder)?;
                }
                self.push(Task::Divide, n, dst, x, y);
                Ok(())
            }
            Op::Isqrt => {
                let x = self.pool(a)?;
                // r < 2^254, so a root is below 2^127.
                self.define(
                    dst,
                    Some(Interval {
                        lo: 0,
                        hi: i128::MAX,
                    }),
                )?;
                self.push(Task::Root, 1, dst, x, NONE);
                Ok(())
            }
            Op::Quot => {
                let (x, y) = (self.pool(a)?, self.pool(b)?);
                self.define(dst, None)?;
                self.push(Task::Quotient, 1, dst, x, y);
                Ok(())
            }
        }
    }

    fn multiply(&mut self, dst: usize, x: u32, y: u32) -> Result<()> {
        let [p, q] = [x, y].map(|register| self.interval(register));
        let interval = p.and_then(|p| p.multiply(q?));
        self.define(dst, interval)?;
        let narrow = interval.is_some();
        let task = if narrow {
            Task::MultiplyNarrow
        } else {
            Task::Multiply
        };
        self.push(task, 1, dst, x, y);
        Ok(())
    }

    fn pool(&mut self, row: usize) -> Result<u32> {
        let program = self.program;
        ensure(row < self.of_pool.len(), || {
            format!("row {row} is out of range")
        })?;
        if self.of_pool[row] == NONE {
            let base = self.r1cs.table.len();
            self.of_pool[row] = self.combination(program.pool.content(row), base)?;
        }
        Ok(self.of_pool[row])
    }

    /// The register of a row of A or B, which is new or was there.
    ///
    /// One that was there was computed from wires that had been written.
    fn row(&mut self, matrix: &Matrix<'a>, row: usize) -> Result<u32> {
        let content = matrix.content(row);
        let place = place_of(content) & (KEPT - 1);
        if let Some((kept, register)) = self.kept[place] {
            if kept == content {
                return Ok(register);
            }
        }
        let register = self.combination(content, 0)?;
        self.kept[place] = Some((content, register));
        Ok(register)
    }

    /// A row's register: its wire, if it is one wire alone; otherwise a temporary.
    fn combination(&mut self, (wires, coeffs): Content<'a>, base: usize) -> Result<u32> {
        let mut terms = std::mem::take(&mut self.row_terms);
        terms.clear();
        for (wire, coeff) in u32s(wires).zip(u32s(coeffs)) {
            ensure(self.defined[wire as usize], || {
                format!("wire {wire} is read before it is written")
            })?;
            let coeff = base as u32 + coeff;
            terms.push(Term { at: wire, coeff });
        }
        let register = match terms.as_slice() {
            [term] if self.table.kind[term.coeff as usize] == Kind::One => term.at,
            _ => self.combine(&terms)?,
        };
        self.row_terms = terms;
        Ok(register)
    }

    /// A new temporary for a sum; a long one is made in parts, each with the one before as a term.
    fn combine(&mut self, terms: &[Term]) -> Result<u32> {
        let mut register = NONE;
        let mut part = Vec::with_capacity(MAX_TERMS);
        for chunk in terms
            .chunks(MAX_TERMS - 1)
            .chain(terms.is_empty().then_some(terms))
        {
            part.clear();
            part.extend_from_slice(chunk);
            if register != NONE {
                part.push(Term {
                    at: register,
                    coeff: self.one,
                });
            }
            register = self.sum(&part)?;
        }
        Ok(register)
    }

    fn sum(&mut self, terms: &[Term]) -> Result<u32> {
        let mut classes = std::mem::take(&mut self.classes);
        classes.iter_mut().for_each(Vec::clear);
        let mut constant = NONE;
        let mut total = Interval { lo: 0, hi: 0 };
        for term in terms {
            let interval = self.interval(term.at);
            let low = interval.is_some_and(Interval::is_low);
            let grown =
                interval.and_then(|i| i.scale(self.signed[term.coeff as usize]?)?.add(total));
            let class = if let Some(grown) = grown {
                total = grown;
                usize::from(!low)
            } else if term.at == 0 && constant == NONE {
                constant = term.coeff;
                continue;
            } else {
                match self.table.kind[term.coeff as usize] {
                    Kind::One => 4,
                    Kind::MinusOne => 5,
                    Kind::Other if low => 2,
                    Kind::Other => 3,
                }
            };
            classes[class].push(*term);
        }
        let is_narrow = constant == NONE && classes[2..].iter().all(Vec::is_empty);
        let start = u32::try_from(self.terms.len())
            .map_err(|_| Error::Argument("the program has too many terms".into()))?;
        let mut ends = [0u8; 6];
        for (end, class) in ends.iter_mut().zip(&classes) {
            self.terms.extend_from_slice(class);
            *end = (self.terms.len() - start as usize) as u8; // at most MAX_TERMS
        }
        self.classes = classes;
        let register = u32::try_from(self.interval_of.len())
            .ok()
            .filter(|register| *register != NONE)
            .ok_or_else(|| Error::Argument("the program has too many combinations".into()))?;
        let place = self.place(is_narrow.then_some(total));
        self.interval_of.push(place);
        self.push(
            Task::Combine,
            0,
            register as usize,
            self.combinations.len() as u32,
            NONE,
        );
        self.combinations.push(Combination {
            start,
            ends,
            constant,
        });
        Ok(register)
    }
}

/// 32-bit integers, little-endian.
fn u32s(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes
        .chunks_exact(4)
        .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}
