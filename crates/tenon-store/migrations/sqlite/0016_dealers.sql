-- What dealers have and sell, read from the journal as the other projections are, and the demand that
-- followed from it. Quantities are in ten-thousandths, days since 1970-01-01.

-- What one record says of a dealer's stock of an item in one place.
create table insight_stock (
    generation    integer not null,
    document      text not null,
    -- The dealer, as it is named when no merge is counted.
    party         text not null,
    item          text not null,
    quantity      bigint not null,
    -- Without what is promised; absent where the dealer does not say.
    available     bigint,
    in_transit    bigint,
    reorder_point bigint,
    unit          text,
    counted_on    integer not null,
    primary key (generation, document)
);

create index insight_stock_party on insight_stock (generation, party, item);

-- What a dealer sold of an item on a day; the quantity of a longer period is spread over its days.
create table insight_sold (
    generation integer not null,
    party      text not null,
    item       text not null,
    day        integer not null,
    quantity   bigint not null,
    primary key (generation, party, item, day)
);

create index insight_sold_day on insight_sold (generation, party, day);

-- How many reports of a dealer are about a day: where there is none, nobody knows what was sold.
create table insight_reported (
    generation integer not null,
    party      text not null,
    day        integer not null,
    reports    bigint not null,
    primary key (generation, party, day)
);

-- What was asked for, to replenish dealers: stays when projections are made anew.
create table replenishment_demand (
    number     text primary key,
    dealer     text not null,
    item       text not null,
    -- Which time it was for this dealer and item.
    occurrence integer not null,
    quantity   bigint not null,
    made_on    integer not null,
    -- When the dealer had enough again.
    ended_on   integer
);

create index replenishment_demand_dealer on replenishment_demand (dealer, item);

-- For tools of business intelligence, as the other views of theirs are.

-- What one record says of a dealer's stock of an item in one place.
create view bi_stock as
select
       coalesce(n.root, s.party) as customer_id,
       c.code as customer_code,
       c.name as customer_name,
       s.item as item_id,
       i.code as item_code,
       i.name as item_name,
       d.number as warehouse,
       case when s.quantity < 0 then '-' else '' end || printf('%d.%04d', abs(s.quantity) / 10000, abs(s.quantity) % 10000) as quantity,
       case when s.available is not null then
           case when s.available < 0 then '-' else '' end || printf('%d.%04d', abs(s.available) / 10000, abs(s.available) % 10000) end as available,
       case when s.in_transit is not null then
           case when s.in_transit < 0 then '-' else '' end || printf('%d.%04d', abs(s.in_transit) / 10000, abs(s.in_transit) % 10000) end as in_transit,
       case when s.reorder_point is not null then
           case when s.reorder_point < 0 then '-' else '' end || printf('%d.%04d', abs(s.reorder_point) / 10000, abs(s.reorder_point) % 10000) end as reorder_point,
       s.unit,
       date(s.counted_on * 86400, 'unixepoch') as counted_on
from insight_stock s
join insight_generation g on g.generation = s.generation and g.live = 1
join insight_document d on d.generation = s.generation and d.id = s.document
left join insight_customer n on n.generation = s.generation and n.id = s.party
left join insight_customer c on c.generation = s.generation and c.id = coalesce(n.root, s.party)
left join insight_item i on i.generation = s.generation and i.id = s.item;

-- What each dealer sold of each item on each day that it reported.
create view bi_sell_out as
select
       coalesce(n.root, s.party) as customer_id,
       c.code as customer_code,
       c.name as customer_name,
       s.item as item_id,
       i.code as item_code,
       i.name as item_name,
       date(s.day * 86400, 'unixepoch') as sold_on,
       case when sum(s.quantity) < 0 then '-' else '' end || printf('%d.%04d', abs(sum(s.quantity)) / 10000, abs(sum(s.quantity)) % 10000) as quantity
from insight_sold s
join insight_generation g on g.generation = s.generation and g.live = 1
left join insight_customer n on n.generation = s.generation and n.id = s.party
left join insight_customer c on c.generation = s.generation and c.id = coalesce(n.root, s.party)
left join insight_item i on i.generation = s.generation and i.id = s.item
where s.quantity <> 0
group by coalesce(n.root, s.party), c.code, c.name, s.item, i.code, i.name, s.day;
