import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, dirname, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** The commands of a section of the README, in their order and without their comments. */
export function commandsOf(section: string): string[] {
  const text = readFileSync(resolve(root, 'README.md'), 'utf8')
  const block = text
    .split(`\n## ${section}\n`)[1]
    ?.split('\n## ')[0]
    ?.match(/```sh\n([\s\S]*?)```/)?.[1]
  if (block === undefined) throw new Error(`Cannot find the commands of "${section}" in README.md`)
  return block
    .split('\n')
    .map(line => line.replace(/\s+# .*/, ''))
    .filter(line => line !== '')
}

/**
 * Runs a command in a shell, at the root and on the Node of this process, and gives what it printed to standard output. Throws an Error
 * with all that it printed when it fails.
 */
export async function shell(command: string, env: Readonly<Record<string, string>>): Promise<string> {
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter)
  const child = spawn('bash', ['-c', command], {
    cwd: root,
    env: { ...process.env, PATH: path, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  let all = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    all += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    all += text
  })
  const status = await new Promise((end, fail) => child.once('error', fail).once('close', end))
  if (status !== 0) throw new Error(`"${command}" ended with status ${status}:\n${all.slice(-4_000)}`)
  return printed
}
