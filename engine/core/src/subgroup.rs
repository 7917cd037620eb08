//! Whether many points of the twist all lie in the subgroup of order r.
//!
//! Source: Bellare, Garay, Rabin, "Fast batch verification" (EUROCRYPT 1998). The twist has h r points,
//! h = 2q - r = 10069 * 5864401 * 1875725156269 * (a larger prime). Write P_i = R_i + X_i with R_i of order
//! dividing r and X_i of order dividing h. A sum of k_i P_i lies in the subgroup exactly when the sum of
//! k_i X_i is infinity. If some X_i is not, its order is at least 10069 > 2^13, so whatever the other k are,
//! at most one k_i in [0, 2^13) makes the sum vanish: a random sum misses a bad point with probability at
//! most 2^-13, and ten of them, drawn after the points are known, with at most 2^-130. (Such small factors are
//! never replaced by k - r, which would be another multiple of X_i.)

use ark_ec::CurveGroup;
use zeroize::Zeroizing;

use crate::bytes::{Scalars, WIDTH};
use crate::curve::{Group, Points};
use crate::error::{Error, Result};
use crate::msm::msm;

/// Bits of a random factor: 2^13 is below every prime factor of h.
const FACTOR_BITS: u32 = 13;

/// Random sums.
const ROUNDS: usize = 10;

/// So few points are checked one by one.
const FEW: usize = 128;

/// The first point outside the subgroup, for points on the curve; infinity is inside.
pub fn first_outside<G: Group>(bytes: &[u8]) -> Result<Option<usize>> {
    let mut points = Points::<G>::new(bytes, "points")?;
    let mut skipped = 0;
    if points.len() > FEW && all_inside(points)? {
        return Ok(None);
    }
    // One of them is outside: halve until few are left.
    while points.len() > FEW {
        let half = points.len() / 2;
        if all_inside(points.first(half))? {
            skipped += half;
            points = points.skip(half);
        } else {
            points = points.first(half);
        }
    }
    let outside =
        (0..points.len()).find(|&i| !points.get(i).is_in_correct_subgroup_assuming_on_curve());
    Ok(outside.map(|i| skipped + i))
}

fn all_inside<G: Group>(points: Points<'_, G>) -> Result<bool> {
    let mut random = vec![0u8; 2 * points.len()];
    let mut factors = Zeroizing::new(vec![0u8; WIDTH * points.len()]);
    for _ in 0..ROUNDS {
        getrandom::fill(&mut random)
            .map_err(|_| Error::Argument("the operating system gives no random bytes".into()))?;
        for (factor, two) in factors.chunks_exact_mut(WIDTH).zip(random.chunks_exact(2)) {
            let value = u16::from_le_bytes([two[0], two[1]]) >> (u16::BITS - FACTOR_BITS);
            factor[..2].copy_from_slice(&value.to_le_bytes());
        }
        let sum = msm(points, Scalars::new(&factors, "factors")?)?.into_affine();
        if !sum.is_in_correct_subgroup_assuming_on_curve() {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::{g2, Fq, Fq2, G2Affine};
    use ark_ec::{AffineRepr, CurveConfig};
    use ark_ff::PrimeField;

    use crate::curve::{first_bad, write_point};
    use crate::testing::{random_g2, Random};

    /// Some point of the twist, hardly ever in the subgroup.
    fn any(random: &mut Random) -> G2Affine {
        loop {
            let x = Fq2::new(Fq::from(random.u64()), Fq::from(random.u64()));
            if let Some(point) = G2Affine::get_point_from_x_unchecked(x, random.u64() & 1 == 1) {
                return point;
            }
        }
    }

    /// Quotient and remainder of little-endian limbs.
    fn divide(mut limbs: Vec<u64>, by: u64) -> (Vec<u64>, u64) {
        let mut remainder = 0u128;
        for limb in limbs.iter_mut().rev() {
            let value = remainder << 64 | u128::from(*limb);
            *limb = (value / u128::from(by)) as u64;
            remainder = value % u128::from(by);
        }
        (limbs, remainder as u64)
    }

    #[test]
    fn a_factor_is_below_every_prime_of_the_cofactor() {
        let primes = [10_069, 5_864_401, 1_875_725_156_269];
        let mut rest = g2::Config::COFACTOR.to_vec();
        for prime in primes {
            let remainder;
            (rest, remainder) = divide(rest, prime);
            assert_eq!(remainder, 0);
        }
        // What is left of h has no small factor either.
        for factor in 2..=1 << FACTOR_BITS {
            assert_ne!(divide(rest.clone(), factor).1, 0);
        }
        assert!(primes.iter().all(|p| *p > 1 << FACTOR_BITS));
    }

    #[test]
    fn finds_the_first() {
        let mut random = Random::new(2);
        let n = 700;
        let mut bytes = vec![0; n * g2::Config::BYTES];
        for (i, out) in bytes.chunks_exact_mut(g2::Config::BYTES).enumerate() {
            if i % 50 > 0 {
                write_point(&random_g2(&mut random), out);
            }
        }
        assert_eq!(first_bad::<g2::Config>(&bytes).unwrap(), None);
        // Alone, together, and of the smallest order there is.
        let order_10069 = {
            let (h, remainder) = divide(g2::Config::COFACTOR.to_vec(), 10_069);
            assert_eq!(remainder, 0);
            loop {
                let point = any(&mut random)
                    .mul_bigint(ark_bn254::Fr::MODULUS)
                    .into_affine()
                    .mul_bigint(&h)
                    .into_affine();
                if !point.is_zero() {
                    break point;
                }
            }
        };
        for (at, point) in [
            (699, any(&mut random)),
            (350, order_10069),
            (3, any(&mut random)),
        ] {
            write_point(
                &point,
                &mut bytes[at * g2::Config::BYTES..(at + 1) * g2::Config::BYTES],
            );
            assert_eq!(first_bad::<g2::Config>(&bytes).unwrap(), Some(at));
        }
        bytes[200 * g2::Config::BYTES] ^= 1;
        assert_eq!(first_bad::<g2::Config>(&bytes).unwrap(), Some(3));
        bytes[g2::Config::BYTES] ^= 1;
        assert_eq!(first_bad::<g2::Config>(&bytes).unwrap(), Some(1));
    }
}
