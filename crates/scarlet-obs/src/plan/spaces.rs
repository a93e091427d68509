//! Buffers for rendering, one set for each thread.

use scarlet_render::{Pixel, Workers, Workspace};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Workspaces that any of several renderers can use, one for each thread.
#[derive(Debug)]
pub(super) struct Spaces<T>(Vec<Mutex<Workspace<T>>>);

impl<T: Pixel> Spaces<T> {
    /// As many as there are threads, large enough for each of `spaces`.
    pub(super) fn new(spaces: impl IntoIterator<Item = Workspace<T>>, workers: &Workers) -> Self {
        let mut largest = Workspace::default();
        spaces.into_iter().for_each(|space| largest.cover(&space));
        Self((0..workers.threads()).map(|_| Mutex::new(largest.clone())).collect())
    }

    /// The buffers of the thread that asks; never waits, since each thread has its own.
    pub(super) fn of(&self, workers: &Workers) -> MutexGuard<'_, Workspace<T>> {
        self.0[workers.current().min(self.0.len() - 1)].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
