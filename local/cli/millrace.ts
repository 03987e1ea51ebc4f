#!/usr/bin/env node
import { runMillrace } from './program.ts'

await runMillrace(process.argv.slice(2))
