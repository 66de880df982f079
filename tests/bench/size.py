#!/usr/bin/env python3
"""Measures a hub that has been at work for long: make bench-size.

    size.py BINARY FOLDER [--messages N] [--customers N] [--store postgres://…] [--figures] [--rounds N] [--serve]

BINARY is tenon; FOLDER holds the embedded engine's file, which is made there unless it is there already. With
--store a schema of that server is filled instead. The messages of ninety days are written as a hub keeps them:
customers, orders in three statements each, invoices, shipments, receipts, stock, opportunities, cases, with
bodies that fit the canonical schemas, so that the projections are made from them by the hub itself. With
--figures the hub makes them of the first messages only, and a year of figures for all of them is written beside
it by SQL, which takes minutes instead of hours. Then `tenon trace` and what the console's pages ask are timed,
each many times with other keys, and what they answer is compared with what was written.
"""
import argparse
import functools
import json
import multiprocessing
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
SCHEMA = "tenon_size"
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


# The tables that are filled, and what stands in their columns.
TABLES = {
    "golden": "master_id:id version golden sources updated_at:time",
    "golden_history": "master_id:id version golden at:time",
    "master_key": "kind value master_id:id",
    "crosswalk": "entity system native_id master_id:id inbound:truth linked_at:time",
    "inbox": "message_id:id position journaled_at:time",
    "journal": "position journaled_at:time message_id:id entity source native_id master_id:id business_key origin state "
               "detail targets:list attributes",
    "payload": "position journaled_at:time raw:body canonical:body",
    "delivery": "message_id:id system entity master_id:id state detail attempts latency_ms native_id at:time",
    "parked": "direction system lane message_id:id entity state kind code detail attempts parked_at:time attributes body:body",
}
COLUMNS = {table: [(column.partition(":")[0], column.partition(":")[2]) for column in columns.split()]
           for table, columns in TABLES.items()}


class Embedded:
    """The embedded engine's file."""

    #: The hub tells this planner itself what is in the tables.
    counted = ()

    def __init__(self, path):
        self.path = path
        self.database = sqlite3.connect(path, isolation_level=None)

    def begin(self):
        """Keys and indexes are made after the rows, which is faster."""
        for pragma in ("journal_mode = off", "synchronous = off", "cache_size = -4000000", "temp_store = memory", "locking_mode = exclusive"):
            self.database.execute(f"pragma {pragma}")
        self.later = [row for row in self.database.execute(
            "select name, sql from sqlite_master where type = 'index' and sql is not null and tbl_name in "
            "('journal', 'crosswalk', 'golden', 'master_key', 'delivery', 'parked')")]
        for index, _ in self.later:
            self.database.execute(f"drop index {index}")
        self.database.execute("begin")

    def at_once(self, parts):
        """One after the other: the file has one writer."""
        for part in parts:
            part(self)

    def write(self, table, rows):
        # A payload's time is its message's.
        kept = [place for place, (column, _) in enumerate(COLUMNS[table]) if (table, column) != ("payload", "journaled_at")]
        names = ", ".join(COLUMNS[table][place][0] for place in kept)
        self.database.executemany(f"insert into {table} ({names}) values ({', '.join('?' for _ in kept)})",
                                  ([row[place] for place in kept] for row in rows))

    def end(self):
        self.database.execute("commit")
        for _, sql in self.later:
            self.database.execute(sql)

    def run(self, statements):
        for statement in statements:
            self.database.execute(statement)

    def one(self, question):
        return self.database.execute(question).fetchone()[0]

    def close(self):
        self.database.close()

    def gib(self):
        return self.path.stat().st_size / 2**30

    # Expressions that the two say differently.
    numbers = staticmethod(lambda last: f"(with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n < {last}) select n from numbers)")
    customer = staticmethod(lambda number: f"'019b0000-7000-0000-0000-' || printf('%012x', {number})")
    another = staticmethod(lambda identifier, n: f"printf('%08x', {n}) || substr({identifier}, 9)")
    any = staticmethod(lambda identifier: f"min({identifier})")
    said = staticmethod(lambda field: f"golden ->> '$.customer.{field}'")
    identity = "lower(substr(hex(master_id), 1, 8) || '-' || substr(hex(master_id), 9, 4) || '-' || substr(hex(master_id), 13, 4) || '-' || substr(hex(master_id), 17, 4) || '-' || substr(hex(master_id), 21))"
    month = staticmethod(lambda day: f"(strftime('%Y', {day} * 86400, 'unixepoch') * 12 + strftime('%m', {day} * 86400, 'unixepoch') - 1)")


