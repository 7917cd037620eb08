//! The optimal ate pairing of BN254, normalised as iden3's tools do.
//!
//! Source: Fuentes-Castaneda, Knapp, Rodriguez-Henriquez, "Faster hashing to G2" (SAC 2011): the final
//! exponentiation is to 2u(6u^2 + 3u + 1) (q^12 - 1) / r, a multiple of the plain exponent that is
//! coprime to r. arkworks and ffjavascript both use it, and agree on the twelve coordinates.

use ark_bn254::{g1, g2, Bn254, Fq};
use ark_ec::pairing::Pairing;
use ark_ff::{One, PrimeField};

use crate::bytes::{put_limbs, WIDTH};
use crate::curve::{good_points, Group};
use crate::error::{ensure, Result};

/// Bytes of a pairing's value.
pub const GT_BYTES: usize = 12 * WIDTH;

/// e(p, q) as twelve canonical integers: Fq12 over Fq6 over Fq2, lowest coefficient first.
pub fn pairing(p: &[u8], q: &[u8], out: &mut [u8]) -> Result<()> {
    ensure(
        p.len() == g1::Config::BYTES && q.len() == g2::Config::BYTES && out.len() == GT_BYTES,
        || "a pairing takes one point of G1 and one of G2".into(),
    )?;
    let p = good_points::<g1::Config>(p, "g1")?;
    let q = good_points::<g2::Config>(q, "g2")?;
    let value = Bn254::multi_pairing(p, q).0;
    let coordinates: [Fq; 12] = [value.c0, value.c1]
        .map(|six| [six.c0, six.c1, six.c2].map(|two| [two.c0, two.c1]))
        .concat()
        .concat()
        .try_into()
        .expect("2 * 3 * 2 coordinates");
    for (coordinate, out) in coordinates.iter().zip(out.chunks_exact_mut(WIDTH)) {
        put_limbs(coordinate.into_bigint().0, out);
    }
    Ok(())
}

/// Whether the product of e(p_i, q_i) is one; true for no pairs.
pub fn pairing_check(p: &[u8], q: &[u8]) -> Result<bool> {
    let p = good_points::<g1::Config>(p, "g1")?;
    let q = good_points::<g2::Config>(q, "g2")?;
    ensure(p.len() == q.len(), || {
        format!("{} points of G1 and {} of G2", p.len(), q.len())
    })?;
    Ok(Bn254::multi_pairing(p, q).0.is_one())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::point_bytes;
    use crate::testing::{random_g1, random_g2, Random};
    use ark_bn254::G1Affine;
    use ark_ec::{AffineRepr, CurveGroup};

    #[test]
    fn bilinear_and_refuses_points_off_the_curve() {
        let mut random = Random::new(1);
        let (p, q, k) = (
            random_g1(&mut random),
            random_g2(&mut random),
            random.scalar(),
        );
        let ps = [point_bytes(&(p * k).into_affine()), point_bytes(&-p)].concat();
        let qs = [point_bytes(&q), point_bytes(&(q * k).into_affine())].concat();
        assert!(pairing_check(&ps, &qs).unwrap());
        assert!(!pairing_check(&ps[..64], &qs[..128]).unwrap());
        assert!(pairing_check(&[], &[]).unwrap());
        assert!(pairing_check(&ps, &qs[..128]).is_err());
        assert!(pairing_check(&point_bytes(&G1Affine::zero()), &qs[..128]).unwrap());
        let mut off = ps.clone();
        off[3] ^= 1;
        assert!(pairing_check(&off, &qs).is_err());
    }
}
