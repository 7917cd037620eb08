//! Whether a witness satisfies a constraint system: which row it breaks first.
//!
//! A hash's rows ask for the same combination three times (x^2 = x x, x^4 = x^2 x^2, x^5 = x^4 x), so the
//! values of recent combinations are kept and found again by their content.

use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::bytes::{limbs, Scalars, WIDTH};
use crate::error::{ensure, Result};
use crate::r1cs::{place_of, Matrix, R1cs};
use crate::sums::{product, Kernel, Kind, Plain, Table, Term, Words, MAX_TERMS};

/// Rows that one task checks.
const CHUNK: usize = 1 << 10;

/// Combinations that a task keeps; a power of two.
const KEPT: usize = 64;

/// A combination of fewer terms is computed again rather than looked for.
const LEAST_KEPT: usize = 4;

impl R1cs<'_> {
    /// The first row that w does not satisfy.
    pub fn first_unsatisfied(&self, witness: Scalars<'_>) -> Result<Option<usize>> {
        ensure(witness.len() == self.n_wires, || {
            format!("{} values for {} wires", witness.len(), self.n_wires)
        })?;
        let (table, kernel) = (Table::new(&self.table), Kernel::new());
        let chunks = self.rows().div_ceil(CHUNK);
        Ok((0..chunks).into_par_iter().find_map_first(|chunk| {
            let mut task = Task::new(kernel, &table, witness.bytes());
            let end = ((chunk + 1) * CHUNK).min(self.rows());
            (chunk * CHUNK..end).find(|&row| !task.holds(self, row))
        }))
    }
}

/// A few rows' check: the witness, and combinations that were computed, which are erased at its end.
struct Task<'a> {
    kernel: Kernel,
    table: &'a Table,
    witness: &'a [u8],
    kept: [Option<(&'a [u8], &'a [u8])>; KEPT],
    values: Zeroizing<[Words; KEPT]>,
    full: Vec<Term>,
    /// Whether w[0] is what it stands for; nobody has checked it yet.
    has_one: bool,
}

impl<'a> Task<'a> {
    fn new(kernel: Kernel, table: &'a Table, witness: &'a [u8]) -> Self {
        Task {
            kernel,
            table,
            witness,
            kept: [None; KEPT],
            values: Zeroizing::new([[0; 4]; KEPT]),
            full: Vec::with_capacity(MAX_TERMS),
            has_one: limbs(&witness[..WIDTH]) == [1, 0, 0, 0],
        }
    }

    fn holds(&mut self, r1cs: &R1cs<'a>, row: usize) -> bool {
        let [a, b] = [&r1cs.a, &r1cs.b].map(|m| self.combination(m, row));
        if r1cs.c.content(row).0.is_empty() {
            // r is prime: a product is zero where a factor is.
            return (a == [0; 4]) | (b == [0; 4]);
        }
        product(a, b) == self.combination(&r1cs.c, row)
    }

    /// A row of a matrix times w.
    fn combination(&mut self, matrix: &Matrix<'a>, row: usize) -> Words {
        let (wires, coeffs) = matrix.content(row);
        let n = wires.len() / 4;
        if n < LEAST_KEPT {
            return self.sum(matrix, row);
        }
        let place = place_of((wires, coeffs)) & (KEPT - 1);
        if self.kept[place] != Some((wires, coeffs)) {
            self.values[place] = self.sum(matrix, row);
            self.kept[place] = Some((wires, coeffs));
        }
        self.values[place]
    }

    fn sum(&mut self, matrix: &Matrix<'a>, row: usize) -> Words {
        let value = |wire: usize| limbs(&self.witness[wire * WIDTH..][..WIDTH]);
        let mut plain = Plain::default();
        let mut count = 0;
        self.full.clear();
        for (wire, coeff) in matrix.row(row) {
            if count == MAX_TERMS - 1 {
                let sum = self
                    .kernel
                    .sum(self.table, &self.full, &[], self.witness, &plain);
                (plain, count) = (Plain::default(), 1);
                plain.add(sum);
                self.full.clear();
            }
            count += 1;
            match self.table.kind[coeff] {
                _ if wire == 0 && self.has_one => plain.add(self.table.canonical[coeff]),
                Kind::One => plain.add(value(wire)),
                Kind::MinusOne => plain.subtract(value(wire)),
                Kind::Other => self.full.push(Term {
                    at: wire as u32,
                    coeff: coeff as u32,
                }),
            }
        }
        self.kernel
            .sum(self.table, &self.full, &[], self.witness, &plain)
    }
}
