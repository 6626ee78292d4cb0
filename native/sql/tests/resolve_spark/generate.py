"""Asks PySpark 4.3.0 (pip install pyspark==4.3.0; Java 17) for the columns or the error class of every query.

    python generate.py > cases.json     # reads setup.sql and queries.txt beside it
"""
import json
import pathlib
import sys

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession, types as t

HERE = pathlib.Path(__file__).parent


def kiln_type(d):
    simple = {
        t.NullType: "null", t.BooleanType: "boolean", t.ByteType: "byte", t.ShortType: "short", t.IntegerType: "integer",
        t.LongType: "long", t.FloatType: "float", t.DoubleType: "double", t.StringType: "string", t.BinaryType: "binary",
        t.DateType: "date", t.TimestampType: "timestamp", t.TimestampNTZType: "timestamp-ntz",
        t.YearMonthIntervalType: "year-month-interval", t.DayTimeIntervalType: "day-time-interval",
    }
    if isinstance(d, t.DecimalType):
        return {"type": "decimal", "precision": d.precision, "scale": d.scale}
    if isinstance(d, t.ArrayType):
        return {"type": "array", "element": kiln_type(d.elementType), "containsNull": d.containsNull}
    if isinstance(d, t.StructType):
        return {"type": "struct", "fields": fields(d)}
    return {"type": simple[type(d)]}


def fields(schema):
    return [{"name": f.name, "dataType": kiln_type(f.dataType), "nullable": f.nullable} for f in schema.fields]


def main():
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    for statement in (HERE / "setup.sql").read_text().split(";\n"):
        if statement.strip():
            spark.sql(statement)
    tables = {row.viewName: fields(spark.table(row.viewName).schema) for row in spark.sql("show views").collect()}
    cases = []
    for sql in (HERE / "queries.txt").read_text().splitlines():
        if not sql.strip():
            continue
        try:
            schema = spark.sql(sql).schema
            columns = [[f.name, f.dataType.simpleString(), f.nullable] for f in schema.fields]
            cases.append({"sql": sql, "columns": columns})
        except PySparkException as error:
            cases.append({"sql": sql, "error": error.getCondition()})
    print('{"tables":' + json.dumps(tables) + ',\n"cases":[')
    print(",\n".join(json.dumps(case) for case in cases))
    print("]}")


if __name__ == "__main__":
    sys.exit(main())
