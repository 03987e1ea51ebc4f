import { execFile, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A server that runs on Java, from Maven Central. */
export type JavaServer = {
  /** As in messages. */
  readonly name: string
  /** Where its jars are: a folder that git ignores. */
  readonly folder: string
  readonly artifacts: readonly MavenArtifact[]
}

export type MavenArtifact = { readonly group: string; readonly artifact: string; readonly version: string }

export const javaServer = (name: string, folderName: string, artifacts: readonly MavenArtifact[]): JavaServer => ({
  name,
  folder: resolve(import.meta.dirname, '../.millrace-tools', folderName),
  artifacts,
})

/** Why it cannot be run or fetched here, undefined when it can. */
export async function whyNoJavaServer({ name, folder }: JavaServer): Promise<string | undefined> {
  if (!(await answers('java', '-version'))) return 'Java is not installed, 17 or later would be right'
  if (existsSync(folder) || (await answers('mvn', '-v'))) return undefined
  return `Maven is not installed, which fetches ${name}`
}

/** Fetches its jars where they are not there. */
export async function fetchJars({ folder, artifacts }: JavaServer): Promise<void> {
  if (existsSync(folder)) return
  const unfinished = `${folder}.${process.pid}`
  await mkdir(unfinished, { recursive: true })
  try {
    const pom = join(unfinished, 'pom.xml')
    await writeFile(pom, projectOf(artifacts))
    await run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`])
    // Another process may have been faster: then its jars are there.
    await rename(unfinished, folder).catch(error => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** Runs a program of its jars to the end. */
export const runJava = (server: JavaServer, args: readonly string[]) => run('java', [...classPath(server), ...args])

export type JavaStart = {
  /** Options of Java, the main class and its arguments. */
  readonly args: readonly string[]
  readonly isUp: () => Promise<boolean>
  readonly withinMs: number
  readonly options?: Pick<SpawnOptions, 'cwd' | 'env'>
}

/** Starts it, until it is up. Answers what kills it, as a crash does, and waits for its end; it never outlives this process. */
export async function startJava(server: JavaServer, start: JavaStart): Promise<() => Promise<void>> {
  const child = spawn('java', [...classPath(server), ...start.args], { ...start.options, stdio: 'ignore' })
  const killNow = (): void => void child.kill('SIGKILL')
  process.once('exit', killNow)
  const ended = new Promise<string>(done => {
    child.once('exit', code => done(`Java ended with ${code}`))
    child.once('error', error => done(error.message))
  })
  const kill = async (): Promise<void> => {
    killNow()
    await ended
    process.off('exit', killNow)
  }
  const failed = ended.then(reason => Promise.reject(new Error(`Cannot start ${server.name}: ${reason}`)))
  failed.catch(() => undefined)
  try {
    await Promise.race([untilUp(server.name, start), failed])
  } catch (error) {
    await kill()
    throw error
  }
  return kill
}

async function untilUp(name: string, { isUp, withinMs }: JavaStart): Promise<void> {
  for (const began = Date.now(); Date.now() - began < withinMs; await sleep(100)) if (await isUp()) return
  throw new Error(`Cannot start ${name}: nothing answers after ${withinMs / 1000} s`)
}

const classPath = ({ folder }: JavaServer): readonly string[] => ['-cp', join(folder, '*')]

const projectOf = (artifacts: readonly MavenArtifact[]): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId>
  <artifactId>fetched</artifactId>
  <version>1</version>
  <dependencies>${artifacts.map(dependencyOf).join('')}
  </dependencies>
</project>
`

const dependencyOf = ({ group, artifact, version }: MavenArtifact): string => `
    <dependency>
      <groupId>${group}</groupId>
      <artifactId>${artifact}</artifactId>
      <version>${version}</version>
    </dependency>`

const answers = (command: string, option: string): Promise<boolean> =>
  run(command, [option]).then(
    () => true,
    () => false,
  )
