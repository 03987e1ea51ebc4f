import type { Node } from 'typescript/unstable/ast'
import {
  isCallExpression,
  isIdentifier,
  isImportSpecifier,
  isNewExpression,
  isPropertyAccessExpression,
} from 'typescript/unstable/ast/is'
import { lineOf, nodesOf, type SourceFile } from './source-tree.ts'

/**
 * Where production code may ask for the time, wait or draw lots by itself, and why; everything else has them handed in. Names as
 * `ambientUses` gives them. The engine, shared/, is not among them but for sinks, which stand outside it: its clock is a port.
 */
export const allowed: readonly { readonly path: string; readonly names: readonly string[]; readonly reason: string }[] =
  [
    {
      path: 'functions/aws-host.ts',
      names: ['Date.now', 'Math.random', 'node:timers/promises'],
      reason: 'where the world of a deployed function is handed to its ports',
    },
    {
      path: 'shared/sinks/',
      names: ['setTimeout'],
      reason: "pauses before a service is asked again, and idle connections: a sink is called as a user's function is",
    },
    {
      path: 'local/cli/',
      names: ['Date.now', 'performance', 'setTimeout', 'setInterval', 'node:timers/promises'],
      reason: 'a command runs in the real time of its user: progress, patience with other processes, drains',
    },
    {
      path: 'shared/registry/patience.ts',
      names: ['setTimeout'],
      reason: "pauses before a registry is asked again, in the user's program where `fetch` is global too",
    },
    { path: 'local/cli/aws-client.ts', names: ['Math.random'], reason: 'pauses before a call is tried again' },
    {
      path: 'local/cli/record-sender.ts',
      names: ['randomUUID'],
      reason: 'one name for each producer, whatever its machine',
    },
    { path: 'local/cloud/endpoint.ts', names: ['randomBytes'], reason: 'a secret that nobody can guess' },
    {
      path: 'local/functions/runners.ts',
      names: ['Date.now'],
      reason:
        'deadlines of real invocations, in threads or not: simulated ones have an EnvironmentPool with their own clock',
    },
    { path: 'local/functions/environment-worker.ts', names: ['Date.now'], reason: 'the same deadlines, in a thread' },
    {
      path: 'local/cloud/data-operations.ts',
      names: ['Date.now', 'node:timers/promises'],
      reason: 'how far behind a mapping is by the real clock, for a person who looks, with turns for others in between',
    },
    {
      path: 'local/functions/worker-ports.ts',
      names: ['node:timers/promises', 'Date.now'],
      reason: 'the ports of a thread wait and measure in real time, as its invocations run',
    },
    {
      path: 'local/event-source/wakeup.ts',
      names: ['setTimeout'],
      reason: 'the one place where a mapping waits; simulated mappings are driven without it',
    },
    {
      path: 'local/event-source/event-source-mapping.ts',
      names: ['node:timers/promises'],
      reason: 'a turn for timers and signals among invocations that never wait, no matter of time',
    },
    {
      path: 'local/mirror/',
      names: ['Date.now', 'Math.random', 'performance', 'setTimeout', 'node:timers/promises'],
      reason: 'reads streams that are elsewhere, whose time is the real one: polls, patience, pauses between tries',
    },
    {
      path: 'local/localstack/',
      names: ['performance', 'node:timers/promises'],
      reason: 'waits for processes that start and stop',
    },
    {
      path: 'local/run/run-to-end.ts',
      names: ['Date.now', 'performance', 'setInterval', 'node:timers/promises'],
      reason: 'the clock that a run hands to its cloud, and the seconds that it reports',
    },
    {
      path: 'local/simulator/run-seed.ts',
      names: ['performance'],
      reason: 'how long a failed seed is shrunk: it changes how small the schedule gets, never what a seed does',
    },
    { path: 'local/simulator/run-seeds.ts', names: ['performance'], reason: 'the seconds that it reports' },
    {
      path: 'local/simulator/scheduler.ts',
      names: ['setImmediate'],
      reason: 'lets everything that does not wait run to its end, no matter how long that takes',
    },
  ]

const globals = new Set(['setTimeout', 'setInterval', 'setImmediate', 'performance', 'crypto'])
const members = new Set(['Date.now', 'Math.random', 'process.hrtime', 'process.uptime'])
const modules = new Set(['node:timers', 'node:timers/promises', 'node:perf_hooks'])
const lots = new Set([
  'randomBytes',
  'randomFill',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'getRandomValues',
  'webcrypto',
])

/** Uses of the clock, of timers and of randomness in production code that nothing allows. */
export function wrongAmbientUses(files: readonly SourceFile[], exceptions = allowed): string[] {
  const used = new Set<string>()
  const found = files
    .filter(({ path }) => /^(shared|functions|local)\//.test(path))
    .flatMap(file =>
      ambientUses(file).flatMap(({ name, line }) => {
        const exception = exceptions.find(({ path, names }) => file.path.startsWith(path) && names.includes(name))
        if (exception === undefined) return [`${file.path}:${line} uses ${name}, expected it to be handed in`]
        used.add(`${exception.path} ${name}`)
        return []
      }),
    )
  const stale = exceptions.flatMap(({ path, names }) =>
    names.filter(name => !used.has(`${path} ${name}`)).map(name => `${path} may use ${name} and does not`),
  )
  return [...found, ...stale]
}

function ambientUses({ syntax, text, imports }: SourceFile): { readonly name: string; readonly line: number }[] {
  const uses = imports.filter(({ to }) => modules.has(to)).map(({ to }) => ({ name: to, line: 1 }))
  for (const node of nodesOf(syntax)) {
    const name = ambientName(node)
    if (name !== undefined) uses.push({ name, line: lineOf(text, node.getStart()) })
  }
  return uses
}

function ambientName(node: Node): string | undefined {
  if (isPropertyAccessExpression(node) && members.has(node.getText())) return node.getText()
  if (isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments ?? []).length === 0) {
    return 'new Date()'
  }
  if (isCallExpression(node) && node.expression.getText() === 'Date') return 'Date()'
  if (!isIdentifier(node) || isMember(node)) return undefined
  if (lots.has(node.text)) return node.text
  return globals.has(node.text) && !isImportSpecifier(node.parent) ? node.text : undefined
}

/** Whether it is the name of something's member, and so no global; but what `globalThis` has is one. */
const isMember = (node: Node): boolean =>
  isPropertyAccessExpression(node.parent) &&
  node.parent.name === node &&
  node.parent.expression.getText() !== 'globalThis'
