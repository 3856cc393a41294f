// What the image's HEALTHCHECK runs: whether `serve`, or the metrics of `work`, answer as alive on this machine.
const { PORT = '4000', METRICS_PORT } = process.env
const ports = METRICS_PORT ? [METRICS_PORT, PORT] : [PORT]
const answers = await Promise.all(ports.map(isAlive))
process.exit(answers.includes(true) ? 0 : 1)

async function isAlive(port) {
  try {
    const { status } = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(3_000) })
    return status === 200
  } catch {
    return false
  }
}
