//! The sum of +P or -P for each of n points: n - 1 additions whatever the signs.

use ark_ec::models::short_weierstrass::Projective;
use ark_ff::Zero;
use rayon::prelude::*;
use zeroize::Zeroize;

use super::{sum_lists, Stop};
use crate::curve::{read_point, Group, Points};

/// Points that one task sums.
const TASK: usize = 1 << 15;

/// sum of P_i, or of -P_i where `minus(i)`; `None` when stopped. No point may be infinity.
pub fn signed_sum<G: Group>(
    points: Points<'_, G>,
    minus: impl Fn(usize) -> bool + Sync,
    stop: Stop<'_>,
) -> Option<Projective<G>> {
    let starts: Vec<usize> = (0..points.len()).step_by(TASK).collect();
    starts
        .into_par_iter()
        .with_max_len(1)
        .map(|start| {
            if stop() {
                return None;
            }
            let end = (start + TASK).min(points.len());
            let mut entries: Vec<u32> = (start..end)
                .map(|i| 2 * i as u32 + u32::from(minus(i)))
                .collect();
            let mut sum = vec![0; G::BYTES];
            let offsets = [0, entries.len() as u32];
            sum_lists::<G>(points.bytes(), &entries, &offsets, None, &mut sum);
            entries.zeroize();
            Some(read_point::<G>(&sum).into())
        })
        .try_reduce(Projective::<G>::zero, |a, b| Some(a + b))
}
