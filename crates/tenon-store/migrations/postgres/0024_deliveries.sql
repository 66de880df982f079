-- Deliveries by target, state and entity, newest first within each.
create index delivery_group on delivery (system, state, entity, at);
