import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { takeLock } from '../../scripts/lock.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A Chromium without a window: that of CHROMIUM, one that is installed, or else one that is installed now. */
export async function openChromium(): Promise<Browser> {
  const executablePath = found() ?? (await install())
  // As root, as in containers, it starts without its sandbox only; it opens our own pages.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

function found(): string | undefined {
  const { CHROMIUM } = process.env
  if (CHROMIUM) return CHROMIUM
  return [...places, chromium.executablePath()].find((path) => existsSync(path))
}

/** Of several test files one installs it, and the others wait. */
async function install(): Promise<string> {
  mkdirSync(join(root, '.frontgate'), { recursive: true })
  for (;;) {
    const lock = takeLock(join(root, '.frontgate', 'chromium.lock'))
    if (lock.holder !== undefined) {
      await delay(200)
      continue
    }
    try {
      const path = found() ?? byPlaywright() ?? byDebian()
      if (path) return path
      throw new Error(
        'The pages are tried in Chromium, and there is none: neither Playwright could download one nor apt-get install it.' +
          ' Install Chromium or Chrome, or say in CHROMIUM where it is.',
      )
    } finally {
      lock.release()
    }
  }
}

function byPlaywright(): string | undefined {
  const cli = join(root, 'node_modules', 'playwright-core', 'cli.js')
  spawnSync(process.execPath, [cli, 'install', 'chromium'], { stdio: 'ignore', timeout: 180_000 })
  return found()
}

function byDebian(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const options = { stdio: 'ignore', timeout: 240_000 } as const
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options)
  return found()
}
