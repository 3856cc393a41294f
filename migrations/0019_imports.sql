-- What was brought in from elsewhere, by the ids that it had there.

create table imported (
  kind text not null check (kind in ('account', 'user', 'member', 'subscription')),
  external_id text not null check (length(external_id) between 1 and 500),
  user_id uuid references users,
  account_id uuid references accounts,
  digest text not null,
  imported_at timestamptz not null,
  primary key (kind, external_id),
  check (kind <> 'user' or user_id is not null),
  check (kind not in ('account', 'subscription') or account_id is not null),
  check (kind <> 'member' or (user_id is not null and account_id is not null))
);
comment on table imported is 'which line of a file made what: the same line again changes nothing';
comment on column imported.external_id is 'of a member, those of the user and of the account';
comment on column imported.digest is 'of what the line said when it was last followed';
create index imported_user on imported (user_id) where user_id is not null;
create index imported_account on imported (account_id) where account_id is not null;
