import type { SourceFile } from './source-tree.ts'

/** Rooms are folders or files. Those of one height may import each other, but never in a circle; a room imports those of its height and below. */
export type Floors = readonly (readonly string[])[]

/** The house of millrace, from the ground up: the engine, what is deployed, what runs on a developer's machine. */
export const floors: Floors = [
  ['shared/model'],
  ['shared/ports'],
  ['shared/codecs', 'shared/time', 'shared/windows', 'shared/state', 'shared/aws', 'shared/sinks'],
  ['shared/operators', 'shared/commit', 'shared/emit', 'shared/registry'],
  ['shared/plan'],
  ['shared/dsl'],
  ['shared/runtime', 'shared/sources'],
  ['shared/index.ts'],
  ['functions/stage-event.ts', 'functions/aws-host.ts'],
  [
    'functions/load-aws-host.ts',
    'functions/bundled-aws-host.ts',
    'functions/kafka-events.ts',
    'functions/no-kafka-events.ts',
    'functions/folder-events.ts',
    'functions/no-folder-events.ts',
    'functions/feeds',
    'functions/no-feeds.ts',
  ],
  ['functions/observed.ts', 'functions/hosted.ts'],
  ['functions/handlers.ts'],
  ['functions/orders', 'functions/nexmark', 'functions/word-count', 'functions/csv-to-avro', 'functions/system'],
  ['infra'],
  ['local/cloud'],
  ['local/registry'],
  ['local/event-source'],
  // What an event source mapping invokes, and a pipeline's mappings.
  ['local/functions'],
  ['local/input'],
  ['local/mirror', 'local/localstack'],
  ['local/run'],
  ['local/testing'],
  ['local/simulator'],
  ['local/cli'],
  ['bench'],
  ['test'],
]

/** Files that import each other's values, and why they must. */
const allowedCircles: readonly { readonly files: readonly string[]; readonly reason: string }[] = [
  {
    files: ['shared/dsl/keyed-stream.ts', 'shared/dsl/stream.ts', 'shared/dsl/windowed-stream.ts'],
    reason:
      'a stream is keyed, a keyed one is windowed, and its aggregate is a stream again; only methods use the others',
  },
]

/** What of Node the engine uses: computation, no world. Of `crypto` nothing random, see ambient.ts. */
const engineModules = ['node:buffer', 'node:crypto', 'node:v8', 'node:zlib']

/** Who may call AWS: the ports, a user's sinks, and what prepares or copies it for local runs. All others have the ports. */
const awsCallers = ['shared/aws/', 'shared/sinks/', 'local/localstack/', 'local/mirror/', 'infra/', 'bench/', 'test/']

/** What an example's files import beside their own. */
const publicEntries = [
  'millrace',
  'millrace/avro',
  'millrace/files',
  'millrace/lambda',
  'millrace/protobuf',
  'millrace/registry',
  'millrace/sinks',
  'millrace/testing',
]
/** What is deployed beside the examples, and is no user's program. */
const systemFunctions = ['functions/system/', 'functions/feeds/']
/** An example's files that are not deployed, and so may use files. */
const exampleTools = ['functions/orders/generate.ts', 'functions/nexmark/generate.ts']

/** Imports that go up, or around between rooms of one height. */
export function wrongWays(files: readonly SourceFile[], house: Floors = floors): string[] {
  const found: string[] = []
  const sideways: Edge[] = []
  for (const { from, to } of edgesOf(files)) {
    const [a, b] = [roomOf(from, house), roomOf(to, house)]
    if (a === undefined || b === undefined) {
      found.push(`"${a === undefined ? from : to}" is in no room of test/tidy/rooms.ts`)
    } else if (a.height < b.height) {
      found.push(`"${from}" imports "${to}", which is above it`)
    } else if (a.height === b.height && a.name !== b.name) {
      sideways.push({ from: a.name, to: b.name })
    }
  }
  const around = circlesOf(sideways).map(rooms => `rooms ${rooms.join(', ')} import each other`)
  return [...new Set([...found, ...around])]
}

/** Files that import each other, and not only types. */
export function circles(files: readonly SourceFile[]): string[] {
  const values = edgesOf(
    files.map(file => ({ ...file, imports: file.imports.filter(({ isTypeOnly }) => !isTypeOnly) })),
  )
  return circlesOf(values)
    .filter(circle => !allowedCircles.some(allowed => circle.every(file => allowed.files.includes(file))))
    .map(circle => `${circle.join(', ')} import each other`)
}

