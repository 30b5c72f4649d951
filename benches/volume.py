"""The sums of `benches/volume.rs` by pandas or by DuckDB.

usage: volume.py pandas|duckdb PANEL PAIRS SUMS GIGABYTES

Reads both Parquet files, joins the pairs of Table 1, adds downloads by region, kind of barrier
and month, and writes what is not zero as sorted lines. Says the seconds of the clock and of
processors, both without the imports, the peak memory and the rows. More than GIGABYTES of
address space are refused, so that other programs of the machine live on.
"""

import resource
import sys
import time

KINDS = ["none", "store", "phone", "both"]


def clock():
    return time.perf_counter(), time.process_time()


def by_pandas(panel, pairs):
    import pandas

    begun = clock()
    pairs = pandas.read_parquet(pairs)
    pairs = pairs.loc[pairs["matrix"] == "table1", ["app", "iso3", "region", "code"]]
    rows = pandas.read_parquet(panel, columns=["app", "iso3", "month", "downloads"])
    count = len(rows)
    rows = rows.merge(pairs, on=["app", "iso3"])
    sums = rows.groupby(["region", "code", "month"])["downloads"].sum()
    found = [(*key, value) for key, value in sums.items()]
    return begun, count, found


def by_duckdb(panel, pairs):
    import duckdb

    begun = clock()
    database = duckdb.connect()
    count = database.execute(f"SELECT count(*) FROM '{panel}'").fetchone()[0]
    found = database.execute(
        f"""SELECT region, code, month, sum(downloads) FROM '{panel}'
            JOIN '{pairs}' USING (app, iso3) WHERE matrix = 'table1' GROUP BY ALL"""
    ).fetchall()
    return begun, count, found


def main():
    tool, panel, pairs, sums, gigabytes = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (int(gigabytes) << 30,) * 2)
    begun, count, found = {"pandas": by_pandas, "duckdb": by_duckdb}[tool](panel, pairs)
    totals = {}
    for region, code, month, downloads in found:
        for place in (region, "World"):
            key = (place, KINDS[code], month)
            totals[key] = totals.get(key, 0) + int(downloads)
    lines = sorted(",".join(key) + f",{total}\n" for key, total in totals.items() if total)
    with open(sums, "w", encoding="utf-8") as file:
        file.writelines(lines)
    seconds, busy = (now - then for now, then in zip(clock(), begun))
    with open("/proc/self/status", encoding="ascii") as file:
        peak = next(line.split()[1] for line in file if line.startswith("VmHWM"))
    print(seconds, busy, peak, count)


main()
