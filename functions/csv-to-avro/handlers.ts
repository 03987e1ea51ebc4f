import { handlers } from 'millrace/lambda'
import { csvToAvro } from './pipeline.ts'

export const { test } = handlers(csvToAvro)
