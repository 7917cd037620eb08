//! The Groth16 verifier, for one proof and for many of one key; every point and scalar is checked.
//!
//! Source: Groth (2016), section 3.2. e(A, B) = e(alpha, beta) e(sum x_i IC_i, gamma) e(C, delta).

mod batch;
mod key;

use ark_bn254::{g1, g2, Bn254, G1Affine, G2Affine};
use ark_ec::{
    pairing::{MillerLoopOutput, Pairing},
    CurveGroup,
};
use ark_ff::One;

use crate::bytes::Scalars;
use crate::curve::{good_point, Group};
use crate::error::{ensure, Result};
use crate::prove::PROOF_BYTES;

pub use batch::first_false;
use key::Checked;

/// A verification key as bytes.
pub struct VerifyingKey<'a> {
    /// [alpha]1.
    pub alpha1: &'a [u8],
    /// [beta]2, [gamma]2, [delta]2.
    pub g2: [&'a [u8]; 3],
    /// One point more than there are public signals.
    pub ic: &'a [u8],
}

/// Whether the proof holds; an error when the key, the proof or a signal is malformed.
pub fn verify(key: &VerifyingKey<'_>, publics: Scalars<'_>, proof: &[u8]) -> Result<bool> {
    ensure(proof.len() == PROOF_BYTES, || {
        format!("a proof is {PROOF_BYTES} bytes")
    })?;
    let key = key::checked(key)?;
    ensure(publics.len() == key.n_public(), || {
        format!("{} public signals for another key", publics.len())
    })?;
    let [a, c] = [0, g1::Config::BYTES + g2::Config::BYTES];
    let a = good_point::<g1::Config>(&proof[a..][..g1::Config::BYTES], "proof.a")?;
    let b = good_point::<g2::Config>(&proof[g1::Config::BYTES..c], "proof.b")?;
    let c = good_point::<g1::Config>(&proof[c..], "proof.c")?;
    Ok(holds(&key, publics, a, b, c))
}

/// The equation for one proof whose points are good.
fn holds(key: &Checked, publics: Scalars<'_>, a: G1Affine, b: G2Affine, c: G1Affine) -> bool {
    let x = key.sum(publics).into_affine();
    let lines = [b.into(), key.gamma.clone(), key.delta.clone()];
    let product = Bn254::multi_miller_loop([-a, x, c], lines).0 * key.alpha_beta;
    Bn254::final_exponentiation(MillerLoopOutput(product)).is_some_and(|value| value.0.is_one())
}
