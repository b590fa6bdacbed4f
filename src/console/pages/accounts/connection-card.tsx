import { Icon } from '../../design/icons.tsx'
import { accountPath } from '../../paths.ts'
import { CONNECT_TEXTS } from '../../texts/connect-texts.ts'
import { useText } from '../../view.ts'
import { Ago } from './account-parts.tsx'

/** What is known of WeChat's way to this product. */
export interface Connection {
  appId: string
  /** When WeChat last passed the check of the signature, epoch ms; null: never. */
  verifiedAt: number | null
  /** Why the last request was refused; null: none was, or a newer one was accepted. */
  refused: 'signature' | 'mode' | null
  hasEvent: boolean
  now: number
}

/** Turns green by itself: htmx asks for it again until the first message has arrived. */
export const ConnectionCard = (props: Connection) => {
  const { appId, verifiedAt, refused, hasEvent, now } = props
  const texts = useText(CONNECT_TEXTS)
  const isConnected = verifiedAt !== null && refused === null
  const tone = isConnected ? 'green' : refused === null ? 'plain' : 'red'
  const title = isConnected ? texts.connected : refused === null ? texts.waiting : texts.wrongToken
  return (
    <section class={`card connection ${tone}`} id="connection" role="status">
      {isConnected && hasEvent ? null : (
        <div
          id="connection-poll"
          hx-get={`${accountPath(appId)}/connection`}
          hx-trigger="every 2s"
          hx-target="#connection"
          hx-swap="outerMorph"
        />
      )}
      <div class="beacon">
        <Icon name="radio-tower" />
      </div>
      <h2>{title}</h2>
      <p class="quiet">
        {isConnected && verifiedAt !== null ? (
          <>
            {texts.connectedHint} <Ago at={verifiedAt} now={now} />
          </>
        ) : refused === null ? (
          texts.waitingHint
        ) : refused === 'mode' ? (
          texts.wrongModeHint
        ) : (
          texts.wrongTokenHint
        )}
      </p>
      <ul class="checks">
        <Step done={verifiedAt !== null || refused !== null} text={texts.reachable} />
        <Step done={isConnected} failed={refused !== null} text={texts.tokenRight} />
        <Step done={hasEvent} text={hasEvent ? texts.firstMessage : texts.askMessage} />
      </ul>
      {isConnected ? (
        <a class="button main" href="/campaigns">
          {texts.publish}
        </a>
      ) : (
        <details>
          <summary>{texts.causes}</summary>
          <ul class="causes">
            {texts.causeList.map((cause) => (
              <li>{cause}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}

const Step = ({ done, failed = false, text }: { done: boolean; failed?: boolean; text: string }) => (
  <li class={done ? 'passed' : failed ? 'failed' : 'open'}>
    <Icon name={done ? 'circle-check' : failed ? 'circle-alert' : 'circle-dashed'} />
    <span>{text}</span>
  </li>
)
