//! What can be wrong with a frame, a PSF or a WCS.

use crate::{Angle, BBox, Channel};

/// What can be wrong with a frame, a PSF or a WCS, and what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame must have at least one channel.
    #[error("a frame needs at least one channel")]
    NoChannels,
    /// Every channel can be there once.
    #[error("channel {channel} is named twice; give every plane of a frame its own name")]
    DuplicateChannel {
        /// The name that is there twice.
        channel: Channel,
    },
    /// A frame must have pixels.
    #[error("frame {bbox} holds no pixels")]
    Empty {
        /// The box without pixels.
        bbox: BBox,
    },
    /// The PSF must have a plane for each channel, or one for all.
    #[error(
        "the PSF has {planes} planes and the frame {channels} channels; give one plane for each \
         channel, or one for all"
    )]
    PsfChannels {
        /// Planes of the PSF.
        planes: usize,
        /// Channels of the frame.
        channels: usize,
    },
    /// A PSF image that cannot be normalised.
    #[error("PSF plane {plane}: {problem}")]
    PsfImage {
        /// Which plane, from 0.
        plane: usize,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A PSF that varies over the field, and makes no sense.
    #[error("PSF that varies over the field: {problem}")]
    PsfField {
        /// What is wrong and what to do.
        problem: String,
    },
    /// A PSF parameter outside its range.
    #[error("PSF {parameter} is {value}; it must be {range}")]
    PsfParameter {
        /// Its name.
        parameter: &'static str,
        /// Its value.
        value: f64,
        /// The values that are allowed.
        range: &'static str,
    },
    /// A sampling for a PSF that is not an image.
    #[error("a PSF given by a formula has no sampling: its width is in pixels; leave the sampling out")]
    PsfFormula,
    /// A header that cannot be turned into a WCS.
    #[error("WCS header, {keyword}: {problem}")]
    WcsHeader {
        /// The keyword (or keywords) at fault.
        keyword: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A position that the projection does not reach.
    #[error("{position} is outside what the {projection} projection of this WCS can show")]
    WcsPosition {
        /// The sky or pixel position.
        position: String,
        /// The projection's three letters.
        projection: String,
    },
    /// Something needs a WCS, and the frame has none.
    #[error("{what} needs a WCS, and the frame has none; read one from a FITS header")]
    NoWcs {
        /// What needs it.
        what: String,
    },
    /// Two frames whose pixels do not lie on one grid.
    #[error(
        "the pixel grids differ: at pixel (y, x) = {pixel:?} by {off_px:?} px beyond a whole-pixel shift; \
         resample the image to the model's grid first"
    )]
    GridsDiffer {
        /// A corner `(y, x)`.
        pixel: [f64; 2],
        /// How far it is off, `(y, x)`.
        off_px: [f64; 2],
    },
    /// A model frame needs observed frames.
    #[error("there is no frame to enclose; give the frames of all observations")]
    NoFrames,
    /// Some frames have a WCS and others have none, so that nothing says how they lie to each other.
    #[error(
        "frame {with} has a WCS and frame {without} has none, so that nothing says how they lie to each other; give a \
         WCS to all of them or to none"
    )]
    WcsMissing {
        /// The first frame that has one, from 0.
        with: usize,
        /// The first frame that has none, from 0.
        without: usize,
    },
    /// A frame was asked for that is not there.
    #[error("frame {index} is to give the model its grid, and there are {frames}, counted from 0")]
    NoSuchFrame {
        /// Which one was asked for.
        index: usize,
        /// How many there are.
        frames: usize,
    },
    /// The intersection of the frames holds no pixel.
    #[error(
        "frame {frame} has no pixel in common with the frames before it{}; leave it out, or take the union",
        distance_of(*distance)
    )]
    NoOverlap {
        /// The first frame that does not overlap, from 0.
        frame: usize,
        /// How far its centre is from that of frame 0, where the sky says so.
        distance: Option<Angle>,
    },
    /// A model frame that no computer should hold.
    #[error(
        "the model frame would have {:.3e} x {:.3e} pixels, and {limit:.1e} in all are the most: {why}; leave frames \
         out, take the intersection, or give larger pixels",
        sides[0],
        sides[1]
    )]
    ModelTooLarge {
        /// Its sides in pixels, `[y, x]`.
        sides: [f64; 2],
        /// The most pixels that a model frame may have.
        limit: f64,
        /// What makes it so large.
        why: String,
    },
}

fn distance_of(distance: Option<Angle>) -> String {
    distance.map_or_else(String::new, |angle| format!(": its centre is {angle} from that of frame 0"))
}
