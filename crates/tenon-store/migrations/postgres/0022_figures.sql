-- What pages of figures ask lies in indexes alone, in the order in which it is shown: rows are wide, and there are
-- as many as the company has orders. A day that nobody told counts as the first of all.
drop index insight_order_day;
drop index insight_order_short;
drop index insight_order_unbilled;
drop index insight_order_over;
drop index insight_order_owed;
drop index insight_order_orphan;
create index insight_order_day on insight_order (generation, (coalesce(day, 0)), id);
create index insight_order_state on insight_order (generation, state, (coalesce(day, 0)), id);
create index insight_order_short on insight_order (generation, short_on, id, currency, short) where short > 0;
create index insight_order_unbilled on insight_order (generation, unbilled_on, id, currency, unbilled)
    where unbilled > 0;
create index insight_order_over on insight_order (generation, (coalesce(day, 0)), id, currency, over_billed)
    where over_billed > 0;
create index insight_order_owed on insight_order (generation, billed_on, id, currency, party, outstanding)
    where outstanding > 0;
create index insight_order_sums on insight_order
    (generation, currency, kind, state, ordered, shipped, invoiced, received);

drop index insight_document_entity;
create index insight_document_entity on insight_document
    (generation, entity, day, status, outcome, currency, amount, score, party)
    where entity in ('opportunity', 'case');

create index insight_month_sums on insight_month
    (generation, month, currency, party, orders, ordered, invoiced, billed, received);
create index insight_customer_merged on insight_customer (generation, id, root) where root <> id;
create index insight_customer_known on insight_customer (generation, known_on, owner, source, root, id)
    where root = id;
create index insight_customer_grade on insight_customer (generation, grade, version, root, id) where root = id;

drop index insight_product_item;
create index insight_product_item on insight_product (generation, item, quarter, currency, party, quantity, amount);
