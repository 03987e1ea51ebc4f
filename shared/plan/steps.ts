import type { WatermarkSteps } from '../emit/shuffle-writer.ts'
import type { WatermarkNeed } from '../operators/definition.ts'
import { greatestCommonDivisor, type WindowAssigner } from '../windows/window.ts'
import { isRowNode, type RowNode } from './graph.ts'
import type { ShuffleOutput, StatefulNode } from './plan.ts'

const never: WatermarkSteps = { fine: Number.POSITIVE_INFINITY, coarse: Number.POSITIVE_INFINITY, offset: 0 }

/** Which watermarks matter to a stage: to its own windows, and to those of the stages behind it. */
export function stepsOf(operators: readonly StatefulNode[], shuffles: readonly ShuffleOutput[]): WatermarkSteps {
  return [...operators.map(ownSteps), ...shuffles.map(shuffle => shuffle.steps)].reduce(common, never)
}

function ownSteps(node: StatefulNode): WatermarkSteps {
  if (node.kind === 'distinct') return never
  if (node.kind === 'operator') return neededSteps(node.definition.watermarks)
  const windows = node.kind === 'top' ? windowsOf(node) : node.windows
  return windows === undefined ? never : windowSteps(windows, node.latenessMs)
}

/** The windows that a ranking's rows come in. */
export function windowsOf(node: RowNode): WindowAssigner | undefined {
  if (node.kind === 'aggregate') return node.windows
  if (node.kind === 'operator') return node.definition.windows
  return isRowNode(node.input) ? windowsOf(node.input) : undefined
}

function neededSteps(need: WatermarkNeed): WatermarkSteps {
  switch (need.kind) {
    case 'none':
      return never
    case 'windows':
      return windowSteps(need.windows, need.latenessMs)
    case 'any':
      return { fine: 1, coarse: Math.max(1, Math.floor(need.silentMs)), offset: 0 }
  }
}

/**
 * A session may end at any millisecond, so messages go with every watermark. A key group that is silent is told each tenth of the
 * gap: its sessions end so much later, and no record in time can tell, but a late one that comes meanwhile may still join.
 */
const silentPart = 10

function windowSteps(windows: WindowAssigner, latenessMs: number): WatermarkSteps {
  switch (windows.kind) {
    case 'global':
      return never
    case 'session':
      return { fine: 1, coarse: Math.max(1, Math.floor(windows.gapMs / silentPart)), offset: 0 }
    default: {
      const step = greatestCommonDivisor(windows.hopMs, latenessMs)
      return { fine: step, coarse: step, offset: (windows.offsetMs + windows.sizeMs) % step }
    }
  }
}

function common(a: WatermarkSteps, b: WatermarkSteps): WatermarkSteps {
  if (a.fine === Number.POSITIVE_INFINITY) return b
  if (b.fine === Number.POSITIVE_INFINITY) return a
  const apart = Math.abs(a.offset - b.offset)
  const fine = greatestCommonDivisor(greatestCommonDivisor(a.fine, b.fine), apart)
  const coarse = greatestCommonDivisor(greatestCommonDivisor(a.coarse, b.coarse), apart)
  return { fine, coarse, offset: a.offset % fine }
}
