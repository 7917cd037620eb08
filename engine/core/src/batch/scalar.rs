//! The kernel for every machine: arkworks' field, one list after another.

use ark_ec::models::short_weierstrass::Affine;
use ark_ff::{AdditiveGroup, Field};

use super::{Flag, Job};
use crate::curve::{point_bytes, read_point, write_point, Group};

/// See `super::sum_g1`.
pub fn sum<G: Group>(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
    let mut lists = job.lists.len();
    let mut sums: Vec<Affine<G>> = (0..lists)
        .map(|list| match job.starts {
            Some(starts) => load::<G>(starts, 2 * list as u32),
            None => load::<G>(job.base, job.entry(list, 0)),
        })
        .collect();
    let mut work = Vec::with_capacity(lists);
    let spare: Affine<G> = read_point(job.spare);
    for round in u32::from(job.starts.is_none()).. {
        while lists > 0 && job.lists[lists - 1].length <= round {
            lists -= 1;
        }
        if lists == 0 {
            break;
        }
        work.clear();
        let mut product = G::BaseField::ONE;
        let first_flag = flags.len();
        for (list, sum) in sums[..lists].iter().enumerate() {
            let entry = job.entry(list, round);
            let point = load::<G>(job.base, entry);
            let mut dx = point.x - sum.x;
            if dx == G::BaseField::ZERO {
                flags.push(Flag {
                    list,
                    sum: point_bytes(sum),
                    entry,
                });
                dx = G::BaseField::ONE;
            }
            work.push((dx, point.y - sum.y, product));
            product *= dx;
        }
        let mut rest = product.inverse().unwrap_or(G::BaseField::ONE);
        for (sum, (dx, dy, before)) in sums[..lists].iter_mut().zip(&work).rev() {
            let slope = *dy * (rest * before);
            rest *= dx;
            let x = slope.square() - sum.x - sum.x - dx;
            sum.y = slope * (sum.x - x) - sum.y;
            sum.x = x;
        }
        for flag in &flags[first_flag..] {
            sums[flag.list] = spare;
        }
    }
    for (sum, out) in sums.iter().zip(out.chunks_exact_mut(G::BYTES)) {
        write_point(sum, out);
    }
}

#[inline]
fn load<G: Group>(base: &[u8], entry: u32) -> Affine<G> {
    let start = (entry >> 1) as usize * G::BYTES;
    let point = read_point::<G>(&base[start..start + G::BYTES]);
    if entry & 1 == 1 {
        -point
    } else {
        point
    }
}
