import * as fs from 'node:fs'
import { join } from 'node:path'
import { buildOnce, filesIn, isBuilt } from './buildOnce.mjs'
import { runBuilder } from './runBuilder.mjs'

/** Leaves dist/ as src/ and sandbox/ say: what is run. What does not build leaves what was there before. */
export async function ensureServiceBuilt(root) {
  // What a test of these scripts starts in has none.
  if (!fs.existsSync(join(root, 'src', 'main.ts'))) return
  await buildOnce(root, {
    ...service(root),
    what: 'The service must be built',
    async build(next) {
      await runBuilder(root, {
        program: 'rolldown/bin/cli.mjs',
        args: ['--config', 'rolldown.config.mjs', '--dir', next, '--log-level', 'silent'],
        failure: 'The service cannot be built.',
      })
      keepFormerParts(join(root, 'dist'), next)
    },
  })
}

const KEPT_FOR_MS = 7 * 86_400_000

/** A process that runs what was built before loads some parts only when it needs them: they stay for a week. */
function keepFormerParts(former, next) {
  if (!fs.existsSync(former)) return
  for (const file of filesIn(former)) {
    const [from, to] = [join(former, file), join(next, file)]
    if (fs.existsSync(to) || Date.now() - fs.statSync(from).mtimeMs > KEPT_FOR_MS) continue
    fs.cpSync(from, to, { preserveTimestamps: true })
  }
}

/** What is built of src/main.ts or sandbox/main.ts where that is what they say; otherwise they themselves, which run as well. */
export function builtOf(root, file) {
  const built = { 'src/main.ts': 'dist/main.js', 'sandbox/main.ts': 'dist/sandbox.js' }[file]
  return built && isBuilt(root, service(root)) ? built : file
}

function service(root) {
  return { name: 'service', folder: root, sources: () => sourcesIn(root) }
}

function sourcesIn(root) {
  const own = ['src', 'sandbox']
    .filter((folder) => fs.existsSync(join(root, folder)))
    .flatMap((folder) => filesIn(join(root, folder)).map((file) => `${folder}/${file}`))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  return ['package-lock.json', 'rolldown.config.mjs', ...own]
}
