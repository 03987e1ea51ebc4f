import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

// One cold start, as Lambda does it: node bench/cold-start/start.ts BUNDLE HANDLER EVENT. The last line says how many milliseconds of
// processor time it took: what else runs on the machine lengthens any other.
const [bundle, name, event] = process.argv.slice(2)
const invocation: unknown = JSON.parse(readFileSync(event, 'utf8'))
const context = {
  functionName: name,
  awsRequestId: '00000000-0000-0000-0000-000000000000',
  getRemainingTimeInMillis: () => 60_000,
}

const spentMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const begun = spentMs()
const handlers: Readonly<Record<string, (event: unknown, context: unknown) => Promise<unknown>>> = await import(
  pathToFileURL(bundle).href
)
const loaded = spentMs()
const response = await handlers[name](invocation, context)
const answered = spentMs()
const line = JSON.stringify({ loadMs: loaded - begun, firstMs: answered - begun, response })
process.stdout.write(`\n${line}\n`, () => process.exit(0))
