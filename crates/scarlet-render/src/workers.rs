//! Threads that work on independent pieces: sources, channels.

use rayon::prelude::*;
use std::sync::Arc;

/// A number of threads, owned by whoever computes with them; there is no global pool.
///
/// The pieces never share sums, so the result does not depend on the number of threads.
#[derive(Debug, Clone, Default)]
pub struct Workers {
    pool: Option<Arc<rayon::ThreadPool>>,
}

impl Workers {
    /// `threads` threads; 0 means as many as there are cores, 1 the calling thread itself.
    ///
    /// Where the system gives no threads, the calling thread does all the work.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads == 0 { cores() } else { threads };
        let build = || rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok();
        let pool = if threads == 1 { None } else { build().map(Arc::new) };
        Self { pool }
    }

    /// Number of threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.pool.as_ref().map_or(1, |pool| pool.current_num_threads())
    }

    /// Index of the thread that asks among these threads; 0 for any other.
    #[must_use]
    pub fn current(&self) -> usize {
        self.pool.as_ref().and_then(|pool| pool.current_thread_index()).unwrap_or(0)
    }

    /// Runs `work` where [`Workers::for_each`] is cheap to call many times.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// Does both, at once where there is a thread for each.
    pub fn join(&self, a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
        match &self.pool {
            Some(pool) => pool.install(|| rayon::join(a, b)),
            None => (a(), b()),
        };
    }

    /// Calls `f` with each index below `count`.
    pub fn for_each_index(&self, count: usize, f: impl Fn(usize) + Sync + Send) {
        match &self.pool {
            Some(pool) => pool.install(|| (0..count).into_par_iter().for_each(f)),
            None => (0..count).for_each(f),
        }
    }

    /// Calls `f` with the index and a reference to each item.
    pub fn for_each<I: Send>(&self, items: &mut [I], f: impl Fn(usize, &mut I) + Sync + Send) {
        match &self.pool {
            Some(pool) => pool.install(|| items.par_iter_mut().enumerate().for_each(|(i, item)| f(i, item))),
            None => items.iter_mut().enumerate().for_each(|(i, item)| f(i, item)),
        }
    }

    /// Calls `f` with the index and each chunk of `len` elements.
    pub fn for_each_chunk<T: Send>(
        &self,
        data: &mut [T],
        len: usize,
        f: impl Fn(usize, &mut [T]) + Sync + Send,
    ) {
        match &self.pool {
            Some(pool) => {
                pool.install(|| {
                    data.par_chunks_exact_mut(len).enumerate().for_each(|(i, chunk)| f(i, chunk))
                });
            }
            None => data.chunks_exact_mut(len).enumerate().for_each(|(i, chunk)| f(i, chunk)),
        }
    }

    /// Calls `f` with the index, each item and its chunk of `len` elements.
    pub fn for_each_with_chunk<I: Send, T: Send>(
        &self,
        items: &mut [I],
        data: &mut [T],
        len: usize,
        f: impl Fn(usize, &mut I, &mut [T]) + Sync + Send,
    ) {
        match &self.pool {
            Some(pool) => pool.install(|| {
                let both = items.par_iter_mut().zip(data.par_chunks_exact_mut(len)).enumerate();
                both.for_each(|(i, (item, chunk))| f(i, item, chunk));
            }),
            None => {
                let both = items.iter_mut().zip(data.chunks_exact_mut(len)).enumerate();
                both.for_each(|(i, (item, chunk))| f(i, item, chunk));
            }
        }
    }
}
