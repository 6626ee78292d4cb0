from pyspark.sql.functions import (
    col, concat, concat_ws, contains, endswith, expr, initcap, instr, length, lit, locate, lower, lpad, ltrim, regexp_extract, regexp_replace,
    repeat, replace, reverse, rpad, rtrim, split, split_part, startswith, substring, substring_index, translate, trim, upper,
)

from support import case

words = lambda s: s.table("words")


def exprs(*expressions):
    return lambda s: s.range(1).select(*[expr(e) for e in expressions])


def same(*expressions):
    """Both forms from the same expressions."""
    return "select " + ", ".join(expressions), exprs(*expressions)


CASES = [
    case("substring", "select k, substring(w, 1, 3), substring(w, 0, 3), substring(w, -3, 2), substring(w, 2, 100), substring(w, -100, 97), substring(w, 3, -1) from words",
         lambda s: words(s).select("k", substring("w", 1, 3), substring("w", 0, 3), substring("w", -3, 2), substring("w", 2, 100), substring("w", -100, 97), substring("w", 3, -1))),
    case("substring in other words", *same("substr('Spark', 2)", "substring('Spark' from 2 for 2)", "left('Spark', 2)", "right('Spark', 2)", "left('Spark', -1)", "right('Spark', 0)", "right('Spark', 9)")),
    case("trim", "select k, '[' || trim(w) || ']', '[' || ltrim(w) || ']', '[' || rtrim(w) || ']', length(trim(w)) from words",
         lambda s: words(s).select("k", concat(lit("["), trim("w"), lit("]")), concat(lit("["), ltrim("w"), lit("]")), concat(lit("["), rtrim("w"), lit("]")), length(trim("w")))),
    case("trim of characters", *same("trim(both 'xy' from 'xyaxy')", "trim(leading 'x' from 'xxa')", "trim(trailing 'a' from 'xxa')", "btrim('  a ')", "btrim('xax', 'x')", "length(trim('\\t a\\n'))")),
    case("concat with null", "select k, concat(w, '!'), w || '!', concat_ws('-', w, null, 'z'), concat_ws('-'), concat() from words",
         lambda s: words(s).select("k", concat("w", lit("!")), expr("w || '!'"), concat_ws("-", "w", lit(None), lit("z")), concat_ws("-"), concat())),
    case("case and length", "select k, upper(w), lower(w), initcap(w), length(w), char_length(w), octet_length(w), reverse(w) from words",
         lambda s: words(s).select("k", upper("w"), lower("w"), initcap("w"), length("w"), expr("char_length(w)"), expr("octet_length(w)"), reverse("w"))),
    case("like", "select k, w like '%a%', w like '_park', w like 'S%k', w not like 'S%', w ilike 'spark', w like '' from words",
         lambda s: words(s).select("k", col("w").like("%a%"), col("w").like("_park"), col("w").like("S%k"), ~col("w").like("S%"), col("w").ilike("spark"), col("w").like(""))),
    case("like with escape", *same("'a_b%c' like 'a\\\\_b\\\\%c'", "'axb%c' like 'a\\\\_b%'", "'a_b%c' like 'a/_b/%c' escape '/'", "'50%' like '%/%' escape '/'", "'a' like null", "'a\\\\b' like 'a\\\\\\\\b'")),
    case("like with a bad escape", "select 'a' like 'a/b' escape '/'", lambda s: s.range(1).select(expr("'a' like 'a/b' escape '/'"))),
    case("rlike and regular expressions", "select k, w rlike '^S.*k$', w rlike '[0-9]', regexp_extract(w, '(\\\\w)(\\\\w)', 2), regexp_replace(w, '[aeo]', '*'), regexp_extract(w, 'x', 0) from words",
         lambda s: words(s).select("k", col("w").rlike("^S.*k$"), col("w").rlike("[0-9]"), regexp_extract("w", r"(\w)(\w)", 2), regexp_replace("w", "[aeo]", "*"), regexp_extract("w", "x", 0))),
    case("replacement refers to groups", *same("regexp_replace('John Smith', '(\\\\w+) (\\\\w+)', '$2 $1')", "regexp_replace('a.b.c', '\\\\.', '-')", "regexp_extract('x=12', '=(\\\\d+)')")),
    case("bad regular expression", "select regexp_replace('a', '(', 'b')", lambda s: s.range(1).select(regexp_replace(lit("a"), "(", "b"))),
    case("split", "select k, split(w, ' '), split('a,b,,', ','), split('a,b,c', ',', 2), split('abc', ''), split_part('a.b.c', '.', -1), split_part('a.b', '.', 5) from words where k < 4",
         lambda s: words(s).where("k < 4").select("k", split("w", " "), split(lit("a,b,,"), ","), split(lit("a,b,c"), ",", 2), split(lit("abc"), ""), split_part(lit("a.b.c"), lit("."), lit(-1)), split_part(lit("a.b"), lit("."), lit(5)))),
    case("split_part at 0", "select split_part('a', '.', 0)", lambda s: s.range(1).select(split_part(lit("a"), lit("."), lit(0)))),
    case("places", "select k, instr(w, 'a'), locate('a', w), locate('o', w, 5), position('r' in w), contains(w, 'wo'), startswith(w, 'S'), endswith(w, 'k') from words",
         lambda s: words(s).select("k", instr("w", "a"), locate("a", "w"), locate("o", "w", 5), expr("position('r' in w)"), contains("w", lit("wo")), startswith("w", lit("S")), endswith("w", lit("k")))),
    case("pad and repeat", "select lpad('7', 3, '0'), rpad('ab', 5, 'xy'), lpad('abc', 2), rpad('abc', 5) || '|', repeat('ab', 3), repeat('a', -1), lpad('é', 3, '·'), lpad('a', 3, '')",
         lambda s: s.range(1).select(lpad(lit("7"), 3, "0"), rpad(lit("ab"), 5, "xy"), expr("lpad('abc', 2)"), expr("rpad('abc', 5) || '|'"), repeat(lit("ab"), 3), repeat(lit("a"), -1), lpad(lit("é"), 3, "·"), lpad(lit("a"), 3, ""))),
    case("replace and translate", "select replace('abcabc', 'b', 'XX'), replace('abc', 'b'), replace('abc', '', 'x'), translate('abcabc', 'abc', 'xy'), translate('aa', 'aa', 'xy'), substring_index('a.b.c', '.', 2), substring_index('a.b.c', '.', -1)",
         lambda s: s.range(1).select(replace(lit("abcabc"), lit("b"), lit("XX")), expr("replace('abc', 'b')"), replace(lit("abc"), lit(""), lit("x")), translate(lit("abcabc"), "abc", "xy"), translate(lit("aa"), "aa", "xy"), substring_index(lit("a.b.c"), ".", 2), substring_index(lit("a.b.c"), ".", -1))),
    case("codes", *same("ascii('A')", "ascii('')", "ascii('é')", "chr(65)", "chr(256 + 65)", "chr(-1)", "hex(255)", "hex(-1)", "hex('Az')", "hex(unhex('4142'))", "base64('Az')", "string(unbase64('QXo='))")),
    case("hashes", *same("md5('Spark')", "sha1('Spark')", "sha2('Spark', 256)", "crc32('Spark')", "hash('Spark', 1)", "xxhash64('Spark', null, 2.5D)", "hash(1L, date '2024-01-01', true)")),
    case("distances and more", *same("levenshtein('kitten', 'sitting')", "soundex('Robert')", "find_in_set('b', 'a,b,c')", "find_in_set('a,b', 'a,b')", "overlay('SPARK' placing '_' from 3)", "space(2) || '|'", "'a' || 1 || 2.50", "bit_length('é')")),
    case("literals and escapes", *same("'it''s'", "'a\\nb'", "\"double\"", "r'a\\nb'", "'\\u00e9'", "'tab\\tend'", "'a' 'b'")),
    case("null arguments", *same("upper(null)", "substring('abc', null, 1)", "concat('a', null)", "length(null)", "replace('a', null, 'b')", "lpad('a', null, 'x')", "instr(null, 'a')", "split(null, ',')", "concat_ws(null, 'a', 'b')")),
    case("charsets", "select decode(X'537061726B', 'UTF-8'), encode('aé', 'UTF-16'), encode('aé', 'ISO-8859-1'), decode(X'00E9', 'utf-16be')", None),
    case("bytes that are no text", "select decode(X'FF', 'UTF-8')", None),
    case("elt", "select k, elt(k, 'a', w, 'c') from words where k < 4", None),
    case("elt out of bounds", "select elt(3, 'a', 'b')", None),
    case("nothing is found at once", "select locate('', 'abc', 2), locate('', 'abc', 9), locate('', '', 2), locate('', 'abc', 0), instr('abc', '')", None),
    case("no match has no groups", "select regexp_extract('abc', '([0-9])', 5) as a, regexp_extract('abc', 'x', -1) as b", None),
]
