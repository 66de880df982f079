#!/usr/bin/env python3
"""Measures how soon an accepted order stands in the figures while others come: make bench-fresh.

    fresh.py BINARY [--customers N] [--rate N] [--seconds N] [--broker amqp://… --store postgres://…]

Customers are told, then their orders are posted at an even rate. Of some the moment is taken when they were answered with
202, and the moment when the reconciliation shows them under their master. Without --broker and --store the engine is the
embedded one. Told are the seconds between the two, and whether every order is in the figures at the end.
"""
import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from failover import TOKEN, Node, forget_queues, order, psql

#: Between two looks for an order, in seconds.
LOOK = 0.05


def configure(folder, prefix):
    connectors = folder / "config" / "connectors"
    connectors.mkdir(parents=True)
    (folder / "config" / "tenon.toml").write_text(
        f"queue_prefix = '{prefix}'\n[http]\nlisten = '127.0.0.1:0'\ntoken = '${{env:TENON_TOKEN}}'\n")
    mappings = Path(__file__).resolve().parents[2] / "crates" / "tenon" / "src" / "bench" / "config"
    (connectors / "order.in.jq").write_text((mappings / "order.in.jq").read_text())
    (connectors / "customer.in.jq").write_text("{ legal_name: .name, kind: \"customer\" }\n")
    hook = "[[webhook]]\nentity = '{0}'\nname = '{0}s'\nkey = '{1}'\nmapping = '{0}.in.jq'\nauth = {{ token = '${{env:TENON_TOKEN}}' }}\n"
    (connectors / "shop.toml").write_text(
        "name = 'shop'\nkind = 'custom'\npreset = 'http'\nurl = 'http://127.0.0.1:9'\nreceive = []\ndeliver = []\n"
        + hook.format("customer", "id") + hook.format("order", "order_no"))
    return folder / "config"


class Hub:
    def __init__(self, node):
        self.node = node

    def ask(self, path):
        request = urllib.request.Request(self.node.address + path, headers={"authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def tell(self, inlet, body):
        request = urllib.request.Request(f"{self.node.address}/in/shop/{inlet}", body,
                                         {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60):
            return time.monotonic()

    def shows(self, number):
        items = self.ask(f"/api/v1/insight/orders?text=SO-{number:07}")["items"]
        return bool(items) and items[0]["customer"] is not None

    def waits(self):
        return next(one["lag_seconds"] for one in self.ask("/api/v1/insight") if one["live"])


def buyer(number):
    return json.dumps({"id": f"C-{number}", "name": f"上海第{number}剃须刀贸易有限公司"}, ensure_ascii=False).encode()


def measure(asked, hub):
    with ThreadPoolExecutor(8) as doors:
        list(doors.map(lambda number: hub.tell("customers", buyer(number)), range(asked.customers)))
        while hub.ask("/api/v1/summary")["masters"] < asked.customers:
            time.sleep(0.1)
        total, taken, lock = asked.rate * asked.seconds, [], threading.Lock()
        began = time.monotonic()

        def post(number):
            body = json.loads(order(number)) | {"buyer": f"C-{number % asked.customers}"}
            time.sleep(max(0.0, began + number / asked.rate - time.monotonic()))
            return hub.tell("orders", json.dumps(body).encode())

        def follow(number):
            accepted = post(number)
            while not hub.shows(number):
                time.sleep(LOOK)
            with lock:
                taken.append(time.monotonic() - accepted)

        # About one a second is followed.
        with ThreadPoolExecutor(64) as watchers:
            followed = [watchers.submit(follow, number) for number in range(0, total, asked.rate)]
            list(doors.map(post, (number for number in range(total) if number % asked.rate)))
            posted = time.monotonic() - began
            for one in followed:
                one.result()
    while not all(hub.shows(number) for number in (total - 2, total - 1)) or hub.waits():
        time.sleep(LOOK)
    generation = next(one for one in hub.ask("/api/v1/insight") if one["live"])
    taken.sort()
    return {"orders": total, "posted_per_second": round(total / posted, 1), "followed": len(taken), "entered": generation["position"] == generation["end"],
            "median_seconds": round(statistics.median(taken), 2), "p95_seconds": round(taken[int(len(taken) * 0.95) - 1], 2), "most_seconds": round(taken[-1], 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("--customers", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--broker")
    parser.add_argument("--store")
    asked = parser.parse_args()
    name = f"fresh_{uuid.uuid4().hex[:12]}"
    environment = {**os.environ, "TENON_TOKEN": TOKEN}
    if asked.broker:
        psql(asked.store, f"create schema {name}")
        environment |= {"TENON__BROKER": asked.broker, "TENON__STORE": f"{asked.store}?options=-csearch_path%3D{name}"}
    try:
        with tempfile.TemporaryDirectory() as directory:
            folder = Path(directory)
            node = Node(asked.binary, configure(folder, f"{name}."), folder / "log", environment)
            try:
                print(json.dumps(measure(asked, Hub(node))))
            finally:
                node.process.terminate()
                node.process.wait()
                slow = (folder / "log").read_text().count("slow statement")
                print(f"{slow} slow statements", file=sys.stderr)
    finally:
        if asked.broker:
            psql(asked.store, f"drop schema {name} cascade")
            forget_queues(f"{name}.")


if __name__ == "__main__":
    main()
