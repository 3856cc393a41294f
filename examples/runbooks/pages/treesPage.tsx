import { Problem, useBillingState, useSession } from '@frontgate/client/react'
import { type TreeInList, useLoaded } from './api.ts'
import { Link } from './router.tsx'

/** All trees, and how many there may be. */
export function TreesPage() {
  const { data, problem } = useLoaded<{ data: TreeInList[] }>('/api/trees')
  const { state } = useBillingState()
  const { account } = useSession()
  const limit = state?.plan_limits.trees
  const kept = data?.data.length ?? 0
  const mayWrite = account?.role !== 'viewer'
  return (
    <>
      <div className="heading">
        <h1>Trees</h1>
        {mayWrite && (
          <Link className="button main" href="/trees/new">
            New tree
          </Link>
        )}
      </div>
      <Problem problem={problem} />
      {data && typeof limit === 'number' && (
        <p className={kept > limit ? 'count over' : 'count'}>
          {kept} of {limit} on your plan
          {kept > limit && '. All of them can be read; a new one needs another plan.'}
        </p>
      )}
      {data && kept === 0 && (
        <div className="card empty">
          <h2>Nothing to walk yet</h2>
          <p>Make the first tree by hand, or turn an article that you have into one.</p>
          {mayWrite && (
            <p className="acts">
              <Link className="button main" href="/trees/new">
                New tree
              </Link>
              <Link className="button" href="/accelerator">
                Convert an article
              </Link>
            </p>
          )}
        </div>
      )}
      <ul className="list">
        {data?.data.map(({ id, name, nodes, version }) => (
          <li key={id}>
            <Link className="card row" href={`/trees/${id}`}>
              <strong>{name}</strong>
              <span className="quiet">
                {nodes} {nodes === 1 ? 'node' : 'nodes'} · version {version}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  )
}
