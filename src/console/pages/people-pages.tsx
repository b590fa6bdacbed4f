import type { userView } from '../../api/routes/user-routes.ts'
import { ROLES as ROLE_NAMES } from '../../auth/roles.ts'
import { markOf } from '../both-versions.ts'
import { Data, Empty, NextPage, StatePill, Time, timeCell } from '../components/basics.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import {
  ActionButton,
  ConfirmedAction,
  FormDialog,
  FormProblem,
  type FormState,
  NEW_FORM,
  OpensDialog,
  SelectField,
  TextField,
} from '../components/forms.tsx'
import { userPath } from '../paths.ts'
import { Page } from '../shell/page.tsx'
import { PEOPLE_TEXTS } from '../texts/admin-texts.ts'
import { ROLES, USER_STATES, useLabel } from '../texts/labels.ts'
import { useText, useView } from '../view.ts'

type UserView = ReturnType<typeof userView>

const stateOf = (user: UserView) => (user.disabledAt ? 'disabled' : 'active')

/** The users, and a form that adds one. `added` is that form when it was refused. */
export const UsersPage = (props: { items: UserView[]; next: string | null; added?: FormState }) => {
  const texts = useText(PEOPLE_TEXTS)
  const role = useLabel(ROLES)
  const state = useLabel(USER_STATES)
  const columns: Column<UserView>[] = [
    {
      title: texts.name,
      cell: (u) => (
        <a href={userPath(u.name)}>
          <Data>{u.name}</Data>
        </a>
      ),
    },
    { title: texts.role, cell: (u) => role(u.role) },
    { title: texts.state, cell: (u) => <StatePill state={stateOf(u)} label={state(stateOf(u))} /> },
    { title: texts.secondFactor, cell: (u) => (u.secondFactorSince ? texts.secondFactorOn : null) },
    { title: texts.addedAt, cell: (u) => timeCell(u.createdAt) },
    { title: texts.changedAt, cell: (u) => timeCell(u.updatedAt) },
  ]
  const add = <OpensDialog dialog="add-user" label={texts.add} icon="plus" tone="main" />
  return (
    <Page title={texts.title} at="/users" aside={add}>
      {props.items.length === 0 ? (
        <Empty text={texts.empty} hint={texts.emptyHint} />
      ) : (
        <DataTable columns={columns} rows={props.items} />
      )}
      <NextPage cursor={props.next} />
      <AddUser state={props.added} />
    </Page>
  )
}

const AddUser = ({ state = NEW_FORM }: { state?: FormState | undefined }) => {
  const texts = useText(PEOPLE_TEXTS)
  return (
    <FormDialog
      id="add-user"
      title={texts.add}
      action="/users"
      submit={texts.add}
      open={Object.keys(state.problems).length > 0}
    >
      <FormProblem state={state} />
      <TextField name="name" label={texts.name} hint={texts.nameHint} state={state} required maxlength={64} />
      <RoleField state={state} value="operator" />
      <PasswordField label={texts.password} state={state} />
    </FormDialog>
  )
}

const RoleField = ({ state, value }: { state: FormState; value: string }) => {
  const texts = useText(PEOPLE_TEXTS)
  const label = useLabel(ROLES)
  const options = ROLE_NAMES.map((name) => ({ value: name, label: label(name) }))
  return (
    <SelectField
      name="role"
      label={texts.role}
      hint={texts.roleHint}
      state={state}
      options={options}
      value={value}
      required
    />
  )
}

const PasswordField = ({ label, state }: { label: string; state: FormState }) => (
  <TextField
    name="password"
    type="password"
    label={label}
    hint={useText(PEOPLE_TEXTS).passwordHint}
    state={state}
    required
    maxlength={200}
    autocomplete="new-password"
  />
)

/** Tells whether a user is as a reader has seen it: role and state. A user who was removed and added again is another one. */
export const markOfUser = (user: UserView): string =>
  markOf({ role: user.role, state: stateOf(user), createdAt: user.createdAt })

