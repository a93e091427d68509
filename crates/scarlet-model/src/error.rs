//! What can be wrong with a model.

use scarlet_frame::FrameError;

/// What can be wrong with a parameter, a source or a scene, and what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A value that its constraint does not allow.
    #[error(
        "{parameter}: value {value} at element {index} is outside its constraint, {constraint}; \
         move the start value inside or change the constraint"
    )]
    OutsideConstraint {
        /// Path of the parameter.
        parameter: String,
        /// Which element, counted from 0 in row order.
        index: usize,
        /// The value there.
        value: f64,
        /// What the constraint allows.
        constraint: String,
    },
    /// Anything else about one parameter: its value, its shape, its prior.
    #[error("{parameter}: {problem}")]
    Parameter {
        /// Path of the parameter.
        parameter: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Arguments of a prior or a transform that make no sense.
    #[error("{what}: {argument} is {value}; it must be {range}")]
    Argument {
        /// The prior or transform.
        what: &'static str,
        /// Which argument.
        argument: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        range: String,
    },
    /// Two shapes that must agree.
    #[error("{what}: {found} values where {expected} are needed")]
    Shape {
        /// What has the shape.
        what: String,
        /// What is needed.
        expected: usize,
        /// What is there.
        found: usize,
    },
    /// A source that cannot be added to the scene.
    #[error("source {source_name}: {problem}")]
    Source {
        /// Its name.
        source_name: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A path or pattern that names nothing.
    #[error("no parameter is called {path}; there are: {known}")]
    NoSuchPath {
        /// The path or pattern.
        path: String,
        /// Some of those that exist.
        known: String,
    },
    /// A scene file that cannot be read back.
    #[error("scene file, {place}: {problem}")]
    File {
        /// Where in the file.
        place: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Something about the frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
}
