import { BUBBLE_TEXTS, GRANT_TEXTS } from '../../ui/bubble-texts.ts'
import { HAPPENING_TEXTS, PHONE_TEXTS } from '../phone/phone-texts.ts'
import type { FollowerView, PhoneKey, PhonesData } from '../phone/view-types.ts'
import { request } from './requests.ts'

/** One phone of the page. */
export interface PhoneState {
  key: PhoneKey
  /** null: the simulator has not answered yet. */
  view: FollowerView | null
  /** How far the follower's clock is ahead of this browser's, ms. */
  ahead: number
  /** When the run acts next, on the follower's clock; null: never; undefined: not known yet. */
  nextAt: number | null | undefined
  isForwarding: boolean
  /** What went wrong with the last action; '': nothing. */
  problem: string
}

interface ActResult {
  ok: boolean
  status: number | null
  body: string
  attempts: number
  refused?: string
}

/** A run that has just been started is not in the store yet. */
const NEXT_DELAY_MS = 700
/** A run begins and goes on without an event of the phone. */
const ASK_EVERY_MS = 4_000

/** The phones of the page, their states and what can be done with them. The page draws it again after each change. */
export class PhoneStore {
  readonly data: PhonesData
  readonly texts: (typeof PHONE_TEXTS)['zh']
  readonly bubbleTexts: (typeof BUBBLE_TEXTS)['zh']
  readonly grantTexts: (typeof GRANT_TEXTS)['zh']
  readonly happeningTexts: (typeof HAPPENING_TEXTS)['zh']
  phones: PhoneState[]
  picked = 0
  isConnected = true
  #events: EventSource | undefined
  #draw = () => {}
  readonly #nextTimers = new Map<string, ReturnType<typeof setTimeout>>()

  constructor(data: PhonesData) {
    this.data = data
    this.texts = PHONE_TEXTS[data.language]
    this.bubbleTexts = BUBBLE_TEXTS[data.language]
    this.grantTexts = GRANT_TEXTS[data.language]
    this.happeningTexts = HAPPENING_TEXTS[data.language]
    this.phones = data.phones.map(newPhone)
  }

