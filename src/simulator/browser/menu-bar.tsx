import { useState } from 'preact/hooks'
import type { FollowerView } from '../phone/view-types.ts'
import { Icon } from './icon.tsx'
import { idIn } from './phone-ids.ts'
import type { PhoneState } from './phone-store.ts'
import { useStore } from './store-context.ts'

type Button = FollowerView['account']['menu'][number] & { pagepath?: string }
type Tap = (button: Button) => Record<string, unknown>

// The action of each type of menu button. The other types show material and send nothing.
const withKey: Tap = ({ type, key }) => ({ do: type, key })
const TAPS: Record<string, Tap> = {
  click: ({ key, name }) => ({ do: 'menu', key, label: name }),
  view: ({ url }) => ({ do: 'view', url }),
  miniprogram: ({ pagepath }) => ({ do: 'view_miniprogram', path: pagepath }),
  scancode_push: withKey,
  scancode_waitmsg: withKey,
  pic_sysphoto: withKey,
  pic_photo_or_album: withKey,
  pic_weixin: withKey,
  location_select: withKey,
}

interface MenuBarProps {
  view: FollowerView
  phone: PhoneState
  index: number
  onKeyboard(): void
}

/** The account's menu of one or two levels. */
export const MenuBar = ({ view, phone, index, onKeyboard }: MenuBarProps) => {
  const store = useStore()
  const { texts } = store
  const [open, setOpen] = useState<number | null>(null)
  const tap = (button: Button, place: number) => {
    if (button.sub_button?.length) return setOpen(open === place ? null : place)
    setOpen(null)
    const action = TAPS[button.type ?? '']?.(button)
    if (action) void store.act(phone, action)
  }
  const menuButton = (button: Button, place: number, isTop: boolean) => {
    const isParent = isTop && (button.sub_button?.length ?? 0) > 0
    const isKnown = isParent || (button.type !== undefined && button.type in TAPS)
    return (
      <button
        type="button"
        disabled={!isKnown}
        title={isKnown ? undefined : texts.unsupported(button.type ?? '')}
        aria-expanded={isParent ? open === place : undefined}
        class={isParent ? 'parent' : ''}
        onClick={() => tap(button, place)}
      >
        {button.name}
      </button>
    )
  }
  return (
    <div class="menu-bar" id={idIn(index, 'menu')}>
      <button
        type="button"
        class="icon-button"
        aria-label={texts.keyboard}
        title={texts.keyboard}
        onClick={onKeyboard}
      >
        <Icon name="keyboard" />
      </button>
      {(view.account.menu as Button[]).map((button, place) => (
        <div class="menu-item" key={place}>
          {open === place ? (
            <div class="submenu">
              {(button.sub_button ?? []).map((sub, i) => (
                <div key={i}>{menuButton(sub, place, false)}</div>
              ))}
            </div>
          ) : null}
          {menuButton(button, place, true)}
        </div>
      ))}
    </div>
  )
}
