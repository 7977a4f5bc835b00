//! What both programs share: lines of a file in large reads, counts by pane and status, and the one
//! line of JSON at the end.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::Read;

const READ_BYTES: usize = 256 * 1024;

/// Calls `each` with every line, without its newline.
pub fn for_each_line(path: &str, mut each: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0u8; READ_BYTES];
    let mut kept = 0;
    loop {
        if kept == buffer.len() {
            buffer.resize(2 * kept, 0);
        }
        let read = file.read(&mut buffer[kept..])?;
        let filled = kept + read;
        let mut start = 0;
        for newline in memchr::memchr_iter(b'\n', &buffer[..filled]) {
            each(&buffer[start..newline]);
            start = newline + 1;
        }
        if read == 0 {
            if start < filled {
                each(&buffer[start..filled]);
            }
            return Ok(());
        }
        buffer.copy_within(start..filled, 0);
        kept = filled - start;
    }
}

/// One multiplication: keys are small numbers of our own making, nobody attacks this table.
#[derive(Default)]
pub struct OneMultiplication(u64);

impl Hasher for OneMultiplication {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// Lines by status within each ten seconds of event time.
#[derive(Default)]
pub struct Counts {
    by_pane_and_status: HashMap<u64, u64, BuildHasherDefault<OneMultiplication>>,
    unparsed: u64,
}

impl Counts {
    pub fn add(&mut self, pane: u64, status: u64) {
        *self.by_pane_and_status.entry(pane * 1_000 + status).or_insert(0) += 1;
    }

    pub fn add_unparsed(&mut self) {
        self.unparsed += 1;
    }

    pub fn print(&self) {
        let mut statuses = BTreeMap::new();
        let mut panes = HashSet::new();
        for (key, count) in &self.by_pane_and_status {
            *statuses.entry(key % 1_000).or_insert(0) += count;
            panes.insert(key / 1_000);
        }
        let text: Vec<String> = statuses.iter().map(|(status, count)| format!("\"{status}\":{count}")).collect();
        println!("{{\"counts\":{{{}}},\"unparsed\":{},\"panes\":{}}}", text.join(","), self.unparsed, panes.len());
    }
}

/// Number of the ten seconds in which `17/May/2015:10:05:03 +0000` lies; months count 31 days, which
/// keeps different times apart and is all that a key needs.
pub fn pane_of(time: &[u8]) -> Option<u64> {
    if time.len() < 20 {
        return None;
    }
    let two = |at: usize| u64::from(time[at] & 15) * 10 + u64::from(time[at + 1] & 15);
    let month = match &time[3..6] {
        b"Jan" => 0,
        b"Feb" => 1,
        b"Mar" => 2,
        b"Apr" => 3,
        b"May" => 4,
        b"Jun" => 5,
        b"Jul" => 6,
        b"Aug" => 7,
        b"Sep" => 8,
        b"Oct" => 9,
        b"Nov" => 10,
        b"Dec" => 11,
        _ => return None,
    };
    let day = (two(7) * 100 + two(9)) * 372 + month * 31 + two(0);
    Some(((day * 24 + two(12)) * 60 + two(15)) * 6 + u64::from(time[18] & 15))
}

pub fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit & 15))
}
