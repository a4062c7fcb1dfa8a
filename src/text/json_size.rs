use std::io::{self, Write};

use serde::Serialize;

/// The bytes of a value as JSON, counted without writing them down. What cannot be JSON has
/// no bound.
pub fn json_size(value: &impl Serialize) -> usize {
    let mut counter = ByteCounter(0);
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        Err(_) => usize::MAX,
    }
}

/// Counts what is written to it.
struct ByteCounter(usize);

impl Write for ByteCounter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0 += bytes.len();
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::json_size;

    #[test]
    fn a_size_is_that_of_the_text() {
        let value = json!({ "a": ["\u{e4}\n\"", 1.5, null, true], "b": {} });
        assert_eq!(json_size(&value), value.to_string().len());
    }
}
