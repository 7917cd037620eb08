//! A witness program as it is written: one instruction after another, in the field, checked as it runs.
//!
//! The prepared path (plan.rs) must give the same witness, bit for bit; this one is what it is held to.

use ark_bn254::Fr;
use ark_ff::{Field, One, PrimeField, Zero};
use zeroize::{Zeroize, Zeroizing};

use super::{Op, Program, FIELDS, MAX_BITS};
use crate::bytes::{fr_from_limbs, put_fr, Scalars, WIDTH};
use crate::curve::window_of;
use crate::error::{ensure, Error, Result};
use crate::integer;
use crate::r1cs::{Matrix, R1cs};

/// The wires while they are being found, with a mark for each that has been written.
///
/// They are erased when the run ends, however it ends.
struct Cells {
    values: Zeroizing<Vec<Fr>>,
    written: Vec<bool>,
}

impl Cells {
    fn read(&self, wire: usize) -> Result<Fr> {
        ensure(self.written[wire], || {
            format!("wire {wire} is read before it is written")
        })?;
        Ok(self.values[wire])
    }

    fn write(&mut self, wire: usize, value: Fr) -> Result<()> {
        let written = self
            .written
            .get_mut(wire)
            .ok_or_else(|| Error::Argument(format!("wire {wire} is out of range")))?;
        ensure(!*written, || format!("wire {wire} is written twice"))?;
        *written = true;
        self.values[wire] = value;
        Ok(())
    }

    /// Row `i` of a matrix times w.
    fn dot(&self, matrix: &Matrix<'_>, i: usize, table: &[Fr]) -> Result<Fr> {
        ensure(i < matrix.rows(), || format!("row {i} is out of range"))?;
        let mut sum = Fr::zero();
        for (wire, coeff) in matrix.row(i) {
            sum += table[coeff] * self.read(wire)?;
        }
        Ok(sum)
    }
}

/// The whole witness from the inputs w[1], w[2], ...
pub fn run(
    r1cs: &R1cs<'_>,
    program: &Program<'_>,
    inputs: Scalars<'_>,
    out: &mut [u8],
) -> Result<()> {
    let n = r1cs.n_wires;
    ensure(inputs.len() < n, || {
        format!("{} inputs for {n} wires", inputs.len())
    })?;
    ensure(out.len() == n * WIDTH, || {
        format!("{} bytes for {n} wires", out.len())
    })?;
    let mut cells = Cells {
        values: Zeroizing::new(vec![Fr::zero(); n]),
        written: vec![false; n],
    };
    cells.write(0, Fr::one())?;
    for i in 0..inputs.len() {
        cells.write(i + 1, inputs.get(i))?;
    }
    for index in 0..program.code.len() / FIELDS {
        step(r1cs, program, &mut cells, index)
            .map_err(|error| Error::Argument(format!("instruction {index}: {error}")))?;
    }
    if let Some(wire) = cells.written.iter().position(|written| !written) {
        return Err(Error::Argument(format!("wire {wire} is never written")));
    }
    for (value, out) in cells.values.iter().zip(out.chunks_exact_mut(WIDTH)) {
        put_fr(value, out);
    }
    Ok(())
}

fn step(r1cs: &R1cs<'_>, program: &Program<'_>, cells: &mut Cells, index: usize) -> Result<()> {
    let [op, dst, n, a, b] = std::array::from_fn(|k| program.code.get(index * FIELDS + k));
    let pool = |cells: &Cells, row: usize| cells.dot(&program.pool, row, &program.table);
    let bit = |value: bool| Fr::from(u64::from(value));
    match Op::of(op)? {
        Op::Row => {
            r1cs.defining_row(a, dst)?;
            let x = cells.dot(&r1cs.a, a, &r1cs.table)?;
            let y = cells.dot(&r1cs.b, a, &r1cs.table)?;
            cells.write(dst, x * y)
        }
        Op::Mul => {
            let value = pool(cells, a)? * pool(cells, b)?;
            cells.write(dst, value)
        }
        Op::Lin => {
            let value = pool(cells, a)?;
            cells.write(dst, value)
        }
        Op::Inv => {
            let value = pool(cells, a)?.inverse().unwrap_or_else(Fr::zero);
            cells.write(dst, value)
        }
        Op::Bits => {
            ensure(b <= MAX_BITS && n <= MAX_BITS - b, || {
                format!("bits {b} to {} of {MAX_BITS}", b.saturating_add(n))
            })?;
            let mut x = pool(cells, a)?.into_bigint().0;
            for i in 0..n {
                let value = bit(window_of(&x, b + i, 1) == 1);
                cells.write(dst.saturating_add(i), value)?;
            }
            x.zeroize();
            Ok(())
        }
        Op::Less => {
            let [x, y] = [pool(cells, a)?, pool(cells, b)?].map(integer::signed_rank);
            cells.write(dst, bit(crate::bytes::less(&x, &y)))
        }
        Op::Div => {
            let (quotient, remainder) = integer::signed_floor_div(pool(cells, a)?, pool(cells, b)?);
            cells.write(dst, quotient)?;
            match n {
                1 => Ok(()),
                2 => cells.write(dst.saturating_add(1), remainder),
                _ => Err(Error::Argument(format!("a division has no {n} results"))),
            }
        }
        Op::Eq => {
            let value = bit(pool(cells, a)? == pool(cells, b)?);
            cells.write(dst, value)
        }
        Op::Isqrt => {
            let root = integer::isqrt(pool(cells, a)?.into_bigint().0);
            cells.write(dst, fr_from_limbs(root))
        }
        Op::Quot => {
            let inverse = pool(cells, b)?.inverse().unwrap_or_else(Fr::zero);
            let value = pool(cells, a)? * inverse;
            cells.write(dst, value)
        }
    }
}
