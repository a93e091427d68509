//! The program `scarlet`.
fn main() {}