class Server:
    """A schema of a PostgreSQL server, reached by psql."""

    #: As the server does by itself, sooner or later.
    counted = ("analyze",)

    ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"})

    def __init__(self, url):
        self.url = url
        self.psql = ["psql", "-qAt", "-v", "ON_ERROR_STOP=1", url]

    def begin(self):
        """The months that have gone, as a hub made them in its time; keys and indexes are made after the rows."""
        self.run([f"""create table {table}_{month} partition of {table}
            for values from ('{month.replace("_", "-")}-01 00:00:00+00') to ('{after.replace("_", "-")}-01 00:00:00+00') {options}"""
                  for month, after in self.months() for table, options in (("journal", ""), ("payload", "with (toast_tuple_target = 8160)"))])
        of = "from pg_class t join {} on t.oid = {} where t.relnamespace = current_schema()::regnamespace and not t.relispartition and t.relname in (%s) " % (
            ", ".join(f"'{table}'" for table in TABLES))
        self.later = self.lines("select format('alter table %I add constraint %I %s', t.relname, c.conname, pg_get_constraintdef(c.oid)) "
                                + of.format("pg_constraint c", "c.conrelid") + "and c.contype in ('p', 'u')")
        self.later += self.lines("select replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') " + of.format("pg_index i", "i.indrelid")
                                 + "and not exists (select from pg_constraint where conindid = i.indexrelid)")
        self.run(self.lines("select format('alter table %I drop constraint %I', t.relname, c.conname) "
                            + of.format("pg_constraint c", "c.conrelid") + "and c.contype in ('p', 'u')"))
        self.run(self.lines("select format('drop index %s', i.indexrelid::regclass) " + of.format("pg_index i", "i.indrelid")))

    def at_once(self, parts):
        """Each part by a process and a connection of its own."""
        workers = [multiprocessing.Process(target=self.copy_in, args=[part]) for part in parts]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if any(worker.exitcode for worker in workers):
            sys.exit("psql: the rows could not be written")

    def copy_in(self, part):
        self.copy = subprocess.Popen([*self.psql, "-f", "-"], stdin=subprocess.PIPE, text=True, encoding="utf-8")
        self.copy.stdin.write("set synchronous_commit = off;\n")
        part(self)
        self.copy.stdin.close()
        sys.exit(self.copy.wait())

    def write(self, table, rows):
        kinds = [kind for _, kind in COLUMNS[table]]
        self.copy.stdin.write(f"copy {table} ({', '.join(column for column, _ in COLUMNS[table])}) from stdin;\n")
        for row in rows:
            self.copy.stdin.write("\t".join(map(self.text, row, kinds)) + "\n")
        self.copy.stdin.write("\\.\n")

    def text(self, value, kind):
        if value is None:
            return "\\N"
        if kind == "id":
            return value.hex()
        if kind == "time":
            return f"{self.moment(value // 1_000_000)}.{value % 1_000_000:06d}Z"
        if kind == "body":
            return "\\\\x" + value.hex()
        if kind == "list":
            return "{" + value + "}"
        if kind == "truth":
            return "t" if value else "f"
        return str(value).translate(self.ESCAPED)

    @functools.lru_cache(1_000)
    def moment(self, second):
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))

    def end(self):
        for made in self.later:
            self.run([f"set maintenance_work_mem = '1GB'; {made}"])
        self.run(["select setval('journal_position', (select max(position) from journal))", "vacuum analyze"])

    def run(self, statements):
        for statement in statements:
            subprocess.run([*self.psql, "-c", statement], check=True, stdout=subprocess.DEVNULL)

    @staticmethod
    def months():
        """The four months before this one, each with the one after it."""
        year, month = time.gmtime()[:2]
        names = ["%d_%02d" % divmod(year * 12 + month - 1 - back, 12) for back in range(4, -1, -1)]
        names = [f"{name[:5]}{int(name[5:]) + 1:02d}" for name in names]
        return zip(names, names[1:])

    def lines(self, question):
        return subprocess.run([*self.psql, "-c", question], check=True, capture_output=True, text=True).stdout.splitlines()

    def one(self, question):
        answer = "".join(self.lines(question))
        return int(answer) if answer else None

    def close(self):
        pass

    def gib(self):
        return self.one("select sum(pg_total_relation_size(oid)) from pg_class "
                        "where relkind = 'r' and relnamespace = current_schema()::regnamespace") / 2**30

    numbers = staticmethod(lambda last: f"(select n from generate_series(0, {last}) n)")
    customer = staticmethod(lambda number: f"('019b0000-7000-0000-0000-' || lpad(to_hex({number}), 12, '0'))::uuid")
    another = staticmethod(lambda identifier, n: f"(lpad(to_hex({n}), 8, '0') || substr({identifier}::text, 9))::uuid")
    any = staticmethod(lambda identifier: f"min({identifier}::text)::uuid")
    said = staticmethod(lambda field: f"golden -> 'customer' ->> '{field}'")
    identity = "master_id"
    month = staticmethod(lambda day: f"(extract(year from date '1970-01-01' + {day}) * 12 + extract(month from date '1970-01-01' + {day}) - 1)::int")


