#!/usr/bin/env python3
"""Measures how long a target waits when the node that serves it gets SIGKILL: make bench-failover.

    failover.py BINARY [--broker amqp://…] [--store postgres://…] [--kills N] [--rate N] [--older BINARY]

Two nodes share a broker and a store. Orders come by webhook at a fixed rate to whichever node answers; a
table notes when each of them arrived. One node after the other is killed and started again. A failover is
the longest time between two arrivals around a kill; every order that was accepted has to be in the table.
With --older both nodes begin as that release, and each comes back as BINARY: a rolling upgrade.
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from urllib.parse import quote

TOKEN = "let-me-in"
#: Between a node's start and the next kill, in seconds: it is to have taken its share of the work.
SETTLED = 6.0


def psql(url, statement):
    return subprocess.run(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", url, "-c", statement], check=True, capture_output=True, text=True).stdout.strip()


def configure(folder, prefix):
    connectors = folder / "config" / "connectors"
    connectors.mkdir(parents=True)
    (folder / "config" / "tenon.toml").write_text(
        f"queue_prefix = '{prefix}'\n[http]\nlisten = '127.0.0.1:0'\ntoken = '${{env:TENON_TOKEN}}'\n")
    mappings = Path(__file__).resolve().parents[2] / "crates" / "tenon" / "src" / "bench" / "config"
    for name in ("order.in.jq", "order.out.jq"):
        shutil.copy(mappings / name, connectors)
    (connectors / "shop.toml").write_text(
        "name = 'shop'\nkind = 'custom'\npreset = 'http'\nurl = 'http://127.0.0.1:9'\nreceive = []\ndeliver = []\n"
        "[[webhook]]\nentity = 'order'\nname = 'orders'\nkey = 'order_no'\nmapping = 'order.in.jq'\nauth = { token = '${env:TENON_TOKEN}' }\n")
    (connectors / "books.toml").write_text(
        "name = 'books'\nkind = 'custom'\npreset = 'sql'\nurl = '${env:TENON__STORE}'\nreceive = []\n"
        "[[deliver]]\nentity = 'order'\ntable = 'arrival'\nkey = 'order_no'\nmapping = 'order.out.jq'\n")
    return folder / "config"


def forget_queues(prefix):
    """Deletes what the nodes made on the broker, where its own tool is at hand."""
    tool = shutil.which("rabbitmqctl")
    listed = subprocess.run([tool, "-q", "list_queues", "name"], capture_output=True, text=True, check=False).stdout if tool else ""
    for queue in listed.split():
        if queue.startswith(prefix):
            subprocess.run([tool, "-q", "delete_queue", queue], check=False, capture_output=True)


class Node:
    def __init__(self, binary, config, log, environment):
        self.config, self.log, self.environment = config, log, environment
        self.start(binary)

    def start(self, binary):
        self.address = None
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([binary, "run", "--config", self.config], env=self.environment, stdout=subprocess.DEVNULL, stderr=log)
        while self.address is None:
            time.sleep(0.02)
            if self.process.poll() is not None:
                sys.exit(f"a node does not run:\n{self.log.read_text()}")
            for line in self.log.read_text().splitlines():
                if line.startswith("tenon is running"):
                    self.address = line.split()[-1]


def order(number):
    return json.dumps({"order_no": f"SO-{number:07}", "buyer": "C-1", "placed": "2026-03-01", "wanted": "2026-04-01", "contract": "HT-1",
                       "seller": "li", "remark": "none", "cur": "CNY", "state": "confirmed", "net": 10, "tax": 1,
                       "gross": 11, "lines": [{"pos": 1, "sku": "A", "text": "shaver", "qty": 1, "unit": "pcs", "price": 10, "vat": 0.1, "sum": 10}]}).encode()


def send(nodes, number):
    """Posts an order until a node has accepted it; whoever does not answer is passed over."""
    turn = number
    while True:
        address = nodes[turn % len(nodes)].address
        turn += 1
        if address is None:
            continue
        try:
            request = urllib.request.Request(f"{address}/in/shop/orders", order(number),
                                             {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"})
            if urllib.request.urlopen(request, timeout=2).status == 202:
                return
        except urllib.error.HTTPError as refused:
            if refused.code < 500:
                raise SystemExit(f"an order is refused: {refused.code} {refused.read().decode()}") from refused
            time.sleep(0.02)
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("--broker", default=os.environ.get("TENON_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/%2f"))
    parser.add_argument("--store", default=os.environ.get("TENON_TEST_PG_URL", "postgres://postgres@127.0.0.1:5432/test"))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--older", help="the binary of an earlier release")
    arguments = parser.parse_args()
    schema = f"tenon_failover_{uuid.uuid4().hex[:8]}"
    psql(arguments.store, f"create schema {schema}")
    url = f"{arguments.store}?options={quote('-csearch_path=' + schema)}"
    psql(url, "create table arrival (order_no text primary key, buyer text, placed text, currency text, status text, lines text, net text, gross text, "
              "at timestamptz not null default clock_timestamp())")
    stop, sent, trouble = threading.Event(), 0, []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = configure(folder, schema + ".")
        environment = {**os.environ, "TENON_TOKEN": TOKEN, "TENON__BROKER": arguments.broker, "TENON__STORE": url}
        nodes = [Node(arguments.older or arguments.binary, config, folder / f"node-{number}.log", environment) for number in (0, 1)]

        def feed():
            nonlocal sent
            began = time.monotonic()
            while not stop.is_set():
                try:
                    send(nodes, sent)
                except SystemExit as refused:
                    trouble.append(str(refused))
                    return
                sent += 1
                time.sleep(max(0.0, began + sent / arguments.rate - time.monotonic()))

        feeder = threading.Thread(target=feed)
        feeder.start()
        kills = []
        try:
            for number in range(arguments.kills):
                time.sleep(SETTLED)
                node = nodes[number % 2]
                kills.append(psql(url, "select clock_timestamp()"))
                node.process.send_signal(signal.SIGKILL)
                node.process.wait()
                time.sleep(SETTLED)
                node.start(arguments.binary)
            stop.set()
            feeder.join()
            if trouble:
                sys.exit(trouble[0])
            patience = time.monotonic() + 60
            while (arrived := int(psql(url, "select count(*) from arrival"))) < sent and time.monotonic() < patience:
                time.sleep(0.1)
            gaps = [float(psql(url, f"""
                select extract(epoch from max(gap)) from (
                    select at, at - lag(at) over (order by at) as gap from arrival) a
                where at > '{kill}'::timestamptz and at < '{kill}'::timestamptz + interval '{SETTLED} s'""") or SETTLED) for kill in kills]
        finally:
            stop.set()
            for node in nodes:
                node.process.terminate()
                node.process.wait()
            psql(arguments.store, f"drop schema {schema} cascade")
            forget_queues(schema)
        gaps.sort()
        if arrived < sent:
            sys.exit(f"{sent - arrived} of {sent} accepted orders did not arrive")
        print(json.dumps({"orders": sent, "arrived": arrived, "kills": len(gaps), "failover_s": {"median": gaps[len(gaps) // 2], "longest": gaps[-1]}}))


if __name__ == "__main__":
    main()
