import { Problem, RequireFeature, useSession } from '@frontgate/client/react'
import { useState } from 'react'
import { fillIn, parametersOf } from '../src/scripts/rules.ts'
import { type Script, useAction, useCall, useDraft, useLoaded } from './api.ts'

/** Scripts to read, to fill in and copy, and to write. */
export function ScriptsPage() {
  const { data, problem, reload } = useLoaded<{ data: Script[] }>('/api/scripts')
  const { account } = useSession()
  const [edited, setEdited] = useState<string | null>(null)
  const mayWrite = account?.role !== 'viewer'
  const done = async () => {
    await reload()
    setEdited(null)
  }
  return (
    <>
      <div className="heading">
        <h1>Scripts</h1>
        {mayWrite && edited !== 'new' && (
          <button type="button" className="button main" onClick={() => setEdited('new')}>
            New script
          </button>
        )}
      </div>
      <p className="lead">
        What to say or write, with places to fill in: <code>{'Hello {{name}}, …'}</code>
      </p>
      <Problem problem={problem} />
      {edited === 'new' && <Writing done={done} cancel={() => setEdited(null)} />}
      {data?.data.length === 0 && edited === null && <p className="card empty">No script yet.</p>}
      <ul className="list">
        {data?.data.map((script) => (
          <li key={script.id}>
            {edited === script.id ? (
              <Writing script={script} done={done} cancel={() => setEdited(null)} />
            ) : (
              <details className="card script">
                <summary>
                  <strong>{script.name}</strong>
                  <span className="quiet">{script.parameters.join(', ')}</span>
                </summary>
                <pre>{script.body}</pre>
                <RequireFeature feature="scripts">
                  <Filling script={script} />
                  {mayWrite && (
                    <button type="button" className="plain" onClick={() => setEdited(script.id)}>
                      Edit
                    </button>
                  )}
                </RequireFeature>
              </details>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

function Filling({ script: { id, body, parameters } }: { script: Script }) {
  const call = useCall()
  const { busy, problem, run } = useAction()
  const [values, setValues] = useDraft<Record<string, string>>(`values ${id}`, {})
  const [isCopied, setCopied] = useState(false)
  const filled = fillIn(body, values)
  const copy = () =>
    run(async () => {
      const { text } = await call<{ text: string }>('POST', `/api/scripts/${id}/fill`, { values })
      await navigator.clipboard.writeText(text)
      setCopied(true)
    })
  return (
    <div className="filling">
      {parameters.map((name) => (
        <label key={name}>
          {name}
          <input
            value={values[name] ?? ''}
            maxLength={5000}
            onChange={(event) => {
              setCopied(false)
              setValues({ ...values, [name]: event.target.value })
            }}
          />
        </label>
      ))}
      {filled.kind === 'filled' && parameters.length > 0 && <pre className="filled">{filled.text}</pre>}
      <Problem problem={problem} />
      <p className="acts">
        <button type="button" className="button main" disabled={busy} onClick={copy}>
          {isCopied ? 'Copied' : 'Copy'}
        </button>
        {filled.kind === 'missing' && (
          <span className="quiet">Still missing: {filled.parameters.join(', ')}</span>
        )}
      </p>
    </div>
  )
}

function Writing({
  script,
  done,
  cancel,
}: {
  script?: Script
  done: () => Promise<void>
  cancel: () => void
}) {
  const call = useCall()
  const { busy, problem, run } = useAction()
  const [name, setName] = useState(script?.name ?? '')
  const [body, setBody] = useState(script?.body ?? '')
  const parameters = parametersOf(body)
  const save = async () => {
    await call(script ? 'PUT' : 'POST', script ? `/api/scripts/${script.id}` : '/api/scripts', { name, body })
    await done()
  }
  return (
    <RequireFeature feature="scripts">
      <form
        className="card writing"
        onSubmit={(event) => {
          event.preventDefault()
          void run(save)
        }}
      >
        <label htmlFor="script-name">Name</label>
        <input
          id="script-name"
          value={name}
          required
          maxLength={200}
          onChange={(event) => setName(event.target.value)}
        />
        <label htmlFor="script-body">Text</label>
        <textarea
          id="script-body"
          value={body}
          required
          rows={6}
          maxLength={20000}
          placeholder={'Hello {{name}}, your ticket is {{ticket}}.'}
          onChange={(event) => setBody(event.target.value)}
        />
        <p className="quiet">
          {parameters.length > 0 ? `To fill in: ${parameters.join(', ')}` : 'Nothing to fill in yet.'}
        </p>
        <Problem problem={problem} />
        <p className="acts">
          <button type="submit" className="button main" disabled={busy}>
            Save
          </button>
          <button type="button" className="button" onClick={cancel}>
            Cancel
          </button>
        </p>
      </form>
    </RequireFeature>
  )
}