def fill(store, company, waiting):
    """Writes everything."""
    store.begin()
    middle = company.messages // 2 + 1
    store.at_once([lambda to: (write_customers(to, company), write_messages(to, company, range(1, middle))),
                   lambda to: (write_messages(to, company, range(middle, company.messages + 1)), write_waiting(to, company, waiting))])
    store.end()
    store.run(["delete from match_version"])


def portions(numbers):
    """So many at once that a statement is worth its while."""
    for first in range(numbers.start, numbers.stop, 20_000):
        yield range(first, min(first + 20_000, numbers.stop))


def write_customers(store, company):
    began, names = company.at(0), set()
    for numbers in portions(range(company.customers)):
        masters = [(identity("customer", number), *golden(number)) for number in numbers]
        store.write("golden", ((master, 1, body, sources, began) for master, body, sources in masters))
        store.write("golden_history", ((master, 1, body, began) for master, body, _ in masters))
        keys = [("code", customer_key(number), identity("customer", number)) for number in numbers]
        for number in numbers:
            if (called := name(number)) not in names:
                names.add(called)
                keys.append(("name", called, identity("customer", number)))
        store.write("master_key", keys)
        store.write("crosswalk", (row for number in numbers for row in
                                  (("customer", "crm", f"C-{number}", identity("customer", number), True, began),
                                   ("customer", "erp", f"{10_000_000 + number}", identity("customer", number), False, began))))


def write_messages(store, company, numbers):
    for portion in portions(numbers):
        messages = [(number, *company.message(number)) for number in portion]
        store.write("inbox", ((m[1], m[0], m[2]) for m in messages))
        store.write("journal", ((m[0], m[2], m[1], *m[3:13]) for m in messages))
        store.write("payload", ((m[0], m[2], m[13].encode(), m[14] and m[14].encode()) for m in messages))
        store.write("delivery", ((m[1], target, m[3], m[6], "delivered", "a row of T_DOC", 1, 40 + m[0] % 900, m[5], m[2] + 90_000)
                                 for m in messages if m[9] == "routed" for target in ("erp", "invoicing")))
        links = ((company.subject(m[0])[3], m) for m in messages if m[3] != "customer")
        store.write("crosswalk", ((m[3], m[4], m[5], identity(m[3], company.subject(m[0])[2]), True, m[2])
                                  for statement, m in links if statement == 0))
        if portion.start % 1_000_000 < 20_000:
            print(f"  messages written before {portion.start:,}", file=sys.stderr)


def write_waiting(store, company, waiting):
    """What waits for a target that is down, in lanes of its own each."""
    for portion in portions(range(1, waiting + 1)):
        parked = [company.message(number) for number in portion]
        store.write("parked", (("outbound", "drp", f"{m[2]}/{m[0].hex()}", m[0], m[2], *WAITS[m[1] % 3], m[1], m[11], m[12].encode())
                               for m in parked))
        store.write("delivery", ((m[0], "drp", m[2], m[5], "parked", WAITS[m[1] % 3][3], WAITS[m[1] % 3][4], None, None, m[1] + 90_000)
                                 for m in parked))


