import type { TestReply } from './testApp.ts'

/** The attributes of each cookie that a reply sets, in lower case, by the cookie's name. */
export function setCookies({ headers }: TestReply): Record<string, { value: string; attributes: string[] }> {
  const lines = [headers['set-cookie'] ?? []].flat()
  return Object.fromEntries(
    lines.map((line) => {
      const [pair = '', ...attributes] = line.split('; ')
      const [name = '', value = ''] = pair.split('=')
      return [name, { value, attributes: attributes.map((attribute) => attribute.toLowerCase()) }]
    }),
  )
}
