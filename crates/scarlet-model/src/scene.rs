//! Scenes: a frame and the sources in it.

use crate::glob::matches;
use crate::{ModelError, Param, Role, Source};
use scarlet_frame::{BBox, Frame};
use std::collections::HashSet;

/// A model of the sky: a frame and named sources; a value, whose clone shares nothing with it.
///
/// ```
/// use scarlet_model::{Scene, Source, free, relative};
/// use scarlet_frame::{Frame, Psf};
/// let frame = Frame::new([30, 30]).channels(["g", "r"]).psf(Psf::gaussian(0.7)?);
/// let mut scene = Scene::new(frame)?;
/// scene.add(Source::point([14.2, 15.0], [3.0, 4.0]).named("star"))?;
/// scene.edit("star.center", |center| center.clone().freeze())?;
/// assert!(!scene.param("star.center")?.is_free());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Scene {
    frame: Frame,
    sources: Vec<(String, Source)>,
    added: usize,
}

impl Scene {
    /// An empty scene in `frame`.
    ///
    /// # Errors
    /// The frame is not valid.
    pub fn new(frame: Frame) -> Result<Self, ModelError> {
        frame.validate()?;
        Ok(Self { frame, sources: Vec::new(), added: 0 })
    }

    /// The frame in which everything is modelled.
    #[must_use]
    pub const fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Names and sources, in the order in which they were added.
    pub fn sources(&self) -> impl ExactSizeIterator<Item = (&str, &Source)> {
        self.sources.iter().map(|(name, source)| (name.as_str(), source))
    }

