//! Text inside HTML and SVG, and numbers as they are read.

use std::borrow::Cow;

/// Text with everything replaced that means something in HTML or SVG, inside elements and attributes.
///
/// Control characters that XML forbids become `U+FFFD`.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    let special = |c: char| "&<>\"'".contains(c) || (c.is_control() && !"\n\t".contains(c));
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter if special(letter) => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    Cow::Owned(out)
}

/// A number with `digits` significant digits, a real minus sign, and a power of ten where it is long.
pub(crate) fn number(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "\u{2013}".to_owned();
    }
    let digits = digits.max(1);
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("written with an exponent");
    let exponent: i32 = exponent.parse().expect("written as an integer");
    let text = if value == 0.0 {
        "0".to_owned()
    } else if (-3..6).contains(&exponent) {
        format!("{value:.*}", (digits as i32 - 1 - exponent).max(0) as usize)
    } else {
        format!("{mantissa}\u{b7}10{}", superscript(exponent))
    };
    text.replace('-', "\u{2212}")
}

/// An integer in raised digits.
pub(crate) fn superscript(value: i32) -> String {
    let raised = |c: char| match c {
        '-' => '\u{207b}',
        '1' => '\u{b9}',
        '2' => '\u{b2}',
        '3' => '\u{b3}',
        digit => char::from_u32(0x2070 + digit as u32 - '0' as u32).unwrap_or(digit),
    };
    value.to_string().chars().map(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_has_a_meaning_is_left() {
        assert_eq!(escape("<b a='x'>&\"\u{0}"), "&lt;b a=&#39;x&#39;&gt;&amp;&quot;\u{fffd}");
        assert!(matches!(escape("plain \u{e4}\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn numbers_are_short_and_keep_their_digits() {
        let cases = [(0.0, "0"), (322.123, "322.1"), (-0.012341, "\u{2212}0.01234"), (98765.4, "98765")];
        for (value, text) in cases {
            assert_eq!(number(value, 4), text);
        }
        assert_eq!(number(1.5e-7, 3), "1.50\u{b7}10\u{207b}\u{2077}");
        assert_eq!(number(-2e30, 2), "\u{2212}2.0\u{b7}10\u{b3}\u{2070}");
        assert_eq!(number(f64::NAN, 3), "\u{2013}");
        assert_eq!(number(999.96, 4), "1000");
    }
}
