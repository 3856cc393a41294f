import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

interface HouseRule {
  says: string
  files: string
  /** Files that are the rule's own home. */
  except?: RegExp
  pattern: RegExp
}

const rules: HouseRule[] = [
  {
    says: 'Only src/config.ts reads the environment',
    files: 'src/**/*.ts',
    except: /^src\/config\.ts$/,
    pattern: /process\.env/,
  },
  {
    says: 'app.now() is the only clock',
    files: 'src/**/*.ts',
    except: /^src\/app\.ts$|\.test\.ts$/,
    pattern: /Date\.now\(\)|new Date\(\)/,
  },
  {
    says: 'Statements take the time as a parameter',
    files: '{src/**/*.ts,migrations/*.sql}',
    except: /^src\/jobs\/|\.test\.ts$/,
    pattern: /\bnow\(\)(?! is the)|current_timestamp/i,
  },
  {
    says: 'One word per thing (see the glossary in README.md)',
    files: '{src,sandbox,scripts,migrations,web}/**/*.{ts,tsx,sql}',
    // Microsoft has words of its own for what its settings say, HTML for what browsers fill in, and libraries for their parts.
    except: /^scripts\/houseRules\.ts$|^src\/settings\.ts$|^(src|sandbox)\/oidc\//,
    pattern:
      /(?<!node:|autoComplete="|simplewebauthn\/server\/|\w)(organi[sz]ations?|workspaces?|tenants?|helpers?|utils?)\b/i,
  },
  {
    says: 'Folders are named for nouns of the product, files for what they do',
    files: '**/{utils,helpers,common,types,services,managers}/*.ts',
    except: /^node_modules\//,
    pattern: /^/,
  },
]

const root = fileURLToPath(new URL('..', import.meta.url))
const broken: string[] = []
for (const rule of rules) {
  for await (const file of glob(rule.files, { cwd: root, exclude: (name) => name === 'node_modules' })) {
    if (rule.except?.test(file)) continue
    const lines = (await readFile(`${root}/${file}`, 'utf8')).split('\n')
    const at = lines.findIndex((line) => rule.pattern.test(withoutClock(line)))
    if (at >= 0) broken.push(`${file}:${at + 1}  ${rule.says}`)
  }
}
process.stdout.write(broken.map((line) => `${line}\n`).join(''))
process.exitCode = broken.length > 0 ? 1 : 0

/** The app's clock and its parameter are called `now` too. */
function withoutClock(line: string): string {
  return line
    .replace(/\b(app|performance|this)\.now\(\)/g, '')
    .replace(/now:? *(=|\?)? *\(\) *=>/g, '')
    .replace(/^\s*(\/\/|--|\*|\/\*\*).*/, '')
}
