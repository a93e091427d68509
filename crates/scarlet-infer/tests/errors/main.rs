//! Errors of fits without sampling, beside closed forms and dense matrices.

mod dense;
mod images;
mod linear;
