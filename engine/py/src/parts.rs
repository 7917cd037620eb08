//! What Python passes in several buffers, put together as the core takes it.

use zkmargin_core::prove::ProvingKey;
use zkmargin_core::r1cs::R1cs;
use zkmargin_core::verify::VerifyingKey;
use zkmargin_core::Result;

use crate::buffer::In;

/// offsets, wires, coeffs.
pub type Matrix = (In, In, In);

/// n_wires, n_publics, A, B, C, table.
pub type System = (usize, usize, Matrix, Matrix, Matrix, In);

pub fn matrix(parts: &Matrix) -> [&[u8]; 3] {
    [parts.0.bytes(), parts.1.bytes(), parts.2.bytes()]
}

pub fn system(parts: &System) -> Result<R1cs<'_>> {
    let matrices = [&parts.2, &parts.3, &parts.4].map(matrix);
    R1cs::new(parts.0, parts.1, matrices, parts.5.bytes())
}

pub fn proving_key(sizes: (usize, usize, usize), key: &[In; 8]) -> ProvingKey<'_> {
    let [g1, g2, coefficients, a, b1, b2, c, h] = key.each_ref().map(In::bytes);
    ProvingKey {
        g1,
        g2,
        n_wires: sizes.0,
        n_publics: sizes.1,
        domain_size: sizes.2,
        coefficients,
        a,
        b1,
        b2,
        c,
        h,
    }
}

/// `key`: alpha1, beta2, gamma2, delta2, ic.
pub fn verifying_key(key: &[In; 5]) -> VerifyingKey<'_> {
    let [alpha1, beta, gamma, delta, ic] = key.each_ref().map(In::bytes);
    VerifyingKey {
        alpha1,
        g2: [beta, gamma, delta],
        ic,
    }
}
