import { announce } from './announce.ts'

/** WeChat accepts letters and digits. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const LENGTHS: Record<string, number> = { token: 32, 'aes-key': 43 }

/** `data-generate="token"` or `"aes-key"` fills the field with the id of `data-into` with a new secret. */
export function generateSecrets(): void {
  document.addEventListener('click', (event) => {
    const button =
      event.target instanceof Element ? event.target.closest<HTMLElement>('[data-generate]') : null
    const field = document.getElementById(button?.dataset.into ?? '')
    if (!button || !(field instanceof HTMLInputElement)) return
    field.value = randomText(LENGTHS[button.dataset.generate ?? ''] ?? 0)
    field.dispatchEvent(new Event('input', { bubbles: true }))
    announce(button.dataset.said ?? '')
  })
}

/** Each character is as likely as the others: bytes beyond the last whole multiple of the alphabet are left out. */
function randomText(length: number): string {
  const most = 256 - (256 % ALPHABET.length)
  let text = ''
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length)))
      if (byte < most && text.length < length) text += ALPHABET[byte % ALPHABET.length]
  }
  return text
}
