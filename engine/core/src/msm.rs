//! Multi-scalar multiplication.

use ark_ec::{models::short_weierstrass::Projective, CurveGroup, VariableBaseMSM};
use ark_ff::BigInt;
use rayon::prelude::*;

use crate::bytes::Scalars;
use crate::curve::{write_point, Group, Points};
use crate::error::{ensure, Result};

/// sum of scalars[i] * points[i].
pub fn msm<G: Group>(points: Points<'_, G>, scalars: Scalars<'_>) -> Result<Projective<G>> {
    ensure(points.len() == scalars.len(), || {
        format!("{} points and {} scalars", points.len(), scalars.len())
    })?;
    let bases: Vec<_> = (0..points.len())
        .into_par_iter()
        .map(|i| points.get(i))
        .collect();
    let bigints: Vec<_> = (0..points.len())
        .into_par_iter()
        .map(|i| BigInt(scalars.limbs(i)))
        .collect();
    Ok(Projective::<G>::msm_bigint(&bases, &bigints))
}

/// As `msm`, from and to bytes.
pub fn msm_bytes<G: Group>(points: &[u8], scalars: &[u8], out: &mut [u8]) -> Result<()> {
    ensure(out.len() == G::BYTES, || "out: one point".into())?;
    let sum = msm::<G>(
        Points::new(points, "points")?,
        Scalars::new(scalars, "scalars")?,
    )?;
    write_point(&sum.into_affine(), out);
    Ok(())
}
