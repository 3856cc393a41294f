import { unwrap } from '@frontgate/client'
import { Anchor, Kbd, TextInput } from '@mantine/core'
import { useDebouncedValue, useHotkeys } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { Copyable } from './copyable.tsx'
import { Heading } from './heading.tsx'
import { Instant } from './instant.tsx'
import { Mark } from './mark.tsx'
import { operatorClient } from './operatorClient.ts'
import { PagedRows } from './pagedRows.tsx'
import type { Column } from './rows.tsx'
import { usePages } from './usePages.ts'
import { said } from './words/words.ts'

const { search: texts } = said

/** Finds accounts; without a word, the newest. */
export function SearchPage() {
  const field = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState('')
  const [query] = useDebouncedValue(typed.trim(), 250)
  useHotkeys([['/', () => field.current?.select()]])
  const pages = usePages(['accounts', query], async (page) =>
    unwrap(
      await operatorClient.api.GET('/v1/operator/accounts', {
        params: { query: { ...(query && { query }), ...page } },
      }),
    ),
  )
  return (
    <>
      <Heading title={said.places.accounts} lead={texts.lead} />
      <TextInput
        ref={field}
        type="search"
        aria-label={texts.field}
        placeholder={texts.placeholder}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={<Kbd aria-hidden>/</Kbd>}
        autoComplete="off"
        spellCheck={false}
        maxLength={320}
        autoFocus
        maw={560}
      />
      <PagedRows
        label={query ? texts.found : texts.recent}
        pages={pages}
        columns={columns}
        keyOf={({ id }) => id}
        empty={query ? texts.nothing(query) : texts.none}
      />
    </>
  )
}

interface FoundAccount {
  id: string
  name: string
  members: number
  created_at: string
  closed_at: string | null
}

const columns: Column<FoundAccount>[] = [
  {
    head: texts.name,
    cell: ({ id, name }) => (
      <Anchor component={Link} to={`/operator/accounts/${id}`} fw={500}>
        {name}
      </Anchor>
    ),
  },
  { head: texts.id, cell: ({ id }) => <Copyable value={id} isShort /> },
  { head: texts.members, cell: ({ members }) => members },
  { head: texts.created, cell: ({ created_at: at }) => <Instant at={at} /> },
  {
    head: texts.state,
    cell: ({ closed_at: at }) =>
      at ? <Mark tone="bad">{texts.closed}</Mark> : <Mark tone="good">{texts.open}</Mark>,
  },
]
