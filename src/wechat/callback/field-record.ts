/** Field values are text; nested fields (`ScanCodeInfo`…) are records, repeated ones lists. */
export type FieldValue = string | FieldRecord | FieldValue[]
export interface FieldRecord {
  [name: string]: FieldValue
}