# State, kind, code, detail and attempts of what waits.
WAITS = [("failed", "invalid", "http.status", "422: unknown item", 1), ("retry", "transient", "http.connect", "connection refused", 7),
         ("behind", None, "lane.behind", "behind an earlier message of its lane", 0)]


def figures(store, company):
    """A year of figures as if all messages were in them, made from those of the first by SQL."""
    there = store.one("select count(*) from insight_order where kind = 'order'")
    times, today = company.orders // there, int(time.time()) // 86_400
    month = store.month("o.day")
    of_document = "entity, stamp, position, number, status, outcome, owner, source, currency, amount, score, facts"
    of_order = ("kind, number, currency, status, state, ordered, shipped, invoiced, received, short, unbilled, over_billed, "
                "outstanding, mixed, facts")
    days = "short_on, unbilled_on, billed_on, settled_on".split(", ")
    # Spread over a year and over the customers, each copy of a row otherwise.
    moved = lambda column: f"{today} - ({today} - {column} + n * 37) % 365"
    buyer = store.customer(f"(position * 104729 + n * 7919) % {company.customers}")
    of_row = store.customer(f"(length(facts) * 1000003 + ordered + n * 7919) % {company.customers}")
    store.run([
        "delete from insight_pending", "delete from insight_link",
        f"insert into insight_document (generation, id, party, day, {of_document}) select generation, {store.another('id', 'n')}, {buyer}, "
        f"{moved('day')}, {of_document} from insight_document cross join {store.numbers(times - 1)} copies where n > 0",
        f"insert into insight_order (generation, id, party, contract, day, {', '.join(days)}, {of_order}) "
        f"select generation, {store.another('id', 'n')}, {of_row}, contract || '-' || n, {moved('day')}, {', '.join(map(moved, days))}, {of_order} "
        f"from insight_order cross join {store.numbers(times - 1)} copies where n > 0",
        # Of nine contracts in ten somebody told, and of some more was ordered than they allow.
        "delete from insight_contract",
        "insert into insight_contract (generation, number, currency, document, party, title, status, amount, valid_from, valid_until, orders, "
        "ordered, shipped, invoiced, received, exceeded, outside) "
        "select 1, s.number, s.currency, case when s.ordered / 10000 % 10 > 0 then s.document end, case when s.ordered / 10000 % 10 > 0 then s.party end, "
        "'框架合同', 'released', case when s.ordered / 10000 % 10 > 0 then s.ordered - s.past end, s.first, s.last, s.orders, s.ordered, s.shipped, "
        "s.invoiced, s.received, case when s.ordered / 10000 % 10 > 0 and s.past > 0 then s.past else 0 end, s.ordered / 10000 % 97 / 96 "
        f"from (select o.contract as number, o.currency, {store.any('o.id')} as document, {store.any('o.party')} as party, min(o.day) as first, "
        "max(o.day) as last, count(*) as orders, cast(sum(o.ordered) as bigint) as ordered, cast(sum(o.shipped) as bigint) as shipped, "
        "cast(sum(o.invoiced) as bigint) as invoiced, cast(sum(o.received) as bigint) as received, "
        "cast(sum(o.ordered) / 10000 % 50 as bigint) * 10000 - 400000 as past "
        "from insight_order o where o.kind = 'order' and o.contract is not null group by o.contract, o.currency) s",
        "delete from insight_customer", "delete from insight_month", "delete from insight_product", "delete from insight_product_month",
        "insert into insight_customer (generation, id, root, version, code, name, kind, stage, grade, industry, source, owner, credit_days, "
        f"known_on, facts, stamp, scored_on, sales, first_order, last_order, score, proposed, parts) select 1, {store.identity}, {store.identity}, 1, {store.said('code')}, "
        f"{store.said('legal_name')}, 'customer', 'in_service', {store.said('grade')}, {store.said('industry')}, {store.said('source')}, "
        f"{store.said('owner')}, 30, {today} - length(cast(golden as text)) * 7919 % 365, '{{}}', '', {today}, length(cast(golden as text)) * 7919 % 100000 * 10000, "
        f"{store.month(today)} - 5, {today} - length(cast(golden as text)) * 104729 % 365, length(cast(golden as text)) * 31 % 100, "
        f"case when {store.said('grade')} = 'problem' then 'ordinary' end, '[]' from golden",
        "insert into insight_month (generation, party, month, currency, orders, ordered, invoiced, billed, received) "
        f"select 1, o.party, {month}, o.currency, count(*), sum(o.ordered), sum(o.invoiced), sum(o.invoiced), sum(o.received) "
        f"from insight_order o where o.day is not null group by o.party, {month}, o.currency",
        "insert into insight_item (generation, id, stamp, code, name, cost, currency) "
        f"select 1, {store.customer('n')}, '', 'SH-' || n, '电动剃须刀', 200000 + n, 'CNY' from {store.numbers(399)} items "
        "where not exists (select 1 from insight_item)",
        "insert into insight_product_month (generation, party, item, month, currency, quantity, amount) "
        f"select 1, o.party, {store.customer('o.ordered / 10000 % 400')}, {month}, o.currency, count(*) * 30000, sum(o.ordered) "
        f"from insight_order o where o.day is not null group by o.party, {store.customer('o.ordered / 10000 % 400')}, {month}, o.currency",
        f"update insight_generation set position = {company.messages}", *store.counted])


