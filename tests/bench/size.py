#!/usr/bin/env python3
"""Measures a hub that has been at work for long: make bench-size.

    size.py BINARY FOLDER [--messages N] [--customers N] [--rounds N] [--serve]

BINARY is tenon; FOLDER holds the embedded engine's file, which is made there unless it is there already. The
messages of ninety days are written as a hub keeps them: customers, orders in three statements each, invoices,
shipments, receipts, stock, opportunities, cases, with bodies that fit the canonical schemas, so that the
projections are made from them by the hub itself. Then `tenon trace` and what the console's pages ask are timed,
each many times with other keys, and what they answer is compared with what was written.
"""
import argparse
import functools
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

TOKEN = "let-me-in"
DAY = 86_400_000_000
# Of a hundred messages: which entity each is, its system, and how many statements a record has.
SHARES = [("order", 34, "crm", 3), ("customer", 15, "crm", 0), ("invoice", 17, "erp", 2), ("shipment", 11, "erp", 1),
          ("receipt", 11, "erp", 1), ("inventory", 8, "drp", 3), ("opportunity", 2, "crm", 2), ("case", 2, "crm", 2)]
PREFIX = {"order": "SO", "customer": "C", "invoice": "FP", "shipment": "DN", "receipt": "SK", "inventory": "ST",
          "opportunity": "OP", "case": "CS"}
TAG = {entity: number for number, (entity, *_) in enumerate(SHARES)} | {"message": 90, "item": 91}
PLAN = [(entity, system, statements, place, share)
        for entity, share, system, statements in SHARES for place in range(share)]
CITIES = ["深圳", "上海", "广州", "杭州", "成都", "武汉", "宁波", "苏州", "青岛", "长沙"]
TRADES = ["电器", "贸易", "商贸", "百货", "家电", "电子", "供应链", "实业", "科技", "日用品"]
SYLLABLES = "川可瑞邦明远嘉禾盛达兴隆泰和信诚博雅安康华美新宇天成德润金源广联恒通宏图佳益"
INDUSTRIES = ["retail/appliances", "retail/supermarket", "wholesale/general", "trade/import-export"]
SOURCES = ["exhibition/canton-fair", "online/website", "referral/customer", "advertising/search"]
REPORTS = ["months", "segments", "cohorts", "funnel", "new_customers", "grades", "products", "hints", "scorecard"]
GRADES = ["diamond", "strategic", "potential", "ordinary", "problem"]


compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def identity(entity, number):
    """A customer's id rises with time, those of other records lie scattered, as the hub makes them."""
    if entity == "customer":
        return (0x019B0000 << 96 | 0x70000000 << 64 | number).to_bytes(16, "big")
    mixed = (number * 0x9E3779B97F4A7C15 + TAG[entity] * 0xD1B54A32D192ED03) % (1 << 64)
    return (mixed << 64 | TAG[entity] << 56 | number).to_bytes(16, "big")


def text(identifier):
    h = identifier.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def name(number):
    mixed = number * 0x9E3779B97F4A7C15 >> 13
    a, b, c = (SYLLABLES[(mixed >> shift) % len(SYLLABLES)] for shift in (0, 9, 18))
    return f"{CITIES[number % 10]}{a}{b}{c}{TRADES[(mixed >> 27) % 10]}有限公司"


def customer(number):
    city = CITIES[number % 10]
    called = name(number)
    return {"legal_name": called, "short_name": called[:5], "code": f"K{number:07d}",
            "kind": "customer", "stage": "in_service", "industry": INDUSTRIES[number % 4],
            "source": SOURCES[number % 3], "grade": GRADES[number % 5], "owner": f"seller{number % 40:02d}",
            "addresses": [{"purpose": "office", "city": f"{city}市", "street": f"中山路{number % 999 + 1}号"}],
            "phones": [f"0755-{20_000_000 + number}"]}


