import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { isAbandoned } from './isAbandoned.mjs'

/**
 * Runs a program to its end and answers its exit code (128 + signal when a signal ended it), what it wrote to
 * pipes, and whether it was asked to stop: signals to us go on to it, and SIGTERM when the npm that started us is gone.
 */
export function runChild(command, args, { onStart, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { windowsHide: true, ...options })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += data))
    let wasStopped = false
    const stop = (signal) => {
      wasStopped = true
      child.kill(signal)
    }
    const stopForwarding = forwardSignals(stop)
    const stopWatching = watchStarter(() => stop('SIGTERM'))
    const settle = () => {
      stopForwarding()
      stopWatching()
    }
    child.on('spawn', () => onStart?.(child.pid))
    child.on('error', (error) => {
      settle()
      reject(error)
    })
    child.on('close', (code, signal) => {
      settle()
      resolve({ code: code ?? 128 + constants.signals[signal], output, wasStopped })
    })
  })
}

function forwardSignals(stop) {
  const sentAt = {}
  const forward = (signal) => {
    // Ctrl-C reaches us twice, from the terminal and from npm; a second one means "do not wait" to many programs.
    if (Date.now() - (sentAt[signal] ?? 0) < 1000) return
    sentAt[signal] = Date.now()
    stop(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, forward)
  return () => {
    for (const signal of signals) process.off(signal, forward)
  }
}

/** Calls back once when nobody is left to wait for the program. */
function watchStarter(onGone) {
  const timer = setInterval(() => {
    if (!isAbandoned()) return
    clearInterval(timer)
    onGone()
  }, 250)
  timer.unref()
  return () => clearInterval(timer)
}
