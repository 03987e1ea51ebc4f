import type { WatermarkSteps } from '../emit/shuffle-writer.ts'
import type { WatermarkNeed } from '../operators/definition.ts'
import type { Emission } from '../operators/operator.ts'
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
  if (windows === undefined) return never
  const steps = windowSteps(windows, node.latenessMs)
  // The time of a row follows from which records are behind the watermark, so each of them counts.
  const isTimed = node.emission.kind === 'panes' && node.emission.time !== 'end'
  return [isTimed ? { ...steps, fine: 1 } : steps, ...paneSteps(node.emission)].reduce(common)
}

/** Where panes by event time are due. */
function paneSteps(emission: Emission): WatermarkSteps[] {
  if (emission.kind !== 'panes') return []
  return [emission.early, emission.late].flatMap(trigger =>
    trigger?.eventTimeMs === undefined ? [] : [{ fine: trigger.eventTimeMs, coarse: trigger.eventTimeMs, offset: 0 }],
  )
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
 * Clocks change, and days begin, at whole quarters of an hour of UTC. Where a zone did otherwise, before 1980, its day ends with the
 * next of them: later, but at the same watermark whatever the batches.
 */
const zoneStepMs = 900_000

/**
 * A session may end at any millisecond, so messages go with every watermark. A key group that is silent is told each tenth of the
 * gap: its sessions end so much later, and no record in time can tell, but a late one that comes meanwhile may still join.
 */
const silentPart = 10

function windowSteps(windows: WindowAssigner, latenessMs: number): WatermarkSteps {
  switch (windows.kind) {
    case 'global':
      return never
    case 'count':
      return never
    case 'session':
      return { fine: 1, coarse: Math.max(1, Math.floor(windows.gapMs / silentPart)), offset: 0 }
    case 'sliding':
      return { fine: 1, coarse: Math.max(1, Math.floor(windows.differenceMs / silentPart)), offset: 0 }
    case 'daily': {
      const step = [windows.startsAtMs, latenessMs].reduce(greatestCommonDivisor, zoneStepMs)
      return { fine: step, coarse: step, offset: 0 }
    }
    case 'cumulating': {
      const step = greatestCommonDivisor(windows.stepMs, latenessMs)
      return { fine: step, coarse: step, offset: windows.offsetMs % step }
    }
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
  return { fine, coarse: commonCoarse(a.coarse, b.coarse, apart), offset: a.offset % fine }
}

/** Infinity where nobody asks for more: panes of the global window whose rows have times of their own. */
function commonCoarse(a: number, b: number, apart: number): number {
  if (a === Number.POSITIVE_INFINITY) return b
  if (b === Number.POSITIVE_INFINITY) return a
  return greatestCommonDivisor(greatestCommonDivisor(a, b), apart)
}
