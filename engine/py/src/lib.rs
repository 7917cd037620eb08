//! The Python face of the engine: each function takes buffers, lets go of the interpreter, calls the
//! core, and maps its errors to zk.errors. It holds no logic; zk/_engine.pyi is its typed form.

mod buffer;
mod handles;
mod parts;
mod running;

#[global_allocator]
static ALLOCATOR: zkmargin_core::heap::Allocator = zkmargin_core::heap::Allocator;

/// The native half of zk/engine.py.
#[pyo3::pymodule]
mod _engine {
    use pyo3::prelude::*;
    use pyo3::types::PyByteArray;
    use zkmargin_core as core;
    use zkmargin_core::bytes::Scalars;
    use zkmargin_core::prepared::{Intervals, Plan, Source};
    use zkmargin_core::{curve, keygen as setup, prove as groth16, verify as check, G1, G2};

    use crate::buffer::{In, Out};
    use crate::parts::{matrix, proving_key, system, verifying_key, Matrix, System};
    use crate::running::{raise, run, run_long};

    #[pymodule_export]
    use crate::handles::{PreparedKey, PreparedProgram};

    #[pyfunction]
    fn set_threads(py: Python<'_>, n: usize) -> PyResult<()> {
        core::threads::set_threads(n).map_err(|error| raise(py, &error))
    }

    #[pyfunction]
    fn additions() -> u64 {
        core::msm::additions()
    }

    #[pyfunction]
    fn msm_g1(py: Python<'_>, points: In, scalars: In, mut out: Out) -> PyResult<()> {
        run(py, || {
            core::msm::msm_bytes::<G1>(points.bytes(), scalars.bytes(), out.bytes())
        })
    }

    #[pyfunction]
    fn msm_g2(py: Python<'_>, points: In, scalars: In, mut out: Out) -> PyResult<()> {
        run(py, || {
            core::msm::msm_bytes::<G2>(points.bytes(), scalars.bytes(), out.bytes())
        })
    }

    #[pyfunction]
    fn mul_g1(py: Python<'_>, point: In, scalars: In, mut out: Out) -> PyResult<()> {
        run(py, || {
            let scalars = Scalars::new(scalars.bytes(), "scalars")?;
            curve::mul::<G1>(point.bytes(), scalars, out.bytes())
        })
    }

    #[pyfunction]
    fn mul_g2(py: Python<'_>, point: In, scalars: In, mut out: Out) -> PyResult<()> {
        run(py, || {
            let scalars = Scalars::new(scalars.bytes(), "scalars")?;
            curve::mul::<G2>(point.bytes(), scalars, out.bytes())
        })
    }

    #[pyfunction]
    fn ntt(py: Python<'_>, values: In, inverse: bool, shift: In, mut out: Out) -> PyResult<()> {
        run(py, || {
            let values = Scalars::new(values.bytes(), "values")?;
            let shift = Scalars::new(shift.bytes(), "shift")?;
            core::ntt::ntt(values, inverse, shift, out.bytes())
        })
    }

    #[pyfunction]
    fn pairing(py: Python<'_>, g1: In, g2: In, mut out: Out) -> PyResult<()> {
        run(py, || {
            core::pairing::pairing(g1.bytes(), g2.bytes(), out.bytes())
        })
    }

    #[pyfunction]
    fn pairing_check(py: Python<'_>, g1: In, g2: In) -> PyResult<bool> {
        run(py, || core::pairing::pairing_check(g1.bytes(), g2.bytes()))
    }

    #[pyfunction]
    fn first_bad_g1(py: Python<'_>, points: In) -> PyResult<Option<usize>> {
        run(py, || curve::first_bad::<G1>(points.bytes()))
    }

    #[pyfunction]
    fn first_bad_g2(py: Python<'_>, points: In) -> PyResult<Option<usize>> {
        run(py, || curve::first_bad::<G2>(points.bytes()))
    }

    #[pyfunction]
    fn poseidon(
        py: Python<'_>,
        inputs: In,
        width: usize,
        state: Option<In>,
        mut out: Out,
    ) -> PyResult<()> {
        run(py, || {
            let inputs = Scalars::new(inputs.bytes(), "inputs")?;
            let state = state
                .as_ref()
                .map(|state| Scalars::new(state.bytes(), "state"))
                .transpose()?;
            core::poseidon::poseidon(inputs, width, state, out.bytes())
        })
    }

