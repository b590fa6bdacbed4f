// The phone page: shows the state that the simulator streams, and sends the follower's actions. No framework, no inline script.
const { appId, openId } = document.body.dataset
const base = `/_sim/${encodeURIComponent(appId)}/${encodeURIComponent(openId)}`
const $ = (id) => document.getElementById(id)
let state = null
let clockAhead = 0

async function request(path, body, method = 'POST') {
  const answer = await fetch(path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const data = await answer.json()
  if (!answer.ok) throw new Error(data.error ?? answer.statusText)
  return data
}

const showError = (err) => {
  $('problem').textContent = err ? err.message : ''
}
const act = (action) =>
  request(`${base}/act`, action)
    .then((r) =>
      showError(
        r.ok
          ? null
          : new Error(`回调失败：${r.status ?? r.body} · callback failed (${r.attempts} deliveries)`),
      ),
    )
    .catch(showError)

function element(tag, className, text) {
  const e = document.createElement(tag)
  if (className) e.className = className
  if (text !== undefined) e.textContent = text
  return e
}

// A follower's clock may be days ahead of real time. The date is shown when it differs.
const hm = (at) => {
  const when = new Date(at)
  const time = when.toLocaleTimeString('zh-CN', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  if (when.toDateString() === new Date().toDateString()) return time
  return `${when.getMonth() + 1}月${when.getDate()}日 ${time}`
}

// A text may contain <a href="…">. Only http(s) links and WeChat's own menu links become links; the rest stays text.
function textInto(bubble, text) {
  let from = 0
  for (const m of text.matchAll(/<a\s+href="([^"]*)"[^>]*>([\s\S]*?)<\/a>/g)) {
    bubble.append(text.slice(from, m.index))
    from = m.index + m[0].length
    const menu = /^weixin:\/\/bizmsgmenu\?(.*)$/.exec(m[1])
    const link = element('a', '', m[2])
    if (menu) {
      const q = new URLSearchParams(menu[1])
      link.href = '#'
      link.onclick = (e) => {
        e.preventDefault()
        void act({ do: 'msgmenu', id: q.get('msgmenuid') ?? '', text: q.get('msgmenucontent') ?? m[2] })
      }
    } else if (/^https?:/.test(m[1])) {
      link.href = m[1]
      link.rel = 'noopener noreferrer'
      link.target = '_blank'
    }
    bubble.append(link)
  }
  bubble.append(text.slice(from))
}

function card(bubble, { title, description, picture, foot }) {
  bubble.classList.add('card')
  bubble.append(element('b', '', title ?? ''))
  if (description) bubble.append(element('p', '', description))
  if (picture) bubble.append(element('div', 'picture', picture))
  if (foot) bubble.append(element('footer', '', foot))
}

// custom/send and passive replies name their fields differently. The renderers support both.
const renderers = {
  text: (b, c) => textInto(b, c.content ?? c.Content ?? c.text ?? ''),
  image: (b) => card(b, { title: '', picture: '图片 image' }),
  voice: (b) => b.append('🔊 语音 voice'),
  video: (b, c) =>
    card(b, {
      title: c.title ?? c.Video?.Title ?? '',
      description: c.description ?? c.Video?.Description,
      picture: '▶ 视频 video',
    }),
  music: (b, c) =>
    card(b, {
      title: `♫ ${c.title ?? c.Music?.Title ?? ''}`,
      description: c.description ?? c.Music?.Description,
      foot: '音乐 music',
    }),
  shortvideo: (b) => card(b, { title: '', picture: '▶ 小视频 short video' }),
  location: (b, c) => card(b, { title: c.label ?? '', picture: '位置 location' }),
  link: (b, c) => card(b, { title: c.title, description: c.description, foot: c.url }),
  file: (b, c) => card(b, { title: c.title, foot: '文件 file' }),
  news: (b, c) => {
    const passive = c.Articles?.item
    const a = c.articles?.[0] ?? (Array.isArray(passive) ? passive[0] : passive) ?? {}
    card(b, {
      title: a.title ?? a.Title,
      description: a.description ?? a.Description,
      picture: '封面 cover',
      foot: a.url ?? a.Url,
    })
  },
  msgmenu: (b, c) => {
    b.classList.add('card', 'choices')
    b.append(element('b', '', c.head_content ?? ''))
    for (const item of c.list ?? []) {
      const choice = element('button', '', item.content)
      choice.type = 'button'
      choice.onclick = () => act({ do: 'msgmenu', id: String(item.id), text: item.content })
      b.append(choice)
    }
    if (c.tail_content) b.append(element('p', '', c.tail_content))
  },
  miniprogrampage: (b, c) =>
    card(b, { title: c.title, picture: '小程序 mini program', foot: `小程序 · ${c.pagepath ?? ''}` }),
  mpnewsarticle: (b, c) => card(b, { title: '图文', description: c.article_id, picture: '文章 article' }),
  wxcard: (b, c) => card(b, { title: '卡券', description: c.card_id, foot: '卡券 card' }),
  transfer_customer_service: (b) => b.append('已转接人工客服 transferred to a human agent'),
}

function messageItem(m) {
  const item = element('li', m.from)
  item.dataset.kind = m.kind
  if (m.via) item.dataset.via = m.via
  if (m.from === 'system') {
    item.append(`${m.content.text} · ${hm(m.at)}`)
    return item
  }
  const bubble = element('div', 'bubble')
  const show = renderers[m.kind] ?? ((b) => b.append(m.kind))
  show(bubble, m.content)
  const by = m.content.as ? ` · ${m.content.as}` : ''
  bubble.append(element('time', '', `${hm(m.at)}${m.via === 'passive' ? ' · 被动回复' : ''}${by}`))
  item.append(element('span', 'avatar', m.from === 'follower' ? '我' : '号'), bubble)
  return item
}

function buttons(box, list) {
  box.replaceChildren(
    ...list.map(([label, action]) => {
      const b = element('button', '', label)
      b.type = 'button'
      b.onclick = () => act(action())
      return b
    }),
  )
}

// The action of each menu button type. The other types show material and send nothing.
const withKey = (b) => ({ do: b.type, key: b.key })
const taps = {
  click: (b) => ({ do: 'menu', key: b.key, label: b.name }),
  view: (b) => ({ do: 'view', url: b.url }),
  miniprogram: (b) => ({ do: 'view_miniprogram', path: b.pagepath }),
  scancode_push: withKey,
  scancode_waitmsg: withKey,
  pic_sysphoto: withKey,
  pic_photo_or_album: withKey,
  pic_weixin: withKey,
  location_select: withKey,
}
let openMenu = null

function menuButton(b, index = null) {
  const e = element('button', '', b.name)
  e.type = 'button'
  const tap = taps[b.type]
  if (b.sub_button?.length) {
    e.classList.add('parent')
    e.setAttribute('aria-expanded', String(openMenu === index))
    e.onclick = () => {
      openMenu = openMenu === index ? null : index
      renderMenu()
    }
  } else if (tap) {
    e.onclick = () => {
      openMenu = null
      renderMenu()
      void act(tap(b))
    }
  } else {
    e.disabled = true
    e.title = `模拟器不支持 ${b.type} · the simulator does not support this type`
  }
  return e
}

function renderMenu() {
  const items = (state.following ? state.account.menu : []).map((b, index) => {
    const item = element('div', 'item')
    if (openMenu === index) {
      const list = element('div', 'submenu')
      list.append(...(b.sub_button ?? []).map((sub) => menuButton(sub)))
      item.append(list)
    }
    item.append(menuButton(b, index))
    return item
  })
  $('menu').replaceChildren(...items)
}

function render() {
  const chat = $('chat')
  chat.replaceChildren(...state.messages.map(messageItem))
  if (state.typing) {
    const typing = element('li', 'system', '对方正在输入… typing')
    typing.id = 'typing-now'
    chat.append(typing)
  }
  chat.scrollTop = chat.scrollHeight
  $('follow').textContent = state.following ? '取消关注' : '关注'
  $('follow').classList.toggle('on', state.following)
  for (const control of document.querySelectorAll('.typing input, .typing button'))
    control.disabled = !state.following
  renderMenu()
  buttons(
    $('scenes'),
    state.account.qrScenes.map((s) => [s, () => ({ do: state.following ? 'scan' : 'follow', qrScene: s })]),
  )
  const hours = state.offsetMs / 3600000
  $('offset').textContent =
    hours > 0 ? `该粉丝的时间比实际时间快 ${hours.toFixed(2)} 小时 · clock ahead` : '时间未快进 · real time'
  $('faults').textContent = state.faults.map((f) => JSON.stringify(f)).join('  ') || '暂无故障 · none'
  $('sends').replaceChildren(
    ...state.sends.toReversed().map((s) => {
      const row = element('tr')
      const code = element('td', s.errcode === 0 ? 'good' : 'bad', String(s.errcode ?? '无响应'))
      row.append(element('td', '', hm(s.virtualAt)), element('td', '', s.body.msgtype ?? ''), code)
      return row
    }),
  )
  tick()
}

function tick() {
  if (!state) return
  const now = Date.now() + clockAhead
  $('clock').textContent = hm(now)
  if (state.typingUntil <= now) $('typing-now')?.remove()
  const alive = state.grants.filter((g) => g.expiresAt > now)
  $('grants').replaceChildren(
    ...alive.map((g) => {
      const row = element('tr')
      const left = Math.max(0, g.expiresAt - now)
      const text =
        left > 120000
          ? `${Math.floor(left / 3600000)} 小时 ${Math.floor((left % 3600000) / 60000)} 分`
          : `${Math.ceil(left / 1000)} 秒`
      row.append(
        element('td', '', g.scene),
        element('td', '', `${g.used} / ${g.quota}`),
        element('td', '', text),
      )
      return row
    }),
  )
}

new EventSource(`${base}/events`).addEventListener('changed', (e) => {
  state = JSON.parse(e.data)
  clockAhead = state.clock - Date.now()
  render()
})
setInterval(tick, 1000)

$('follow').onclick = () => act({ do: state?.following ? 'unfollow' : 'follow' })
$('typing').onsubmit = (e) => {
  e.preventDefault()
  const text = $('text').value
  if (!text.trim()) return
  $('text').value = ''
  void act({ do: 'type', text })
}
for (const b of document.querySelectorAll('[data-do]')) b.onclick = () => act({ do: b.dataset.do })
for (const b of document.querySelectorAll('[data-forward]')) {
  b.onclick = async () => {
    const all = document.querySelectorAll('[data-forward]')
    for (const other of all) other.disabled = true
    $('forwarding').textContent = '快进中…'
    const body = b.dataset.forward === 'next' ? { toNext: true } : { ms: Number(b.dataset.forward) }
    await request(`${base}/fast-forward`, body)
      .then((r) => {
        $('forwarding').textContent = r.moved ? '' : '没有后续步骤 · no next step'
        showError(null)
      })
      .catch((err) => {
        $('forwarding').textContent = ''
        showError(err)
      })
    for (const other of all) other.disabled = false
  }
}
// The form of every action. A number stays a number; an empty field is omitted.
const GROUPS = {
  message: '消息 messages',
  menu: '菜单 menu',
  follower: '粉丝 follower',
  agent: '客服 human agent',
  notice: '通知 notices',
}
let actions = []

function actionField([name, field], required) {
  const label = element('label')
  label.append(element('span', '', `${field.title ?? name}${required ? ' *' : ''}`))
  const input = field.enum ? element('select') : element('input')
  for (const value of field.enum ?? []) input.append(new Option(value, value))
  input.name = name
  input.dataset.type = field.type ?? 'object'
  input.value = field.default ?? (field.type === undefined || field.type === 'object' ? '{}' : '')
  label.append(input)
  return label
}

function showActionFields() {
  const { fields } = actions.find((a) => a.name === $('action').value)
  const all = Object.entries(fields.properties ?? {})
  $('action-fields').replaceChildren(...all.map((f) => actionField(f, fields.required?.includes(f[0]))))
}

function actionValue({ value, dataset }) {
  if (dataset.type === 'number' || dataset.type === 'integer') return Number(value)
  return dataset.type === 'object' ? JSON.parse(value) : value
}

$('actions').onsubmit = (e) => {
  e.preventDefault()
  try {
    const filled = [...$('action-fields').querySelectorAll('input, select')].filter((i) => i.value !== '')
    void act({ do: $('action').value, ...Object.fromEntries(filled.map((i) => [i.name, actionValue(i)])) })
  } catch (err) {
    showError(err)
  }
}

void request('/_sim/acts', undefined, 'GET')
  .then(({ items }) => {
    actions = items
    for (const [group, label] of Object.entries(GROUPS)) {
      const options = element('optgroup')
      options.label = label
      const own = actions.filter((a) => a.group === group)
      options.append(...own.map((a) => new Option(`${a.zh} ${a.en}`, a.name)))
      $('action').append(options)
    }
    $('action').value = 'location'
    $('action').onchange = showActionFields
    showActionFields()
  })
  .catch(showError)

$('add-fault').onclick = () =>
  request('/_sim/faults', JSON.parse($('fault').value))
    .then(refresh)
    .catch(showError)
$('clear-faults').onclick = () => request('/_sim/faults', undefined, 'DELETE').then(refresh).catch(showError)
$('follower').onchange = (e) => {
  location.href = `/phone/${encodeURIComponent(appId)}/${encodeURIComponent(e.target.value)}`
}

async function refresh() {
  state = await (await fetch(`${base}/state`)).json()
  clockAhead = state.clock - Date.now()
  render()
}
