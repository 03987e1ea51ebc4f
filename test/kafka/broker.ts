import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Apache Kafka, from Maven Central. */
const version = '3.9.1'
const folder = resolve(import.meta.dirname, '../../.millrace-tools', `kafka-${version}`)
const startsWithinMs = 40_000
/** Any name of 16 bytes in base64. */
const clusterId = 'TWlsbHJhY2VUZXN0aW5nMQ'

export type Broker = {
  readonly address: string
  /** Kills the broker as a crash does; what it has acknowledged is on its disk. */
  kill(): Promise<void>
  /** Starts it again, at the same address. */
  restart(): Promise<void>
  /** Ends it and removes what it kept. */
  close(): Promise<void>
}

/** Why none can be run here, undefined when one can. */
export async function whyNoBroker(): Promise<string | undefined> {
  if (!(await answers('java', '-version'))) return 'Java is not installed, 17 or later would be right'
  if (existsSync(folder)) return undefined
  if (!(await answers('mvn', '-v'))) return 'Maven is not installed, which fetches Kafka'
  return fetchJars().then(
    () => undefined,
    error => `Kafka cannot be fetched: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
  )
}

/** Starts a broker that is its own controller (KRaft), on free ports, with a folder of its own. */
export async function startBroker(): Promise<Broker> {
  const data = await mkdtemp(join(tmpdir(), 'millrace-kafka-'))
  const [port, controllerPort] = [await freePort(), await freePort()]
  const settings = join(data, 'server.properties')
  await writeFile(settings, settingsOf(join(data, 'log'), port, controllerPort))
  await java(['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', settings])
  let server = await startServer(settings, port)
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise(done => server.once('exit', done))
    server.kill('SIGKILL')
    await ended
  }
  const killOnExit = (): void => void server.kill('SIGKILL')
  process.once('exit', killOnExit)
  return {
    address: `127.0.0.1:${port}`,
    kill,
    restart: async () => {
      await kill()
      server = await startServer(settings, port)
    },
    close: async () => {
      await kill()
      process.off('exit', killOnExit)
      await rm(data, { recursive: true, force: true })
    },
  }
}

const settingsOf = (log: string, port: number, controllerPort: number): string => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=${log}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
`

const classPath = ['-cp', join(folder, '*')]
const memory = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

const java = (args: readonly string[]) => run('java', [...memory, ...classPath, ...args])

async function startServer(settings: string, port: number): Promise<ChildProcess> {
  const server = spawn('java', [...memory, ...classPath, 'kafka.Kafka', settings], { stdio: 'ignore' })
  const ended = new Promise<never>((_, fail) => {
    server.once('error', fail)
    server.once('exit', code => fail(new Error(`Cannot start Kafka: Java ended with ${code} before it answered`)))
  })
  ended.catch(() => undefined)
  await Promise.race([untilAnswering(port), ended])
  return server
}

async function untilAnswering(port: number): Promise<void> {
  for (const began = Date.now(); Date.now() - began < startsWithinMs; await sleep(100)) {
    const isUp = await new Promise<boolean>(done => {
      const socket = createConnection({ host: '127.0.0.1', port }, () => done(true))
      socket.once('error', () => done(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isUp) return
  }
  throw new Error(`Cannot start Kafka: nothing answers at port ${port} after ${startsWithinMs / 1000} s`)
}

/** Fetched once, to a folder that git ignores. */
async function fetchJars(): Promise<void> {
  const unfinished = `${folder}.${process.pid}`
  await mkdir(unfinished, { recursive: true })
  try {
    const pom = join(unfinished, 'pom.xml')
    await writeFile(pom, project)
    await run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`])
    await rename(unfinished, folder)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

const project = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${version}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-nop</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`

const answers = (command: string, option: string): Promise<boolean> =>
  run(command, [option]).then(
    () => true,
    () => false,
  )

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' ? address?.port : undefined
      server.close(() => (port === undefined ? fail(new Error('Cannot find a free port')) : done(port)))
    })
  })
}
