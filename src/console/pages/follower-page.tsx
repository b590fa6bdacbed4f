import { randomUUID } from 'node:crypto'
import { workflowIdOf } from '../../shared/ids.ts'
import { Code, Data, StatePill } from '../components/basics.tsx'
import { FollowerMark } from '../components/follower-mark.tsx'
import {
  ActionButton,
  FormDialog,
  FormProblem,
  type FormState,
  NEW_FORM,
  OpensDialog,
  SelectField,
  TextField,
} from '../components/forms.tsx'
import { NearTime } from '../components/near-time.tsx'
import { WithMedia } from '../components/step-name.tsx'
import { campaignPath, followerPath } from '../paths.ts'
import type { OneFollower } from '../read-follower.ts'
import { Page } from '../shell/page.tsx'
import { RUN_STATES, useLabel } from '../texts/labels.ts'
import { ONE_FOLLOWER_TEXTS } from '../texts/one-follower-texts.ts'
import { OUTCOMES } from '../texts/reason-labels.ts'
import { useMay, useText, useView } from '../view.ts'
import { ConversationCard } from './follower-conversation.tsx'
import { AboutCard, ForksCard, GrantsCard, StepsCard } from './follower-side.tsx'

/** The dialogs of the page. One whose form was refused opens again. */
export type FollowerDialog = 'cancel' | 'enter' | 'tag' | 'erase'

interface FollowerPageProps {
  follower: OneFollower
  /** Live campaigns, for the dialog that starts one. */
  campaigns: readonly { id: string; name: string }[]
  /** A form that was refused. */
  refused?: { dialog: FollowerDialog; state: FormState } | undefined
}

export const FollowerPage = (props: FollowerPageProps) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const mayChange = useMay('operator')
  return (
    <Page title={texts.title} at="/followers">
      <FollowerFragment follower={props.follower} />
      {mayChange ? <Dialogs {...props} /> : null}
    </Page>
  )
}

/** All of the page but its dialogs. It refreshes itself while the run goes on. */
export const FollowerFragment = ({ follower }: { follower: OneFollower }) => {
  const { run } = follower
  const mayChange = useMay('operator')
  const refresh =
    run.status === 'ended'
      ? {}
      : { 'hx-get': `${followerPath(run)}/run`, 'hx-trigger': 'every 2s', 'hx-swap': 'outerMorph' }
  return (
    <section id="run" {...refresh}>
      <Head follower={follower} />
      {mayChange ? <Actions follower={follower} /> : null}
      <WithMedia names={follower.media}>
        <div class="follower">
          <ConversationCard follower={follower} />
          <div>
            <GrantsCard follower={follower} />
            <StepsCard follower={follower} />
            <ForksCard forks={run.forks} models={follower.models} />
            <AboutCard follower={follower} />
            <FollowerLinks follower={follower} />
          </div>
        </div>
      </WithMedia>
    </section>
  )
}

const Head = ({ follower }: { follower: OneFollower }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const status = useLabel(RUN_STATES)
  const outcome = useLabel(OUTCOMES)
  const { run, account, campaignName, now } = follower
  return (
    <div class="follower-head">
      <FollowerMark openId={run.openId} large />
      <div>
        <p class="row">
          <b>
            <Code>{run.openId}</Code>
          </b>
          <StatePill state={run.status} label={status(run.status)} />
          {run.outcome ? <span class="quiet">{outcome(run.outcome)}</span> : null}
          {run.reason ? (
            <span class="quiet">
              <Data>{run.reason}</Data>
            </span>
          ) : null}
        </p>
        <p class="row quiet">
          <Data>{account.name}</Data>
          <a href={campaignPath(run.campaign)}>
            <Data>{campaignName}</Data> {texts.nth(run.version)}
          </a>
          <span>
            <NearTime at={run.startedAt} now={now} /> {texts.entered}
          </span>
        </p>
      </div>
    </div>
  )
}

