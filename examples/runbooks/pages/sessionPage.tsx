import { Problem, RequireFeature, RequirePlan, useSession } from '@frontgate/client/react'
import { useState } from 'react'
import { type Session, useAction, useCall, useDraft, useLoaded } from './api.ts'
import { FlowPilot } from './flowPilot.tsx'
import { Link } from './router.tsx'
import { outcomeNames } from './sessionsPage.tsx'

/** Answers whether it worked. */
type Change = (path: string, body: object) => Promise<boolean>

/** A session: where it is, how it came there, and what to do next while it runs. */
export function SessionPage({ id }: { id: string }) {
  const call = useCall()
  const { account } = useSession()
  const { data: session, problem, reload, setData } = useLoaded<Session>(`/api/sessions/${id}`)
  const acting = useAction()
  if (!session) return <Problem problem={problem} />
  const change: Change = (path, body) =>
    acting.run(async () => {
      try {
        setData(await call<Session>('POST', `/api/sessions/${id}/${path}`, body))
      } catch (refused) {
        await reload()
        throw refused
      }
    })
  const mayWalk = account?.role !== 'viewer' && !session.outcome
  return (
    <>
      <p className="back">
        <Link href="/sessions">Sessions</Link>
      </p>
      <div className="heading">
        <h1>
          {session.person || 'Somebody'}
          {!session.outcome && ' is on the line'}
        </h1>
        {session.outcome && (
          <span className={`badge ${session.outcome}`}>{outcomeNames[session.outcome]}</span>
        )}
      </div>
      <p className="quiet">
        {session.tree_name}, version {session.tree_version}
      </p>
      {session.summary && <p className="card">{session.summary}</p>}
      <div className="walk">
        <div>
          {mayWalk ? (
            <RequirePlan plan="pro">
              <Problem problem={acting.problem} />
              <Here session={session} change={change} busy={acting.busy} />
            </RequirePlan>
          ) : (
            <div className="card here">
              <h2>{session.current.text}</h2>
            </div>
          )}
        </div>
        <Record session={session} />
      </div>
    </>
  )
}

function Here({ session, change, busy }: { session: Session; change: Change; busy: boolean }) {
  const { current, path } = session
  const [words, setWords, forgetWords] = useDraft(`note ${session.id}`, '')
  const step = (kind: string, text: string) => change('steps', { kind, node_id: current.id, text })
  return (
    <>
      <section className="card here" aria-live="polite">
        <p className="kind">{current.kind === 'question' ? 'Ask' : 'Outcome'}</p>
        <h2>{current.text}</h2>
        {current.detail && <p className="detail">{current.detail}</p>}
        {current.kind === 'question' && (
          <div className="answers">
            {current.answers.map(({ text }) => (
              <button
                key={text}
                type="button"
                className="button answer-button"
                disabled={busy}
                onClick={() => step('answer', text)}
              >
                {text}
              </button>
            ))}
          </div>
        )}
        {path.length > 0 && (
          <button type="button" className="plain" disabled={busy} onClick={() => step('back', '')}>
            ← Back
          </button>
        )}
      </section>
      <form
        className="card notes"
        onSubmit={async (event) => {
          event.preventDefault()
          if (await step('note', words)) forgetWords()
        }}
      >
        <label htmlFor="words">What do they say?</label>
        <textarea
          id="words"
          rows={3}
          maxLength={5000}
          value={words}
          placeholder="The paper jams in tray two…"
          onChange={(event) => setWords(event.target.value)}
        />
        <button type="submit" className="button" disabled={busy || words.trim() === ''}>
          Keep as a note
        </button>
        {current.kind === 'question' && (
          <RequireFeature feature="flowpilot">
            <FlowPilot
              sessionId={session.id}
              at={current.id}
              words={words}
              choose={(answer) => step('answer', answer)}
            />
          </RequireFeature>
        )}
      </form>
      <End key={current.id} session={session} change={change} busy={busy} />
    </>
  )
}

function End({ session, change, busy }: { session: Session; change: Change; busy: boolean }) {
  const [outcome, setOutcome] = useState('solved')
  const [summary, setSummary, forgetSummary] = useDraft(`summary ${session.id}`, '')
  return (
    <details className="card end" open={session.current.kind === 'outcome'}>
      <summary>End the session</summary>
      <form
        onSubmit={async (event) => {
          event.preventDefault()
          if (await change('end', { outcome, summary })) forgetSummary()
        }}
      >
        <fieldset className="choice">
          <legend>What came of it?</legend>
          {Object.entries(outcomeNames).map(([name, label]) => (
            <label key={name}>
              <input
                type="radio"
                name="outcome"
                checked={outcome === name}
                onChange={() => setOutcome(name)}
              />{' '}
              {label}
            </label>
          ))}
        </fieldset>
        <label htmlFor="summary">In a sentence</label>
        <input
          id="summary"
          value={summary}
          maxLength={5000}
          onChange={(event) => setSummary(event.target.value)}
        />
        <button type="submit" className="button main" disabled={busy}>
          End it
        </button>
      </form>
    </details>
  )
}

function Record({ session: { steps, nodes, started_at } }: { session: Session }) {
  const textOf = (id: string) => nodes.find((node) => node.id === id)?.text ?? ''
  const clock = (instant: string) => new Date(instant).toLocaleTimeString(undefined, { timeStyle: 'short' })
  return (
    <section className="card record" aria-label="What was done">
      <h2>So far</h2>
      <ol>
        <li>
          <time dateTime={started_at}>{clock(started_at)}</time> Began
        </li>
        {steps.map(({ kind, node_id, text, taken_at }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: steps are only ever added at the end
          <li key={i} className={kind === 'back' ? 'undone' : undefined}>
            <time dateTime={taken_at}>{clock(taken_at)}</time>{' '}
            {kind === 'answer' && (
              <>
                {textOf(node_id)} <strong>{text}</strong>
              </>
            )}
            {kind === 'back' && 'Went back'}
            {kind === 'note' && <q>{text}</q>}
          </li>
        ))}
      </ol>
    </section>
  )
}
