//! What is wrong, or looks wrong, with data, scenes and fits: findings that say what, where and what to do.

mod finding;

pub use finding::{Finding, Severity};
