// One of the parts that a bundle may leave out: see left-out.ts.
export { broadcastJoinDefinition } from '../distribution/broadcast-join.ts'
