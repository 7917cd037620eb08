//! Groth16 keys: the QAP at a secret point, in iden3's layout.
//!
//! Source: Groth (2016), section 3.2; snarkjs's QAP. Notation: n the domain's size, L_j the Lagrange basis
//! of H = <w_n>, U_j that of the domain of size 2n; A_i, B_i, C_i the polynomials of wire i at tau.
//! After the m rows of the system stands, for i = 0 .. n_publics, one row with the A-term (wire i, 1),
//! which gives every public signal a point of its own. gamma = 1.

use ark_bn254::{g1, g2, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{Field, One, Zero};
use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::bytes::{put_limbs, Scalars};
use crate::curve::{FixedBase, Group};
use crate::error::{ensure, Error, Result};
use crate::ntt::{log_of, powers, root_of_unity};
use crate::r1cs::{Matrix, R1cs};
use crate::secret::random_scalar;
use crate::threads::Cancel;

/// Bytes of a coefficient record: matrix, row, wire, value * 2^512 mod r.
pub const RECORD: usize = 44;

/// Where the key goes; every buffer is exactly as long as its part.
pub struct KeyBuffers<'a> {
    /// [alpha]1, [beta]1, [delta]1.
    pub g1: &'a mut [u8],
    /// [beta]2, [gamma]2, [delta]2.
    pub g2: &'a mut [u8],
    /// n_publics + 1 points.
    pub ic: &'a mut [u8],
    /// Terms of A and B and n_publics + 1 more.
    pub coefficients: &'a mut [u8],
    /// n_wires points.
    pub a: &'a mut [u8],
    /// n_wires points.
    pub b1: &'a mut [u8],
    /// n_wires points of G2.
    pub b2: &'a mut [u8],
    /// n_wires - n_publics - 1 points.
    pub c: &'a mut [u8],
    /// n points.
    pub h: &'a mut [u8],
}

impl KeyBuffers<'_> {
    fn lengths(&self) -> [usize; 9] {
        [
            &self.g1,
            &self.g2,
            &self.ic,
            &self.coefficients,
            &self.a,
            &self.b1,
            &self.b2,
            &self.c,
            &self.h,
        ]
        .map(|part| part.len())
    }
}

/// The smallest power of two that holds all rows.
pub fn domain_size(r1cs: &R1cs<'_>) -> usize {
    (r1cs.rows() + r1cs.n_publics + 1).next_power_of_two()
}

/// A key for known alpha and beta and for tau and delta that nobody learns.
pub fn keygen(r1cs: &R1cs<'_>, alpha_beta: Scalars<'_>, out: KeyBuffers<'_>) -> Result<()> {
    keygen_until(r1cs, alpha_beta, out, &Cancel::new())
}

/// The same, unless it is asked to stop: the buffers then hold a part of a key, tau and delta are gone.
pub fn keygen_until(
    r1cs: &R1cs<'_>,
    alpha_beta: Scalars<'_>,
    out: KeyBuffers<'_>,
    cancel: &Cancel,
) -> Result<()> {
    ensure(alpha_beta.len() == 2, || {
        "alpha and beta: two scalars".into()
    })?;
    // First of all, for what is allocated below is as long as these.
    ensure(out.lengths() == sizes(r1cs), || {
        "the key's buffers have other lengths than its parts".into()
    })?;
    let (alpha, beta) = (alpha_beta.get(0), alpha_beta.get(1));
    ensure(!alpha.is_zero() && !beta.is_zero(), || {
        "alpha and beta may not be zero".into()
    })?;
    let n = domain_size(r1cs);
    let log = log_of(n)?;
    // Twice the domain must exist too: h lies on it.
    log_of(2 * n)?;
    let delta = random_scalar()?;
    let delta_inverse = Zeroizing::new(invert(&delta)?);
    let tau = loop {
        let tau = random_scalar()?;
        if !tau.pow([2 * n as u64]).is_one() {
            break tau;
        }
    };

    let basis = lagrange(&tau, Fr::one(), log, log, cancel)?;
    let public = &basis[r1cs.rows()..=r1cs.rows() + r1cs.n_publics];
    let column = |m: &Matrix<'_>| Zeroizing::new(columns(m, &r1cs.table, &basis, r1cs.n_wires));
    let (mut a, (b, c)) = rayon::join(
        || column(&r1cs.a),
        || rayon::join(|| column(&r1cs.b), || column(&r1cs.c)),
    );
    cancel.look()?;
    for (wire, value) in a.iter_mut().zip(public) {
        *wire += value;
    }
    let mut k: Zeroizing<Vec<Fr>> = Zeroizing::new(
        a.par_iter()
            .zip(b.par_iter())
            .zip(c.par_iter())
            .map(|((a, b), c)| beta * a + alpha * b + c)
            .collect(),
    );
    cancel.look()?;
    let (ic, private) = k.split_at_mut(r1cs.n_publics + 1);
    private
        .par_iter_mut()
        .for_each(|value| *value *= *delta_inverse);
    cancel.look()?;
    let g1 = FixedBase::<g1::Config>::new(G1Affine::generator(), 4 * n);
    g1.mul_until(&a, out.a, cancel)?;
    g1.mul_until(&b, out.b1, cancel)?;
    g1.mul_until(ic, out.ic, cancel)?;
    g1.mul_until(private, out.c, cancel)?;
    let h = lagrange(&tau, *delta_inverse, log + 1, log, cancel)?;
    g1.mul_until(&h, out.h, cancel)?;
    g1.mul_many(&Zeroizing::new(vec![alpha, beta, *delta]), out.g1)?;
    let g2 = FixedBase::<g2::Config>::new(G2Affine::generator(), n);
    g2.mul_until(&b, out.b2, cancel)?;
    g2.mul_many(&Zeroizing::new(vec![beta, Fr::one(), *delta]), out.g2)?;
    write_coefficients(r1cs, out.coefficients)
}

