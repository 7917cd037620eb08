//! The engine's own thread pool, made anew after a fork.
//!
//! A forked child inherits a pool whose threads do not exist and would wait for them forever, so the
//! pool is kept with the process id that made it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{ensure, Error, Result};

/// More threads than this is a mistake, not a machine.
const MAX_THREADS: usize = 1024;

/// A request to stop, shared by the caller and the work; clones are the same request.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Not asked to stop yet.
    pub fn new() -> Self {
        Cancel::default()
    }

    /// Asks the work to stop; it does at its next look.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// `Err(Cancelled)` when it is time to stop.
    pub fn look(&self) -> Result<()> {
        if self.is_set() {
            Err(Error::Cancelled)
        } else {
            Ok(())
        }
    }
}

struct State {
    threads: usize,
    made_by: u32,
    pool: Option<Arc<ThreadPool>>,
}

static STATE: Mutex<State> = Mutex::new(State {
    threads: 0,
    made_by: 0,
    pool: None,
});

/// Use `n` threads from now on; 0 means one for each processor.
pub fn set_threads(n: usize) -> Result<()> {
    ensure(n <= MAX_THREADS, || {
        format!("at most {MAX_THREADS} threads")
    })?;
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if state.threads != n {
        state.threads = n;
        state.pool = None;
    }
    Ok(())
}

/// Run `work` inside the pool.
pub fn install<R: Send>(work: impl FnOnce() -> R + Send) -> Result<R> {
    let pool = {
        let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
        let process = std::process::id();
        match &state.pool {
            Some(pool) if state.made_by == process => Arc::clone(pool),
            _ => {
                let pool = ThreadPoolBuilder::new()
                    .num_threads(state.threads)
                    .thread_name(|i| format!("zkmargin-{i}"))
                    .build()
                    .map_err(|e| Error::Argument(format!("no thread pool: {e}")))?;
                let pool = Arc::new(pool);
                // The parent's pool is leaked in a child: dropping it would join threads that are not there.
                if let Some(old) = state.pool.replace(Arc::clone(&pool)) {
                    if state.made_by != process {
                        std::mem::forget(old);
                    }
                }
                state.made_by = process;
                pool
            }
        }
    };
    Ok(pool.install(work))
}
