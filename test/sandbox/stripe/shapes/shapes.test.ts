import { afterAll, beforeAll, test } from 'vitest'
import { findFaults, type Shaped } from './findFaults.ts'
import samples from './samples.json' with { type: 'json' }
import schema from './schema.json' with { type: 'json' }
import { type Toured, takeTour } from './takeTour.ts'

let toured: Toured
beforeAll(async () => {
  toured = await takeTour()
})
afterAll(() => toured.close())
const kindOf = (v: unknown) =>
  v === null ? 'null' : v === undefined ? 'absent' : Array.isArray(v) ? 'array' : typeof v
function collect(value: unknown, into: Map<string, any[]>) {
  if (Array.isArray(value)) value.forEach((v) => collect(v, into))
  else if (value && typeof value === 'object') {
    const o = (value as any).object
    if (typeof o === 'string' && !(value as any).deleted) into.set(o, [...(into.get(o) ?? []), value])
    Object.values(value).forEach((v) => collect(v, into))
  }
}
test('x', () => {
  const { answers, stripe } = toured
  const kinds = Object.keys(schema.kinds)
  const objects = stripe.store
    .contents()
    .filter((w) => kinds.includes(w.kind))
    .map((w) => w.object as Shaped)
  const all = [
    ...objects.flatMap(findFaults),
    ...answers
      .filter((a) => a.status < 400)
      .flatMap((a) =>
        findFaults(a.body as any).map((f) => `${a.method} ${a.path.replace(/\w+_\w{14,}/, ':id')} ${f}`),
      ),
  ]
  console.log(
    answers.length,
    answers.filter((a) => a.status >= 400).map((a) => JSON.stringify(a)),
  )
  console.log(
    [...new Set(all.map((f) => f.replace(/ \w+_\w+/g, '').replace(/\/\d+\//g, '/0/')))]
      .slice(0, 100)
      .join('\n'),
  )
  const found = new Map<string, any[]>()
  collect(objects, found)
  collect(
    answers.filter((a) => a.status < 400).map((a) => a.body),
    found,
  )
  for (const [kind, members] of Object.entries(samples)) {
    const list = found.get(kind) ?? []
    console.log('##', kind, list.length)
    for (const [path, type] of Object.entries(members)) {
      const [top = '', inner] = path.split(/\[?\]?\./)
      const values = list.flatMap((o) => {
        const v = o[top]
        if (inner === undefined) return [v]
        if (v === null || v === undefined) return []
        return Array.isArray(v) ? v.map((e) => e?.[inner]) : [v[inner]]
      })
      const types = new Map<string, number>()
      for (const v of values) types.set(kindOf(v), (types.get(kindOf(v)) ?? 0) + 1)
      const bad = [...types.keys()].some(
        (t) => t === 'absent' || (t !== type && t !== 'null' && type !== 'null'),
      )
      if (bad) console.log('  ', path, type, [...types])
    }
  }
  const states = new Set<string>()
  for (const [k, list] of found) for (const o of list) states.add(`${k} ${o.status}`)
  console.log([...states].sort().join('\n'))
})
