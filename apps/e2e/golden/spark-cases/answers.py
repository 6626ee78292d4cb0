"""What Spark answers, in the shape of the goldens."""
import datetime
import decimal

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import types as t


def text(value, kind):
    """As Kiln's client prints values (docs/decisions/0010-values.md); floating-point numbers as Python does."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="microseconds") + ("" if isinstance(kind, t.TimestampNTZType) else "Z")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value // datetime.timedelta(microseconds=1))
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, list):
        return "[" + ", ".join("NULL" if v is None else text(v, kind.elementType) for v in value) + "]"
    return str(value)


def answer(frame):
    try:
        frame = frame()
        schema = frame.schema
        rows = frame.collect()
    except (PySparkException, Py4JJavaError) as error:
        condition = error.getCondition() if isinstance(error, PySparkException) else error.java_exception.getCondition()
        if condition is None:
            raise
        return {"error": condition}
    return {
        "fields": [{"name": f.name, "type": f.dataType.simpleString()} for f in schema.fields],
        "rows": [[text(v, f.dataType) for v, f in zip(row, schema.fields)] for row in rows],
    }
