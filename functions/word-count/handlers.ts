import { handlers } from 'millrace/lambda'
import { wordCount } from './pipeline.ts'

export const { lines, word } = handlers(wordCount)