class Company:
    """What each message says; everything follows from its number."""

    def __init__(self, messages, customers, now):
        self.messages, self.customers, self.now = messages, customers, now
        self.orders = max(1, messages * 34 // 100 // 3)

    def at(self, number):
        return self.now - (self.messages - number) * (90 * DAY) // self.messages

    @functools.lru_cache(200)
    def date(self, day):
        return time.strftime("%Y-%m-%d", time.gmtime(day * 86_400))

    def day(self, at):
        return self.date(at // DAY)

    def subject(self, number):
        """Entity, system, record and which statement of the record a message is."""
        entity, system, statements, place, share = PLAN[number * 37 % 100]
        count = number // 100 * share + place
        if entity == "customer":
            return entity, system, (count * 7_919) % self.customers, 0
        return entity, system, count // statements, count % statements

    def buyer(self, order):
        return (order * 104_729) % self.customers

    def body(self, entity, record, statement, at):
        day = self.day(at)
        if entity == "customer":
            return customer(record)
        if entity == "inventory":
            return {"item": {"system": "erp", "native_id": f"SH-{record % 400:03d}"}, "warehouse": f"WH-{record % 200}",
                    "quantity": str(record % 900), "counted_at": f"{day}T00:00:00Z"}
        order = record % self.orders
        of = {"master_id": text(identity("customer", self.buyer(order)))}
        number = f"{PREFIX[entity]}-2026-{record}"
        price, quantity = 50 + order % 900, 1 + order % 40
        net = price * quantity
        tax, orders = net * 13 / 100, [{"master_id": text(identity("order", order))}]
        totals = {"net": f"{net}.00", "tax": f"{tax:.2f}", "gross": f"{net + tax:.2f}"}
        item = {"system": "erp", "native_id": f"SH-{order % 400:03d}"}
        if entity == "order":
            return {"number": number, "customer": of, "contract_number": f"HT-{order // 4}", "order_date": day,
                    "requested_date": day, "currency": "CNY", "status": ["confirmed", "in_production", "shipped"][statement],
                    "lines": [{"number": 1, "item": item, "description": "电动剃须刀，三刀头", "quantity": str(quantity),
                               "unit": "pcs", "unit_price": f"{price}.00", "tax_rate": "0.13", "amount": f"{net}.00"}],
                    "totals": totals}
        if entity == "invoice":
            return {"number": number, "customer": of, "orders": orders, "kind": "special", "issue_date": day,
                    "title": {"legal_name": name(self.buyer(order))}, "status": ["requested", "issued"][statement],
                    "currency": "CNY", "totals": totals,
                    "lines": [{"number": 1, "description": "电动剃须刀", "quantity": str(quantity), "unit_price": f"{price}.00",
                               "tax_rate": "0.13", "amount": f"{net}.00", "tax": f"{tax:.2f}"}]}
        if entity == "shipment":
            return {"number": number, "customer": of, "orders": orders, "status": "shipped", "shipped_on": day,
                    "lines": [{"number": 1, "order_line": 1, "item": item, "quantity": str(quantity)}]}
        if entity == "receipt":
            return {"number": number, "customer": of, "received_on": day, "currency": "CNY", "amount": totals["gross"],
                    "status": "cleared", "allocations": [{"order": orders[0], "amount": totals["gross"]}]}
        if entity == "opportunity":
            return {"number": number, "name": "年度采购", "customer": of, "stage": ["met", "quoted"][statement],
                    "outcome": "open", "currency": "CNY", "amount": totals["net"]}
        return {"number": number, "customer": of, "kind": "complaint", "subject": "刀头异响", "status": ["open", "closed"][statement],
                "opened_at": f"{day}T08:00:00Z"}

    def message(self, number):
        entity, system, record, statement = self.subject(number)
        at, own, master = self.at(number), identity("message", number), identity(entity, record)
        native = f"{PREFIX[entity]}-2026-{record}" if entity != "customer" else f"C-{record}"
        key = customer_key(record) if entity == "customer" else native
        chance = (number * 0x9E3779B97F4A7C15 >> 20) % 1_000
        state = ("invalid" if chance == 3 else "filtered" if chance in (4, 5)
                 else "unchanged" if entity == "customer" and chance < 140 else "routed")
        seconds = at // 1_000_000
        moment = f"{self.day(at)}T{seconds // 3_600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{at % 1_000_000:06d}Z"
        sequence = ',"sequence":"1"' if entity == "customer" else ""
        attributes = (f'{{"id":"{text(own)}","type":"{entity}.changed.v1","source":"{system}","time":"{moment}",'
                      f'"partitionkey":"{entity}/{text(master)}","inlet":"{entity}s","subject":"{native}",'
                      f'"masterid":"{text(master)}"{sequence}}}')
        whole = state in ("routed", "unchanged")
        body = compact(self.body(entity, record, statement, at))
        detail = None if whole or state == "filtered" else "lines[0].amount: must be a decimal with at most two places"
        # What nobody could read has no identity.
        return (own, at, entity, system, native, master if whole else None, key if whole else None,
                f"{entity}s.ndjson:{number % 5_000 + 1}", state, detail, "erp,invoicing" if state == "routed" else "",
                attributes, body, body if whole else None)


def customer_key(number):
    return f"K{number:07d}"


def fill(path, company):
    """Writes everything; keys and indexes are made after the rows, which is faster."""
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = off", "synchronous = off", "cache_size = -4000000", "temp_store = memory", "locking_mode = exclusive"):
        database.execute(f"pragma {pragma}")
    later = [row for row in database.execute(
        "select name, sql from sqlite_master where type = 'index' and sql is not null and tbl_name in "
        "('journal', 'crosswalk', 'golden', 'master_key')")]
    for index, _ in later:
        database.execute(f"drop index {index}")
    database.execute("begin")
    began = company.at(0)
    made = ((identity("customer", number), *golden(number), began) for number in range(company.customers))
    for row in made:
        master, body, sources, at = row
        database.execute("insert into golden (master_id, version, golden, sources, updated_at) values (?, 1, ?, ?, ?)",
                         (master, body, sources, at))
        database.execute("insert into golden_history (master_id, version, golden, at) values (?, 1, ?, ?)", (master, body, at))
    database.executemany("insert into master_key (kind, value, master_id) values (?, ?, ?) on conflict do nothing",
                         (key for number in range(company.customers) for key in
                          (("code", customer_key(number), identity("customer", number)),
                           ("name", name(number), identity("customer", number)))))
    database.executemany(
        "insert into crosswalk (entity, system, native_id, master_id, inbound, linked_at) values (?, ?, ?, ?, ?, ?)",
        (row for number in range(company.customers) for row in
         (("customer", "crm", f"C-{number}", identity("customer", number), 1, began),
          ("customer", "erp", f"{10_000_000 + number}", identity("customer", number), 0, began))))
    for first in range(1, company.messages + 1, 20_000):
        numbers = range(first, min(first + 20_000, company.messages + 1))
        messages = [(number, *company.message(number)) for number in numbers]
        database.executemany("insert into inbox (message_id, position, journaled_at) values (?, ?, ?)",
                             ((m[1], m[0], m[2]) for m in messages))
        database.executemany(
            "insert into journal (position, journaled_at, message_id, entity, source, native_id, master_id, business_key, "
            "origin, state, detail, targets, attributes) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((m[0], m[2], m[1], *m[3:13]) for m in messages))
        database.executemany("insert into payload (position, raw, canonical) values (?, ?, ?)",
                             ((m[0], m[13].encode(), m[14] and m[14].encode()) for m in messages))
        database.executemany(
            "insert into delivery (message_id, system, entity, master_id, state, detail, attempts, latency_ms, native_id, at) "
            "values (?, ?, ?, ?, 'delivered', 'a row of T_DOC', 1, ?, ?, ?)",
            ((m[1], target, m[3], m[6], 40 + m[0] % 900, m[5], m[2] + 90_000)
             for m in messages if m[9] == "routed" for target in ("erp", "invoicing")))
        database.executemany(
            "insert into crosswalk (entity, system, native_id, master_id, inbound, linked_at) values (?, ?, ?, ?, 1, ?) "
            "on conflict do nothing",
            ((m[3], m[4], m[5], m[6], m[2]) for m in messages if m[6] and m[3] != "customer"))
        if first % 1_000_000 == 1:
            print(f"  {first - 1:,} messages written", file=sys.stderr)
    database.execute("delete from match_version")
    database.execute("commit")
    for _, sql in later:
        database.execute(sql)
    database.execute("analyze")
    database.close()


def golden(number):
    said = customer(number)
    provenance = {"system": "crm", "native_id": f"C-{number}", "message_id": text(identity("customer", number)),
                  "occurred_at": "2026-01-01T00:00:00Z"}
    statement = {"record": {"customer": said, "provenance": provenance}, "version": 1}
    return (compact({"customer": said, "provenance": {"legal_name": provenance}}),
            compact({"statements": [statement], "recent": [[1, said]]}))


def configure(folder):
    config = folder / "config"
    (config / "connectors").mkdir(parents=True, exist_ok=True)
    (config / "tenon.toml").write_text("[http]\nlisten = '127.0.0.1:0'\ntoken = '${env:TENON_TOKEN}'\n")
    for system in ("crm", "erp", "drp", "invoicing"):
        # A hub has at least one system; these never speak.
        (config / "connectors" / f"{system}.toml").write_text(
            f"name = '{system}'\nkind = 'custom'\npreset = 'files'\ndirectory = '../quiet'\n"
            f"[[receive]]\nentity = 'order'\nfiles = '{system}-*.ndjson'\nkey = 'no'\nmapping = 'same.jq'\nevery = '1h'\n")
    (config / "connectors" / "same.jq").write_text(".\n")
    (config / "quiet").mkdir(exist_ok=True)
    return config


class Hub:
    def __init__(self, binary, config):
        self.log = open(config.parent / "hub.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen([binary, "run", "--config", config], stderr=self.log, stdin=subprocess.DEVNULL)
        for _ in range(3_000):
            self.log.seek(0)
            lines = [line for line in self.log if "tenon is running; http://" in line]
            if lines:
                self.url = "http://" + lines[0].split("http://")[1].split()[0].rstrip("/")
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        self.log.seek(0)
        sys.exit(f"the hub does not start:\n{self.log.read()}")

    def ask(self, path, body=None):
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {TOKEN}"},
                                         data=body and json.dumps(body).encode(), method="POST" if body else "GET")
        if body:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            sys.exit(f"{path}: {error.code} {error.read().decode()}")

    def resident_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def quote(value):
    return urllib.parse.quote(str(value), safe="")


def pages(company, projected):
    """What is asked, and what the answer has to hold. The projections hold so many messages."""
    draw = random.Random(11)
    order = lambda: draw.randrange(company.orders)
    buyer = lambda: draw.randrange(company.customers)
    whole = lambda m: m[9] in ("routed", "unchanged")

    def message():
        while True:
            number = draw.randrange(1, company.messages)
            made = (number, *company.message(number))
            if whole(made):
                return made

    def of(path, check=lambda answer: True, body=None):
        return path, body, check

    def search(query):
        return lambda: of(f"/api/v1/messages?limit=50&{query}", lambda a: len(a["items"]) > 0)

    def by_key():
        key = f"SO-2026-{order()}"
        return of(f"/api/v1/messages?key={key}", lambda a: all(i["business_key"] == key for i in a["items"]) and a["items"])

    def since():
        moment = company.at(draw.randrange(1, company.messages))
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment / 1_000_000))
        return of(f"/api/v1/messages?entity=invoice&until={stamp}", lambda a: len(a["items"]) == 50)

    def one():
        made = message()
        return of(f"/api/v1/messages/{text(made[1])}")

    def bodies():
        return of(f"/api/v1/messages/{text(message()[1])}/bodies")

    def trace():
        return of(f"/api/v1/trace/SO-2026-{order()}")

    def find():
        number = buyer()
        wanted = name(number)
        return of(f"/api/v1/masters?q={quote(wanted)}", lambda a: any(i["legal_name"] == wanted for i in a["items"]))

    def find_part():
        return of(f"/api/v1/masters?q={quote(name(buyer())[2:5])}", lambda a: len(a["items"]) > 0)

    def check():
        number = buyer()
        return of("/api/v1/masters/check", lambda a: any(c["code"] == customer_key(number) for c in a["candidates"]),
                  {"legal_name": name(number), "phones": customer(number)["phones"]})

    def insight():
        return of(f"/api/v1/insight/customers/{text(identity('customer', buyer()))}")

    asked = {
        "messages, newest": search(""),
        "messages of an entity": search("entity=receipt"),
        "messages of a system, invalid": search("source=drp&state=invalid"),
        "messages of an order's number": by_key,
        "messages of an entity until a day": since,
        "messages with a text in their bodies": lambda: of(f"/api/v1/messages?text={quote('刀头异响')}", lambda a: a["items"]),
        "one message": one,
        "its bodies": bodies,
        "trace of an order": trace,
        "summary": lambda: of("/api/v1/summary"),
        "queues": lambda: of("/api/v1/queues"),
        "connectors": lambda: of("/api/v1/connectors"),
        "parked, by reason": lambda: of("/api/v1/parked/groups"),
        "customers, first page": lambda: of("/api/v1/masters?limit=50", lambda a: len(a["items"]) == 50),
        "customers by name": find,
        "customers by a part of the name": find_part,
        "one customer": lambda: of(f"/api/v1/masters/{customer_key(buyer())}"),
        "its history": lambda: of(f"/api/v1/masters/{customer_key(buyer())}/history"),
        "its figures": insight,
        "the check at entry": check,
        "reviews": lambda: of("/api/v1/reviews"),
        "grades proposed": lambda: of("/api/v1/insight/grades"),
        "reconciliation": lambda: of("/api/v1/insight/orders"),
        "what is wrong": lambda: of("/api/v1/insight/exceptions"),
        "orders of a customer": lambda: of(f"/api/v1/insight/orders?customer={text(identity('customer', buyer()))}"),
        "an order by its number": lambda: of(f"/api/v1/insight/orders?text=SO-2026-{draw.randrange(max(1, projected * 34 // 300 - 100))}", lambda a: a["items"]),
    }
    for report in REPORTS:
        asked[f"report: {report}"] = lambda report=report: of(
            f"/api/v1/insight/reports/{report}?customer={text(identity('customer', buyer()))}" if report == "hints"
            else f"/api/v1/insight/reports/{report}")
    return asked


def main():
    options = argparse.ArgumentParser()
    options.add_argument("binary")
    options.add_argument("folder", type=Path)
    options.add_argument("--messages", type=int, default=10_000_000)
    options.add_argument("--customers", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--now", action="store_true", help="do not wait until the projections are made; it is told how far they are")
    options.add_argument("--serve", action="store_true", help="leave the hub running, to look around")
    asked = options.parse_args()
    os.environ["TENON_TOKEN"] = TOKEN
    asked.folder.mkdir(parents=True, exist_ok=True)
    config, made = configure(asked.folder), asked.folder / "made.json"
    migrate = lambda: subprocess.run([asked.binary, "migrate", "--config", config], check=True, stdout=subprocess.DEVNULL)
    if not made.exists():
        now = int(time.time() * 1_000_000)
        migrate()
        file = next(asked.folder.rglob("tenon.db"))
        began = time.time()
        fill(file, Company(asked.messages, asked.customers, now))
        print(f"written in {time.time() - began:.0f} s: {file.stat().st_size / 2**30:.1f} GiB", file=sys.stderr)
        began = time.time()
        migrate()
        print(f"every customer made ready for likeness in {time.time() - began:.0f} s", file=sys.stderr)
        made.write_text(json.dumps([asked.messages, asked.customers, now]))
    company = Company(*json.loads(made.read_text()))
    file = next(asked.folder.rglob("tenon.db"))
    hub = Hub(asked.binary, config)
    try:
        measure(asked, company, hub, config, file)
        if asked.serve:
            print(f"{hub.url} token {TOKEN}; Ctrl-C ends it", file=sys.stderr)
            hub.process.wait()
    finally:
        hub.stop()


def measure(asked, company, hub, config, file):
    began, first = time.time(), None
    # The projections are made from the journal before they are asked.
    while True:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            row = database.execute("select position from insight_generation where live = 1").fetchone()
            unscored = database.execute("select count(*) from insight_customer where scored_on is null").fetchone()[0]
        position = row[0] if row else 0
        first = position if first is None else first
        if asked.now or position >= company.messages and unscored == 0:
            break
        print(f"  projections at {position:,}, {unscored:,} customers to score, {hub.resident_mib():.0f} MiB", file=sys.stderr)
        time.sleep(15)
    took = time.time() - began
    if position > first:
        print(f"projections made from {position - first:,} messages in {took:.0f} s", file=sys.stderr)
    if asked.now:
        print(f"projections hold {position:,} messages, {unscored:,} customers are not scored yet", file=sys.stderr)

    draw = random.Random(5)
    times = []
    for _ in range(asked.rounds):
        number = draw.randrange(1, company.messages)
        key = draw.choice([f"SO-2026-{draw.randrange(company.orders)}", text(identity("message", number)),
                           customer_key(draw.randrange(company.customers)), f"C-{draw.randrange(company.customers)}"])
        began = time.time()
        found = subprocess.run([asked.binary, "trace", key, "--config", config], capture_output=True, text=True)
        times.append(time.time() - began)
        if found.returncode or not found.stdout.strip():
            sys.exit(f"tenon trace {key}: {found.stdout}{found.stderr}")
    rows = [("`tenon trace`, the process included", times)]
    for what, page in pages(company, position).items():
        times = []
        for _ in range(asked.rounds):
            path, body, check = page()
            began = time.time()
            answer = hub.ask(path, body)
            times.append(time.time() - began)
            if not check(answer):
                sys.exit(f"{what}: {path} does not answer what was written: {json.dumps(answer)[:500]}")
        rows.append((what, times))
    print(f"{company.messages:,} messages, {company.customers:,} customers, {file.stat().st_size / 2**30:.1f} GiB, "
          f"{hub.resident_mib():.0f} MiB resident; milliseconds of {asked.rounds} requests each\n")
    print("| asked | median | p95 | slowest |\n|---|---:|---:|---:|")
    for what, times in rows:
        times.sort()
        p95 = times[max(0, -(-len(times) * 95 // 100) - 1)]
        print(f"| {what} | {times[len(times) // 2] * 1000:.1f} | {p95 * 1000:.1f} | {times[-1] * 1000:.1f} |")


if __name__ == "__main__":
    main()
