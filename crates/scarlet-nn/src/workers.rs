//! Threads that share out the examples of a batch.

use crate::NnError;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads of which each sees a pool of one, so that dfdx's matrix products stay on it.
#[derive(Debug)]
pub(crate) struct Workers {
    pools: Vec<ThreadPool>,
}

impl Workers {
    pub(crate) fn new(threads: usize) -> Result<Self, NnError> {
        let pool = || ThreadPoolBuilder::new().num_threads(1).build();
        let pools = (0..threads.max(1)).map(|_| pool()).collect::<Result<Vec<_>, _>>();
        let pools =
            pools.map_err(|e| NnError::Training { problem: format!("no thread could be started: {e}") })?;
        Ok(Self { pools })
    }

    /// What `piece` makes of 0, 1, ..., `count` - 1, in this order.
    pub(crate) fn map<T: Send>(
        &self,
        count: usize,
        piece: impl Fn(usize) -> Result<T, NnError> + Sync,
    ) -> Result<Vec<T>, NnError> {
        let mut all: Vec<Option<Result<T, NnError>>> = (0..count).map(|_| None).collect();
        let share = count.div_ceil(self.pools.len());
        let piece = &piece;
        std::thread::scope(|scope| {
            for (w, (pool, slots)) in self.pools.iter().zip(all.chunks_mut(share.max(1))).enumerate() {
                let work = move || {
                    for (k, slot) in slots.iter_mut().enumerate() {
                        *slot = Some(piece(w * share + k));
                    }
                };
                scope.spawn(move || pool.install(work));
            }
        });
        all.into_iter().flatten().collect()
    }
}