def golden(number):
    said = customer(number)
    provenance = {"system": "crm", "native_id": f"C-{number}", "message_id": text(identity("customer", number)),
                  "occurred_at": "2026-01-01T00:00:00Z"}
    statement = {"record": {"customer": said, "provenance": provenance}, "version": 1}
    return (compact({"customer": said, "provenance": {"legal_name": provenance}}),
            compact({"statements": [statement], "recent": [[1, said]]}))


def configure(folder, store):
    config = folder / "config"
    (config / "connectors").mkdir(parents=True, exist_ok=True)
    (config / "tenon.toml").write_text(f"store = '{store}'\n[http]\nlisten = '127.0.0.1:0'\ntoken = '${{env:TENON_TOKEN}}'\n")
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
                return json.load(answer) if path.startswith("/api/") else answer.read()
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


def pages(company, projected, waiting):
    """What is asked, and what the answer has to hold. The projections hold so many messages, so many wait."""
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

    def delivered(query, least):
        return lambda: of(f"/api/v1/deliveries?{query}", lambda a: len(a["items"]) == least)

    def until():
        moment = company.at(draw.randrange(company.messages // 10, company.messages))
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment / 1_000_000))
        return of(f"/api/v1/deliveries?system=erp&until={stamp}", lambda a: len(a["items"]) == 50)

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

    def find_part(first, last):
        part = name(buyer())[first:last]
        return of(f"/api/v1/masters?q={quote(part)}", lambda a: a["items"] and all(part in i["legal_name"] for i in a["items"] if i["likeness"] is None))

    def find_code():
        number = buyer()
        return of(f"/api/v1/masters?q={customer_key(number)[2:].lower()}", lambda a: any(i["code"] == customer_key(number) for i in a["items"]))

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
        "deliveries to a system": delivered("system=erp", 50),
        "deliveries to a system, of an entity": delivered("system=erp&entity=case&state=delivered", 50),
        "deliveries that wait, of a system": delivered("system=drp&state=parked", min(50, waiting)),
        "deliveries that were dropped": delivered("state=dropped", 0),
        "deliveries until a day": until,
        "deliveries from one system to another": lambda: of("/api/v1/deliveries?system=invoicing&source=drp", lambda a: all(i["message"]["source"] == "drp" for i in a["items"]) and a["next"]),
        "deliveries with a text in their bodies": lambda: of(f"/api/v1/deliveries?system=erp&text={quote('刀头异响')}", lambda a: a["items"]),
        "one message": one,
        "its bodies": bodies,
        "trace of an order": trace,
        "summary": lambda: of("/api/v1/summary", lambda a: sum(a["messages"].values()) == company.messages and a["masters"] == company.customers),
        "what was carried, last day": lambda: of("/api/v1/summary/course", lambda a: sum(s["received"] for s in a["stretches"]) > 0),
        "what was carried, last week": lambda: of("/api/v1/summary/course?hours=168", lambda a: sum(s["received"] for s in a["stretches"]) > 0),
        "queues": lambda: of("/api/v1/queues"),
        "connectors": lambda: of("/api/v1/connectors"),
        "parked, by reason": lambda: of("/api/v1/parked/groups", lambda a: sum(group["count"] for group in a) == waiting),
        "parked, first page": lambda: of("/api/v1/parked?limit=50"),
        "parked of a system that failed": lambda: of("/api/v1/parked?system=drp&state=failed&limit=50"),
        "parked of a record": lambda: of(f"/api/v1/parked?key=SO-2026-{order()}"),
        "metrics": lambda: of("/metrics"),
        "customers, first page": lambda: of("/api/v1/masters?limit=50", lambda a: len(a["items"]) == 50),
        "customers by name": find,
        "customers by three signs of the name": lambda: find_part(2, 5),
        "customers by two signs of the name": lambda: find_part(3, 5),
        "customers by the city that thousands name": lambda: find_part(0, 2),
        "customers by what all names end with": lambda: of(f"/api/v1/masters?q={quote('有限公司')}", lambda a: len(a["items"]) == 50),
        "customers by a part that no name has": lambda: of(f"/api/v1/masters?q={quote('龘龘')}"),
        "customers by a part of the code": find_code,
        "one customer": lambda: of(f"/api/v1/masters/{customer_key(buyer())}"),
        "its history": lambda: of(f"/api/v1/masters/{customer_key(buyer())}/history"),
        "its figures": insight,
        "the check at entry": check,
        "reviews": lambda: of("/api/v1/reviews"),
        "grades proposed": lambda: of("/api/v1/insight/grades"),
        "reconciliation": lambda: of("/api/v1/insight/orders"),
        "reconciliation, overdue": lambda: of("/api/v1/insight/orders?matter=overdue"),
        "reconciliation, unbilled": lambda: of("/api/v1/insight/orders?matter=unbilled"),
        "what is wrong": lambda: of("/api/v1/insight/exceptions"),
        "orders of a customer": lambda: of(f"/api/v1/insight/orders?customer={text(identity('customer', buyer()))}"),
        "contracts": lambda: of("/api/v1/insight/contracts", lambda a: len(a["items"]) == 50),
        "contracts that are exceeded": lambda: of("/api/v1/insight/contracts?matter=exceeded", lambda a: all(float(i["exceeded"]) > 0 for i in a["items"])),
        "contracts that nobody told of": lambda: of("/api/v1/insight/contracts?matter=unknown", lambda a: all(i["document"] is None for i in a["items"])),
        "contracts of a customer": lambda: of(f"/api/v1/insight/contracts?customer={text(identity('customer', buyer()))}"),
        "how contracts stand": lambda: of("/api/v1/insight/contracts/sums", lambda a: a and a[0]["contracts"]),
        "customers by sales": lambda: of("/api/v1/insight/customers?sort=sales&limit=50", lambda a: len(a["items"]) == 50),
        "customers of a grade and an industry": lambda: of(f"/api/v1/insight/customers?grade={draw.choice(GRADES)}&industry={quote(draw.choice(INDUSTRIES))}&limit=50"),
        "customers that last ordered within days": lambda: of(f"/api/v1/insight/customers?last_to=2026-06-30&sort=last_order&limit=50"),
        "customers with a text": lambda: of(f"/api/v1/insight/customers?text={quote(name(buyer())[2:5])}&limit=50"),
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
    options.add_argument("--waiting", type=int, default=100_000, help="how many messages wait for a target")
    options.add_argument("--store", help="a PostgreSQL server; the embedded engine's file if it is not said")
    options.add_argument("--figures", action="store_true", help="make most of the figures by SQL")
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--now", action="store_true", help="do not wait until the projections are made; it is told how far they are")
    options.add_argument("--serve", action="store_true", help="leave the hub running, to look around")
    asked = options.parse_args()
    os.environ["TENON_TOKEN"] = TOKEN
    asked.folder.mkdir(parents=True, exist_ok=True)
    made = asked.folder / "made.json"
    url = asked.store and f"{asked.store}?options={quote('-csearch_path=' + SCHEMA)}"
    config = configure(asked.folder, url or "embedded")
    migrate = lambda: subprocess.run([asked.binary, "migrate", "--config", config], check=True, stdout=subprocess.DEVNULL)
    file = config / "data" / "tenon.db"
    if not made.exists():
        now = int(time.time() * 1_000_000)
        if asked.store:
            subprocess.run(["psql", "-q", asked.store, "-c", f"drop schema if exists {SCHEMA} cascade", "-c", f"create schema {SCHEMA}"], check=True)
        migrate()
        began = time.time()
        store = Server(url) if url else Embedded(file)
        fill(store, Company(asked.messages, asked.customers, now), asked.waiting)
        print(f"written in {time.time() - began:.0f} s: {store.gib():.1f} GiB", file=sys.stderr)
        store.close()
        began = time.time()
        migrate()
        print(f"every customer made ready to be found in {time.time() - began:.0f} s", file=sys.stderr)
        made.write_text(json.dumps([asked.messages, asked.customers, now, asked.waiting]))
    *numbers, waiting = json.loads(made.read_text())
    company = Company(*numbers)
    store = lambda: Server(url) if url else Embedded(file)
    if asked.figures and not (asked.folder / "figures").exists():
        hub = Hub(asked.binary, config)
        project(hub, store(), lambda position, _: position >= min(20_000, company.messages))
        hub.stop()
        began, books = time.time(), store()
        figures(books, company)
        books.close()
        print(f"figures made in {time.time() - began:.0f} s", file=sys.stderr)
        (asked.folder / "figures").touch()
    hub = Hub(asked.binary, config)
    try:
        measure(asked, company, hub, config, store(), waiting)
        if asked.serve:
            print(f"{hub.url} token {TOKEN}; Ctrl-C ends it", file=sys.stderr)
            hub.process.wait()
    finally:
        hub.stop()


