import { Problem, RequireLimit, useBillingState, useSession } from '@frontgate/client/react'
import type { Tree } from '../src/trees/rules.ts'
import { useAction, useCall, useDraft } from './api.ts'
import { handOver } from './drafts.ts'
import { go } from './router.tsx'

const example = `# The printer does not print

1. Check that the power light is on. If the light is off, replace the cable.
2. Restart the printer.
3. If the queue shows an error, go to step 5.
4. Print a test page.
5. Install the driver again.`

/** Turns an article into a draft, which is edited before it is kept. */
export function AcceleratorPage() {
  const call = useCall()
  const { account } = useSession()
  const { state, refresh } = useBillingState()
  const { busy, problem, run } = useAction()
  const [article, setArticle, forgetArticle] = useDraft('article', '')
  const usage = state?.usage.kb_conversions
  const convert = async () => {
    const draft = await call<Tree>('POST', '/api/accelerator', { article })
    void refresh()
    forgetArticle()
    handOver(account?.id, draft)
    go('/trees/new')
  }
  return (
    <>
      <h1>KB Accelerator</h1>
      <p className="lead">
        Paste an article of your knowledge base. Numbered steps and sentences that begin with “If” become
        questions, and headings a choice between them. You edit the draft before anything is kept.
      </p>
      <RequireLimit limit="kb_conversions">
        <form
          onSubmit={(event) => {
            event.preventDefault()
            void run(convert)
          }}
        >
          <label htmlFor="article">The article</label>
          <textarea
            id="article"
            rows={14}
            required
            maxLength={100000}
            value={article}
            placeholder={example}
            onChange={(event) => setArticle(event.target.value)}
          />
          <Problem problem={problem} />
          <p className="acts">
            <button type="submit" className="button main" disabled={busy}>
              Make a draft
            </button>
            {article === '' && (
              <button type="button" className="button" onClick={() => setArticle(example)}>
                Take an example
              </button>
            )}
            {usage && usage.limit !== 0 && (
              <span className="quiet">
                {usage.used} of {usage.limit ?? 'any number'} used this month
              </span>
            )}
          </p>
        </form>
      </RequireLimit>
    </>
  )
}
