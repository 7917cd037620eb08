//! Running a witness program: data that says how each wire follows from the inputs.
//!
//! Notation: w the wires; an instruction is (op, dst, n, a, b), five 32-bit integers, as in
//! zk/compiler/witness.py; a and b name rows of `pool`, linear combinations over w. A run never fails
//! because of a value, only because the program is malformed: the constraints judge values.
//!
//! Two ways, the same witness: `run` takes the instructions as they come; `Plan` checks and lowers the
//! program once, and then runs it for one account or for many.

#[cfg(target_arch = "x86_64")]
mod eight;
mod field;
mod interval;
mod lower;
mod one;
mod plan;
mod slots;
#[cfg(test)]
mod tests;

use ark_bn254::Fr;

use crate::bytes::Scalars;
use crate::error::{ensure, Error, Result};
use crate::r1cs::{Matrix, U32s};

pub use field::run;
pub use plan::Plan;

/// Integers of an instruction.
const FIELDS: usize = 5;

/// Bits of an element's canonical integer, rounded up to whole limbs.
const MAX_BITS: usize = 256;

/// The operations, numbered as they are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Row,
    Mul,
    Lin,
    Inv,
    Bits,
    Less,
    Div,
    Eq,
    Isqrt,
    Quot,
}

impl Op {
    fn of(code: usize) -> Result<Op> {
        use Op::{Bits, Div, Eq, Inv, Isqrt, Less, Lin, Mul, Quot, Row};
        [Row, Mul, Lin, Inv, Bits, Less, Div, Eq, Isqrt, Quot]
            .get(code)
            .copied()
            .ok_or_else(|| Error::Argument(format!("there is no operation {code}")))
    }
}

/// A program: code, the pool of linear combinations, and the pool's coefficients.
pub struct Program<'a> {
    code: U32s<'a>,
    pool: Matrix<'a>,
    table: Vec<Fr>,
}

impl<'a> Program<'a> {
    /// Checks the shapes; instructions are checked when they are run or lowered.
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
