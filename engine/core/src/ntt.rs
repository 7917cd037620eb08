//! The number-theoretic transform over Fr on subgroups and their cosets, and the quotient's six in one go.
//!
//! Source: Cooley, Tukey (1965). Notation: H = <w> with w = w_n the n-th root of unity 5^((r-1)/n), n a power of
//! two; natural order is w^0, w^1, ...; the odd coset is w_2n H.

#[cfg(target_arch = "x86_64")]
mod field;
#[cfg(target_arch = "x86_64")]
pub(crate) mod lanes8;
#[cfg(target_arch = "x86_64")]
mod last;
#[cfg(target_arch = "x86_64")]
mod layers;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod tables;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod vector;
#[cfg(target_arch = "x86_64")]
mod work;

use ark_bn254::Fr;
use ark_ff::{FftField, Field, One, Zero};
use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::bytes::{write_all, Scalars, WIDTH};
use crate::error::{ensure, Error, Result};
use crate::spare::Spare;
pub use scalar::Domain;

/// The largest k with 2^k | r - 1.
pub const TWO_ADICITY: u32 = Fr::TWO_ADICITY;

/// Elements that one task works on, at least.
const TASK: usize = 1 << 10;

/// Rows of a system that are asked for at a time.
pub const EIGHT: usize = 8;

/// The primitive n-th root of unity, n = 2^log.
pub fn root_of_unity(log: u32) -> Fr {
    let mut root = Fr::TWO_ADIC_ROOT_OF_UNITY;
    for _ in log..TWO_ADICITY {
        root.square_in_place();
    }
    root
}

/// first * ratio^i for i < n.
pub fn powers(first: Fr, ratio: Fr, n: usize) -> Vec<Fr> {
    let mut out = vec![Fr::zero(); n];
    out.par_chunks_mut(TASK).enumerate().for_each(|(i, chunk)| {
        let mut value = first * ratio.pow([(i * TASK) as u64]);
        for slot in chunk {
            *slot = value;
            value *= ratio;
        }
    });
    out
}

/// log2 of a domain's size.
pub fn log_of(n: usize) -> Result<u32> {
    ensure(n.is_power_of_two() && n.ilog2() <= TWO_ADICITY, || {
        format!("{n} elements: a power of two up to 2^{TWO_ADICITY} is needed")
    })?;
    Ok(n.ilog2())
}

/// The lowest `log` bits of i in reverse order.
#[inline]
pub fn reverse(i: usize, log: u32) -> usize {
    if log == 0 {
        0
    } else {
        i.reverse_bits() >> (usize::BITS - log)
    }
}

/// Where a transform of rows gets them from: <A, w> and <B, w>, eight rows at a time, in any order.
pub trait Rows: Sync {
    /// Rows first .. first + 8; zeros after the last. `first` is a multiple of 8.
    ///
    /// The limbs of an element are below r and are `scale` times the value.
    fn eight(&self, first: usize, a: &mut [Fr; EIGHT], b: &mut [Fr; EIGHT]);

    /// One factor for all: 1 for canonical integers, 2^256 for arkworks' elements.
    fn scale(&self) -> Fr;

    /// Asked when all rows have been read: whether to go on.
    fn hold(&self) -> bool {
        true
    }
}

/// a b - c at w_2n w^i for i < n in this order, as canonical scalars, from rows on H with c = a b there.
///
/// `None` when `stop`, asked every millisecond or so, said so or the rows do not `hold`. Memory: 120 bytes a row, of
/// which 40 are left when it returns.
pub fn coset_product(
    rows: &impl Rows,
    n: usize,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Option<Spare>> {
    let log = log_of(n)?;
    ensure(log < TWO_ADICITY, || {
        format!("{n} rows: at most 2^{}", TWO_ADICITY - 1)
    })?;
    #[cfg(target_arch = "x86_64")]
    if vector::can(log) {
        return Ok(vector::coset_product(rows, log, stop));
    }
    let (mut a, mut b) = (zeros(n), zeros(n));
    a.par_chunks_mut(EIGHT)
        .zip(b.par_chunks_mut(EIGHT))
        .enumerate()
        .with_min_len(TASK / EIGHT)
        .for_each(|(m, (a, b))| {
            let mut eight = Zeroizing::new([[Fr::zero(); EIGHT]; 2]);
            let [x, y] = &mut *eight;
            rows.eight(m * EIGHT, x, y);
            a.copy_from_slice(&x[..a.len()]);
            b.copy_from_slice(&y[..b.len()]);
        });
    if !rows.hold() {
        return Ok(None);
    }
    let mut c = zeros(n);
    c.par_iter_mut()
        .zip(a.par_iter().zip(b.par_iter()))
        .with_min_len(TASK)
        .for_each(|(c, (a, b))| *c = *a * b);
    if !scalar::to_coset([&mut a, &mut b, &mut c], stop)? {
        return Ok(None);
    }
    // As elements, rows are scale / 2^256 times their values.
    let factor = rows.scale().inverse().unwrap_or_default() * Fr::from(2u64).pow([256]);
    let factor = factor.square();
    a.par_iter_mut()
        .zip(b.par_iter().zip(c.par_iter()))
        .with_min_len(TASK)
        .for_each(|(a, (b, c))| {
            *a = *a * b - c;
            if !factor.is_one() {
                *a *= factor;
            }
        });
    drop((b, c));
    let mut out = Spare::new(n * WIDTH);
    write_all(&a, out.bytes_mut())?;
    Ok(Some(out))
}

/// n zeros, erased when they go.
fn zeros(n: usize) -> Zeroizing<Vec<Fr>> {
    Zeroizing::new(vec![Fr::zero(); n])
}

/// Transform of canonical scalars, natural order in and out; on shift * H.
///
/// Forward: coefficients to evaluations; inverse: evaluations on shift * H to coefficients.
pub fn ntt(values: Scalars<'_>, inverse: bool, shift: Scalars<'_>, out: &mut [u8]) -> Result<()> {
    ensure(shift.len() == 1, || "shift: one scalar".into())?;
    let shift = shift.get(0);
    ensure(!shift.is_zero(), || "shift: zero has no coset".into())?;
    let n = values.len();
    let log = log_of(n)?;
    ensure(out.len() == n * WIDTH, || {
        format!("{} bytes for {n} scalars", out.len())
    })?;
    #[cfg(target_arch = "x86_64")]
    if shift.is_one() && vector::can(log) {
        vector::transform(values.bytes(), log, inverse, out);
        return Ok(());
    }
    let domain = Domain::new(n)?;
    let mut values = Zeroizing::new(values.to_vec());
    let scale = |values: &mut [Fr], first: Fr, ratio: Fr| {
        values
            .par_iter_mut()
            .zip(powers(first, ratio, n))
            .with_min_len(TASK)
            .for_each(|(value, power)| *value *= power);
    };
    let zero = || Error::Argument("shift: zero has no coset".into());
    if inverse {
        domain.dif_inverse(&mut values);
        domain.permute(&mut values);
        let count = Fr::from(n as u64).inverse().ok_or_else(zero)?;
        scale(&mut values, count, shift.inverse().ok_or_else(zero)?);
    } else {
        if !shift.is_one() {
            scale(&mut values, Fr::one(), shift);
        }
        domain.dif(&mut values);
        domain.permute(&mut values);
    }
    write_all(&values, out)
}
