//! Radial profiles.
