-- What tools for business intelligence may read: a contract, so columns are added and never changed, and
-- without persons' data: no contact, phone, mail or address, no raw record. Each view shows the live figures, merges counted.
-- Grant `select` on these views alone: they read the tables with the rights of their owner.

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
       date '1970-01-01' + c.known_on as known_on,
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
       date '1970-01-01' + o.day as ordered_on,
       o.status,
       o.state,
       o.currency,
       (o.ordered::numeric / 10000)::numeric(24, 4) as ordered,
       (o.shipped::numeric / 10000)::numeric(24, 4) as shipped,
       (o.invoiced::numeric / 10000)::numeric(24, 4) as invoiced,
       (o.received::numeric / 10000)::numeric(24, 4) as received,
       (o.short::numeric / 10000)::numeric(24, 4) as short,
       (o.unbilled::numeric / 10000)::numeric(24, 4) as unbilled,
       (o.over_billed::numeric / 10000)::numeric(24, 4) as over_billed,
       (o.outstanding::numeric / 10000)::numeric(24, 4) as outstanding,
       date '1970-01-01' + o.short_on as short_since,
       date '1970-01-01' + o.unbilled_on as unbilled_since,
       date '1970-01-01' + o.billed_on as billed_on,
       date '1970-01-01' + o.settled_on as settled_on
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
       date '1970-01-01' + d.day as dated,
       d.status,
       d.outcome,
       d.owner,
       d.source,
       d.currency,
       (d.amount::numeric / 10000)::numeric(24, 4) as amount,
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
       make_date(m.month / 12, m.month % 12 + 1, 1) as month,
       m.currency,
       sum(m.orders)::bigint as orders,
       (sum(m.ordered)::numeric / 10000)::numeric(24, 4) as ordered,
       (sum(m.invoiced)::numeric / 10000)::numeric(24, 4) as invoiced,
       (sum(m.billed)::numeric / 10000)::numeric(24, 4) as billed,
       (sum(m.received)::numeric / 10000)::numeric(24, 4) as received
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
       make_date(p.quarter / 4, p.quarter % 4 * 3 + 1, 1) as quarter,
       p.currency,
       (sum(p.quantity)::numeric / 10000)::numeric(24, 4) as quantity,
       (sum(p.amount)::numeric / 10000)::numeric(24, 4) as amount
from insight_product p
join insight_generation g on g.generation = p.generation and g.live = 1
left join insight_customer n on n.generation = p.generation and n.id = p.party
left join insight_customer c on c.generation = p.generation and c.id = coalesce(n.root, p.party)
left join insight_item i on i.generation = p.generation and i.id = p.item
group by coalesce(n.root, p.party), c.code, c.name, p.item, i.code, i.name, p.quarter, p.currency;
