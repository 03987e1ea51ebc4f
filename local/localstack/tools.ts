import { readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runTool } from './run-tool.ts'

/** What LocalStack needs on a machine without Docker. */
export type Tools = {
  /** Python 3.13: LocalStack 4.14 needs it, and its pinned packages were tried with it. */
  readonly python: string
  readonly npm: string
  readonly maven: string
  /** Of Java 17 or newer. */
  readonly javaHome: string
}

export type FoundTools =
  | { readonly kind: 'all'; readonly tools: Tools }
  /** A phrase for each that is missing, with how to get it. */
  | { readonly kind: 'missing'; readonly missing: readonly string[] }

/** Looks on PATH, and for Python where pyenv keeps its versions too. */
export async function findTools(env: Environment = process.env): Promise<FoundTools> {
  const [python, npm, maven, javaHome] = await Promise.all([
    firstOf(pythons(env), isPython),
    firstOf(['npm'], answers),
    firstOf(['mvn'], answers),
    findJava(env),
  ])
  if (python !== undefined && npm !== undefined && maven !== undefined && javaHome !== undefined) {
    return { kind: 'all', tools: { python, npm, maven, javaHome } }
  }
  const missing = [
    python === undefined && 'Python 3.13 (python.org, "pyenv install 3.13", or PYTHON=PATH)',
    npm === undefined && 'npm (nodejs.org)',
    maven === undefined && 'Maven (maven.apache.org)',
    javaHome === undefined && 'Java 17 or newer (adoptium.net, or JAVA_HOME=FOLDER)',
  ]
  return { kind: 'missing', missing: missing.filter(each => each !== false) }
}

type Environment = Readonly<Record<string, string | undefined>>

function pythons(env: Environment): string[] {
  const named = env.PYTHON === undefined ? [] : [env.PYTHON]
  const versions = join(env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions')
  const ofPyenv = filesIn(versions)
    .filter(name => name.startsWith('3.13'))
    .map(name => join(versions, name, 'bin', 'python'))
  return [...named, 'python3.13', ...ofPyenv, 'python3', 'python']
}

const filesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

/** Distributions leave out what makes a virtual environment, and pyenv has a command for each version, chosen or not. */
async function isPython(command: string): Promise<boolean> {
  const script = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])'
  const { status, stdout } = await runTool(command, ['-c', script], { timeoutMs: 20_000 })
  return status === 0 && stdout.trim() === '3.13'
}

async function answers(command: string): Promise<boolean> {
  return (await runTool(command, ['--version'], { timeoutMs: 60_000 })).status === 0
}

async function findJava({ JAVA_HOME }: Environment): Promise<string | undefined> {
  const commands = JAVA_HOME === undefined ? ['java'] : [join(JAVA_HOME, 'bin', 'java'), 'java']
  for (const command of commands) {
    const { stderr } = await runTool(command, ['-XshowSettings:properties', '-version'], { timeoutMs: 20_000 })
    const home = /^\s*java\.home = (.+)$/m.exec(stderr)?.[1]
    const version = Number(/^\s*java\.specification\.version = (\d+)$/m.exec(stderr)?.[1])
    if (home !== undefined && version >= 17) return home
  }
  return undefined
}

async function firstOf(
  commands: readonly string[],
  isRight: (command: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const command of commands) if (await isRight(command)) return command
  return undefined
}
