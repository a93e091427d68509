//! The report: its text, and how a browser shows it.

mod browser;
mod cases;
mod page;
