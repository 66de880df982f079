-- Masters that turn out to be one, and two again.

-- The master to which a tie belongs when no merge is counted; absent where that is its master.
alter table crosswalk add column unmerged_id blob;
alter table master_key add column unmerged_id blob;

create index master_key_master on master_key (master_id);

-- A merged master points at the one into which it was merged.
alter table golden add column merged_into blob;
alter table golden_history add column merged_into blob;

create index golden_merged on golden (master_id) where merged_into is not null;
