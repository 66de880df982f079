#!/usr/bin/env python3
"""Measures the check at entry against a million masters: make bench-check.

    online.py BINARY CHECKS DATA [--store postgres://…|embedded] [--masters N] [--rate N] [--seconds N]

BINARY is tenon, CHECKS the example `checks` that asks it, DATA the folder of gen_customers.py. The
masters are loaded by bulk copy, as if they had been there before likeness was; `tenon migrate` makes
them ready. On PostgreSQL they get a schema of their own, which is dropped at the end.
"""
import argparse
import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

TOKEN = "let-me-in"
SCHEMA = "tenon_bench_online"


def master(row):
    return f"00000000-0000-7000-8000-{int(row['entity_id']):012x}"


def golden(row):
    """The golden record and its one source, as the hub keeps them."""
    customer = {"kind": "customer", "legal_name": row["name"]}
    for field in ("tax_id", "code"):
        if row[field]:
            customer[field] = row[field]
    if row["contact"]:
        customer["contacts"] = [{"name": row["contact"]}]
    place = {key: value for key, value in (("city", row["city"]), ("street", row["address"])) if value}
    if place:
        customer["addresses"] = [place]
    for field, column in (("phones", "phone"), ("emails", "email")):
        if row[column]:
            customer[field] = [row[column]]
    provenance = {"system": "mdm", "native_id": row["source_id"], "message_id": master(row),
                  "occurred_at": "2026-01-01T00:00:00Z"}
    statement = {"record": {"customer": customer, "provenance": provenance}, "version": 1}
    return (json.dumps({"customer": customer, "provenance": {}}, ensure_ascii=False),
            json.dumps({"statements": [statement], "recent": [[1, customer]]}, ensure_ascii=False))


def load_postgres(url, rows):
    psql = ["psql", "-q", "-v", "ON_ERROR_STOP=1", url]
    copy = subprocess.Popen([*psql, "-c", "copy golden (master_id, version, golden, sources, updated_at) from stdin (format csv)"],
                            stdin=subprocess.PIPE, text=True, encoding="utf-8")
    writer = csv.writer(copy.stdin)
    for row in rows:
        writer.writerow([master(row), 1, *golden(row), "2026-01-01T00:00:00Z"])
    copy.stdin.close()
    if copy.wait():
        sys.exit("psql: the masters could not be loaded")
    undo_filling = "delete from match_version; analyze golden"
    subprocess.run([*psql, "-c", undo_filling], check=True)


def load_sqlite(path, rows):
    database = sqlite3.connect(path)
    made = ((bytes.fromhex(master(row).replace("-", "")), 1, *golden(row), 0) for row in rows)
    database.executemany("insert into golden (master_id, version, golden, sources, updated_at) values (?, ?, ?, ?, ?)", made)
    database.execute("delete from match_version")
    database.commit()
    database.close()


def configure(folder, store):
    config = folder / "config"
    (config / "connectors").mkdir(parents=True)
    (config / "tenon.toml").write_text(
        f"store = '{store}'\n[http]\nlisten = '127.0.0.1:0'\ntoken = '${{env:TENON_TOKEN}}'\n")
    # A hub has at least one system; this one never speaks.
    (config / "connectors" / "mdm.toml").write_text(
        "name = 'mdm'\nkind = 'crm'\npreset = 'files'\ndirectory = '../mdm'\ndeliver = []\n"
        "[[receive]]\nentity = 'customer'\nevery = '1h'\n")
    return config


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("checks")
    parser.add_argument("data", type=Path)
    parser.add_argument("--store", default="embedded")
    parser.add_argument("--masters", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--records", type=Path, help="a folder with masters.csv and queries.csv, made before")
    arguments = parser.parse_args()
    environment = {**os.environ, "TENON_TOKEN": TOKEN, "CRM_WEBHOOK_TOKEN": TOKEN}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        records = arguments.records or folder
        if not arguments.records:
            subprocess.run([sys.executable, arguments.data / "gen_customers.py", "--masters", str(arguments.masters),
                            "--queries", "50000", "--seed", str(arguments.seed), "-o", records / "masters.csv",
                            "--qout", records / "queries.csv"], check=True)
        store, plain = arguments.store, arguments.store
        if store != "embedded":
            subprocess.run(["psql", "-q", plain, "-c", f"drop schema if exists {SCHEMA} cascade", "-c", f"create schema {SCHEMA}"], check=True)
            store = f"{plain}?options={quote('-csearch_path=' + SCHEMA)}"
        config = configure(folder, store)
        tenon = lambda *words: subprocess.run([arguments.binary, *words, "--config", config], env=environment, check=True)
        tenon("migrate")
        with open(records / "masters.csv", newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            if store == "embedded":
                load_sqlite(config / "data" / "tenon.db", rows)
            else:
                load_postgres(store, rows)
        began = time.monotonic()
        tenon("migrate")
        filling = time.monotonic() - began
        if store != "embedded":
            subprocess.run(["psql", "-q", store, "-c", "vacuum analyze match_key", "-c", "vacuum analyze match_traits"], check=True)
        hub = subprocess.Popen([arguments.binary, "run", "--role", "api", "--config", config], env=environment,
                               stderr=subprocess.PIPE, text=True)
        try:
            talk = []
            for line in hub.stderr:
                talk.append(line)
                if "http://" in line:
                    break
            else:
                sys.exit("the hub does not run:\n" + "".join(talk))
            url = "http://" + talk[-1].split("http://")[1].split()[0]
            ask = lambda seconds: json.loads(subprocess.run(
                [arguments.checks, url, TOKEN, records / "queries.csv", str(arguments.rate), str(seconds)],
                check=True, stdout=subprocess.PIPE, text=True).stdout)
            ask(5)
            times = lambda: sum(map(int, Path(f"/proc/{hub.pid}/stat").read_text().rsplit(")")[-1].split()[11:13]))
            before = times()
            figures = ask(arguments.seconds)
            cpu = (times() - before) / os.sysconf("SC_CLK_TCK")
            resident = [line for line in Path(f"/proc/{hub.pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
        finally:
            hub.terminate()
            hub.wait()
            if store != "embedded":
                subprocess.run(["psql", "-q", plain, "-c", f"drop schema {SCHEMA} cascade"], check=True, stderr=subprocess.DEVNULL)
        print(json.dumps({"store": arguments.store.split(":")[0], "filling_seconds": round(filling, 1),
                          "hub_cpu_us_per_check": round(1e6 * cpu / max(figures["checks"], 1)),
                          "hub_mib": round(int(resident[0].split()[1]) / 1024), **figures}))


if __name__ == "__main__":
    main()
