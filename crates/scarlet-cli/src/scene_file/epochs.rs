//! Epochs: one entry of a scene file that stands for many exposures, and which of them the model tells apart.

use super::observations::{ChannelSpec, EpochsSpec, ObservationSpec, Place};
use super::{NoiseSpec, PsfSpec, SceneFile};
use crate::error::CliError;
use scarlet::frame::Channel;
use std::collections::BTreeSet;
use std::path::Path;

/// What stands for the epoch in names.
const EPOCH: &str = "{epoch}";
/// More exposures than any scene file means.
const MOST_EPOCHS: i64 = 100_000;

/// Which epochs have channels of their own in the model; all others of a band are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SeenEpochs {
    /// These.
    Some(BTreeSet<String>),
    /// All of them.
    All,
    /// Those of a saved scene, which has these channels.
    Saved(Vec<Channel>),
}

impl SeenEpochs {
    /// The channels of an observation as the model has them.
    ///
    /// A channel keeps its epoch where a transient shines in it, and where the observation has its band at other epochs.
    pub(super) fn channels(&self, spec: &ObservationSpec) -> Vec<Channel> {
        let own = spec.with_epochs();
        let tied = |channel: &Channel| {
            let band = Channel::from(channel.band());
            let Some(epoch) = channel.epoch() else { return band };
            let is_kept = match self {
                Self::All => true,
                Self::Some(epochs) => epochs.contains(epoch),
                Self::Saved(channels) => channels.contains(channel) || !channels.contains(&band),
            };
            let is_again = own.iter().filter(|other| other.band() == channel.band()).count() > 1;
            if is_kept || is_again { channel.clone() } else { band }
        };
        own.iter().map(tied).collect()
    }
}

impl ObservationSpec {
    /// Its channels, each with the epoch that the entry has for all of them.
    pub(super) fn with_epochs(&self) -> Vec<Channel> {
        let channel = |spec: &ChannelSpec| match (spec, &self.epoch) {
            (ChannelSpec::Band(band), Some(epoch)) => Channel::from((band.as_str(), epoch)),
            _ => Channel::from(spec),
        };
        self.channels.iter().map(channel).collect()
    }

    /// The same with `{epoch}` in its name and in names of files filled in.
    fn filled(mut self) -> Self {
        let Some(epoch) = self.epoch.as_ref().map(ToString::to_string) else { return self };
        let fill = |text: &mut String| *text = text.replace(EPOCH, &epoch);
        fill(&mut self.image);
        self.name.iter_mut().chain(&mut self.variance).chain(&mut self.weight).for_each(fill);
        if let Some(mask) = &mut self.mask {
            fill(&mut mask.image);
        }
        if let Some(PsfSpec::Images { pattern, .. }) = &mut self.psf {
            fill(pattern);
        }
        if let Some(PsfSpec::Varying(varying)) = &mut self.psf {
            fill(&mut varying.pattern);
        }
        if let Some(NoiseSpec::Correlation(pattern) | NoiseSpec::PowerSpectrum(pattern)) = &mut self.noise {
            fill(pattern);
        }
        self
    }
}

impl SceneFile {
    /// Puts an observation for each epoch in the place of entries that have several.
    pub(super) fn expand_epochs(&mut self) -> Result<(), CliError> {
        let entries = std::mem::take(&mut self.observations);
        let mut all = Vec::with_capacity(entries.len());
        for (index, mut entry) in entries.into_iter().enumerate() {
            entry.place = Place { index, epoch: None };
            let of_channels = entry.channels.iter().any(|c| matches!(c, ChannelSpec::Epoch(..)));
            if of_channels && (entry.epoch.is_some() || entry.epochs.is_some()) {
                let problem = "channels have epochs, too; give names of bands alone, or leave the epoch of the entry out";
                return Err(self.problem(&entry.field("channels"), problem));
            }
            let Some(epochs) = entry.epochs.take() else {
                all.push(entry.filled());
                continue;
            };
            if entry.epoch.is_some() {
                let problem = "there is an epoch, too; give one of the two";
                return Err(self.problem(&entry.field("epochs"), problem));
            }
            all.extend(self.observations_of(&entry, &self.epochs_of(&entry, &epochs)?)?);
        }
        self.observations = all;
        self.check_bands()
    }

