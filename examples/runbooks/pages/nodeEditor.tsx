import { useId } from 'react'
import type { Question, TreeNode } from '../src/trees/rules.ts'

interface NodeEditorProps {
  node: TreeNode
  isFirst: boolean
  others: TreeNode[]
  faults: string[]
  change: (node: TreeNode) => void
  remove: () => void
  /** Makes a node for the answer at this place to lead to. */
  leadToNew: (answer: number, kind: TreeNode['kind']) => void
}

/** One node of a tree: what it asks or says, and where its answers lead. */
export function NodeEditor(props: NodeEditorProps) {
  const { node, isFirst, faults, change, remove } = props
  const id = useId()
  const what = node.kind === 'question' ? 'Question' : 'Outcome'
  return (
    <li className={`card node ${node.kind}`}>
      <div className="node-head">
        <span className="kind">{isFirst ? `Start: ${what.toLowerCase()}` : what}</span>
        {!isFirst && (
          <button type="button" className="plain" onClick={remove} aria-label={`Remove ${node.text || what}`}>
            Remove
          </button>
        )}
      </div>
      <label htmlFor={`${id}-text`}>{node.kind === 'question' ? 'What to ask' : 'What comes of it'}</label>
      <input
        id={`${id}-text`}
        value={node.text}
        required
        maxLength={500}
        onChange={(event) => change({ ...node, text: event.target.value })}
      />
      <label htmlFor={`${id}-detail`}>
        Detail <span className="quiet">(what to do or look at)</span>
      </label>
      <textarea
        id={`${id}-detail`}
        value={node.detail ?? ''}
        rows={2}
        maxLength={5000}
        onChange={(event) => change(withDetail(node, event.target.value))}
      />
      {node.kind === 'question' && <Answers {...props} node={node} />}
      {faults.map((fault) => (
        <p key={fault} className="fault-line">
          {fault}
        </p>
      ))}
    </li>
  )
}

function Answers({ node, others, change, leadToNew }: NodeEditorProps & { node: Question }) {
  const setAnswers = (answers: Question['answers']) => change({ ...node, answers })
  const setAnswer = (at: number, changed: Partial<Question['answers'][number]>) =>
    setAnswers(node.answers.map((each, i) => (i === at ? { ...each, ...changed } : each)))
  return (
    <fieldset>
      <legend>Answers</legend>
      {node.answers.map(({ text, to }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an answer is nothing but its place while it is typed
        <div key={i} className="answer-row">
          <input
            aria-label={`Answer ${i + 1}`}
            value={text}
            required
            maxLength={500}
            onChange={(event) => setAnswer(i, { text: event.target.value })}
          />
          <span aria-hidden="true">→</span>
          <select
            aria-label={`Where answer ${i + 1} leads`}
            value={to}
            onChange={({ target: { value } }) =>
              value === '+question' || value === '+outcome'
                ? leadToNew(i, value === '+question' ? 'question' : 'outcome')
                : setAnswer(i, { to: value })
            }
          >
            <option value="">nowhere yet</option>
            {others.map((other) => (
              <option key={other.id} value={other.id}>
                {other.text ||
                  (other.kind === 'question' ? 'a question without words' : 'an outcome without words')}
              </option>
            ))}
            <option value="+question">+ a new question</option>
            <option value="+outcome">+ a new outcome</option>
          </select>
          <button
            type="button"
            className="plain"
            aria-label={`Remove answer ${i + 1}`}
            onClick={() => setAnswers(node.answers.filter((_, at) => at !== i))}
          >
            ×
          </button>
        </div>
      ))}
      <button
        type="button"
        className="plain"
        onClick={() => setAnswers([...node.answers, { text: '', to: '' }])}
      >
        + Another answer
      </button>
    </fieldset>
  )
}

/** An empty detail is none. */
function withDetail({ detail: _detail, ...node }: TreeNode, text: string): TreeNode {
  return text === '' ? node : { ...node, detail: text }
}
