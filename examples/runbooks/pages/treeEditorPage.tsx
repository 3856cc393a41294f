import { Problem, RequireLimit, useSession } from '@frontgate/client/react'
import { type ReactNode, useState } from 'react'
import { faultsOf, type Tree } from '../src/trees/rules.ts'
import { type KeptTree, type TreeInList, useAction, useCall, useLoaded } from './api.ts'
import { firstDraft, takeDraft, withNewNode, withNode, withoutNode } from './drafts.ts'
import { NodeEditor } from './nodeEditor.tsx'
import { go, Link } from './router.tsx'

/** A new tree, or the next version of one. */
export function TreeEditorPage({ id }: { id?: string }) {
  return id === undefined ? <NewTree /> : <KeptTreeEditor id={id} />
}

function NewTree() {
  const call = useCall()
  const { account } = useSession()
  const [draft] = useState(() => takeDraft(account?.id) ?? firstDraft())
  const save = async (tree: Tree) => go(`/trees/${(await call<KeptTree>('POST', '/api/trees', tree)).id}`)
  const { data: kept } = useLoaded<{ data: TreeInList[] }>('/api/trees')
  return (
    <Editor title="New tree" back="/" tree={draft} save={save}>
      {/* Beside the editor and not around it: what is written stays, whatever becomes of the plan. */}
      {kept && <RequireLimit limit="trees" used={kept.data.length} />}
    </Editor>
  )
}

function KeptTreeEditor({ id }: { id: string }) {
  const call = useCall()
  const { data: tree, problem } = useLoaded<KeptTree>(`/api/trees/${id}`)
  if (!tree) return <Problem problem={problem} />
  const { name, nodes, version } = tree
  const save = async (changed: Tree) => {
    await call('PUT', `/api/trees/${id}`, { version, ...changed })
    go(`/trees/${id}`)
  }
  return <Editor title="Edit tree" back={`/trees/${id}`} tree={{ name, nodes }} save={save} />
}

interface EditorProps {
  title: string
  back: string
  tree: Tree
  save: (tree: Tree) => Promise<void>
  children?: ReactNode
}

function Editor({ title, back, tree: first, save, children }: EditorProps) {
  const [tree, setTree] = useState(first)
  const { busy, problem, run } = useAction()
  const faults = faultsOf(tree)
  const isNamed = tree.name.trim() !== '' && tree.nodes.every(({ text }) => text.trim() !== '')
  return (
    <form
      className="editor"
      onSubmit={(event) => {
        event.preventDefault()
        void run(() => save(tree))
      }}
    >
      <p className="back">
        <Link href={back}>Back without saving</Link>
      </p>
      <h1>{title}</h1>
      {children}
      <label htmlFor="name">Name</label>
      <input
        id="name"
        value={tree.name}
        required
        maxLength={500}
        placeholder="The printer does not print"
        onChange={(event) => setTree({ ...tree, name: event.target.value })}
      />
      <ol className="nodes">
        {tree.nodes.map((node, i) => (
          <NodeEditor
            key={node.id}
            node={node}
            isFirst={i === 0}
            others={tree.nodes.filter(({ id }) => id !== node.id)}
            faults={faults.filter((fault) => fault.node === node.id).map(({ detail }) => detail)}
            change={(changed) => setTree(withNode(tree, changed))}
            remove={() => setTree(withoutNode(tree, node.id))}
            leadToNew={(answer, kind) => {
              if (node.kind !== 'question') return
              const { tree: grown, id } = withNewNode(tree, kind)
              const answers = node.answers.map((each, at) => (at === answer ? { ...each, to: id } : each))
              setTree(withNode(grown, { ...node, answers }))
            }}
          />
        ))}
      </ol>
      <div className="saving">
        {faults.length > 0 ? (
          <p className="quiet">
            Not whole yet: {faults.length === 1 ? 'one thing is' : `${faults.length} things are`} marked
            above.
          </p>
        ) : (
          !isNamed && (
            <p className="quiet">
              {tree.name.trim() === ''
                ? 'The tree has no name yet.'
                : 'Some questions or outcomes are empty.'}
            </p>
          )
        )}
        <Problem problem={problem} />
        <button type="submit" className="button main" disabled={busy || faults.length > 0 || !isNamed}>
          Save
        </button>
      </div>
    </form>
  )
}
