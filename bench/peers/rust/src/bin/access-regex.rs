//! The access log with the regex crate: one pattern with a group for every field, its bytes API, the
//! locations of all groups asked for on every line.

use peers::{for_each_line, number, pane_of, Counts};
use regex::bytes::Regex;

const COMBINED: &str = r#"(?-u)^(?<client>\S+) (?<ident>\S+) (?<user>\S+) \[(?<time>[^\]]+)\] "(?<method>\S+) (?<path>\S+) (?<protocol>[^"]+)" (?<status>\d{3}) (?<bytes>\d+|-) "(?<referer>[^"]*)" "(?<agent>[^"]*)"$"#;
const TIME: usize = 4;
const STATUS: usize = 8;

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).expect("usage: access-regex FILE");
    let pattern = Regex::new(COMBINED).expect("the pattern is valid");
    let mut fields = pattern.capture_locations();
    let mut counts = Counts::default();
    for_each_line(&path, |line| {
        if pattern.captures_read(&mut fields, line).is_none() {
            return counts.add_unparsed();
        }
        let field = |group| fields.get(group).map(|(start, end)| &line[start..end]).unwrap_or_default();
        match pane_of(field(TIME)) {
            Some(pane) => counts.add(pane, number(field(STATUS))),
            None => counts.add_unparsed(),
        }
    })?;
    counts.print();
    Ok(())
}
