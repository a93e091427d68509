//! What a command says while it works: lines on standard error, for people or for machines.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use std::io::{IsTerminal, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the options are in `--help`.
const MESSAGES: &str = "Messages";

/// How much is said, and how.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct LogArgs {
    /// Say nothing but errors
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = MESSAGES)]
    pub quiet: bool,
    /// Say more: each stage with its time, the course of the fit, and findings that are only notes
    #[arg(long, short, global = true, help_heading = MESSAGES)]
    pub verbose: bool,
    /// How lines on standard error are written: text for people, or json, one object a line
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true,
        help_heading = MESSAGES
    )]
    pub log_format: LogFormat,
}

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For those who asked for more.
    Detail,
    /// What everybody should read.
    Info,
    /// What makes results worse.
    Warning,
    /// What ends the command.
    Error,
}

impl Level {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Detail => "detail",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Says things on standard error.
#[derive(Debug, Clone, Copy)]
pub struct Log {
    least: Level,
    format: LogFormat,
}

impl From<LogArgs> for Log {
    fn from(args: LogArgs) -> Self {
        let least = match (args.quiet, args.verbose) {
            (true, _) => Level::Error,
            (false, true) => Level::Detail,
            (false, false) => Level::Info,
        };
        Self { least, format: args.log_format }
    }
}

impl Log {
    /// Whether lines of `level` are said.
    #[must_use]
    pub fn says(&self, level: Level) -> bool {
        level >= self.least
    }

    /// Whether lines are JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == LogFormat::Json
    }

    /// Whether a bar may be drawn: for people, on a terminal, where they want to hear of it.
    #[must_use]
    pub fn draws(&self) -> bool {
        !self.is_json() && self.says(Level::Info) && std::io::stderr().is_terminal()
    }

    /// Says `message`; `event` is what happened in one word, for machines, `fields` the numbers of it.
    pub fn say(&self, level: Level, event: &str, message: &str, fields: &[(&str, Value)]) {
        if !self.says(level) {
            return;
        }
        let line = match self.format {
            LogFormat::Json => json_line(level, event, message, fields, seconds_now()),
            LogFormat::Text if level >= Level::Warning => format!("{}: {message}", level.name()),
            LogFormat::Text => message.to_owned(),
        };
        // Where nobody listens there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// Seconds since 1970, UTC.
fn seconds_now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as f64 / 1e3
}

fn json_line(level: Level, event: &str, message: &str, fields: &[(&str, Value)], time: f64) -> String {
    let mut object = Map::new();
    object.insert("time".to_owned(), time.into());
    object.insert("level".to_owned(), level.name().into());
    object.insert("event".to_owned(), event.into());
    object.insert("message".to_owned(), message.into());
    object.extend(fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    Value::Object(object).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_json_holds_level_event_message_and_fields() {
        let line = json_line(Level::Info, "read", "two\nlines", &[("pixels", 12.into())], 1.5);
        let value: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((&value["level"], &value["event"]), (&"info".into(), &"read".into()));
        assert_eq!((&value["pixels"], &value["time"]), (&12.into(), &1.5.into()));
        assert!(!line.contains('\n'));
    }

    #[test]
    fn quiet_and_verbose_choose_the_least_level() {
        let log = |quiet, verbose| Log::from(LogArgs { quiet, verbose, log_format: LogFormat::Text });
        assert!(log(true, false).says(Level::Error) && !log(true, false).says(Level::Warning));
        assert!(log(false, false).says(Level::Info) && !log(false, false).says(Level::Detail));
        assert!(log(false, true).says(Level::Detail));
    }
}
