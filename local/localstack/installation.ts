import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { runTool } from './run-tool.ts'
import type { Tools } from './tools.ts'

/** The last open release. */
export const version = '4.14.0'

const kinesisVersion = '0.5.2'

/** Where everything lies, in one folder that can be deleted. */
export class Installation {
  readonly folder: string

  /** @param folder where to install, default: the user's cache */
  constructor(folder: string = defaultFolder()) {
    this.folder = resolve(folder)
  }

  get isComplete(): boolean {
    return existsSync(this.#mark)
  }

  get python(): string {
    return join(this.folder, 'venv', 'bin', 'python')
  }

  /** LocalStack takes this for the root of the file system. */
  get root(): string {
    return join(this.folder, 'fs')
  }

  get log(): string {
    return join(this.folder, 'localstack.log')
  }

  /** Of instances that were started. */
  get runs(): string {
    return join(this.folder, 'runs')
  }

  /** Installs what is missing. Throws an Error whose message says what failed; a repeat goes on from there. */
  async complete(tools: Tools): Promise<void> {
    await mkdir(this.#libraries, { recursive: true })
    await Promise.all([
      this.#installPython(tools),
      this.#installKinesis(tools).then(() => this.#installDynamo(tools)),
      this.#linkJava(tools),
    ])
    await writeFile(this.#mark, `${version}\n`)
  }

  async #installPython({ python }: Tools): Promise<void> {
    if (!existsSync(this.python)) await step(python, ['-m', 'venv', join(this.folder, 'venv')])
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
    await step(this.python, [
      ...pip,
      '--constraint',
      ownFile('constraints.txt'),
      `localstack-core[runtime]==${version}`,
    ])
  }

  /** Where LocalStack's installer of npm packages looks. */
  async #installKinesis({ npm }: Tools): Promise<void> {
    const folder = join(this.#libraries, 'kinesis-local', kinesisVersion)
    await mkdir(folder, { recursive: true })
    const flags = ['--silent', '--no-audit', '--no-fund', '--prefix', folder]
    await step(npm, ['install', ...flags, `kinesis-local@${kinesisVersion}`], folder)
  }

  /** From Maven Central: LocalStack would take the archive that Amazon publishes, of which this is the content. */
  async #installDynamo({ maven, python }: Tools): Promise<void> {
    const folder = join(this.#libraries, 'dynamodb-local', '2')
    const jars = join(folder, 'DynamoDBLocal_lib')
    const project = join(this.folder, 'maven')
    await rm(jars, { recursive: true, force: true })
    await mkdir(jars, { recursive: true })
    await mkdir(project, { recursive: true })
    await copyFile(ownFile('pom.xml'), join(project, 'pom.xml'))
    const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${jars}`]
    await step(maven, ['--quiet', '--batch-mode', '--file', join(project, 'pom.xml'), ...copy])
    const names = (await readdir(jars)).filter(name => name.endsWith('.jar')).sort()
    const agent = names.find(name => name.startsWith('byte-buddy-agent-'))
    const server = names.find(name => name.startsWith('DynamoDBLocal-'))
    if (agent === undefined || server === undefined) {
      throw new Error(`Cannot install LocalStack: Maven brought no DynamoDB, it brought ${names.length} other archives`)
    }
    await rename(join(jars, agent), join(folder, 'ddb-local-loader-0.1.jar'))
    const others = names.filter(name => name !== agent && name !== server)
    await mkdir(join(project, 'META-INF'), { recursive: true })
    await writeFile(join(project, 'META-INF', 'MANIFEST.MF'), manifest([server, ...others]))
    await step(python, ['-m', 'zipfile', '-c', join(folder, 'DynamoDBLocal.jar'), 'META-INF'], project)
  }

  /** What LocalStack takes for the Java that it would install. */
  async #linkJava({ javaHome }: Tools): Promise<void> {
    const folder = join(this.#libraries, 'java')
    await mkdir(folder, { recursive: true })
    await rm(join(folder, '21'), { force: true })
    await symlink(javaHome, join(folder, '21'))
  }

  get #libraries(): string {
    return join(this.root, 'var', 'lib', 'localstack', 'lib')
  }

  get #mark(): string {
    return join(this.folder, `installed-${version}`)
  }
}

const defaultFolder = (): string =>
  process.env.MILLRACE_LOCALSTACK ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace', 'localstack')

const ownFile = (name: string): string => join(import.meta.dirname, name)

/** An archive without classes, whose manifest names those that have them. A line has at most 72 bytes; one that goes on begins with a space. */
function manifest(jars: readonly string[]): string {
  const path = `Class-Path: ${jars.map(jar => `DynamoDBLocal_lib/${jar}`).join(' ')}`
  const lines = [path.slice(0, 70), ...(path.slice(70).match(/.{1,69}/g) ?? []).map(rest => ` ${rest}`)]
  const main = 'Main-Class: com.amazonaws.services.dynamodbv2.local.main.ServerRunner'
  return ['Manifest-Version: 1.0', main, ...lines, '', ''].join('\r\n')
}

async function step(command: string, args: readonly string[], cwd?: string): Promise<void> {
  const { status, stdout, stderr } = await runTool(command, args, cwd === undefined ? {} : { cwd })
  if (status === 0) return
  const said = `${stdout}${stderr}`.trim().split('\n').slice(-5).join(' | ')
  throw new Error(`Cannot install LocalStack: "${[command, ...args.slice(0, 3)].join(' ')}" failed with ${said}`)
}
