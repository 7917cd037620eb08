//! Sparse matrices and rank-1 constraint systems as they come from Python, checked on entry.
//!
//! Notation: as in zk/r1cs.py. A matrix is (offsets, wires, coeffs) of 32-bit integers; term k of row i
//! is table[coeffs[k]] * w[wires[k]].

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;

use crate::bytes::Scalars;
use crate::error::{ensure, Error, Result};

/// Rows that one task checks.
const CHUNK: usize = 1 << 10;

/// Little-endian 32-bit integers, anywhere in memory.
#[derive(Clone, Copy)]
pub struct U32s<'a>(&'a [u8]);

impl<'a> U32s<'a> {
    /// Checks the length.
    pub fn new(bytes: &'a [u8], what: &str) -> Result<Self> {
        ensure(bytes.len().is_multiple_of(4), || {
            format!("{what}: not 32-bit integers")
        })?;
        Ok(U32s(bytes))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len() / 4
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Element `i`. Panics when out of range.
    #[inline]
    pub fn get(&self, i: usize) -> usize {
        let b = &self.0[4 * i..4 * i + 4];
        u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize
    }

    /// The bytes of elements `from` .. `to`. Panics when out of range.
    #[inline]
    pub fn bytes(&self, from: usize, to: usize) -> &'a [u8] {
        &self.0[4 * from..4 * to]
    }

    fn all_below(&self, bound: usize) -> bool {
        self.0.par_chunks(4 * CHUNK).all(|part| {
            // The greatest of a part, found without a branch, is compared once.
            let values = part.chunks_exact(4);
            let greatest = values
                .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .max();
            greatest.is_none_or(|value| (value as usize) < bound)
        })
    }
}

/// One sparse matrix: offsets rise from 0 to the number of terms, wires and coefficients are in range.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    offsets: U32s<'a>,
    wires: U32s<'a>,
    coeffs: U32s<'a>,
}

impl<'a> Matrix<'a> {
    /// Checks everything.
    pub fn new(parts: [&'a [u8]; 3], n_wires: usize, n_table: usize, what: &str) -> Result<Self> {
        let [offsets, wires, coeffs] = parts.map(|bytes| U32s::new(bytes, what));
        let matrix = Matrix {
            offsets: offsets?,
            wires: wires?,
            coeffs: coeffs?,
        };
        let n = matrix.wires.len();
        let Some(rows) = matrix.offsets.len().checked_sub(1) else {
            return Err(Error::Argument(format!("{what}: no offsets")));
        };
        let offsets = matrix.offsets;
        let rising = (0..rows)
            .into_par_iter()
            .with_min_len(CHUNK)
            .all(|i| offsets.get(i) <= offsets.get(i + 1));
        ensure(
            n == matrix.coeffs.len() && offsets.get(0) == 0 && offsets.get(rows) == n && rising,
            || format!("{what}: the offsets do not partition the terms"),
        )?;
        ensure(matrix.wires.all_below(n_wires), || {
            format!("{what}: a wire is out of range")
        })?;
        ensure(matrix.coeffs.all_below(n_table), || {
            format!("{what}: a coefficient is out of range")
        })?;
        Ok(matrix)
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Terms in all.
    pub fn terms(&self) -> usize {
        self.wires.len()
    }

    /// The terms of row `i` as (wire, index into the table). Panics when out of range.
    #[inline]
    pub fn row(&self, i: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        (self.offsets.get(i)..self.offsets.get(i + 1))
            .map(|k| (self.wires.get(k), self.coeffs.get(k)))
    }

    /// Row `i` as it is stored: its wires and its coefficients. Panics when out of range.
    #[inline]
    pub fn content(&self, i: usize) -> (&'a [u8], &'a [u8]) {
        let (from, to) = (self.offsets.get(i), self.offsets.get(i + 1));
        (self.wires.bytes(from, to), self.coeffs.bytes(from, to))
    }

    /// Row `i` times w.
    #[inline]
    pub fn dot(&self, i: usize, table: &[Fr], w: &[Fr]) -> Fr {
        let mut sum = Fr::zero();
        for (wire, coeff) in self.row(i) {
            sum += table[coeff] * w[wire];
        }
        sum
    }
}

/// A constraint system over one table of coefficients.
pub struct R1cs<'a> {
    /// Wires, the constant one included.
    pub n_wires: usize,
    /// Outputs and public inputs.
    pub n_publics: usize,
    /// A.
    pub a: Matrix<'a>,
    /// B.
    pub b: Matrix<'a>,
    /// C.
    pub c: Matrix<'a>,
    /// The coefficients.
    pub table: Vec<Fr>,
}

impl<'a> R1cs<'a> {
    /// Checks everything; `matrices` are A, B, C.
    pub fn new(
        n_wires: usize,
        n_publics: usize,
        matrices: [[&'a [u8]; 3]; 3],
        table: &[u8],
    ) -> Result<Self> {
        ensure(n_publics < n_wires && n_wires <= u32::MAX as usize, || {
            format!("{n_publics} publics among {n_wires} wires")
        })?;
        let table = Scalars::new(table, "r1cs.table")?.to_vec();
        let [a, b, c] = matrices;
        let a = Matrix::new(a, n_wires, table.len(), "r1cs.a")?;
        let b = Matrix::new(b, n_wires, table.len(), "r1cs.b")?;
        let c = Matrix::new(c, n_wires, table.len(), "r1cs.c")?;
        ensure(a.rows() == b.rows() && b.rows() == c.rows(), || {
            "r1cs: a, b and c have different numbers of rows".into()
        })?;
        Ok(R1cs {
            n_wires,
            n_publics,
            a,
            b,
            c,
            table,
        })
    }

    /// Constraints.
    pub fn rows(&self) -> usize {
        self.a.rows()
    }

    /// Checks that row `i` reads as a definition of a wire: <C, w> = w[wire].
    pub fn defining_row(&self, i: usize, wire: usize) -> Result<()> {
        ensure(i < self.rows(), || format!("row {i} is out of range"))?;
        let mut terms = self.c.row(i);
        let defines = matches!(
            (terms.next(), terms.next()),
            (Some((only, coeff)), None) if only == wire && self.table[coeff].is_one()
        );
        ensure(defines, || format!("row {i} does not define wire {wire}"))
    }
}

/// A number that equal rows share and others seldom: from the ends of a row's content.
pub(crate) fn place_of((wires, coeffs): (&[u8], &[u8])) -> usize {
    let ends = |bytes: &[u8]| {
        let first = bytes
            .first_chunk::<4>()
            .map_or(0, |b| u32::from_le_bytes(*b));
        let last = bytes
            .last_chunk::<4>()
            .map_or(0, |b| u32::from_le_bytes(*b));
        first ^ last.rotate_left(16)
    };
    let mixed = u64::from(ends(wires) ^ ends(coeffs).rotate_left(8)) << 32 | wires.len() as u64;
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize
}
