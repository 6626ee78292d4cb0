"""Asks PySpark 4.3.0 for the result columns of the 22 TPC-H queries over tpchgen-cli's Parquet files.

    python generate.py DATA_DIR QUERIES_DIR > cases.json
"""
import json
import pathlib
import sys

from pyspark.sql import SparkSession

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "resolve_spark"))
from generate import fields  # noqa: E402

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
tables = {}
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.parquet")):
    frame = spark.read.parquet(str(file))
    frame.createOrReplaceTempView(file.stem)
    tables[file.stem] = fields(frame.schema)
cases = []
for number in range(1, 23):
    sql = (pathlib.Path(sys.argv[2]) / f"q{number}.sql").read_text()
    schema = spark.sql(sql.rstrip().rstrip(";")).schema
    cases.append({"name": f"q{number}", "sql": sql, "columns": [[f.name, f.dataType.simpleString(), f.nullable] for f in schema.fields]})
print('{"tables":' + json.dumps(tables) + ',\n"cases":[')
print(",\n".join(json.dumps(case) for case in cases))
print("]}")
