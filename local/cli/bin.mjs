#!/usr/bin/env node
// The command `millrace` for whatever Node is on the path: types are stripped by Node 24, which comes with the install.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'

const oldest = 24
/** Batches pass through as megabytes of garbage: a small young generation and a slowly growing heap keep the process small. */
const memoryFlags = ['--max-semi-space-size=16', '--heap-growing-percent=60']
if (Number(process.versions.node.split('.')[0]) >= oldest) {
  for (const flag of memoryFlags) setFlagsFromString(flag)
  await import('./millrace.ts')
} else {
  const node = createRequire(import.meta.url).resolve('node/bin/node')
  const script = new URL('./millrace.ts', import.meta.url)
  const child = spawn(node, [...memoryFlags, script.pathname, ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends Ctrl-C to both; what was sent to this process alone is passed on.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('error', error => {
    process.stderr.write(`millrace: Cannot start Node ${oldest}: ${error.message}, run "npm install" first\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exitCode = code ?? 1
    else process.kill(process.pid, signal)
  })
}
