"""What the groups of cases share: the views they read, and the shape of a case."""
from dataclasses import dataclass
from typing import Any, Callable


@dataclass(frozen=True)
class Case:
    name: str
    sql: str
    frame: Callable[[Any], Any]
    """The same question as DataFrame calls; its answer is kept too when it differs (names, mostly). None: there are no such calls."""
    ordered: bool


def case(name, sql, frame, ordered=False):
    return Case(name, sql, frame, ordered)


groups = [
    "arithmetic", "decimals", "casts", "comparison", "names", "strings", "dates", "conditionals",
    "grouping", "ordering", "sets", "joins", "using", "subqueries", "windows", "relations",
]

VIEWS = {
    "nums": "select * from values (1, 7, 7L, 7S, 7Y, 7.5F, 7.5D, cast(7.25 as decimal(10,2))), "
    "(2, -7, -7L, -7S, -7Y, -7.5F, -7.5D, cast(-7.25 as decimal(10,2))), "
    "(3, 0, 0L, 0S, 0Y, 0F, 0D, cast(0 as decimal(10,2))), "
    "(4, null, null, null, null, null, null, null) as v(k, i, b, s, t, f, d, m)",
    "limits": "select * from values (2147483647, 9223372036854775807L, 32767S, 127Y, 1.7976931348623157E308D, "
    "99999999999999999999999999999999999999BD, 0) as v(i, b, s, t, d, m, z)",
    "words": "select * from values (1, 'Spark'), (2, '  two words '), (3, ''), (4, null), (5, 'Ünïcödé'), (6, 'a_b%c') as v(k, w)",
    "days": "select * from values (1, date '2024-01-31', timestamp '2024-01-31 12:34:56.789012'), "
    "(2, date '2023-12-31', timestamp '2023-12-31 23:59:59'), (3, date '2024-02-29', timestamp '2024-02-29 00:00:00'), "
    "(4, null, null) as v(k, d, t)",
    "emp": "select * from values (1, 'Ann', 10, cast(5000 as decimal(10,2)), null), (2, 'Bob', 10, cast(3500.5 as decimal(10,2)), 1), "
    "(3, 'Cid', 20, cast(3500.5 as decimal(10,2)), 1), (4, 'Dan', null, null, 2), "
    "(5, 'Eve', 20, cast(4000 as decimal(10,2)), 3), (6, 'Bob', 30, cast(1000 as decimal(10,2)), 3) as v(id, name, dept, salary, boss)",
    "dept": "select * from values (10, 'Sales'), (20, 'Tech'), (40, 'Empty'), (null, 'Ghost') as v(id, name)",
    "reals": "select * from values (1, double('NaN')), (2, double('Infinity')), (3, double('-Infinity')), (4, 0.0D), (5, -0.0D), "
    "(6, 1.5D), (7, null), (8, double('NaN')) as v(k, d)",
    "la": "select * from values (1), (1), (2), (null), (null), (3) as v(x)",
    "lb": "select * from values (1), (2), (2), (null), (4) as v(x)",
    "sales": "select * from values ('N', 'pen', 2023, 10), ('N', 'ink', 2023, 20), ('S', 'pen', 2023, 30), ('S', 'pen', 2024, 40), "
    "('N', 'pen', 2024, 50), (null, 'ink', 2024, 60) as v(region, product, year, amount)",
}
