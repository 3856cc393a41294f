import { Problem, RequirePlan, useSession } from '@frontgate/client/react'
import type { TreeNode } from '../src/trees/rules.ts'
import { type KeptTree, type Session, useAction, useCall, useDraft, useLoaded } from './api.ts'
import { go, Link } from './router.tsx'

/** One tree to read, and to begin a session with. */
export function TreePage({ id }: { id: string }) {
  const { data: tree, problem } = useLoaded<KeptTree>(`/api/trees/${id}`)
  const { account } = useSession()
  const call = useCall()
  const removing = useAction()
  if (!tree) return <Problem problem={problem} />
  const mayWrite = account?.role !== 'viewer'
  const remove = async () => {
    if (!confirm(`Remove “${tree.name}”? Sessions keep what they walked.`)) return
    await call('DELETE', `/api/trees/${id}`)
    go('/')
  }
  return (
    <>
      <p className="back">
        <Link href="/">Trees</Link>
      </p>
      <div className="heading">
        <h1>{tree.name}</h1>
        {mayWrite && (
          <p className="acts">
            <Link className="button" href={`/trees/${id}/edit`}>
              Edit
            </Link>
            <button
              type="button"
              className="button"
              disabled={removing.busy}
              onClick={() => removing.run(remove)}
            >
              Remove
            </button>
          </p>
        )}
      </div>
      <Problem problem={removing.problem} />
      {mayWrite && (
        <RequirePlan plan="pro">
          <Begin treeId={id} />
        </RequirePlan>
      )}
      <section className="card outline" aria-label="The tree">
        <Outline nodes={tree.nodes} places={firstPlaces(tree.nodes)} id={tree.nodes[0]?.id ?? ''} place="" />
      </section>
    </>
  )
}

function Begin({ treeId }: { treeId: string }) {
  const call = useCall()
  const { busy, problem, run } = useAction()
  const [person, setPerson, forgetPerson] = useDraft(`person ${treeId}`, '')
  const begin = async () => {
    const { id } = await call<Session>('POST', '/api/sessions', { tree_id: treeId, person })
    forgetPerson()
    go(`/sessions/${id}`)
  }
  return (
    <form
      className="card begin"
      onSubmit={(event) => {
        event.preventDefault()
        void run(begin)
      }}
    >
      <label htmlFor="person">Who is on the line?</label>
      <div className="field">
        <input
          id="person"
          value={person}
          maxLength={200}
          placeholder="Grace, from Hopper"
          onChange={(event) => setPerson(event.target.value)}
        />
        <button type="submit" className="button main" disabled={busy}>
          Walk this tree
        </button>
      </div>
      <Problem problem={problem} />
    </form>
  )
}

interface OutlineProps {
  nodes: TreeNode[]
  places: Map<string, string>
  id: string
  /** The answer under which it stands. */
  place: string
}

/** A node and what is below it; where branches meet again it is only named. */
function Outline({ nodes, places, id, place }: OutlineProps) {
  const node = nodes.find((each) => each.id === id)
  if (!node) return null
  if (places.get(id) !== place) return <p className="again">↑ {node.text}</p>
  return (
    <>
      <p className={node.kind}>{node.text}</p>
      {node.detail && <p className="quiet detail">{node.detail}</p>}
      {node.kind === 'question' && (
        <ul>
          {node.answers.map(({ text, to }) => (
            <li key={text}>
              <span className="given">{text}</span>
              <Outline nodes={nodes} places={places} id={to} place={`${id}/${text}`} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

/** The first answer, from the top, that leads to each node. */
function firstPlaces(nodes: TreeNode[]): Map<string, string> {
  const places = new Map<string, string>()
  const visit = (id: string, place: string) => {
    if (places.has(id)) return
    places.set(id, place)
    const node = nodes.find((each) => each.id === id)
    if (node?.kind === 'question') for (const { text, to } of node.answers) visit(to, `${id}/${text}`)
  }
  if (nodes[0]) visit(nodes[0].id, '')
  return places
}