export function wrongEngineModules(files: readonly SourceFile[]): string[] {
  return importsIn(files, /^shared\//)
    .filter(({ to }) => to.startsWith('node:') && !engineModules.includes(to))
    .map(({ from, to }) => `"${from}" imports "${to}", which the engine may only reach through a port`)
}

export function wrongAwsCallers(files: readonly SourceFile[]): string[] {
  return importsIn(files, /./)
    .filter(({ to }) => /^@(aws-sdk|smithy)[/]/.test(to))
    .filter(({ from }) => !awsCallers.some(place => from.startsWith(place)))
    .map(({ from, to }) => `"${from}" imports "${to}", which shared/aws stands for`)
}

/** An example is a user's program: it has what a user has. */
export function wrongExampleImports(files: readonly SourceFile[]): string[] {
  return importsIn(files, /^functions\/[^/]+\//).flatMap(({ from, to, isOurs }) => {
    if (systemFunctions.some(folder => from.startsWith(folder))) return []
    const own = from.split('/').slice(0, 2).join('/')
    if (isOurs ? to.startsWith(`${own}/`) : publicEntries.includes(to)) return []
    if (to.startsWith('node:') && exampleTools.includes(from)) return []
    return [`"${from}" imports "${to}", expected its own files or one of ${publicEntries.join(', ')}`]
  })
}

/** A deployment knows the plan and where things are kept, and nothing of how the engine runs; the examples' app knows the examples too. */
export function wrongInfraImports(files: readonly SourceFile[]): string[] {
  return importsIn(files, /^infra\//).flatMap(({ from, to, isOurs }) => {
    const isAllowed = ['infra/', 'shared/plan/', 'shared/aws/table-keys.ts'].some(path => to.startsWith(path))
    const isExample = from === 'infra/examples.ts' && /^functions\/[^/]+\/pipeline\.ts$/.test(to)
    if (!isOurs || isAllowed || isExample) return []
    return [`"${from}" imports "${to}", expected shared/plan, shared/aws/table-keys.ts or its own files`]
  })
}

export type PackageJson = {
  readonly name: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** Packages that are used and not listed, or listed and not used. Types alone may come from an `@types` package. */
export function wrongDependencies(files: readonly SourceFile[], json: PackageJson): string[] {
  const { dependencies, devDependencies } = json
  const used = new Set<string>()
  const found = importsIn(files, /./).flatMap(({ from, to, isOurs, isTypeOnly }) => {
    const name = packageOf(to)
    if (isOurs || to.startsWith('node:') || name === json.name) return []
    const isProduction = /^(shared|functions|local)\//.test(from)
    if (isProduction) used.add(name)
    const isListed = name in dependencies || (!isProduction && name in devDependencies)
    if (isListed || (isTypeOnly && `@types/${name}` in devDependencies)) return []
    return [`"${from}" imports "${name}", which package.json does not list among its dependencies`]
  })
  const unused = Object.keys(dependencies).filter(name => !used.has(name))
  return [...found, ...unused.map(name => `package.json lists "${name}", which no production file imports`)]
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

const importsIn = (files: readonly SourceFile[], paths: RegExp) =>
  files.flatMap(({ path, imports }) => (paths.test(path) ? imports.map(found => ({ from: path, ...found })) : []))

type Edge = { readonly from: string; readonly to: string }

const edgesOf = (files: readonly SourceFile[]): Edge[] =>
  importsIn(files, /./).filter(({ isOurs, from, to }) => isOurs && from !== to)

function roomOf(path: string, house: Floors): { readonly name: string; readonly height: number } | undefined {
  for (const [height, rooms] of house.entries()) {
    const name = rooms.find(room => path === room || path.startsWith(`${room}/`))
    if (name !== undefined) return { name, height }
  }
  return undefined
}

/** Sets of places, each in order, that can all be reached from each other. */
function circlesOf(edges: readonly Edge[]): string[][] {
  const next = new Map<string, Set<string>>()
  for (const { from, to } of edges) next.set(from, (next.get(from) ?? new Set()).add(to))
  const reached = new Map([...next.keys()].map(start => [start, reachedFrom(start, next)]))
  const circles = [...reached].flatMap(([start, places]) => {
    if (!places.has(start)) return []
    return [[...places].filter(place => reached.get(place)?.has(start)).sort()]
  })
  return [...new Map(circles.map(circle => [circle.join(), circle])).values()]
}

function reachedFrom(start: string, next: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const reached = new Set<string>()
  const waiting = [start]
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    for (const to of next.get(place) ?? []) {
      if (!reached.has(to)) waiting.push(to)
      reached.add(to)
    }
  }
  return reached
}
