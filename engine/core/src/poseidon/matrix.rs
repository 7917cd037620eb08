//! Small square matrices over Fr, row-major, for the rounds and to derive their sparse form.

use ark_bn254::Fr;
use ark_ff::Field;

/// Square matrix, row-major, times column.
pub fn times_column(matrix: &[Fr], column: &[Fr]) -> Vec<Fr> {
    matrix
        .chunks_exact(column.len())
        .map(|row| dot(row, column))
        .collect()
}

/// The inner product.
pub fn dot(a: &[Fr], b: &[Fr]) -> Fr {
    a.iter().zip(b).map(|(x, y)| *x * y).sum()
}

/// Row times square matrix.
pub fn row_times(row: &[Fr], matrix: &[Fr]) -> Vec<Fr> {
    let n = row.len();
    (0..n)
        .map(|j| (0..n).map(|i| row[i] * matrix[i * n + j]).sum())
        .collect()
}

fn product(a: &[Fr], b: &[Fr], n: usize) -> Vec<Fr> {
    a.chunks_exact(n)
        .flat_map(|row| row_times(row, b))
        .collect()
}

fn identity(n: usize) -> Vec<Fr> {
    (0..n * n)
        .map(|k| Fr::from(u64::from(k / n == k % n)))
        .collect()
}

/// The matrix to the power of `exponent`, by squaring.
pub fn power(matrix: &[Fr], n: usize, exponent: usize) -> Vec<Fr> {
    let mut out = identity(n);
    for bit in (0..usize::BITS - exponent.leading_zeros()).rev() {
        out = product(&out, &out, n);
        if exponent >> bit & 1 == 1 {
            out = product(&out, matrix, n);
        }
    }
    out
}

/// The inverse by Gauss and Jordan; a block of a Cauchy matrix has one, and needs no pivoting.
pub fn invert(matrix: &[Fr], n: usize) -> Vec<Fr> {
    let (mut left, mut right) = (matrix.to_vec(), identity(n));
    for pivot in 0..n {
        let scale = left[pivot * n + pivot]
            .inverse()
            .expect("leading minors of a Cauchy matrix are not zero");
        for side in [&mut left, &mut right] {
            for value in &mut side[pivot * n..(pivot + 1) * n] {
                *value *= scale;
            }
        }
        for row in (0..n).filter(|row| *row != pivot) {
            let factor = left[row * n + pivot];
            for side in [&mut left, &mut right] {
                for k in 0..n {
                    let term = factor * side[pivot * n + k];
                    side[row * n + k] -= term;
                }
            }
        }
    }
    right
}
