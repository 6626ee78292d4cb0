use super::record::{Incomplete, Separator, parse};
use super::{Dialect, Fields};
use std::io::{self, Read};

const BLOCK: usize = 1 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The records of a text: lines, or with [`Dialect::multi_line`] what begins at one and ends at another. Blank lines and
/// comments are none.
pub struct Records<R> {
    input: R,
    dialect: Dialect,
    /// Bytes that are read at once.
    block: usize,
    buffer: Vec<u8>,
    /// Where in `buffer` the next record begins.
    at: usize,
    /// Nothing comes after `buffer`.
    complete: bool,
    /// How lines end, by the first of them; `None`: not seen yet.
    separator: Option<Separator>,
    fields: Fields,
}

impl<R: Read> Records<R> {
    /// `is_start`: the input is the begin of a file, which may have a byte order mark.
    pub fn new(input: R, dialect: Dialect, is_start: bool) -> io::Result<Self> {
        Self::in_blocks(input, dialect, is_start, BLOCK)
    }

    fn in_blocks(input: R, dialect: Dialect, is_start: bool, block: usize) -> io::Result<Self> {
        let (buffer, fields) = (Vec::new(), Fields::default());
        let mut records = Self { input, dialect, block, buffer, at: 0, complete: false, separator: None, fields };
        while is_start && records.buffer.len() < BYTE_ORDER_MARK.len() && !records.complete {
            records.fill()?;
        }
        if is_start && records.buffer.starts_with(BYTE_ORDER_MARK) {
            records.at = BYTE_ORDER_MARK.len();
        }
        Ok(records)
    }