fn invert(x: &Fr) -> Result<Fr> {
    x.inverse()
        .ok_or_else(|| Error::Argument("zero has no inverse".into()))
}

/// scale * (Lagrange basis of the domain of size 2^log) at tau, for 2^count elements.
///
/// With log = count the whole basis; with log = count + 1 the elements of odd index.
fn lagrange(
    tau: &Fr,
    scale: Fr,
    log: u32,
    count: u32,
    cancel: &Cancel,
) -> Result<Zeroizing<Vec<Fr>>> {
    cancel.look()?;
    // L_j(tau) = (tau^n - 1) / n * w^j / (tau - w^j).
    let n = Fr::from(1u64 << log);
    let vanishing = Zeroizing::new(tau.pow([1u64 << log]) - Fr::one());
    let root = root_of_unity(log);
    let (first, ratio) = if log == count {
        (Fr::one(), root)
    } else {
        (root, root.square())
    };
    let points = powers(first, ratio, 1 << count);
    cancel.look()?;
    let mut out: Zeroizing<Vec<Fr>> =
        Zeroizing::new(points.par_iter().map(|point| *tau - point).collect());
    out.par_chunks_mut(1 << 12)
        .for_each(ark_ff::batch_inversion);
    cancel.look()?;
    let factor = Zeroizing::new(scale * *vanishing * invert(&n)?);
    out.par_iter_mut()
        .zip(&points)
        .for_each(|(value, point)| *value *= *factor * point);
    Ok(out)
}

/// sum over rows of coefficient * basis[row], for each wire.
fn columns(matrix: &Matrix<'_>, table: &[Fr], basis: &[Fr], n_wires: usize) -> Vec<Fr> {
    let mut out = vec![Fr::zero(); n_wires];
    for (row, at_tau) in basis.iter().enumerate().take(matrix.rows()) {
        for (wire, coeff) in matrix.row(row) {
            out[wire] += table[coeff] * at_tau;
        }
    }
    out
}

/// The records of A and B, row by row as snarkjs writes them, then the public rows.
fn write_coefficients(r1cs: &R1cs<'_>, out: &mut [u8]) -> Result<()> {
    let count = r1cs.a.terms() + r1cs.b.terms() + r1cs.n_publics + 1;
    ensure(out.len() == count * RECORD, || {
        format!("{} bytes for {count} coefficients", out.len())
    })?;
    // The limbs of x 2^256 in Montgomery form are x 2^512 mod r.
    let table: Vec<[u64; 4]> = r1cs.table.iter().map(twice_montgomery).collect();
    let mut records = out.chunks_exact_mut(RECORD);
    let mut put = |matrix: u32, row: usize, wire: usize, value: [u64; 4]| {
        if let Some(record) = records.next() {
            record[..4].copy_from_slice(&matrix.to_le_bytes());
            record[4..8].copy_from_slice(&(row as u32).to_le_bytes());
            record[8..12].copy_from_slice(&(wire as u32).to_le_bytes());
            put_limbs(value, &mut record[12..]);
        }
    };
    for row in 0..r1cs.rows() {
        for (index, matrix) in [&r1cs.a, &r1cs.b].into_iter().enumerate() {
            for (wire, coeff) in matrix.row(row) {
                put(index as u32, row, wire, table[coeff]);
            }
        }
    }
    for wire in 0..=r1cs.n_publics {
        put(0, r1cs.rows() + wire, wire, twice_montgomery(&Fr::one()));
    }
    Ok(())
}

/// x * 2^512 mod r as raw limbs.
fn twice_montgomery(x: &Fr) -> [u64; 4] {
    // Fr::R2 holds 2^512 mod r; as an element it stands for 2^256.
    (*x * Fr::new_unchecked(Fr::R2)).0 .0
}

/// Bytes of each part of a key, in the order of `KeyBuffers`.
pub fn sizes(r1cs: &R1cs<'_>) -> [usize; 9] {
    let (p1, p2) = (g1::Config::BYTES, g2::Config::BYTES);
    let (wires, publics) = (r1cs.n_wires, r1cs.n_publics + 1);
    [
        3 * p1,
        3 * p2,
        publics * p1,
        (r1cs.a.terms() + r1cs.b.terms() + publics) * RECORD,
        wires * p1,
        wires * p1,
        wires * p2,
        (wires - publics) * p1,
        domain_size(r1cs) * p1,
    ]
}
