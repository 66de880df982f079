-- How a node is getting on, as it last told the others, in JSON.
alter table hub_node add column pulse text;
