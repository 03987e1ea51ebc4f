import { chunkRules } from './chunk-rules.ts'
import { commitRules } from './commit-rules.ts'
import { joinRules } from './join-rules.ts'
import { lookupRules } from './lookup-rules.ts'
import type { Mutation } from './mutation.ts'
import { operatorRules } from './operator-rules.ts'
import { pageRules } from './page-rules.ts'
import { reshardRules } from './reshard-rules.ts'
import { sinkRules } from './sink-rules.ts'
import { watermarkRules } from './watermark-rules.ts'

/**
 * In the order of protocol.md. Not here, as nothing that a reader of the results sees hangs on it:
 *
 * - "and only that" (a load publishes no older outbox): those would be dropped by position
 * - "a load reads consistently": who reads what is old cannot append
 * - "a late record is not believed": it is counted in the commit, so it is there or not with its version
 * - page bytes as a function of the log: where they differ, an empty commit makes them another version's. What then stands in the
 *   code, `differs`, needs two codecs side by side
 * - "a shard counts only when none of its ancestors is active": without, the watermark comes later, never earlier
 * - before the seal "publish its newest outbox": Lambda hands over a parent's last batch until it was published, then the child's first
 * - "an empty chunk for each output key group" of a child: without, the watermark comes later
 * - a sealed log acknowledges nothing beyond `through`: Lambda begins a child when its parents are done
 * - an ended subscription of a foreign key is deleted: answers to it are dropped by their number
 *
 * The rules of operators come last.
 */
export const mutations: readonly Mutation[] = [
  ...commitRules,
  ...pageRules,
  ...chunkRules,
  ...watermarkRules,
  ...reshardRules,
  ...sinkRules,
  ...operatorRules,
  ...joinRules,
  ...lookupRules,
]
