//! The rules of the workspace that the compiler does not check.

mod deviations;
mod edges;
pub(crate) mod readme;
pub(crate) mod source;

use anyhow::Result;

use crate::workspace::Workspace;

/// Prints every broken rule; true where there is none.
pub(crate) fn run(workspace: &Workspace) -> Result<bool> {
    let checks = [
        ("crate edges", edges::check(&workspace.packages)),
        ("deviations", deviations::check(&workspace.root)?),
        ("README commands", readme::check(workspace)?),
        ("source files", source::check(&workspace.root)?),
    ];
    let mut clean = true;
    for (name, problems) in &checks {
        println!("tidy: {name}: {}", if problems.is_empty() { "ok" } else { "broken" });
        for problem in problems {
            println!("  {problem}");
        }
        clean &= problems.is_empty();
    }
    Ok(clean)
}
