//! The document that a scene file holds.

use super::kinds::{Kinds, StoredPart};
use super::{FORMAT, OfObservations, VERSION, file_error};
use crate::{Component, ModelError, Operation, Param, Parameters, Prior, Scene, Source, Step, Transform};
use ndarray::{ArrayD, IxDyn};
use scarlet_frame::{BBox, Frame};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Document {
    format: String,
    version: u32,
    frame: Frame,
    next: usize,
    sources: Vec<StoredSource>,
    #[serde(skip_deserializing, skip_serializing_if = "BTreeMap::is_empty")]
    observations: StoredObservations,
}

/// The parameters of observations, by the names of both.
type StoredObservations = BTreeMap<String, BTreeMap<String, StoredParam>>;

/// A document of which only the observations are read.
#[derive(Debug, Deserialize)]
pub(super) struct Observed {
    format: String,
    version: u32,
    #[serde(default)]
    observations: StoredObservations,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredSource {
    name: String,
    component: StoredComponent,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredComponent {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    center: Option<StoredParam>,
    spectrum: StoredKind,
    morphology: StoredKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bbox: Option<BBox>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    boxed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<StoredOperation>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredOperation {
    operation: Operation,
    component: StoredComponent,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredKind {
    kind: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    settings: Value,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<String, StoredParam>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredParam {
    shape: Vec<usize>,
    values: Vec<f64>,
    free: bool,
    #[serde(default = "identity", skip_serializing_if = "is_identity")]
    transform: Transform,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    prior: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<StoredStep>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredStep {
    Absolute(f64),
    Relative(f64),
}

const fn identity() -> Transform {
    Transform::Identity
}

fn is_identity(transform: &Transform) -> bool {
    *transform == Transform::Identity
}

impl Observed {
    pub(super) fn parameters(self) -> Result<OfObservations, ModelError> {
        check(&self.format, self.version)?;
        let read = |(name, own): (String, BTreeMap<String, StoredParam>)| {
            let param = |(of, param): (String, StoredParam)| {
                let param = param.into_param(&format!("observations.{name}.{of}"), &Kinds::default())?;
                Ok((of, param))
            };
            let own = own.into_iter().map(param).collect::<Result<_, ModelError>>()?;
            Ok((name, own))
        };
        self.observations.into_iter().map(read).collect()
    }
}

fn stored(observations: &OfObservations) -> Result<StoredObservations, ModelError> {
    let stored = |(name, own): (&String, &BTreeMap<String, Param>)| {
        let param = |(of, param): (&String, &Param)| {
            Ok((of.clone(), StoredParam::of(&format!("observations.{name}.{of}"), param)?))
        };
        Ok((name.clone(), own.iter().map(param).collect::<Result<_, ModelError>>()?))
    };
    observations.iter().map(stored).collect()
}

/// Checks that a document is one that can be read.
fn check(format: &str, version: u32) -> Result<(), ModelError> {
    if format != FORMAT {
        return Err(file_error("format", &format!("it is {format:?}, not {FORMAT:?}")));
    }
    if !(1..=VERSION).contains(&version) {
        let problem = format!("it is {version}, and this program reads 1 to {VERSION}; use a newer one");
        return Err(file_error("version", &problem));
    }
    Ok(())
}

impl Document {
    pub(super) fn of(scene: &Scene, observations: &OfObservations) -> Result<Self, ModelError> {
        let sources = scene.sources().map(|(name, source)| {
            let component = StoredComponent { name: None, ..StoredComponent::of(name, source.component())? };
            Ok(StoredSource { name: name.to_owned(), component })
        });
        Ok(Self {
            format: FORMAT.to_owned(),
            // what has nothing of version 2 is for older readers, too
            version: if observations.is_empty() { 1 } else { VERSION },
            frame: scene.frame().clone(),
            next: scene.next_name(),
            sources: sources.collect::<Result<_, ModelError>>()?,
            observations: stored(observations)?,
        })
    }

    pub(super) fn into_scene(self, kinds: &Kinds) -> Result<Scene, ModelError> {
        check(&self.format, self.version)?;
        let mut scene = Scene::new(self.frame)?;
        for StoredSource { name, component } in self.sources {
            let component = component.into_component(&name, kinds)?;
            scene.add(Source { component }.named(name))?;
        }
        scene.set_next_name(self.next);
        Ok(scene)
    }
}

impl StoredComponent {
    fn of(path: &str, component: &Component) -> Result<Self, ModelError> {
        let (spectrum, morphology) = (component.spectrum(), component.morphology());
        let parts = component.parts().iter().enumerate().map(|(k, (operation, part))| {
            let component = Self::of(&format!("{path}.{k}"), part)?;
            Ok(StoredOperation { operation: *operation, component })
        });
        Ok(Self {
            name: component.name.clone(),
            center: component.center().map(|c| StoredParam::of(&format!("{path}.center"), c)).transpose()?,
            spectrum: StoredKind::of(path, spectrum.kind(), spectrum.settings(), spectrum)?,
            morphology: StoredKind::of(path, morphology.kind(), morphology.settings(), morphology)?,
            bbox: component.bbox(),
            boxed: component.is_boxed,
            parts: parts.collect::<Result<_, ModelError>>()?,
        })
    }

    fn into_component(self, path: &str, kinds: &Kinds) -> Result<Component, ModelError> {
        let (spectrum, morphology) = (self.spectrum.kind.clone(), self.morphology.kind.clone());
        let spectrum = kinds.spectrum(&spectrum, &mut self.spectrum.into_part(path, kinds)?)?;
        let morphology = kinds.morphology(&morphology, &mut self.morphology.into_part(path, kinds)?)?;
        let mut component = Component::new(spectrum, morphology);
        component.name = self.name;
        component.bbox = self.bbox;
        component.is_boxed = self.boxed;
        component.center = self.center.map(|c| c.into_param(&format!("{path}.center"), kinds)).transpose()?;
        for (k, StoredOperation { operation, component: part }) in self.parts.into_iter().enumerate() {
            component = component.with(operation, part.into_component(&format!("{path}.{k}"), kinds)?);
        }
        Ok(component)
    }
}

impl StoredKind {
    fn of<P: Parameters + ?Sized>(
        path: &str,
        kind: &str,
        settings: Value,
        part: &P,
    ) -> Result<Self, ModelError> {
        let parameters = part.parameters().into_iter().map(|(name, param)| {
            Ok((name.to_owned(), StoredParam::of(&format!("{path}.{kind}.{name}"), param)?))
        });
        let parameters = parameters.collect::<Result<_, ModelError>>()?;
        Ok(Self { kind: kind.to_owned(), settings, parameters })
    }

    fn into_part(self, path: &str, kinds: &Kinds) -> Result<StoredPart, ModelError> {
        let place = format!("{path}, {}", self.kind);
        let parameters = self.parameters.into_iter().map(|(name, param)| {
            let param = param.into_param(&format!("{place}.{name}"), kinds)?;
            Ok((name, param))
        });
        let parameters = parameters.collect::<Result<_, ModelError>>()?;
        Ok(StoredPart::new(place, self.settings, parameters))
    }
}

impl StoredParam {
    fn of(path: &str, param: &Param) -> Result<Self, ModelError> {
        let prior = param.prior_ref().map_or(Value::Null, Prior::settings);
        if param.prior_ref().is_some() && prior.is_null() {
            let problem =
                "its prior has no stored form; take it off before saving and put it back after loading";
            return Err(file_error(path, problem));
        }
        let step = param.step_ref().map(|step| match step {
            Step::Absolute(length) => StoredStep::Absolute(length),
            Step::Relative(factor) => StoredStep::Relative(factor),
        });
        Ok(Self {
            shape: param.value().shape().to_vec(),
            values: param.values().to_vec(),
            free: param.is_free(),
            transform: param.transform_ref().clone(),
            prior,
            step,
        })
    }

    fn into_param(self, path: &str, kinds: &Kinds) -> Result<Param, ModelError> {
        let found = self.values.len();
        let value = ArrayD::from_shape_vec(IxDyn(&self.shape), self.values).map_err(|_| {
            file_error(path, &format!("{found} values do not fill the shape {:?}", self.shape))
        })?;
        let mut param = Param::fixed(value).transform(self.transform);
        if self.free {
            param = crate::free(param);
        }
        if !self.prior.is_null() {
            let prior = kinds.prior(&self.prior).map_err(|e| file_error(path, &e.to_string()))?;
            param = param.prior(prior);
        }
        Ok(match self.step {
            Some(StoredStep::Absolute(length)) => param.step(Step::Absolute(length)),
            Some(StoredStep::Relative(factor)) => param.step(Step::Relative(factor)),
            None => param,
        })
    }
}