  /** @param draw draws the page */
  start(draw: () => void): void {
    this.#draw = draw
    this.#listen()
    // A countdown and the clocks of the phones go on without events.
    setInterval(draw, 1_000)
    setInterval(() => this.#askAgain(), ASK_EVERY_MS)
  }

  get pickedPhone(): PhoneState | undefined {
    return this.phones[this.picked]
  }

  pick(index: number): void {
    if (index === this.picked) return
    this.picked = index
    this.#draw()
  }

  /** Adds a phone for a follower; without one, for a new follower. */
  add(key: PhoneKey): void {
    const known = this.phones.findIndex((p) => idOf(p.key) === idOf(key))
    if (known < 0 && this.phones.length >= this.data.maxPhones) return
    if (known < 0) this.phones = [...this.phones, newPhone(key)]
    this.picked = known < 0 ? this.phones.length - 1 : known
    if (known < 0) this.#phonesChanged()
    this.#draw()
  }

  remove(index: number): void {
    if (this.phones.length === 1) return
    this.phones = this.phones.filter((_, i) => i !== index)
    this.picked = Math.min(this.picked > index ? this.picked - 1 : this.picked, this.phones.length - 1)
    this.#phonesChanged()
    this.#draw()
  }

  /** An action of a follower. */
  async act(phone: PhoneState, action: Record<string, unknown>): Promise<void> {
    const { texts } = this
    await this.#report(phone, async () => {
      const done = await request<ActResult>(`${pathOf(phone.key)}/act`, action)
      if (done.ok) return
      const status = String(done.status ?? done.body)
      throw new Error(done.refused ? texts.refused(done.refused) : texts.failed(status, done.attempts))
    })
  }

  /** Moves the clock of a follower. */
  async forward(phone: PhoneState, how: { ms: number } | { toNext: true }): Promise<void> {
    if (phone.isForwarding) return
    phone.isForwarding = true
    this.#draw()
    await this.#report(phone, async () => {
      const { moved } = await request<{ moved: boolean }>(`${pathOf(phone.key)}/fast-forward`, how)
      if (!moved) phone.nextAt = null
    })
    phone.isForwarding = false
    this.#askNext(phone)
    this.#draw()
  }

  async addFault(phone: PhoneState, order: unknown): Promise<void> {
    await this.#report(phone, async () => {
      await request('/_sim/faults', order)
      await this.#refresh()
    })
  }

  async clearFaults(phone: PhoneState): Promise<void> {
    await this.#report(phone, async () => {
      await request('/_sim/faults', undefined, 'DELETE')
      await this.#refresh()
    })
  }

  /** Says on a phone what went wrong. */
  async #report(phone: PhoneState, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      phone.problem = ''
    } catch (err) {
      phone.problem = err instanceof Error ? err.message : String(err)
    }
    this.#draw()
  }

  /** Faults are not of one follower, so no event reports them. */
  async #refresh(): Promise<void> {
    for (const { key } of this.phones)
      this.#take(await request<FollowerView>(`${pathOf(key)}/state`, undefined, 'GET'))
  }

  #phonesChanged(): void {
    const [first, ...rest] = this.phones
    if (!first) return
    const query = rest.map(({ key }) => `with=${idOf(key)}`).join('&')
    history.replaceState(null, '', `/phone/${idOf(first.key)}${query ? `?${query}` : ''}`)
    this.#listen()
  }

  #listen(): void {
    this.#events?.close()
    const query = this.phones.map(({ key }) => `phone=${idOf(key)}`).join('&')
    const events = new EventSource(`/_sim/events?${query}`)
    events.addEventListener('changed', (event) => {
      this.isConnected = true
      this.#take(JSON.parse(event.data) as FollowerView)
      this.#draw()
    })
    events.addEventListener('open', () => {
      this.isConnected = true
      this.#draw()
    })
    events.addEventListener('error', () => {
      this.isConnected = false
      this.#draw()
    })
    this.#events = events
  }

  #take(view: FollowerView): void {
    const id = idOf({ appId: view.account.appId, openId: view.openId })
    const phone = this.phones.find((p) => idOf(p.key) === id)
    if (!phone) return
    phone.view = view
    phone.ahead = view.clock - Date.now()
    this.#askNext(phone)
  }

  /** Asks for next steps that are not known or over. Not while nobody sees the page. */
  #askAgain(): void {
    if (document.hidden) return
    for (const phone of this.phones)
      if (phone.view?.following && !(phone.nextAt && phone.nextAt > Date.now() + phone.ahead))
        this.#askNext(phone)
  }

  /** Asks for the next step once the changes have ended. */
  #askNext(phone: PhoneState): void {
    const id = idOf(phone.key)
    clearTimeout(this.#nextTimers.get(id))
    const ask = async () => {
      const answer = await request<{ at: number | null }>(`${pathOf(phone.key)}/next`, undefined, 'GET')
      phone.nextAt = answer.at
      this.#draw()
    }
    // Without an answer the page shows no next step.
    this.#nextTimers.set(
      id,
      setTimeout(() => void ask().catch(() => {}), NEXT_DELAY_MS),
    )
  }
}

/** A follower who is nobody yet. */
export function newOpenId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(11))
  return `oTest${btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')}`
}

/** Identifies a phone on the page. Also the phone's part of the path of control calls. */
export const idOf = ({ appId, openId }: PhoneKey) =>
  `${encodeURIComponent(appId)}/${encodeURIComponent(openId)}`
const pathOf = (key: PhoneKey) => `/_sim/${idOf(key)}`

function newPhone(key: PhoneKey): PhoneState {
  return { key, view: null, ahead: 0, nextAt: undefined, isForwarding: false, problem: '' }
}
