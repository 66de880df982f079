-- What customers bought lately, as of when they were scored: sales of twelve months in the currency of scores, in
-- ten-thousandths; the month of the first order, and the day of the last one.
alter table insight_customer add column sales bigint;
alter table insight_customer add column first_order integer;
alter table insight_customer add column last_order integer;

-- Lists of customers go by one of these, and pick out what else is asked for as they go.
create index insight_customer_sales on insight_customer (generation, (coalesce(sales, 0)), id) where root = id;
create index insight_customer_last_order on insight_customer (generation, (coalesce(last_order, 0)), id) where root = id;
create index insight_customer_name on insight_customer (generation, (substr(coalesce(name, ''), 1, 100)), id)
    where root = id;
-- Where few are of one owner or of one source, they are set in order themselves.
create index insight_customer_owner on insight_customer (generation, owner, id) where root = id;
create index insight_customer_source on insight_customer (generation, source, id) where root = id;
drop index insight_customer_grade_score;
drop index insight_customer_owner_score;
