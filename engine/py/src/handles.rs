//! What is checked once and used many times: frozen handles, each a Python class.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zkmargin_core::bytes::Scalars;
use zkmargin_core::prepared::Prepared;
use zkmargin_core::witness::{Plan, Program};

use crate::buffer::{In, Out};
use crate::parts::{matrix, system, Matrix, System};
use crate::running::{raise, run, run_long};

/// A witness program, checked and lowered; holds no value of any run.
#[pyclass(frozen, module = "_engine")]
pub struct PreparedProgram(Plan);

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
            let program = Program::new(code.bytes(), pool, table.bytes(), r1cs.n_wires)?;
            Plan::new(&r1cs, &program, n_inputs).map(PreparedProgram)
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

/// A prepared key and the buffer that it lies in.
#[pyclass(frozen, module = "_engine")]
pub struct PreparedKey {
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
        let parts = parts.map_err(|error| raise(py, &error))?;
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
