// One of the parts that a bundle may leave out: see left-out.ts.
export { processDefinition } from '../process/process-function.ts'
