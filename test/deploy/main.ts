import { parseArgs } from 'node:util'
import { checkCompose } from './checkCompose.ts'
import { checkDockerfile } from './checkDockerfile.ts'
import { checkImage } from './checkImage.ts'
import { checkKubernetes } from './checkKubernetes.ts'

const help = `Usage: npm run test:deploy -- [options]

Checks what deploys Frontgate by what knows it: manifests by the schemas and types of the Kubernetes API, the compose file by its
schema, the Dockerfile by a reader of such files, and the image by building it with buildah (as root, on Debian:
apt-get install buildah debootstrap) and running it as nobody, with nothing that can be written.
docker-compose, kubectl and haproxy are asked too where there are any. Exits with 1 where something is wrong.

  --no-image    without building it
  --pull        on the base that the Dockerfile names, in place of one made here
  --help`

const { values } = parseArgs({
  allowNegative: true,
  options: {
    image: { type: 'boolean', default: true },
    pull: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(help)
  process.exit(0)
}
const say = (line: string) => console.log(`  ${line}`)
const checks: [name: string, check: () => string[] | Promise<string[]>][] = [
  ['the manifests for Kubernetes', checkKubernetes],
  ['the compose file', checkCompose],
  ['the Dockerfile', checkDockerfile],
  ...(values.image
    ? [['the image', () => checkImage({ pull: values.pull, say })] as [string, () => Promise<string[]>]]
    : []),
]

let failed = 0
for (const [name, check] of checks) {
  const faults = await check()
  console.log(`${faults.length === 0 ? 'ok' : 'FAILED'}: ${name}`)
  for (const fault of faults) console.log(`  ${fault}`)
  if (faults.length > 0) failed++
}
console.log(`${checks.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
