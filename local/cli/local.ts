import { healthOf } from '../localstack/health.ts'
import { Installation } from '../localstack/installation.ts'
import type { Instance } from '../localstack/instance.ts'
import { findTools } from '../localstack/tools.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { numberIn, once } from './once.ts'

type LocalOptions = {
  readonly port?: string
  readonly endpoint?: string
  readonly docker: boolean
  readonly folder?: string
}

const defaultPort = '4566'

/** `millrace local`: Kinesis and DynamoDB on this machine, by LocalStack. */
export const addLocal: AddCommand = (program, terminal) => {
  const local = program.command('local').description('Kinesis and DynamoDB on this machine: start LocalStack, stop it')
  const folder = ['--folder <folder>', 'where LocalStack is installed (default: in the cache folder)'] as const
  local
    .command('up')
    .description('start LocalStack, installing it first where Docker is not there; print its address')
    .option('--port <number>', `its port, 0 for any free one (default: ${defaultPort})`, once('--port'))
    .option('--endpoint <url>', 'start nothing: one that runs already is to be used', once('--endpoint'))
    .option('--no-docker', 'install it and run it as a process, even where Docker is there')
    .option(...folder, once('--folder'))
    .action((options: LocalOptions) => up(options, terminal))
  local
    .command('down')
    .description('stop what up has started')
    .option('--port <number>', 'only the one at this port (default: all)', once('--port'))
    .option(...folder, once('--folder'))
    .action((options: LocalOptions) => down(options, terminal))
  local
    .command('status')
    .description('say whether LocalStack answers, and where')
    .option('--port <number>', 'only the one at this port (default: all)', once('--port'))
    .option('--endpoint <url>', 'one that was started otherwise', once('--endpoint'))
    .option(...folder, once('--folder'))
    .action((options: LocalOptions) => status(options, terminal))
}

async function up(options: LocalOptions, terminal: Terminal): Promise<void> {
  const { port: asked = defaultPort, endpoint = `http://127.0.0.1:${asked}` } = options
  if (options.endpoint !== undefined && options.port !== undefined) {
    throw new UsageError('Cannot use --port and --endpoint: they exclude each other, give one of them')
  }
  const number = numberIn('--port', asked, 0, 65_535)
  if (options.endpoint !== undefined || number !== 0) {
    const health = await healthOf(endpoint)
    if (health.kind === 'healthy') {
      terminal.err(`LocalStack ${health.version} is running already\n`)
      return terminal.out(`${endpoint}\n`)
    }
    if (options.endpoint !== undefined) throw unhealthy(endpoint, health.kind)
  }
  const started = await start(new Installation(options.folder), number, options.docker, terminal)
  terminal.err('LocalStack is running, millrace local down stops it\n')
  terminal.out(`${started.endpoint}\n`)
}

async function start(
  installation: Installation,
  asked: number,
  mayUseDocker: boolean,
  terminal: Terminal,
): Promise<Instance> {
  // The SDK: no other command waits for it to be read.
  const { freePort, hasDocker, startContainer, startProcess } = await import('../localstack/instance.ts')
  const port = await freePort(asked)
  if (mayUseDocker && (await hasDocker())) {
    terminal.err('Starting the image of LocalStack, the first time it has to be fetched\n')
    return startContainer(installation, port)
  }
  if (!installation.isComplete) await install(installation, terminal)
  return startProcess(installation, port)
}

async function install(installation: Installation, terminal: Terminal): Promise<void> {
  const found = await findTools()
  if (found.kind === 'missing') {
    throw new Error(
      `Cannot install LocalStack: ${found.missing.join(', ')} ${found.missing.length === 1 ? 'is' : 'are'} missing, or start Docker, or give --endpoint of one that runs`,
    )
  }
  terminal.err(`Installing LocalStack in "${installation.folder}", 600 MB and some minutes once\n`)
  await installation.complete(found.tools)
}

async function down(options: LocalOptions, terminal: Terminal): Promise<void> {
  const installation = new Installation(options.folder)
  const { instancesOf, stop } = await import('../localstack/instance.ts')
  const instances = chosen(await instancesOf(installation), options)
  if (instances.length === 0) terminal.err('No LocalStack was started from here\n')
  for (const instance of instances) {
    const wasThere = await stop(installation, instance)
    terminal.err(`${wasThere ? 'Stopped' : 'Was gone already:'} LocalStack at ${instance.endpoint}\n`)
  }
}

async function status(options: LocalOptions, terminal: Terminal): Promise<void> {
  const { instancesOf } = await import('../localstack/instance.ts')
  const instances = chosen(await instancesOf(new Installation(options.folder)), options)
  const known = options.endpoint === undefined ? instances.map(({ endpoint }) => endpoint) : [options.endpoint]
  const endpoints = known.length > 0 ? known : [`http://127.0.0.1:${options.port ?? defaultPort}`]
  for (const endpoint of endpoints) {
    const health = await healthOf(endpoint)
    if (health.kind !== 'healthy') throw unhealthy(endpoint, health.kind)
    terminal.out(`LocalStack ${health.version} is healthy at ${endpoint}\n`)
  }
}

function chosen(instances: readonly Instance[], { port }: LocalOptions): readonly Instance[] {
  if (port === undefined) return instances
  const number = numberIn('--port', port, 0, 65_535)
  return instances.filter(instance => instance.port === number)
}

const unhealthy = (endpoint: string, kind: 'other' | 'silent'): Error =>
  new Error(
    kind === 'silent'
      ? `Cannot find LocalStack: nobody answers at "${endpoint}", start it with millrace local up`
      : `Cannot find LocalStack: something else answers at "${endpoint}", give another --port or --endpoint`,
  )
