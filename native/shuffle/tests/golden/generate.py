"""Writes spark_hash.json: what real Spark answers for hash() and repartition().

Only for those who change the table of values; tests read the committed JSON.
    python3 -m venv /tmp/pysp && /tmp/pysp/bin/pip install pyspark==4.3.0   (needs java 17)
    /tmp/pysp/bin/python generate.py > spark_hash.json
Values are JSON strings (long integers and bit patterns survive every JSON reader):
integers in decimal, float and double as the hexadecimal of their bits, binary as
hexadecimal, decimals unscaled, dates in days, timestamps in microseconds. null is null.
"""
import json, random, struct, sys
from decimal import Decimal, localcontext
from pyspark.sql import SparkSession, functions as F, types as T

spark = (SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
         .config("spark.sql.session.timeZone", "UTC")
         .config("spark.sql.shuffle.partitions", "200").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
rnd = random.Random(20260921)

def ints(bits):
    top = 1 << (bits - 1)
    edge = [0, 1, -1, 42, top - 1, -top, top // 3]
    return edge + [rnd.randrange(-top, top) for _ in range(13)]

def doubles():
    bits = [0, 1 << 63, 0x7ff8000000000000, 0xfff8000000000001, 0x7ff0000000000001,
            0x7ff0000000000000, 0xfff0000000000000, 1, 0x3ff0000000000000,
            0xbff0000000000000, 0x7fefffffffffffff, 0x0010000000000000, 0x3fb999999999999a]
    return bits + [rnd.getrandbits(64) for _ in range(17)]

def floats():
    bits = [0, 1 << 31, 0x7fc00000, 0xffc00001, 0x7f800000, 0xff800000, 1, 0x3f800000,
            0xbf800000, 0x7f7fffff, 0x3dcccccd]
    return bits + [rnd.getrandbits(32) for _ in range(17)]

def decimals(precision):
    top = 10 ** precision - 1
    edge = [0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769,
            8388608, -8388609, 2**31, -2**31, 2**63 - 1, 2**63, -2**63, -2**63 - 1, 2**64, 2**95,
            -2**95, 2**119, -2**119, top, -top]
    return ([v for v in edge if abs(v) <= top]
            + [rnd.randrange(-top, top + 1) for _ in range(12)])

strings = ["", "a", "ab", "abc", "abcd", "abcde", "abcdefg", "Spark", "\u00e9", "\u00ff\u00fe",
           "\u4e2d\u6587\u5b57", "\U0001f525 kiln", "\0", "\0\0\0\0\0", " ", "a\nb",
           "0123456789abcdef" * 9 + "xyz", "\u07ff\uffff\U0010ffff", "12-byte-text", "13-byte-text!"]
strings += ["".join(chr(rnd.choice([rnd.randrange(32, 127), rnd.randrange(0x80, 0x800),
            rnd.randrange(0x4e00, 0x9fff)])) for _ in range(rnd.randrange(1, 40))) for _ in range(20)]
binaries = [b"", b"\0", b"\xff", b"\x80\x7f", b"\xff\xff\xff\xff", b"\x80\x80\x80\x80\x80",
            bytes(range(256))]
binaries += [bytes(rnd.getrandbits(8) for _ in range(rnd.randrange(1, 30))) for _ in range(20)]
days = [0, 1, -1, 19000, -719162, 2932896, 10957] + [rnd.randrange(-700000, 2900000) for _ in range(10)]
micros = [0, 1, -1, 1_700_000_000_123_456, -62135596800000000, 253402300799999999]
micros += [rnd.randrange(-62135596800000000, 253402300799999999) for _ in range(10)]

# type name -> (raw values, value as text, Spark input type, expression over column c, python value)
def dbl(b): return struct.unpack(">d", struct.pack(">Q", b))[0]
def unscaled(p, s):
    def f(v):
        with localcontext() as ctx:
            ctx.prec = 60
            return Decimal(v).scaleb(-s)
    return f

TYPES = {
    "boolean": ([True, False], lambda v: str(v).lower(), T.BooleanType(), "c", lambda v: v),
    "byte": (ints(8), str, T.ByteType(), "c", lambda v: v),
    "short": (ints(16), str, T.ShortType(), "c", lambda v: v),
    "int": (ints(32), str, T.IntegerType(), "c", lambda v: v),
    "long": (ints(64), str, T.LongType(), "c", lambda v: v),
    "float": (floats(), lambda b: f"{b:08x}", T.DoubleType(), "cast(c as float)",
              lambda b: struct.unpack(">f", struct.pack(">I", b))[0]),
    "double": (doubles(), lambda b: f"{b:016x}", T.DoubleType(), "c", dbl),
    "string": (strings, lambda v: v, T.StringType(), "c", lambda v: v),
    "binary": (binaries, lambda v: v.hex(), T.BinaryType(), "c", lambda v: bytearray(v)),
    "date": (days, str, T.IntegerType(), "date_from_unix_date(c)", lambda v: v),
    "timestamp": (micros, str, T.LongType(), "timestamp_micros(c)", lambda v: v),
    "timestamp_ntz": (micros, str, T.LongType(), "cast(timestamp_micros(c) as timestamp_ntz)", lambda v: v),
}
for p, s in [(1, 0), (9, 2), (10, 2), (18, 0), (18, 18), (19, 0), (20, 5), (28, 10), (38, 0), (38, 18)]:
    TYPES[f"decimal({p},{s})"] = (decimals(p), str, T.DecimalType(p, s), "c", unscaled(p, s))

out = {"spark": spark.version, "seed": 42, "columns": [], "rows": {}, "nested": []}
for name, (values, text, spark_type, expression, python) in TYPES.items():
    rows = [(i, python(v)) for i, v in enumerate(values)] + [(len(values), None)]
    schema = T.StructType([T.StructField("i", T.IntegerType()), T.StructField("c", spark_type)])
    df = spark.createDataFrame(rows, schema).select("i", F.expr(f"hash({expression})").alias("h"))
    got = {r.i: r.h for r in df.collect()}
    out["columns"].append({"type": name, "values": [text(v) for v in values] + [None],
                           "hashes": [got[i] for i in range(len(rows))]})

# Several columns chained, with nulls, and where repartition() really puts the rows.
names = ["boolean", "short", "int", "long", "float", "double", "string", "binary", "date", "timestamp",
         "decimal(18,0)", "decimal(38,18)"]
table, texts = [], []
for i in range(300):
    row, text_row = [i], []
    for n in names:
        values, text, _, _, python = TYPES[n]
        if rnd.random() < 0.15:
            row.append(None); text_row.append(None)
        else:
            v = rnd.choice(values)
            row.append(python(v)); text_row.append(text(v))
    table.append(tuple(row)); texts.append(text_row)
schema = T.StructType([T.StructField("i", T.IntegerType())]
                      + [T.StructField(f"c{k}", TYPES[n][2]) for k, n in enumerate(names)])
raw = spark.createDataFrame(table, schema)
typed = raw.select("i", *[F.expr(TYPES[n][3].replace("(c)", f"(c{k})").replace("cast(c ", f"cast(c{k} ")
                                 if TYPES[n][3] != "c" else f"c{k}").alias(f"k{k}")
                          for k, n in enumerate(names)])
keys = [f"k{k}" for k in range(len(names))]
hashes = {r.i: r.h for r in typed.select("i", F.hash(*keys).alias("h")).collect()}
out["rows"] = {"types": names, "values": texts, "hashes": [hashes[i] for i in range(300)], "partitions": {}}
for n in [1, 7, 16, 200, 1024]:
    placed = typed.repartition(n, *keys).select("i", F.spark_partition_id().alias("p")).collect()
    where = {r.i: r.p for r in placed}
    out["rows"]["partitions"][str(n)] = [where[i] for i in range(300)]

for sql in ["array(1, 2, 3)", "array(1, null, 3)", "cast(array() as array<int>)", "array('a', '', null, 'bcd')",
            "named_struct('a', 1, 'b', 'x')", "named_struct('a', cast(null as int), 'b', 'x')",
            "array(named_struct('a', 1L, 'b', 'x'), named_struct('a', 2L, 'b', null))",
            "named_struct('a', array(1.5D, -0.0D), 'b', date'2026-01-02')", "cast(null as array<int>)"]:
    out["nested"].append({"sql": sql, "hash": spark.sql(f"select hash({sql}) h").first().h})

json.dump(out, sys.stdout, ensure_ascii=True, separators=(",", ":"))
sys.stdout.write("\n")
