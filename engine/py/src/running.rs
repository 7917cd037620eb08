//! Work without the interpreter: in the engine's pool, stopped by signals, its errors those of zk.errors.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use zkmargin_core as core;
use zkmargin_core::threads::Cancel;

/// Runs `work` in the engine's pool without the interpreter; a panic is an error like another.
pub fn run<T: Send>(py: Python<'_>, work: impl FnOnce() -> core::Result<T> + Send) -> PyResult<T> {
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
pub fn run_long<T: Send>(
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
pub fn raise(py: Python<'_>, error: &core::Error) -> PyErr {
    let errors = py.import("zk.errors");
    let class = |name: &str| errors.and_then(|errors| errors.getattr(name));
    let made = match error {
        core::Error::Argument(message) => class("EngineError").and_then(|c| c.call1((message,))),
        core::Error::BadPoint(message) => class("BadPoint").and_then(|c| c.call1((message,))),
        core::Error::Unsatisfied(row) => class("UnsatisfiedRow").and_then(|c| c.call1((*row,))),
        core::Error::Cancelled => return PyKeyboardInterrupt::new_err(()),
    };
    match made {
        Ok(instance) => PyErr::from_value(instance),
        Err(error) => error,
    }
}
