//! Numbers that begin where a cache line does.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest vectors: those that cross lines are read twice.
const LINE: usize = 64;

/// A fixed number of `E`, the first at the beginning of a cache line.
#[derive(Debug)]
pub(super) struct Aligned<E> {
    padded: Vec<E>,
    len: usize,
}

impl<E: Copy + Default> Aligned<E> {
    pub(super) fn zeros(len: usize) -> Self {
        Self { padded: vec![E::default(); len + LINE / size_of::<E>().max(1)], len }
    }

    fn start(&self) -> usize {
        let offset = self.padded.as_ptr().align_offset(LINE);
        if offset <= self.padded.len() - self.len { offset } else { 0 }
    }
}

impl<E: Copy + Default> From<&[E]> for Aligned<E> {
    fn from(values: &[E]) -> Self {
        let mut aligned = Self::zeros(values.len());
        aligned.copy_from_slice(values);
        aligned
    }
}

impl<E: Copy + Default> Clone for Aligned<E> {
    fn clone(&self) -> Self {
        Self::from(&**self)
    }
}

impl<E: Copy + Default> Deref for Aligned<E> {
    type Target = [E];

    fn deref(&self) -> &[E] {
        let start = self.start();
        &self.padded[start..start + self.len]
    }
}

impl<E: Copy + Default> DerefMut for Aligned<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        let start = self.start();
        &mut self.padded[start..start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_begin_with_a_line_too() {
        for len in [1, 7, 1000] {
            let values: Vec<f32> = (0..len).map(|k| k as f32).collect();
            let aligned = Aligned::from(values.as_slice());
            let copy = aligned.clone();
            for own in [&aligned, &copy] {
                assert_eq!(**own, values[..]);
                assert!((own.as_ptr() as usize).is_multiple_of(LINE));
            }
        }
    }
}
