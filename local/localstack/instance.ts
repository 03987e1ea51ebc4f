import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { awsClients } from '../../shared/aws/index.ts'
import { healthOf } from './health.ts'
import { type Installation, version } from './installation.ts'
import { runTool } from './run-tool.ts'

/** A LocalStack that was started from here. */
export type Instance = {
  readonly endpoint: string
  readonly port: number
  readonly runs:
    | { readonly kind: 'process'; readonly pid: number }
    | { readonly kind: 'container'; readonly name: string }
}

/** Slow machines, and images that have to be fetched. */
const longestStartMs = 300_000
const longestStopMs = 15_000
const services = 'kinesis,dynamodb,dynamodbstreams,s3,sqs,sts,iam,ssm,cloudformation,logs,events'

/** The port, or a free one for 0. Throws an Error when something has it. */
export async function freePort(port: number): Promise<number> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : port
  } catch {
    throw new Error(
      `Cannot start LocalStack: port ${port} is taken, give another with --port, or --port 0 for a free one`,
    )
  } finally {
    server.close()
  }
}

/** Starts the installed LocalStack in a process group of its own, which outlives this process. Resolves when its services answer. */
export async function startProcess(installation: Installation, port: number): Promise<Instance> {
  const { folder, python, root, log } = installation
  const output = openSync(log, 'w')
  const child = spawn(python, ['-m', 'localstack.runtime.main'], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', output, output],
    env: environmentOf(root, port),
  })
  await once(child, 'spawn')
  child.unref()
  const runs = { kind: 'process', pid: child.pid ?? 0 } as const
  return begun(installation, { endpoint: endpointOf(port), port, runs }, child)
}

/** Starts LocalStack's image. */
export async function startContainer(installation: Installation, port: number): Promise<Instance> {
  const name = `millrace-localstack-${port}`
  const flags = [
    '--rm',
    '--detach',
    '--name',
    name,
    '--publish',
    `127.0.0.1:${port}:4566`,
    '--env',
    `SERVICES=${services}`,
    '--env',
    'DISABLE_EVENTS=1',
    '--env',
    'DDB_LOCAL_TELEMETRY=0',
  ]
  const { status, stderr } = await runTool('docker', ['run', ...flags, `localstack/localstack:${version}`])
  if (status !== 0) throw new Error(`Cannot start LocalStack: docker says ${stderr.trim().split('\n').at(-1)}`)
  return begun(installation, { endpoint: endpointOf(port), port, runs: { kind: 'container', name } })
}

export async function hasDocker(): Promise<boolean> {
  return (await runTool('docker', ['info'], { timeoutMs: 10_000 })).status === 0
}

/** Those that were started and not stopped, whether or not they still run. */
export async function instancesOf({ runs }: Installation): Promise<Instance[]> {
  const names = await readdir(runs).catch(() => [])
  return Promise.all(names.map(async name => JSON.parse(await readFile(join(runs, name), 'utf8'))))
}

/** Stops it, and with it the processes that it has started. Answers whether it was still there. */
export async function stop(installation: Installation, instance: Instance): Promise<boolean> {
  const { runs, port } = instance
  const wasThere =
    runs.kind === 'container'
      ? (await runTool('docker', ['stop', runs.name])).status === 0
      : await stopGroup(runs.pid, installation)
  await rm(fileOf(installation, port), { force: true })
  return wasThere
}

async function begun(installation: Installation, instance: Instance, child?: ChildProcess): Promise<Instance> {
  await mkdir(installation.runs, { recursive: true })
  await writeFile(fileOf(installation, instance.port), JSON.stringify(instance))
  try {
    await untilHealthy(instance, child, installation)
    await untilServing(instance)
  } catch (error) {
    await stop(installation, instance)
    throw error
  }
  return instance
}

async function untilHealthy(
  { endpoint }: Instance,
  child: ChildProcess | undefined,
  { log }: Installation,
): Promise<void> {
  const deadline = performance.now() + longestStartMs
  while ((await healthOf(endpoint)).kind !== 'healthy') {
    if (child !== undefined && child.exitCode !== null) {
      throw new Error(`Cannot start LocalStack: it ended at once and said ${lastLine(log)}`)
    }
    if (performance.now() > deadline) throw new Error(`Cannot start LocalStack: it does not answer at ${endpoint}`)
    await sleep(200)
  }
}

/** Services start with their first call. */
async function untilServing({ endpoint }: Instance): Promise<void> {
  const clients = awsClients({ endpoint, table: '' })
  try {
    await Promise.all([clients.dynamo.send(new ListTablesCommand()), clients.kinesis.send(new ListStreamsCommand())])
  } finally {
    clients.close()
  }
}

/** Its own process group: the leader and the servers that it has started. */
async function stopGroup(pid: number, installation: Installation): Promise<boolean> {
  if (!(await isOurs(pid, installation))) return false
  signalGroup(pid, 'SIGTERM')
  const deadline = performance.now() + longestStopMs
  while (signalGroup(pid, 0) && performance.now() < deadline) await sleep(100)
  signalGroup(pid, 'SIGKILL')
  return true
}

/** The system gives numbers of processes that ended to others. */
async function isOurs(pid: number, { python }: Installation): Promise<boolean> {
  const { status, stdout } = await runTool('ps', ['-o', 'command=', '-p', String(pid)])
  const command = status === null ? commandOf(pid) : stdout
  return command.includes(python)
}

/** Where there is no ps: small images of Linux. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** False when nobody of the group is left. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}

function environmentOf(root: string, port: number): NodeJS.ProcessEnv {
  const { AWS_ENDPOINT_URL: _, ...inherited } = process.env
  return {
    ...inherited,
    // Its Kinesis is a Node program.
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
    FILESYSTEM_ROOT: root,
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    LOCALSTACK_HOST: `localhost:${port}`,
    SERVICES: services,
    STRICT_SERVICE_LOADING: '1',
    EAGER_SERVICE_LOADING: '0',
    DYNAMODB_IN_MEMORY: '1',
    KINESIS_PERSISTENCE: '0',
    KINESIS_LATENCY: '0',
    DISABLE_EVENTS: '1',
    DDB_LOCAL_TELEMETRY: '0',
    SKIP_SSL_CERT_DOWNLOAD: '1',
    DNS_ADDRESS: '0',
    // This is no container of its own, even where the machine is one.
    OVERRIDE_IN_DOCKER: '0',
  }
}

const endpointOf = (port: number): string => `http://127.0.0.1:${port}`

const fileOf = ({ runs }: Installation, port: number): string => join(runs, `${port}.json`)

const lastLine = (path: string): string => readFileSync(path, 'utf8').trim().split('\n').at(-1) ?? 'nothing'
