-- Google and Microsoft: identities, the flows that lead to them, and changes of address.

-- All at once, and those first that a reset writes first. A service that runs meanwhile may still be met the other way
-- round; then this is undone and tried again.
lock table password_reset_tokens, sessions, users in access exclusive mode;

create table oauth_identities (
  id uuid primary key,
  user_id uuid not null references users,
  provider text not null check (provider in ('google', 'microsoft')),
  issuer text not null,
  subject text not null check (length(subject) between 1 and 255),
  email text,
  is_vouched boolean not null,
  made_user boolean not null,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  unique (provider, issuer, subject)
);
comment on column oauth_identities.subject is 'Google: sub. Microsoft: oid, which is unique in the directory of the issuer';
comment on column oauth_identities.email is 'as last seen, to show: never a key';
comment on column oauth_identities.is_vouched is 'whether its provider speaks for the address that the user has: what does not goes with a reset, which only the mailbox can do';
comment on column oauth_identities.made_user is 'whether it made the user while nobody vouched for the address: as long as nobody does, it goes when another provider proves the mailbox';
create index oauth_identities_user_id on oauth_identities (user_id);

create table oauth_flows (
  id uuid primary key,
  state_hash bytea not null unique,
  browser_hash bytea not null,
  provider text not null check (provider in ('google', 'microsoft')),
  intent text not null check (intent in ('sign-in', 'link')),
  session_id uuid references sessions,
  sealed bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  check ((intent = 'link') = (session_id is not null))
);
comment on table oauth_flows is 'one way to a provider and back; forgotten soon after it is over';
comment on column oauth_flows.sealed is 'nonce, PKCE verifier, where to return to and the invite, encrypted';
create index oauth_flows_expires_at on oauth_flows (expires_at);

alter table sessions
  drop constraint sessions_method_check,
  add constraint sessions_method_check check (method in ('password', 'mail-link', 'google', 'microsoft'));

alter table password_reset_tokens add column purpose text not null default 'reset' check (purpose in ('reset', 'first'));
comment on column password_reset_tokens.purpose is 'first: of a user without a password, who asked for one while signed in';

create table email_changes (
  id uuid primary key,
  user_id uuid not null references users,
  session_id uuid not null references sessions,
  old_email text not null,
  old_verified_at timestamptz,
  new_email text not null,
  old_token_hash bytea unique,
  new_token_hash bytea not null unique,
  undo_token_hash bytea unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  old_confirmed_at timestamptz,
  new_confirmed_at timestamptz,
  changed_at timestamptz,
  undo_until timestamptz,
  ended_at timestamptz,
  ended_because text check (ended_because in
    ('superseded', 'refused', 'undone', 'session-over', 'address-proved', 'new-password', 'user-deleted')),
  check ((old_token_hash is null) = (old_verified_at is null)),
  check ((undo_token_hash is null) = (undo_until is null)),
  check (undo_until is null or changed_at is not null),
  check ((ended_at is null) = (ended_because is null))
);
comment on column email_changes.old_verified_at is 'null where the old address was never proved: nobody there is asked, and nobody there can undo it';
create unique index email_changes_pending on email_changes (user_id) where changed_at is null and ended_at is null;
create index email_changes_user_id on email_changes (user_id, created_at);
