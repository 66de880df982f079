-- Customers of one industry, of which a few are looked at.
create index insight_customer_industry on insight_customer (generation, industry, id) where root = id;
