"""Asks PySpark 4.3.0 for the type of casts, coalesce, `=`, `+` and `-` over every pair of types.

    python matrix.py > matrix.json
"""
import json

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

TYPES = [
    "void", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(10,2)", "decimal(38,10)",
    "decimal(30,20)", "string", "binary", "date", "timestamp", "timestamp_ntz", "interval year to month",
    "interval day to second", "array<int>", "map<string,int>", "struct<a:int>",
]
KINDS = {
    "cast": "cast(c{i} as {type})", "coalesce": "coalesce(c{i}, c{j})", "eq": "c{i} = c{j}", "plus": "c{i} + c{j}",
    "minus": "c{i} - c{j}",
}

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
nulls = ", ".join(f"null as c{i}" if t == "void" else f"cast(null as {t}) as c{i}" for i, t in enumerate(TYPES))
spark.sql(f"create or replace temp view m as select {nulls}")


def result(kind, i, j):
    if kind == "cast" and TYPES[j] == "void":
        return "-"
    try:
        expression = KINDS[kind].format(i=i, j=j, type=TYPES[j])
        return spark.sql(f"select {expression} x from m").schema.fields[0].dataType.simpleString()
    except PySparkException as error:
        return "!" + error.getCondition()


matrix = {kind: [[result(kind, i, j) for j in range(len(TYPES))] for i in range(len(TYPES))] for kind in KINDS}
print(json.dumps({"types": TYPES, **matrix}))
