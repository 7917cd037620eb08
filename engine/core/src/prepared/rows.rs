//! A w, B w and C w from a prepared key's matrices: rows over a table of coefficients.
//!
//! Notation: row i has the terms offsets[i] .. offsets[i + 1]; term k is table[coeffs[k]] * w[wires[k]].

use std::sync::atomic::{AtomicUsize, Ordering};

use ark_bn254::Fr;
use ark_ff::{BigInt, One, Zero};

use crate::bytes::{limbs, Scalars, WIDTH};
use crate::error::{ensure, Error, Result};
use crate::ntt::{Rows, EIGHT};
use crate::r1cs::{self, U32s};
use crate::wide::Wide;

/// Where 1 and -1 stand in the table.
pub const ONE: usize = 0;
/// See `ONE`.
pub const MINUS_ONE: usize = 1;

/// One matrix. Its indices were checked when the key was opened.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    offsets: U32s<'a>,
    wires: U32s<'a>,
    coeffs: U32s<'a>,
    table: &'a [u8],
}

impl<'a> Matrix<'a> {
    /// A view; nothing is checked but that there are whole words.
    pub fn view(parts: [&'a [u8]; 3], table: &'a [u8]) -> Result<Self> {
        let [offsets, wires, coeffs] = parts.map(|bytes| U32s::new(bytes, "prepared key"));
        Ok(Matrix {
            offsets: offsets?,
            wires: wires?,
            coeffs: coeffs?,
            table,
        })
    }

    /// Checks every offset and index.
    pub fn check(parts: [&[u8]; 3], rows: usize, n_wires: usize, table: &[u8]) -> Result<()> {
        let matrix = r1cs::Matrix::new(parts, n_wires, table.len() / WIDTH, "prepared key")?;
        ensure(matrix.rows() == rows, || {
            "prepared key: a matrix has another number of rows".into()
        })
    }

    /// <row i, w>: an element whose limbs are the canonical integer.
    ///
    /// What is done depends on the row, not on the witness.
    #[inline]
    fn dot(&self, i: usize, w: Scalars<'_>) -> Fr {
        let (mut sum, mut products) = (Fr::zero(), Wide::default());
        for k in self.offsets.get(i)..self.offsets.get(i + 1) {
            let value = w.limbs(self.wires.get(k));
            match self.coeffs.get(k) {
                ONE => sum += raw(value),
                MINUS_ONE => sum -= raw(value),
                coeff => {
                    let bytes = &self.table[coeff * WIDTH..(coeff + 1) * WIDTH];
                    // v 2^256 times w, and reduced: v w.
                    if let Some(part) = products.add_product(&limbs(bytes), &value) {
                        sum += part;
                    }
                }
            }
        }
        if let Some(part) = products.rest() {
            sum += part;
        }
        sum
    }
}

/// The element with these limbs, below r.
#[inline]
fn raw(limbs: [u64; 4]) -> Fr {
    Fr::new_unchecked(BigInt(limbs))
}

/// The rows of a system and a witness; each is computed once, when the transform asks for it.
pub struct System<'a> {
    a: Matrix<'a>,
    b: Matrix<'a>,
    c: Option<Matrix<'a>>,
    rows: usize,
    w: Scalars<'a>,
    /// The lowest row that the witness breaks, so far.
    broken: AtomicUsize,
}

impl<'a> System<'a> {
    /// With C, every row that is computed is checked.
    pub fn new(
        a: Matrix<'a>,
        b: Matrix<'a>,
        c: Option<Matrix<'a>>,
        rows: usize,
        w: Scalars<'a>,
    ) -> Self {
        System {
            a,
            b,
            c,
            rows,
            w,
            broken: AtomicUsize::new(usize::MAX),
        }
    }

    /// After all rows were computed: `Unsatisfied` for the first that does not hold.
    pub fn satisfied(&self) -> Result<()> {
        match self.broken.load(Ordering::Relaxed) {
            usize::MAX => Ok(()),
            row => Err(Error::Unsatisfied(row)),
        }
    }
}

impl Rows for System<'_> {
    fn eight(&self, first: usize, a: &mut [Fr; EIGHT], b: &mut [Fr; EIGHT]) {
        for (k, (x, y)) in a.iter_mut().zip(b).enumerate() {
            let row = first + k;
            if row >= self.rows {
                (*x, *y) = (Fr::zero(), Fr::zero());
                continue;
            }
            *x = self.a.dot(row, self.w);
            *y = self.b.dot(row, self.w);
            // As elements both sides are 2^-512 times their integers.
            let one = raw([1, 0, 0, 0]);
            if self.c.is_some_and(|c| c.dot(row, self.w) * one != *x * *y) {
                self.broken.fetch_min(row, Ordering::Relaxed);
            }
        }
    }

    fn scale(&self) -> Fr {
        Fr::one()
    }

    fn hold(&self) -> bool {
        self.satisfied().is_ok()
    }
}
