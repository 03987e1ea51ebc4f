/** A case of `test/vectors` that cannot be met, and why. docs/conformance.md publishes this table. */
export type Unmet = { readonly file: string; readonly case: string; readonly reason: string }

export const unmet: readonly Unmet[] = [
  {
    file: 'streaming-systems.json',
    case: '2-4',
    reason:
      'Panes at arrival times aligned to a clock. The source says of these panes that they are not as in the book, and they do not follow from the rule of their trigger; the file marks them as no gate.',
  },
]