    /// The next record, until another is asked for.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn next(&mut self) -> io::Result<Option<&Fields>> {
        let found = if self.dialect.multi_line { self.next_record()? } else { self.next_line()? };
        Ok(found.then_some(&self.fields))
    }

    fn next_line(&mut self) -> io::Result<bool> {
        loop {
            let Some((from, to)) = self.line()? else { return Ok(false) };
            let line = self.buffer.get(from..to).unwrap_or_default();
            let is_comment = self.dialect.comment.is_some() && line.first().copied() == self.dialect.comment;
            if is_comment || line.iter().all(|b| *b <= b' ') {
                continue;
            }
            // No byte of a line ends it: the parser cannot ask for more.
            if parse(self.dialect, Separator::Newline, line, true, &mut self.fields).is_ok() {
                return Ok(true);
            }
        }
    }

    /// Begin and end of the next line in the buffer.
    fn line(&mut self) -> io::Result<Option<(usize, usize)>> {
        let mut seen = 0;
        loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let found = memchr::memchr2(b'\n', b'\r', rest.get(seen..).unwrap_or_default()).map(|at| at + seen);
            match found {
                // The other half of this end may be in the next block.
                Some(at) if rest[at] == b'\r' && at + 1 == rest.len() && !self.complete => seen = at,
                Some(at) => {
                    let end = if rest[at] == b'\r' && rest.get(at + 1) == Some(&b'\n') { 2 } else { 1 };
                    let from = self.at;
                    self.at += at + end;
                    return Ok(Some((from, from + at)));
                }
                None if self.complete && rest.is_empty() => return Ok(None),
                None if self.complete => {
                    let from = self.at;
                    self.at = self.buffer.len();
                    return Ok(Some((from, self.at)));
                }
                None => seen = rest.len(),
            }
            self.fill()?;
        }
    }

    fn next_record(&mut self) -> io::Result<bool> {
        loop {
            let Some(separator) = self.separator()? else { return Ok(false) };
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            if self.complete && rest.is_empty() {
                return Ok(false);
            }
            let is_comment = self.dialect.comment.is_some() && rest.first().copied() == self.dialect.comment;
            if is_comment {
                match self.line()? {
                    Some(_) => continue,
                    None => return Ok(false),
                }
            }
            match parse(self.dialect, separator, rest, self.complete, &mut self.fields) {
                Ok(bytes) => {
                    self.at += bytes;
                    if self.fields.len() > 1 || self.fields.get(0).is_some() {
                        return Ok(true);
                    }
                    // An empty line.
                }
                Err(Incomplete) => self.fill()?,
            }
        }
    }

    fn separator(&mut self) -> io::Result<Option<Separator>> {
        while self.separator.is_none() {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            self.separator = match memchr::memchr2(b'\n', b'\r', rest).map(|at| (rest[at], rest.get(at + 1))) {
                Some((b'\n', _)) => Some(Separator::Newline),
                Some((_, Some(b'\n'))) => Some(Separator::Both),
                Some((_, Some(_))) => Some(Separator::CarriageReturn),
                Some((_, None)) if self.complete => Some(Separator::CarriageReturn),
                None if self.complete => Some(Separator::Newline),
                _ => {
                    self.fill()?;
                    None
                }
            };
        }
        Ok(self.separator)
    }

    /// More bytes at the end of the buffer, or the knowledge that there are none.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        // A long record is looked at again from its begin: blocks that grow keep that linear.
        let more = self.block.max(self.buffer.len()) as u64;
        let read = self.input.by_ref().take(more).read_to_end(&mut self.buffer)?;
        self.complete = read == 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect() -> Dialect {
        Dialect { delimiter: b',', quote: Some(b'"'), escape: Some(b'\\'), comment: None, multi_line: false }
    }

    /// `~` is NULL.
    fn in_blocks(text: &str, dialect: Dialect, block: usize) -> Vec<Vec<String>> {
        let mut records = Records::in_blocks(text.as_bytes(), dialect, true, block).unwrap();
        let mut found = Vec::new();
        while let Some(fields) = records.next().unwrap() {
            found.push((0..fields.len()).map(|i| fields.get(i).map_or("~".to_owned(), |f| f.into_owned())).collect());
        }
        found
    }

    fn records(text: &str, dialect: Dialect) -> Vec<Vec<String>> {
        in_blocks(text, dialect, 1)
    }

    /// One line, as Spark 4.3 reads it with its default options.
    #[test]
    fn wrong_quotes_are_text() {
        for (line, fields) in [
            (r#""x ""y"" z",1"#, vec![r#""x ""y"" z""#, "1"]),
            (r#""x \"y\" z",1"#, vec![r#"x "y" z"#, "1"]),
            (r#"q\"r,2"#, vec![r#"q\"r"#, "2"]),
            (r#""a,b""c,d",1"#, vec![r#""a,b""c"#, r#"d""#, "1"]),
            (r#""a"",1"#, vec![r#"a""#, "1"]),
            (r#"""",1"#, vec![r#"""#, "1"]),
            (r#""a" ,1"#, vec!["a", "1"]),
            (r#""a" x,1"#, vec![r#""a" x"#, "1"]),
            (r#""a\,b",1"#, vec![r"a\,b", "1"]),
            (r#""a\\",1"#, vec![r"a\", "1"]),
            (r#""a\\"",1"#, vec![r#"a\""#, "1"]),
            (r#"x,""#, vec!["x", r#"""#]),
            (r#""x ""y,2"#, vec![r#""x ""y"#, "2"]),
            (r#""a\"b"c,d",1"#, vec![r#""a"b"c"#, r#"d""#, "1"]),
            (r#""\"",1"#, vec![r#"""#, "1"]),
            (r#""a\",1"#, vec![r#"a",1"#]),
            (r#""a"""",1"#, vec![r#"a""""#, "1"]),
            (r#""x"y,1"#, vec![r#""x"y"#, "1"]),
            (r#"x"y"z,1"#, vec![r#"x"y"z"#, "1"]),
            (r#""x,1"#, vec!["x,1"]),
            (r#""y\n",2"#, vec![r"y\n", "2"]),
            (r#","",b,"#, vec!["~", "", "b", "~"]),
        ] {
            assert_eq!(records(line, dialect()), [fields], "{line}");
        }
    }

    #[test]
    fn doubled_quotes_are_escapes_where_the_quote_is_the_escape() {
        let doubled = Dialect { escape: Some(b'"'), ..dialect() };
        for (line, fields) in [
            (r#""a""b",1"#, vec![r#"a"b"#, "1"]),
            (r#""a""",1"#, vec![r#"a""#, "1"]),
            (r#""""a""",1"#, vec![r#""a""#, "1"]),
            (r#""""",1"#, vec![r#"""#, "1"]),
            (r#""a"b"",1"#, vec![r#""a"b"""#, "1"]),
        ] {
            assert_eq!(records(line, doubled), [fields], "{line}");
        }
    }

    #[test]
    fn lines_end_in_three_ways_also_inside_quotes() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["\u{feff}a,b", "", "\"x", "y\",1", " ", "z,2"].join(end);
            assert_eq!(records(&text, dialect()), [vec!["a", "b"], vec!["x"], vec!["y\"", "1"], vec!["z", "2"]], "{end:?}");
            assert_eq!(records(&format!("{text}{end}"), dialect()).len(), 4, "{end:?}");
        }
    }

    #[test]
    fn values_hold_lines_with_multi_line() {
        let multi = Dialect { multi_line: true, comment: Some(b'#'), ..dialect() };
        let text = "a,b\n\"x\r\ny\",\"1\n2\"\n\n#z,3\n\"p\"\"q\nr\",4\n";
        assert_eq!(records(text, multi), [vec!["a", "b"], vec!["x\r\ny", "1\n2"], vec!["\"p\"\"q"], vec!["r\"", "4"]]);
        for end in ["\r\n", "\r"] {
            let text = ["a,b", "\"x", "y\",1", "", "z,2", ""].join(end);
            assert_eq!(records(&text, multi), [vec!["a", "b"], vec!["x\ny", "1"], vec!["z", "2"]], "{end:?}");
        }
        assert_eq!(records("\"x,1\ny,2\n", multi), [vec!["x,1\ny,2\n"]]);
    }

    #[test]
    fn comments_begin_lines() {
        let text = "#c\na,b\n#c,1\n #no,2\n2,#y\n";
        assert_eq!(records(text, Dialect { comment: Some(b'#'), ..dialect() }), [vec!["a", "b"], vec![" #no", "2"], vec!["2", "#y"]]);
    }

    proptest::proptest! {
        /// Whatever the bytes: the same records however the input is cut, and no end without one.
        #[test]
        fn any_bytes_are_read(text in "[a\"\\\\, \r\n#]{0,60}", multi_line: bool, doubled: bool) {
            let dialect = Dialect { escape: Some(if doubled { b'"' } else { b'\\' }), multi_line, ..dialect() };
            let whole = in_blocks(&text, dialect, BLOCK);
            for block in [1, 2, 3, 7] {
                proptest::prop_assert_eq!(&in_blocks(&text, dialect, block), &whole);
            }
        }
    }
}
