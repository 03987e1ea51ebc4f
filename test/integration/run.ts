import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Installation } from '../../local/localstack/installation.ts'
import {
  freePort,
  hasDocker,
  type Instance,
  startContainer,
  startProcess,
  stop,
} from '../../local/localstack/instance.ts'
import { findTools } from '../../local/localstack/tools.ts'

/**
 * Starts one LocalStack, runs on it all tests that need one, and stops it: `npm run test:localstack`. Where it cannot be had, those tests
 * are skipped and say why. MILLRACE_ENDPOINT names one that runs already, MILLRACE_SEED what goes wrong.
 */
const parts = ['test/integration/', 'test/conformance/dynamodb-local.test.ts', 'test/conformance/localstack.test.ts']

/** A LocalStack to run on, and to stop if it is our own; or why there is none. */
type Place =
  | { readonly kind: 'given' }
  | { readonly kind: 'own'; readonly instance: Instance }
  | { readonly kind: 'none'; readonly why: string }

const installation = new Installation()
// The tests hear of it too, and end: then LocalStack is stopped.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
try {
  const place = await findPlace()
  try {
    process.exitCode = await runTests(place)
  } finally {
    if (place.kind === 'own') await stop(installation, place.instance)
  }
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : error}\n\ntests: 0 passed, 1 failed\n`)
  process.exitCode = 1
}

async function findPlace(): Promise<Place> {
  if (process.env.MILLRACE_ENDPOINT !== undefined) return { kind: 'given' }
  const port = await freePort(0)
  if (!installation.isComplete) {
    if (await hasDocker()) return { kind: 'own', instance: await startContainer(installation, port) }
    const found = await findTools()
    if (found.kind === 'missing') {
      const why = `there is no LocalStack: no Docker runs, and to install it lacks ${found.missing.join(', ')}`
      process.stdout.write(`Skipping the tests on LocalStack: ${why}\n`)
      return { kind: 'none', why }
    }
    process.stdout.write(`Installing LocalStack in "${installation.folder}"\n`)
    await installation.complete(found.tools)
  }
  return { kind: 'own', instance: await startProcess(installation, port) }
}

async function runTests(place: Place): Promise<number> {
  const seed = process.env.MILLRACE_SEED ?? String(Date.now() % 1_000_000)
  process.stdout.write(`MILLRACE_SEED=${seed}\n`)
  const child = spawn(process.execPath, [join(import.meta.dirname, '../run.ts'), ...parts], {
    stdio: 'inherit',
    env: {
      ...process.env,
      MILLRACE_SEED: seed,
      ...(place.kind === 'own' && { MILLRACE_ENDPOINT: place.instance.endpoint }),
      ...(place.kind === 'none' && { MILLRACE_NO_ENDPOINT: place.why }),
    },
  })
  const [status] = await once(child, 'exit')
  return typeof status === 'number' ? status : 1
}
