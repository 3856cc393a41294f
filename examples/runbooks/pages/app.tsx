import { AccountWidget, useSession } from '@frontgate/client/react'
import type { ReactNode } from 'react'
import { AcceleratorPage } from './acceleratorPage.tsx'
import { PlanStrip } from './planStrip.tsx'
import { PricingPage } from './pricingPage.tsx'
import { Link, usePath } from './router.tsx'
import { ScriptsPage } from './scriptsPage.tsx'
import { SessionPage } from './sessionPage.tsx'
import { SessionsPage } from './sessionsPage.tsx'
import { SignInPage } from './signInPage.tsx'
import { TreeEditorPage } from './treeEditorPage.tsx'
import { TreePage } from './treePage.tsx'
import { TreesPage } from './treesPage.tsx'

const sections = [
  { href: '/', name: 'Trees', isHere: (path: string) => path === '/' || path.startsWith('/trees') },
  { href: '/sessions', name: 'Sessions', isHere: (path: string) => path.startsWith('/sessions') },
  { href: '/scripts', name: 'Scripts', isHere: (path: string) => path.startsWith('/scripts') },
  { href: '/accelerator', name: 'Accelerator', isHere: (path: string) => path.startsWith('/accelerator') },
]

/** The frame of every page: where one can go, who one is, and how long the plan lasts. */
export function App() {
  const path = usePath()
  const { status, account } = useSession()
  const isIn = status === 'signed-in'
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="top">
        <Link className="brand" href="/" aria-label="Runbooks">
          <Mark /> <span>Runbooks</span>
        </Link>
        {isIn && (
          <nav aria-label="Runbooks">
            {sections.map(({ href, name, isHere }) => (
              <Link key={href} href={href} aria-current={isHere(path) ? 'page' : undefined}>
                {name}
              </Link>
            ))}
          </nav>
        )}
        <div className="account">
          <AccountWidget />
        </div>
      </header>
      {isIn && <PlanStrip />}
      {/* Everything below belongs to one account: another one starts anew. */}
      <main id="content" key={account?.id ?? status}>
        {status === 'loading' ? <p className="quiet">One moment…</p> : isIn ? pageOf(path) : outside(path)}
      </main>
    </>
  )
}

function outside(path: string): ReactNode {
  return path === '/pricing' ? <PricingPage /> : <SignInPage isSignIn={path === '/sign-in'} />
}

function pageOf(path: string): ReactNode {
  const [, section, id, act] = path.split('/')
  switch (section) {
    case '':
      return <TreesPage />
    case 'trees':
      if (id === 'new') return <TreeEditorPage />
      return id && act === 'edit' ? <TreeEditorPage id={id} /> : <TreePage id={id ?? ''} />
    case 'sessions':
      return id ? <SessionPage id={id} /> : <SessionsPage />
    case 'scripts':
      return <ScriptsPage />
    case 'accelerator':
      return <AcceleratorPage />
    case 'pricing':
      return <PricingPage />
    case 'sign-in':
      return <TreesPage />
  }
  return (
    <>
      <h1>Nothing here</h1>
      <p>
        <Link href="/">To the trees</Link>
      </p>
    </>
  )
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" strokeWidth="2.4" strokeLinecap="round">
        <path d="M16 8v5M16 13c0 4-7 3-7 8M16 13c0 4 7 3 7 8" />
      </g>
      <g fill="var(--on-accent)">
        <circle cx="16" cy="7.5" r="2.8" />
        <circle cx="9" cy="23.5" r="2.8" />
        <circle cx="23" cy="23.5" r="2.8" />
      </g>
    </svg>
  )
}
