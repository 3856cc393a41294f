import { type ProblemCode, problem, problems } from '../problems.ts'
import { sendProblem } from './renderProblem.ts'
import type { Server } from './server.ts'

/** The page behind each problem's `type`. */
export function problemPages({ fastify }: Server): void {
  fastify.get<{ Params: { code: string } }>(
    '/problems/:code',
    { schema: { hide: true } },
    async (request, reply) => {
      const { code } = request.params
      if (!isCode(code)) return sendProblem(reply, problem('not-found'))
      const { status, title, meaning, remedy } = problems[code]
      // Texts of our own without markup, and a code that is in the list: nothing here needs escaping but `<…>`.
      const page = [title, `${status} ${code}`, meaning, remedy].map((text) => text.replaceAll('<', '&lt;'))
      return reply.type('text/html; charset=utf-8').send(
        `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${page[0]}</title><h1>${page[0]}</h1><p><code>${page[1]}</code></p><h2>What it means</h2><p>${page[2]}</p>
<h2>What to do</h2><p>${page[3]}</p></html>`,
      )
    },
  )
}

function isCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code)
}
