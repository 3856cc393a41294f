import { Problem } from '@frontgate/client/react'
import { useEffect, useState } from 'react'
import { type Suggestions, useCall } from './api.ts'
import { Link } from './router.tsx'

const PAUSE_MS = 300

interface FlowPilotProps {
  sessionId: string
  /** The node that the session is at. */
  at: string
  /** What is typed and not kept yet. */
  words: string
  choose: (answer: string) => void
}

/** What the words of the session suggest, and which words they were. */
export function FlowPilot({ sessionId, at, words, choose }: FlowPilotProps) {
  const call = useCall()
  const [found, setFound] = useState<{ at: string; suggestions?: Suggestions; problem?: unknown }>({ at })
  useEffect(() => {
    let isLatest = true
    const asking = setTimeout(async () => {
      const body = { session_id: sessionId, words }
      const next = await call<Suggestions>('POST', '/api/flowpilot', body).then(
        (suggestions) => ({ at, suggestions }),
        (problem: unknown) => ({ at, problem }),
      )
      if (isLatest) setFound(next)
    }, PAUSE_MS)
    return () => {
      isLatest = false
      clearTimeout(asking)
    }
  }, [call, sessionId, at, words])

  if (found.problem) return <Problem problem={found.problem} />
  const { next = [], trees = [] } = found.at === at ? (found.suggestions ?? {}) : {}
  if (next.length === 0 && trees.length === 0) {
    return (
      <p className="pilot quiet" aria-live="polite">
        {words.trim() === ''
          ? 'FlowPilot suggests what to do next once there are words to go by.'
          : 'FlowPilot: nothing here fits these words.'}
      </p>
    )
  }
  return (
    <div className="pilot" aria-live="polite">
      <p className="kind">FlowPilot suggests</p>
      <ul>
        {next.map(({ answer, words: because }) => (
          <li key={answer}>
            <button type="button" className="button" onClick={() => choose(answer)}>
              {answer}
            </button>
            <Because words={because} />
          </li>
        ))}
        {trees.map(({ id, name, words: because }) => (
          <li key={id}>
            <Link href={`/trees/${id}`}>The tree “{name}”</Link>
            <Because words={because} />
          </li>
        ))}
      </ul>
    </div>
  )
}

function Because({ words }: { words: string[] }) {
  return (
    <span className="because">
      {words.map((word) => (
        <mark key={word}>{word}</mark>
      ))}
    </span>
  )
}
