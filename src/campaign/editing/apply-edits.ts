import { insertItem, moveItem, type Path, removeItem, setField } from './yaml-edit.ts'

/** A change of a campaign file that somebody proposes. */
export type CampaignEdit =
  | { do: 'set'; path: Path; value: unknown }
  /** Removes a field. */
  | { do: 'clear'; path: Path }
  | { do: 'insert'; list: Path; index: number; value: unknown }
  /** Removes an item of a list. */
  | { do: 'remove'; path: Path }
  /** `to`: the index in the list before the move. */
  | { do: 'move'; path: Path; list: Path; to: number }
  /** Of a file that cannot be read: its whole text. */
  | { do: 'text'; source: string }

/** Makes changes one after the other: each path is that of the text before it. @throws CannotEdit */
export function applyEdits(source: string, edits: readonly CampaignEdit[]): string {
  return edits.reduce(applyEdit, source)
}

function applyEdit(source: string, edit: CampaignEdit): string {
  switch (edit.do) {
    case 'set':
      return setField(source, edit.path, edit.value)
    case 'clear':
      return setField(source, edit.path, undefined)
    case 'insert':
      return insertItem(source, edit.list, edit.index, edit.value)
    case 'remove':
      return removeItem(source, edit.path, edit.path.length === 2)
    case 'move':
      return moveItem(source, edit.path, edit.list, edit.to)
    case 'text':
      return edit.source
    default:
      return edit satisfies never
  }
}
