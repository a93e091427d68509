//! Where names go beside marks, so that they hide neither each other nor other marks.

/// A mark with a name; places in the drawing's units, x to the right and y down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marked {
    /// Its place `(x, y)`.
    pub(super) place: [f64; 2],
    /// Width of its name.
    pub(super) width: f64,
}

/// Where a name goes: the left end of its baseline, and whether it is so far away that it needs a line to its mark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Label {
    pub(super) at: [f64; 2],
    pub(super) line_to: Option<[f64; 2]>,
}

/// What all labels of a drawing share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Width and height of the drawing.
    pub(super) size: [f64; 2],
    /// Height of letters.
    pub(super) font: f64,
    /// Radius of the marks.
    pub(super) radius: f64,
}

/// Left, top, right, bottom.
type Rectangle = [f64; 4];

/// A place for each name, in the order of their importance; none where all places would hide another name.
///
/// Eight directions at growing distances are tried; of those where the name is inside the drawing and clear of the
/// names before, the one that covers the fewest marks is taken, the nearest first.
pub(super) fn place(marked: &[Marked], room: Room) -> Vec<Option<Label>> {
    let mut taken: Vec<Rectangle> = Vec::with_capacity(marked.len());
    let mut labels = Vec::with_capacity(marked.len());
    for own in marked {
        let best = candidates(own, room)
            .filter(|(rectangle, _)| is_inside(rectangle, room.size))
            .filter(|(rectangle, _)| !taken.iter().any(|other| overlap(rectangle, other)))
            .enumerate()
            .map(|(rank, (rectangle, label))| {
                let covered =
                    marked.iter().filter(|mark| covers(&rectangle, mark.place, room.radius)).count();
                (8 * covered + rank, rectangle, label)
            })
            .min_by_key(|(cost, ..)| *cost);
        labels.push(best.map(|(_, rectangle, label)| {
            taken.push(rectangle);
            label
        }));
    }
    labels
}

/// Places for a name, the nearest first.
fn candidates(own: &Marked, room: Room) -> impl Iterator<Item = (Rectangle, Label)> {
    const WAYS: [[f64; 2]; 8] = [
        [1.0, -0.6],
        [-1.0, -0.6],
        [1.0, 0.6],
        [-1.0, 0.6],
        [0.0, -1.0],
        [0.0, 1.0],
        [1.0, 0.0],
        [-1.0, 0.0],
    ];
    let (own, Room { font, radius, .. }) = (*own, room);
    (0..4).flat_map(move |ring| WAYS.map(|way| (ring, way))).map(move |(ring, [to_x, to_y])| {
        let away = radius * 1.25 + 1.1 * font * f64::from(ring);
        let [x, y] = [own.place[0] + to_x * away, own.place[1] + to_y * away];
        let left = x + (to_x - 1.0) / 2.0 * own.width;
        let middle = y + 0.4 * font * to_y;
        let rectangle = [left, middle - 0.55 * font, left + own.width, middle + 0.55 * font];
        let line_to = (ring > 0).then_some([x, y]);
        (rectangle, Label { at: [left, middle + 0.35 * font], line_to })
    })
}

fn is_inside([left, top, right, bottom]: &Rectangle, [width, height]: [f64; 2]) -> bool {
    *left >= 0.0 && *top >= 0.0 && *right <= width && *bottom <= height
}

fn overlap(a: &Rectangle, b: &Rectangle) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// Whether a mark is at least partly under a rectangle.
fn covers(rectangle: &Rectangle, [x, y]: [f64; 2], radius: f64) -> bool {
    let [left, top, right, bottom] = rectangle;
    x + radius > *left && x - radius < *right && y + radius > *top && y - radius < *bottom
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rectangle(label: &Label, marked: &Marked, font: f64) -> Rectangle {
        let [left, base] = label.at;
        [left, base - 0.9 * font, left + marked.width, base + 0.2 * font]
    }

    #[test]
    fn names_are_inside_and_clear_of_each_other() {
        let room = Room { size: [200.0, 150.0], font: 8.0, radius: 3.0 };
        let marked: Vec<Marked> = (0..40)
            .map(|k| Marked {
                place: [f64::from(k * 53 % 200), f64::from(k * 37 % 150)],
                width: f64::from(8 + k % 3 * 6),
            })
            .collect();
        let labels = place(&marked, room);
        let placed: Vec<Rectangle> = labels
            .iter()
            .zip(&marked)
            .filter_map(|(label, marked)| label.as_ref().map(|label| rectangle(label, marked, room.font)))
            .collect();
        assert!(placed.len() >= 36, "{}", placed.len());
        for (k, one) in placed.iter().enumerate() {
            assert!(one[0] >= 0.0 && one[2] <= 200.0 && one[1] >= -1e-9 && one[3] <= 150.0 + 1e-9, "{one:?}");
            assert!(placed[..k].iter().all(|other| !overlap(one, other)), "{k}");
        }
    }

    #[test]
    fn where_all_are_at_one_place_some_names_are_left_out() {
        let room = Room { size: [100.0, 60.0], font: 10.0, radius: 2.0 };
        let labels = place(&[Marked { place: [50.0, 30.0], width: 30.0 }; 20], room);
        assert!(labels[0].is_some_and(|label| label.line_to.is_none()));
        assert!(labels.iter().any(|label| label.is_some_and(|l| l.line_to.is_some())));
        assert!(labels.iter().any(Option::is_none));
    }
}
