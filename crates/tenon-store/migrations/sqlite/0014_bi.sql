-- What tools for business intelligence may read: a contract, so columns are added and never changed, and
-- without persons' data: no contact, phone, mail or address, no raw record. Each view shows the live figures, merges counted.
-- Amounts are texts, so that they are exact: a file has no decimal numbers.

-- One row a customer.
create view bi_customer as
select
       c.id as customer_id,
       c.code,
       c.name,
       c.kind,
       c.stage,
       c.grade,
       c.industry,
       c.source,
       c.owner,
       c.credit_days,
       date(c.known_on * 86400, 'unixepoch') as known_on,
       c.score,
       c.proposed as proposed_grade
from insight_customer c
join insight_generation g on g.generation = c.generation and g.live = 1
where c.id = c.root;

-- One row an order, and one for each document that leads to no order: how far order, shipment, invoice and receipt agree.
create view bi_order as
select
       o.id as order_id,
       o.kind,
       o.number,
       o.contract,
       coalesce(n.root, o.party) as customer_id,
       c.code as customer_code,
       c.name as customer_name,
       date(o.day * 86400, 'unixepoch') as ordered_on,
       o.status,
       o.state,
       o.currency,
       case when o.ordered < 0 then '-' else '' end || printf('%d.%04d', abs(o.ordered) / 10000, abs(o.ordered) % 10000) as ordered,
       case when o.shipped < 0 then '-' else '' end || printf('%d.%04d', abs(o.shipped) / 10000, abs(o.shipped) % 10000) as shipped,
       case when o.invoiced < 0 then '-' else '' end || printf('%d.%04d', abs(o.invoiced) / 10000, abs(o.invoiced) % 10000) as invoiced,
       case when o.received < 0 then '-' else '' end || printf('%d.%04d', abs(o.received) / 10000, abs(o.received) % 10000) as received,
       case when o.short < 0 then '-' else '' end || printf('%d.%04d', abs(o.short) / 10000, abs(o.short) % 10000) as short,
       case when o.unbilled < 0 then '-' else '' end || printf('%d.%04d', abs(o.unbilled) / 10000, abs(o.unbilled) % 10000) as unbilled,
       case when o.over_billed < 0 then '-' else '' end || printf('%d.%04d', abs(o.over_billed) / 10000, abs(o.over_billed) % 10000) as over_billed,
       case when o.outstanding < 0 then '-' else '' end || printf('%d.%04d', abs(o.outstanding) / 10000, abs(o.outstanding) % 10000) as outstanding,
       date(o.short_on * 86400, 'unixepoch') as short_since,
       date(o.unbilled_on * 86400, 'unixepoch') as unbilled_since,
       date(o.billed_on * 86400, 'unixepoch') as billed_on,
       date(o.settled_on * 86400, 'unixepoch') as settled_on
from insight_order o
join insight_generation g on g.generation = o.generation and g.live = 1
left join insight_customer n on n.generation = o.generation and n.id = o.party
left join insight_customer c on c.generation = o.generation and c.id = coalesce(n.root, o.party);

-- One row an order, shipment, invoice, receipt, opportunity or case.
create view bi_document as
select
       d.id as document_id,
       d.entity,
       d.number,
       coalesce(n.root, d.party) as customer_id,
       c.code as customer_code,
       c.name as customer_name,
       date(d.day * 86400, 'unixepoch') as dated,
       d.status,
       d.outcome,
       d.owner,
       d.source,
       d.currency,
       case when d.amount < 0 then '-' else '' end || printf('%d.%04d', abs(d.amount) / 10000, abs(d.amount) % 10000) as amount,
       d.score as satisfaction
from insight_document d
join insight_generation g on g.generation = d.generation and g.live = 1
left join insight_customer n on n.generation = d.generation and n.id = d.party
left join insight_customer c on c.generation = d.generation and c.id = coalesce(n.root, d.party);

-- What each customer ordered, was billed and paid, by month and currency.
create view bi_month as
select
       coalesce(n.root, m.party) as customer_id,
       c.code as customer_code,
       c.name as customer_name,
       printf('%04d-%02d-01', m.month / 12, m.month % 12 + 1) as month,
       m.currency,
       sum(m.orders) as orders,
       case when sum(m.ordered) < 0 then '-' else '' end || printf('%d.%04d', abs(sum(m.ordered)) / 10000, abs(sum(m.ordered)) % 10000) as ordered,
       case when sum(m.invoiced) < 0 then '-' else '' end || printf('%d.%04d', abs(sum(m.invoiced)) / 10000, abs(sum(m.invoiced)) % 10000) as invoiced,
       case when sum(m.billed) < 0 then '-' else '' end || printf('%d.%04d', abs(sum(m.billed)) / 10000, abs(sum(m.billed)) % 10000) as billed,
       case when sum(m.received) < 0 then '-' else '' end || printf('%d.%04d', abs(sum(m.received)) / 10000, abs(sum(m.received)) % 10000) as received
from insight_month m
join insight_generation g on g.generation = m.generation and g.live = 1
left join insight_customer n on n.generation = m.generation and n.id = m.party
left join insight_customer c on c.generation = m.generation and c.id = coalesce(n.root, m.party)
group by coalesce(n.root, m.party), c.code, c.name, m.month, m.currency;

-- What each customer ordered of each item, by quarter and currency.
create view bi_product as
select
       coalesce(n.root, p.party) as customer_id,
       c.code as customer_code,
       c.name as customer_name,
       p.item as item_id,
       i.code as item_code,
       i.name as item_name,
       printf('%04d-%02d-01', p.quarter / 4, p.quarter % 4 * 3 + 1) as quarter,
       p.currency,
       case when sum(p.quantity) < 0 then '-' else '' end || printf('%d.%04d', abs(sum(p.quantity)) / 10000, abs(sum(p.quantity)) % 10000) as quantity,
       case when sum(p.amount) < 0 then '-' else '' end || printf('%d.%04d', abs(sum(p.amount)) / 10000, abs(sum(p.amount)) % 10000) as amount
from insight_product p
join insight_generation g on g.generation = p.generation and g.live = 1
left join insight_customer n on n.generation = p.generation and n.id = p.party
left join insight_customer c on c.generation = p.generation and c.id = coalesce(n.root, p.party)
left join insight_item i on i.generation = p.generation and i.id = p.item
group by coalesce(n.root, p.party), c.code, c.name, p.item, i.code, i.name, p.quarter, p.currency;