/**
 * One user, with everything an admin may change.
 * @param props.refused the form that was refused
 * @param props.outdated the form that was sent from a page on which the user was not as now
 */
export const UserPage = (props: {
  user: UserView
  refused?: { form: 'role' | 'password'; state: FormState }
  outdated?: { form: 'role' | 'enable'; values: FormState['values'] }
}) => {
  const { user, refused, outdated } = props
  const texts = useText(PEOPLE_TEXTS)
  const role = useLabel(ROLES)
  const state = useLabel(USER_STATES)
  const { principal } = useView()
  const path = userPath(user.name)
  const changed = (button: string) => texts.changedMeanwhile(role(user.role), state(stateOf(user)), button)
  const stateOfForm = (form: string): FormState => {
    if (outdated?.form === form)
      return {
        values: outdated.values,
        problems: { '': changed(form === 'role' ? texts.save : texts.enable) },
      }
    return refused?.form === form ? refused.state : NEW_FORM
  }
  return (
    <Page title={user.name} at="/users" aside={<UserActions user={user} />}>
      {principal?.actor === user.name ? <p class="note amber">{texts.yourself}</p> : null}
      <FormProblem state={stateOfForm('enable')} />
      <UserSummary user={user} />
      <div class="columns">
        <section class="card">
          <h2>{texts.changeRole}</h2>
          <form method="post" action={`${path}/role`}>
            <input type="hidden" name="seen" value={markOfUser(user)} />
            <FormProblem state={stateOfForm('role')} />
            <RoleField state={stateOfForm('role')} value={user.role} />
            <button type="submit">{texts.save}</button>
          </form>
        </section>
        <section class="card">
          <h2>{texts.changePassword}</h2>
          <form method="post" action={`${path}/password`}>
            <FormProblem state={stateOfForm('password')} />
            <PasswordField label={texts.newPassword} state={stateOfForm('password')} />
            <p class="quiet">{texts.changePasswordHint}</p>
            <button type="submit">{texts.changePassword}</button>
          </form>
        </section>
      </div>
    </Page>
  )
}

const UserSummary = ({ user }: { user: UserView }) => {
  const texts = useText(PEOPLE_TEXTS)
  const role = useLabel(ROLES)
  const state = useLabel(USER_STATES)
  return (
    <p class="row">
      <StatePill state={stateOf(user)} label={state(stateOf(user))} />
      <span>{role(user.role)}</span>
      <span class="quiet">
        {texts.secondFactor} {user.secondFactorSince ? texts.secondFactorOn : texts.secondFactorOff}
      </span>
      <span class="quiet">
        {texts.addedAt} <Time at={user.createdAt} />
      </span>
      <a href={`/audit?${new URLSearchParams({ actor: user.name })}`}>{texts.history}</a>
    </p>
  )
}

const UserActions = ({ user }: { user: UserView }) => {
  const { name, disabledAt, secondFactorSince } = user
  const texts = useText(PEOPLE_TEXTS)
  const path = userPath(name)
  return (
    <p class="row">
      {secondFactorSince ? (
        <ConfirmedAction
          id="reset-second-factor"
          label={texts.resetSecondFactor}
          title={texts.resetSecondFactorTitle(name)}
          hint={texts.resetSecondFactorHint}
          action={`${path}/reset-second-factor`}
        />
      ) : null}
      {disabledAt ? (
        <ActionButton action={`${path}/enable`} label={texts.enable} fields={{ seen: markOfUser(user) }} />
      ) : (
        <ConfirmedAction
          id="disable-user"
          label={texts.disable}
          title={texts.disableTitle(name)}
          hint={texts.disableHint}
          action={`${path}/disable`}
        />
      )}
      <ConfirmedAction
        id="remove-user"
        label={texts.remove}
        title={texts.removeTitle(name)}
        hint={texts.removeHint}
        action={`${path}/remove`}
      />
    </p>
  )
}
