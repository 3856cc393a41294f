-- Deletion: what is left of an account that was closed, and of a user who was deleted, once nobody can come back.

alter table accounts
  add column purged_at timestamptz,
  add constraint accounts_purged check (purged_at is null or closed_at is not null);
comment on column accounts.purged_at is 'when what is not kept of it was deleted: it cannot be reopened any more';
create index accounts_closed on accounts (closed_at, id) where closed_at is not null and purged_at is null;

alter table users
  add column purged_at timestamptz,
  add constraint users_purged check (purged_at is null or deleted_at is not null);
comment on column users.purged_at is 'when what still named them was deleted: the row is but an id that others refer to';
create index users_deleted on users (deleted_at, id) where deleted_at is not null and purged_at is null;

-- Without these, finding or deleting what is one user's or one account's reads whole tables.
create index account_invites_email on account_invites (email);
create index account_invites_accepted_by on account_invites (accepted_by) where accepted_by is not null;
create index superseded_invite_tokens_invite_id on superseded_invite_tokens (invite_id);
create index email_changes_session_id on email_changes (session_id);
create index oauth_flows_session_id on oauth_flows (session_id) where session_id is not null;
create index stripe_customers_account_id on stripe_customers (account_id);
create index checkout_sessions_account_id on checkout_sessions (account_id);
create index stripe_operations_account_id on stripe_operations (account_id);
create index mail_log_account on mail_log (account_id) where account_id is not null;
create index audit_log_by on audit_log (actor_id, at desc, id desc)
  where actor_kind = 'user' and actor_id is distinct from user_id;
