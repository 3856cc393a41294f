import { Problem } from '@frontgate/client/react'
import { useState } from 'react'
import { type SessionInList, useAction, useCall, useLoaded } from './api.ts'
import { Link } from './router.tsx'

export const outcomeNames = { solved: 'Solved', 'handed-over': 'Handed over', 'given-up': 'Given up' }

interface Page {
  data: SessionInList[]
  next: string | null
}

/** Past and running sessions, to find one again. */
export function SessionsPage() {
  const [query, setQuery] = useState('')
  const search = new URLSearchParams({ ...(query && { query }) })
  return (
    <>
      <h1>Sessions</h1>
      <search>
        <label htmlFor="query">Find by person, tree, note or outcome</label>
        <input
          id="query"
          type="search"
          value={query}
          maxLength={200}
          onChange={(event) => setQuery(event.target.value)}
        />
      </search>
      <Found search={search.toString()} isSearch={query !== ''} />
    </>
  )
}

function Found({ search, isSearch }: { search: string; isSearch: boolean }) {
  const call = useCall()
  const { data: page, problem, setData } = useLoaded<Page>(`/api/sessions?${search}`)
  const further = useAction()
  if (!page) return <Problem problem={problem} />
  const loadMore = async () => {
    const before = new URLSearchParams(search)
    before.set('before', page.next ?? '')
    const more = await call<Page>('GET', `/api/sessions?${before}`)
    setData({ data: [...page.data, ...more.data], next: more.next })
  }
  return (
    <>
      {page.data.length === 0 && (
        <p className="card empty">
          {isSearch ? 'None has all of these words.' : 'No session yet: open a tree and walk it.'}
        </p>
      )}
      <ul className="list">
        {page.data.map(({ id, tree_name, person, started_at, outcome, summary }) => (
          <li key={id}>
            <Link className="card row" href={`/sessions/${id}`}>
              <span>
                <strong>{person || 'Somebody'}</strong>
                <span className="quiet"> · {tree_name}</span>
                {summary && <span className="summary">{summary}</span>}
              </span>
              <span className="quiet">
                <span className={`badge ${outcome ?? 'running'}`}>
                  {outcome ? outcomeNames[outcome] : 'Running'}
                </span>{' '}
                {new Date(started_at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <Problem problem={further.problem} />
      {page.next && (
        <button
          type="button"
          className="button"
          disabled={further.busy}
          onClick={() => further.run(loadMore)}
        >
          Show more
        </button>
      )}
    </>
  )
}
