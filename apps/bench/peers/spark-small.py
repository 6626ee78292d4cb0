#!/usr/bin/env python3
"""Spark's side of the small benchmarks, as JSON lines of seconds; apps/bench/src/kiln-worker.ts is Kiln's.

usage: spark-small.py first-task MASTER | empty-tasks MASTER | word-count MASTER FILE | shuffle MASTER LINEITEM | recovery MASTER LINEITEM COPIES
"""
import json, os, signal, subprocess, sys, threading, time
started = time.time()
from pyspark.sql import SparkSession
import pyspark.sql.functions as F

task, master, *args = sys.argv[1:]
b = SparkSession.builder.master(master).config("spark.ui.enabled", "false")
if master.startswith("local["): b = b.config("spark.driver.memory", "8g")
else: b = b.config("spark.driver.memory", "3g").config("spark.executor.memory", master.rstrip("]").split(",")[2] + "m")
s = b.getOrCreate()
s.sparkContext.setLogLevel("ERROR")

def timed(name, f, run=0, since=None):
    since = since or time.time()
    v = f()
    seconds = time.time() - since
    print(json.dumps({"name": name, "run": run, "seconds": round(seconds, 2), "result": str(v)}), flush=True)
    return seconds

def kill_an_executor():
    pids = subprocess.run(["pgrep", "-f", "CoarseGrainedExecutorBackend"], capture_output=True, text=True).stdout.split()
    mine = [int(p) for p in pids if b"CoarseGrainedExecutorBackend" in open(f"/proc/{p}/cmdline", "rb").read()]
    os.kill(mine[-1], signal.SIGKILL)

if task == "first-task":
    timed("first_task", lambda: s.range(1).collect(), since=started)
elif task == "empty-tasks":
    for run in range(2): timed("empty_tasks_10000", lambda: s.range(0, 10000, 1, 10000).filter("id<0").count(), run)
elif task == "word-count":
    count = lambda: s.sparkContext.textFile(args[0]).flatMap(lambda l: l.split(" ")).map(lambda x: (x, 1)).reduceByKey(lambda a, b: a + b).count()
    for run in range(2): timed("wordcount_1GB", count, run)
elif task == "shuffle":
    l = s.read.parquet(args[0])
    for run in range(2):
        timed("repartition_200_lineitem", lambda: l.repartition(200, "l_orderkey").agg(F.max("l_comment"), F.sum("l_extendedprice"), F.max("l_shipdate")).collect(), run)
elif task == "recovery":
    s.read.parquet(args[0]).createOrReplaceTempView("lineitem")
    query = f"select count(*), sum(s) from (select l_orderkey, r.id, sum(l_extendedprice) as s from lineitem cross join range(0, {args[1]}) r group by l_orderkey, r.id)"
    job = lambda: s.sql(query).collect()
    job()
    whole = timed("undisturbed", job)
    threading.Timer(whole / 2, kill_an_executor).start()
    timed("one_killed", job)