const Actions = ({ follower }: { follower: OneFollower }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const { run, agent } = follower
  const path = followerPath(run)
  const isOpen = run.status !== 'ended'
  return (
    <div class="row actions">
      {run.status === 'active' ? (
        <ActionButton action={`${path}/pause`} label={texts.pause} icon="pause" />
      ) : null}
      {run.status === 'paused' ? (
        <ActionButton action={`${path}/resume`} label={texts.resume} icon="play" tone="main" />
      ) : null}
      {agent ? <ActionButton action={`${path}/end-agent`} label={texts.endAgent} /> : null}
      {isOpen ? null : <OpensDialog dialog="enter" label={texts.enter} icon="route" />}
      <OpensDialog dialog="tag" label={texts.tag} />
      {isOpen ? <OpensDialog dialog="cancel" label={texts.cancel} tone="danger" /> : null}
      <OpensDialog dialog="erase" label={texts.erase} tone="danger" />
    </div>
  )
}

const FollowerLinks = ({ follower: { run } }: { follower: OneFollower }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const { simulatorUrl, temporalUiUrl, namespace } = useView().links
  const workflow = encodeURIComponent(workflowIdOf(run.appId, run.openId))
  return (
    <p class="row">
      {simulatorUrl ? (
        <a class="button" href={`${simulatorUrl}/phone/${run.appId}/${run.openId}`}>
          {texts.onPhone}
        </a>
      ) : null}
      {temporalUiUrl ? (
        <a class="button" href={`${temporalUiUrl}/namespaces/${namespace}/workflows/${workflow}`}>
          {texts.inTemporal}
        </a>
      ) : null}
    </p>
  )
}

/** Outside of what refreshes itself, so that a dialog stays open, with what was typed. */
const Dialogs = ({ follower, campaigns, refused }: FollowerPageProps) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const path = followerPath(follower.run)
  const stateOf = (dialog: FollowerDialog) => (refused?.dialog === dialog ? refused.state : NEW_FORM)
  const common = (dialog: FollowerDialog) => ({
    id: dialog,
    action: `${path}/${dialog}`,
    open: refused?.dialog === dialog,
  })
  const end = follower.run.openId.slice(-4)
  return (
    <>
      <FormDialog {...common('cancel')} title={texts.cancelTitle} submit={texts.cancel} tone="danger">
        <FormProblem state={stateOf('cancel')} />
        <p>{texts.cancelHint}</p>
        <TextField
          name="reason"
          label={texts.reason}
          hint={texts.reasonHint}
          state={stateOf('cancel')}
          maxlength={500}
        />
      </FormDialog>
      <FormDialog {...common('enter')} title={texts.enterTitle} submit={texts.enter}>
        <FormProblem state={stateOf('enter')} />
        <p>{texts.enterHint}</p>
        <input type="hidden" name="key" value={randomUUID()} />
        <SelectField
          name="campaign"
          label={texts.campaign}
          state={stateOf('enter')}
          named
          options={campaigns.map(({ id, name }) => ({ value: id, label: name }))}
          required
        />
      </FormDialog>
      <FormDialog {...common('tag')} title={texts.tagTitle} submit={texts.tagSubmit}>
        <FormProblem state={stateOf('tag')} />
        <p>{texts.tagHint}</p>
        <TextField name="add" label={texts.add} state={stateOf('tag')} maxlength={600} />
        <TextField name="remove" label={texts.remove} state={stateOf('tag')} maxlength={600} />
      </FormDialog>
      <FormDialog {...common('erase')} title={texts.eraseTitle} submit={texts.erase} tone="danger">
        <FormProblem state={stateOf('erase')} />
        <p>{texts.eraseHint}</p>
        <TextField
          name="confirm"
          label={texts.confirm}
          hint={<span translate="no">{texts.confirmHint(end)}</span>}
          state={stateOf('erase')}
          maxlength={4}
          required
        />
      </FormDialog>
    </>
  )
}