    #[pyfunction]
    fn run_witness(
        py: Python<'_>,
        r1cs: System,
        code: In,
        pool: Matrix,
        table: In,
        inputs: In,
        mut out: Out,
    ) -> PyResult<()> {
        run(py, || {
            let r1cs = system(&r1cs)?;
            let pool = matrix(&pool);
            let program =
                core::witness::Program::new(code.bytes(), pool, table.bytes(), r1cs.n_wires)?;
            let inputs = Scalars::new(inputs.bytes(), "inputs")?;
            core::witness::run(&r1cs, &program, inputs, out.bytes())
        })
    }

    #[pyfunction]
    fn first_unsatisfied(py: Python<'_>, r1cs: System, witness: In) -> PyResult<Option<usize>> {
        run(py, || {
            let witness = Scalars::new(witness.bytes(), "witness")?;
            system(&r1cs)?.first_unsatisfied(witness)
        })
    }

    /// `out`: the nine parts of a key, in the order of the core's `KeyBuffers`.
    #[pyfunction]
    fn keygen(py: Python<'_>, r1cs: System, alpha_beta: In, mut out: [Out; 9]) -> PyResult<()> {
        run_long(py, |cancel| {
            let r1cs = system(&r1cs)?;
            let alpha_beta = Scalars::new(alpha_beta.bytes(), "alpha, beta")?;
            let [g1, g2, ic, coefficients, a, b1, b2, c, h] = out.each_mut().map(Out::bytes);
            let buffers = setup::KeyBuffers {
                g1,
                g2,
                ic,
                coefficients,
                a,
                b1,
                b2,
                c,
                h,
            };
            setup::keygen_until(&r1cs, alpha_beta, buffers, cancel)
        })
    }

    /// `sizes`: n_wires, n_publics, domain_size; `key`: g1, g2, coefficients, a, b1, b2, c, h.
    #[pyfunction]
    fn prove(
        py: Python<'_>,
        sizes: (usize, usize, usize),
        key: [In; 8],
        witness: In,
        mut out: Out,
    ) -> PyResult<()> {
        run_long(py, |cancel| {
            let witness = Scalars::new(witness.bytes(), "witness")?;
            groth16::prove_until(&proving_key(sizes, &key), witness, out.bytes(), cancel)
        })
    }

    /// The bytes of a prepared key; `key` and `sizes` as for `prove`, `more`: gamma2, ic; `intervals`:
    /// ends, of.
    #[pyfunction]
    fn prepare<'py>(
        py: Python<'py>,
        sizes: (usize, usize, usize),
        key: [In; 8],
        more: [In; 2],
        r1cs: Option<System>,
        intervals: Option<(In, In)>,
    ) -> PyResult<Bound<'py, PyByteArray>> {
        let plan = run_long(py, |cancel| {
            let source = Source {
                key: proving_key(sizes, &key),
                gamma2: more[0].bytes(),
                ic: more[1].bytes(),
            };
            let r1cs = r1cs.as_ref().map(system).transpose()?;
            let intervals = intervals.as_ref();
            let intervals = intervals.map(|(ends, of)| Intervals::new(ends.bytes(), of.bytes()));
            Plan::new(
                source,
                r1cs.as_ref(),
                intervals.transpose()?.as_ref(),
                cancel,
            )
        })?;
        PyByteArray::new_with(py, plan.length(), |out| {
            run_long(py, |cancel| plan.write(out, cancel))
        })
    }

    /// `key`: alpha1, beta2, gamma2, delta2, ic.
    #[pyfunction]
    fn verify(py: Python<'_>, key: [In; 5], publics: In, proof: In) -> PyResult<bool> {
        run(py, || {
            let publics = Scalars::new(publics.bytes(), "publics")?;
            check::verify(&verifying_key(&key), publics, proof.bytes())
        })
    }

    /// `key` as in `verify`; `publics` and `proofs` one after another.
    #[pyfunction]
    fn verify_many(
        py: Python<'_>,
        key: [In; 5],
        publics: In,
        proofs: In,
    ) -> PyResult<Option<usize>> {
        run(py, || {
            let publics = Scalars::new(publics.bytes(), "publics")?;
            check::first_false(&verifying_key(&key), publics, proofs.bytes())
        })
    }
}
