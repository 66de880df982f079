// Whether somebody is at the page: what a page asks for by itself, while nobody is there, keeps no session alive.

/** After how long without a touch nobody is there. */
const IDLE = 60_000
let touched = Date.now()

for (const touch of ['pointerdown', 'pointermove', 'keydown', 'wheel']) {
  window.addEventListener(touch, () => (touched = Date.now()), { capture: true, passive: true })
}

/** What a request says of who is at the page. */
export const presence = (): Record<string, string> => (Date.now() - touched > IDLE ? { 'X-Tenon-Idle': '1' } : {})
