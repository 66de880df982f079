-- What a node is, and what it alone serves now: a list of claims, in JSON.
alter table hub_node add column version text;
alter table hub_node add column roles text;
alter table hub_node add column started_at bigint;
alter table hub_node add column claims text;
