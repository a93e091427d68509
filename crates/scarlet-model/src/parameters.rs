//! Whoever owns parameters names them.

use crate::Param;

/// The parameters of a spectrum or a morphology, always in the same order.
///
/// A part that *is* its one parameter (an image, an array of fluxes) calls it `""`: its path is then that of
/// the part, `nucleus.spectrum`.
pub trait Parameters {
    /// Names and parameters.
    fn parameters(&self) -> Vec<(&str, &Param)>;

    /// The same, to change.
    fn parameters_mut(&mut self) -> Vec<(&str, &mut Param)>;
}

/// Implements [`Parameters`] for a struct from a list of its fields: `parameters!(Sersic { n, size })`, or
/// for a struct that is one parameter: `parameters!(Image { image => "" })`.
#[macro_export]
macro_rules! parameters {
    ($type:ty { $($field:ident $(=> $name:literal)?),* $(,)? }) => {
        impl $crate::Parameters for $type {
            fn parameters(&self) -> Vec<(&str, &$crate::Param)> {
                vec![$(($crate::parameters!(@name $field $($name)?), &self.$field)),*]
            }
            fn parameters_mut(&mut self) -> Vec<(&str, &mut $crate::Param)> {
                vec![$(($crate::parameters!(@name $field $($name)?), &mut self.$field)),*]
            }
        }
    };
    (@name $field:ident $name:literal) => { $name };
    (@name $field:ident) => { stringify!($field) };
}
