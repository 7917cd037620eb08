//! Python buffers as byte slices, without a copy.
//!
//! zk/engine.py hands every array over as one-dimensional bytes, wherever they lie (a section of a
//! mapped file starts at any address), and allocates every output itself.

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A buffer to read.
pub struct In(PyBuffer<u8>);

/// A buffer to write.
pub struct Out(PyBuffer<u8>);

impl<'a, 'py> FromPyObject<'a, 'py> for In {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        contiguous(PyBuffer::get(&object)?).map(In)
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Out {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let buffer = contiguous(PyBuffer::get(&object)?)?;
        if buffer.readonly() {
            return Err(PyValueError::new_err("the output is read-only"));
        }
        Ok(Out(buffer))
    }
}

fn contiguous(buffer: PyBuffer<u8>) -> PyResult<PyBuffer<u8>> {
    if buffer.is_c_contiguous() {
        Ok(buffer)
    } else {
        Err(PyValueError::new_err("the buffer is not contiguous"))
    }
}

impl In {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        if self.0.len_bytes() == 0 {
            return &[];
        }
        // SAFETY: the exporter keeps `len_bytes` contiguous bytes alive and in place for as long as the
        // buffer is held, which `self` outlives. zk/engine.py shares no array with a writer during the
        // call; a program that wrote to one from another thread would get a wrong result, never an
        // access out of bounds, because the core copies an index before it checks and uses it.
        unsafe { std::slice::from_raw_parts(self.0.buf_ptr().cast(), self.0.len_bytes()) }
    }
}

impl Out {
    /// The bytes.
    pub fn bytes(&mut self) -> &mut [u8] {
        if self.0.len_bytes() == 0 {
            return &mut [];
        }
        // SAFETY: as for `In`, and the buffer is writable; zk/engine.py has just allocated it and passes
        // it once, so nothing else reads or writes it.
        unsafe { std::slice::from_raw_parts_mut(self.0.buf_ptr().cast(), self.0.len_bytes()) }
    }
}
