import pg from 'pg'

/** The schema of a database as SQL, in an order that depends on nothing but names: the same schema reads the same. */
export async function describeSchema(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ line: string }>(description)
    return `-- The schema after all migrations; made by \`npm run generate\`.\n\n${rows.map(({ line }) => line).join('\n')}\n`
  } finally {
    await client.end()
  }
}

const description = `
  with tables as (
    select c.oid, c.relname as name, c.relpersistence from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname not like 'kysely_%'
  ), inner_lines as (
    select t.oid, 1 as part, a.attnum::bigint as place,
      quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
        || case when a.attnotnull then ' not null' else '' end
        || case when a.attidentity <> '' then ' generated always as identity' else '' end
        || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') as line
    from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
    union all
    select t.oid, 2, row_number() over (partition by t.oid order by k.contype, k.conname),
      'constraint ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
    from tables t join pg_constraint k on k.conrelid = t.oid and k.contype <> 'n'
  ), lines as (
    select t.name, 0 as part, 0::bigint as place,
      'create ' || case t.relpersistence when 'u' then 'unlogged ' else '' end || 'table ' || t.name || E' (\n  '
        || string_agg(i.line, E',\n  ' order by i.part, i.place) || E'\n);' as line
    from tables t join inner_lines i on i.oid = t.oid group by t.oid, t.name, t.relpersistence
    union all
    select t.name, 1, row_number() over (partition by t.oid order by i.relname), pg_get_indexdef(i.oid) || ';'
    from tables t join pg_index x on x.indrelid = t.oid join pg_class i on i.oid = x.indexrelid
    where not exists (select from pg_constraint k where k.conindid = i.oid and k.conrelid = t.oid)
    union all
    select t.name, 2, d.objsubid,
      'comment on ' || case when d.objsubid = 0 then 'table ' || t.name
        else 'column ' || t.name || '.' || a.attname end || ' is ' || quote_literal(d.description) || ';'
    from tables t join pg_description d on d.objoid = t.oid and d.classoid = 'pg_class'::regclass
    left join pg_attribute a on a.attrelid = t.oid and a.attnum = d.objsubid and d.objsubid > 0
    union all
    select t.name, 3, row_number() over (partition by t.oid order by g.tgname), pg_get_triggerdef(g.oid) || ';'
    from tables t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
    union all
    select t.name, 4, 0, '' from tables t
  )
  select line from lines order by name, part, place`
