//! The Python face of the engine: each function takes buffers, lets go of the interpreter, calls the
//! core, and maps its errors to zk.errors. It holds no logic; zk/_engine.pyi is its typed form.

mod buffer;

#[global_allocator]
static ALLOCATOR: zkmargin_core::heap::Allocator = zkmargin_core::heap::Allocator;

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use pyo3::prelude::*;
use zkmargin_core as core;
use zkmargin_core::bytes::Scalars;
use zkmargin_core::prepared::{Intervals, Plan, Prepared, Source};
use zkmargin_core::threads::Cancel;
use zkmargin_core::{curve, keygen as setup, prove as groth16, verify as check, G1, G2};

use buffer::{In, Out};

/// offsets, wires, coeffs.
type Matrix = (In, In, In);

/// n_wires, n_publics, A, B, C, table.
type System = (usize, usize, Matrix, Matrix, Matrix, In);

fn matrix(parts: &Matrix) -> [&[u8]; 3] {
    [parts.0.bytes(), parts.1.bytes(), parts.2.bytes()]
}

fn system(parts: &System) -> core::Result<core::r1cs::R1cs<'_>> {
    let matrices = [&parts.2, &parts.3, &parts.4].map(matrix);
    core::r1cs::R1cs::new(parts.0, parts.1, matrices, parts.5.bytes())
}

fn proving_key(sizes: (usize, usize, usize), key: &[In; 8]) -> groth16::ProvingKey<'_> {
    let [g1, g2, coefficients, a, b1, b2, c, h] = key.each_ref().map(In::bytes);
    groth16::ProvingKey {
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

/// Runs `work` in the engine's pool without the interpreter; a panic is an error like another.
fn run<T: Send>(py: Python<'_>, work: impl FnOnce() -> core::Result<T> + Send) -> PyResult<T> {
    let outcome = py.detach(|| catch_unwind(AssertUnwindSafe(|| core::threads::install(work))));
    match outcome {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(error)) | Err(error)) => Err(raise(py, &error)),
        Err(_) => Err(raise(py, &internal())),
    }
}

/// How long `run_long` works before it looks for a signal.
const PATIENCE: Duration = Duration::from_millis(50);