def project(hub, store, enough):
    """Waits until the hub has made projections enough; how far they are."""
    began, first = time.time(), None
    while True:
        position = store.one("select coalesce(max(position), 0) from insight_generation where live = 1")
        unscored = store.one("select count(*) from insight_customer where scored_on is null")
        first = position if first is None else first
        if enough(position, unscored):
            break
        print(f"  projections at {position:,}, {unscored:,} customers to score, {hub.resident_mib():.0f} MiB", file=sys.stderr)
        time.sleep(5)
    if position > first:
        print(f"projections made from {position - first:,} messages in {time.time() - began:.0f} s", file=sys.stderr)
    return position


def measure(asked, company, hub, config, store, waiting):
    position = project(hub, store, lambda position, unscored: asked.now or position >= company.messages and unscored == 0)
    if asked.now:
        print(f"projections hold {position:,} messages", file=sys.stderr)

    draw = random.Random(5)
    # A customer of whom a message tells.
    told = lambda: draw.randrange(max(1, company.messages * 15 // 100 - 15)) * 7_919 % company.customers
    times = []
    for _ in range(asked.rounds):
        number = draw.randrange(1, company.messages)
        key = draw.choice([f"SO-2026-{draw.randrange(company.orders)}", text(identity("message", number)),
                           customer_key(told()), f"C-{told()}"])
        began = time.time()
        found = subprocess.run([asked.binary, "trace", key, "--config", config], capture_output=True, text=True)
        times.append(time.time() - began)
        if found.returncode or not found.stdout.strip():
            sys.exit(f"tenon trace {key}: {found.stdout}{found.stderr}")
    rows = [("`tenon trace`, the process included", times)]
    for what, page in pages(company, min(position, 20_000) if asked.figures else position, waiting).items():
        times = []
        for _ in range(asked.rounds):
            path, body, check = page()
            began = time.time()
            answer = hub.ask(path, body)
            times.append(time.time() - began)
            if not check(answer):
                sys.exit(f"{what}: {path} does not answer what was written: {json.dumps(answer)[:500]}")
        rows.append((what, times))
    print(f"{company.messages:,} messages, {company.customers:,} customers, {waiting:,} waiting, {store.gib():.1f} GiB, "
          f"{hub.resident_mib():.0f} MiB resident; milliseconds of {asked.rounds} requests each\n")
    print("| asked | median | p95 | slowest |\n|---|---:|---:|---:|")
    for what, times in rows:
        times.sort()
        p95 = times[max(0, -(-len(times) * 95 // 100) - 1)]
        print(f"| {what} | {times[len(times) // 2] * 1000:.1f} | {p95 * 1000:.1f} | {times[-1] * 1000:.1f} |")


if __name__ == "__main__":
    main()
