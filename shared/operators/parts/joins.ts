// One of the parts that a bundle may leave out: see left-out.ts.
export { coGroup } from '../cogroup.ts'
export { intervalJoin } from '../interval-join.ts'
export { windowJoin } from '../window-join.ts'
