import type { Child } from 'hono/jsx'
import type { FirstSteps } from '../../store/settings/first-steps.ts'
import { GRANT_TEXTS } from '../../ui/bubble-texts.ts'
import { GrantMeter } from '../../ui/grant-meter.tsx'
import { Icon } from '../design/icons.tsx'
import { Page } from '../shell/page.tsx'
import { START_TEXTS } from '../texts/start-texts.ts'
import { useMay, useText, useView } from '../view.ts'

/** Leads somebody who is new through the product. Each step knows when it is done. */
export const StartPage = ({ steps }: { steps: FirstSteps }) => {
  const texts = useText(START_TEXTS)
  const skip = (
    <form method="post" action="/start/skip">
      <button type="submit">{texts.skip}</button>
    </form>
  )
  return (
    <Page title={texts.title} at="/" aside={skip}>
      <p class="quiet start-words">{texts.lead}</p>
      <div class="start">
        <StartSteps steps={steps} />
        <TheRule />
      </div>
      <p class="quiet start-words">{texts.later}</p>
    </Page>
  )
}

/** Refreshes itself, so that a step turns green while the reader does it in another tab. */
export const StartSteps = ({ steps }: { steps: FirstSteps }) => {
  const texts = useText(START_TEXTS)
  const { simulatorUrl } = useView().links
  const isAdmin = useMay('admin')
  const next = nextStep(steps)
  return (
    <ol id="first-steps" hx-get="/start/steps" hx-trigger="every 3s" hx-swap="outerMorph">
      <Step number={1} isDone={steps.tried} isNext={next === 1} title={texts.tryTitle}>
        <p>{steps.tried ? texts.tryDone : simulatorUrl ? texts.tryHint : texts.noPhone}</p>
        {simulatorUrl ? (
          <StepLink href={simulatorUrl} isNext={next === 1} target="_blank">
            {steps.tried ? texts.tryAgain : texts.tryButton}
          </StepLink>
        ) : null}
      </Step>
      <Step number={2} isDone={steps.written} isNext={next === 2} title={texts.writeTitle}>
        <p>{steps.written ? texts.writeDone : texts.writeHint}</p>
        <StepLink href="/campaigns/new" isNext={next === 2}>
          {steps.written ? texts.writeAgain : texts.writeButton}
        </StepLink>
      </Step>
      <Step number={3} isDone={steps.connected} isNext={next === 3} title={texts.connectTitle}>
        <p>{steps.connected ? texts.connectDone : isAdmin ? texts.connectHint : texts.connectAdmin}</p>
        {steps.connected ? (
          <StepLink href="/accounts">{texts.connectAgain}</StepLink>
        ) : isAdmin ? (
          <StepLink href="/accounts/new" isNext={next === 3}>
            {texts.connectButton}
          </StepLink>
        ) : null}
      </Step>
    </ol>
  )
}

const nextStep = ({ tried, written, connected }: FirstSteps) =>
  !tried ? 1 : !written ? 2 : !connected ? 3 : null
export const stepsDone = (steps: FirstSteps): number => Object.values(steps).filter(Boolean).length

const Step = (props: {
  number: number
  isDone: boolean
  isNext: boolean
  title: string
  children?: Child
}) => {
  const texts = useText(START_TEXTS)
  return (
    <li
      class={`card start-step ${props.isNext ? 'next' : ''}`}
      aria-current={props.isNext ? 'step' : undefined}
    >
      <span class={`start-number ${props.isDone ? 'done' : ''}`}>
        {props.isDone ? (
          <>
            <Icon name="circle-check" />
            <span class="off-screen">{texts.done}</span>
          </>
        ) : (
          props.number
        )}
      </span>
      <div>
        <h2>{props.title}</h2>
        {props.children}
      </div>
    </li>
  )
}

const StepLink = (props: { href: string; isNext?: boolean; target?: '_blank'; children?: Child }) => (
  <p>
    <a
      class={`button ${props.isNext ? 'main' : ''}`}
      href={props.href}
      target={props.target}
      rel={props.target ? 'noopener' : undefined}
    >
      {props.children}
    </a>
  </p>
)

/** What WeChat allows, in two pictures. */
const TheRule = () => {
  const texts = useText(START_TEXTS)
  const grants = useText(GRANT_TEXTS)
  return (
    <section class="card start-rule">
      <h2>{texts.ruleTitle}</h2>
      <Rule title={texts.ruleFollow} count={3} time={texts.ruleFollowTime}>
        <GrantMeter texts={grants} scene="subscribe" used={0} quota={3} size="large" />
      </Rule>
      <Rule title={texts.ruleMessage} count={5} time={texts.ruleMessageTime}>
        <GrantMeter texts={grants} scene="message" used={0} quota={5} size="large" />
      </Rule>
      <p>{texts.rule}</p>
    </section>
  )
}

const Rule = (props: { title: string; count: number; time: string; children?: Child }) => (
  <div class="start-grant">
    <div>
      <b>{props.title}</b>
      <div>{props.children}</div>
    </div>
    <p>
      <b>{props.count}</b> {useText(START_TEXTS).ruleUnit}
      <br />
      <span class="quiet">{props.time}</span>
    </p>
  </div>
)

/** On the overview, until all steps are done. */
export const StartCard = ({ steps }: { steps: FirstSteps }) => {
  const texts = useText(START_TEXTS)
  const count = stepsDone(steps)
  return (
    <p class="note">
      <Icon name="sprout" />
      <span>
        <b>{texts.cardTitle}</b> {texts.card(count)} <a href="/start">{texts.cardLink}</a>
      </span>
    </p>
  )
}
