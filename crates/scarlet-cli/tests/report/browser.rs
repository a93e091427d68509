//! The report in a browser: Chromium without a window, narrow and wide, light and dark.
//!
//! The browser is `$CHROMIUM`, or the first of `chromium`, `chromium-browser`, `google-chrome` on the path; without
//! one a line is printed and nothing is tested.

use crate::cases::report;
use scarlet_cli::report::Report;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const WIDTHS: [usize; 2] = [400, 1400];
const HEIGHT: usize = 1600;
const PATIENCE: Duration = Duration::from_secs(60);

fn browser() -> Option<OsString> {
    let given = std::env::var_os("CHROMIUM").into_iter();
    let known = ["chromium", "chromium-browser", "google-chrome"].map(OsString::from);
    let answers = |name: &OsString| {
        let asked = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    let found = given.chain(known).find(answers);
    if found.is_none() {
        println!("no Chromium found (set CHROMIUM): the report is not opened in a browser");
    }
    found
}

/// A page in a window of that width.
struct Window<'a> {
    browser: &'a OsString,
    folder: &'a Path,
    page: &'a Path,
    width: usize,
    is_dark: bool,
}

impl Window<'_> {
    /// Runs the browser with one more argument and returns what it prints.
    fn run(&self, argument: &str) -> String {
        let output = self.folder.join("output.txt");
        let mut child = Command::new(self.browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"])
            .arg(format!("--user-data-dir={}", self.folder.join("profile").display()))
            .arg(format!("--window-size={},{HEIGHT}", self.width))
            .arg(format!("--blink-settings=preferredColorScheme={}", usize::from(!self.is_dark)))
            .arg(argument)
            .arg(format!("file://{}", self.page.display()))
            .stdout(std::fs::File::create(&output).expect("a file for the output"))
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let started = Instant::now();
        while child.try_wait().expect("the browser can be waited for").is_none() {
            if started.elapsed() > PATIENCE {
                child.kill().and_then(|()| child.wait().map(|_| ())).expect("the browser can be ended");
                panic!("the browser did not end within {PATIENCE:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        std::fs::read_to_string(&output).expect("the output is text")
    }

    /// Width of the window, width of the page, and whether the page is dark.
    fn measure(&self) -> (usize, usize, bool) {
        let page = self.run("--dump-dom");
        let words = page.split("data-measured=\"").nth(1).and_then(|rest| rest.split('"').next());
        let words: Vec<&str> = words.expect("the script has run").split(' ').collect();
        let number = |k: usize| words[k].parse().expect("a number");
        (number(0), number(1), words[2] == "true")
    }

    fn screenshot(&self, name: &str) -> Shot {
        let path = self.folder.join(name);
        self.run(&format!("--screenshot={}", path.display()));
        if let Some(folder) = std::env::var_os("SCARLET_KEEP_SCREENSHOTS") {
            std::fs::copy(&path, PathBuf::from(folder).join(name)).expect("copied");
        }
        Shot::read(&path)
    }
}

/// A picture of a page.
struct Shot {
    width: usize,
    lightness: Vec<f64>,
}

impl Shot {
    fn read(path: &Path) -> Self {
        let file = std::io::BufReader::new(std::fs::File::open(path).expect("a screenshot"));
        let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
        let info = reader.next_frame(&mut pixels).expect("a frame");
        let mean = |pixel: &[u8]| pixel.iter().take(3).map(|v| f64::from(*v)).sum::<f64>() / 3.0;
        let lightness = pixels[..info.buffer_size()].chunks(info.color_type.samples()).map(mean).collect();
        Self { width: info.width as usize, lightness }
    }

    /// The share of pixels that differ from the one in the upper left corner.
    fn inked(&self) -> f64 {
        let paper = self.lightness[0];
        let inked = self.lightness.iter().filter(|value| (**value - paper).abs() > 40.0).count();
        inked as f64 / self.lightness.len() as f64
    }
}

/// A report with all that could make a page too wide: long words, long lines, many channels, many sources.
fn wide_report() -> Report {
    let long = "a_name_without_any_space_in_it_".repeat(9);
    let mut wide = report(&long);
    wide.channels = (0..30).map(|k| format!("channel_number_{k}")).collect();
    for source in &mut wide.sources {
        source.flux = (0..30).map(|k| 1.234_567e9 * f64::from(k)).collect();
    }
    wide.settings = format!("key: {}\n", "value ".repeat(90));
    wide
}

/// A page that shows `html` in a frame of that width and writes down what it measures there.
///
/// A browser's window is never narrower than 500 pixels, a frame may be.
fn framed(html: &str, width: usize) -> String {
    let inside = html.replace('&', "&amp;").replace('"', "&quot;");
    format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">\
         </head><body><iframe id=\"f\" style=\"border:0;width:{width}px;height:900px\" onload=\"{MEASURE}\" \
         srcdoc=\"{inside}\"></iframe></body></html>"
    )
}

const MEASURE: &str = "const w=f.contentWindow,r=w.document.documentElement;document.body.dataset.measured=\
                       [w.innerWidth,r.scrollWidth,w.matchMedia('(prefers-color-scheme: dark)').matches].join(' ')";

#[test]
fn no_page_is_wider_than_its_window_and_none_is_empty() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    for (name, report) in [("plain", report("plain")), ("wide", wide_report())] {
        let html = report.html().replace("<details class", "<details open class");
        for (width, is_dark) in WIDTHS.into_iter().flat_map(|width| [(width, false), (width, true)]) {
            let (page, outer) = (folder.join("page.html"), folder.join("outer.html"));
            std::fs::write(&outer, framed(&html, width)).expect("written");
            std::fs::write(&page, &html).expect("written");
            let window = Window { browser: &browser, folder, page: &outer, width, is_dark };
            assert_eq!(window.measure(), (width, width, is_dark), "{name}");
            let shot = Window { page: &page, ..window }.screenshot(&format!("{name}_{width}_{is_dark}.png"));
            assert_eq!(shot.width, width);
            assert_eq!(shot.lightness[0] < 60.0, is_dark, "{name}, {width}: {}", shot.lightness[0]);
            assert!(shot.inked() > 0.02, "{name}, {width}: {}", shot.inked());
        }
    }
}
