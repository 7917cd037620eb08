//! A w, B w and C w from a prepared key's matrices: rows over a table of coefficients.
//!
//! Notation: row i has the terms offsets[i] .. offsets[i + 1]; term k is table[coeffs[k]] * w[wires[k]].

use std::sync::atomic::{AtomicUsize, Ordering};

use ark_bn254::Fr;
use ark_ff::{BigInt, Zero};

use crate::bytes::{limbs, WIDTH};
use crate::error::{ensure, Error, Result};
use crate::ntt::{Rows, EIGHT};
use crate::r1cs::{self, U32s};

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

    /// <row i, w>.
    #[inline]
    fn dot(&self, i: usize, w: &[Fr]) -> Fr {
        let mut sum = Fr::zero();
        for k in self.offsets.get(i)..self.offsets.get(i + 1) {
            let value = w[self.wires.get(k)];
            match self.coeffs.get(k) {
                ONE => sum += value,
                MINUS_ONE => sum -= value,
                coeff => {
                    let bytes = &self.table[coeff * WIDTH..(coeff + 1) * WIDTH];
                    sum += Fr::new_unchecked(BigInt(limbs(bytes))) * value;
                }
            }
        }
        sum
    }
}

/// The rows of a system and a witness; each is computed once, when the transform asks for it.
pub struct System<'a> {
    a: Matrix<'a>,
    b: Matrix<'a>,
    c: Option<Matrix<'a>>,
    rows: usize,
    w: &'a [Fr],
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
        w: &'a [Fr],
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
            if self.c.is_some_and(|c| c.dot(row, self.w) != *x * *y) {
                self.broken.fetch_min(row, Ordering::Relaxed);
            }
        }
    }

    fn scale(&self) -> Fr {
        // Limbs of an element are 2^256 times its value; R as an integer is 2^256 mod r.
        Fr::new(Fr::R)
    }
}
