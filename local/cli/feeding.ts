import type { Plan } from '../../shared/plan/plan.ts'
import { monotonicClock } from './pace.ts'

/** The sources of a session may wait, and know what time it is. */
export const served = { kind: 'served', clock: monotonicClock, dateMs: Date.now } as const

/** How to give a running pipeline something to do, on a line: by a command, or by what its source reads. */
export function feedingOf({ stages }: Plan, where: string): string {
  const input = stages.find(stage => stage.input.kind === 'source')?.input
  const from = input?.kind === 'source' ? input.source.from : undefined
  switch (from?.kind) {
    case 'folder':
      return `  put files in the folder "${from.folder}", each with a name behind the last one\n`
    case 'rate':
      return `  source "${input?.stream}" makes ${from.perSecond} rows a second\n`
    case 'socket':
      return `  source "${input?.stream}" reads from ${from.host}:${from.port}\n`
    default:
      return `  millrace produce ${input?.stream} ${where}\n`
  }
}
