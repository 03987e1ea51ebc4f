import { spawn } from 'node:child_process'

export type ToolResult = {
  /** Null when it could not be started, or a signal ended it. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export type ToolOptions = {
  readonly cwd?: string
  /** Ended when it takes longer. @default no limit */
  readonly timeoutMs?: number
}

/** Runs a program to its end. It inherits the environment, and with it the user's configuration of pip, npm and Maven. Never rejects. */
export function runTool(command: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  return new Promise(resolve => {
    const { cwd, timeoutMs } = options
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd && { cwd }),
      ...(timeoutMs && { timeout: timeoutMs }),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', error => resolve({ status: null, stdout, stderr: `${stderr}${error.message}` }))
    child.on('close', status => resolve({ status, stdout, stderr }))
  })
}
