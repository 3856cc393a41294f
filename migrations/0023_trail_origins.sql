-- From where a line of the trail came is forgotten, never written anew: the right to update those two columns alone allows both.

create function refuse_trail_changes() returns trigger language plpgsql as $$ begin
  old.ip := null;
  old.user_agent := null;
  if new is distinct from old then
    raise exception 'lines of audit_log are not changed, but for where they came from, which is forgotten'
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;

create trigger audit_log_origins before update on audit_log
  for each row execute function refuse_trail_changes();