    fn observations_of(
        &self,
        entry: &ObservationSpec,
        epochs: &[String],
    ) -> Result<Vec<ObservationSpec>, CliError> {
        if !entry.image.contains(EPOCH) && epochs.len() > 1 {
            let problem = format!(
                "it names the same image for all {} epochs; put {EPOCH} where names of files or HDUs differ",
                epochs.len()
            );
            return Err(self.problem(&entry.field("image"), problem));
        }
        let base = entry.name.clone().unwrap_or_else(|| "images".to_owned());
        let name = if base.contains(EPOCH) { base } else { format!("{base} {EPOCH}") };
        let of_epoch = |epoch: &String| {
            let mut own = entry.clone();
            own.name = Some(name.clone());
            own.epoch = Some(super::observations::EpochSpec::Name(epoch.clone()));
            own.place.epoch = Some(epoch.clone());
            own.filled()
        };
        Ok(epochs.iter().map(of_epoch).collect())
    }

    /// The names of the epochs of an entry.
    fn epochs_of(&self, entry: &ObservationSpec, epochs: &EpochsSpec) -> Result<Vec<String>, CliError> {
        let found: Vec<String> = match epochs {
            EpochsSpec::Listed(listed) => listed.iter().map(ToString::to_string).collect(),
            EpochsSpec::Range(range) if range.to.saturating_sub(range.from) > MOST_EPOCHS => {
                let problem = format!("they are more than {MOST_EPOCHS}; list those that there are");
                return Err(self.problem(&entry.field("epochs"), problem));
            }
            EpochsSpec::Range(range) => (range.from..=range.to).map(|epoch| epoch.to_string()).collect(),
            EpochsSpec::Word(_) => self.epochs_on_disk(entry)?,
        };
        let mut seen = BTreeSet::new();
        if let Some(twice) = found.iter().find(|epoch| !seen.insert(*epoch)) {
            return Err(
                self.problem(&entry.field("epochs"), format!("{twice} is there twice; leave one out"))
            );
        }
        if found.is_empty() {
            let problem = "there are none; name at least one, or leave the field out";
            return Err(self.problem(&entry.field("epochs"), problem));
        }
        Ok(found)
    }

    /// The epochs for which the pattern of the images of the first channel finds a file, numbers in their order.
    fn epochs_on_disk(&self, entry: &ObservationSpec) -> Result<Vec<String>, CliError> {
        let path = entry.image.trim().trim_end_matches(']');
        let path = path.rsplit_once('[').map_or(path, |(path, _)| path);
        let band = entry.channels.first().map(|c| Channel::from(c).band().to_owned()).unwrap_or_default();
        let pattern = path.replace("{channel}", &band).replace("{band}", &band);
        if !pattern.contains(EPOCH) {
            let problem =
                format!("all looks for files, and image has no {EPOCH} in the file's name; list the epochs");
            return Err(self.problem(&entry.field("epochs"), problem));
        }
        let mut found = epochs_below(self.folder(), &pattern);
        if found.is_empty() {
            let problem =
                format!("there is no file {pattern}; check the name: paths are relative to the scene file");
            return Err(self.problem(&entry.field("epochs"), problem));
        }
        found.sort_by_key(|epoch| (epoch.parse::<u64>().unwrap_or(u64::MAX), epoch.clone()));
        found.dedup();
        Ok(found)
    }

