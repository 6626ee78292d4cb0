"""Asks PySpark 4.3.0 (pip install pyspark==4.3.0; Java 17) what the cases beside it give, as SQL and as DataFrame calls.

    python make.py            # all groups
    python make.py dates      # one

Writes views.json and one <group>.json per <group>.py. Tests read only these.
"""
import importlib
import json
import os
import pathlib
import sys
import time

os.environ["TZ"] = "UTC"
time.tzset()
sys.dont_write_bytecode = True

from pyspark.sql import SparkSession  # noqa: E402

from answers import answer  # noqa: E402
from support import VIEWS, groups  # noqa: E402

HERE = pathlib.Path(__file__).parent


def write(path, lines):
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def block(entry):
    """A key per line, a row per line: so that differences can be read."""
    lines = []
    for key, value in entry.items():
        if isinstance(value, dict):
            value = {k: v for k, v in value.items()}
            inner = []
            for k, v in value.items():
                if k == "rows" and v:
                    rows = ",\n".join("   " + json.dumps(row, ensure_ascii=False) for row in v)
                    inner.append(f'  "rows": [\n{rows}\n  ]')
                else:
                    inner.append(f'  "{k}": ' + json.dumps(v, ensure_ascii=False))
            lines.append(f' "{key}": {{\n' + ",\n".join(inner) + "\n }")
        else:
            lines.append(f' "{key}": ' + json.dumps(value, ensure_ascii=False))
    return "{\n" + ",\n".join(lines) + "\n}"


def main():
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "3")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.warehouse.dir", "/tmp/spark-cases-warehouse")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    for name, sql in VIEWS.items():
        spark.sql(sql).createOrReplaceTempView(name)
    write(HERE / "views.json", [json.dumps({"name": name, "sql": sql}) for name, sql in VIEWS.items()])
    total = 0
    for group in sys.argv[1:] or groups:
        entries = []
        for case in importlib.import_module(group).CASES:
            print(group, "-", case.name, flush=True)
            sql = answer(lambda: spark.sql(case.sql))
            frame = sql if case.frame is None else answer(lambda: case.frame(spark))
            entry = {"name": case.name, "sql": case.sql, "ordered": case.ordered, "result": sql}
            if case.frame is None:
                entry["frame"] = None
            if not case.ordered:
                for result in (sql, frame):
                    result.get("rows", []).sort(key=json.dumps)
            if frame != sql:
                entry["frame"] = frame
                print("    sql:  ", json.dumps(sql, ensure_ascii=False)[:400])
                print("    frame:", json.dumps(frame, ensure_ascii=False)[:400])
            else:
                print("         ", json.dumps(sql, ensure_ascii=False)[:900])
            entries.append(entry)
        names = [entry["name"] for entry in entries]
        assert len(set(names)) == len(names), names
        write(HERE / f"{group}.json", [block(entry) for entry in entries])
        total += len(entries)
    print(total, "cases")


main()
