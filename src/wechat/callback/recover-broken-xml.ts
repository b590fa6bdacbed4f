import { type FieldRecord, NAMED_REFERENCES, SPLIT_END } from './field-record.ts'

/**
 * Fields that WeChat writes before any text of a person. In every example of the guide (接收普通消息, 接收事件推送) they are
 * ToUserName, FromUserName, CreateTime, MsgType, Event, EventKey in this order. The account chooses its `EventKey`s itself.
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
/** Fields that WeChat writes after any text of a person. */
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
 * Reads a push whose XML is broken by a person's text: WeChat copies `]]>` and control characters into a CDATA section as
 * they were typed (silenceper/wechat issue 750, w7corp/easywechat pull 1419). It uses only fields that a person's text cannot
 * have written: those from the start up to the first other field, and those from the end back to the first other field. The
 * text is everything between its first opening tag and its last closing tag, so that typed markup is never a field.
 * @returns null when the start, the end or the tags around the text are not WeChat's, which a person's text cannot cause
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

/** Finds possible ciphertexts in a body that cannot be parsed. The signature decides which one is WeChat's. */
export function recoverCiphertext(text: string): string[] {
  const found = [text.lastIndexOf('<Encrypt>'), text.indexOf('<Encrypt>')].flatMap((at) => {
    const begin = at + '<Encrypt>'.length
    const end = text.indexOf('</Encrypt>', begin)
    return at < 0 || end < 0 ? [] : [unwrap(text.slice(begin, end)).trim()]
  })
  return [...new Set(found)].filter((ciphertext) => /^[A-Za-z0-9+/=]+$/.test(ciphertext))
}

/** The field that starts here and ends at its first closing tag; null when there is none. */
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
  return { name, value: isCdata ? value : decodeNamed(value), end: at + close.length }
}

/** Reads WeChat's last fields into the record, from the end. @returns the offset of the first of them */
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

/** The content of a text message; null when its element is never closed. */
function contentOf(between: string): string | null {
  const open = '<Content>'
  const begin = between.indexOf(open)
  if (begin < 0) return ''
  const end = between.lastIndexOf('</Content>')
  if (end < begin) return null
  const inner = between.slice(begin + open.length, end)
  return inner.trimStart().startsWith(CDATA) ? unwrap(inner) : decodeNamed(inner)
}

/** Removes the CDATA section around a text, and joins a `]]>` that some XML writers split over two sections. */
function unwrap(inner: string): string {
  const text = inner.trim()
  if (!text.startsWith(CDATA)) return inner
  const rest = text.slice(CDATA.length)
  return (rest.endsWith(']]>') ? rest.slice(0, -3) : rest).replaceAll(SPLIT_END, ']]>')
}

/** Decodes the five named references of XML, and leaves every other `&` unchanged. */
function decodeNamed(text: string): string {
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (all, name: string) => NAMED_REFERENCES[name] ?? all)
}