    /// The source called `name`.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|(n, _)| n == name).map(|(_, source)| source)
    }

    /// Number of sources.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there is no source.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Adds a source, turning sky units into pixels, and returns its name.
    ///
    /// Names count up from 0 where none was given, and are never given again.
    ///
    /// # Errors
    /// A name that is taken or has a dot in it, a source outside the frame, a spectrum that does not fit the
    /// channels, values that are not finite or outside their constraint, sky units without a WCS.
    pub fn add(&mut self, source: Source) -> Result<String, ModelError> {
        let number = (self.added..).find(|k| self.source(&k.to_string()).is_none()).unwrap_or(self.added);
        let given = source.component.name.clone();
        let next = if given.is_some() { self.added + 1 } else { number + 1 };
        let name = given.unwrap_or_else(|| number.to_string());
        self.check_name(&name)?;
        let source = self.resolved(&name, source)?;
        self.sources.push((name.clone(), source));
        self.added = next;
        Ok(name)
    }

    /// Puts `source` in the place of the one called `name`; the others keep all they have.
    ///
    /// # Errors
    /// There is no such source, or the new one is not valid (see [`Scene::add`]).
    pub fn replace(&mut self, name: &str, source: Source) -> Result<(), ModelError> {
        let index = self.index(name)?;
        self.sources[index].1 = self.resolved(name, source)?;
        Ok(())
    }

    /// Takes the source called `name` out; the others keep all they have.
    ///
    /// # Errors
    /// There is no such source.
    pub fn remove(&mut self, name: &str) -> Result<Source, ModelError> {
        let index = self.index(name)?;
        Ok(self.sources.remove(index).1)
    }

    /// Paths and parameters, fixed ones included, in the order of the flat layout.
    #[must_use]
    pub fn params(&self) -> Vec<(String, &Param)> {
        let mut all = Vec::new();
        self.visit(&mut |path, _, param| all.push((path, param)));
        all
    }

    /// Calls `f` with path, role and parameter of each parameter, in the order of the flat layout.
    pub(crate) fn visit<'a>(&'a self, f: &mut dyn FnMut(String, Role, &'a Param)) {
        for (name, source) in &self.sources {
            source.component.visit(name, f);
        }
    }

    /// The parameter at `path`.
    ///
    /// # Errors
    /// No parameter has this path.
    pub fn param(&self, path: &str) -> Result<&Param, ModelError> {
        let found = self.params().into_iter().find(|(p, _)| p == path);
        found.map(|(_, param)| param).ok_or_else(|| self.no_such(path))
    }

    /// Replaces the parameter at `path` by what `change` makes of it.
    ///
    /// Where its value changes, the boxes of its source follow, but those that were asked for.
    ///
    /// # Errors
    /// No parameter has this path, or the new one is not valid.
    pub fn edit(&mut self, path: &str, change: impl Fn(&Param) -> Param) -> Result<(), ModelError> {
        self.edit_matching(path, &|p| p == path, &change).map(|_| ())
    }

    /// Replaces all parameters whose path matches `pattern` (`*` stands for any text), and counts them.
    ///
    /// # Errors
    /// No parameter matches, or a new one is not valid.
    pub fn edit_all(&mut self, pattern: &str, change: impl Fn(&Param) -> Param) -> Result<usize, ModelError> {
        self.edit_matching(pattern, &|path| matches(pattern, path), &change)
    }

    /// Gives the free-form image whose parameter is at `path` a box of another `shape` around the same pixel.
    ///
    /// Pixels in both boxes keep their values, new ones continue what is at the edge, fainter with every pixel. The
    /// shape should differ by even numbers, so that the centre stays in the middle. Says whether it did so: not where
    /// the box was asked for ([`Source::boxed`](crate::Source::boxed)) or the image is on no grid of pixels.
    ///
    /// # Errors
    /// No parameter has this path, or the new image is not valid.
    pub fn regrid(&mut self, path: &str, shape: [usize; 2]) -> Result<bool, ModelError> {
        let name = path.split('.').next().unwrap_or(path);
        let index = self.index(name)?;
        let mut source = self.sources[index].1.clone();
        if !source.component.regrid(name, path, shape) {
            self.param(path)?;
            return Ok(false);
        }
        self.sources[index].1 = self.resolved(name, source)?;
        Ok(true)
    }

    /// Calls `f` with the path and values of each parameter, to set them; shapes stay.
    pub fn set_values(&mut self, mut f: impl FnMut(&str, &mut [f64])) {
        for (name, source) in &mut self.sources {
            source.component.visit_mut(name, &mut |path, param| f(&path, param.values_mut()));
        }
    }

    /// The number that the next source without a name is called by.
    pub(crate) const fn next_name(&self) -> usize {
        self.added
    }

    pub(crate) const fn set_next_name(&mut self, next: usize) {
        self.added = next;
    }

    fn edit_matching(
        &mut self,
        wanted: &str,
        is_wanted: &dyn Fn(&str) -> bool,
        change: &dyn Fn(&Param) -> Param,
    ) -> Result<usize, ModelError> {
        let mut edited = self.clone();
        let mut count = 0;
        for (name, source) in &mut edited.sources {
            let mut has_new_values = false;
            source.component.visit_mut(name, &mut |path, param| {
                if is_wanted(&path) {
                    let changed = change(param);
                    has_new_values |= changed.value() != param.value() || changed.unit() != param.unit();
                    *param = changed;
                    count += 1;
                }
            });
            if has_new_values {
                source.component.release_boxes();
            }
        }
        if count == 0 {
            return Err(self.no_such(wanted));
        }
        for (name, source) in std::mem::take(&mut edited.sources) {
            let source = edited.resolved(&name, source)?;
            edited.sources.push((name, source));
        }
        *self = edited;
        Ok(count)
    }

    fn index(&self, name: &str) -> Result<usize, ModelError> {
        self.sources.iter().position(|(n, _)| n == name).ok_or_else(|| ModelError::Source {
            source_name: name.to_owned(),
            problem: "no source has this name".to_owned(),
        })
    }

    fn check_name(&self, name: &str) -> Result<(), ModelError> {
        let problem = if name.is_empty() || name.contains(['.', '*']) {
            "a name must not be empty nor hold '.' or '*'"
        } else if self.sources.iter().any(|(n, _)| n == name) {
            "a source of this name is there already; names must differ"
        } else {
            return Ok(());
        };
        Err(ModelError::Source { source_name: name.to_owned(), problem: problem.to_owned() })
    }

    fn resolved(&self, name: &str, mut source: Source) -> Result<Source, ModelError> {
        let origin = self.frame.bbox().center().map(|c| c as f64);
        source.component.resolve(name, origin, &self.frame)?;
        source.component.visit_mut(name, &mut |_, param| param.follow_prior());
        let mut checked = Ok(());
        source.component.visit_boxes(name, &mut |path, bbox| {
            if checked.is_ok() {
                checked = self.check_inside(path, bbox);
            }
        });
        let mut paths = HashSet::new();
        source.component.visit(name, &mut |path, _, param| {
            if checked.is_ok() {
                checked = param.check(&path);
            }
            if checked.is_ok() && !paths.insert(path.clone()) {
                let problem = format!("it has two parameters called {path}; give its parts other names");
                checked = Err(ModelError::Source { source_name: name.to_owned(), problem });
            }
        });
        checked.map(|()| source)
    }

    fn check_inside(&self, name: &str, bbox: Option<BBox>) -> Result<(), ModelError> {
        let frame = self.frame.bbox();
        if bbox.is_some_and(|b| b.intersection(frame).is_some()) {
            return Ok(());
        }
        let bbox = bbox.map_or_else(String::new, |b| b.to_string());
        Err(ModelError::Source {
            source_name: name.to_owned(),
            problem: format!("its box {bbox} is outside the frame {frame}; check its centre, it is (y, x)"),
        })
    }

    fn no_such(&self, path: &str) -> ModelError {
        const SHOWN: usize = 12;
        let mut known: Vec<String> = self.params().into_iter().map(|(p, _)| p).take(SHOWN + 1).collect();
        if known.len() > SHOWN {
            known[SHOWN] = "...".to_owned();
        }
        ModelError::NoSuchPath { path: path.to_owned(), known: known.join(", ") }
    }
}
