/** A field's value: a text, a record for nested fields (`ScanCodeInfo`…), or a list for a repeated field. */
export type FieldValue = string | FieldRecord | FieldValue[]

/** The named references of XML and their characters. */
export const NAMED_REFERENCES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
}

export interface FieldRecord {
  [name: string]: FieldValue
}

/** How XML writers put `]]>` into a CDATA section: they end the section within it and begin another. */
export const SPLIT_END = ']]]]><![CDATA[>'
