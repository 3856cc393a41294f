/** Waits until somebody listens; of a port that another program has it throws which one that is, and what sets it. */
export async function sayTakenPort(
  setting: 'PORT' | 'METRICS_PORT',
  listening: Promise<unknown>,
): Promise<void> {
  try {
    await listening
  } catch (cause) {
    const { code, port } = cause as NodeJS.ErrnoException & { port?: number }
    if (code !== 'EADDRINUSE') throw cause
    throw new Error(`Another program listens on port ${port}: set ${setting} to another one.`, { cause })
  }
}
