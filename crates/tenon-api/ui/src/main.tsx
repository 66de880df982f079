import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { startLanguages } from './app/language'
import './app/console.css'

/** Milliseconds within which the page is not loaded anew a second time. */
const ONCE = 60_000

// A hub that was brought up to date has other pages than those that this console would fetch.
window.addEventListener('vite:preloadError', (event) => {
  const before = Number(sessionStorage.getItem('loaded-anew') ?? 0)
  if (Date.now() - before < ONCE) return
  event.preventDefault()
  sessionStorage.setItem('loaded-anew', String(Date.now()))
  location.reload()
})

startLanguages()
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
