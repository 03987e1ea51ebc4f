import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../local/localstack/instance.ts'
import { fetchJars, javaServer, runJava, startJava, whyNoJavaServer } from '../java-server.ts'

const version = '3.9.1'
const kafka = javaServer('Kafka', `kafka-${version}`, [
  { group: 'org.apache.kafka', artifact: 'kafka_2.13', version },
  { group: 'org.slf4j', artifact: 'slf4j-nop', version: '1.7.36' },
])
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
  const reason = await whyNoJavaServer(kafka)
  if (reason !== undefined) return reason
  return fetchJars(kafka).then(
    () => undefined,
    error => `Kafka cannot be fetched: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
  )
}

/** Starts a broker that is its own controller (KRaft), on free ports, with a folder of its own. */
export async function startBroker(): Promise<Broker> {
  const data = await mkdtemp(join(tmpdir(), 'millrace-kafka-'))
  const [port, controllerPort] = [await freePort(0), await freePort(0)]
  const settings = join(data, 'server.properties')
  await writeFile(settings, settingsOf(join(data, 'log'), port, controllerPort))
  await runJava(kafka, [...memory, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', settings])
  const start = () =>
    startJava(kafka, {
      args: [...memory, 'kafka.Kafka', settings],
      isUp: () => isListening(port),
      withinMs: 40_000,
    })
  let kill = await start()
  return {
    address: `127.0.0.1:${port}`,
    kill: () => kill(),
    restart: async () => {
      await kill()
      kill = await start()
    },
    close: async () => {
      await kill()
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

const memory = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

const isListening = (port: number): Promise<boolean> =>
  new Promise(done => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
