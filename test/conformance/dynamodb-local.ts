import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Amazon's own DynamoDB for local tests, from Maven Central. */
const version = '2.6.1'
const folder = resolve(import.meta.dirname, '../../.millrace-tools', `dynamodb-local-${version}`)
const main = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner'
const startsWithinMs = 60_000

export type DynamoDbLocal = { readonly endpoint: string; close(): Promise<void> }

/** Why it cannot be run here, undefined when it can. */
export async function whyNoDynamoDbLocal(): Promise<string | undefined> {
  if (!(await answers('java', '-version'))) return 'Java is not installed, 17 or later would be right'
  if (existsSync(folder) || (await answers('mvn', '-v'))) return undefined
  return 'Maven is not installed, which fetches DynamoDB Local'
}

/** Starts it in memory on a free port. Fetched once, to a folder that git ignores. */
export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  if (!existsSync(folder)) await fetchJars()
  const port = await freePort()
  const options = [`-Djava.library.path=${folder}`, '-cp', join(folder, '*'), main, '-inMemory', '-port', String(port)]
  // It keeps a file of its own where it runs, and would tell Amazon of it.
  const env = { ...process.env, DDB_LOCAL_TELEMETRY: '0' }
  const child = spawn('java', options, { stdio: 'ignore', cwd: folder, env })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = new Promise<void>(done => {
    child.once('exit', () => done())
    child.once('error', () => done())
  })
  const endpoint = `http://127.0.0.1:${port}`
  const close = async (): Promise<void> => {
    kill()
    process.off('exit', kill)
    await ended
  }
  const hasEnded = ended.then(() => {
    throw new Error('Cannot start DynamoDB Local: Java ended before it answered')
  })
  await Promise.race([untilAnswering(endpoint), hasEnded])
  hasEnded.catch(() => undefined)
  return { endpoint, close }
}

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
  <artifactId>dynamodb-local</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.amazonaws</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`

async function untilAnswering(endpoint: string): Promise<void> {
  for (const began = Date.now(); Date.now() - began < startsWithinMs; await sleep(200)) {
    const isUp = await fetch(endpoint).then(
      () => true,
      () => false,
    )
    if (isUp) return
  }
  throw new Error(`Cannot start DynamoDB Local: nothing answers at ${endpoint} after ${startsWithinMs / 1000} s`)
}

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
