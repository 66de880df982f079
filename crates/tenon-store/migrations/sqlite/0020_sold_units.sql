-- What of insight_sold was told in which unit; for the rest nobody said.
create table insight_sold_unit (
    generation integer not null,
    party      text not null,
    item       text not null,
    day        integer not null,
    unit       text not null,
    quantity   bigint not null,
    primary key (generation, party, item, day, unit)
);

create index insight_sold_unit_day on insight_sold_unit (generation, party, day);

-- What of bi_sell_out was told in which unit.
create view bi_sell_out_unit as
select
       coalesce(n.root, s.party) as customer_id,
       c.code as customer_code,
       c.name as customer_name,
       s.item as item_id,
       i.code as item_code,
       i.name as item_name,
       date(s.day * 86400, 'unixepoch') as sold_on,
       case when sum(s.quantity) < 0 then '-' else '' end || printf('%d.%04d', abs(sum(s.quantity)) / 10000, abs(sum(s.quantity)) % 10000) as quantity,
       s.unit
from insight_sold_unit s
join insight_generation g on g.generation = s.generation and g.live = 1
left join insight_customer n on n.generation = s.generation and n.id = s.party
left join insight_customer c on c.generation = s.generation and c.id = coalesce(n.root, s.party)
left join insight_item i on i.generation = s.generation and i.id = s.item
where s.quantity <> 0
group by coalesce(n.root, s.party), c.code, c.name, s.item, i.code, i.name, s.day, s.unit;

-- The message of a demand that is not known to have been sent.
alter table replenishment_demand add column body text;
