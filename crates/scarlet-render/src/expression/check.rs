//! Runs an expression once before it is trusted, and says what is wrong with it.

use scarlet_model::ModelError;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `trial`; a complaint or a panic becomes an error that names `kind`.
pub(super) fn check<R>(kind: &str, trial: impl FnOnce() -> Result<R, String>) -> Result<R, ModelError> {
    let outcome = catch_unwind(AssertUnwindSafe(trial)).unwrap_or_else(|panic| Err(explain(&*panic)));
    outcome.map_err(|problem| ModelError::Parameter { parameter: kind.to_owned(), problem })
}

/// What a panic inside a closure was about, and what to do.
fn explain(panic: &dyn Any) -> String {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    if message.contains("left != right") && message.contains("UniqueId") {
        return "a dfdx tensor is used twice in one operation (like x.with_empty_tape() * x), of which dfdx cannot \
                take the gradient; write x.square(), use expression::duplicate(x), or stay with Expr, \
                which may be used any number of times"
            .to_owned();
    }
    format!("the expression panicked: {message}")
}

/// The first value that is not finite.
pub(super) fn first_bad(values: &[f64]) -> Option<usize> {
    values.iter().position(|v| !v.is_finite())
}
