import { ADMIN_TOKEN_ACTOR } from '../../auth/actors.ts'
import type { Principal } from '../../auth/principal.ts'
import { hasRole, type Role } from '../../auth/roles.ts'
import { Logo } from '../../ui/logo.tsx'
import { Icon, type IconName } from '../design/icons.tsx'
import { actorName } from '../texts/actor-name.ts'
import { ROLES, useLabel } from '../texts/labels.ts'
import { SHELL_TEXTS } from '../texts/shell-texts.ts'
import { type Links, useText, useView } from '../view.ts'
import { LanguageSwitch, ThemeSwitch } from './preferences.tsx'

type Texts = (typeof SHELL_TEXTS)['zh']
interface Item {
  /** The second key of the shortcut `g …`. */
  key?: string
  href: string
  icon: IconName
  title: string
  /** Another program: its page opens in a tab of its own, the console stays open. */
  isOutside?: boolean
}
interface Group {
  title: string
  role: Role
  items: Item[]
}

/** The pages that a role may open. */
function groupsFor(role: Role, texts: Texts, links: Links): Group[] {
  const phone: Item[] = links.simulatorUrl
    ? [{ href: links.simulatorUrl, icon: 'smartphone', title: texts.phone, isOutside: true }]
    : []
  const temporal: Item[] = links.temporalUiUrl
    ? [{ href: links.temporalUiUrl, icon: 'workflow', title: texts.temporal, isOutside: true }]
    : []
  const groups: Group[] = [
    {
      title: texts.operate,
      role: 'viewer',
      items: [
        { key: 'o', href: '/', icon: 'layout-dashboard', title: texts.overview },
        { key: 'c', href: '/campaigns', icon: 'route', title: texts.campaigns },
        { key: 'f', href: '/followers', icon: 'users', title: texts.followers },
      ],
    },
    {
      title: texts.connect,
      role: 'viewer',
      items: [
        { key: 'a', href: '/accounts', icon: 'radio-tower', title: texts.accounts },
        { href: '/qrcodes', icon: 'qr-code', title: texts.qrcodes },
        { href: '/media', icon: 'image', title: texts.media },
      ],
    },
    { title: texts.tryOut, role: 'viewer', items: [...phone, ...temporal] },
    {
      title: texts.admin,
      role: 'admin',
      items: [
        { href: '/users', icon: 'user-cog', title: texts.users },
        { href: '/tokens', icon: 'key-round', title: texts.tokens },
        { href: '/audit', icon: 'scroll-text', title: texts.audit },
        { href: '/system', icon: 'activity', title: texts.system },
      ],
    },
  ]
  return groups.filter((g) => hasRole(role, g.role) && g.items.length > 0)
}

const NavLink = ({ item, at }: { item: Item; at: string }) => (
  <a
    href={item.href}
    title={item.title}
    data-key={item.key}
    aria-current={item.href === at ? 'page' : undefined}
    target={item.isOutside ? '_blank' : undefined}
    rel={item.isOutside ? 'noopener' : undefined}
  >
    <Icon name={item.icon} />
    <span>{item.title}</span>
  </a>
)

const Groups = ({ groups, at }: { groups: Group[]; at: string }) => (
  <>
    {groups.map((group) => (
      <section class="nav-group">
        <h2>{group.title}</h2>
        <ul>
          {group.items.map((item) => (
            <li>
              <NavLink item={item} at={at} />
            </li>
          ))}
        </ul>
      </section>
    ))}
  </>
)

/** The signed-in user, and the preferences. */
const Person = ({ principal: { actor, role } }: { principal: Principal }) => {
  const texts = useText(SHELL_TEXTS)
  const { language } = useView()
  const roleLabel = useLabel(ROLES)
  const isPerson = actor !== ADMIN_TOKEN_ACTOR
  return (
    <div class="person">
      <p class="who">
        <b translate={isPerson ? 'no' : undefined}>{actorName(actor, language)}</b>
        <small>{roleLabel(role)}</small>
      </p>
      <div class="person-actions">
        {isPerson ? (
          <a
            class="icon-button"
            href="/account/second-factor"
            title={texts.secondFactor}
            aria-label={texts.secondFactor}
          >
            <Icon name="shield-check" />
          </a>
        ) : null}
        <ThemeSwitch />
        <LanguageSwitch />
        <form method="post" action="/signout">
          <button class="icon-button" type="submit" title={texts.signOut} aria-label={texts.signOut}>
            <Icon name="log-out" />
          </button>
        </form>
      </div>
    </div>
  )
}

/** At the left; on narrow screens only the drawings, on phones a bar at the bottom. */
export const Navigation = ({ at, principal }: { at: string; principal: Principal }) => {
  const texts = useText(SHELL_TEXTS)
  const { links } = useView()
  const groups = groupsFor(principal.role, texts, links)
  const daily = groups.flatMap((g) => g.items).filter((i) => i.href.startsWith('/'))
  return (
    <>
      <nav class="side" aria-label={texts.mainNavigation}>
        <a class="brand" href="/" aria-label={texts.product}>
          <Logo />
          <span>{texts.product}</span>
        </a>
        <Groups groups={groups} at={at} />
        <Person principal={principal} />
      </nav>
      <nav class="tabs" aria-label={texts.mainNavigation}>
        {daily.slice(0, 4).map((item) => (
          <NavLink item={item} at={at} />
        ))}
        <details>
          <summary>
            <Icon name="ellipsis" />
            <span>{texts.more}</span>
          </summary>
          <div class="sheet">
            <Groups groups={groups} at={at} />
            <Person principal={principal} />
          </div>
        </details>
      </nav>
    </>
  )
}
