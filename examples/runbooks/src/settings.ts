/** What this product is told by its environment. */
export interface Settings {
  port: number
  databaseUrl: string
  frontgateUrl: string
  /** Whom tokens are for; unset, for whoever trusts Frontgate at this URL. */
  audience: string | undefined
  productKey: string
  /** Where the built pages are. */
  pagesFolder: string
}

/** Reads the environment; throws with every variable that is missing. */
export function readSettings(env: NodeJS.ProcessEnv, builtPages: string): Settings {
  const missing = ['DATABASE_URL', 'FRONTGATE_URL', 'FRONTGATE_PRODUCT_KEY'].filter((name) => !env[name])
  if (missing.length > 0) throw new Error(`Set ${missing.join(', ')}. README.md says what for.`)
  const { PORT = '4200', DATABASE_URL = '', FRONTGATE_URL = '', FRONTGATE_PRODUCT_KEY = '' } = env
  return {
    port: Number(PORT),
    databaseUrl: DATABASE_URL,
    frontgateUrl: FRONTGATE_URL,
    audience: env.FRONTGATE_AUDIENCE || undefined,
    productKey: FRONTGATE_PRODUCT_KEY,
    pagesFolder: env.PAGES_FOLDER || builtPages,
  }
}
