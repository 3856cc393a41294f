-- A tree walked with somebody on the line. It stays with the version of the tree that it began with.
create table sessions (
  account_id uuid not null,
  id uuid not null default gen_random_uuid(),
  tree_id uuid not null,
  tree_version integer not null,
  person text not null,
  started_at timestamptz not null default now(),
  started_by uuid not null,
  ended_at timestamptz,
  outcome text check (outcome in ('solved', 'handed-over', 'given-up')),
  summary text not null default '',
  check ((ended_at is null) = (outcome is null)),
  primary key (account_id, id),
  foreign key (account_id, tree_id, tree_version) references tree_versions (account_id, tree_id, version)
);
create index sessions_newest on sessions (account_id, started_at desc, id desc);

-- What was done in it, in order: an answer that was given, a step back, a note. Nothing here is ever changed.
create table session_steps (
  account_id uuid not null,
  session_id uuid not null,
  position integer not null check (position > 0),
  kind text not null check (kind in ('answer', 'back', 'note')),
  node_id text not null,
  text text not null default '',
  taken_at timestamptz not null default now(),
  taken_by uuid not null,
  primary key (account_id, session_id, position),
  foreign key (account_id, session_id) references sessions
);
