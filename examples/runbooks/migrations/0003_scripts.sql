create table scripts (
  account_id uuid not null,
  id uuid not null default gen_random_uuid(),
  name text not null check (name <> ''),
  body text not null check (body <> ''),
  saved_at timestamptz not null default now(),
  saved_by uuid not null,
  primary key (account_id, id)
);
create index scripts_by_name on scripts (account_id, name, id);
