#!/usr/bin/env python3
"""10,000 empty tasks on Spark in local[2], twice, as JSON lines of seconds: the second program of spark-micro.py alone."""
import json, time
from pyspark.sql import SparkSession
s = SparkSession.builder.master("local[2]").config("spark.driver.memory", "8g").config("spark.ui.enabled", "false").getOrCreate()
s.sparkContext.setLogLevel("ERROR")
for run in range(2):
    t = time.time(); v = s.range(0, 10000, 1, 10000).filter("id<0").count()
    print(json.dumps({"name": "empty_tasks_10000", "run": run, "seconds": round(time.time() - t, 2), "result": str(v)}), flush=True)
