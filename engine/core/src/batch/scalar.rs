//! The kernel for every machine: arkworks' field, one pair after another.

use ark_ec::models::short_weierstrass::Affine;
use ark_ff::{AdditiveGroup, Field};

use super::Pair;
use crate::curve::{read_loose, write_point, Group};

/// Pairs that share an inversion; their products stay in the second-level cache.
const BATCH: usize = 1 << 11;

/// See `super::add_pairs_g1`.
pub fn add_pairs<G: Group>(base: &[u8], pairs: &[Pair], out: &mut [u8], flagged: &mut Vec<u32>) {
    let mut operands = Vec::with_capacity(BATCH.min(pairs.len()));
    let mut products = Vec::with_capacity(BATCH.min(pairs.len()));
    for (batch, (pairs, out)) in pairs
        .chunks(BATCH)
        .zip(out.chunks_mut(BATCH * G::BYTES))
        .enumerate()
    {
        operands.clear();
        products.clear();
        let mut product = G::BaseField::ONE;
        for (i, &(a, b)) in pairs.iter().enumerate() {
            let (a, b) = (load::<G>(base, a), load::<G>(base, b));
            let mut dx = b.x - a.x;
            if dx == G::BaseField::ZERO {
                flagged.push((batch * BATCH + i) as u32);
                dx = G::BaseField::ONE;
            }
            products.push(product);
            product *= dx;
            operands.push((a, b, dx));
        }
        let mut rest = product.inverse().unwrap_or(G::BaseField::ONE);
        let slots = out.chunks_exact_mut(G::BYTES).take(pairs.len());
        for ((slot, (a, b, dx)), product) in slots.zip(&operands).zip(&products).rev() {
            let slope = (b.y - a.y) * (rest * product);
            rest *= dx;
            let x = slope.square() - a.x - b.x;
            let y = slope * (a.x - x) - a.y;
            write_point(&Affine::<G>::new_unchecked(x, y), slot);
        }
    }
}

#[inline]
fn load<G: Group>(base: &[u8], entry: u32) -> Affine<G> {
    let start = (entry >> 1) as usize * G::BYTES;
    let point = read_loose::<G>(&base[start..start + G::BYTES]);
    if entry & 1 == 1 {
        -point
    } else {
        point
    }
}
