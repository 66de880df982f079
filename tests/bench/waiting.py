#!/usr/bin/env python3
"""Measures what a hub holds in memory while very many messages wait for a target that is down: make bench-waiting.

    waiting.py BINARY [--messages N] [--broker amqp://…] [--store postgres://…] [--target postgres://…]

Orders come in as one file. Their target is a table behind a port at which nobody listens, until all of them wait; then
somebody does, and every order has to come into the table once. Without --broker and --store the engine is the
embedded one. Told are the resident size while they come in, while they wait and while they leave.
"""
import argparse
import asyncio
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from failover import TOKEN, Node, forget_queues, order, psql


def configure(folder, prefix, schema, target, port):
    config = folder / "config"
    connectors = config / "connectors"
    connectors.mkdir(parents=True)
    (config / "tenon.toml").write_text(
        f"queue_prefix = '{prefix}'\n[http]\nlisten = '127.0.0.1:0'\ntoken = '${{env:TENON_TOKEN}}'\n")
    mappings = Path(__file__).resolve().parents[2] / "crates" / "tenon" / "src" / "bench" / "config"
    for name in ("order.in.jq", "order.out.jq"):
        shutil.copy(mappings / name, connectors)
    (connectors / "shop.toml").write_text(
        f"name = 'shop'\nkind = 'custom'\npreset = 'files'\ndirectory = '{folder / 'shop'}'\n"
        "[[receive]]\nentity = 'order'\nfiles = '*.ndjson'\nkey = 'order_no'\nmapping = 'order.in.jq'\nevery = '1s'\nsettled = '1s'\n")
    (folder / "shop").mkdir()
    url = f"postgres://{target.username or 'postgres'}@127.0.0.1:{port}{target.path}?options=-csearch_path%3D{schema}"
    (folder / "target.url").write_text(url)
    (connectors / "books.toml").write_text(
        f"name = 'books'\nkind = 'custom'\npreset = 'sql'\nurl = '${{file:{folder / 'target.url'}}}'\nreceive = []\n"
        "[[deliver]]\nentity = 'order'\ntable = 'arrival'\nkey = 'order_no'\nmapping = 'order.out.jq'\n")
    return config


class Door:
    """A port that leads to the target once it is opened."""

    def __init__(self, target):
        self.target = target
        self.loop = asyncio.new_event_loop()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def open(self):
        async def serve():
            await asyncio.start_server(self.lead, "127.0.0.1", self.port)
            await asyncio.Event().wait()
        threading.Thread(target=lambda: self.loop.run_until_complete(serve()), daemon=True).start()

    async def lead(self, reader, writer):
        there, back = await asyncio.open_connection(self.target.hostname, self.target.port or 5432)

        async def pump(source, sink):
            while data := await source.read(1 << 16):
                sink.write(data)
                await sink.drain()
            sink.close()
        await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--broker")
    parser.add_argument("--store")
    parser.add_argument("--target", default=os.environ.get("TENON_TEST_PG_URL", "postgres://postgres@127.0.0.1:5432/test"))
    asked = parser.parse_args()
    name = f"waiting_{uuid.uuid4().hex[:12]}"
    psql(asked.target, f"create schema {name}; create table {name}.arrival (order_no varchar(40) primary key, buyer varchar(40), placed date, "
         "currency varchar(3), status varchar(20), lines integer, net decimal(20,2), gross decimal(20,2))")
    target = urlsplit(asked.target)
    door = Door(target)
    environment = {**os.environ, "TENON_TOKEN": TOKEN}
    if asked.broker:
        environment |= {"TENON__BROKER": asked.broker, "TENON__STORE": f"{asked.store}?options=-csearch_path%3D{name}"}
    try:
        with tempfile.TemporaryDirectory() as directory:
            folder = Path(directory)
            config = configure(folder, f"{name}.", name, target, door.port)
            node = Node(asked.binary, config, folder / "log", environment)
            try:
                print(json.dumps(measure(asked, node, folder, door, name)))
            finally:
                node.process.terminate()
                node.process.wait()
    finally:
        psql(asked.target, f"drop schema {name} cascade")
        if asked.broker:
            forget_queues(f"{name}.")


def measure(asked, node, folder, door, schema):
    def ask(path):
        request = urllib.request.Request(node.address + path, headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def resident():
        lines = Path(f"/proc/{node.process.pid}/status").read_text().splitlines()
        return round(next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024)

    held = {"in": [], "waiting": [], "out": []}

    def until(phase, done, told):
        while not done():
            held[phase].append(resident())
            if len(held[phase]) % 30 == 0:
                print(f"  {phase}: {told()}, {held[phase][-1]} MiB", file=sys.stderr)
            time.sleep(1)

    waiting = lambda: ask("/api/v1/queues").get("deliver.books") or 0
    arrived = lambda: int(psql(asked.target, f"select count(*) from {schema}.arrival"))
    print(f"idle: {resident()} MiB", file=sys.stderr)
    with open(folder / "shop" / "orders.part", "wb") as file:
        for number in range(asked.messages):
            file.write(order(number) + b"\n")
    began = time.time()
    (folder / "shop" / "orders.part").rename(folder / "shop" / "orders.ndjson")
    until("in", lambda: waiting() >= asked.messages, waiting)
    took_in = time.time() - began
    for _ in range(30):
        held["waiting"].append(resident())
        time.sleep(1)
    most, began = waiting(), time.time()
    door.open()
    until("out", lambda: arrived() >= asked.messages and waiting() == 0, arrived)
    span = lambda sizes: [min(sizes), max(sizes)] if sizes else None
    return {"messages": asked.messages, "waited": most, "arrived": arrived(), "in_seconds": round(took_in), "out_seconds": round(time.time() - began),
            "mib_coming_in": span(held["in"]), "mib_waiting": span(held["waiting"]), "mib_leaving": span(held["out"])}


if __name__ == "__main__":
    main()
