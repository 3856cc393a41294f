-- Invites: offers to become a member of an account, each with one link that works.

create table account_invites (
  id uuid primary key,
  account_id uuid not null references accounts,
  email text not null check (email = lower(email) and length(email) between 3 and 320),
  role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  token_hash bytea not null unique,
  invited_by uuid not null references users,
  created_at timestamptz not null,
  sent_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > sent_at),
  accepted_at timestamptz,
  accepted_by uuid references users,
  revoked_at timestamptz,
  revoked_by uuid references users,
  check ((accepted_at is null) = (accepted_by is null)),
  check (revoked_by is null or revoked_at is not null),
  check (accepted_at is null or revoked_at is null)
);
comment on column account_invites.invited_by is 'who sent it last: it is good while they may invite';
comment on column account_invites.revoked_by is 'null where nobody did, as when whoever sent it lost their address';
create unique index account_invites_pending on account_invites (account_id, email)
  where accepted_at is null and revoked_at is null;
create index account_invites_account_id on account_invites (account_id, created_at desc, id desc);
create index account_invites_seats on account_invites (account_id, expires_at desc)
  where accepted_at is null and revoked_at is null;
create index account_invites_invited_by on account_invites (invited_by)
  where accepted_at is null and revoked_at is null;

create table superseded_invite_tokens (
  token_hash bytea primary key,
  invite_id uuid not null references account_invites
);
comment on table superseded_invite_tokens is 'of links that a newer one took the place of: their holder is told so';
