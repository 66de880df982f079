-- Customers by their scores: all, those of a grade, and those whom somebody looks after.
create index insight_customer_score on insight_customer (generation, score, id) where root = id and score is not null;
create index insight_customer_grade_score on insight_customer (generation, grade, score, id)
    where root = id and score is not null;
create index insight_customer_owner_score on insight_customer (generation, owner, score, id)
    where root = id and score is not null;

-- Of each currency, where most is at stake.
create index insight_order_most_short on insight_order (generation, currency, short, id) where short > 0;
create index insight_order_most_unbilled on insight_order (generation, currency, unbilled, id) where unbilled > 0;
create index insight_order_most_over on insight_order (generation, currency, over_billed, id) where over_billed > 0;
create index insight_order_most_owed on insight_order (generation, currency, outstanding, id) where outstanding > 0;

-- Orders of a currency that few have.
create index insight_order_currency on insight_order (generation, currency, (coalesce(day, 0)), id);
