//! Multi-scalar multiplication: signed digits, lists of points by bucket, batched affine sums.
//!
//! Source: Pippenger (1976); signed digits and affine buckets with one shared inversion as in Gabizon,
//! "Optimizing MSM", and the figures of ../docs. Notation: n points P_i, scalars s_i; windows of c bits;
//! digit d in [-2^(c-1), 2^(c-1)]; bucket |d| of a window lists the points with that digit, with signs.
//!
//! **Timing.** In `msm` a digit that is zero costs nothing, so zeros are free, ones cost one addition, small
//! scalars a few, and the time tells roughly how many of each a witness has. `signed_sum` and `msm_odd` do the
//! same number of additions whatever the scalars; what is left is how full the last group of eight lists is in a
//! round, caches, and the additions that need a second look, of which honest points have none. Which wires go
//! where is decided by their types: see ../prepared.
//!
//! **Memory.** Beyond the points and the scalars: 32 bytes a scalar in `msm`, none in `msm_odd`; and for each
//! thread 8 bytes a scalar and a window's buckets.

mod digits;
mod lists;
mod odd;
mod signed;
mod windows;

use std::sync::atomic::{AtomicU64, Ordering};

use ark_ec::{models::short_weierstrass::Projective, CurveGroup};
use ark_ff::Zero;

use crate::bytes::Scalars;
use crate::curve::{write_point, Group, Points};
use crate::error::{ensure, Result};

pub use digits::Digits;
pub(crate) use digits::{digit_count, recode};
pub(crate) use lists::sum_lists;
pub use odd::{msm_odd, OddDigits};
pub use signed::signed_sum;
use windows::sum_windows;

/// Asked before every task, each of which takes milliseconds: `true` ends the computation.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// A `Stop` that never does.
pub const NEVER: Stop<'static> = &|| false;

/// Affine additions of this process so far, of sums that have ended.
static ADDITIONS: AtomicU64 = AtomicU64::new(0);

/// Affine additions done so far by this process in batches: for tests of what the work depends on.
pub fn additions() -> u64 {
    ADDITIONS.load(Ordering::Relaxed)
}

fn count_additions(many: usize) {
    ADDITIONS.fetch_add(many as u64, Ordering::Relaxed);
}

/// sum of scalars[i] * points[i].
pub fn msm<G: Group>(points: Points<'_, G>, scalars: Scalars<'_>) -> Result<Projective<G>> {
    ensure(points.len() == scalars.len(), || {
        format!("{} points and {} scalars", points.len(), scalars.len())
    })?;
    let digits = Digits::new(scalars, |i| !points.is_infinity(i))?;
    Ok(msm_sorted(points, &digits))
}

/// The same from sorted digits, which points with the same scalars can share.
///
/// The digits must have been made for as many points and without those at infinity.
pub fn msm_sorted<G: Group>(points: Points<'_, G>, digits: &Digits) -> Projective<G> {
    msm_sorted_until(points, digits, NEVER).unwrap_or_else(Projective::zero)
}

/// The same; `None` when stopped.
pub fn msm_sorted_until<G: Group>(
    points: Points<'_, G>,
    digits: &Digits,
    stop: Stop<'_>,
) -> Option<Projective<G>> {
    assert_eq!(points.len(), digits.len());
    sum_windows(points, digits, None, stop)
}

/// As `msm`, for points that are not infinity; `None` when stopped.
pub fn msm_until<G: Group>(
    points: Points<'_, G>,
    scalars: Scalars<'_>,
    stop: Stop<'_>,
) -> Result<Option<Projective<G>>> {
    ensure(points.len() == scalars.len(), || {
        format!("{} points and {} scalars", points.len(), scalars.len())
    })?;
    let digits = Digits::new(scalars, |_| true)?;
    Ok(sum_windows(points, &digits, None, stop))
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

/// Widest window.
const MAX_WIDTH: usize = 16;

/// What a window costs beyond its additions, in additions.
const WINDOW_COST: usize = 2000;

#[cfg(test)]
mod tests;
