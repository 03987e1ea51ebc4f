// One of the parts that a bundle may leave out: see left-out.ts.
export { coGroup } from '../joins/cogroup.ts'
export { intervalJoin } from '../joins/interval-join.ts'
export { windowJoin } from '../joins/window-join.ts'
