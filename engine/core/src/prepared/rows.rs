//! A w, B w and C w from a prepared key's matrices: rows over a table of coefficients.
//!
//! Notation: row i has the terms offsets[i] .. offsets[i + 1]; term k is table[coeffs[k]] * w[wires[k]].

use ark_bn254::Fr;
use ark_ff::{BigInt, Zero};
use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::bytes::{limbs, WIDTH};
use crate::error::{ensure, Error, Result};
use crate::r1cs::{Matrix, U32s};

/// Rows that one task computes.
const CHUNK: usize = 1 << 10;

/// Where 1 and -1 stand in the table.
pub const ONE: usize = 0;
/// See `ONE`.
pub const MINUS_ONE: usize = 1;

/// One matrix. Its indices were checked when the key was opened.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    offsets: U32s<'a>,
    wires: U32s<'a>,
    coeffs: U32s<'a>,
    table: &'a [u8],
}

impl<'a> Rows<'a> {
    /// A view; nothing is checked but that there are whole words.
    pub fn view(parts: [&'a [u8]; 3], table: &'a [u8]) -> Result<Self> {
        let [offsets, wires, coeffs] = parts.map(|bytes| U32s::new(bytes, "prepared key"));
        Ok(Rows {
            offsets: offsets?,
            wires: wires?,
            coeffs: coeffs?,
            table,
        })
    }

    /// Checks every offset and index.
    pub fn check(parts: [&[u8]; 3], rows: usize, n_wires: usize, table: &[u8]) -> Result<()> {
        let matrix = Matrix::new(parts, n_wires, table.len() / WIDTH, "prepared key")?;
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

/// A vector that is erased when it goes.
pub type Column = Zeroizing<Vec<Fr>>;

/// A w, B w and their product on n rows; with C, `Unsatisfied` for the first row where it is not C w.
pub fn evaluate(
    a: Rows<'_>,
    b: Rows<'_>,
    c: Option<Rows<'_>>,
    rows: usize,
    n: usize,
    w: &[Fr],
) -> Result<[Column; 3]> {
    let mut columns = [(); 3].map(|()| Zeroizing::new(vec![Fr::zero(); n]));
    let [of_a, of_b, of_c] = &mut columns;
    let broken = of_a[..rows]
        .par_chunks_mut(CHUNK)
        .zip(of_b[..rows].par_chunks_mut(CHUNK))
        .zip(of_c[..rows].par_chunks_mut(CHUNK))
        .enumerate()
        .filter_map(|(chunk, ((of_a, of_b), of_c))| {
            let mut broken = None;
            for (k, ((x, y), z)) in of_a.iter_mut().zip(of_b).zip(of_c).enumerate() {
                let row = chunk * CHUNK + k;
                *x = a.dot(row, w);
                *y = b.dot(row, w);
                *z = *x * *y;
                if broken.is_none() && c.is_some_and(|c| c.dot(row, w) != *z) {
                    broken = Some(row);
                }
            }
            broken
        })
        .min();
    match broken {
        None => Ok(columns),
        Some(row) => Err(Error::Unsatisfied(row)),
    }
}
