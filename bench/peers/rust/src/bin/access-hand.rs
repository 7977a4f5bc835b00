//! The access log by hand: memchr from delimiter to delimiter, the fields kept as slices. About what
//! a good systems programmer gets out of one core.

use memchr::memchr;
use peers::{for_each_line, number, pane_of, Counts};
use std::hint::black_box;

/// Every named field of a line.
struct Fields<'a> {
    texts: [&'a [u8]; 9],
    time: &'a [u8],
    status: &'a [u8],
}

/// What is left of a line.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// The bytes before the next `delimiter`, which is passed over.
    #[inline(always)]
    fn until(&mut self, delimiter: u8) -> Option<&'a [u8]> {
        let end = memchr(delimiter, self.0)?;
        let (field, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        Some(field)
    }

    #[inline(always)]
    fn filled(&mut self, delimiter: u8) -> Option<&'a [u8]> {
        self.until(delimiter).filter(|field| !field.is_empty())
    }

    #[inline(always)]
    fn pass(&mut self, literal: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }
}

#[inline(always)]
fn fields(line: &[u8]) -> Option<Fields<'_>> {
    let mut rest = Rest(line);
    let client = rest.filled(b' ')?;
    let ident = rest.filled(b' ')?;
    let user = rest.filled(b' ')?;
    rest.pass(b"[")?;
    let time = rest.filled(b']')?;
    rest.pass(b" \"")?;
    let method = rest.filled(b' ')?;
    let path = rest.filled(b' ')?;
    let protocol = rest.filled(b'"')?;
    rest.pass(b" ")?;
    let status = rest.until(b' ')?;
    let bytes = rest.filled(b' ')?;
    rest.pass(b"\"")?;
    let referer = rest.until(b'"')?;
    rest.pass(b" \"")?;
    let agent = rest.until(b'"')?;
    let numeric = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    if !rest.0.is_empty() || status.len() != 3 || !numeric(status) || !(bytes == b"-" || numeric(bytes)) {
        return None;
    }
    Some(Fields { texts: [client, ident, user, method, path, protocol, bytes, referer, agent], time, status })
}

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).expect("usage: access-hand FILE");
    let mut counts = Counts::default();
    for_each_line(&path, |line| {
        let Some(found) = fields(line) else {
            return counts.add_unparsed();
        };
        // Else the compiler leaves out the fields that nobody looks at.
        black_box(&found.texts);
        match pane_of(found.time) {
            Some(pane) => counts.add(pane, number(found.status)),
            None => counts.add_unparsed(),
        }
    })?;
    counts.print();
    Ok(())
}
