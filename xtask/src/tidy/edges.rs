//! Which crate may depend on which.

use crate::workspace::Package;

/// Every member with the members that it may depend on, and its outside crates that nobody else may have.
///
/// One direction: frame, model, render, obs, infer, scarlet, cli; nn hangs on the model.
const LAYERS: &[(&str, &[&str])] = &[
    ("scarlet-frame", &[]),
    ("scarlet-model", &["scarlet-frame"]),
    ("scarlet-render", &["scarlet-frame", "scarlet-model"]),
    ("scarlet-obs", &["scarlet-frame", "scarlet-model", "scarlet-render"]),
    ("scarlet-infer", &["scarlet-frame", "scarlet-model", "scarlet-render", "scarlet-obs"]),
    ("scarlet-nn", &["scarlet-frame", "scarlet-model", "scarlet-render"]),
    (
        "scarlet",
        &["scarlet-frame", "scarlet-model", "scarlet-render", "scarlet-obs", "scarlet-infer", "scarlet-nn"],
    ),
    ("scarlet-cli", &["scarlet"]),
    ("xtask", &[]),
];

/// Outside crates that belong to one place: the FITS library, the tape, the sampler, the parts of the program.
const OWNED: &[(&str, &[&str])] = &[
    ("fitsio", &["scarlet-obs"]),
    ("fitsio-sys", &["scarlet-obs"]),
    ("dfdx", &["scarlet-render", "scarlet-nn"]),
    ("nuts-rs", &["scarlet-infer"]),
    ("clap", &["scarlet-cli", "xtask"]),
    ("indicatif", &["scarlet-cli"]),
    ("miette", &["scarlet-cli"]),
];

/// Normal dependencies that break the layers, one sentence each.
pub(crate) fn check(packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    for package in packages {
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == package.name) else {
            problems.push(format!("{}: not in the list of layers; add it to tidy's LAYERS", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| d.kind.is_none()) {
            let is_member = LAYERS.iter().any(|(name, _)| *name == dependency.name);
            if is_member && !allowed.contains(&dependency.name.as_str()) {
                problems.push(format!("{} must not depend on {}", package.name, dependency.name));
            }
            let owners = OWNED.iter().find(|(name, _)| *name == dependency.name).map(|(_, owners)| owners);
            if owners.is_some_and(|owners| !owners.contains(&package.name.as_str())) {
                problems.push(format!("{} must not depend on {}", package.name, dependency.name));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        let dependencies = dependencies
            .iter()
            .map(|(name, kind)| Dependency { name: (*name).to_owned(), kind: kind.map(str::to_owned) })
            .collect();
        Package { name: name.to_owned(), dependencies, targets: Vec::new() }
    }

    #[test]
    fn edges_downwards_pass() {
        let packages = [
            package("scarlet-obs", &[("scarlet-frame", None), ("scarlet-render", None), ("fitsio", None)]),
            package("scarlet-cli", &[("scarlet", None), ("serde", None)]),
        ];
        assert!(check(&packages).is_empty());
    }

    #[test]
    fn an_edge_upwards_is_named() {
        let problems = check(&[package("scarlet-model", &[("scarlet-render", None)])]);
        assert_eq!(problems, ["scarlet-model must not depend on scarlet-render"]);
    }

    #[test]
    fn the_program_sees_the_facade_only() {
        assert_eq!(check(&[package("scarlet-cli", &[("scarlet-obs", None)])]).len(), 1);
    }

    #[test]
    fn development_dependencies_are_free() {
        assert!(check(&[package("scarlet-model", &[("scarlet-render", Some("dev"))])]).is_empty());
    }

    #[test]
    fn files_are_read_in_one_place() {
        assert_eq!(check(&[package("scarlet-infer", &[("fitsio", None)])]).len(), 1);
    }

    #[test]
    fn an_unknown_member_must_be_placed() {
        assert_eq!(check(&[package("scarlet-new", &[])]).len(), 1);
    }
}