/// As `run`, and stops soon after a signal whose handler raises, such as the one of Ctrl-C.
///
/// Only the main thread of an interpreter handles signals; elsewhere this is `run`.
fn run_long<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&Cancel) -> core::Result<T> + Send,
) -> PyResult<T> {
    let cancel = Cancel::new();
    let (outcome, raised) = py.detach(|| {
        std::thread::scope(|scope| {
            let (send, receive) = std::sync::mpsc::channel();
            let cancel = &cancel;
            scope.spawn(move || {
                let work = || core::threads::install(|| work(cancel));
                // The receiver outlives this thread.
                let _ = send.send(catch_unwind(AssertUnwindSafe(work)));
            });
            let mut raised = None;
            loop {
                match receive.recv_timeout(PATIENCE) {
                    Ok(outcome) => return (Some(outcome), raised),
                    Err(RecvTimeoutError::Disconnected) => return (None, raised),
                    Err(RecvTimeoutError::Timeout) if raised.is_none() => {
                        raised = Python::attach(|py| py.check_signals()).err();
                        if raised.is_some() {
                            cancel.set();
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
        })
    });
    match (raised, outcome) {
        (Some(error), _) => Err(error),
        (None, Some(Ok(Ok(Ok(value))))) => Ok(value),
        (None, Some(Ok(Ok(Err(error)) | Err(error)))) => Err(raise(py, &error)),
        (None, Some(Err(_)) | None) => Err(raise(py, &internal())),
    }
}

fn internal() -> core::Error {
    core::Error::Argument("internal error in the engine".into())
}

/// The one error map.
fn raise(py: Python<'_>, error: &core::Error) -> PyErr {
    let errors = py.import("zk.errors");
    let class = |name: &str| errors.and_then(|errors| errors.getattr(name));
    let made = match error {
        core::Error::Argument(message) => class("EngineError").and_then(|c| c.call1((message,))),
        core::Error::BadPoint(message) => class("BadPoint").and_then(|c| c.call1((message,))),
        core::Error::Unsatisfied(row) => class("UnsatisfiedRow").and_then(|c| c.call1((*row,))),
        core::Error::Cancelled => return pyo3::exceptions::PyKeyboardInterrupt::new_err(()),
    };
    match made {
        Ok(instance) => PyErr::from_value(instance),
        Err(error) => error,
    }
}

/// The native half of zk/engine.py.
#[pymodule]
mod _engine {
    use super::{
        check, core, curve, groth16, matrix, proving_key, run, run_long, setup, system, In,
        Intervals, Matrix, Out, Plan, Prepared, PyResult, Python, Scalars, Source, System, G1, G2,
    };
    use pyo3::types::{PyByteArray, PyBytes};
    use pyo3::{pyclass, pyfunction, pymethods, Bound};

    #[pyfunction]
    fn set_threads(py: Python<'_>, n: usize) -> PyResult<()> {
        core::threads::set_threads(n).map_err(|error| super::raise(py, &error))
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

    /// A witness program, checked and lowered; holds no value of any run.
    #[pyclass(frozen)]
    struct PreparedProgram(core::witness::Plan);

    #[pymethods]
    impl PreparedProgram {
        #[new]
        fn new(
            py: Python<'_>,
            r1cs: System,
            code: In,
            pool: Matrix,
            table: In,
            n_inputs: usize,
        ) -> PyResult<Self> {
            run(py, || {
                let r1cs = system(&r1cs)?;
                let pool = matrix(&pool);
                let program =
                    core::witness::Program::new(code.bytes(), pool, table.bytes(), r1cs.n_wires)?;
                core::witness::Plan::new(&r1cs, &program, n_inputs).map(PreparedProgram)
            })
        }

        #[getter]
        fn n_wires(&self) -> usize {
            self.0.n_wires
        }

        #[getter]
        fn n_inputs(&self) -> usize {
            self.0.n_inputs
        }

        /// m accounts, one after another in `inputs` and in `out`.
        fn run(&self, py: Python<'_>, m: usize, inputs: In, mut out: Out) -> PyResult<()> {
            run(py, || {
                let inputs = Scalars::new(inputs.bytes(), "inputs")?;
                self.0.run_many(m, inputs, out.bytes())
            })
        }
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

    /// A prepared key and the buffer that it lies in.
    #[pyclass(frozen)]
    struct PreparedKey {
        file: In,
        key: Prepared,
    }

    #[pymethods]
    impl PreparedKey {
        #[new]
        fn new(py: Python<'_>, data: In) -> PyResult<Self> {
            let key = run(py, || Prepared::open(data.bytes()))?;
            Ok(PreparedKey { file: data, key })
        }

        #[getter]
        fn n_wires(&self) -> usize {
            self.key.n_wires()
        }

        #[getter]
        fn n_publics(&self) -> usize {
            self.key.n_publics()
        }

        #[getter]
        fn domain_size(&self) -> usize {
            self.key.domain_size()
        }

        #[getter]
        fn is_typed(&self) -> bool {
            self.key.is_typed()
        }

        #[getter]
        fn digest<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
            PyBytes::new(py, self.key.digest())
        }

        /// alpha1, beta2, gamma2, delta2, ic.
        fn verifying_key<'py>(&self, py: Python<'py>) -> PyResult<[Bound<'py, PyBytes>; 5]> {
            let parts = self.key.verifying_key(self.file.bytes());
            let parts = parts.map_err(|error| super::raise(py, &error))?;
            Ok(parts.map(|part| PyBytes::new(py, part)))
        }

        /// Additions by class, for tests.
        fn additions(&self, py: Python<'_>, witness: In) -> PyResult<Vec<u64>> {
            run(py, || {
                let witness = Scalars::new(witness.bytes(), "witness")?;
                let work = self.key.additions(self.file.bytes(), witness)?;
                Ok(work.to_vec())
            })
        }

        fn prove(&self, py: Python<'_>, witness: In, mut out: Out) -> PyResult<()> {
            run_long(py, |cancel| {
                let witness = Scalars::new(witness.bytes(), "witness")?;
                self.key
                    .prove(self.file.bytes(), witness, out.bytes(), cancel)
            })
        }
    }

    /// `key`: alpha1, beta2, gamma2, delta2, ic.
    #[pyfunction]
    fn verify(py: Python<'_>, key: [In; 5], publics: In, proof: In) -> PyResult<bool> {
        run(py, || {
            let [alpha1, beta, gamma, delta, ic] = key.each_ref().map(In::bytes);
            let key = check::VerifyingKey {
                alpha1,
                g2: [beta, gamma, delta],
                ic,
            };
            let publics = Scalars::new(publics.bytes(), "publics")?;
            check::verify(&key, publics, proof.bytes())
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
            let [alpha1, beta, gamma, delta, ic] = key.each_ref().map(In::bytes);
            let key = check::VerifyingKey {
                alpha1,
                g2: [beta, gamma, delta],
                ic,
            };
            let publics = Scalars::new(publics.bytes(), "publics")?;
            check::first_false(&key, publics, proofs.bytes())
        })
    }
}
