import {
  createContext,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useSyncExternalStore,
} from 'react'
import type { FrontgateClient } from '../api/createClient.ts'
import type { Session } from '../api/session.ts'
import { nameInWords } from './format.ts'
import { chooseLanguage, type Language } from './words.ts'

/** What a product calls its features and limits on screen, by their names in the catalogue. */
export interface Labels {
  features?: Record<string, string>
  limits?: Record<string, string>
}

export interface FrontgateProviderProps {
  client: FrontgateClient
  children?: ReactNode
  labels?: Labels
  /** A BCP 47 tag; the components speak English and German. Without it, what the browser asks for. */
  lang?: string
  /** Where the product shows its plans. Without it, components that point there show a `PricingTable` in place. */
  pricingUrl?: string
  /** Where the product has people sign in. Without it, components that point there show a `SignIn` in place. */
  signInUrl?: string
  /** Leaves for another page, that of Stripe for one; `location.assign` without it. */
  navigate?: (url: string) => void
}

interface Frontgate extends Language {
  client: FrontgateClient
  pricingUrl: string | null
  signInUrl: string | null
  navigate: (url: string) => void
  nameFeature: (name: string) => string
  nameLimit: (name: string) => string
}

const FrontgateContext = createContext<Frontgate | null>(null)

/** Everything of this package works below it, and shares one client. Make the client once, outside of components. */
export function FrontgateProvider(props: FrontgateProviderProps): ReactElement {
  const { client, children, labels, lang, pricingUrl, signInUrl, navigate } = props
  const browserLanguages = useSyncExternalStore(followLanguages, readLanguages, () => '')
  const frontgate = useMemo<Frontgate>(() => {
    const language = chooseLanguage(lang ? [lang] : browserLanguages.split(','))
    const own: Record<string, string> = { members: language.words.members }
    return {
      ...language,
      client,
      pricingUrl: pricingUrl ?? null,
      signInUrl: signInUrl ?? null,
      navigate: navigate ?? ((url) => location.assign(url)),
      nameFeature: (name) => labels?.features?.[name] ?? nameInWords(name),
      nameLimit: (name) => labels?.limits?.[name] ?? own[name] ?? nameInWords(name),
    }
  }, [client, labels, lang, browserLanguages, pricingUrl, signInUrl, navigate])
  useEffect(() => findOut(client), [client])
  return <FrontgateContext.Provider value={frontgate}>{children}</FrontgateContext.Provider>
}

/** The provider above, with words in its language. Throws where there is none. */
export function useFrontgate(): Frontgate {
  const frontgate = useContext(FrontgateContext)
  if (!frontgate) throw new Error('Frontgate’s components and hooks work below <FrontgateProvider> only')
  return frontgate
}

/** The client that was given to the provider. */
export function useClient(): FrontgateClient {
  return useFrontgate().client
}

/** Who is signed in; renders again whenever that changes, also by another tab. `loading` on a server. */
export function useSession(): Session {
  const client = useClient()
  return useSyncExternalStore(
    (listener) => client.subscribe(listener),
    () => client.session,
    () => NOT_KNOWN,
  )
}

const NOT_KNOWN: Session = {
  status: 'loading',
  user: null,
  account: null,
  accounts: [],
  needsSecondFactor: false,
  problem: null,
}

/** Asks who is signed in, and again when there is a reason to hope for an answer. */
function findOut(client: FrontgateClient): () => void {
  const ask = () => void client.ready()
  ask()
  addEventListener('online', ask)
  addEventListener('focus', ask)
  return () => {
    removeEventListener('online', ask)
    removeEventListener('focus', ask)
  }
}

function followLanguages(listener: () => void): () => void {
  addEventListener('languagechange', listener)
  return () => removeEventListener('languagechange', listener)
}

const readLanguages = () => (navigator.languages ?? [navigator.language]).join(',')
