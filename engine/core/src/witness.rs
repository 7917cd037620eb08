//! Running a witness program: data that says how each wire follows from the inputs.
//!
//! Notation: w the wires; an instruction is (op, dst, n, a, b), five 32-bit integers; a and b name rows of
//! `pool`, linear combinations over w. A run never fails because of a value, only because the program
//! is malformed: the constraints judge values.

use ark_bn254::Fr;
use ark_ff::{Field, One, PrimeField, Zero};
use zeroize::{Zeroize, Zeroizing};

use crate::bytes::{fr_from_limbs, put_fr, Scalars, WIDTH};
use crate::curve::window_of;
use crate::error::{ensure, Error, Result};
use crate::integer;
use crate::r1cs::{Matrix, R1cs, U32s};

const ROW: usize = 0;
const MUL: usize = 1;
const LIN: usize = 2;
const INV: usize = 3;
const BITS: usize = 4;
const LESS: usize = 5;
const DIV: usize = 6;
const EQ: usize = 7;
const ISQRT: usize = 8;
const QUOT: usize = 9;

/// Integers of an instruction.
const FIELDS: usize = 5;

/// Bits of an element's canonical integer, rounded up to whole limbs.
const MAX_BITS: usize = 256;

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

/// A program: code, the pool of linear combinations, and the pool's coefficients.
pub struct Program<'a> {
    code: U32s<'a>,
    pool: Matrix<'a>,
    table: Vec<Fr>,
}

