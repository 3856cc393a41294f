-- Operators have a role and prove a second factor; the trail is append-only by the rights of whoever owns it.

-- With a default, so that the version before can add operators too: who is one without a role may everything, as before.
alter table operators add column role text not null default 'admin' check (role in ('admin', 'support', 'read'));

alter table operator_sessions add column proved_by text check (proved_by in ('totp', 'passkey', 'recovery-code'));
comment on column operator_sessions.proved_by is 'the second factor; null where none was asked for, or there was none';

create table operator_challenges (
  id uuid primary key,
  operator_id uuid not null references operators,
  token_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  superseded_at timestamptz
);
comment on table operator_challenges is 'links that were used by somebody who has to prove a second factor still';
create index operator_challenges_operator on operator_challenges (operator_id);
create index operator_challenges_expires on operator_challenges (expires_at);

-- What the trail is searched by.
create index audit_log_action on audit_log (action text_pattern_ops, at desc, id desc);
create index audit_log_actor on audit_log (actor_id, at desc, id desc) where actor_id is not null;

-- Nothing that is written there is changed or taken out, by the service neither. Deleting somebody for good takes out from where
-- they came, and nothing else.
revoke update, delete, truncate on audit_log from current_user;
grant update (ip, user_agent) on audit_log to current_user;
