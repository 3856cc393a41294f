-- Every table begins its key with account_id, and refers to others with it: a row of one account cannot even point at
-- another's.
create table trees (
  account_id uuid not null,
  id uuid not null default gen_random_uuid(),
  version integer not null,
  created_at timestamptz not null default now(),
  created_by uuid not null,
  -- Not deleted: sessions keep what they walked. It counts against no limit any more.
  removed_at timestamptz,
  primary key (account_id, id)
);
create index trees_kept on trees (account_id, created_at) where removed_at is null;

-- What a tree was from one saving to the next. Nothing here is ever changed.
create table tree_versions (
  account_id uuid not null,
  tree_id uuid not null,
  version integer not null check (version > 0),
  name text not null check (name <> ''),
  nodes jsonb not null,
  saved_at timestamptz not null default now(),
  saved_by uuid not null,
  primary key (account_id, tree_id, version),
  foreign key (account_id, tree_id) references trees
);
alter table trees add foreign key (account_id, id, version) references tree_versions (account_id, tree_id, version)
  deferrable initially deferred;
