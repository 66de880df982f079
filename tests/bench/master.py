#!/usr/bin/env python3
"""Measures `tenon master dedupe` on labelled records: make bench-master.

    master.py BINARY DATA [--seed N] [--records N] [--million] [--curve]

DATA holds gen_customers.py and score_pairs.py, which make and score the records; its folder
anchors, if splink and pandas are installed, is run on the same records. One line a figure.
"""
import argparse
import csv
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path


def run(command):
    """Runs a command; its output, seconds, CPU seconds and peak MiB."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        start, peak = time.monotonic(), 0
        process = subprocess.Popen(command, stdout=output)
        status = Path(f"/proc/{process.pid}/status")
        while True:
            # What the kernel counts for a child includes its parent's memory before exec, so the
            # high-water mark is read while the command runs.
            try:
                text = status.read_text()
            except OSError:
                text = ""
            marks = [int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")]
            pid, code, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max([peak, *marks])
            time.sleep(0.01)
        seconds = time.monotonic() - start
        if code != 0:
            sys.exit(f"{command[0]} ended with {os.waitstatus_to_exitcode(code)}")
        output.seek(0)
        return output.read(), seconds, usage.ru_utime + usage.ru_stime, peak / 1024


def generator(data):
    spec = importlib.util.spec_from_file_location("gen_customers", data / "gen_customers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def key(row, suffix=""):
    return row["source_system" + suffix], row["source_id" + suffix]


def with_suggestions(records, clusters, review):
    """Pairwise recall and F1 once a steward has taken every suggestion that is right."""
    entity = {key(row): row["entity_id"] for row in records}
    parent = {}

    def root(name):
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for row in clusters:
        parent[root(key(row))] = root(("cluster", row["cluster_id"]))
    right = 0
    for row in review:
        one, other = key(row, "_1"), key(row, "_2")
        if entity[one] == entity[other]:
            right += 1
            parent[root(one)] = root(other)
    pairs = lambda count: count * (count - 1) // 2
    cells = Counter((root(name), entity[name]) for name in entity)
    correct = sum(map(pairs, cells.values()))
    predicted = sum(map(pairs, Counter(root(name) for name in entity).values()))
    true = sum(map(pairs, Counter(entity.values()).values()))
    return right, correct / predicted, correct / true, 2 * correct / (predicted + true)


def merges_of_two_tax_ids(module, records, clusters):
    ids = defaultdict(set)
    tax = {key(row): module.norm_tax(row["tax_id"]) for row in records}
    for row in clusters:
        number = tax[key(row)]
        # Fillers such as eighteen zeros pass the arithmetic; issued numbers begin with a 9 or a 5.
        issued = number[:1] in "59" and module.uscc_ok(number)
        if issued and module.org_check(number[8:16]) == number[16]:
            ids[row["cluster_id"]].add(number[2:17])
    return sum(len(numbers) > 1 for numbers in ids.values())


def measure(binary, data, module, folder, seed, count, policy=None):
    source = folder / f"records-{seed}-{count}.csv"
    if not source.exists():
        subprocess.run([sys.executable, data / "gen_customers.py", "-n", str(count), "--seed",
                        str(seed), "-o", source], check=True)
    command = [binary, "master", "dedupe", "--input", source, "--output", folder / "out.csv",
               "--review", folder / "review.csv", "--json"]
    command += ["--policy", policy] if policy else []
    output, seconds, cpu, mib = run(command)
    score = json.loads(run([sys.executable, data / "score_pairs.py", source, folder / "out.csv",
                            "--json"])[0])
    records, clusters, review = rows(source), rows(folder / "out.csv"), rows(folder / "review.csv")
    right, precision, recall, f1 = with_suggestions(records, clusters, review)
    return source, {
        "seed": seed, "records": count,
        "precision": score["precision"], "recall": score["recall"],
        "wrong_master_percent": round(100 * score["records_wrong_master"] / count, 4),
        "two_tax_ids": merges_of_two_tax_ids(module, records, clusters),
        "review_percent": round(100 * len(review) / count, 2), "review_right": right,
        "taken_precision": round(precision, 5), "taken_recall": round(recall, 4),
        "taken_f1": round(f1, 4), "seconds": round(seconds, 2),
        "records_per_second": round(count / seconds), "cpu_seconds": round(cpu, 1),
        "peak_mib": round(mib),
    }


def anchors(data, folder, source):
    try:
        import pandas  # noqa: F401
        import splink  # noqa: F401
    except ImportError:
        print("anchors: splink and pandas are not installed; their figures are in docs/matching.md")
        return
    # The anchors score with what lies beside their folder.
    os.environ["PYTHONPATH"] = str(data)
    prepared = folder / "prepared.parquet"
    for command in (["prep.py", source, prepared], ["baselines.py", "splink_zh", prepared, source, "0.5", "0.9999"]):
        output, seconds, cpu, mib = run([sys.executable, data / "anchors" / command[0], *command[1:]])
        print(output.strip())
        print(f"anchor {command[0]}: {seconds:.1f} s, {cpu:.1f} s CPU, {mib:.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--million", action="store_true", help="a million records too")
    parser.add_argument("--curve", action="store_true", help="precision and recall by threshold too")
    arguments = parser.parse_args()
    module = generator(arguments.data)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in arguments.seed or [11]:
            source, figures = measure(arguments.binary, arguments.data, module, folder, seed, arguments.records)
            print(json.dumps(figures))
        if arguments.curve:
            for bits in (2, 3, 4, 5, 6, 7, 8, 10):
                policy = folder / "master.toml"
                policy.write_text(f"[matching]\nsame_bits = {bits}.0\n")
                _, figures = measure(arguments.binary, arguments.data, module, folder, seed, arguments.records, policy)
                print(json.dumps({"same_bits": bits, **figures}))
        anchors(arguments.data, folder, source)
        if arguments.million:
            _, figures = measure(arguments.binary, arguments.data, module, folder, 31, 1_000_000)
            print(json.dumps(figures))


if __name__ == "__main__":
    main()
