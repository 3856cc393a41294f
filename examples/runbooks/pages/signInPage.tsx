import { SignIn } from '@frontgate/client/react'
import { go, Link } from './router.tsx'

/** What strangers see: what this is, and how to come in. */
export function SignInPage({ isSignIn }: { isSignIn: boolean }) {
  return (
    <div className="entrance">
      <section>
        <h1>Solve it together, step by step.</h1>
        <p className="lead">
          Runbooks leads your support team through troubleshooting while somebody is on the line, and
          remembers what helped.
        </p>
        <ul className="points">
          <li>Troubleshooting trees that are whole before anybody walks them</li>
          <li>Sessions with every step, note and outcome</li>
          <li>Scripts to fill in and copy</li>
          <li>FlowPilot, which suggests what to do next from what was said</li>
        </ul>
        <p>
          <Link href="/pricing">What it costs</Link>
        </p>
      </section>
      <section>
        <SignIn key={String(isSignIn)} register={!isSignIn} onSignedIn={() => go('/')} />
      </section>
    </div>
  )
}