impl<'a> Program<'a> {
    /// Checks the shapes; instructions are checked as they run.
    pub fn new(code: &'a [u8], pool: [&'a [u8]; 3], table: &[u8], n_wires: usize) -> Result<Self> {
        let code = U32s::new(code, "program.code")?;
        ensure(code.len().is_multiple_of(FIELDS), || {
            format!("program.code: not rows of {FIELDS}")
        })?;
        let table = Scalars::new(table, "program.table")?.to_vec();
        let pool = Matrix::new(pool, n_wires, table.len(), "program.pool")?;
        Ok(Program { code, pool, table })
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
    match op {
        ROW => {
            ensure(a < r1cs.rows(), || format!("row {a} is out of range"))?;
            // The row must define dst: <C, w> = w[dst].
            let mut terms = r1cs.c.row(a);
            let defines = matches!(
                (terms.next(), terms.next()),
                (Some((wire, coeff)), None) if wire == dst && r1cs.table[coeff].is_one()
            );
            ensure(defines, || format!("row {a} does not define wire {dst}"))?;
            let x = cells.dot(&r1cs.a, a, &r1cs.table)?;
            let y = cells.dot(&r1cs.b, a, &r1cs.table)?;
            cells.write(dst, x * y)
        }
        MUL => {
            let value = pool(cells, a)? * pool(cells, b)?;
            cells.write(dst, value)
        }
        LIN => {
            let value = pool(cells, a)?;
            cells.write(dst, value)
        }
        INV => {
            let value = pool(cells, a)?.inverse().unwrap_or_else(Fr::zero);
            cells.write(dst, value)
        }
        BITS => {
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
        LESS => {
            let [x, y] = [pool(cells, a)?, pool(cells, b)?].map(integer::signed_rank);
            cells.write(dst, bit(crate::bytes::less(&x, &y)))
        }
        DIV => {
            let (quotient, remainder) = integer::signed_floor_div(pool(cells, a)?, pool(cells, b)?);
            cells.write(dst, quotient)?;
            match n {
                1 => Ok(()),
                2 => cells.write(dst.saturating_add(1), remainder),
                _ => Err(Error::Argument(format!("a division has no {n} results"))),
            }
        }
        EQ => {
            let value = bit(pool(cells, a)? == pool(cells, b)?);
            cells.write(dst, value)
        }
        ISQRT => {
            let root = integer::isqrt(pool(cells, a)?.into_bigint().0);
            cells.write(dst, fr_from_limbs(root))
        }
        QUOT => {
            let inverse = pool(cells, b)?.inverse().unwrap_or_else(Fr::zero);
            let value = pool(cells, a)? * inverse;
            cells.write(dst, value)
        }
        _ => Err(Error::Argument(format!("there is no operation {op}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bytes_of;

    fn u32s(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    /// Rows of (wire, index into the table) as the three arrays.
    fn matrix(rows: &[&[(u32, u32)]]) -> [Vec<u8>; 3] {
        let mut offsets = vec![0u32];
        for row in rows {
            offsets.push(offsets.last().unwrap() + row.len() as u32);
        }
        let flat: Vec<_> = rows.concat();
        [
            u32s(&offsets),
            u32s(&flat.iter().map(|t| t.0).collect::<Vec<_>>()),
            u32s(&flat.iter().map(|t| t.1).collect::<Vec<_>>()),
        ]
    }

    fn views(parts: &[Vec<u8>; 3]) -> [&[u8]; 3] {
        [&parts[0], &parts[1], &parts[2]]
    }

    /// Six wires, w[1] and w[2] inputs, one row w1 * w2 = w3; pool rows: w1, w2, w5.
    fn execute(code: &[[u32; 5]], inputs: [i64; 2]) -> Result<Vec<Fr>> {
        let one = bytes_of(&[Fr::one()]);
        let (a, b, c) = (
            matrix(&[&[(1, 0)]]),
            matrix(&[&[(2, 0)]]),
            matrix(&[&[(3, 0)]]),
        );
        let r1cs = R1cs::new(6, 1, [views(&a), views(&b), views(&c)], &one)?;
        let pool = matrix(&[&[(1, 0)], &[(2, 0)], &[(5, 0)]]);
        let code = u32s(&code.concat());
        let program = Program::new(&code, views(&pool), &one, 6)?;
        let inputs = bytes_of(&inputs.map(Fr::from));
        let mut out = vec![0; 6 * WIDTH];
        run(&r1cs, &program, Scalars::new(&inputs, "inputs")?, &mut out)?;
        Ok(Scalars::new(&out, "out")?.to_vec())
    }

    #[test]
    fn every_operation() {
        let w = execute(&[[0, 3, 1, 0, 0], [6, 4, 2, 0, 1]], [-7, 2]).unwrap();
        assert_eq!(w[3..], [-14i64, -4, 1].map(Fr::from));
        let w = execute(&[[4, 3, 3, 0, 1]], [0b1010, 2]).unwrap();
        assert_eq!(w[3..], [1i64, 0, 1].map(Fr::from));
        let w = execute(
            &[[5, 3, 1, 0, 1], [7, 4, 1, 0, 1], [8, 5, 1, 1, 0]],
            [-1, 24],
        )
        .unwrap();
        assert_eq!(w[3..], [1i64, 0, 4].map(Fr::from));
        let w = execute(
            &[[1, 3, 1, 0, 1], [2, 4, 1, 1, 0], [3, 5, 1, 0, 0]],
            [0, 24],
        )
        .unwrap();
        assert_eq!(w[3..], [0i64, 24, 0].map(Fr::from));
        let w = execute(
            &[[9, 3, 1, 1, 0], [2, 4, 1, 0, 0], [2, 5, 1, 0, 0]],
            [-3, 24],
        )
        .unwrap();
        assert_eq!(w[3], Fr::from(-8i64));
        let w = execute(
            &[[9, 3, 1, 1, 0], [2, 4, 1, 0, 0], [2, 5, 1, 0, 0]],
            [0, 24],
        )
        .unwrap();
        assert_eq!(w[3], Fr::zero());
    }

    #[test]
    fn malformed_programs_are_refused() {
        let good = [[0, 3, 1, 0, 0], [6, 4, 2, 0, 1]];
        assert!(execute(&good, [1, 2]).is_ok());
        for (code, why) in [
            (vec![good[0]], "wire 4 is never written"),
            (vec![good[0], good[0]], "written twice"),
            (vec![[2, 3, 1, 2, 0]], "read before"),
            (vec![[2, 3, 1, 3, 0]], "row 3 is out of range"),
            (vec![[2, 6, 1, 0, 0]], "wire 6 is out of range"),
            (vec![[2, 0, 1, 0, 0]], "wire 0 is written twice"),
            (vec![[10, 3, 1, 0, 0]], "no operation 10"),
            (vec![[0, 4, 1, 0, 0]], "does not define"),
            (vec![[0, 3, 1, 1, 0]], "row 1 is out of range"),
            (vec![[4, 3, 4, 0, 0]], "wire 6 is out of range"),
            (vec![[4, 3, 4, 0, u32::MAX]], "bits"),
            (vec![[4, u32::MAX, 3, 0, 0]], "out of range"),
            (vec![[6, 5, 2, 0, 1]], "wire 6 is out of range"),
            (vec![[u32::MAX; 5]], "no operation"),
        ] {
            let error = execute(&code, [1, 2]).unwrap_err().to_string();
            assert!(error.contains(why), "{error}: {why}");
        }
    }
}