    /// Bands that differ in case only, one of which at least varies with the epoch, are one band by mistake.
    fn check_bands(&self) -> Result<(), CliError> {
        let mut bands: Vec<(String, &ObservationSpec)> = Vec::new();
        for spec in &self.observations {
            for channel in spec.with_epochs().iter().filter(|channel| channel.epoch().is_some()) {
                let band = channel.band();
                match bands.iter().find(|(other, _)| other.eq_ignore_ascii_case(band)) {
                    None => bands.push((band.to_owned(), spec)),
                    Some((other, first)) if other != band => {
                        let problem = format!(
                            "band {band:?} is {other:?} in {}, and what does not vary has one flux for a band over all \
                             epochs; call it the same everywhere",
                            first.place.whole()
                        );
                        return Err(self.problem(&spec.field("channels"), problem));
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Which epochs the model tells apart: those in which a source shines that is not there in others.
    pub(super) fn seen_epochs(&self) -> Result<SeenEpochs, CliError> {
        let all = self.observations.iter().flat_map(ObservationSpec::with_epochs);
        let all: BTreeSet<String> = all.filter_map(|c| c.epoch().map(str::to_owned)).collect();
        if all.is_empty() {
            return Ok(SeenEpochs::Some(all));
        }
        if self.scene.is_some() {
            return Ok(SeenEpochs::Saved(self.saved_scene()?.frame().channel_names().to_vec()));
        }
        let mut seen = BTreeSet::new();
        for (id, epochs) in self.transients()? {
            let Some(epochs) = epochs else { return Ok(SeenEpochs::All) };
            if let Some(missing) = epochs.iter().find(|epoch| !all.contains(*epoch)) {
                let there: Vec<&str> = all.iter().map(String::as_str).collect();
                let problem = format!(
                    "{id} shines in epoch {missing}, and no observation has it; there are {}",
                    there.join(", ")
                );
                return Err(self.problem("model.transients", problem));
            }
            seen.extend(epochs);
        }
        Ok(SeenEpochs::Some(seen))
    }
}

/// What stands for `{epoch}` in the paths below `folder` that `pattern` fits to.
fn epochs_below(folder: &Path, pattern: &str) -> Vec<String> {
    let Some((before, after)) = pattern.split_once(EPOCH) else { return Vec::new() };
    let (parent, prefix) = before.rsplit_once('/').map_or(("", before), |(parent, name)| (parent, name));
    let parent = if before.starts_with('/') && parent.is_empty() { "/" } else { parent };
    let (suffix, rest) = after.split_once('/').map_or((after, None), |(name, rest)| (name, Some(rest)));
    let looked = Path::new(".").join(folder).join(parent);
    let Ok(entries) = std::fs::read_dir(&looked) else { return Vec::new() };
    let epoch_of = |name: &str| {
        // the same placeholder may come again behind the first
        let first = suffix.split(EPOCH).next().unwrap_or_default();
        let inside = name.strip_prefix(prefix)?;
        let candidates = inside.match_indices(first).map(|(at, _)| &inside[..at]);
        let whole = if first.is_empty() { Some(inside) } else { None };
        let fits =
            |epoch: &&str| !epoch.is_empty() && *inside == format!("{epoch}{}", suffix.replace(EPOCH, epoch));
        candidates.chain(whole).find(fits).map(str::to_owned)
    };
    let found = entries.flatten().filter_map(|entry| epoch_of(&entry.file_name().to_string_lossy()));
    let is_there = |epoch: &String| {
        let mut path = folder.join(parent).join(format!("{prefix}{epoch}{}", suffix.replace(EPOCH, epoch)));
        if let Some(rest) = rest {
            path.push(rest.replace(EPOCH, epoch));
        }
        path.is_file()
    };
    found.filter(is_there).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_found_by_their_files() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["exp_1.fits", "exp_12.fits", "exp_x.fits", "exp_.fits", "other_3.fits", "exp_4.txt"] {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        for night in ["n1", "n2"] {
            std::fs::create_dir(folder.path().join(night)).expect("made");
            std::fs::write(folder.path().join(night).join("im_n1.fits"), "").expect("written");
        }
        let found = |pattern: &str| {
            let mut found = epochs_below(folder.path(), pattern);
            found.sort();
            found
        };
        assert_eq!(found("exp_{epoch}.fits"), ["1", "12", "x"]);
        assert_eq!(found("{epoch}/im_{epoch}.fits"), ["n1"]);
        assert_eq!(found("n{epoch}/im_n1.fits"), ["1", "2"]);
        assert!(found("nothing/{epoch}.fits").is_empty());
    }
}
