import type { FieldRecord } from './field-record.ts'

/**
 * Fields that WeChat writes first, before anything that a person typed (guide 接收普通消息, 接收事件推送: ToUserName,
 * FromUserName, CreateTime, MsgType, Event, EventKey in this order in every example). An `EventKey` is the account's own.
 */
const HEAD: ReadonlySet<string> = new Set([
  'ToUserName',
  'FromUserName',
  'CreateTime',
  'MsgType',
  'Event',
  'EventKey',
  'OpenID',
  'AppID',
  'RevokeInfo',
  'MsgId',
  'MsgID',
])
/** Fields that WeChat writes last, after anything that a person typed. */
const TAIL: ReadonlySet<string> = new Set([
  'MsgId',
  'MsgID',
  'MsgDataId',
  'Idx',
  'bizmsgmenuid',
  'Ticket',
  'MenuId',
])
const ROOT = /^\s*(?:<\?xml[^<>]*\?>\s*)?<xml(?:\s[^<>]*)?>/
const END = '</xml>'
const CDATA = '<![CDATA['

/**
 * Reads a push whose structure a person's text has broken: WeChat puts `]]>` and control characters into a CDATA section as
 * they were typed (silenceper/wechat issue 750, w7corp/easywechat pull 1419). Only what stands where nobody's text can
 * reach is believed: the fields from the beginning, one after the other, until the first that a person may have written;
 * and the fields from the end, one before the other, until the first that is none of WeChat's last. The text is all that
 * lies between its first opening and its last closing tag, so that whatever was typed there is text and no field.
 * @returns null where beginning, end or the tags around the text are not as WeChat writes them: no person's text did that
 */
export function recoverPush(text: string): FieldRecord | null {
  const root = ROOT.exec(text)
  if (!root || !text.trimEnd().endsWith(END)) return null
  const record: FieldRecord = Object.create(null)
  let from = root[0].length
  for (;;) {
    const field = fieldAt(text, from)
    if (!field || !HEAD.has(field.name) || field.name in record) break
    record[field.name] = field.value
    from = field.end
  }
  if (!record.FromUserName || !record.CreateTime || !record.MsgType) return null
  const until = readTail(text, from, record)
  if (record.MsgType !== 'text') return record
  const content = contentOf(text.slice(from, until))
  return content === null ? null : Object.assign(record, { Content: content })
}

/** What may be the ciphertext in a body that cannot be read otherwise; its signature tells which is. */
export function recoverCiphertext(text: string): string[] {
  const found = [text.lastIndexOf('<Encrypt>'), text.indexOf('<Encrypt>')].flatMap((at) => {
    const begin = at + '<Encrypt>'.length
    const end = text.indexOf('</Encrypt>', begin)
    return at < 0 || end < 0 ? [] : [unwrap(text.slice(begin, end)).trim()]
  })
  return [...new Set(found)].filter((ciphertext) => /^[A-Za-z0-9+/=]+$/.test(ciphertext))
}

/** The field that begins here, up to its first end: nobody's text is in it. */
function fieldAt(text: string, from: number): { name: string; value: string; end: number } | null {
  const open = /\s*<(\w{1,40})(\/?)>\s*/y
  open.lastIndex = from
  const tag = open.exec(text)
  if (!tag) return null
  const [, name = '', empty] = tag
  const begin = open.lastIndex
  if (empty) return { name, value: '', end: begin }
  const isCdata = text.startsWith(CDATA, begin)
  const close = `${isCdata ? ']]>' : ''}</${name}>`
  const at = text.indexOf(close, begin)
  if (at < 0) return null
  const value = text.slice(isCdata ? begin + CDATA.length : begin, at)
  if (!isCdata && value.includes('<')) return null
  return { name, value: isCdata ? value : decodeKnown(value), end: at + close.length }
}

/** Reads WeChat's last fields into the record, from the end; returns where the first of them begins. */
function readTail(text: string, from: number, record: FieldRecord): number {
  let until = text.trimEnd().length - END.length
  const readNames = new Set<string>()
  for (;;) {
    const rest = text.slice(from, until).trimEnd()
    const name = /<\/(\w{1,40})>$/.exec(rest.slice(-43))?.[1] ?? ''
    const at = rest.lastIndexOf(`<${name}>`)
    if (!TAIL.has(name) || readNames.has(name) || at < 0) return until
    const inner = rest.slice(at + name.length + 2, -(name.length + 3))
    const value = inner.startsWith(CDATA) && inner.endsWith(']]>') ? inner.slice(CDATA.length, -3) : inner
    if (/[<>]/.test(value)) return until
    readNames.add(name)
    if (!(name in record)) record[name] = value.trim()
    until = from + at
  }
}

/** Null where it is opened and never closed. */
function contentOf(between: string): string | null {
  const open = '<Content>'
  const begin = between.indexOf(open)
  if (begin < 0) return ''
  const end = between.lastIndexOf('</Content>')
  if (end < begin) return null
  const inner = between.slice(begin + open.length, end)
  return inner.trimStart().startsWith(CDATA) ? unwrap(inner) : decodeKnown(inner)
}

/** Without the section that WeChat puts around a text, and with what some writers make of `]]>` inside of one. */
function unwrap(inner: string): string {
  const text = inner.trim()
  if (!text.startsWith(CDATA)) return inner
  const rest = text.slice(CDATA.length)
  return (rest.endsWith(']]>') ? rest.slice(0, -3) : rest).replaceAll(`]]]]>${CDATA}>`, ']]>')
}

const KNOWN: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** References of XML in text; every other `&` is what it looks like. */
function decodeKnown(text: string): string {
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (all, name: string) => KNOWN[name] ?? all)
}
