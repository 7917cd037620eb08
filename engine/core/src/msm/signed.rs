//! The sum of +P or -P for each of n points: n - 1 additions whatever the signs.

use ark_ec::models::short_weierstrass::Projective;
use ark_ff::Zero;
use rayon::prelude::*;

use super::{tree, Stop, TASK};
use crate::curve::{read_point, Group, Points};

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
            let entries: Vec<u32> = (start..end)
                .map(|i| 2 * i as u32 + u32::from(minus(i)))
                .collect();
            let mut sum = vec![0; G::BYTES];
            tree::sum_lists::<G>(points.bytes(), &entries, vec![end - start], &mut sum);
            let sum = read_point::<G>(&sum);
            Some(Projective::<G>::from(sum))
        })
        .try_reduce(Projective::<G>::zero, |a, b| Some(a + b))
}
