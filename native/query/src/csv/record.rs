//! One record of a text. The states, and what they keep of wrong quotes, are univocity's, since users see them: a quote that
//! neither ends its value nor is escaped makes all of the value plain text, up to the next delimiter (`STOP_AT_DELIMITER`).

use super::{Dialect, Fields};

/// The record goes on beyond the bytes at hand.
#[derive(Debug)]
pub(super) struct Incomplete;

type Parsed<T> = Result<T, Incomplete>;

/// What ends records besides `\n`, which ends them always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Newline,
    CarriageReturn,
    Both,
}

#[derive(Debug, Clone, Copy)]
enum Next {
    Byte(u8),
    /// An end of a line, of so many bytes.
    Line(usize),
    End,
}

pub(super) struct Parser<'a> {
    dialect: Dialect,
    separator: Separator,
    bytes: &'a [u8],
    at: usize,
    /// Nothing comes after `bytes`.
    complete: bool,
}

/// Takes a record off the begin of `bytes`, and gives the number of its bytes.
///
/// # Errors
/// `Incomplete`: `bytes` end before the record does, and are not all.
pub(super) fn parse(dialect: Dialect, separator: Separator, bytes: &[u8], complete: bool, fields: &mut Fields) -> Parsed<usize> {
    fields.clear();
    let mut parser = Parser { dialect, separator, bytes, at: 0, complete };
    loop {
        match parser.next()? {
            Next::Line(_) | Next::End => fields.null(),
            Next::Byte(byte) if byte == dialect.delimiter => fields.null(),
            Next::Byte(byte) if dialect.is_quote(byte) => parser.quoted(fields)?,
            Next::Byte(_) => {
                let start = fields.start();
                parser.plain(fields)?;
                fields.end(start);
            }
        }
        match parser.next()? {
            Next::Byte(_) => parser.at += 1,
            Next::Line(bytes) => return Ok(parser.at + bytes),
            Next::End => return Ok(parser.at),
        }
    }
}

impl Parser<'_> {
    fn next(&self) -> Parsed<Next> {
        let Some(byte) = self.bytes.get(self.at).copied() else {
            return if self.complete { Ok(Next::End) } else { Err(Incomplete) };
        };
        Ok(match (byte, self.separator) {
            (b'\n', _) => Next::Line(1),
            (b'\r', Separator::CarriageReturn) => Next::Line(1),
            (b'\r', Separator::Both) => match self.bytes.get(self.at + 1) {
                Some(b'\n') => Next::Line(2),
                None if !self.complete => return Err(Incomplete),
                _ => Next::Byte(byte),
            },
            _ => Next::Byte(byte),
        })
    }

    fn is_at_end(&self) -> Parsed<bool> {
        Ok(match self.next()? {
            Next::Byte(byte) => byte == self.dialect.delimiter,
            Next::Line(_) | Next::End => true,
        })
    }

    /// All up to the next delimiter or the end of the line.
    fn plain(&mut self, fields: &mut Fields) -> Parsed<()> {
        let from = self.at;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            match memchr::memchr3(self.dialect.delimiter, b'\n', b'\r', rest) {
                Some(found) => self.at += found,
                None => self.at = self.bytes.len(),
            }
            if self.is_at_end()? {
                fields.extend(self.bytes.get(from..self.at).unwrap_or_default());
                return Ok(());
            }
            // A carriage return that ends nothing.
            self.at += 1;
        }
    }

    /// A field that begins with a quote.
    fn quoted(&mut self, fields: &mut Fields) -> Parsed<()> {
        let dialect = self.dialect;
        let quote = dialect.quote.unwrap_or_default();
        let start = fields.start();
        self.at += 1;
        // The byte before; 0: none, or one that has had its effect.
        let mut before = 0;
        loop {
            let after_quote = before == quote && before != 0;
            let byte = match self.next()? {
                _ if after_quote && self.is_at_end()? => break,
                Next::End => {
                    // A lone quote is text; else what has no closing quote ends here.
                    if before == 0 && self.bytes.get(self.at.wrapping_sub(1)) == Some(&quote) && fields.start() == start {
                        fields.push(quote);
                    }
                    break;
                }
                Next::Line(bytes) => {
                    if after_quote {
                        return self.not_quoted(start, fields);
                    }
                    fields.push(b'\n');
                    before = b'\n';
                    self.at += bytes;
                    continue;
                }
                Next::Byte(byte) => byte,
            };
            if after_quote && byte <= b' ' && !dialect.is_escape(byte) {
                let blanks = self.at;
                while matches!(self.next()?, Next::Byte(blank) if blank <= b' ' && blank != dialect.delimiter) {
                    self.at += 1;
                }
                if self.is_at_end()? {
                    break;
                }
                self.at = blanks;
                return self.not_quoted(start, fields);
            }
            if !dialect.is_quote(byte) && !dialect.is_escape(byte) {
                if after_quote {
                    return self.not_quoted(start, fields);
                }
                if before != 0 && dialect.is_escape(before) {
                    fields.push(before);
                }
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                let special = |b: &u8| dialect.is_quote(*b) || dialect.is_escape(*b) || matches!(b, b'\n' | b'\r');
                // A carriage return may be a byte like others.
                let length = 1 + rest.iter().skip(1).position(special).unwrap_or(rest.len() - 1);
                fields.extend(rest.get(..length).unwrap_or_default());
                before = byte;
                self.at += length;
                continue;
            }
            if before != 0 && dialect.is_escape(byte) && dialect.is_escape_escape(before) {
                fields.push(byte);
                before = 0;
            } else if before != 0 && dialect.is_escape(before) {
                if dialect.is_quote(byte) {
                    fields.push(byte);
                    before = 0;
                } else {
                    fields.push(before);
                    before = byte;
                }
            } else if dialect.is_quote(byte) && after_quote {
                fields.push(byte);
                before = byte;
            } else if after_quote {
                return self.not_quoted(start, fields);
            } else {
                before = byte;
            }
            self.at += 1;
        }
        fields.end(start);
        Ok(())
    }

    /// The quote before this byte ended nothing: the value is plain text with all its quotes.
    fn not_quoted(&mut self, start: usize, fields: &mut Fields) -> Parsed<()> {
        let quote = self.dialect.quote.unwrap_or_default();
        fields.insert(start, quote);
        fields.push(quote);
        self.plain(fields)?;
        fields.end(start);
        Ok(())
    }
}
