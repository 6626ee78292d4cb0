"""Asks PySpark 4.3.0 how it reads CSV (pip install pyspark==4.3.0; Java 17): writes ../spark-csv.json, which the tests read."""
import json
import os
import pathlib
import sys
import tempfile
import time

os.environ["TZ"] = "UTC"
time.tzset()
sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "spark-cases"))

from pyspark.sql import SparkSession  # noqa: E402

from answers import answer  # noqa: E402

# name, text, options, schema
CASES = [
    ("doubled quotes", 'a,b\n"x ""y"" z",1\n"p",""\n', {}, None),
    ("doubled quotes that are escapes", 'a,b\n"x ""y"" z",1\n"a""",""\n"""a""",2\n"""",3\n"a"b"",4\n', {"escape": '"'}, None),
    ("backslashes", 'a,b\n"x \\"y\\" z",1\nq\\"r,2\n"x\\\\",3\n"y\\n",4\n"a\\,b",5\n"a\\\\"",6\n', {}, None),
    ("wrong quotes", 'a,b\n"a,b""c,d",1\n"a"",1\n""",1\n"a" ,1\n"a" x,1\nx,"\n"x ""y,2\n"a\\"b"c,d",1\n"\\"",1\n"a\\",1\n"a"""",1\nx"y"z,1\n', {}, None),
    ("no quote character", 'a,b\n"x",1\n', {"quote": ""}, None),
    ("a quote that is not closed", 'a,b\n"x,1\ny,2\n', {}, None),
    ("empty text and nothing", 'a,b,c\n,"",x\n"",,y\n', {}, None),
    ("empty text and nothing, inferred", 'a,b,c\n1,"",x\n,2,y\n', {"inferSchema": "true"}, None),
    ("null value", 'a,b\nNA,1\nx,NA\n"NA",3\n"",4\n', {"nullValue": "NA", "inferSchema": "true"}, None),
    ("names of infinity, inferred", "a,b\nNaN,Inf\n-Inf,-Infinity\n1.5,2\n", {"inferSchema": "true"}, None),
    ("other names of infinity, inferred", "a,b\nNaN,Inf\n-Inf,Infinity\ninf,nan\n1.5,2\n", {"inferSchema": "true"}, None),
    ("names of infinity", "a,b\nNaN,Inf\n-Inf,Infinity\ninf,nan\n+Inf,+Infinity\nINF,-inf\n", {}, "a double, b float"),
    ("lines in quotes", 'a,b\n"x\ny",1\nz,2\n', {}, None),
    ("lines in quotes, multiLine", 'a,b\n"x\ny",1\nz,2\n', {"multiLine": "true"}, None),
    ("carriage returns", 'a,b\r\n1,"x"\r\n2,y\r\n', {}, None),
    ("carriage returns alone", "a,b\r1,x\r2,y\r", {}, None),
    ("carriage returns, multiLine", 'a,b\r\n"x\r\ny",1\r\n\r\nz,2\r\n', {"multiLine": "true"}, None),
    ("carriage returns alone, multiLine", 'a,b\r"x\ry",1\rz,2\r', {"multiLine": "true"}, None),
    ("mixed, multiLine", 'a,b\n"x\r\ny","1\n2"\n\n#z,3\n"p""q\nr",4\n', {"multiLine": "true", "comment": "#"}, None),
    ("a quote that is not closed, multiLine", 'a,b\n"x,1\ny,2\n', {"multiLine": "true"}, None),
    ("comments", "#c\na,b\n#c,1\n1,x\n #no,2\n2,#y\n", {"comment": "#"}, None),
    ("blank lines", "a,b\n\n1,x\n\n\n2,y\n   \n  ,\n,\n", {}, None),
    ("short and long rows", "a,b,c\n1\n1,2\n1,2,3\n1,2,3,4\n", {}, None),
    ("blanks around values", 'a,b\n x , 1 \n"  q ",2\n', {}, None),
    ("blanks around numbers", "a,b\n 1 , 1.5 \n2 ,2\n", {"inferSchema": "true"}, None),
    ("integers", "a,b\n+5, 5\n-0,5 \n1.0,05\nx,2.5\n9999999999,\n", {}, "a int, b bigint"),
    ("decimals", "a\n1.25\n1.255\n12345678901\n 1.5\n1e2\n+1.5\n.5\n", {}, "a decimal(10,2)"),
    ("doubles", "a\n 1.5 \n1e2\n.5\n1_0\n NaN\nnan\n1.5d\n2.5f\n", {}, "a double"),
    ("booleans", "a\ntrue\nTRUE\n true\nt\n1\nyes\nFalse\n", {}, "a boolean"),
    ("booleans, inferred", "a,b\ntrue,yes\nFALSE,no\n", {"inferSchema": "true"}, None),
    ("dates, inferred", "a,b,c\n2024-01-02,2024-01-02 03:04:05,2024-1-2\n2024-12-31,2024-12-31T10:00:00,2024-12-31\n", {"inferSchema": "true"}, None),
    ("no dates, inferred", "a,b,c\n2024-12,epoch,2024-01-01 10:00 UTC\n", {"inferSchema": "true"}, None),
    ("dates", "a,b\n2024-1-2,2024-01-02 03:04\n2024-13-31,2024\n2024,2024-12\n 2024-01-01 ,x\n", {}, "a date, b timestamp"),
    ("large numbers, inferred", "a,b,c,d,e\n1,12345678901234567890,1e10,1.,+5\n2147483648,5,1d,2,-0\n", {"inferSchema": "true"}, None),
    ("a column of nothing, inferred", "a,b\n1,\n2,\n", {"inferSchema": "true"}, None),
    ("a byte order mark", "\ufeffa,b\n1,2\n", {}, None),
    ("no header", "1,x\n2,y,z\n", {"header": "false"}, None),
    ("a header alone", "a,b\n", {"inferSchema": "true"}, None),
    ("names in the header", '"a","b ""c""", d ,,A\n1,2,3,4,5\n', {}, None),
    ("another header than the schema", "x,y\n1,2\n", {}, "a int, b int"),
    ("tabs", "a\tb\n1\t2\n", {"sep": "\\t"}, None),
    ("a last line without an end", "a,b\n1,2\n3,4", {}, None),
    ("a delimiter at the end", "a,b,\n1,2,\n", {}, None),
    ("bytes that are no text", "a,b\n\udcff,2\n", {}, None),
]

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").getOrCreate()
spark.sparkContext.setLogLevel("OFF")


def read(text, options, schema):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "a.csv"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        reader = spark.read.options(**{"header": "true", **options})
        return answer(lambda: (reader.schema(schema) if schema else reader).csv(str(path)))


entries = []
for name, text, options, schema in CASES:
    result = read(text, options, schema)
    print(name, "-", json.dumps(result, ensure_ascii=False))
    raw = text.encode("utf-8", "surrogateescape").decode("latin-1")
    entry = {"name": name, "latin1": raw, "options": {"header": "true", **options}, "schema": schema, "result": result}
    entries.append(json.dumps(entry, ensure_ascii=False))
(HERE.parent / "spark-csv.json").write_text("[\n" + ",\n".join(entries) + "\n]\n")
