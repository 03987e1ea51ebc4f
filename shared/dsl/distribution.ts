import { partialAggregateDefinition, passThroughDefinition } from '#operators/distribution'
import { ConfigurationError } from '../model/errors.ts'
import type { Key } from '../model/key.ts'
import type { PartOfKey } from '../operators/distribution/partial-aggregate.ts'
import type { AggregateNode, KeyByNode, Node, OperatorNode, RowNode } from '../plan/graph.ts'
import { gridOf } from '../windows/assign.ts'
import { isFixed } from '../windows/window.ts'
import { operatorNode } from './operator-node.ts'

/** A stage whose key groups get about equally many values, whatever they are. */
export function rebalanceNode(input: Node, name: string): OperatorNode {
  const keyed: KeyByNode = Object.freeze({ kind: 'keyBy', input, name, key: noKey, spread: 'groups' })
  return operatorNode(name, [keyed], passThroughDefinition())
}

/** Greatest number of parts of a key: above it, what they come to is more work than what they save. */
const mostWays = 1_024

/** The aggregate in two halves: per part of a key in a stage of this name, and of all parts where it was. */
export function spreadAggregate(name: string, ways: number, keyed: KeyByNode, rows: RowNode): AggregateNode {
  const cannot = (what: string): never => {
    throw new ConfigurationError(`Cannot spread the keys of "${keyed.name}" in "${name}": ${what}`)
  }
  if (!Number.isInteger(ways) || ways < 2 || ways > mostWays)
    cannot(`${ways} parts were asked for, expected 2 to ${mostWays}`)
  if (rows.kind !== 'aggregate' || rows.input !== keyed) {
    return cannot('expected one aggregate of the keyed stream, as in keyed => keyed.count("clicks")')
  }
  const { aggregator, takes, windows, emission, lateTo } = rows
  if (windows !== undefined && !isFixed(windows))
    cannot(`${windows.kind} windows need each record, expected windows of fixed bounds`)
  if (emission.kind === 'panes') cannot('triggers need each record, expected another emission')
  if (lateTo !== undefined)
    cannot('its late records would be parts of aggregates, expected an aggregate without lateTo')
  const grid = windows !== undefined && isFixed(windows) ? gridOf(windows) : undefined
  const lift = takes.kind === 'part' ? takes.lift : (value: unknown) => value
  const parts: KeyByNode = Object.freeze({ kind: 'keyBy', input: keyed.input, name, key: keyed.key, spread: ways })
  const half = operatorNode(name, [parts], partialAggregateDefinition({ aggregator, lift, slices: grid }))
  const whole: KeyByNode = Object.freeze({ kind: 'keyBy', input: half, name: keyed.name, key: keyOfPart })
  return Object.freeze({
    ...rows,
    input: whole,
    aggregator: { ...aggregator, add: (accumulator: unknown, part: unknown) => aggregator.merge(accumulator, part) },
    takes: { kind: 'part' as const, lift: partOf },
    combines: false,
  })
}

const noKey = (): Key => null
const keyOfPart = ({ key }: PartOfKey): Key => key
const partOf = (message: unknown): unknown => (message as PartOfKey).part
