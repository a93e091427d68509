//! Errors of fits without sampling, beside closed forms and dense matrices.

mod dense;
mod derived;
mod images;
mod linear;
