import { Agent, get } from 'node:http'
import { type Finding, median } from './findings.ts'
import { operatorAt } from './operators.ts'
import { type Person, registerPeople } from './people.ts'
import { type Running, startProgram } from './programs.ts'
import type { Rounds } from './rounds.ts'
import type { Stage } from './stage.ts'

const TIMES_A_ROUND = 5

/** How long after an operator asks for a grant the routes of two product processes are open. */
export async function measureReach(stage: Stage, { rounds, say }: Rounds): Promise<Finding> {
  const service = await stage.service()
  const operator = await operatorAt(service, stage)
  const key = await operator.makeProductKey()
  const [person] = (await registerPeople(service, 1)) as [Person]
  const accountId = String(person.claims.account_id)
  const products = await Promise.all([1, 2].map(() => startProduct(service, key)))
  const agent = new Agent({ keepAlive: true })
  try {
    const took: number[] = []
    for (let time = 0; time < rounds * TIMES_A_ROUND; time++) {
      say(`reach ${time} of ${rounds * TIMES_A_ROUND}`)
      const token = await stage.mint(person.claims)
      const all = (status: number) => Promise.all(products.map((each) => until(each, agent, token, status)))
      await all(402)
      const began = performance.now()
      const giving = operator.giveGrant(accountId, 'team')
      await all(200)
      took.push(performance.now() - began)
      await operator.endGrant(await giving)
      await all(402)
    }
    const value = median(took)
    return {
      name: 'reach',
      path: 'a grant, until two product processes let it in',
      unit: 'ms',
      ours: value,
      limit: null,
      value,
      bound: { atMost: 100 },
    }
  } finally {
    agent.destroy()
    await Promise.all(products.map((each) => each.stop()))
  }
}

function startProduct(service: Running, key: string): Promise<Running> {
  const env = {
    FRONTGATE_URL: 'https://frontgate.example',
    FRONTGATE_PORT: String(service.port),
    FRONTGATE_KEY: key,
  }
  return startProgram({ args: () => ['bench/product.ts'], env, readyPath: '/ready' })
}

/** Asks one request after another until it is answered with a status. */
async function until({ port }: Running, agent: Agent, token: string, status: number): Promise<void> {
  while ((await ask(port, agent, token)) !== status);
}

function ask(port: number, agent: Agent, token: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` }
    get({ host: '127.0.0.1', port, path: '/team', agent, headers }, (reply) => {
      reply.resume().on('end', () => resolve(reply.statusCode))
    }).on('error', reject)
  })
}
