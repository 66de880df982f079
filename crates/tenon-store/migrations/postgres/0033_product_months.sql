-- Products are kept by month, so that any span of months is counted exactly. Of insight_product no row is written any
-- more: a generation that has some was made by an older release, and is made anew.

-- What each customer ordered of each item, by month and currency.
create table insight_product_month (
    generation integer not null,
    party      uuid not null,
    item       uuid not null,
    month      integer not null,
    currency   text not null,
    quantity   bigint not null,
    amount     bigint not null,
    primary key (generation, party, item, month, currency)
);

create index insight_product_month_item on insight_product_month
    (generation, item, month, currency, party, quantity, amount);

-- What each customer ordered of each item, by quarter and currency; what nodes of the release before go on
-- counting by quarter included.
create or replace view bi_product as
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
from (
    select generation, party, item, month / 3 as quarter, currency, quantity, amount from insight_product_month
    union all
    select generation, party, item, quarter, currency, quantity, amount from insight_product
) p
join insight_generation g on g.generation = p.generation and g.live = 1
left join insight_customer n on n.generation = p.generation and n.id = p.party
left join insight_customer c on c.generation = p.generation and c.id = coalesce(n.root, p.party)
left join insight_item i on i.generation = p.generation and i.id = p.item
group by coalesce(n.root, p.party), c.code, c.name, p.item, i.code, i.name, p.quarter, p.currency;
