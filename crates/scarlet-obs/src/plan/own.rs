//! The observation's own parameters in its plan: values in, derivatives and information out.

use super::ObservationPlan;
use crate::calibration::Moments;
use scarlet_render::{Pixel, Workspace};

impl<T: Pixel> ObservationPlan<T> {
    /// Number of values of the observation's own parameters.
    #[must_use]
    pub const fn values_len(&self) -> usize {
        self.places.len()
    }

    /// Sees with these values of the observation's own parameters, in the order of
    /// [`Calibration::parameters`](crate::Calibration::parameters), from now on. Allocates nothing.
    ///
    /// # Panics
    /// There are not [`ObservationPlan::values_len`] values.
    pub fn calibrate(&mut self, values: &[f64]) {
        assert_eq!(values.len(), self.places.len(), "values of an observation's parameters");
        if let (Some(moving), Some(values)) = (&mut self.moving, self.places.astrometry(values)) {
            moving.set(values, &mut self.renderer);
        }
        for channel in self.channels.iter().flatten() {
            if let Some(mut own) = channel.calibration() {
                own.set(&self.places, channel.index, values);
            }
        }
    }

    /// Adds the derivatives of the log-likelihood of the last evaluation with gradient by the observation's own
    /// parameters to `gradient`.
    ///
    /// # Panics
    /// `gradient` is shorter than [`ObservationPlan::values_len`].
    pub fn add_gradient(&self, gradient: &mut [f64]) {
        let mut moments = Moments::default();
        for channel in self.channels.iter().flatten() {
            if let Some(own) = channel.calibration() {
                moments += own.moments();
                own.add_light(&self.places, channel.index, gradient);
            }
        }
        if let Some(moving) = self.moving.as_ref().filter(|moving| moving.is_free()) {
            moving.add_gradient(&moments, &self.places, gradient);
        }
    }

    /// Finds how much one channel says about the own parameters; the second of `planes` is overwritten.
    pub(super) fn inform(&self, model_channel: usize, planes: (&[T], &mut [T]), work: &mut Workspace<T>) {
        if let Some(channel) = &self.channels[model_channel] {
            channel.inform(self.sighting(channel, None), planes, self.moving.as_ref(), work);
        }
    }

    /// Adds what [`ObservationPlan::inform`] found in all channels to `information`, row by row.
    pub(super) fn add_information(&self, information: &mut [f64]) {
        for channel in self.channels.iter().flatten() {
            if let Some(own) = channel.calibration() {
                own.add_information(&self.places, channel.index, information);
            }
        }
    }
}
