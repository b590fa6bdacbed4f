import { bilingual } from './bilingual.ts'

/** The frame of every page. */
export const SHELL_TEXTS = bilingual(
  {
    product: '粉丝培育',
    skip: '跳到内容',
    mainNavigation: '主导航',
    more: '更多',
    operate: '运营',
    connect: '接入',
    tryOut: '试验',
    admin: '管理',
    overview: '总览',
    accounts: '公众号',
    qrcodes: '二维码',
    media: '素材',
    campaigns: '活动',
    followers: '粉丝',
    phone: '手机模拟',
    users: '成员',
    tokens: '令牌',
    audit: '操作记录',
    system: '系统',
    temporal: 'Temporal 界面',
    secondFactor: '两步验证',
    signOut: '退出',
    otherLanguage: 'English',
    theme: { system: '跟随系统', light: '浅色', dark: '深色' },
    toTheme: (theme: string) => `切换为${theme}`,
    beijingTime: '时间均为北京时间',
    wrongNamespace: '当前连接的 Temporal 命名空间与已保存的培育不匹配：消息已停止发送，回调照常保存。',
    wrongNamespaceRemedy: '请检查连接地址，或执行',
    connectionLost: '连接中断，页面内容可能不是最新的。恢复后会自动更新。',
    nextPage: '下一页',
    none: '无',
  },
  {
    product: 'FollowerNurture',
    skip: 'Skip to content',
    mainNavigation: 'Main',
    more: 'More',
    operate: 'Operate',
    connect: 'Connect',
    tryOut: 'Try out',
    admin: 'Admin',
    overview: 'Overview',
    accounts: 'Accounts',
    qrcodes: 'QR codes',
    media: 'Media',
    campaigns: 'Campaigns',
    followers: 'Followers',
    phone: 'Phone simulator',
    users: 'People',
    tokens: 'Tokens',
    audit: 'Audit log',
    system: 'System',
    temporal: 'Temporal Web UI',
    secondFactor: 'Second factor',
    signOut: 'Sign out',
    otherLanguage: '中文',
    theme: { system: 'system theme', light: 'light theme', dark: 'dark theme' },
    toTheme: (theme: string) => `Switch to ${theme}`,
    beijingTime: 'All times are Beijing time (UTC+8)',
    wrongNamespace:
      'This is not the Temporal namespace of the stored runs. Nothing is sent. Callbacks are stored.',
    wrongNamespaceRemedy: 'Check the address of Temporal, or run',
    connectionLost: 'The connection is lost. This page may be out of date. It goes on by itself.',
    nextPage: 'Next page',
    none: 'none',
  },
)

/** The keys, and the names of what they do. */
export const SHORTCUTS = [
  ['/', 'find'],
  ['g o', 'overview'],
  ['g c', 'campaigns'],
  ['g f', 'followers'],
  ['g a', 'accounts'],
  ['?', 'help'],
] as const

export const SHORTCUT_TEXTS = bilingual(
  {
    title: '快捷键',
    keys: {
      find: '查找',
      overview: '打开总览',
      campaigns: '打开活动',
      followers: '打开粉丝',
      accounts: '打开公众号',
      help: '显示快捷键',
    },
    enabled: '在这个浏览器中使用快捷键',
    close: '关闭',
  },
  {
    title: 'Keyboard shortcuts',
    keys: {
      find: 'Find',
      overview: 'Open the overview',
      campaigns: 'Open campaigns',
      followers: 'Open followers',
      accounts: 'Open accounts',
      help: 'Show the shortcuts',
    },
    enabled: 'Use shortcuts in this browser',
    close: 'Close',
  },
)

/** Of a form that was not sent. */
export const LOST_TEXTS = bilingual(
  {
    connection: '没有提交：连不上服务器。你填写的内容还在，连接恢复后再按一次。',
    session: '没有提交：登录已失效。你填写的内容还在，登录后回到这里再按一次。',
    signIn: '在新标签页登录',
  },
  {
    connection:
      'Not sent: the server cannot be reached. What you typed is still here. Press again when it is back.',
    session: 'Not sent: you are signed out. What you typed is still here. Sign in, then press again here.',
    signIn: 'Sign in in a new tab',
  },
)
